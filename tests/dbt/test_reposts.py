"""Ads that repeat an earlier one: against the mock world's truth, and one by one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from demo.copies import LATE, OTHER_EMPLOYER, OTHER_PLACE, SAME, copy_of
from demo.world import World
from extract.features.rules import of_ad
from extract.privacy.redact import redact
from tests.dbt.raw import Row, features, version
from tests.dbt.warehouse import Warehouse

END = datetime(2026, 11, 20, 12, tzinfo=UTC)


def described(row: Row, content: dict[str, Any]) -> Row:
    return features(row, text_hash=of_ad(redact(content)).text_hash)


def test_the_reposts_of_the_mock_world_are_found_and_nothing_else(warehouse: Warehouse) -> None:
    world = World(seed=5, days=70, ads_a_day=60, until=END)
    keys = {world.ad_id(ad): world.key(ad) for ad in range(world.log.ads)}
    planted = [copy.kind for key in keys.values() if (copy := copy_of(world.seed, key))]
    assert {SAME, LATE, OTHER_PLACE, OTHER_EMPLOYER} == {*planted}
    contents = {
        event.ad_id: (event, detail.content)
        for event in world.events(END)
        if event.status == "ACTIVE"
        and (detail := world.ad(event.ad_id, event.visible_at + timedelta(seconds=1)))
        and detail.content
    }
    rows = {ad_id: version(ad_id, content, event.changed_at) for ad_id, (event, content) in contents.items()}
    with warehouse.raw() as raw:
        raw.append(
            versions=[*rows.values()],
            features=[described(rows[ad_id], content) for ad_id, (_, content) in contents.items()],
            at=END,
        )
    warehouse.dbt("run", "--select", "+ad_reposts")
    found = set(warehouse.rows("select ad_id, repost_of from nav_marts.ad_reposts"))
    truth = {*world.reposts(contents).items()}
    assert len(truth) > 100
    assert len(found & truth) / len(truth) > 0.95, "recall"
    assert len(found & truth) / len(found) > 0.95, "precision"


def test_an_ad_repeats_one_of_the_last_30_days_of_the_same_employer_title_text_and_places(
    warehouse: Warehouse,
) -> None:
    published = date(2026, 3, 1)
    hours = iter(range(1, 100))

    def load(
        ad_id: str, days: int, text_hash: int | None = 1, orgnr: str | None = "889640782", **more: str
    ) -> None:
        content = {
            "published": f"{published + timedelta(days=days)}",
            "employer": {"orgnr": orgnr, "name": "NAV"},
            "workLocations": [{"county": more.get("county", "OSLO")}],
        }
        row = version(ad_id, content, "2026-03-01T10:00:00Z")
        at = END + timedelta(hours=next(hours))
        with warehouse.raw() as raw:
            raw.append(versions=[row], features=[features(row, text_hash=text_hash)], at=at)

    def reposts() -> dict[str, str]:
        warehouse.dbt("run")
        return dict(
            warehouse.rows("select ad_id, repost_of from nav_marts.fct_ads where repost_of is not null")
        )

    load("first", 0)
    load("30 days later", 30)
    load("60 days later", 60)
    load("91 days later", 91)
    load("other text", 1, text_hash=2)
    load("no text", 1, text_hash=None)
    load("other place", 1, county="AGDER")
    load("other employer", 1, orgnr="974760673")
    assert reposts() == {"30 days later": "first", "60 days later": "first"}
    assert warehouse.rows("select sum(ads), sum(ads_without_reposts) from nav_marts.monthly_new_ads") == [
        (8, 6)
    ]
    load("loaded late", -7)
    assert reposts() == {
        "first": "loaded late", "30 days later": "loaded late", "60 days later": "loaded late",
    }  # fmt: skip
    load("between", 75)
    assert reposts()["91 days later"] == "loaded late"
    with warehouse.raw() as raw:
        elsewhere = version("30 days later", {"published": "2026-03-31"}, "2026-03-02T10:00:00Z")
        raw.append(versions=[elsewhere], at=END + timedelta(hours=next(hours)))
    assert reposts() == {
        "first": "loaded late", "between": "60 days later", "91 days later": "60 days later",
    }  # fmt: skip
    assert warehouse.tables() == warehouse.built_from_nothing()
    warehouse.dbt("test", "--exclude", "test_type:unit")
