"""The command line: commands, options and exit codes. The work is in extract/jobs.py."""

import inspect
import logging
import re
import threading
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console, Group
from rich.logging import RichHandler
from rich.protocol import is_renderable
from typer.core import TyperGroup

from extract import __version__, jobs
from extract.config import check_webhook
from extract.errors import ConfigurationError, describe
from extract.jobs import RunOptions
from extract.stopping import stop_soon

HELP = """From NAV's job vacancy feed to the dashboard tables. Without a command: the whole job (run).

Exit codes: 0 done, 1 failed, 2 wrong use or configuration, 75 the source cannot be reached now (run again
later), 130 stopped. Settings: .dlt/config.toml or the environment (docs/reference/settings.md)."""

console = Console(stderr=True)
is_explained = threading.Event()
"""Set once the reason why the run ends is printed."""


class WholeJobByDefault(TyperGroup):
    """Without a command, `run` is meant."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put `run` before options that belong to it."""
        if not args or (args[0].startswith("-") and args[0] not in ("--help", "--version")):
            args = ["run", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(cls=WholeJobByDefault, help=HELP, rich_markup_mode=None, add_completion=False)


def _since(text: str) -> datetime:
    try:
        if days := re.fullmatch(r"(\d{1,5})d", text):
            since = datetime.now(UTC) - timedelta(days=int(days[1]))
        else:
            since = datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise typer.BadParameter(
            f"{text!r} is neither a date such as 2026-05-01 nor days such as 90d"
        ) from None
    if since >= datetime.now(UTC) - timedelta(seconds=1):
        raise typer.BadParameter(f"{text!r} is not in the past")
    return since


def _webhook(url: str) -> str:
    try:
        check_webhook("it", url)
    except ConfigurationError as error:
        raise typer.BadParameter(str(error)) from None
    return url


def _show_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(__version__)
        raise typer.Exit


SINCE = "Read the feed again from a date (2026-05-01) or a number of days back (90d)."
FILE = "A file of mongodump or mongoexport, in place of the server."
WAIT = "Wait for another run on the same warehouse."
NOTIFY = "Post failure and recovery there, in place of notify.url."
Target = Annotated[Literal["duckdb", "bigquery"] | None, typer.Option(help="In place of warehouse.target.")]
Wait = Annotated[float, typer.Option(min=0, metavar="MINUTES", help=WAIT)]
Notify = Annotated[str | None, typer.Option(parser=_webhook, metavar="URL", help=NOTIFY)]
Debug = Annotated[bool, typer.Option("--debug", help="Show the trace of an error.")]
Version = Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True)]
Executors = Literal["local", "dask", "coiled"]
OWN: dict[str, Any] = {
    "since": Annotated[datetime | None, typer.Option(parser=_since, metavar="WHEN", help=SINCE)],
    "executor": Annotated[Executors | None, typer.Option(help="In place of executor.name.")],
    "file": Annotated[Path | None, typer.Option("--from", exists=True, resolve_path=True, help=FILE)],
    "name": Annotated[str, typer.Argument(metavar="NAME", help="Of a section [sources.api.NAME].")],
    "command": Annotated[
        list[str], typer.Argument(metavar="-- COMMAND...", help="-- build --select fct_ads")
    ],
}
"""The options of some jobs, by the names of their parameters."""


def add_command(job: Callable[..., object]) -> None:
    """Make a job a command, with its own options and those that every job has."""

    def run_job(
        *, target: Target = None, wait: Wait = 0, notify: Notify = None, debug: Debug = False, **own: Any
    ) -> None:
        perform(lambda: job(RunOptions(target, wait * 60, notify, console), **own), debug)

    _, *own = inspect.signature(job).parameters.values()
    *shared, _ = inspect.signature(run_job).parameters.values()
    named = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=OWN[each.name]) for each in own]
    run_job.__signature__ = inspect.Signature([*named, *shared])  # type: ignore[attr-defined]
    run_job.__annotations__ = {each.name: each.annotation for each in [*named, *shared]}
    app.command(job.__name__.replace("_", "-"), help=job.__doc__)(run_job)


def perform(work: Callable[[], object], debug: bool) -> None:
    """Print the result, or an error as one sentence with its exit code."""
    try:
        if (result := work()) is not None:
            show(result)
    except (Exception, KeyboardInterrupt) as error:
        message, exit_code = describe(error)
        is_explained.set()
        if debug:
            show("".join(traceback.format_exception(error)), console)
        show(message, console)
        raise typer.Exit(exit_code) from None


def show(result: object, to: Console | None = None) -> None:
    """Print each table as it is, anything else as text that is not wrapped."""
    for part in result.renderables if isinstance(result, Group) else [result]:
        shown = part if is_renderable(part) else str(part)
        (to or Console()).print(shown, markup=False, highlight=False, soft_wrap=isinstance(shown, str))


@app.callback()
def _top(version: Version = False) -> None:
    pass


each: Callable[..., object]
for each in (jobs.run, jobs.extract, jobs.build, jobs.publish, jobs.dbt):
    add_command(each)


@app.command()
def status(target: Target = None, debug: Debug = False) -> None:
    """Show what the warehouse holds and what is pending."""
    perform(lambda: jobs.status(RunOptions(target)), debug)


for each in (jobs.reprocess, jobs.import_archive, jobs.register, jobs.source, jobs.recover):
    add_command(each)


@app.command()
def coiled_environment(debug: Debug = False) -> None:
    """Make the software environment for Coiled."""
    perform(jobs.coiled_environment, debug)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    if console.is_terminal:
        handler = RichHandler(console=console, show_path=False)
        logging.basicConfig(level=logging.WARNING, format="%(message)s", handlers=[handler])
    else:
        logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s")
        logging.getLogger("extract").setLevel(logging.INFO)
    stop_soon(lambda: None if is_explained.is_set() else show(describe(KeyboardInterrupt())[0], console))
    try:
        app(arguments, prog_name="run_pipeline.py")
    except SystemExit as end:
        return int(end.code or 0)
    return 0
