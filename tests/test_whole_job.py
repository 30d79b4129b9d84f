"""From the feed to the marts: what the tables hold is what the world's own truth says they must.

The oracle (tests/oracle.py) says it a second time in plain Python and shares nothing with the pipeline.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from demo.server import Served, serving
from demo.world import World
from extract import jobs
from extract.dbt import QUIET, build, run_dbt
from tests.job import Job
from tests.oracle import AdRow, Expected, expected

END = datetime(2026, 3, 1, 12, tzinfo=UTC)
TEN_DAYS = timedelta(days=10)
AD_COLUMNS = (
    "ad_id, status, is_captured, published_on, expires_on, inactive_on, closed_on, close_reason, positions, "
    "states_part_time, engagement, sector, employer_number"
)
GROUP_COLUMNS = {
    "ad_occupations": "level1, level2",
    "ad_places": "county, municipality, country",
    "ad_categories": "classification, code",
}


@pytest.fixture(autouse=True)
def dbt_folders(tmp_path: Path, builds_need_not_parse: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path / "target"))
    monkeypatch.setenv("DBT_LOG_PATH", str(tmp_path / "logs"))


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=11, days=14, ads_a_day=20, until=END)


@pytest.fixture
def feed(world: World) -> Iterator[Served]:
    with serving(world, clock=END - TEN_DAYS) as served:
        yield served


def run_models(job: Job) -> None:
    """A build without the tests of the rows, which another build of the same test has."""
    without_tests = ("build", "--exclude-resource-type", "unit_test", "test")
    assert run_dbt(job.warehouse, *QUIET, *without_tests).success


def marts(job: Job, sql: str) -> list[tuple[Any, ...]]:
    return job.warehouse.query(sql)


def ads_of(job: Job) -> dict[str, tuple[Any, ...]]:
    """The rows of fct_ads by ad, and after them what each bridge says of the ad."""
    ads = {row[0]: row for row in marts(job, f"select {AD_COLUMNS} from nav_marts.fct_ads")}
    for bridge, columns in GROUP_COLUMNS.items():
        named: dict[str, set[tuple[Any, ...]]] = {}
        for ad_id, *group in marts(job, f"select ad_id, {columns} from nav_marts.{bridge}"):
            named.setdefault(ad_id, set()).add(tuple(group))
        ads = {ad_id: (*row, frozenset(named.get(ad_id, ()))) for ad_id, row in ads.items()}
    return ads


def as_of(job: Job) -> date:
    [(day,)] = marts(job, "select as_of_on from nav_intermediate.int_as_of")
    return day


def row_of(ad: AdRow) -> tuple[Any, ...]:
    """The oracle's row, in the order of `ads_of`; the marts tell an empty text as a missing one."""
    return (
        *(ad.ad_id, ad.status, ad.is_captured, ad.published_on, ad.expires_on, ad.inactive_on),
        *(ad.closed_on, ad.close_reason, ad.positions, ad.states_part_time),
        *(ad.engagement or None, ad.sector or None, ad.orgnr or None),
        *(ad.occupations, ad.places, ad.categories),
    )


def assert_as_the_oracle_says(job: Job, truth: Expected) -> None:
    assert {row[:3] for row in job.rows("feed_events", "ad_id, status, event_at")} == truth.feed_events
    told = ads_of(job)
    assert told.keys() == truth.ads.keys()
    for ad_id, ad in truth.ads.items():
        assert told[ad_id] == row_of(ad)
    for mart, counts in (
        ("daily_new_ads", (truth.new_ads, truth.new_positions)),
        ("daily_active_ads", (truth.active_ads, truth.active_positions)),
    ):
        sums = "sum(ads_weighted), sum(positions_weighted)"
        days = marts(job, f"select day, {sums} from nav_marts.{mart} group by day")
        assert (
            Counter({day: round(ads) for day, ads, _ in days if ads}),
            Counter({day: round(positions) for day, _, positions in days if positions}),
        ) == counts
    assert_each_group_counts_the_ads_that_name_it(job, truth)


def assert_each_group_counts_the_ads_that_name_it(job: Job, truth: Expected) -> None:
    """No group loses the ads that name another one, too, however the two are sorted."""
    named = Counter(
        (occupation, county)
        for ad in truth.ads.values()
        if ad.published_on and ad.published_on <= as_of(job)
        for occupation in {level1 for level1, _ in ad.occupations}
        for county in {county for county, *_ in ad.places}
    )
    found = marts(
        job,
        "select occupation, county, sum(ads) from nav_marts.daily_new_ads group by all having sum(ads) > 0",
    )
    assert {(occupation, county): ads for occupation, county, ads in found} == named


