"""Whatever becomes of dlt's folder and of the warehouse, alone or together: no row is lost or doubled."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from demo.server import Served, serving
from demo.world import World
from extract.errors import ConfigurationError, JobMarketError
from extract.loading import packages
from extract.loading.raw_schema import refuse_older, stored_state
from extract.loading.recovery import QUARANTINE, move_local_state_aside
from extract.schema import RAW_TABLES
from tests.job import Job, assert_whole

END = datetime(2026, 3, 1, 12, tzinfo=UTC)
BEFORE = END - timedelta(days=2)


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=7, days=3, ads_a_day=12, until=END)


@pytest.fixture
def feed(world: World) -> Iterator[Served]:
    with serving(world, clock=BEFORE) as served:
        yield served


@pytest.fixture(scope="module")
def polled(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a job after its first run. Not to be changed, but copied."""
    with serving(world, clock=BEFORE) as served:
        job = Job(tmp_path_factory.mktemp("polled"), served.url)
        job.poll()
    return job.folder


@pytest.fixture
def job(tmp_path: Path, feed: Served) -> Job:
    return Job(tmp_path / "job", feed.url)


@pytest.fixture
def undisturbed(tmp_path: Path, feed: Served) -> Job:
    """A job that is polled whenever the other one is."""
    return Job(tmp_path / "undisturbed", feed.url)


def execute(job: Job, *statements: str) -> None:
    with duckdb.connect(job.warehouse.path) as connection:
        for statement in statements:
            connection.execute(statement)


def copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target)
    else:
        shutil.copy(source, target)


def test_an_older_copy_of_the_warehouse_is_read_on_from_its_own_cursor(
    polled: Path, feed: Served, job: Job, undisturbed: Job
) -> None:
    for one in (job, undisturbed):
        copy(polled, one.folder)
    copy(job.warehouse.path, job.folder / "backup")
    feed.clock_to(END - timedelta(days=1))
    for one in (job, undisturbed):
        one.poll()
    copy(job.folder / "backup", job.warehouse.path)
    feed.clock_to(END)
    for one in (job, undisturbed):
        one.poll()
    assert job.facts()["feed_events"] == undisturbed.facts()["feed_events"]


@pytest.mark.long
def test_an_older_local_folder_goes_on_from_the_warehouse(feed: Served, job: Job, undisturbed: Job) -> None:
    job.poll()
    undisturbed.poll()
    copy(job.folder / "dlt", job.folder / "old")
    feed.clock_to(END)
    job.poll()
    undisturbed.poll()
    copy(job.folder / "old", job.folder / "dlt")
    job.poll()
    assert_whole(job, undisturbed)


@pytest.mark.long
def test_a_first_load_that_died_before_there_was_a_warehouse_is_finished(
    feed: Served, job: Job, undisturbed: Job
) -> None:
    job.leave_pending("normalize")
    assert not job.warehouse.path.exists()
    undisturbed.poll()
    feed.reset_stats()
    assert job.poll().finished == 1
    assert_whole(job, undisturbed)


@pytest.mark.long
def test_a_warehouse_that_was_deleted_is_filled_from_the_feed_again(
    feed: Served, job: Job, undisturbed: Job
) -> None:
    for one in (job, undisturbed):
        one.poll()
    job.leave_pending("normalize")
    job.warehouse.path.unlink()
    feed.clock_to(END)
    job.poll()
    undisturbed.poll()
    assert job.facts()["feed_events"] == undisturbed.facts()["feed_events"]


