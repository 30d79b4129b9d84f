"""From the job vacancy feed to the dashboard tables.

  python run_pipeline.py            the whole job, for the configured feed and warehouse
  python run_pipeline.py extract    read what is new and load it (what an hourly schedule does)
  python run_pipeline.py build      build and test the dbt models (what a daily schedule does)
  python run_pipeline.py reprocess  recompute text features where the rules have changed since
  python run_pipeline.py coiled-environment   have Coiled build what --engine coiled runs in
  python run_pipeline.py publish    write the page and the dbt docs, from what was built
  python run_pipeline.py status     what the warehouse holds, how fresh it is, what is owed

Exit codes: 0 done, 1 failed, 2 wrong use or configuration, 75 the feed cannot be reached now (try
later), 130 stopped. Settings: .dlt/config.toml, or the environment; docs/settings.md explains each.
"""

from __future__ import annotations

import argparse
import logging
import os
import re
import signal
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import FrameType
from typing import TypeVar

from rich.console import Console
from rich.logging import RichHandler
from rich.table import Table
from rich.traceback import Traceback

from extract.engine import Engine
from extract.errors import JobMarketError
from extract.settings import PROJECT, feed_settings, warehouse_settings
from extract.warehouse import Warehouse, configured_warehouse

Result = TypeVar("Result")
STOPPED = 130


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    options = _arguments(arguments)
    console = Console(stderr=True)
    _log_to(console)
    signal.signal(signal.SIGTERM, _interrupt)
    os.chdir(PROJECT)  # where dlt finds .dlt/ and dbt its project
    if options.target:
        os.environ["WAREHOUSE__TARGET"] = options.target  # the strongest source of the setting
    try:
        COMMANDS[options.command](options, console)
    except JobMarketError as error:
        return _failed(console, options, error, str(error), error.exit_code)
    except KeyboardInterrupt as stop:
        message = "Stopped. What was loaded is kept; run again to go on."
        return _failed(console, options, stop, message, STOPPED)
    except Exception as error:
        message = f"{type(error).__name__}: {error}. --debug shows where."
        return _failed(console, options, error, message, 1)
    return 0


def run(options: argparse.Namespace, console: Console) -> None:
    """Extract, load, build, test, publish, and tell what happened."""
    warehouse = configured_warehouse(warehouse_settings())
    summary = Table("step", "seconds", "what happened", title="Done", title_justify="left")
    with warehouse.locked():
        _step(summary, "extract and load", lambda: _extract(warehouse, options, console))
        _step(summary, "build and test", lambda: _build(warehouse, console))
        _step(summary, "publish", lambda: _publish(warehouse, console))
    out = Console()
    out.print(summary)
    out.print(_tables_of(warehouse))
    out.print(
        f"The tables are in {warehouse}. "
        f"Look on: `python run_pipeline.py status`, or `{warehouse.example()}`.",
        soft_wrap=True,
    )


def extract(options: argparse.Namespace, console: Console) -> None:
    """Extract and load."""
    warehouse = configured_warehouse(warehouse_settings())
    with warehouse.locked():
        Console().print(_extract(warehouse, options, console))


def build(options: argparse.Namespace, console: Console) -> None:
    """Build and test the models."""
    warehouse = configured_warehouse(warehouse_settings())
    with warehouse.locked():
        Console().print(_build(warehouse, console))


def reprocess(options: argparse.Namespace, console: Console) -> None:
    """Recompute text features."""
    from extract.progress import Progress
    from extract.reprocess import reprocess as recompute

    warehouse = configured_warehouse(warehouse_settings())
    with _engine(options) as engine, warehouse.locked(), Progress(console) as progress:
        Console().print(str(recompute(warehouse, engine, progress)))


def coiled_environment(options: argparse.Namespace, console: Console) -> None:
    """Make Coiled's software environment."""
    from extract.coiled_engine import create_environment
    from extract.engine_settings import coiled_settings

    name = create_environment(coiled_settings())
    Console().print(f"Coiled has the environment {name}.")


def publish(options: argparse.Namespace, console: Console) -> None:
    """Write the page and the dbt docs."""
    warehouse = configured_warehouse(warehouse_settings())
    with warehouse.locked():
        Console().print(_publish(warehouse, console))


