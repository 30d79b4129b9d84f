"""What the feed's pipeline remembers between loads: where to read on, what is known, what is owed."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from extract.hashing import canonical_json
from extract.schema import RAW_VERSION
from extract.sources.nav.parse import ACTIVE, EPOCH, Event, Page, Reject, microseconds

OVERLAP_EVENTS = 1000
"""So many of the last entries are read again by the next poll: an entry can appear late, behind others."""

OVERLAP_PAGES = 3
"""At most; a load reads more pages than these, so it always gets on."""

MARK_BYTES = 8

UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class RecentPage(NamedTuple):
    """A page that the next poll reads again, with a mark for each entry that was seen on it."""

    page_id: str
    marks: tuple[bytes, ...]


class Owed(NamedTuple):
    """An active ad whose detail has not come yet. Times are UTC.

    There is no count of failures: it would make every poll that finds nothing new write one.
    """

    event_at: datetime
    failing_since: datetime | None = None
    reason: str | None = None

    def failed(self, reason: str, now: datetime) -> Owed:
        """The same ad after another try in vain."""
        return self._replace(failing_since=self.failing_since or now, reason=reason)


@dataclass
class FeedState:
    """dlt's resource state, typed. `recent[0]` is the cursor: the page that the next poll begins with."""

    feed: str
    recent: list[RecentPage] = field(default_factory=list)
    owed: dict[str, Owed] = field(default_factory=dict)
    newest_event_at: datetime | None = None
    fields: set[str] = field(default_factory=set)
    """The fields that ads were seen to have, as `extract.sources.nav.fields` names them."""
    raw_version: int = RAW_VERSION
    """Of the raw tables that the state was stored with."""

    @classmethod
    def load(cls, stored: MutableMapping[str, Any], feed: str) -> FeedState:
        """The state that dlt stored, or a new one for `feed`."""
        return cls(
            stored.get("feed", feed),
            [RecentPage(page_id, _unpack(marks)) for page_id, marks in stored.get("recent", [])],
            _unpack_owed(stored.get("untried", ""))
            | {
                ad_id: Owed(datetime.fromisoformat(event_at), _instant(since), reason)
                for ad_id, (event_at, since, reason) in stored.get("owed", {}).items()
            },
            _instant(stored.get("newest_event_at")),
            set(stored.get("fields", [])),
            stored.get("raw_version", 1) if stored else RAW_VERSION,
        )

    def store(self, stored: MutableMapping[str, Any]) -> None:
        """Write it where dlt commits it with the load."""
        stored["feed"] = self.feed
        stored["recent"] = [[page.page_id, _pack(page.marks)] for page in self.recent]
        # dlt copies and writes the state many times a load, and a first run may owe 200,000 ads.
        untried = {
            ad_id: owed.event_at
            for ad_id, owed in self.owed.items()
            if owed.failing_since is None and UUID.fullmatch(ad_id)
        }
        stored["untried"] = _pack_owed(untried)
        stored["owed"] = {
            ad_id: [owed.event_at.isoformat(), _text(owed.failing_since), owed.reason]
            for ad_id, owed in self.owed.items()
            if ad_id not in untried
        }
        stored["newest_event_at"] = _text(self.newest_event_at)
        stored["fields"] = sorted(self.fields)
        stored["raw_version"] = RAW_VERSION

    def known_marks(self) -> set[bytes]:
        """The marks of all entries on the recent pages."""
        return {mark for page in self.recent for mark in page.marks}

    def saw(self, event: Event) -> None:
        """Take in a new event, in the feed's order: the last one of an ad is the true one."""
        if event.status == ACTIVE:
            self.owed[event.ad_id] = Owed(event.event_at)
        else:
            self.owed.pop(event.ad_id, None)
        self.newest_event_at = max(self.newest_event_at or event.event_at, event.event_at)

    def read(self, pages: Sequence[Page], *, broke_off: bool) -> None:
        """Move the cursor on: behind it stay the pages read, cut to the overlap.

        Where the walk broke off inside the old overlap, the pages it did not come to keep their marks.
        """
        # A page that had entries and shows none now is not to be believed: they are still known.
        before = {page.page_id: page.marks for page in self.recent}
        unread: list[RecentPage] = []
        if broke_off or not pages:
            reached = {page.page_id for page in pages}
            unread = [page for page in self.recent if page.page_id not in reached]
        chain = [
            RecentPage(page.page_id, _marks(page) or before.get(page.page_id, ()))
            for page in pages[-OVERLAP_PAGES:]
        ]
        chain = (chain + unread)[-OVERLAP_PAGES:]
        kept = sum(len(page.marks) for page in chain)
        while len(chain) > 1 and kept - len(chain[0].marks) >= OVERLAP_EVENTS:
            kept -= len(chain.pop(0).marks)
        self.recent = chain


def mark(entry: Event | Reject) -> bytes:
    """A short digest that tells whether an entry of a page was seen before."""
    if isinstance(entry, Event):
        text = f"{entry.ad_id} {entry.status} {entry.event_at.isoformat()}"
    else:
        text = canonical_json(entry.payload)
    return hashlib.blake2b(text.encode(), digest_size=MARK_BYTES).digest()


def _marks(page: Page) -> tuple[bytes, ...]:
    entries: Iterable[Event | Reject] = [*page.events, *page.rejects]
    return tuple(dict.fromkeys(mark(entry) for entry in entries))


def _pack(marks: Iterable[bytes]) -> str:
    return base64.b64encode(b"".join(marks)).decode()


def _unpack(text: str) -> tuple[bytes, ...]:
    packed = base64.b64decode(text)
    return tuple(packed[at : at + MARK_BYTES] for at in range(0, len(packed), MARK_BYTES))


def _pack_owed(owed: Mapping[str, datetime]) -> str:
    """24 bytes for each ad: its id, and its event's time in microseconds since 1970."""
    packed = (
        bytes.fromhex(ad_id.replace("-", "")) + microseconds(event_at).to_bytes(8, "big", signed=True)
        for ad_id, event_at in owed.items()
    )
    return base64.b64encode(b"".join(packed)).decode()


def _unpack_owed(text: str) -> dict[str, Owed]:
    packed = base64.b64decode(text)
    owed = {}
    for at in range(0, len(packed), 24):
        ad = packed[at : at + 16].hex()
        instant = int.from_bytes(packed[at + 16 : at + 24], "big", signed=True)
        ad_id = f"{ad[:8]}-{ad[8:12]}-{ad[12:16]}-{ad[16:20]}-{ad[20:]}"
        owed[ad_id] = Owed(EPOCH + timedelta(microseconds=instant))
    return owed


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _text(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None
