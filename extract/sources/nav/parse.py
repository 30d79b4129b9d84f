"""Parse what the feed answers: pages into events, details into states. Pure functions, no I/O.

The shapes are those of NAV's Job Vacancy Feed, https://navikt.github.io/pam-stilling-feed/.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import orjson

ACTIVE = "ACTIVE"
INACTIVE = "INACTIVE"

OSLO = ZoneInfo("Europe/Oslo")
EPOCH = datetime.fromtimestamp(0, UTC)


class NotUnderstood(ValueError):
    """An answer that is not what the feed is known to send; the message says what was found."""


class Event(NamedTuple):
    """One change of an ad, as a page tells it. `event_at` is UTC, on the feed's clock."""

    ad_id: str
    status: str
    event_at: datetime


class Reject(NamedTuple):
    """Something that could not be understood, kept so that it can be seen and tried again."""

    ad_id: str | None
    reason: str
    payload: Any


class Page(NamedTuple):
    """One page of the feed: events in the feed's order, `next_id` None at the tip."""

    page_id: str
    next_id: str | None
    events: list[Event]
    rejects: list[Reject]


class Detail(NamedTuple):
    """The state of one ad. `content` is NAV's `ad_content`, None for an ad that is no longer shown."""

    ad_id: str
    status: str
    changed_at: datetime | None
    """UTC, on the ad's own clock; None if `changed`, the text it was sent as, cannot be read."""
    changed: Any
    content: dict[str, Any] | None


def parse_instant(text: Any) -> datetime:
    """The UTC instant of an ISO 8601 text; without an offset it is wall time in Oslo.

    Raises TypeError, ValueError or OverflowError for anything else.
    """
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=OSLO)
    return instant.astimezone(UTC)


def microseconds(instant: datetime) -> int:
    """Microseconds since 1970 in UTC, exact as a float's would not be."""
    return (instant - EPOCH) // timedelta(microseconds=1)


def parse_page(body: bytes) -> Page:
    """The page in an answer of `/api/v1/feed`. Raises NotUnderstood if it is no page at all.

    A single item that cannot be read does not spoil the page: it becomes a reject.
    """
    page = _json_object(body)
    page_id, items = page.get("id"), page.get("items")
    if not isinstance(page_id, str) or not isinstance(items, list):
        raise NotUnderstood("a feed page without 'id' or 'items'")
    events: list[Event] = []
    rejects: list[Reject] = []
    for item in items:
        try:
            events.append(_parse_item(item))
        except NotUnderstood as error:
            rejects.append(Reject(_ad_id(item), str(error), item))
    next_id = page.get("next_id")
    # The last page has been seen to name itself: nothing stands behind it either.
    at_tip = not isinstance(next_id, str) or next_id == page_id
    return Page(page_id, None if at_tip else next_id, events, rejects)


def parse_detail(body: bytes) -> Detail:
    """The ad in an answer of `/api/v1/feedentry/{uuid}`. Raises NotUnderstood."""
    entry = _json_object(body)
    ad_id, status = entry.get("uuid"), entry.get("status")
    if not isinstance(ad_id, str) or not isinstance(status, str):
        raise NotUnderstood("an ad without 'uuid' or 'status'")
    content = entry.get("ad_content")
    if content is not None and not isinstance(content, dict):
        raise NotUnderstood(f"an 'ad_content' that is a {type(content).__name__}")
    changed = entry.get("sistEndret")
    try:
        changed_at = parse_instant(changed)
    except (TypeError, ValueError, OverflowError):
        changed_at = None
    return Detail(ad_id, status.upper(), changed_at, changed, content or None)


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise NotUnderstood(f"not JSON: {error}") from None
    if not isinstance(value, dict):
        raise NotUnderstood(f"a JSON {type(value).__name__} in place of an object")
    return value


def _ad_id(item: Any) -> str | None:
    entry = item.get("_feed_entry") if isinstance(item, dict) else None
    ad_id = entry.get("uuid") if isinstance(entry, dict) else None
    if ad_id is None and isinstance(item, dict):
        ad_id = item.get("id")
    return ad_id if isinstance(ad_id, str) and ad_id else None


def _parse_item(item: Any) -> Event:
    ad_id = _ad_id(item)
    entry = item.get("_feed_entry") if isinstance(item, dict) else None
    if ad_id is None or not isinstance(entry, dict):
        raise NotUnderstood("an item without '_feed_entry' or an ad's id")
    status, changed = entry.get("status"), entry.get("sistEndret")
    if not isinstance(status, str) or not status:
        raise NotUnderstood("an item without 'status'")
    try:
        return Event(ad_id, status.upper(), parse_instant(changed))
    except (TypeError, ValueError, OverflowError):
        raise NotUnderstood(f"'sistEndret' is no time: {str(changed)[:40]!r}") from None
