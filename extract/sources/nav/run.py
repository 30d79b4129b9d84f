"""One run through the feed: what it was given, how far it is, and what it is to read again today."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from extract.config import FeedSettings
from extract.executors.bounded_map import BatchExecutor
from extract.monitoring.progress import Progress
from extract.sources.nav.client import FeedEndpoint
from extract.sources.nav.parse import Entry, Event
from extract.sources.nav.state import FeedState, Pending, fingerprint
from extract.warehouses.base import Warehouse

MAX_OPEN = timedelta(days=200)
"""No ad is open for longer than six months."""
LOOKBACK = timedelta(days=3)
"""What the first run of a day reads again, for entries that appear further behind."""


@dataclass
class ExtractionRun:
    """One run through the feed, over as many loads as it takes."""

    settings: FeedSettings
    warehouse: Warehouse
    executor: BatchExecutor
    progress: Progress
    since: datetime | None = None
    """Read the feed from here (UTC) and not from the cursor; the first load uses it up."""
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    endpoint: FeedEndpoint = field(init=False)
    state: FeedState | None = None
    """From the first load on."""
    next_page_id: str | None = None
    """Where the next load reads on."""
    is_caught_up: bool = False
    """Whether the newest page was read."""
    pages: dict[str, tuple[bytes, ...]] = field(default_factory=dict)
    """The pages that were read, in order, with the fingerprints of their entries."""
    seen_entries: set[bytes] = field(default_factory=set)
    """The fingerprints of the entries that were read."""
    known_entries: set[bytes] = field(default_factory=set)
    """Entries already in the warehouse, on the pages that this run reads again."""
    pages_without_new: int = 0
    """How many were read in a row, up to the last one."""
    failed: set[str] = field(default_factory=set)
    """Ads whose detail could not be had."""
    has_retried: bool = False
    """Whether they were asked for once more."""
    loads: list[str] = field(default_factory=list)
    """dlt's load ids; empty when nothing had changed."""
    finished: int = 0
    """Loads that an earlier run left pending."""
    events: int = 0
    """New events; the progress counts all entries."""
    details: int = 0
    unavailable: str | None = None
    """Why the feed was given up on; what was read before is loaded all the same."""

    def __post_init__(self) -> None:
        self.endpoint = FeedEndpoint(self.settings)

    def __str__(self) -> str:
        first = f"pending loads finished first: {self.finished}; " if self.finished else ""
        if not self.loads:
            return f"{first}nothing new"
        pending = len(self.state.pending) if self.state else 0
        return f"{first}events: {self.events:,}, details: {self.details:,}, still pending: {pending:,}"

    @property
    def is_done(self) -> bool:
        """Whether another load would find nothing to do."""
        return bool(self.unavailable) or (self.is_caught_up and not self.next_details(1))

    def add_known_entries(self, since: datetime) -> None:
        """Add the entries since that time (UTC) that are in the warehouse."""
        rows = self._query("ad_id, status, event_at", since - timedelta(days=1))
        self.known_entries |= {fingerprint(Entry(Event(*row), None)) for row in rows}

    def next_details(self, limit: int) -> list[str]:
        """The ads whose details are fetched next; those that failed are asked for once more at the end."""
        pending = self.state.pending if self.state else {}
        ads = [ad_id for ad_id in pending if ad_id not in self.failed]
        if not ads and not self.has_retried:
            ads = [ad_id for ad_id in pending if ad_id in self.failed]
        # The oldest first, for it expires first; those that failed before cannot hold the others up.
        ads.sort(key=lambda ad_id: (pending[ad_id].reason is not None, pending[ad_id].event_at))
        return ads[:limit]

    def queue_daily_rereads(self, state: FeedState, events: Iterable[Event]) -> None:
        """Once a day, make the details of some open ads pending, since an ad can change without an event.

        Each ad's turn comes once in `reread_days` days. `events` are those of the current load.
        """
        today, days = self.started_at.date(), self.settings.reread_days
        missed = min(state.days_since_daily(today), days)
        if missed > 0:
            due = {(today.toordinal() - day) % days for day in range(missed)}
            current = {event.ad_id for event in events}
            active_at = "max(case when status = 'ACTIVE' then event_at end)"
            open_ads = self._query(
                f"ad_id, {active_at}",
                self.started_at - MAX_OPEN,
                f"group by 1 having max(event_at) = {active_at}",
            )
            for ad_id, event_at in open_ads:
                if ad_id not in current and zlib.crc32(ad_id.encode()) % days in due:
                    state.pending.setdefault(ad_id, Pending(event_at))
        if state.recent:
            state.daily_on = today

    def _query(self, columns: str, since: datetime, tail: str = "") -> list[tuple[Any, ...]]:
        """A query of the events that were loaded since a time (UTC): BigQuery reads their partitions only."""
        return self.warehouse.query(
            f"select {columns} from {self.warehouse.raw('feed_events')} "
            f"where extracted_at >= timestamp '{since:%F %T}' {tail}"
        )
