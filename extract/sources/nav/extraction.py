"""Extract the feed into the warehouse, load after load until nothing is left to read."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from extract.config import FeedSettings
from extract.errors import SourceUnavailable
from extract.executors.bounded_map import BatchExecutor
from extract.loading.load import prepare, run_load
from extract.sources.nav.run import ExtractionRun, Progress
from extract.sources.nav.source import nav_feed
from extract.warehouses.base import Warehouse


@dataclass
class ExtractionSummary:
    """What an extraction did."""

    loads: list[str] = field(default_factory=list)
    """dlt's load ids; empty when nothing had changed."""
    finished: int = 0
    """Loads that an earlier run left pending."""
    events: int = 0
    details: int = 0
    pending: int = 0
    """Details that could not be had."""

    def __str__(self) -> str:
        first = f"pending loads finished first: {self.finished}; " if self.finished else ""
        if not self.loads:
            return f"{first}nothing new"
        return f"{first}events: {self.events:,}, details: {self.details:,}, still pending: {self.pending:,}"


def extract_feed(
    warehouse: Warehouse,
    settings: FeedSettings,
    executor: BatchExecutor,
    progress: Progress,
    since: datetime | None = None,
    now: datetime | None = None,
) -> ExtractionSummary:
    """Read what is new in the feed and load it.

    `since` (UTC) reads the feed again from there; without it the cursor is followed. `now` is the time
    of the run (UTC). Raises SourceUnavailable once what was read before is loaded, JobMarketError.
    """
    pipeline = warehouse.pipeline()
    summary = ExtractionSummary(finished=prepare(warehouse, pipeline))
    run = ExtractionRun(settings, warehouse, executor, progress, since)
    run.started_at = now or run.started_at
    while not run.is_done:
        summary.loads += run_load(pipeline, nav_feed(run))
    if run.unavailable:
        raise SourceUnavailable(run.unavailable)
    summary.events, summary.details = run.events, run.details
    summary.pending = len(run.state.pending) if run.state else 0
    return summary
