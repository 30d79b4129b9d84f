"""The feed's pipeline state: the cursor, the entries seen around it, the details that are pending."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from extract.loading.raw_schema import stored_state
from extract.sources.loads import ACTIVE, EPOCH
from extract.sources.nav.parse import MAX_AHEAD, Entry, Event
from extract.warehouses.base import Warehouse

OVERLAP_EVENTS = 1000
"""The last entries, which the next run reads again: an entry can appear late, behind others."""
OVERLAP_PAGES = 3
"""The next run reads at most these again; a load reads more pages, so it always advances."""
FINGERPRINT_BYTES = 8


class RecentPage(NamedTuple):
    """A page that the next run reads again, with the fingerprint of each entry that was seen on it."""

    page_id: str
    fingerprints: tuple[bytes, ...]


class Pending(NamedTuple):
    """An active ad whose detail is still to be fetched: its event's time (UTC), and why it failed last.

    There is no count of failures: it would make every run that finds nothing new write one.
    """

    event_at: datetime
    reason: str | None = None


@dataclass
class FeedState:
    """dlt's resource state, typed. `recent[0]` is the cursor: the page that the next run begins with."""

    feed: str
    recent: list[RecentPage] = field(default_factory=list)
    pending: dict[str, Pending] = field(default_factory=dict)
    newest_event_at: datetime | None = None
    fields: set[str] = field(default_factory=set)
    """The fields that ads were seen to have, as `extract.sources.nav.details` names them."""
    daily_on: date | None = None
    """The last day (UTC) on which the lookback was read and open ads were read again."""

    @classmethod
    def load(cls, stored: Mapping[str, Any], feed: str) -> FeedState:
        """The state that dlt stored, or a new one for `feed`."""
        newest = datetime.fromisoformat(stored.get("newest_event_at") or EPOCH.isoformat())
        daily = stored.get("daily", {})
        return cls(
            stored.get("feed", feed),
            [RecentPage(page_id, _unpack(packed)) for page_id, packed in stored.get("recent", [])],
            _pending_of_version_4(stored.get("untried", ""))
            | {ad_id: _pending(value) for ad_id, value in stored.get("owed", {}).items()},
            newest if EPOCH < newest <= datetime.now(UTC) + MAX_AHEAD else None,
            set(stored.get("fields", [])),
            date.fromisoformat(daily["on"]) if daily else None,
        )

    def store(self, stored: MutableMapping[str, Any]) -> None:
        """Write it where dlt commits it with the load."""
        stored.pop("untried", None)  # version 4's; they are among the pending ones now
        stored["feed"] = self.feed
        stored["recent"] = [
            [page.page_id, base64.b64encode(b"".join(page.fingerprints)).decode()] for page in self.recent
        ]
        stored["owed"] = {
            ad_id: [event_at.isoformat(), reason] if reason else event_at.isoformat()
            for ad_id, (event_at, reason) in self.pending.items()
        }
        stored["newest_event_at"] = self.newest_event_at and self.newest_event_at.isoformat()
        stored["fields"] = sorted(self.fields)
        if self.daily_on:
            stored["daily"] = {"on": self.daily_on.isoformat()}

    def seen_fingerprints(self) -> set[bytes]:
        """The fingerprints of all entries on the recent pages."""
        return {fingerprint for page in self.recent for fingerprint in page.fingerprints}

    def record_event(self, event: Event) -> None:
        """Take in a new event, in the feed's order."""
        pending = self.pending.get(event.ad_id)
        if event.status == ACTIVE:
            self.pending[event.ad_id] = Pending(event.event_at)
        elif pending and pending.event_at <= event.event_at:  # an older one appeared late
            del self.pending[event.ad_id]
        self.newest_event_at = max(self.newest_event_at or event.event_at, event.event_at)

    def advance_cursor(self, read: Mapping[str, tuple[bytes, ...]], *, broke_off: bool) -> None:
        """Keep the last of the pages that the run has read, cut to the overlap.

        `read` has the fingerprints by page. Pages that the run did not reach stay.
        """
        before = {page.page_id: page.fingerprints for page in self.recent}
        # A page that had entries and shows none now is not believed: they are still known.
        chain = [RecentPage(page_id, seen or before.get(page_id, ())) for page_id, seen in read.items()]
        if broke_off or not read:
            chain += [page for page in self.recent if page.page_id not in read]
        chain = chain[-OVERLAP_PAGES:]
        while len(chain) > 1 and sum(len(page.fingerprints) for page in chain[1:]) >= OVERLAP_EVENTS:
            chain.pop(0)
        self.recent = chain

    def days_since_daily(self, today: date) -> int:
        """Days since `daily_on`; 0 in a new warehouse. The first run of a day finds 1 or more."""
        return (today - self.daily_on).days if self.daily_on else 0


def feed_state(warehouse: Warehouse) -> FeedState | None:
    """The state that the last completed load committed; None before the first one."""
    committed = stored_state(warehouse)
    stored = committed.resource("nav_feed", "feed") if committed else {}
    return FeedState.load(stored, stored["feed"]) if stored else None


def fingerprint(entry: Entry) -> bytes:
    """A short digest that says whether an entry of a page was seen before."""
    if entry.reject:
        text = entry.reject.payload
    else:
        assert entry.event
        text = f"{entry.event.ad_id} {entry.event.status} {entry.event.event_at.isoformat()}"
    return hashlib.blake2b(text.encode(), digest_size=FINGERPRINT_BYTES).digest()


def _unpack(text: str) -> tuple[bytes, ...]:
    packed = base64.b64decode(text)
    return tuple(packed[at : at + FINGERPRINT_BYTES] for at in range(0, len(packed), FINGERPRINT_BYTES))


def _pending(value: Any) -> Pending:
    # Older states have another time, or null, between the two.
    event_at, *_, reason = (value, None) if isinstance(value, str) else value
    return Pending(datetime.fromisoformat(event_at), reason)


def _pending_of_version_4(text: str) -> dict[str, Pending]:
    """The ads in `untried`, 24 bytes each: uuid, and the event's time in microseconds since 1970."""
    packed = base64.b64decode(text)
    pending = {}
    for at in range(0, len(packed), 24):
        microseconds = int.from_bytes(packed[at + 16 : at + 24], "big", signed=True)
        ad_id = str(UUID(bytes=packed[at : at + 16]))
        pending[ad_id] = Pending(EPOCH + timedelta(microseconds=microseconds))
    return pending