def status(options: argparse.Namespace, console: Console) -> None:
    """Tell what there is."""
    from extract.status import report

    Console().print(report(configured_warehouse(warehouse_settings())))


COMMANDS: dict[str, Callable[[argparse.Namespace, Console], None]] = {
    "run": run,
    "extract": extract,
    "build": build,
    "reprocess": reprocess,
    "coiled-environment": coiled_environment,
    "publish": publish,
    "status": status,
}


def _extract(warehouse: Warehouse, options: argparse.Namespace, console: Console) -> str:
    from extract.load import extract_and_load
    from extract.progress import Progress

    with _engine(options) as engine, Progress(console) as progress:
        loaded = extract_and_load(warehouse.pipeline(), feed_settings(), options.since, progress, engine)
    return str(loaded)


def _engine(options: argparse.Namespace) -> Engine:
    from extract.engine_settings import configured_engine, engine_settings

    return configured_engine(engine_settings(), options.engine)


def _build(warehouse: Warehouse, console: Console) -> str:
    from extract.transform import build

    return str(build(warehouse, console))


def _publish(warehouse: Warehouse, console: Console) -> str:
    from dashboard.publish import publish

    with console.status("writing the page"):
        return str(publish(warehouse))


def _tables_of(warehouse: Warehouse) -> Table:
    from extract.status import row_counts

    table = Table("table", title="Tables", title_justify="left")
    table.add_column("rows", justify="right")
    for name, count in row_counts(warehouse).items():
        table.add_row(name, f"{count:,}")
    return table


def _step(summary: Table, name: str, step: Callable[[], str]) -> None:
    started = time.monotonic()
    happened = step()
    summary.add_row(name, f"{time.monotonic() - started:.1f}", happened)


def _arguments(given: list[str] | None) -> argparse.Namespace:
    description, _, epilog = (__doc__ or "").rpartition("\n\n")
    parser = argparse.ArgumentParser(
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "command", nargs="?", choices=COMMANDS, default="run", help="a part of the job; all if left out"
    )
    parser.add_argument(
        "--since",
        type=_instant,
        metavar="WHEN",
        help="read the feed again from a date (2026-05-01) or so many days back (90d); without it a "
        "first run reads since_days of the configuration, later ones go on from the cursor",
    )
    parser.add_argument(
        "--engine",
        choices=("here", "dask", "coiled"),
        help="where details are fetched and texts are described: threads, Dask's processes or workers, or a "
        "Coiled cluster made for the run; without it engine.name of the configuration",
    )
    parser.add_argument(
        "--target",
        choices=("duckdb", "bigquery"),
        help="the warehouse of this run, in place of warehouse.target of the configuration",
    )
    parser.add_argument("--debug", action="store_true", help="show the trace of an error")
    options = parser.parse_args(given)
    if options.since and options.command not in ("run", "extract"):
        parser.error(f"--since reads the feed, which {options.command!r} does not")
    if options.engine and options.command not in ("run", "extract", "reprocess"):
        parser.error(f"--engine works on batches, which {options.command!r} has none of")
    return options


def _instant(text: str) -> datetime:
    """The UTC instant that --since names."""
    if days := re.fullmatch(r"(\d{1,5})d", text):
        return datetime.now(UTC) - timedelta(days=int(days[1]))
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither a date such as 2026-05-01 nor days back such as 90d"
        ) from None


def _failed(
    console: Console, options: argparse.Namespace, error: BaseException, message: str, code: int
) -> int:
    if options.debug:
        console.print(Traceback.from_exception(type(error), error, error.__traceback__))
    console.print(message, style="red", markup=False, highlight=False, soft_wrap=True)
    return code


def _log_to(console: Console) -> None:
    """Warnings above the moving line on a terminal, every step as a plain line elsewhere."""
    if console.is_terminal:
        handler: logging.Handler = RichHandler(console=console, show_path=False)
        logging.basicConfig(level=logging.WARNING, format="%(message)s", handlers=[handler])
    else:
        logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s")
        logging.getLogger("extract").setLevel(logging.INFO)


def _interrupt(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
