"""What each chart shows is what its mart holds; and what cannot be shown is said, not drawn."""

from __future__ import annotations

import csv
import re
from datetime import UTC, date, datetime, timedelta

import pytest
import yaml

from dashboard.chart import Figures, Row
from dashboard.charts import (
    CHARTS,
    counties,
    lifetimes,
    movers,
    municipalities,
    new_ads,
    open_ads,
    remote_work,
    sources,
    yearly,
)
from dashboard.groups import ALL, change, days, little_captured
from dashboard.health import MART, Health, Warned, health_of, warnings
from dashboard.seasons import seasons
from dashboard.texts import LANGUAGES, texts_in
from extract.config import PROJECT
from tests.page.conftest import Site

TODAY = date(2026, 3, 18)
YESTERDAY = TODAY - timedelta(days=1)
NOW = datetime(2026, 3, 18, 12, tzinfo=UTC)


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
    assert rows[-1][0] == YESTERDAY, "the day that is not over is left out"
    assert [row[0] for row in rows] == list(days(rows[0][0], YESTERDAY))
    for row in (rows[-366], rows[-100], rows[-1]):
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
        for day, _, _, count, positions, _ in (rows[0], rows[300], rows[-1]):
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
        "select dimension, value, ads_this_year, ads_last_year, ads_difference, ads_difference_percent, "
        "share_captured_this_year, share_captured_last_year "
        "from nav_marts.yearly_change where dimension != 'municipality'"
    )
    rows = site.figures["yearly_change"].rows
    assert sorted(rows) == sorted(expected)
    assert len(expected) > 8
    changes = [row[5] for row in rows if row[0] == "county"]
    assert changes == sorted(changes, reverse=True), "the largest rise first"


def test_lifetimes_are_the_mart_in_whole_months_with_enough_ads(site: Site) -> None:
    rows = site.figures["ad_lifetimes"].rows
    expected = site.warehouse.query(
        "select month, 'occupation', occupation, ads_closed, days_open_lower_quartile, days_open_median, "
        "days_open_upper_quartile, share_stopped, share_captured "
        "from nav_marts.ad_lifetimes where ads_closed >= 10 and month < '2026-03-01' "
        "and month >= known_from"
    )
    assert sorted(rows) == sorted(expected)
    assert rows


def test_the_share_of_remote_work_is_counted_from_the_ads_whose_text_was_read(site: Site) -> None:
    rows = of(site, "remote_work", *ALL)
    for month, _, _, read, with_it, share, _ in rows:
        ((expected),) = site.warehouse.query(
            "select count(mentions_remote_work), count_if(mentions_remote_work) from nav_marts.fct_ads "
            f"where date_trunc('month', published_on) = date '{month}'"
        )
        assert (read, with_it) == expected
        assert share == with_it / read


