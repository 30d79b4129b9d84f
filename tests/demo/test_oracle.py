"""The oracle itself: it agrees with the world's truth and with the rules it restates."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from demo.world import World
from tests.oracle import Expected, categories_of, expected, oslo_day, positions_of, read_timestamp

AS_OF = date(2026, 11, 23)


@pytest.fixture(scope="module")
def polled(world: World) -> Expected:
    polls = [world.start + timedelta(hours=h) for h in range(6, 230, 6)]
    return expected(world, [*(p for p in polls if p < world.until), world.until], AS_OF)


@pytest.fixture(scope="module")
def at_once(world: World) -> Expected:
    return expected(world, [world.until], AS_OF)


def test_many_polls_and_one_see_the_same_events(polled: Expected, at_once: Expected, world: World) -> None:
    truth = {(e.ad_id, e.status, e.event_at) for e in world.events(world.until)}
    assert polled.feed_events == at_once.feed_events == truth
    assert set(polled.ads) == set(at_once.ads)


def test_many_polls_and_one_differ_only_in_ads_that_one_came_too_late_for(
    polled: Expected, at_once: Expected
) -> None:
    for ad_id, row in at_once.ads.items():
        other = polled.ads[ad_id]
        assert row == other or (other.is_captured and not row.is_captured)
    assert any(not row.is_captured for row in at_once.ads.values())


def test_every_inactive_event_is_a_tombstone(polled: Expected) -> None:
    inactive = {(ad_id, at) for ad_id, status, at in polled.feed_events if status == "INACTIVE"}
    assert inactive <= polled.tombstones


def test_the_open_ads_of_a_day_are_those_before_it_plus_new_less_closed(polled: Expected) -> None:
    day = AS_OF - timedelta(days=5)
    closed = sum(row.closed_on == day - timedelta(days=1) for row in polled.ads.values())
    before = polled.active_ads[day - timedelta(days=1)]
    assert polled.active_ads[day] == before + polled.new_ads[day] - closed


def test_stopped_ads_closed_before_their_expiry_and_expired_ones_on_it(polled: Expected) -> None:
    reasons = {row.close_reason for row in polled.ads.values()}
    assert reasons == {None, "stopped", "expired"}
    for row in polled.ads.values():
        assert (row.close_reason is None) == (row.status == "ACTIVE")
        if row.close_reason == "expired":
            assert row.closed_on == row.expires_on  # all were captured
        if row.close_reason == "stopped":
            assert row.closed_on == row.inactive_on
            assert row.expires_on is None or (row.inactive_on or AS_OF) < row.expires_on
    expired = [row for row in polled.ads.values() if row.close_reason == "expired"]
    assert any(row.inactive_on == row.expires_on for row in expired), "the day itself is no stop"


def test_a_detail_that_fails_is_owed_until_it_is_fetched_or_inactive(world: World) -> None:
    middle = world.start + timedelta(days=5)
    broken = expected(world, [middle, world.until], AS_OF, fails=lambda ad_id, poll: poll == 0)
    whole = expected(world, [world.until], AS_OF)
    assert not broken.pending and broken.ads == whole.ads
    always = expected(world, [middle, world.until], AS_OF, fails=lambda ad_id, poll: True)
    assert always.pending == {ad_id for ad_id, row in whole.ads.items() if row.status == "ACTIVE"}
    assert not any(row.is_captured for row in always.ads.values())


@pytest.mark.parametrize(
    ("value", "positions"),
    [
        ("1", 1),
        (" 2 ", 2),
        ("2.0", 2),
        (3, 3),
        ("", 1),
        ("Flere", 1),
        (None, 1),
        ("0", 1),
        ("1.5", 1),
        ("1-3", 1),
    ],
)
def test_positions_are_whole_numbers_of_at_least_one(value: Any, positions: int) -> None:
    assert positions_of(value) == positions


def test_a_time_without_an_offset_is_oslo_time() -> None:
    assert read_timestamp("2026-07-01T00:30:00") == datetime(2026, 6, 30, 22, 30, tzinfo=UTC)
    assert oslo_day(read_timestamp("2026-06-30T22:30:00Z")) == date(2026, 7, 1)
    assert read_timestamp("Snarest") is None and read_timestamp(None) is None


def test_all_codes_of_an_ad_count_and_a_group_of_isco_is_no_occupation_of_esco() -> None:
    def category(kind: str, code: str) -> dict[str, Any]:
        return {"categoryType": kind, "code": code, "name": code, "score": 1.0}

    listed = [category("STYRK08", "2223"), category("STYRK08", "5321"), category("ESCO", "http://x/isco/C2")]
    assert categories_of({"categoryList": listed}) == {
        ("STYRK08", "2223"),
        ("STYRK08", "5321"),
        ("ISCO", "http://x/isco/C2"),
    }
    assert categories_of({"categoryList": []}) == frozenset()
