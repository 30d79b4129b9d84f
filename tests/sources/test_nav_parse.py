"""What the feed answers is read as it was meant, and what cannot be read is kept."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from extract.sources.nav.parse import (
    Event,
    NotUnderstood,
    microseconds,
    parse_detail,
    parse_instant,
    parse_page,
)


def item(**changes: Any) -> dict[str, Any]:
    entry = {"uuid": "a", "status": "ACTIVE", "sistEndret": "2026-03-01T12:00:00+01:00"} | changes
    return {"id": "a", "title": "Stillingsannonse", "_feed_entry": entry}


def page(*items: Any, **changes: Any) -> bytes:
    return orjson.dumps({"id": "p1", "next_id": "p2", "items": list(items)} | changes)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-03-01T12:00:00+01:00", datetime(2026, 3, 1, 11, tzinfo=UTC)),
        ("2026-03-01T12:00:00", datetime(2026, 3, 1, 11, tzinfo=UTC)),
        ("2026-07-01T12:00:00", datetime(2026, 7, 1, 10, tzinfo=UTC)),
        ("2026-07-01T12:00:00Z", datetime(2026, 7, 1, 12, tzinfo=UTC)),
        ("2026-07-01T12:00:00.123456789Z", datetime(2026, 7, 1, 12, 0, 0, 123456, tzinfo=UTC)),
    ],
)
def test_a_time_without_offset_is_wall_time_in_oslo(text: str, instant: datetime) -> None:
    assert parse_instant(text) == instant


def test_microseconds_are_exact() -> None:
    assert microseconds(datetime(2026, 7, 1, 12, 0, 0, 123457, tzinfo=UTC)) == 1782907200123457


def test_events_keep_the_order_of_the_page() -> None:
    read = parse_page(page(item(), item(status="INACTIVE"), item(uuid="b")))
    assert [(event.ad_id, event.status) for event in read.events] == [
        ("a", "ACTIVE"),
        ("a", "INACTIVE"),
        ("b", "ACTIVE"),
    ]


@pytest.mark.parametrize("next_id", [None, "p1"])
def test_a_page_without_next_or_that_names_itself_is_the_tip(next_id: str | None) -> None:
    assert parse_page(page(next_id=next_id)).next_id is None


@pytest.mark.parametrize(
    "bad",
    [
        None,
        "text",
        {},
        {"id": "a"},
        item(status=None),
        item(sistEndret="i går"),
        item(sistEndret=None),
        item(sistEndret="0001-01-01T00:00:00+10:00"),
    ],
)
def test_an_item_that_cannot_be_read_becomes_a_reject_and_the_others_count(bad: Any) -> None:
    read = parse_page(page(item(), bad))
    assert read.events == [Event("a", "ACTIVE", datetime(2026, 3, 1, 11, tzinfo=UTC))]
    assert [reject.payload for reject in read.rejects] == [bad]


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"id": "p1"}', b'{"items": []}', b'{"id": "p1",'])
def test_an_answer_that_is_no_page_is_refused(body: bytes) -> None:
    with pytest.raises(NotUnderstood):
        parse_page(body)


@pytest.mark.parametrize(
    "body", [b"<html>", b'{"uuid": "a"}', b'{"uuid":"a","status":"ACTIVE","ad_content":"x"}']
)
def test_an_answer_that_is_no_ad_is_refused(body: bytes) -> None:
    with pytest.raises(NotUnderstood):
        parse_detail(body)


def test_an_inactive_ad_has_no_content() -> None:
    body = orjson.dumps({"uuid": "a", "status": "INACTIVE", "sistEndret": "2026-03-01T12:00:00"})
    assert parse_detail(body).content is None


def test_a_detail_with_an_unreadable_time_is_still_read() -> None:
    body = orjson.dumps({"uuid": "a", "status": "ACTIVE", "sistEndret": "?", "ad_content": {"title": "t"}})
    detail = parse_detail(body)
    assert (detail.changed_at, detail.changed, detail.content) == (None, "?", {"title": "t"})