def test_sources_are_the_open_ads_by_source_and_extent(site: Site) -> None:
    expected = site.warehouse.query(
        "select ad_source, if(states_part_time, 'Deltid', 'Unknown'), count(*) from nav_marts.fct_ads "
        "where status = 'ACTIVE' and closed_on >= '2026-03-18' group by all"
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
    read = {MART} | {mart for chart in CHARTS for mart in (chart.mart, chart.joined) if mart}
    assert {f"ref('{mart}')" for mart in read} == set(exposures[0]["depends_on"])


def test_each_query_reads_no_other_table_than_its_marts() -> None:
    for chart in CHARTS:
        tables = re.findall(r"(?:from|join) ([a-z_.{}]+)", chart.query)
        assert set(tables) <= {"{mart}", "{joined}"}, chart.id
        assert ("{joined}" in tables) == bool(chart.joined)


BEGIN = date(2020, 1, 1)


def day_row(day: date, ads: int, county: str | None = None, share: float = 1.0) -> Row:
    return (day, None, county, None, ads, ads, share, BEGIN)


def test_an_empty_warehouse_is_said_to_be_empty() -> None:
    assert {chart.figures([]).problem for chart in CHARTS} == {"empty"}


def test_one_day_of_data_is_too_little_to_draw() -> None:
    assert new_ads.figures([(TODAY, None, None, None, 5, 5, 0.7, 0.7, 1.0, BEGIN)]).problem == "too_short"
    assert open_ads.figures([day_row(TODAY, 5)]).problem == "too_short"
    assert movers.figures([(TODAY, None, None, None, 5, 1.0, TODAY)]).problem == "too_short_weeks"
    assert lifetimes.figures([(TODAY.replace(day=1), "IT", 50, 1.0, 2.0, 3.0, 0.1, 1.0, BEGIN)]).problem
    assert remote_work.figures([(TODAY.replace(day=1), *ALL, 1, 50, 5, 1.0)]).problem == "too_few_months"


def test_one_county_is_drawn_alone() -> None:
    of_days = [TODAY - timedelta(days=back) for back in range(30)]
    figures = open_ads.figures([day_row(day, 5, county) for day in of_days for county in (None, "Oslo")])
    assert figures.problem is None
    assert {row[1:3] for row in figures.rows} == {("all", "all"), ("county", "Oslo")}


def test_a_share_is_counted_by_one_version_of_the_rules_only() -> None:
    months = [date(2026, 1, 1), date(2026, 2, 1)]
    rows = [
        (month, *ALL, rules_version, 50, with_it, 1.0)
        for month in months
        for rules_version, with_it in ((1, 9), (2, 5))
    ]
    assert [row[3:6] for row in remote_work.figures(rows).rows] == [(50, 5, 0.1)] * 2


def test_no_comparison_is_made_with_a_year_of_which_nothing_is_known() -> None:
    assert yearly.figures([("occupation", "IT", 50, 0, 50, None, 1.0, None)]).problem == "no_last_year"
    assert yearly.figures([("occupation", "IT", 50, 10, 40, 400.0, 1.0, 0.3)]).problem == "unknown_last_year"


def test_no_percentage_rests_on_fewer_than_ten_ads() -> None:
    """Svalbard with 1 ad after 9 was -88.9 %."""
    rows = [
        ("county", "Svalbard", 1, 9, -8, -88.9, 1.0, 1.0),
        ("county", "Oslo", 90, 100, -10, -10.0, 1.0, 1.0),
    ]
    assert [row[1:6] for row in yearly.figures(rows).rows] == [
        ("Oslo", 90, 100, -10, -10.0),
        ("Svalbard", 1, 9, -8, None),
    ]
    assert [change(*pair) for pair in ((9, 100), (100, 9), (5, None))] == [None] * 3
    assert change(90, 100) == pytest.approx(-10)


def test_one_thin_day_decides_nothing_about_what_is_known() -> None:
    of_days = {TODAY - timedelta(days=back): (100.0, 90.0) for back in range(20)}
    of_days[TODAY - timedelta(days=2)] = (5.0, 0.0)
    assert little_captured(of_days) == []
    unknown = {
        day: (ads, 0.0 if day < TODAY - timedelta(days=9) else ads) for day, (ads, _) in of_days.items()
    }
    first, last = TODAY - timedelta(days=19), TODAY - timedelta(days=5)
    assert little_captured(unknown) == [(first, last)], "and a week that is known for the most part ends it"


def test_the_banner_names_the_day_from_which_the_content_is_known() -> None:
    shaded = [(TODAY - timedelta(days=19), TODAY - timedelta(days=4))]
    rows = [(TODAY - timedelta(days=back), *ALL) for back in range(20)]
    fresh, now = Health(NOW, None, True, 1, 1, 1), NOW
    found = warnings(fresh, Figures(rows, shaded=shaded), now, timedelta(hours=36))
    assert found == [
        Warned("pending_one", {}),
        Warned("rejects_one", {}),
        Warned("unknown_past", {"day": TODAY - timedelta(days=3)}),
    ]
    assert "1 ads" not in texts_in("en").say("warning", "pending_one")
    still = [(TODAY - timedelta(days=5), TODAY)]
    assert warnings(fresh, Figures(rows, shaded=still), now, timedelta(hours=36))[-1].key == "unknown_now"


def test_four_weeks_are_compared_with_the_same_weekdays_a_year_earlier() -> None:
    of_days = [TODAY - timedelta(days=back) for back in range(400)]
    counts = {0: 4, 13: 2}  # four a day now, two a day 52 weeks ago; the weeks between do not count
    rows = [
        (day, None, county, None, counts.get((TODAY - day).days // 28, 50), 1.0, BEGIN)
        for day in of_days
        for county in (None, "Oslo")
    ]
    assert [row[1:5] for row in counties.figures(rows).rows] == [("Oslo", 112, 56, pytest.approx(100))]
    assert [row[:2] for row in movers.figures(rows).rows] == [("county", "Oslo")]
    short = [(*row[:6], TODAY - timedelta(days=200)) for row in rows]
    assert movers.figures(short).problem == "no_weeks_year_earlier"
    assert [row[3:5] for row in counties.figures(short).rows] == [(None, None)], "not 0: nothing is known"
    assert counties.figures(short).units == ("count",)


def test_a_part_is_not_compared_where_little_was_captured() -> None:
    rows = [
        (TODAY - timedelta(days=back), None, county, None, 4, 0.5 if back > 300 else 1.0, BEGIN)
        for back in range(400)
        for county in (None, "Oslo")
    ]
    ((*_, percent, now, before),) = [row[:7] for row in counties.figures(rows).rows]
    assert (percent, now, before) == (None, 1.0, 0.5)


def test_no_sentence_names_a_group_where_little_was_captured() -> None:
    rows = [
        day_row(TODAY - timedelta(days=back), 30, county, 0.5)
        for back in range(30)
        for county in (None, "Oslo")
    ]
    said = open_ads.figures(rows).said
    assert said is not None and said.key == "said_all"
    assert texts_in("en").say("open_ads", said.key, **said.filled) == "30 ads are open."
    little = [
        (day, None, county, None, ads, share, begin) for day, _, county, _, ads, _, share, begin in rows
    ]
    figures = counties.figures(little)
    assert figures.said is None and ("captured", {"share": 50.0}) in figures.caveats


def test_the_first_months_of_the_days_open_are_left_out_and_the_page_says_so() -> None:
    months = [date(2025, month, 1) for month in range(1, 8)]
    rows = [(month, "IT", 50, 1.0, 2.0, 3.0, 0.1, 1.0, date(2025, 3, 31)) for month in months]
    figures = lifetimes.figures(rows)
    assert [row[0].month for row in figures.rows] == [4, 5, 6]
    assert ("first_months", {"month": date(2025, 4, 1)}) in figures.caveats


def test_days_that_the_data_does_not_cover_are_gaps_and_no_zeros() -> None:
    """The data begins, is not read for a month, and begins again."""
    begins, again = TODAY - timedelta(days=79), TODAY - timedelta(days=39)
    of_days = [begins + timedelta(days=passed) for passed in range(80)]
    known = {day: begins if day < TODAY - timedelta(days=69) else again for day in of_days}
    rows = [(day, None, None, None, 5, 5, 5.0, 5.0, 1.0, known[day]) for day in of_days]
    figures = new_ads.figures(rows)
    counts = {row[0]: row[3:5] for row in figures.rows}
    assert counts[begins] == (5, None) and counts[begins + timedelta(days=6)] == (5, 5.0)
    assert counts[again - timedelta(days=1)] == (None, None)
    assert counts[again + timedelta(days=5)] == (5, None), "six days are no week"
    assert counts[TODAY] == (5, 5.0)


def test_easter_moves_and_summer_does_not() -> None:
    found = {(one.first, one.last, one.name) for one in seasons(date(2026, 1, 5), date(2026, 8, 1))}
    assert found == {
        (date(2026, 4, 2), date(2026, 4, 6), "easter"),
        (date(2026, 7, 1), date(2026, 7, 31), "summer"),
    }


def test_municipalities_are_written_as_names() -> None:
    rows = [
        ("municipality", "NORE OG UVDAL, Buskerud", 30, 20, 10, 50.0, 1.0, 1.0),
        ("municipality", "Unknown", 99, 99, 0, 0.0, 1.0, 1.0),
    ]
    assert [row[:5] for row in municipalities.figures(rows).rows] == [
        ("Nore og Uvdal", "Buskerud", 30, 20, 50.0),
        ("Unknown", "Unknown", 99, 99, 0.0),
    ]


def test_occupations_in_detail_are_those_of_the_mart(site: Site) -> None:
    span = f"published_on between date '{YESTERDAY}' - 27 and date '{YESTERDAY}'"
    expected = site.warehouse.query(
        "select level1, sum(weight)::double "
        "from nav_marts.fct_ads join nav_marts.ad_occupations using (ad_id) "
        f"where {span} and level2 = 'Unknown' group by level1"
    )
    found = {row[1]: row[2] for row in site.figures["occupations"].rows if row[2]}
    assert found == pytest.approx(dict(expected), abs=0.01)
    codes = site.warehouse.query(
        "select styrk08_code, sum(ads_weighted)::double from nav_marts.daily_new_ads_by_styrk "
        f"where day between date '{YESTERDAY}' - 27 and date '{YESTERDAY}' group by styrk08_code"
    )
    assert {row[1]: row[2] for row in site.figures["styrk"].rows} == pytest.approx(dict(codes), abs=0.01)


def test_what_a_chart_says_is_what_its_rows_hold(site: Site) -> None:
    last = {row[0]: row for row in of(site, "new_ads", *ALL)}[YESTERDAY]
    said = site.figures["new_ads"].said
    assert said is not None
    assert said.filled["percent"] == pytest.approx(abs(100 * (last[4] / last[5] - 1)), abs=0.05)
    assert said.key == ("said_more" if last[4] >= last[5] else "said_fewer")
    week = {
        row[2]: row[4]
        for row in site.figures["new_ads"].rows
        if row[:2] == (YESTERDAY, "occupation") and row[2] != "Unknown"
    }
    assert said.filled["group"] == ("occupation", max(week, key=lambda value: week[value]))
    assert "Health and social care leads" in texts_in("en").say(
        "new_ads", "said", number=5, group=("occupation", "Helse og sosial")
    )


def test_industries_have_english_names_and_an_occupation_is_no_industry() -> None:
    english, norwegian = (texts_in(language) for language in LANGUAGES)
    assert english.value("Undervisning", "industry") == "Education"
    assert english.value("Helse- og sosialtjenester", "industry") == "Human health and social work activities"
    assert english.value("Undervisning", "occupation") == "Undervisning", (
        "no occupation of that name is known"
    )
    assert norwegian.value("Undervisning", "industry") == "Undervisning"
    sections = csv.DictReader((PROJECT / "dbt_project/seeds/nace_sections.csv").open(encoding="utf-8"))
    assert all(english.value(row["name_no"], "industry") != row["name_no"] for row in sections)


def test_sources_that_are_not_known_come_last() -> None:
    rows = [("Unknown", "Deltid", 9), ("EURES", "Unknown", 1), ("EURES", "Deltid", 1)]
    figures = sources.figures(rows)
    assert [row[:2] for row in figures.rows] == [
        ("EURES", "Deltid"),
        ("EURES", "Unknown"),
        ("Unknown", "Deltid"),
    ]


def test_a_reader_is_warned_of_what_is_old_or_incomplete(site: Site) -> None:
    now = datetime(2026, 3, 20, tzinfo=UTC)
    old = Health(datetime(2026, 3, 18, tzinfo=UTC), None, False, 0, 4, 2)
    known = site.figures["new_ads"]
    found = [one.key for one in warnings(old, known, now, timedelta(hours=36))]
    assert found == ["stale", "not_at_tip", "pending", "rejects"]
    fresh = Health(now, None, True, 10, 0, 0)
    assert warnings(fresh, known, now, timedelta(hours=36)) == []
    assert [one.key for one in warnings(None, known, now, timedelta(hours=36))] == ["empty"]


def test_the_loads_of_a_run_count_as_one_run() -> None:
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
    assert (english.percent(6.25, signed=True), norwegian.percent(6.25)) == ("+6.3%", "6,3\u00a0%")
    assert norwegian.day(TODAY) == "18.\u00a0mars 2026"
