"""The archive's history joins the feed's, and the business register gives ads their industries."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
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


EMPLOYERS = {
    "own": "1",
    "of parent": "2",
    "main": "3",
    "unknown code": "4",
    "unknown unit": "5",
    "none": None,
    "in SN2025": "6",
    "trade": "7",
    "trade in SN2007": "8",
}
UNITS = [
    *(unit("1", "86.101", "3"), unit("2", None, "3"), unit("3", "62.010"), unit("4", "00.000")),
    *(unit("6", "62.100"), unit("7", "47.110"), unit("8", "45.200")),
]


def industries(warehouse: Warehouse) -> dict[str, str]:
    return dict(warehouse.rows("select ad_id, industry from nav_marts.fct_ads"))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, seeded: Warehouse) -> Warehouse:
    """Loads of the feed, of an archive and of the register, built in two steps."""
    warehouse = seeded.copied_to(tmp_path_factory.mktemp("sources"))
    styrk = [{"categoryType": "STYRK08", "code": "2223", "name": "Sykepleiere", "score": 1}]
    copies = {"feed": ad(categoryList=styrk), "mongo_archive": ad()}

    def of(source: str, ad_id: str) -> Any:
        return version(ad_id, copies[source], DAY, source=source)

    with warehouse.raw() as raw:
        raw.append(
            versions=[
                *(version("a", ad(extent="Heltid"), LATER), version("b", ad(extent="Heltid"), DAY)),
                *(version(name, ad(number), DAY) for name, number in EMPLOYERS.items()),
                of("feed", "feed first"),
            ],
            events=[event("a", "ACTIVE", LATER), event("b", "ACTIVE", DAY), event("b", "INACTIVE", LATER)],
            at=DAY,
        )
        raw.append(
            versions=[of("mongo_archive", "archive first")], source="mongo_archive", at=DAY, load_id="1"
        )
        raw.append(units=UNITS, source="register", at="2026-03-20T08:00:00Z")
    warehouse.dbt("run")
    with warehouse.raw() as raw:
        raw.append(versions=[of("feed", "archive first")], at=LATER)
        raw.append(
            versions=[
                version("a", ad(extent="Deltid"), DAY, source="mongo_archive"),
                version("b", ad(extent="Deltid"), LATER, source="mongo_archive"),
                version("c", ad(extent="Deltid"), DAY, source="mongo_archive"),
                of("mongo_archive", "feed first"),
            ],
            source="mongo_archive",
            at="2026-03-10T08:00:00Z",
        )
    warehouse.dbt("build", "--exclude", "test_type:unit")
    return warehouse


def test_an_ad_that_archive_and_feed_know_is_one_ad_and_its_newest_state_shows(built: Warehouse) -> None:
    columns = "ad_id, states_part_time, status, close_reason"
    assert built.rows(f"select {columns} from nav_marts.fct_ads where length(ad_id) = 1 order by 1") == [
        ("a", False, "ACTIVE", None),
        ("b", True, "INACTIVE", "stopped"),
        ("c", True, "ACTIVE", None),
    ]


def test_of_one_state_the_feeds_copy_shows_whichever_came_first(built: Warehouse) -> None:
    query = "select ad_id, code from nav_marts.ad_categories where ends_with(ad_id, ' first')"
    assert dict(built.rows(query)) == {"feed first": "2223", "archive first": "2223"}


def test_an_import_is_a_load_of_pipeline_health_and_moves_the_as_of_date(built: Warehouse) -> None:
    health = "select source, versions_handed_over, versions_new, rows_duplicate, is_at_tip"
    assert built.rows(f"{health} from nav_marts.pipeline_health order by extracted_at, source") == [
        ("feed", 12, 12, 0, True),
        ("mongo_archive", 1, 1, 0, None),
        ("feed", 1, 1, 0, True),
        ("mongo_archive", 4, 4, 0, None),
    ]
    as_of = built.rows("select cast(as_of_on as varchar) from nav_intermediate.int_as_of")
    assert as_of == [("2026-03-10",)]


def test_an_ad_has_the_industry_of_its_unit_or_else_of_the_unit_above(built: Warehouse) -> None:
    found = industries(built)
    assert {name: found[name] for name in EMPLOYERS} == {
        "own": HEALTH,
        "of parent": IT,
        "main": IT,
        "unknown code": "Unknown",
        "unknown unit": "Unknown",
        "none": "Unknown",
        "in SN2025": IT,
        "trade": TRADE,
        "trade in SN2007": TRADE,
    }
    by_year = "select value from nav_marts.yearly_change where dimension = 'industry' order by 1"
    assert built.rows(by_year) == [(HEALTH,), (IT,), ("Unknown",), (TRADE,)]


def test_a_unit_that_arrives_or_changes_later_updates_its_ads_and_the_days(warehouse: Warehouse) -> None:
    with warehouse.raw() as raw:
        raw.append(
            versions=[version(name, ad(number), DAY) for name, number in zip("abc", "123", strict=True)],
            at=LATER,
        )
    warehouse.dbt("run")
    assert set(industries(warehouse).values()) == {"Unknown"}
    arrived = [unit("1", "62.010"), unit("2", None, "1"), unit("3", None, "1")]
    changed = [unit("1", "86.101"), unit("3", "47.110", "1")]
    for units, expected in (
        (arrived, {"a": IT, "b": IT, "c": IT}),
        (changed, {"a": HEALTH, "b": HEALTH, "c": TRADE}),
    ):
        with warehouse.raw() as raw:
            raw.append(units=units, source="register", at=LATER, load_id=f"register {expected}")
        warehouse.dbt("run")
        assert industries(warehouse) == expected
        for mart in ("daily_new_ads", "daily_active_ads"):
            found = warehouse.rows(f"select distinct industry from nav_marts.{mart} where ads > 0")
            assert {industry for (industry,) in found} == set(expected.values())
    assert warehouse.tables() == warehouse.built_from_nothing()


@pytest.mark.parametrize(
    ("hours", "status"),
    [((), "pass"), ((1,), "pass"), ((13,), "warn"), ((37,), "error"), ((37, -48), "error")],
    ids=[
        "never read",
        "an hour ago",
        "since last night",
        "for a day and a half",
        "but by a clock that is ahead",
    ],
)
def test_a_feed_that_nobody_polls_any_more_is_stale_and_one_that_was_never_read_is_not(
    warehouse: Warehouse, hours: tuple[int, ...], status: str
) -> None:
    with warehouse.raw() as raw:
        for number in hours:
            raw.append(
                events=[event(f"{number}", "ACTIVE", DAY)], at=datetime.now(UTC) - timedelta(hours=number)
            )
    found: Any = warehouse.invoke("source", "freshness").result
    assert {result.node.name: str(result.status) for result in found.results} == {
        "feed_events": status,
        "feed_loads": status,
    }
