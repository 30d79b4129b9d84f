"""The archive of the mock world: the past that `make run` imports, in one piece with the feed."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from demo.archive import write_archive
from demo.times import OSLO, parse_timestamp
from demo.world import World
from extract.sources.loads import Reject
from extract.sources.mongo.archive import documents_in
from extract.sources.mongo.documents import archived

UNTIL = datetime(2026, 11, 20, 12, tzinfo=UTC)
EASTER_2025 = datetime(2025, 4, 16, 22, tzinfo=UTC)  # Maundy Thursday, Oslo


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=7, days=60, ads_a_day=8, until=UNTIL)


@pytest.fixture(scope="module")
def ads(world: World, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The documents as the import reads them from the file."""
    path = tmp_path_factory.mktemp("archive") / "archive.json.gz"
    write_archive(path, world)
    return [one for one in documents_in(path, "ads") if isinstance(one, dict)]


def published(ad: dict[str, Any]) -> datetime:
    return parse_timestamp(ad["published"]["$date"]).astimezone(OSLO)


def a_day(ads: list[dict[str, Any]], first: datetime, days: int) -> float:
    return sum(first <= published(ad) < first + timedelta(days=days) for ad in ads) / days


def test_the_documents_are_ads_to_the_import(ads: list[dict[str, Any]]) -> None:
    assert not [found for ad in ads[::50] if isinstance(found := archived(ad, UNTIL), Reject)]


def test_it_holds_two_and_a_half_years_and_the_ads_of_the_feed(
    world: World, ads: list[dict[str, Any]]
) -> None:
    ids = Counter(ad["uuid"] for ad in ads)
    assert ids.total() == len(ids)
    assert len(ids.keys() & set(world.ad_ids(UNTIL))) > 0.95 * world.log.ads
    assert min(map(published, ads)) < world.start - timedelta(days=908)


def test_the_past_has_its_seasons_and_meets_the_feed_without_a_step(
    world: World, ads: list[dict[str, Any]]
) -> None:
    before, after = a_day(ads, world.start - timedelta(days=28), 28), a_day(ads, world.start, 28)
    assert before == pytest.approx(after, rel=0.12)
    assert a_day(ads, datetime(2025, 7, 1, tzinfo=UTC), 28) < 0.75 * a_day(
        ads, datetime(2025, 9, 1, tzinfo=UTC), 28
    )
    assert a_day(ads, EASTER_2025, 5) < 0.5 * a_day(ads, EASTER_2025 - timedelta(days=14), 5)
    assert a_day(ads, datetime(2025, 12, 24, tzinfo=UTC), 8) < 0.5 * a_day(
        ads, datetime(2025, 12, 1, tzinfo=UTC), 8
    )


def test_an_ad_of_the_past_that_was_stopped_names_that_day_as_its_end(
    world: World, ads: list[dict[str, Any]]
) -> None:
    open_days = sorted(
        (parse_timestamp(ad["expires"]["$date"]) - parse_timestamp(ad["published"]["$date"])).days
        for ad in ads
        if "expires" in ad and published(ad) < world.start - timedelta(days=200)
    )
    assert open_days[0] < 2 and 15 < open_days[len(open_days) // 2] < 22
