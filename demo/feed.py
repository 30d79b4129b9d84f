"""What the feed's pages and details say at a given clock: pure, without HTTP."""

from datetime import datetime
from typing import Any, Literal, NamedTuple, Protocol

import orjson

from demo.lives import STOPPED
from demo.log import EventLog
from demo.times import spell

Tip = Literal["growing", "held-back"]


class Shown(NamedTuple):
    """What a page shows of an ad."""

    title: str
    employer: str
    municipal: str


class Source(Protocol):
    """Where the events and ads come from: a generated world or given documents."""

    log: EventLog
    until: datetime  # where its clock stands unless told otherwise

    def ad_id(self, ad: int) -> str:
        """The uuid of an ad."""

    def find_ad(self, ad_id: str) -> int | None:
        """The number of an ad."""

    def event_id(self, e: int) -> str:
        """The uuid of an event."""

    def find_event(self, event_id: str) -> int | None:
        """The number of an event."""

    def shown(self, ad: int) -> Shown:
        """What the pages show of an ad."""

    def content(self, ad: int, e: int, clock: int) -> dict[str, Any] | None:
        """The ad itself, while it is active after event `e`."""


class Page(NamedTuple):
    """A page: the number of the event it begins with, of the next page's, and its entries."""

    first: int
    following: int | None
    entries: list[int]


def page_from(
    source: Source, first: int, size: int, clock: int, tip: Tip, newer_than: int | None = None
) -> Page:
    """The page that begins with event `first`.

    `growing`: there is no next page until this one is full. `held-back`: there is none while at
    most one entry is newer than `first`; with two or more the newest is not shown yet.
    """
    log = source.log
    size = max(size, 2)  # the last entry is the next page's first: one alone would lead nowhere
    found: list[int] = []
    for e in log.seen_from(log.position[first], clock):
        if newer_than is None or log.event[e] > newer_than:
            found.append(e)
            if len(found) > size:
                break
    entries = found[:size]
    if tip == "growing":
        is_full = len(entries) == size
    else:
        is_full = len(found) > 2
        entries = entries[: len(found) - 1] if is_full else entries
    return Page(first, entries[-1] if is_full else None, entries)


def etag_of(source: Source, page: Page) -> str:
    """The page's ETag, a bare uuid: it stays the same while entries are appended to the tip."""
    return source.event_id(page.first if page.following is None else page.following)


def page_body(source: Source, page: Page) -> bytes:
    """The JSON of a page."""
    page_id = source.event_id(page.first)
    next_id = None if page.following is None else source.event_id(page.following)
    return orjson.dumps(
        {
            "version": "1.0",
            "title": "Nav Job Vacancy Feed",
            "home_page_url": "https://arbeidsplassen.nav.no",
            "feed_url": f"/api/v1/feed/{page_id}",
            "id": page_id,
            "next_id": next_id,
            "next_url": None if next_id is None else f"/api/v1/feed/{next_id}",
            "items": [_item(source, e) for e in page.entries],
        }
    )


def detail_body(source: Source, ad_id: str, clock: int) -> bytes | None:
    """The JSON of an ad's detail; None when there is no such ad yet."""
    ad = source.find_ad(ad_id)
    e = None if ad is None else source.log.state(ad, clock)
    if ad is None or e is None:
        return None
    changed = source.log.changed[e]
    is_active = source.log.is_active(e)
    answer: dict[str, Any] = {
        "uuid": ad_id,
        "status": "ACTIVE" if is_active else "INACTIVE",
        "sistEndret": spell(changed, _style(changed)),
    }
    content = source.content(ad, e, clock) if is_active else None
    if content is not None or (is_active and changed % 2):  # hollow ones have null or no such key
        answer["ad_content"] = content
    return orjson.dumps(answer)


def _item(source: Source, e: int) -> dict[str, Any]:
    log = source.log
    ad = log.ad[e]
    ad_id = source.ad_id(ad)
    at = log.event[e]
    shown = source.shown(ad)
    if log.kind[e] == STOPPED:
        shown = shown._replace(title="...", employer="")
    return {
        "id": ad_id,
        "url": f"/api/v1/feedentry/{ad_id}",
        "title": "Stillingsannonse" if at % 4 == 0 else shown.title,
        "content_text": "Stillingsannonse",
        "date_modified": spell(at, 0),
        "_feed_entry": {
            "uuid": ad_id,
            "status": "ACTIVE" if log.is_active(e) else "INACTIVE",
            "title": shown.title,
            "businessName": shown.employer,
            "municipal": shown.municipal,
            "sistEndret": spell(at, _style(at)),
        },
    }


def _style(at: int) -> int:
    """How a timestamp is spelled: most with Oslo's offset, some in UTC, some as bare wall time."""
    draw = at % 1_009 % 20
    return 2 if draw < 3 else 1 if draw < 5 else 0
