"""Parse what the feed answers: pages into entries, details into states. Pure functions, no I/O.

The shapes are those of NAV's Job Vacancy Feed, https://navikt.github.io/pam-stilling-feed/.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from extract.config import OSLO
from extract.hashing import canonical_json, decode_json
from extract.privacy.redact import redact
from extract.sources.loads import ACTIVE, ParseError, Reject

MASKED_TITLE = "..."
"""What NAV shows in place of a title that it hides."""
MAX_AHEAD = timedelta(days=1)
"""A time further ahead of now than this cannot be true."""
REJECT_CODE_PATHS = ("id", "payload.id", "payload._feed_entry.uuid", "payload._feed_entry.sistEndret")


class Event(NamedTuple):
    """One change of an ad, as a page shows it. `event_at` is UTC, on the feed's clock."""

    ad_id: str
    status: str
    event_at: datetime
    is_masked: bool | None = None
    """True if NAV hides title and employer, which it does for every ad that did not expire. None: ACTIVE."""


class Entry(NamedTuple):
    """One line of a page: an event, a reject, or both where the event's time cannot be true."""

    event: Event | None
    reject: Reject | None


class Page(NamedTuple):
    """One page of the feed, its entries in the feed's order; `next_id` is None on the newest page."""

    page_id: str
    next_id: str | None
    entries: list[Entry]


class Detail(NamedTuple):
    """The state of one ad. `content` is NAV's `ad_content`, None for an ad that is no longer shown."""

    ad_id: str
    status: str
    changed_at: datetime | None
    """UTC, on the ad's own clock; None if `changed`, the text it was sent as, is no time that can be true."""
    changed: Any
    content: dict[str, Any] | None


def parse_timestamp(text: Any) -> datetime:
    """The UTC timestamp of an ISO 8601 text; without an offset it is wall time in Oslo.

    Raises TypeError, ValueError or OverflowError for anything else.
    """
    timestamp = datetime.fromisoformat(text)
    return (timestamp if timestamp.tzinfo else timestamp.replace(tzinfo=OSLO)).astimezone(UTC)


def parse_page(body: bytes, now: datetime) -> Page:
    """The page in an answer of `/api/v1/feed`. Raises ParseError if it is no page at all."""
    page = _json_object(body)
    page_id, items = page.get("id"), page.get("items")
    if not isinstance(page_id, str) or not isinstance(items, list):
        raise ParseError("a feed page without 'id' or 'items'")
    entries: list[Entry] = []
    latest: dict[str, Event] = {}
    for item in items:
        try:
            entry = _parse_item(item, latest, now)
        except ParseError as error:
            entry = Entry(None, rejected(_ad_id(item), str(error), item))
        if entry.event:
            latest[entry.event.ad_id] = entry.event
        entries.append(entry)
    next_id = page.get("next_id")
    # The last page has been seen to name itself: nothing stands behind it either.
    is_newest = not isinstance(next_id, str) or next_id == page_id
    return Page(page_id, None if is_newest else next_id, entries)


def parse_detail(body: bytes, now: datetime) -> Detail:
    """The ad in an answer of `/api/v1/feedentry/{uuid}`. Raises ParseError."""
    entry = _json_object(body)
    ad_id, status = entry.get("uuid"), entry.get("status")
    if not isinstance(ad_id, str) or not isinstance(status, str):
        raise ParseError("an ad without 'uuid' or 'status'")
    content = entry.get("ad_content")
    if content is not None and not isinstance(content, dict):
        raise ParseError(f"an 'ad_content' that is a {type(content).__name__}")
    changed = entry.get("sistEndret")
    try:
        changed_at: datetime | None = parse_timestamp(changed)
    except (TypeError, ValueError, OverflowError):
        changed_at = None
    if changed_at and changed_at > now + MAX_AHEAD:
        changed_at = None
    return Detail(ad_id, status.upper(), changed_at, changed, content or None)


def rejected(ad_id: str | None, reason: str, payload: Any) -> Reject:
    """The reject, redacted."""
    redacted = redact({"id": ad_id, "payload": payload}, code_paths=REJECT_CODE_PATHS)
    return Reject(reason, canonical_json(redacted["payload"]), redacted["id"])


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        value = decode_json(body)
    except ValueError as error:
        raise ParseError(f"a body that is {error}") from None
    if not isinstance(value, dict):
        raise ParseError(f"a JSON {type(value).__name__} in place of an object")
    return value


def _ad_id(item: Any) -> str | None:
    item = item if isinstance(item, dict) else {}
    entry = item.get("_feed_entry")
    ad_id = entry.get("uuid") if isinstance(entry, dict) else None
    ad_id = item.get("id") if ad_id is None else ad_id
    return ad_id if isinstance(ad_id, str) and ad_id else None


def _parse_item(item: Any, latest: dict[str, Event], now: datetime) -> Entry:
    """The entry of an item; `latest` holds the last event of each ad on the same page. Raises ParseError."""
    ad_id = _ad_id(item)
    entry = item.get("_feed_entry") if isinstance(item, dict) else None
    if ad_id is None or not isinstance(entry, dict):
        raise ParseError("an item without '_feed_entry' or an ad's id")
    status = entry.get("status")
    if not isinstance(status, str) or not status:
        raise ParseError("an item without 'status'")
    status = status.upper()
    is_masked = None
    if status != ACTIVE:
        is_masked = entry.get("title") == MASKED_TITLE and not entry.get("businessName")
    event_at = _event_at(entry.get("sistEndret"), item.get("date_modified"), status, latest.get(ad_id))
    if event_at <= now + MAX_AHEAD:
        return Entry(Event(ad_id, status, event_at, is_masked), None)
    # Just after the entries before it, since that is the same whenever the page is read.
    before = max((event.event_at for event in latest.values()), default=now)
    bound = min(now, before + timedelta(microseconds=1))
    reason = "the time of an event lies more than a day ahead; that of the entries before it is used"
    return Entry(Event(ad_id, status, bound, is_masked), rejected(ad_id, reason, item))


def _event_at(changed: Any, modified: Any, status: str, before: Event | None) -> datetime:
    """The UTC time of an event, from the text that has an offset. Raises ParseError.

    Where none has one it is wall time in Oslo, and an event that follows another of the same ad is later.
    """
    times = []
    for text in (changed, modified):
        try:
            parse_timestamp(text)
            times.append(datetime.fromisoformat(text))
        except (TypeError, ValueError, OverflowError):
            continue
    if not times:
        raise ParseError(f"'sistEndret' is no time: {str(changed)[:40]!r}")
    if with_offset := [time for time in times if time.tzinfo]:
        return with_offset[0].astimezone(UTC)
    # In the hour that the clocks pass twice in autumn, the second time comes after the first.
    candidates = [times[0].replace(tzinfo=OSLO, fold=fold).astimezone(UTC) for fold in (0, 1)]
    if before is None or (before.status, before.event_at) == (status, candidates[0]):
        return candidates[0]
    after = [time for time in candidates if time > before.event_at]
    return after[0] if after else before.event_at + timedelta(microseconds=1)
