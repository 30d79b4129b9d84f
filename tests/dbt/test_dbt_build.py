"""The whole project built: in an empty warehouse, and from given rows to the rows they must give."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from tests.dbt.raw import Row, event, features, version
from tests.dbt.test_dbt_docs import seed
from tests.dbt.warehouse import Warehouse

WITH_TESTS = ("build", "--exclude-resource-type", "unit_test")
"""Unit tests read rows of their own: one build of everything runs them."""
AT = "2026-03-01T10:00:00Z"


def test_an_empty_warehouse_builds_and_its_marts_are_empty(warehouse: Warehouse) -> None:
    warehouse.dbt("build")
    warehouse.dbt("run")
    marts = {name: rows for name, rows in warehouse.tables().items() if name.startswith("nav_marts.")}
    assert len(marts) == 16
    assert not any(marts.values())


def test_rows_of_an_archive_alone_make_ads_but_no_days(warehouse: Warehouse) -> None:
    row = version("old", {"published": "2021-03-01"}, "2021-03-01T10:00:00Z", source="mongo_archive")
    with warehouse.raw() as raw:
        raw.append(versions=[row], feed_load=None)
    warehouse.dbt(*WITH_TESTS)
    assert warehouse.rows(
        "select ad_id, published_on, rows_new, rows_duplicate from nav_marts.fct_ads,"
        " nav_marts.pipeline_health"
    ) == [("old", date(2021, 3, 1), 1, None)]
    assert warehouse.rows("select count(*) from nav_marts.daily_active_ads") == [(0,)]
    with warehouse.raw() as raw:
        raw.append(events=[event("new", "ACTIVE", "2021-03-03T10:00:00Z")], at="2021-03-03T12:00:00Z")
    warehouse.dbt("run")
    assert warehouse.rows(
        "select day, sum(ads) from nav_marts.daily_active_ads group by day order by day"
    ) == [(date(2021, 3, 1), 1), (date(2021, 3, 2), 1), (date(2021, 3, 3), 2)]


def test_rows_of_the_year_9999_hold_up_no_status_as_of_date_lag_or_later_load(warehouse: Warehouse) -> None:
    far = "9999-12-31T22:00:00Z"
    with warehouse.raw() as raw:
        state = version("a", {"published": "2026-03-01", "extent": "Deltid"}, far)
        raw.append(versions=[state], events=[event("a", "ACTIVE", far)], at="2026-03-01T12:00:00Z")
        raw.append(load_id="wrong clock", at=far, complete=False)
        raw.append(events=[event("b", "ACTIVE", "2026-03-02T10:00:00Z")], at="2026-03-02T12:00:00Z")
        raw.complete("wrong clock", far)
    warehouse.dbt("run")
    closing = event("a", "INACTIVE", "2026-03-04T10:00:00Z")
    with warehouse.raw() as raw:
        raw.append(
            versions=[version("a", {"published": "2026-03-01", "extent": "Heltid"}, "2026-03-03T10:00:00Z")],
            events=[closing],
            at="2026-03-04T12:00:00Z",
            complete=False,
            load_id="next",
        )
        raw.complete("next", "2026-03-04T12:00:00Z")
    warehouse.dbt(*WITH_TESTS)
    ads = warehouse.rows(
        "select ad_id, status, closed_on, states_part_time from nav_marts.fct_ads order by 1"
    )
    assert ads == [("a", "INACTIVE", date(2026, 3, 4), False), ("b", "ACTIVE", None, None)]
    assert warehouse.rows("select max(day) from nav_marts.daily_new_ads") == [(date(2026, 3, 4),)]
    lags = "select lag_seconds from nav_marts.pipeline_health order by extracted_at"
    assert warehouse.rows(lags) == [(None,), (7200,), (7200,), (None,)]


def test_a_load_that_is_not_complete_is_not_read_until_it_is(warehouse: Warehouse) -> None:
    with warehouse.raw() as raw:
        raw.append(events=[event("seen", "ACTIVE", "2026-03-02T10:00:00Z")], at="2026-03-05T10:00:00Z")
        late = raw.append(
            events=[event("late", "ACTIVE", "2026-03-01T10:00:00Z")],
            at="2026-03-03T10:00:00Z",
            complete=False,
        )
    warehouse.dbt("run")
    assert warehouse.rows("select ad_id from nav_marts.fct_ads") == [("seen",)]
    with warehouse.raw() as raw:
        raw.complete(late, "2026-03-06T10:00:00Z")
    warehouse.dbt(*WITH_TESTS)
    assert warehouse.rows("select ad_id from nav_marts.fct_ads order by 1") == [("late",), ("seen",)]
    days = (
        "select day, ads, round(ads_weighted_7_day_mean * 7) from nav_marts.daily_new_ads "
        "where day < '2026-03-04' order by 1"
    )
    assert warehouse.rows(days) == [
        (date(2026, 3, 1), 1, 1.0),
        (date(2026, 3, 2), 1, 2.0),
        (date(2026, 3, 3), 0, 2.0),
    ]


def place(county: str | None, municipality: str | None = None) -> dict[str, Any]:
    location = {"country": "NORGE", "county": county, "municipal": municipality}
    return {"workLocations": [location]}


PLACES: dict[str, tuple[dict[str, Any], tuple[str, str]]] = {
    "county of today": (place("OSLO", "OSLO"), ("Oslo", "OSLO")),
    "county of 2019": (place("SOGN OG FJORDANE", "FØRDE"), ("Vestland", "FØRDE")),
    "split county": (place("VIKEN", "DRAMMEN"), ("Buskerud", "DRAMMEN")),
    "split county, other part": (place("Viken", "Moss"), ("Østfold", "MOSS")),
    "split county, no place": (place("VIKEN"), ("Unknown", "Unknown")),
    "moved municipality": (place("OPPLAND", "LUNNER"), ("Akershus", "LUNNER")),
    "its county stays": (place("OPPLAND", "GJØVIK"), ("Innlandet", "GJØVIK")),
    "no county": (place("SKÅNE"), ("Unknown", "Unknown")),
    "the shelf": (place("KONTINENTALSOKKELEN"), ("Kontinentalsokkelen", "Unknown")),
    "a name of NAV alone": (place("VIKEN", "VÅLER (VIKEN)"), ("Østfold", "VÅLER (VIKEN)")),
    "a name in two languages": (
        place("TROMS OG FINNMARK", "GÁIVUOTNA KÅFJORD"),
        ("Troms", "GÁIVUOTNA KÅFJORD"),
    ),
    "divided municipality": (place("MØRE OG ROMSDAL", "HARAM"), ("Møre og Romsdal", "HARAM")),
    "merged across a border of counties": (place("VESTFOLD", "SVELVIK"), ("Buskerud", "SVELVIK")),
}
CASES: dict[str, tuple[dict[str, Any] | None, dict[str, Any]]] = {
    "nothing said": (
        {},
        {
            "industry": "Unknown",
            "positions": 1,
            "states_part_time": None,
            "is_captured": True,
            "text_length": 700,
            "rules_version": 2,
            "published_on": None,
        },
    ),
    "no content": (None, {"is_captured": False, "text_length": None, "states_part_time": None}),
    "zero positions": ({"positioncount": "0"}, {"positions": 1}),
    "part time": ({"extent": "Deltid"}, {"states_part_time": True}),
    "employer": (
        {
            "employer": {"orgnr": "889640782"},
            "extent": "Heltid",
            "engagementtype": "Fast",
            "sector": "Offentlig",
        },
        {
            "employer_number": "889640782",
            "states_part_time": False,
            "engagement": "Fast",
            "sector": "Offentlig",
        },
    ),
}
GROUPS: dict[str, tuple[dict[str, Any], dict[str, list[tuple[Any, ...]]]]] = {
    "two occupations, one twice": (
        {
            "occupationCategories": [
                {"level1": "Helse og sosial", "level2": "Lege"},
                {"level1": "Helse og sosial", "level2": "Lege"},
                {"level1": "Utdanning", "level2": None},
            ]
        },
        {"ad_occupations": [("Helse og sosial", "Lege", 0.5), ("Utdanning", "Unknown", 0.5)]},
    ),
    "none": ({}, {"ad_occupations": [("Unknown", "Unknown", 1.0)], "ad_categories": []}),
    "an old name of a county and its new one": (
        {
            "workLocations": [
                {"county": "HORDALAND", "municipal": "BERGEN", "country": "NORGE"},
                {"county": "VESTLAND", "municipal": "BERGEN", "country": "NORGE"},
                {"county": None, "municipal": None, "country": "SVERIGE"},
            ]
        },
        {
            "ad_places": [
                ("Unknown", "Unknown", "SVERIGE", 1 / 3),
                ("Vestland", "BERGEN", "NORGE", 2 / 3),
            ]
        },
    ),
    "an occupation of ESCO and a group of ISCO": (
        {
            "categoryList": [
                {"categoryType": "ESCO", "code": "http://data.europa.eu/esco/occupation/1", "score": 1},
                {"categoryType": "ESCO", "code": "http://data.europa.eu/esco/isco/c9112", "score": 0.5},
                {"categoryType": "STYRK08", "code": "9112", "name": "Renholdere", "score": "0.4"},
                {"categoryType": "STYRK08", "code": None},
            ]
        },
        {
            "ad_categories": [
                ("ESCO", "http://data.europa.eu/esco/occupation/1", None, 1.0),
                ("ISCO", "http://data.europa.eu/esco/isco/c9112", None, 0.5),
                ("STYRK08", "9112", "Renholdere", 0.4),
            ]
        },
    ),
}


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory, manifest: Any) -> Warehouse:
    """Built from one load with all cases."""
    warehouse = Warehouse(tmp_path_factory.mktemp("cases"), manifest)
    versions = [
        version(
            name, document, "2026-03-01T10:00:00Z", status="ACTIVE" if document is not None else "INACTIVE"
        )
        for name, (document, _) in [*CASES.items(), *PLACES.items(), *GROUPS.items()]
    ]
    everywhere = [*({"county": row["county"]} for row in seed("counties"))]
    everywhere += [
        {"county": row["county"], "municipal": row["municipality"]} for row in seed("municipalities")
    ]
    versions.append(version("everywhere", {"workLocations": everywhere}, "2026-03-01T10:00:00Z"))
    found = [
        features(row, rules_version=rules_version, text_length=length)
        for row in versions
        if row["document"] is not None
        for rules_version, length in ((2, 700), (1, 500))
    ]
    with warehouse.raw() as raw:
        raw.append(versions=versions, features=found)
    warehouse.dbt(*WITH_TESTS)
    return warehouse


@pytest.mark.parametrize("name", CASES)
def test_an_ad_becomes_the_row_it_should(name: str, cases: Warehouse) -> None:
    expected = CASES[name][1]
    [row] = cases.records(f"select * from nav_marts.fct_ads where ad_id = '{name}'")
    assert {column: row[column] for column in expected} == expected


@pytest.mark.parametrize("name", PLACES)
def test_a_place_lies_in_the_county_of_today(name: str, cases: Warehouse) -> None:
    found = cases.rows(f"select county, municipality from nav_marts.ad_places where ad_id = '{name}'")
    assert found == [PLACES[name][1]]


def test_every_county_and_municipality_of_2018_to_2026_lies_in_a_county_of_today(cases: Warehouse) -> None:
    places = {(row["county_today"], row["municipality"]) for row in seed("municipalities")}
    places |= {(row["county_today"], "Unknown") for row in seed("counties")}
    found = cases.rows("select county, municipality from nav_marts.ad_places where ad_id = 'everywhere'")
    assert sorted(found) == sorted(places)


@pytest.mark.parametrize("name", GROUPS)
def test_an_ad_is_in_each_group_that_it_names(name: str, cases: Warehouse) -> None:
    for bridge, expected in GROUPS[name][1].items():
        columns = f"select * exclude (ad_id) from nav_marts.{bridge} where ad_id = '{name}' order by all"
        assert cases.rows(columns) == [pytest.approx(row) for row in expected]


def test_an_ad_of_two_occupations_and_two_counties_has_four_cells_of_a_quarter(warehouse: Warehouse) -> None:
    document = {
        "published": "2026-03-01",
        "positioncount": "2",
        "occupationCategories": [{"level1": "IT"}, {"level1": "Utdanning"}],
        "workLocations": [{"county": "OSLO"}, {"county": "VESTLAND"}],
    }
    single = {"published": "2026-03-01", "occupationCategories": [{"level1": "IT"}]}
    with warehouse.raw() as raw:
        raw.append(
            versions=[
                version("double", document, "2026-03-01T10:00:00Z"),
                version("single", single, "2026-03-01T10:00:00Z"),
                version("unseen", None, "2026-03-01T10:00:00Z", status="INACTIVE"),
            ],
            events=[event("unseen", "ACTIVE", "2026-03-01T10:00:00Z")],
            at="2026-03-01T12:00:00Z",
        )
    warehouse.dbt(*WITH_TESTS)
    cells = [
        ("IT", "Oslo", 1, 2, 0.25, 0.5),
        ("IT", "Unknown", 1, 1, 1.0, 1.0),
        ("IT", "Vestland", 1, 2, 0.25, 0.5),
        ("Unknown", "Unknown", 1, 1, 1.0, 1.0),
        ("Utdanning", "Oslo", 1, 2, 0.25, 0.5),
        ("Utdanning", "Vestland", 1, 2, 0.25, 0.5),
    ]
    for mart in ("daily_new_ads", "daily_active_ads"):
        counts = "occupation, county, ads, positions, ads_weighted, positions_weighted"
        assert warehouse.rows(f"select {counts} from nav_marts.{mart} order by all") == cells
        assert warehouse.rows(f"select distinct share_captured from nav_marts.{mart}") == [
            (pytest.approx(2 / 3),)
        ]
    change = "select value, ads_this_year, ads_weighted_this_year from nav_marts.yearly_change"
    assert warehouse.rows(f"{change} where dimension = 'occupation' order by 1") == [
        ("IT", 2, 1.5),
        ("Unknown", 1, 1.0),
        ("Utdanning", 1, 0.5),
    ]


def test_an_ad_in_its_life_counts_on_the_right_days(warehouse: Warehouse) -> None:
    document = {
        "published": "2026-02-27T23:30:00Z",  # the 28th in Oslo
        "expires": "2026-03-03T00:00:00",
        "positioncount": "2",
        "occupationCategories": [{"level1": "IT"}],
    }
    year_before = version("before", {"published": "2025-02-28"}, "2025-02-28T10:00:00Z")
    with warehouse.raw() as raw:
        raw.append(
            versions=[version("a", document, "2026-02-28T10:00:00Z"), year_before],
            events=[
                event("a", "ACTIVE", "2026-02-28T10:00:00Z"),
                event("before", "INACTIVE", "2025-03-01T10:00:00Z"),
            ],
            at="2026-03-04T23:30:00Z",  # the 5th in Oslo: the as-of date
        )
    warehouse.dbt(*WITH_TESTS)
    active = "select day, ads, positions from nav_marts.daily_active_ads where occupation = 'IT' order by day"
    assert warehouse.rows(active) == [
        (day, 1, 2) for day in (date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 3))
    ]
    assert warehouse.rows("select max(day) from nav_marts.daily_new_ads") == [(date(2026, 3, 5),)]
    new = "select occupation, ads, positions, ads_weighted_year_earlier from nav_marts.daily_new_ads"
    assert sorted(warehouse.rows(f"{new} where day = '2026-02-28'")) == [
        ("IT", 1, 2, None),
        ("Unknown", 0, 0, None),
    ]
    lifetimes = "select month, occupation, days_open_median, share_stopped from nav_marts.ad_lifetimes"
    assert warehouse.rows(f"{lifetimes} where ads_closed > 0 order by occupation") == [
        (date(2026, 3, 1), "IT", 4.0, 0.0),
        (date(2025, 3, 1), "Unknown", 2.0, 1.0),
    ]


def one_ad_a_day(first: date, last: date) -> list[Row]:
    """Their first events; both days included."""
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [event(f"of {day}", "ACTIVE", f"{day}T10:00:00Z") for day in days]


def archived(first: date, last: date) -> list[Row]:
    """The same ads as an archive has them."""
    return [
        version(row["ad_id"], {"published": f"{row['event_at']:%F}"}, row["event_at"], source="mongo_archive")
        for row in one_ad_a_day(first, last)
    ]


def test_nothing_is_compared_with_a_time_of_which_a_part_is_not_known(warehouse: Warehouse) -> None:
    begin, last = date(2025, 10, 8), date(2026, 11, 26)
    long_open = version("long open", {"published": "2025-07-01"}, "2025-10-08T10:00:00Z")
    with warehouse.raw() as raw:
        raw.append(versions=[long_open], events=one_ad_a_day(begin, last), at="2026-11-26T12:00:00Z")
    warehouse.dbt("run")

    def year_earlier(*days: str) -> list[float | None]:
        query = "select day, sum(ads_weighted_year_earlier) from nav_marts.daily_new_ads group by day"
        found = {f"{day}": ads for day, ads in warehouse.rows(query)}
        return [found[day] for day in days]

    year = (
        "select ads_this_year, ads_last_year, ads_difference, ads_difference_percent"
        " from nav_marts.yearly_change where dimension = 'county'"
    )
    first_trusted = "select min({0}) from nav_marts.{1} where {0} >= known_from"
    assert year_earlier("2026-07-01", "2026-10-08", "2026-10-09") == [None, None, 1.0]
    assert warehouse.rows(year) == [(330, None, None, None)]
    assert warehouse.rows("select min(week) from nav_marts.weekly_new_ads where ads_year_earlier = 7") == [
        (date(2026, 10, 12),)
    ]
    assert warehouse.rows("select distinct ads_index from nav_marts.monthly_new_ads") == [(None,)]
    assert {
        mart: warehouse.rows(first_trusted.format(column, mart))[0][0]
        for column, mart in {
            ("day", "daily_new_ads"), ("day", "daily_new_ads_by_styrk"), ("day", "daily_active_ads"),
            ("week", "weekly_new_ads"), ("month", "monthly_new_ads"), ("month", "ad_lifetimes"),
        }
    } == {
        "daily_new_ads": date(2025, 10, 9),
        "daily_new_ads_by_styrk": date(2025, 10, 9),
        "daily_active_ads": date(2026, 1, 7),
        "weekly_new_ads": date(2025, 10, 13),
        "monthly_new_ads": date(2025, 11, 1),
        "ad_lifetimes": date(2026, 2, 1),
    }  # fmt: skip

    with warehouse.raw() as raw:
        early = archived(date(2024, 12, 20), date(2025, 5, 1))
        raw.append(versions=early, source="mongo_archive", at="2026-11-26T13:00:00Z")
    warehouse.dbt("run")
    assert year_earlier("2026-04-30", "2026-06-30", "2026-10-09") == [1.0, None, 1.0]
    assert warehouse.rows(year) == [(330, None, None, None)]

    with warehouse.raw() as raw:
        rest = archived(date(2025, 5, 2), begin)
        raw.append(versions=rest, source="mongo_archive", at="2026-11-26T14:00:00Z")
    warehouse.dbt(*WITH_TESTS)
    assert warehouse.rows(year) == [(330, 331, -1, pytest.approx(-100 / 331))]
    assert warehouse.rows("select distinct index_year from nav_marts.monthly_new_ads") == [(2025,)]
    assert warehouse.tables() == warehouse.built_from_nothing()


def test_a_revision_is_the_difference_between_what_was_known_later_and_what_is_known_today(
    warehouse: Warehouse,
) -> None:
    first = date(2026, 3, 1)
    read_later = {"a": 0, "b": 1, "c": 2, "d": 7, "e": 8, "f": 31}
    with warehouse.raw() as raw:
        for ad_id, days in read_later.items():
            row = version(ad_id, {"published": f"{first}"}, f"{first + timedelta(days=days)}T10:00:00Z")
            raw.append(versions=[row], at=f"{first + timedelta(days=days)}T10:00:00Z")
    warehouse.dbt("run", "--select", "+daily_revisions")
    columns = "day, ads, ads_after_1_day, ads_after_7_days, ads_after_30_days"
    assert warehouse.rows(f"select {columns} from nav_marts.daily_revisions") == [(first, 6, 2, 4, 5)]

    with warehouse.raw() as raw:
        late = first + timedelta(days=29)
        row = version("g", {"published": f"{late}"}, f"{late + timedelta(days=9)}T10:00:00Z")
        before = version("h", {"published": "2026-02-27"}, f"{late + timedelta(days=9)}T10:00:00Z")
        raw.append(versions=[row, before], at=f"{late + timedelta(days=9)}T10:00:00Z")
    warehouse.dbt("run", "--select", "+daily_revisions")
    assert warehouse.rows(f"select {columns} from nav_marts.daily_revisions order by day") == [
        (first, 6, 2, 4, 5),
        (late, 1, 0, 0, None),
    ]


def test_the_quartiles_of_lifetimes_are_interpolated(warehouse: Warehouse) -> None:
    lengths = {"IT": [1, 2, 3, 10], "Kultur": [1, 2, 3, 3, 7, 7, 9, 10]}
    documents = [
        {
            "published": "2026-03-01",
            "expires": f"2026-03-{days:02}",
            "occupationCategories": [{"level1": occupation}],
        }
        for occupation in lengths
        for days in lengths[occupation]
    ]
    with warehouse.raw() as raw:
        raw.append(
            versions=[
                version(str(n), document, "2026-03-01T10:00:00Z") for n, document in enumerate(documents)
            ]
        )
    warehouse.dbt("build", "--select", "+ad_lifetimes", "--exclude-resource-type", "unit_test", "test")
    quartiles = "days_open_lower_quartile, days_open_median, days_open_upper_quartile"
    assert warehouse.rows(
        f"select {quartiles} from nav_marts.ad_lifetimes where ads_closed > 0 order by occupation"
    ) == [
        (1.75, 2.5, 4.75),
        (2.75, 5.0, 7.5),
    ]


def test_dates_that_do_not_parse_are_a_warning_where_they_are_more_than_usual(warehouse: Warehouse) -> None:
    def warned_after(*dues: str) -> dict[str, int]:
        rows = [version(f"{dues} {n}", {"applicationDue": due}, AT) for n, due in enumerate(dues)]
        with warehouse.raw() as raw:
            raw.append(versions=rows, at=AT, load_id=str(len(dues)))
        results: Any = warehouse.invoke("build", "--select", "+stg_ad_versions").result
        return {outcome.node.name: outcome.failures for outcome in results if outcome.status == "warn"}

    assert warned_after("Snarest", "Fortløpende", *["30.11.2026"] * 97, "31.02.2026") == {}
    assert warned_after(*["31.02.2026"] * 5) == {"values_that_did_not_parse": 6}