@pytest.mark.long
@pytest.mark.parametrize("step", ["extract", "normalize"])
def test_a_load_that_was_extracted_from_another_state_is_kept_aside_and_the_feed_is_read_from_the_warehouses(
    step: str, feed: Served, job: Job, undisturbed: Job
) -> None:
    job.poll()
    undisturbed.poll()
    copy(job.warehouse.path, job.folder / "backup")
    feed.clock_to(END - timedelta(days=1))
    job.poll()
    undisturbed.poll()
    feed.clock_to(END - timedelta(hours=12))
    job.leave_pending(step, since=None)
    undisturbed.poll()
    copy(job.folder / "backup", job.warehouse.path)
    job.poll()
    assert job.facts()["feed_events"] == undisturbed.facts()["feed_events"]
    assert list((job.folder / "dlt" / QUARANTINE).rglob("*.parquet"))
    feed.clock_to(END)
    job.poll()
    undisturbed.poll()
    assert job.facts()["feed_events"] == undisturbed.facts()["feed_events"]


def test_rows_of_a_load_whose_folder_was_lost_half_way_are_seen_by_dbt(
    polled: Path, feed: Served, job: Job, undisturbed: Job
) -> None:
    for one in (job, undisturbed):
        copy(polled, one.folder)
    feed.clock_to(END)
    job.poll()
    undisturbed.poll()
    # What a run leaves that died before its last table: rows, and no word that the load is complete.
    last = max(job.rows("_dlt_loads", "load_id"))[0]
    execute(
        job,
        f"delete from nav_raw._dlt_loads where load_id = '{last}'",
        f"delete from nav_raw.feed_events where _dlt_load_id = '{last}' and status = 'ACTIVE'",
    )
    job.forget_local_state()
    job.poll()
    assert_whole(job, undisturbed)


def test_a_run_that_died_between_two_folders_of_dlt_is_finished(
    polled: Path, feed: Served, job: Job, undisturbed: Job
) -> None:
    for one in (job, undisturbed):
        copy(polled, one.folder)
    feed.clock_to(END)
    job.leave_pending("extract", since=None)
    [read] = packages.pending(job.folder / "dlt")
    copy(read, job.folder / "read")
    job.pipeline().normalize()
    copy(job.folder / "read", read)
    job.poll()
    undisturbed.poll()
    assert_whole(job, undisturbed)


def test_a_run_that_died_after_rows_were_staged_and_before_dlt_noted_it_loses_and_doubles_none(
    polled: Path, feed: Served, job: Job, undisturbed: Job
) -> None:
    for one in (job, undisturbed):
        copy(polled, one.folder)
    feed.clock_to(END)
    job.die_with_rows_staged()
    job.poll()
    undisturbed.poll()
    assert_whole(job, undisturbed)


def test_a_run_that_died_after_its_load_was_complete_does_not_count_it_twice(
    feed: Served, job: Job, undisturbed: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dlt.common.storages import LoadStorage

    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(LoadStorage, "complete_load_package", die)
        job.poll()
    job.poll()
    undisturbed.poll()
    assert_whole(job, undisturbed)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("drop table nav_raw.ad_versions", "ad_versions is missing"),
        pytest.param(
            "alter table nav_raw.ad_versions drop column source",
            "ad_versions has lost its column source",
            marks=pytest.mark.long,
        ),
        ("alter table nav_raw.rejects alter payload type blob", "rejects.payload is BLOB"),
    ],
)
def test_a_raw_table_that_was_dropped_or_altered_is_named_before_anything_is_read(
    damage: str, told: str, polled: Path, feed: Served, job: Job
) -> None:
    copy(polled, job.folder)
    execute(job, damage)
    feed.reset_stats()
    with pytest.raises(JobMarketError, match=told) as refusal:
        job.poll()
    assert "run_pipeline.py recover" in str(refusal.value)
    assert feed.stats()["requests"] == {}


@pytest.mark.long
def test_the_statements_of_the_refusal_and_recover_make_a_dropped_table_and_read_the_feed_again(
    feed: Served, job: Job, undisturbed: Job
) -> None:
    for one in (job, undisturbed):
        one.poll()
    execute(job, "drop table nav_raw.feed_events")
    with pytest.raises(JobMarketError) as refusal:
        job.poll()
    execute(job, *re.findall("delete from .*? where true", str(refusal.value)))
    move_local_state_aside(job.warehouse)
    job.poll()
    assert job.facts()["feed_events"] == undisturbed.facts()["feed_events"]


