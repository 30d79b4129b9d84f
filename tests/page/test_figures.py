"""What each chart shows is what its mart holds; and what cannot be shown is said, not drawn."""

from __future__ import annotations

import csv
from datetime import date, timedelta

import pytest
import yaml

from dashboard.chart import Row
from dashboard.charts import CHARTS, new_ads, open_ads, remote_work, sources, yearly
from dashboard.charts.lifetimes import figures as lifetimes
from dashboard.groups import ALL
from dashboard.health import MART, Health, health_of, warnings
from dashboard.texts import LANGUAGES, texts_in
from extract.config import PROJECT
from tests.page.conftest import Site

TODAY = date(2026, 3, 18)
YESTERDAY = TODAY - timedelta(days=1)


ALL_ADS = "(select *, 1.0 as weight from nav_marts.fct_ads)"
OF_IT = (
    "(select * from nav_marts.fct_ads join (select ad_id, sum(weight) as weight "
    "from nav_marts.ad_occupations where level1 = 'IT' group by ad_id) using (ad_id))"
)
OF_OSLO = (
    "(select * from nav_marts.fct_ads join (select ad_id, sum(weight) as weight "
    "from nav_marts.ad_places where county = 'Oslo' group by ad_id) using (ad_id))"
)


def of(site: Site, chart: str, dimension: str, value: str) -> list[Row]:
    return [row for row in site.figures[chart].rows if (row[1], row[2]) == (dimension, value)]


@pytest.mark.parametrize(
    ("dimension", "value", "ads"), [(*ALL, ALL_ADS), ("occupation", "IT", OF_IT), ("county", "Oslo", OF_OSLO)]
)
def test_new_ads_are_those_of_the_mart_for_each_group(
    dimension: str, value: str, ads: str, site: Site
) -> None:
    rows = of(site, "new_ads", dimension, value)
    assert len(rows) == 366 and rows[-1][0] == YESTERDAY, "the day that is not over is left out"
    for row in (rows[0], rows[100], rows[-1]):
        day, _, _, count, mean, earlier, positions, *_ = row
        (expected,) = site.warehouse.query(
            "select coalesce(sum(weight), 0)::double, coalesce(sum(weight * positions), 0)::double "
            f"from {ads} where published_on = '{day}'"
        )
        assert (count, positions) == pytest.approx(expected, abs=0.01)
        for last, found in ((day, mean), (day.replace(year=day.year - 1), earlier)):
            ((week,),) = site.warehouse.query(
                "select coalesce(sum(weight), 0)::double "
                f"from {ads} where published_on between date '{last}' - 6 and '{last}'"
            )
            assert found == pytest.approx(week / 7, abs=0.001)


def test_open_ads_are_those_of_the_mart_for_each_group(site: Site) -> None:
    for dimension, value, ads in ((*ALL, ALL_ADS), ("county", "Oslo", OF_OSLO)):
        rows = of(site, "open_ads", dimension, value)
        assert rows[-1][0] == TODAY
        for day, _, _, count, positions in (rows[0], rows[300], rows[-1]):
            (expected,) = site.warehouse.query(
                f"select sum(weight)::double, sum(weight * positions)::double from {ads} "
                f"where published_on <= '{day}' and (closed_on is null or closed_on >= '{day}')"
            )
            assert (count, positions) == pytest.approx(expected, abs=0.01)


def test_the_parts_of_a_day_add_up_to_the_whole(site: Site) -> None:
    rows = [row for row in site.figures["open_ads"].rows if row[0] == TODAY]
    total = next(row[3] for row in rows if row[1] == "all")
    for dimension in ("occupation", "county", "industry"):
        assert sum(row[3] for row in rows if row[1] == dimension) == pytest.approx(total, abs=0.5)


def test_yearly_change_is_the_mart(site: Site) -> None:
    expected = site.warehouse.query(
        "select dimension, value, ads_this_year, ads_last_year, ads_difference, ads_difference_percent "
        "from nav_marts.yearly_change where dimension != 'municipality'"
    )
    assert sorted(site.figures["yearly_change"].rows) == sorted(expected)
    assert len(expected) > 8


def test_lifetimes_are_the_mart_in_whole_months_with_enough_ads(site: Site) -> None:
    rows = site.figures["ad_lifetimes"].rows
    ((first,),) = site.warehouse.query("select min(month) from nav_marts.ad_lifetimes where ads_closed > 0")
    expected = site.warehouse.query(
        "select month, 'occupation', occupation, ads_closed, days_open_lower_quartile, days_open_median, "
        "days_open_upper_quartile, share_stopped "
        "from nav_marts.ad_lifetimes where ads_closed >= 10 and month < '2026-03-01' "
        f"and month >= date '{first}' + interval 2 month"
    )
    assert sorted(rows) == sorted(expected)
    assert rows


def test_the_share_of_remote_work_is_counted_from_the_ads_whose_text_was_read(site: Site) -> None:
    rows = of(site, "remote_work", *ALL)
    for month, _, _, read, with_it, share in rows:
        ((expected),) = site.warehouse.query(
            "select count(mentions_remote_work), count_if(mentions_remote_work) from nav_marts.fct_ads "
            f"where date_trunc('month', published_on) = date '{month}'"
        )
        assert (read, with_it) == expected
        assert share == with_it / read


def test_sources_are_the_open_ads_by_source_and_extent(site: Site) -> None:
    expected = site.warehouse.query(
        "select ad_source, if(states_part_time, 'Deltid', 'Unknown'), count(*) from nav_marts.fct_ads "
        "where status = 'ACTIVE' group by all"
    )
    assert sorted(site.figures["sources"].rows) == sorted(expected)


