"""The feed's pipeline state: the cursor, the entries seen around it, the details that are pending."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from extract.hashing import canonical_json
from extract.schema import RAW_VERSION
from extract.sources.loads import ACTIVE, EPOCH
from extract.sources.nav.parse import MAX_AHEAD, Entry, Event, Page

OVERLAP_EVENTS = 1000
"""The last entries, which the next run reads again: an entry can appear late, behind others."""
OVERLAP_PAGES = 3
"""At most; a load reads more pages than these, so it always advances."""
LOOKBACK = timedelta(days=3)
"""What the first run of a day reads again, for entries that appear further behind."""
FINGERPRINT_BYTES = 8


class RecentPage(NamedTuple):
    """A page that the next run reads again, with the fingerprint of each entry that was seen on it."""

    page_id: str
    fingerprints: tuple[bytes, ...]


class Pending(NamedTuple):
    """An active ad whose detail is still to be fetched. Times are UTC.

    There is no count of failures: it would make every run that finds nothing new write one.
    """

    event_at: datetime
    failing_since: datetime | None = None
    reason: str | None = None

    def failed(self, reason: str, now: datetime) -> Pending:
        """The same ad after an attempt that failed."""
        return self._replace(failing_since=self.failing_since or now, reason=reason)


@dataclass
class FeedState:
    """dlt's resource state, typed. `recent[0]` is the cursor: the page that the next run begins with."""

    feed: str
    recent: list[RecentPage] = field(default_factory=list)
    pending: dict[str, Pending] = field(default_factory=dict)
    newest_event_at: datetime | None = None
    fields: set[str] = field(default_factory=set)
    """The fields that ads were seen to have, as `extract.sources.nav.fields` names them."""
    raw_version: int = RAW_VERSION
    """Of the raw tables that the state was stored with."""
    daily_on: date | None = None
    """The last day (UTC) on which the lookback was read and open ads were read again."""
    past_pages: dict[date, str] = field(default_factory=dict)
    """The cursor's page at the end of the first run of a day (UTC), for the lookback."""

    @classmethod
    def load(cls, stored: MutableMapping[str, Any], feed: str) -> FeedState:
        """The state that dlt stored, or a new one for `feed`."""
        newest = _timestamp(stored.get("newest_event_at"))
        daily = stored.get("daily", {})
        return cls(
            stored.get("feed", feed),
            [RecentPage(page_id, _unpack(packed)) for page_id, packed in stored.get("recent", [])],
            _pending_of_version_4(stored.get("untried", ""))
            | {ad_id: _pending(value) for ad_id, value in stored.get("owed", {}).items()},
            None if newest and newest > datetime.now(UTC) + MAX_AHEAD else newest,
            set(stored.get("fields", [])),
            stored.get("raw_version", 1) if stored else RAW_VERSION,
            date.fromisoformat(daily["on"]) if daily else None,
            {date.fromisoformat(day): page_id for day, page_id in daily.get("pages", [])},
        )

    def store(self, stored: MutableMapping[str, Any]) -> None:
        """Write it where dlt commits it with the load."""
        stored.pop("untried", None)
        stored["feed"] = self.feed
        stored["recent"] = [
            [page.page_id, base64.b64encode(b"".join(page.fingerprints)).decode()] for page in self.recent
        ]
        stored["owed"] = {
            ad_id: [pending.event_at.isoformat(), _text(pending.failing_since), pending.reason]
            if pending.reason
            else pending.event_at.isoformat()
            for ad_id, pending in self.pending.items()
        }
        stored["newest_event_at"] = _text(self.newest_event_at)
        stored["fields"] = sorted(self.fields)
        stored["raw_version"] = RAW_VERSION
        if self.daily_on:
            pages = [[day.isoformat(), page_id] for day, page_id in sorted(self.past_pages.items())]
            stored["daily"] = {"on": self.daily_on.isoformat(), "pages": pages}

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

    def advance_cursor(self, pages: Sequence[Page], *, continues: bool, broke_off: bool) -> None:
        """Keep the last of the pages that were read, cut to the overlap.

        `continues`: the walk went on from the recent pages and did not read them again. Where it broke off
        before it came to some of them, they stay.
        """
        before = {page.page_id: page.fingerprints for page in self.recent}
        # A page that had entries and shows none now is not believed: they are still known.
        read = [
            RecentPage(page.page_id, _fingerprints(page) or before.get(page.page_id, ())) for page in pages
        ]
        read_ids = {page.page_id for page in pages}
        unread = [page for page in self.recent if page.page_id not in read_ids]
        if continues:
            read = unread + read
        elif broke_off or not pages:
            read = read + unread
        chain = read[-OVERLAP_PAGES:]
        while len(chain) > 1 and sum(len(page.fingerprints) for page in chain[1:]) >= OVERLAP_EVENTS:
            chain.pop(0)
        self.recent = chain

    def is_daily_due(self, today: date) -> bool:
        """Whether this is the first run of a day, of a warehouse that is not new."""
        return self.daily_on is not None and self.daily_on < today

    def start_pages(self, today: date) -> list[str]:
        """The pages to begin with, the first that the feed still knows: the lookback's, the cursor's."""
        cursor = [page.page_id for page in self.recent[:1]]
        if self.is_daily_due(today) and self.past_pages:
            return [self.past_pages[self._lookback_day(today)], *cursor]
        return cursor

    def finish_day(self, today: date) -> None:
        """Note that the lookback was read, and where that of a later day begins."""
        if self.recent and self.daily_on != today:
            self.past_pages[today] = self.recent[0].page_id
            first = self._lookback_day(today)
            self.past_pages = {day: page_id for day, page_id in self.past_pages.items() if day >= first}
            self.daily_on = today

    def _lookback_day(self, today: date) -> date:
        far_enough = [day for day in self.past_pages if day <= today - LOOKBACK]
        return max(far_enough) if far_enough else min(self.past_pages)


def fingerprint(entry: Entry) -> bytes:
    """A short digest that says whether an entry of a page was seen before."""
    if entry.reject:
        text = canonical_json(entry.reject.payload)
    else:
        assert entry.event
        text = f"{entry.event.ad_id} {entry.event.status} {entry.event.event_at.isoformat()}"
    return hashlib.blake2b(text.encode(), digest_size=FINGERPRINT_BYTES).digest()


def _fingerprints(page: Page) -> tuple[bytes, ...]:
    return tuple(dict.fromkeys(map(fingerprint, page.entries)))


def _unpack(text: str) -> tuple[bytes, ...]:
    packed = base64.b64decode(text)
    return tuple(packed[at : at + FINGERPRINT_BYTES] for at in range(0, len(packed), FINGERPRINT_BYTES))


def _pending(value: Any) -> Pending:
    event_at, since, reason = (value, None, None) if isinstance(value, str) else value
    return Pending(datetime.fromisoformat(event_at), _timestamp(since), reason)


def _pending_of_version_4(text: str) -> dict[str, Pending]:
    """24 bytes for each ad: its uuid, and its event's time in microseconds since 1970."""
    packed = base64.b64decode(text)
    pending = {}
    for at in range(0, len(packed), 24):
        microseconds = int.from_bytes(packed[at + 16 : at + 24], "big", signed=True)
        ad_id = str(UUID(bytes=packed[at : at + 16]))
        pending[ad_id] = Pending(EPOCH + timedelta(microseconds=microseconds))
    return pending


def _timestamp(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _text(timestamp: datetime | None) -> str | None:
    return timestamp.isoformat() if timestamp else None
