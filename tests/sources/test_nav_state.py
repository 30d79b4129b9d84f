"""The cursor never loses an entry, whatever the pages do; and what is owed is never forgotten."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from extract.sources.nav.parse import Event, Page, Reject
from extract.sources.nav.state import OVERLAP_EVENTS, OVERLAP_PAGES, FeedState, mark

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def event(number: int, status: str = "ACTIVE") -> Event:
    return Event(f"ad-{number}", status, NOON + timedelta(seconds=number))


def page(number: int, events: list[Event]) -> Page:
    return Page(f"p{number}", f"p{number + 1}", events, [])


def test_what_dlt_stores_comes_back_the_same() -> None:
    state = FeedState("nav.no")
    state.read([page(1, [event(1), event(2)])], broke_off=False)
    state.saw(event(1))
    ids = [str(UUID(int=number)) for number in (0, 7, 2**128 - 1)] + [str(UUID(int=2**127)).upper()]
    for number, ad_id in enumerate(ids):
        state.saw(Event(ad_id, "ACTIVE", NOON - timedelta(days=30_000 * number, microseconds=1)))
    state.owed[ids[1]] = state.owed[ids[1]].failed("answered 500", NOON)
    stored: dict[str, object] = {}
    state.store(stored)
    assert FeedState.load(stored, "another.no") == state


def test_the_cursor_is_a_page_that_is_still_to_be_read_again() -> None:
    state = FeedState("nav.no")
    state.read([page(n, [event(n * 1000 + i) for i in range(1000)]) for n in range(4)], broke_off=False)
    assert [recent.page_id for recent in state.recent] == ["p3"]
    state.read([page(4, [event(1)])], broke_off=False)
    assert [recent.page_id for recent in state.recent] == ["p4"]


def test_a_short_tip_keeps_the_page_before_it_in_the_overlap() -> None:
    state = FeedState("nav.no")
    state.read([page(1, [event(i) for i in range(OVERLAP_EVENTS)]), page(2, [event(5000)])], broke_off=False)
    assert [recent.page_id for recent in state.recent] == ["p1", "p2"]


def test_the_overlap_is_bounded_in_pages_so_that_small_pages_cannot_stop_the_walk() -> None:
    state = FeedState("nav.no")
    state.read([page(n, [event(n)]) for n in range(100)], broke_off=False)
    assert [recent.page_id for recent in state.recent] == [f"p{n}" for n in range(100)][-OVERLAP_PAGES:]


def test_a_walk_that_breaks_off_in_the_overlap_forgets_no_mark() -> None:
    state = FeedState("nav.no")
    state.read([page(1, [event(1)]), page(2, [event(2)])], broke_off=False)
    state.read([page(1, [event(1), event(3)])], broke_off=True)
    assert state.known_marks() == {mark(event(1)), mark(event(2)), mark(event(3))}


def test_the_last_event_of_an_ad_decides_whether_its_detail_is_owed() -> None:
    state = FeedState("nav.no")
    for status in ("ACTIVE", "INACTIVE", "ACTIVE"):
        state.saw(event(1, status))
    state.saw(event(2))
    state.saw(event(2, "INACTIVE"))
    assert list(state.owed) == ["ad-1"]


def test_two_states_of_an_ad_and_a_reject_have_marks_of_their_own() -> None:
    marks = {mark(event(1)), mark(event(1, "INACTIVE")), mark(event(2)), mark(Reject("ad-1", "why", None))}
    assert len(marks) == 4
