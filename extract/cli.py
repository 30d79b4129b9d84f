"""From the job vacancy feed to the dashboard tables.

  python run_pipeline.py            the whole job, for the configured feed and warehouse
  python run_pipeline.py extract    read what is new and load it (what an hourly schedule does)
  python run_pipeline.py build      build and test the dbt models (what a daily schedule does)
  python run_pipeline.py reprocess  recompute text features where the rules have changed since
  python run_pipeline.py coiled-environment   have Coiled build what --executor coiled runs in
  python run_pipeline.py publish    write the page and the dbt docs, from what was built
  python run_pipeline.py status     what the warehouse holds, how fresh it is, what is owed
  python run_pipeline.py import-archive   the old archive in MongoDB: what it has and the warehouse has not
  python run_pipeline.py register   the business register, for the industries of the ads' employers
  python run_pipeline.py source NAME   the API that [sources.api.NAME] of the configuration declares

Where a load fails for good:
  python run_pipeline.py recover    move dlt's local folder aside; the next run goes on from the warehouse

Exit codes: 0 done, 1 failed, 2 wrong use or configuration, 75 the feed cannot be reached now (try
later), 130 stopped. Settings: .dlt/config.toml, or the environment; docs/settings.md explains each.
"""

from __future__ import annotations

import argparse
import errno
import logging
import os
import re
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from rich.console import Console
from rich.table import Table

from extract.config import (
    PROJECT,
    archive_settings,
    feed_settings,
    register_settings,
    warehouse_settings,
)
from extract.errors import DISK_FULL, JobMarketError, WarehouseLockedError
from extract.executors.bounded_map import BatchExecutor
from extract.stopping import STOPPED, stop_soon
from extract.warehouses.base import Warehouse
from extract.warehouses.factory import configured_warehouse

STOP = "Stopped. What was loaded is kept; run again to go on."


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    options = _arguments(arguments)
    console = Console(stderr=True)
    _log_to(console)
    told = threading.Event()
    stop_soon(lambda: None if told.is_set() else _tell(console, STOP))
    os.chdir(PROJECT)  # where dlt finds .dlt/ and dbt its project
    if options.target:
        os.environ["WAREHOUSE__TARGET"] = options.target  # the strongest source of the setting
    try:
        COMMANDS[options.command](options, console)
    except WarehouseLockedError as error:
        return _failed(console, options, error, str(error), error.exit_code)
    except JobMarketError as error:
        _remember(options, str(error))
        return _failed(console, options, error, str(error), error.exit_code)
    except KeyboardInterrupt as stop:
        told.set()
        return _failed(console, options, stop, STOP, STOPPED)
    except Exception as error:
        message = f"{type(error).__name__}: {error}. --debug shows where."
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            message = f"{error.strerror}: {DISK_FULL}"
        _remember(options, message)
        return _failed(console, options, error, message, 1)
    _remember(options, None)
    return 0


def run(options: argparse.Namespace, console: Console) -> None:
    """Extract, load, build, test, publish, and tell what happened."""
    warehouse = configured_warehouse(warehouse_settings())
    summary = Table("step", "seconds", "what happened", title="Done", title_justify="left")
    with warehouse.lock(options.wait):
        _step(summary, "extract and load", lambda: _extract(warehouse, options, console))
        _step(summary, "build and test", lambda: _build(warehouse, options, console))
        _step(summary, "publish", lambda: _publish(warehouse, options, console))
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
    with warehouse.lock(options.wait):
        Console().print(_extract(warehouse, options, console))


def build(options: argparse.Namespace, console: Console) -> None:
    """Build and test the models."""
    warehouse = configured_warehouse(warehouse_settings())
    with warehouse.lock(options.wait):
        Console().print(_build(warehouse, options, console))


def reprocess(options: argparse.Namespace, console: Console) -> None:
    """Recompute text features."""
    from extract.monitoring.progress import Progress
    from extract.sources.reprocess import reprocess as recompute

    warehouse = configured_warehouse(warehouse_settings())
    with _executor(options) as executor, warehouse.lock(options.wait), Progress(console) as progress:
        Console().print(str(recompute(warehouse, executor, progress)))