def test_each_chart_can_be_taken_away(site: Site) -> None:
    for chart in CHARTS:
        with (site.folder / "data" / f"{chart.id}.csv").open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
        assert header == [column.name for column in chart.columns]
        assert len(rows) == len(site.figures[chart.id].rows)


def test_the_exposure_lists_the_marts_that_the_page_reads() -> None:
    exposures = yaml.safe_load((PROJECT / "models/marts/_exposures.yml").read_text())["exposures"]
    assert {f"ref('{chart.mart}')" for chart in CHARTS} | {f"ref('{MART}')"} == set(
        exposures[0]["depends_on"]
    )


def test_each_query_reads_no_other_table_than_its_mart() -> None:
    for chart in CHARTS:
        query = " ".join(chart.query.split())
        assert query.count("from {mart}") + query.count("extract(") >= query.count("from "), chart.id
        assert "join" not in query


def day_row(day: date, ads: int, occupation: str | None = None) -> Row:
    return (day, occupation, None, None, ads, ads)


def test_an_empty_warehouse_is_said_to_be_empty() -> None:
    assert {chart.figures([]).problem for chart in CHARTS} == {"empty"}


def test_one_day_of_data_is_too_little_to_draw() -> None:
    day = (TODAY, None, None, None)
    assert new_ads.figures([(*day, 5, 5, 0.7, 0.7)]).problem == "too_short"
    assert open_ads.figures([(*day, 5, 5)]).problem == "too_short"
    assert lifetimes([(TODAY.replace(day=1), "IT", 50, 1.0, 2.0, 3.0, 0.1)]).problem == "too_few_months"
    assert remote_work.figures([(TODAY.replace(day=1), *ALL, 1, 50, 5)]).problem == "too_few_months"


def test_one_county_is_drawn_alone() -> None:
    days = [TODAY - timedelta(days=back) for back in range(30)]
    rows = [(day, None, county, None, 5, 5) for day in days for county in (None, "Oslo")]
    rows = [(day, None, county, None, ads, positions) for day, _, county, _, ads, positions in rows]
    figures = open_ads.figures(rows)
    assert figures.problem is None
    assert {row[1:3] for row in figures.rows} == {("all", "all"), ("county", "Oslo")}


def test_a_share_is_counted_by_one_version_of_the_rules_only() -> None:
    months = [date(2026, 1, 1), date(2026, 2, 1)]
    rows = [
        (month, *ALL, rules_version, 50, with_it)
        for month in months
        for rules_version, with_it in ((1, 9), (2, 5))
    ]
    assert [row[3:] for row in remote_work.figures(rows).rows] == [(50, 5, 0.1)] * 2


def test_no_comparison_is_made_with_a_year_of_which_nothing_is_known() -> None:
    assert yearly.figures([("occupation", "IT", 5, 0, 5, None)]).problem == "no_last_year"
    rows = [("occupation", "IT", 50, 1, 49, 4900.0), ("occupation", "Unknown", 5, 80, -75, -93.8)]
    assert yearly.figures(rows).problem == "unknown_last_year"


def test_the_time_before_the_ads_were_first_read_is_told_from_the_time_after() -> None:
    days = [TODAY - timedelta(days=back) for back in range(20)]
    rows = [day_row(day, 100) for day in days]
    rows += [day_row(day, 95 if day < TODAY - timedelta(days=9) else 8, "Unknown") for day in days]
    figures = open_ads.figures(rows)
    assert (figures.known_from, figures.has_unknown_past) == (TODAY - timedelta(days=9), True)


def test_sources_that_are_not_known_come_last() -> None:
    rows = [("Unknown", "Deltid", 9), ("EURES", "Unknown", 1), ("EURES", "Deltid", 1)]
    figures = sources.figures(rows)
    assert [row[:2] for row in figures.rows] == [
        ("EURES", "Deltid"),
        ("EURES", "Unknown"),
        ("Unknown", "Deltid"),
    ]


def test_a_reader_is_warned_of_what_is_old_or_incomplete(site: Site) -> None:
    from datetime import UTC, datetime

    now = datetime(2026, 3, 20, tzinfo=UTC)
    old = Health(datetime(2026, 3, 18, tzinfo=UTC), None, False, 0, 4, 2)
    known = site.figures["new_ads"]
    found = [one.key for one in warnings(old, known, now, timedelta(hours=36))]
    assert found == ["stale", "not_at_tip", "owed", "rejects"]
    fresh = Health(now, None, True, 10, 0, 0)
    assert warnings(fresh, known, now, timedelta(hours=36)) == []
    assert [one.key for one in warnings(None, known, now, timedelta(hours=36))] == ["empty"]


def test_the_loads_of_a_run_count_as_one_run() -> None:
    from datetime import UTC, datetime

    first, second = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)
    rows = [
        (second, second, 60, True, 5, 1, 0),
        (second, second, 90, False, 7, 9, 2),
        (first, first, 5, True, 1, 0, 0),
    ]
    health = health_of(rows)
    assert health == Health(second, timedelta(seconds=60), True, 12, 1, 2)


def test_both_languages_say_the_same_things() -> None:
    english, norwegian = (texts_in(language).words for language in LANGUAGES)
    assert {section: set(keys) for section, keys in english.items()} == {
        section: set(keys) for section, keys in norwegian.items()
    }


def test_numbers_and_days_are_written_as_the_language_writes_them() -> None:
    english, norwegian = (texts_in(language) for language in LANGUAGES)
    assert (english.number(-12345.6, 1), norwegian.number(-12345.6, 1)) == (
        "\u221212,345.6",
        "\u221212\u00a0345,6",
    )
    assert (english.percent(6.25, signed=True), norwegian.percent(6.25)) == ("+6.2%", "6,2\u00a0%")
    assert norwegian.day(TODAY) == "18.\u00a0mars 2026"