def test_two_polls_with_days_between_give_the_tables_of_the_oracle(
    world: World, feed: Served, tmp_path: Path
) -> None:
    job = Job(tmp_path, feed.url)
    polls = [END - TEN_DAYS, END]
    for timestamp in polls:
        feed.clock_to(timestamp)
        job.poll()
    build(job.warehouse, Console(quiet=True))
    assert_as_the_oracle_says(job, expected(world, polls, as_of(job)))


def personal_data_in(job: Job, world: World) -> list[str]:
    """Names, addresses and numbers of the world's people that stand in any column of the warehouse."""
    columns = job.warehouse.query(
        "select table_schema || '.' || table_name, column_name from information_schema.columns "
        "where data_type = 'VARCHAR' and column_name not in ('version_id', '_dlt_load_id', 'load_id')"
    )
    assert len(columns) > 100
    every = " union all ".join(f'select distinct "{column}"::text from {table}' for table, column in columns)
    texts = [str(text).lower() for (text,) in job.warehouse.query(every)]
    stored = "\n".join(texts)
    return [text for kind in world.personal_data() for text in kind if text.lower() in stored]


@pytest.mark.parametrize("hours", [8, pytest.param(240, marks=pytest.mark.long)])
def test_hourly_polls_give_the_tables_of_one_poll_at_the_end(
    hours: int, world: World, feed: Served, tmp_path: Path
) -> None:
    """Equal: every event; every ad; its status and, where both saw its content, every column.

    Not equal, because an ad's content can be had only while it is active: an ad that ended between two polls
    is known to one of them by its events alone, so that its expiry, occupation and place are. What each
    then says is held against the oracle.
    """
    hourly, once = Job(tmp_path / "hourly", feed.url), Job(tmp_path / "once", feed.url)
    timestamps = [END - timedelta(hours=hour) for hour in reversed(range(hours + 1))]
    for timestamp in timestamps:
        feed.clock_to(timestamp)
        hourly.poll()
        if timestamp.hour == 5 and timestamp.day % 4 == 1:  # END's day, too
            run_models(hourly)
    once.poll()
    build(hourly.warehouse, Console(quiet=True))
    run_models(once)

    assert hourly.facts()["feed_events"] == once.facts()["feed_events"]
    often, late = ads_of(hourly), ads_of(once)
    assert often.keys() == late.keys()
    seen_by_both = [ad_id for ad_id, ad in late.items() if ad[2]]
    assert len(seen_by_both) > 100
    for ad_id in often:
        assert often[ad_id][1] == late[ad_id][1]
        assert often[ad_id][5] == late[ad_id][5]
    for ad_id in seen_by_both:
        assert often[ad_id] == late[ad_id]
    for job, polls in ((hourly, timestamps), (once, [END])):
        assert_as_the_oracle_says(job, expected(world, polls, as_of(job)))
        assert personal_data_in(job, world) == []


def test_a_detail_that_is_owed_and_comes_later_completes_its_ad(
    world: World, feed: Served, tmp_path: Path
) -> None:
    job = Job(tmp_path, feed.url)
    feed.clock_to(END)
    feed.faults({"path": "feedentry/[0-7]", "status": 500})
    polls = [END, END]
    job.poll(concurrency=200)
    run_models(job)
    first = expected(world, polls[:1], as_of(job), lambda ad_id, poll: ad_id[0] < "8")
    assert_as_the_oracle_says(job, first)
    feed.faults()
    job.poll()
    build(job.warehouse, Console(quiet=True))
    assert_as_the_oracle_says(
        job, expected(world, polls, as_of(job), lambda ad_id, poll: poll == 0 and ad_id[0] < "8")
    )


def test_a_build_removes_old_texts_and_reading_the_feed_again_does_not_bring_them_back(
    world: World, feed: Served, tmp_path: Path
) -> None:
    job = Job(tmp_path, feed.url)
    job.warehouse.settings.keep_text_days = 1
    polls = [END - TEN_DAYS, END]
    for timestamp in polls:
        feed.clock_to(timestamp)
        job.poll()
    options = jobs.RunOptions(console=Console(quiet=True))
    built = jobs._build(job.warehouse, options)
    assert f"old texts removed: {built.texts_removed:,}" in str(built)
    documents = job.rows("ad_versions where document is not null", "ad_id, version_id, document")
    assert sum('"title"' not in document for *_, document in documents) == built.texts_removed > 100
    assert_as_the_oracle_says(job, expected(world, polls, as_of(job)))
    assert job.poll(since=END - TEN_DAYS).details > 0
    assert jobs._build(job.warehouse, options).texts_removed == 0
    again = job.rows("ad_versions where document is not null", "ad_id, version_id, document")
    assert sorted(again) == sorted(documents)