def coiled_environment(options: argparse.Namespace, console: Console) -> None:
    """Make Coiled's software environment."""
    from extract.config import coiled_settings
    from extract.executors.coiled import create_environment

    name = create_environment(coiled_settings())
    Console().print(f"Coiled has the environment {name}.")


def publish(options: argparse.Namespace, console: Console) -> None:
    """Write the page and the dbt docs."""
    warehouse = configured_warehouse(warehouse_settings())
    with warehouse.lock(options.wait):
        Console().print(_publish(warehouse, options, console))


def status(options: argparse.Namespace, console: Console) -> None:
    """Tell what there is."""
    from extract.monitoring.status import report

    Console().print(report(configured_warehouse(warehouse_settings())))


def recover(options: argparse.Namespace, console: Console) -> None:
    """Move dlt's local folder aside."""
    from extract.loading.recovery import move_local_state_aside

    warehouse = configured_warehouse(warehouse_settings())
    with warehouse.lock(options.wait):
        kept = move_local_state_aside(warehouse)
    Console().print(
        f"The local folder was moved to {kept}; the next run goes on from the warehouse."
        if kept
        else "There is no local folder; the next run goes on from the warehouse.",
        soft_wrap=True,
    )


def import_archive(options: argparse.Namespace, console: Console) -> None:
    """Import the archive, and account for each of its documents."""
    from extract.sources.mongo.importing import import_archive

    settings = archive_settings()
    warehouse = configured_warehouse(warehouse_settings())
    with warehouse.lock(options.wait), console.status("reading the archive"):
        account = import_archive(warehouse, settings)
    Console().print(account.table())
    account.check()


def register(options: argparse.Namespace, console: Console) -> None:
    """Load what changed in the business register, all of it the first time and now and then."""
    from extract.sources.brreg.load import load_register

    settings = register_settings()
    warehouse = configured_warehouse(warehouse_settings())
    with warehouse.lock(options.wait), console.status("reading the business register"):
        loaded = load_register(warehouse, settings)
    Console().print(str(loaded))


def source(options: argparse.Namespace, console: Console) -> None:
    """Load what is new of a declared API."""
    from extract.sources.rest_api.settings import declared_api
    from extract.sources.rest_api.source import load_api

    api = declared_api(options.name)
    warehouse = configured_warehouse(warehouse_settings())
    with warehouse.lock(options.wait), console.status(f"reading {api.name}"):
        loaded = load_api(warehouse, api)
    Console().print(str(loaded))


COMMANDS: dict[str, Callable[[argparse.Namespace, Console], None]] = {
    "run": run,
    "extract": extract,
    "build": build,
    "reprocess": reprocess,
    "coiled-environment": coiled_environment,
    "publish": publish,
    "status": status,
    "recover": recover,
    "import-archive": import_archive,
    "register": register,
    "source": source,
}


def _extract(warehouse: Warehouse, options: argparse.Namespace, console: Console) -> str:
    from extract.monitoring.progress import Progress
    from extract.monitoring.volume import watch
    from extract.sources.nav.extraction import extract_feed

    options.step = "extract"
    with _executor(options) as executor, Progress(console) as progress:
        loaded = extract_feed(warehouse, feed_settings(), executor, progress, options.since)
    options.done.append("extract")
    if alarm := watch(warehouse):
        options.alarm = alarm.text
        logging.getLogger("extract").warning("%s", alarm.text)
    else:
        options.done.append("volume")
    return str(loaded)


def _executor(options: argparse.Namespace) -> BatchExecutor:
    from extract.config import executor_settings
    from extract.executors.factory import open_executor

    return open_executor(executor_settings(), options.executor)


def _build(warehouse: Warehouse, options: argparse.Namespace, console: Console) -> str:
    from extract.dbt import build
    from extract.loading.raw_schema import refuse_older
    from extract.monitoring.status import feed_state

    options.step = "build"
    if state := feed_state(warehouse):
        refuse_older(state.raw_version)
    built = build(warehouse, console)
    options.done.append("build")
    return str(built)