def test_a_load_that_fails_for_good_is_named_and_moved_aside_and_its_rows_are_read_again(
    polled: Path, feed: Served, job: Job, undisturbed: Job
) -> None:
    for one in (job, undisturbed):
        copy(polled, one.folder)
    feed.clock_to(END - timedelta(days=1))
    job.leave_pending("normalize", since=None)
    execute(
        job,
        "alter table nav_raw.ad_versions add column needed integer default 1",
        "alter table nav_raw.ad_versions alter column needed set not null",
    )
    execute(job, "alter table nav_raw.ad_versions alter column needed drop default")
    with pytest.raises(JobMarketError, match=r"run_pipeline\.py recover") as failure:
        job.poll()
    assert "NOT NULL" in str(failure.value)
    [stuck] = packages.pending(job.folder / "dlt")
    assert stuck.name in str(failure.value)
    kept = move_local_state_aside(job.warehouse)
    assert kept is not None and list(kept.rglob("ad_versions.*.parquet"))
    assert packages.pending(job.folder / "dlt") == []
    execute(job, "alter table nav_raw.ad_versions drop column needed")
    for one in (job, undisturbed):
        one.poll()
    assert_whole(job, undisturbed)
    feed.clock_to(END)
    for one in (job, undisturbed):
        one.poll()
    assert_whole(job, undisturbed)


def test_a_field_that_the_api_adds_or_changes_is_noticed(polled: Path, feed: Served, job: Job) -> None:
    copy(polled, job.folder)
    known = set(job.rows("feed_fields", "field || ' ' || kind"))
    assert {("employer.orgnr string",), ("workLocations.county string",), ("extent string",)} <= known
    assert not [field for (field,) in known if field.startswith("contactList")]
    invented = {"title": 7, "new": {"in it": [{"deep": True}]}}
    detail = {"uuid": "{id}", "status": "ACTIVE", "sistEndret": "2026-02-28T10:00:00", "ad_content": invented}
    feed.clock_to(END)
    feed.faults({"path": "feedentry/", "status": 200, "body": json.dumps(detail)})
    job.poll()
    new = set(job.rows("feed_fields", "field || ' ' || kind")) - known
    assert new == {("title number",), ("new object",), ("new.in_it array",), ("new.in_it.deep boolean",)}


def test_a_warehouse_of_the_version_before_is_brought_up_to_date_by_the_next_load(
    feed: Served, job: Job, undisturbed: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr("extract.schema.RAW_TABLES", [table for table in RAW_TABLES if table.since == 1])
        before.setattr("extract.schema.RAW_VERSION", 1)
        before.setattr("extract.sources.nav.source.MAX_FIELDS", 0)
        job.poll()
    execute(job, "drop table if exists nav_raw.feed_fields")
    held = stored_state(job.warehouse)
    assert held is not None and held.raw_version == 1
    with pytest.raises(ConfigurationError, match=r"run_pipeline\.py extract"):
        refuse_older(held.raw_version)
    undisturbed.poll()
    feed.clock_to(END)
    job.poll()
    undisturbed.poll()
    assert_whole(job, undisturbed, fields_too=False)
    held = stored_state(job.warehouse)
    assert held is not None
    refuse_older(held.raw_version)
    assert job.rows("feed_fields")


@pytest.mark.long
def test_a_warehouse_of_a_newer_project_is_left_alone(
    feed: Served, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as newer:
        newer.setattr("extract.schema.RAW_VERSION", 99)
        job.poll()
    feed.reset_stats()
    with pytest.raises(ConfigurationError, match="newer version of the project"):
        job.poll()
    assert feed.stats()["requests"] == {}
