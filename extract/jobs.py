"""The jobs, as plain functions; the command line and Prefect's flows call these.

A docstring is the command's help, a parameter beside RunOptions its option; what is returned is printed.
Each job raises JobMarketError. All but `status` and `coiled_environment` hold the lock of the warehouse while
they work and record how they ended: a change (failed, recovered) is posted to the webhook.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console, Group, RenderableType

from extract import config
from extract import dbt as transform
from extract.errors import PROGRAM, JobMarketError
from extract.executors.factory import open_executor
from extract.loading import recovery
from extract.loading.raw_schema import refuse_older, stored_state
from extract.loading.retention import remove_old_texts
from extract.monitoring.notifications import record, recorded
from extract.monitoring.progress import Progress
from extract.monitoring.volume import volume_alarm
from extract.sources import reprocess as reprocessing
from extract.sources.brreg.load import load_register
from extract.sources.nav.source import extract_feed
from extract.sources.nav.state import feed_state
from extract.status import counts_table, is_mock, report
from extract.warehouses.base import Warehouse
from extract.warehouses.factory import configured_warehouse

if TYPE_CHECKING:  # imported by the jobs that need them: they take long
    from dashboard.publish import Published
    from extract.sources.mongo.importing import ReconciliationReport
    from extract.sources.rest_api.source import ApiRun


QUERY = "dbt -- show --inline \"select * from {{ ref('daily_new_ads') }}\""


@dataclass(frozen=True)
class RunOptions:
    """What one run chooses in place of the configuration."""

    target: str | None = None
    wait: float = 0
    """Seconds to wait for another run on the same warehouse."""
    notify_url: str | None = None
    console: Console = field(default_factory=lambda: Console(stderr=True))
    """Shows the progress."""


def run(options: RunOptions, since: datetime | None = None, executor: str | None = None) -> RenderableType:
    """Extract, build and publish. A daily schedule runs this."""
    webhook = _start(options)
    with ExitStack() as lock:
        with recorded("extract", webhook):
            warehouse = configured_warehouse(options.target)
            lock.enter_context(warehouse.lock(options.wait))
            extracted = _extract(warehouse, options, since, executor)
        with recorded("build", webhook):
            built = _build(warehouse, options)
        with recorded("publish", webhook):
            published = _publish(warehouse, options)
        return Group(
            f"extract: {extracted}\nbuild: {built}\npublish: {published}",
            counts_table(warehouse),
            f"The tables are in {warehouse}. Next:\n  {PROGRAM} status\n  {PROGRAM} {QUERY}",
        )


def extract(options: RunOptions, since: datetime | None = None, executor: str | None = None) -> str:
    """Load what is new in the feed. An hourly schedule runs this."""
    with _locked("extract", options) as warehouse:
        return _extract(warehouse, options, since, executor)


def build(options: RunOptions) -> transform.BuildSummary:
    """Build and test the dbt models, then remove the texts of ads that closed long ago."""
    with _locked("build", options) as warehouse:
        return _build(warehouse, options)


def publish(options: RunOptions) -> Published:
    """Write the page and the dbt docs from the marts."""
    with _locked("publish", options) as warehouse:
        return _publish(warehouse, options)


def dbt(options: RunOptions, command: list[str]) -> None:
    """Run a dbt command with the key and the lock of the job."""
    with _locked("dbt", options) as warehouse:
        transform.run_command(warehouse, command)


def reprocess(options: RunOptions, executor: str | None = None) -> reprocessing.Reprocessed:
    """Recompute text features after a change of the rules."""
    with (
        _locked("reprocess", options) as warehouse,
        open_executor(executor) as pool,
        Progress(options.console) as progress,
    ):
        _require_load(warehouse)
        return reprocessing.reprocess(warehouse, pool, progress)


def import_archive(options: RunOptions, file: Path | None = None) -> ReconciliationReport:
    """Import the archive from MongoDB or from a file."""
    from extract.sources.mongo.importing import import_archive as load

    with _locked("import-archive", options) as warehouse, options.console.status("reading the archive"):
        return load(warehouse, config.configured(config.ArchiveSettings), file)


def register(options: RunOptions) -> str:
    """Load what changed in the business register."""
    with _locked("register", options) as warehouse, options.console.status("reading the business register"):
        return load_register(warehouse, config.configured(config.RegisterSettings))


def source(options: RunOptions, name: str) -> ApiRun:
    """Load what is new in an API of the configuration."""
    from extract.sources.rest_api.settings import declared_api
    from extract.sources.rest_api.source import load_api

    with _locked(f"source {name}", options) as warehouse, options.console.status(f"reading {name}"):
        return load_api(warehouse, declared_api(name))


def recover(options: RunOptions) -> str:
    """Move the files of a load that fails for good aside."""
    with _locked("recover", options) as warehouse:
        folder = recovery.move_local_state_aside(warehouse)
    moved = f"The local folder was moved to {folder}" if folder else "There is no local folder"
    return f"{moved}. The next run goes on from the warehouse."


def coiled_environment() -> str:
    """Make Coiled's software environment. Says its name."""
    from extract.executors.coiled import create_environment

    os.chdir(config.PROJECT)
    return f"Coiled has the environment {create_environment(config.configured(config.CoiledSettings))}."


def status(options: RunOptions) -> RenderableType:
    """The report of what the warehouse holds."""
    _start(options)
    warehouse = configured_warehouse(options.target)
    return report(warehouse, feed_state(warehouse))


def _extract(warehouse: Warehouse, options: RunOptions, since: datetime | None, executor: str | None) -> str:
    settings = config.configured(config.FeedSettings)
    with open_executor(executor) as pool, Progress(options.console) as progress:
        loaded = str(extract_feed(warehouse, settings, pool, progress, since))
    if (feed := feed_state(warehouse)) is None or is_mock(feed):
        return loaded
    alarm = volume_alarm(warehouse)
    record("volume", alarm, _webhook(options))
    return f"{loaded}\n{alarm}" if alarm else loaded


def _build(warehouse: Warehouse, options: RunOptions) -> transform.BuildSummary:
    _require_load(warehouse)
    if stored := stored_state(warehouse):
        refuse_older(stored.raw_version)
    summary = transform.build(warehouse, options.console)
    with options.console.status("removing old texts"):
        summary.texts_removed = remove_old_texts(warehouse, datetime.now(config.OSLO).date())
    return summary


def _require_load(warehouse: Warehouse) -> None:
    if not warehouse.query(f"select 1 from {warehouse.raw('_dlt_loads')} limit 1"):
        raise JobMarketError(f"{warehouse} holds nothing yet. Run `{PROGRAM} extract` first.")


def _publish(warehouse: Warehouse, options: RunOptions) -> Published:
    from dashboard import publish as page

    with options.console.status("writing the page"):
        return page.publish(warehouse)


@contextmanager
def _locked(step: str, options: RunOptions) -> Iterator[Warehouse]:
    """The configured warehouse under its lock; how the step ends is recorded."""
    with recorded(step, _start(options)):
        warehouse = configured_warehouse(options.target)
        with warehouse.lock(options.wait):
            yield warehouse


def _start(options: RunOptions) -> str | None:
    """Go to the project, where dlt finds .dlt/ and dbt its project; the webhook."""
    os.chdir(config.PROJECT)
    return _webhook(options)


def _webhook(options: RunOptions) -> str | None:
    return options.notify_url or config.configured(config.NotifySettings).url