def _publish(warehouse: Warehouse, options: argparse.Namespace, console: Console) -> str:
    from dashboard.publish import publish

    options.step = "publish"
    with console.status("writing the page"):
        published = publish(warehouse)
    options.done.append("publish")
    return str(published)


def _tables_of(warehouse: Warehouse) -> Table:
    from extract.monitoring.status import row_counts

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
    parser.add_argument("name", nargs="?", help="the declared API that `source` reads")
    parser.add_argument(
        "--since",
        type=_instant,
        metavar="WHEN",
        help="read the feed again from a date (2026-05-01) or so many days back (90d); without it a "
        "first run reads since_days of the configuration, later ones go on from the cursor",
    )
    parser.add_argument(
        "--executor",
        choices=("local", "dask", "coiled"),
        help="where details are fetched and texts are described: processes, Dask's workers, or a "
        "Coiled cluster made for the run; without it executor.name of the configuration",
    )
    parser.add_argument(
        "--target",
        choices=("duckdb", "bigquery"),
        help="the warehouse of this run, in place of warehouse.target of the configuration",
    )
    parser.add_argument(
        "--wait",
        type=_minutes,
        default=0,
        metavar="MINUTES",
        help="how long to wait for another run on the same warehouse; without it a second run leaves at once",
    )
    parser.add_argument(
        "--notify",
        metavar="URL",
        help="post failure and recovery to this webhook (JSON as Slack takes it), once for each change; "
        "better in the configuration as notify.url, since the address is a secret",
    )
    parser.add_argument("--debug", action="store_true", help="show the trace of an error")
    options = parser.parse_args(given)
    options.step, options.done, options.alarm = "start", [], None
    if (options.command == "source") != bool(options.name):
        parser.error("`source` and only `source` takes the NAME of a section [sources.api.NAME]")
    if options.since and options.command not in ("run", "extract"):
        parser.error(f"--since reads the feed, which {options.command!r} does not")
    if options.executor and options.command not in ("run", "extract", "reprocess"):
        parser.error(f"--executor works on batches, which {options.command!r} has none of")
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


def _minutes(text: str) -> float:
    """The seconds that --wait gives in minutes."""
    try:
        if (minutes := float(text)) >= 0:
            return minutes * 60
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"{text!r} is no number of minutes")


def _remember(options: argparse.Namespace, failure: str | None) -> None:
    """Keep how the steps of this run ended, and tell the webhook; that it fails hides nothing."""
    if options.command not in ("run", "extract", "build", "publish"):
        return
    from extract.monitoring.notifications import Outcomes, notify_settings

    try:
        failures = {"volume": options.alarm} if options.alarm else {}
        if failure:
            failures[options.step] = failure
        elif "start" not in options.done:
            options.done.append("start")
        url = options.notify or notify_settings().url
        outcomes = Outcomes(PROJECT / warehouse_settings().pipelines_dir)
        outcomes.ended(failures, options.done, url, [str(feed_settings().token or "")])
    except JobMarketError as error:
        if str(error) != failure:  # a setting that is wrong is told once
            logging.getLogger("extract").warning("nobody was told: %s", error)


def _failed(
    console: Console, options: argparse.Namespace, error: BaseException, message: str, code: int
) -> int:
    if options.debug:
        from rich.traceback import Traceback

        console.print(Traceback.from_exception(type(error), error, error.__traceback__))
    _tell(console, message)
    return code


def _tell(console: Console, message: str) -> None:
    console.print(message, style="red", markup=False, highlight=False, soft_wrap=True)


def _log_to(console: Console) -> None:
    """Warnings above the moving line on a terminal, every step as a plain line elsewhere."""
    if console.is_terminal:
        from rich.logging import RichHandler

        handler: logging.Handler = RichHandler(console=console, show_path=False)
        logging.basicConfig(level=logging.WARNING, format="%(message)s", handlers=[handler])
    else:
        logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s")
        logging.getLogger("extract").setLevel(logging.INFO)
