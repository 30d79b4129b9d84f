"""What the feed answers is read as it was meant, and what cannot be read is kept."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from extract.sources.loads import ParseError, microseconds
from extract.sources.nav.parse import (
    Entry,
    Event,
    parse_detail,
    parse_page,
    parse_timestamp,
)


def item(**changes: Any) -> dict[str, Any]:
    entry = {"uuid": "a", "status": "ACTIVE", "sistEndret": "2026-03-01T12:00:00+01:00"} | changes
    return {"id": "a", "title": "Stillingsannonse", "_feed_entry": entry}


def page(*items: Any, **changes: Any) -> bytes:
    return orjson.dumps({"id": "p1", "next_id": "p2", "items": list(items)} | changes)


NOW = datetime(2026, 3, 2, tzinfo=UTC)


def events_of(*items: Any) -> list[Event]:
    return [entry.event for entry in parse_page(page(*items), NOW).entries if entry.event]


@pytest.mark.parametrize(
    ("text", "timestamp"),
    [
        ("2026-03-01T12:00:00+01:00", datetime(2026, 3, 1, 11, tzinfo=UTC)),
        ("2026-03-01T12:00:00", datetime(2026, 3, 1, 11, tzinfo=UTC)),
        ("2026-07-01T12:00:00", datetime(2026, 7, 1, 10, tzinfo=UTC)),
        ("2026-07-01T12:00:00Z", datetime(2026, 7, 1, 12, tzinfo=UTC)),
        ("2026-07-01T12:00:00.123456789Z", datetime(2026, 7, 1, 12, 0, 0, 123456, tzinfo=UTC)),
    ],
)
def test_a_time_without_offset_is_wall_time_in_oslo(text: str, timestamp: datetime) -> None:
    assert parse_timestamp(text) == timestamp


def test_microseconds_are_exact() -> None:
    assert microseconds(datetime(2026, 7, 1, 12, 0, 0, 123457, tzinfo=UTC)) == 1782907200123457


def test_events_keep_the_order_of_the_page() -> None:
    events = events_of(item(), item(status="INACTIVE"), item(uuid="b"))
    assert [(event.ad_id, event.status) for event in events] == [
        ("a", "ACTIVE"),
        ("a", "INACTIVE"),
        ("b", "ACTIVE"),
    ]


@pytest.mark.parametrize("next_id", [None, "p1"])
def test_a_page_without_next_or_that_names_itself_is_the_newest(next_id: str | None) -> None:
    assert parse_page(page(next_id=next_id), NOW).next_id is None


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
    good, rejected = parse_page(page(item(), bad), NOW).entries
    assert good == Entry(Event("a", "ACTIVE", datetime(2026, 3, 1, 11, tzinfo=UTC)), None)
    assert rejected.event is None and rejected.reject
    assert orjson.loads(rejected.reject.payload) == bad


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"id": "p1"}', b'{"items": []}', b'{"id": "p1",'])
def test_an_answer_that_is_no_page_is_refused(body: bytes) -> None:
    with pytest.raises(ParseError):
        parse_page(body, NOW)


@pytest.mark.parametrize(
    "body", [b"<html>", b'{"uuid": "a"}', b'{"uuid":"a","status":"ACTIVE","ad_content":"x"}']
)
def test_an_answer_that_is_no_ad_is_refused(body: bytes) -> None:
    with pytest.raises(ParseError):
        parse_detail(body, NOW)


def test_an_inactive_ad_has_no_content() -> None:
    body = orjson.dumps({"uuid": "a", "status": "INACTIVE", "sistEndret": "2026-03-01T12:00:00"})
    assert parse_detail(body, NOW).content is None


def test_a_detail_with_an_unreadable_time_is_still_read() -> None:
    body = orjson.dumps({"uuid": "a", "status": "ACTIVE", "sistEndret": "?", "ad_content": {"title": "t"}})
    detail = parse_detail(body, NOW)
    assert (detail.changed_at, detail.changed, detail.content) == (None, "?", {"title": "t"})


def doubled_hour(status: str, changed: str, **more: Any) -> dict[str, Any]:
    return item(status=status, sistEndret=f"2025-10-26T{changed}") | more


def test_of_two_times_of_an_event_the_one_with_an_offset_counts() -> None:
    active = doubled_hour("ACTIVE", "02:50:00+02:00")
    closed = doubled_hour("INACTIVE", "02:30:00", date_modified="2025-10-26T02:30:00+01:00")
    assert [event.event_at for event in events_of(active, closed)] == [
        datetime(2025, 10, 26, 0, 50, tzinfo=UTC),
        datetime(2025, 10, 26, 1, 30, tzinfo=UTC),
    ]


def test_where_no_time_has_an_offset_the_order_of_the_page_tells_the_doubled_hour() -> None:
    lines = [doubled_hour("ACTIVE", "02:50:00"), doubled_hour("INACTIVE", "02:30:00")]
    lines += [doubled_hour("ACTIVE", "02:30:00"), item(uuid="b", sistEndret="2025-10-26T02:40:00")]
    assert [event.event_at for event in events_of(*lines)] == [
        datetime(2025, 10, 26, 0, 50, tzinfo=UTC),
        datetime(2025, 10, 26, 1, 30, tzinfo=UTC),
        datetime(2025, 10, 26, 1, 30, 0, 1, tzinfo=UTC),
        datetime(2025, 10, 26, 0, 40, tzinfo=UTC),
    ]


def test_the_same_line_twice_is_the_same_event() -> None:
    lines = [doubled_hour("ACTIVE", "02:50:00"), doubled_hour("ACTIVE", "02:50:00")]
    assert len(set(events_of(*lines))) == 1


@pytest.mark.parametrize("time", ["9999-12-31T23:59:59Z", "2026-03-03T12:00:00Z", "9999-12-31T23:59:59"])
def test_an_event_of_a_time_that_cannot_be_true_is_kept_and_does_not_lie_ahead(time: str) -> None:
    _, kept = parse_page(page(item(), item(status="INACTIVE", sistEndret=time)), NOW).entries
    assert kept.event == Event("a", "INACTIVE", datetime(2026, 3, 1, 11, 0, 0, 1, tzinfo=UTC), False)
    assert kept.reject and "ahead" in kept.reject.reason
    [alone] = parse_page(page(item(sistEndret=time)), NOW).entries
    assert alone.event == Event("a", "ACTIVE", NOW)


def test_a_time_within_a_day_ahead_is_a_clock_that_is_fast() -> None:
    [entry] = parse_page(page(item(sistEndret="2026-03-02T23:00:00Z")), NOW).entries
    assert entry == Entry(Event("a", "ACTIVE", datetime(2026, 3, 2, 23, tzinfo=UTC)), None)


@pytest.mark.parametrize(
    ("shown", "is_masked"),
    [
        ({"title": "...", "businessName": ""}, True),
        ({"title": "...", "businessName": None}, True),
        ({"title": "...", "businessName": "Kro AS"}, False),
        ({"title": "Kokk", "businessName": ""}, False),
        ({}, False),
    ],
)
def test_a_closing_event_is_masked_if_its_line_hides_title_and_employer(
    shown: dict[str, Any], is_masked: bool
) -> None:
    [closed] = events_of(item(status="INACTIVE", **shown))
    assert closed.is_masked is is_masked
    [active] = events_of(item(**shown))
    assert active.is_masked is None


def test_a_detail_of_a_time_that_cannot_be_true_has_none() -> None:
    body = orjson.dumps({"uuid": "a", "status": "ACTIVE", "sistEndret": "9999-12-31T23:59:59Z"})
    assert parse_detail(body, NOW).changed_at is None
