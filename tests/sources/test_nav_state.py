"""The cursor never loses an entry, whatever the pages do; and what is pending is never forgotten."""

import base64
from datetime import UTC, datetime, timedelta
from uuid import UUID

from extract.sources.loads import Reject
from extract.sources.nav.parse import Entry, Event
from extract.sources.nav.state import (
    OVERLAP_EVENTS,
    OVERLAP_PAGES,
    FeedState,
    Pending,
    RecentPage,
    fingerprint,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def event(number: int, status: str = "ACTIVE") -> Event:
    return Event(f"ad-{number}", status, NOON + timedelta(seconds=number))


def page(number: int, events: list[Event]) -> dict[str, tuple[bytes, ...]]:
    return {f"p{number}": tuple(fingerprint(Entry(event, None)) for event in events)}


def advance(state: FeedState, *pages: dict[str, tuple[bytes, ...]], broke_off: bool = False) -> None:
    state.advance_cursor({name: seen for page in pages for name, seen in page.items()}, broke_off=broke_off)


def test_what_dlt_stores_comes_back_the_same() -> None:
    state = FeedState("nav.no")
    advance(state, page(1, [event(1), event(2)]))
    state.record_event(event(1))
    ids = [str(UUID(int=number)) for number in (0, 7, 2**128 - 1)] + [str(UUID(int=2**127)).upper()]
    for number, ad_id in enumerate(ids):
        state.record_event(Event(ad_id, "ACTIVE", NOON - timedelta(days=30_000 * number, microseconds=1)))
    state.pending[ids[1]] = state.pending[ids[1]]._replace(reason="answered 500")
    stored: dict[str, object] = {}
    state.store(stored)
    assert FeedState.load(stored, "another.no") == state


def test_the_cursor_is_a_page_that_is_still_to_be_read_again() -> None:
    state = FeedState("nav.no")
    advance(state, *(page(n, [event(n * 1000 + i) for i in range(1000)]) for n in range(4)))
    assert [recent.page_id for recent in state.recent] == ["p3"]
    advance(state, page(4, [event(1)]))
    assert [recent.page_id for recent in state.recent] == ["p4"]


def test_a_short_tip_keeps_the_page_before_it_in_the_overlap() -> None:
    state = FeedState("nav.no")
    advance(state, page(1, [event(i) for i in range(OVERLAP_EVENTS)]), page(2, [event(5000)]))
    assert [recent.page_id for recent in state.recent] == ["p1", "p2"]


def test_the_overlap_is_bounded_in_pages_so_that_small_pages_cannot_stop_the_walk() -> None:
    state = FeedState("nav.no")
    advance(state, *(page(n, [event(n)]) for n in range(100)))
    assert [recent.page_id for recent in state.recent] == [f"p{n}" for n in range(100)][-OVERLAP_PAGES:]


def test_a_walk_that_breaks_off_in_the_overlap_forgets_no_fingerprint() -> None:
    state = FeedState("nav.no")
    advance(state, page(1, [event(1)]), page(2, [event(2)]))
    advance(state, page(1, [event(1), event(3)]), broke_off=True)
    assert state.seen_fingerprints() == {fingerprint(Entry(event(number), None)) for number in (1, 2, 3)}


def test_the_last_event_of_an_ad_decides_whether_its_detail_is_pending() -> None:
    state = FeedState("nav.no")
    for status in ("ACTIVE", "INACTIVE", "ACTIVE"):
        state.record_event(event(1, status))
    state.record_event(event(2))
    state.record_event(event(2, "INACTIVE"))
    assert list(state.pending) == ["ad-1"]


def test_two_states_of_an_ad_and_a_reject_have_fingerprints_of_their_own() -> None:
    entries = [Entry(one, None) for one in (event(1), event(1, "INACTIVE"), event(2))]
    entries += [Entry(None, Reject("why", "null", "ad-1")), Entry(event(1), Reject("why", '{"a":1}', "ad-1"))]
    assert len({*map(fingerprint, entries)}) == 5


def test_a_state_of_version_4_is_read_with_its_packed_details_and_its_failed_ones() -> None:
    untried = UUID(int=7)
    packed = untried.bytes + (1_772_366_400_000_001).to_bytes(8, "big", signed=True)
    stored = {
        "feed": "nav.no",
        "recent": [["p1", base64.b64encode(b"12345678abcdefgh").decode()]],
        "untried": base64.b64encode(packed).decode(),
        "owed": {"ad-1": [NOON.isoformat(), NOON.isoformat(), "answered 500"]},
        "newest_event_at": NOON.isoformat(),
        "fields": ["title string"],
        "raw_version": 4,
    }
    state = FeedState.load(stored, "another.no")
    assert state.recent == [RecentPage("p1", (b"12345678", b"abcdefgh"))]
    assert state.pending == {
        str(untried): Pending(NOON + timedelta(microseconds=1)),
        "ad-1": Pending(NOON, "answered 500"),
    }
    assert (state.feed, state.newest_event_at) == ("nav.no", NOON)
    state.store(stored)
    assert FeedState.load(stored, "another.no").pending == state.pending


def test_a_newest_time_that_cannot_be_true_is_forgotten() -> None:
    assert FeedState.load({"newest_event_at": "9999-12-31T23:59:59+00:00"}, "nav.no").newest_event_at is None


def test_a_closing_event_that_appears_late_leaves_a_newer_detail_pending() -> None:
    state = FeedState("nav.no")
    state.record_event(event(5))
    state.record_event(event(5, "INACTIVE")._replace(event_at=NOON))
    assert list(state.pending) == ["ad-5"]


def test_a_page_that_had_entries_and_shows_none_is_not_believed() -> None:
    state = FeedState("nav.no")
    advance(state, page(1, [event(1)]))
    advance(state, page(1, []))
    assert state.seen_fingerprints() == {fingerprint(Entry(event(1), None))}


def test_a_day_is_due_once_and_not_in_a_warehouse_that_is_new() -> None:
    state = FeedState("nav.no")
    assert state.days_since_daily(NOON.date()) == 0
    state.daily_on = NOON.date()
    assert state.days_since_daily(NOON.date()) == 0
    assert state.days_since_daily(NOON.date() + timedelta(days=1)) == 1
