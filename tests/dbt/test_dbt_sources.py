"""The archive's history joins the feed's, and the business register gives ads their industries."""

from __future__ import annotations

from typing import Any

import pytest

from tests.dbt.raw import event, unit, version
from tests.dbt.warehouse import Warehouse

DAY = "2026-03-01T08:00:00Z"
LATER = "2026-03-05T08:00:00Z"
IT = "Telekommunikasjon, dataprogrammering, datarådgivning, datainfrastruktur og andre informasjonstjenester"
TRADE = "Varehandel"
HEALTH = "Helse- og sosialtjenester"


def ad(number: str | None = None, **content: Any) -> dict[str, Any]:
    return {"published": DAY, "expires": "2026-04-01T00:00:00Z", "employer": {"orgnr": number}, **content}


def industries(warehouse: Warehouse) -> dict[str, str]:
    return dict(warehouse.rows("select ad_id, industry from nav_marts.fct_ads"))


def assert_as_from_nothing(warehouse: Warehouse) -> None:
    assert warehouse.tables() == warehouse.built_from_nothing()


def test_an_ad_that_archive_and_feed_know_is_one_ad_and_its_newest_state_shows(warehouse: Warehouse) -> None:
    with warehouse.raw() as raw:
        raw.append(
            versions=[version("a", ad(extent="Heltid"), LATER), version("b", ad(extent="Heltid"), DAY)],
            events=[event("a", "ACTIVE", LATER), event("b", "ACTIVE", DAY), event("b", "INACTIVE", LATER)],
            at=LATER,
        )
        raw.append(
            versions=[
                version("a", ad(extent="Deltid"), DAY, source="mongo_archive"),
                version("b", ad(extent="Deltid"), LATER, source="mongo_archive"),
                version("c", ad(extent="Deltid"), DAY, source="mongo_archive"),
            ],
            source="mongo_archive",
            at="2026-03-10T08:00:00Z",
        )
    warehouse.dbt("build", "--exclude", "test_type:unit")
    rows = warehouse.rows("select ad_id, extent, status, close_reason from nav_marts.fct_ads order by 1")
    assert rows == [
        ("a", "Heltid", "ACTIVE", None),
        ("b", "Deltid", "INACTIVE", "stopped"),
        ("c", "Deltid", "ACTIVE", None),
    ]


@pytest.mark.parametrize("first", ["feed", "mongo_archive"])
def test_of_one_state_the_feeds_copy_shows_whichever_came_first(first: str, warehouse: Warehouse) -> None:
    styrk = [{"categoryType": "STYRK08", "code": "2223", "name": "Sykepleiere", "score": 1}]
    copies = {"feed": ad(categoryList=styrk), "mongo_archive": ad()}
    second = "mongo_archive" if first == "feed" else "feed"
    for source, at in ((first, DAY), (second, LATER)):
        with warehouse.raw() as raw:
            row = version("a", copies[source], DAY, source=source)
            raw.append(versions=[row], source=source if source != "feed" else None, at=at)
        warehouse.dbt("build", "--exclude", "test_type:unit")
    assert warehouse.rows("select styrk08_code from nav_marts.fct_ads") == [("2223",)]


def test_an_import_is_a_load_of_pipeline_health_and_moves_the_as_of_date(warehouse: Warehouse) -> None:
    with warehouse.raw() as raw:
        raw.append(events=[event("a", "ACTIVE", DAY)], at=DAY)
        raw.append(
            versions=[version("b", ad(), DAY, source="mongo_archive")], source="mongo_archive", at=LATER
        )
        raw.append(units=[unit("910000000", "62.010")], source="register", at="2026-03-20T08:00:00Z")
    warehouse.dbt("build", "--exclude", "test_type:unit")
    health = "select source, versions_handed_over, versions_new, rows_duplicate, is_at_tip"
    assert warehouse.rows(f"{health} from nav_marts.pipeline_health order by extracted_at") == [
        ("feed", 0, 0, 0, True),
        ("mongo_archive", 1, 1, 0, None),
    ]
    assert warehouse.rows("select cast(as_of_on as varchar) from nav_intermediate.int_as_of") == [
        ("2026-03-05",)
    ]


def test_an_ad_has_the_industry_of_its_unit_or_else_of_the_unit_above(warehouse: Warehouse) -> None:
    numbers = {
        "own": "1",
        "of parent": "2",
        "main": "3",
        "unknown code": "4",
        "unknown unit": "5",
        "none": None,
    }
    with warehouse.raw() as raw:
        raw.append(versions=[version(name, ad(number), DAY) for name, number in numbers.items()], at=LATER)
        units = [unit("1", "86.101", "3"), unit("2", None, "3"), unit("3", "62.010"), unit("4", "00.000")]
        raw.append(units=units, source="register", at=DAY)
    warehouse.dbt("build", "--exclude", "test_type:unit")
    assert industries(warehouse) == {
        "own": HEALTH,
        "of parent": IT,
        "main": IT,
        "unknown code": "Unknown",
        "unknown unit": "Unknown",
        "none": "Unknown",
    }
    by_year = "select value from nav_marts.yearly_change where dimension = 'industry' order by 1"
    assert warehouse.rows(by_year) == [(HEALTH,), (IT,), ("Unknown",)]


def test_both_versions_of_a_code_give_one_industry(warehouse: Warehouse) -> None:
    codes = {"1": "62.010", "2": "62.100", "3": "45.200", "4": "47.110"}
    with warehouse.raw() as raw:
        raw.append(versions=[version(number, ad(number), DAY) for number in codes], at=LATER)
        raw.append(units=[unit(*pair) for pair in codes.items()], source="register", at=DAY)
    warehouse.dbt("build", "--exclude", "test_type:unit")
    assert industries(warehouse) == {"1": IT, "2": IT, "3": TRADE, "4": TRADE}


def test_a_unit_that_arrives_or_changes_later_updates_its_ads_and_the_days(warehouse: Warehouse) -> None:
    with warehouse.raw() as raw:
        raw.append(versions=[version("a", ad("1"), DAY), version("b", ad("2"), DAY)], at=LATER)
    warehouse.dbt("build", "--exclude", "test_type:unit")
    assert set(industries(warehouse).values()) == {"Unknown"}
    for units, expected in (
        ([unit("1", "62.010"), unit("2", None, "1")], {"a": IT, "b": IT}),
        ([unit("1", "86.101")], {"a": HEALTH, "b": HEALTH}),
        ([unit("2", "47.110", "1")], {"a": HEALTH, "b": TRADE}),
    ):
        with warehouse.raw() as raw:
            raw.append(units=units, source="register", at=LATER, load_id=f"register {expected}")
        warehouse.dbt("run")
        assert industries(warehouse) == expected
        for mart in ("daily_new_ads", "daily_active_ads"):
            found = warehouse.rows(f"select distinct industry from nav_marts.{mart} where ads > 0")
            assert {industry for (industry,) in found} == set(expected.values())
        assert_as_from_nothing(warehouse)
