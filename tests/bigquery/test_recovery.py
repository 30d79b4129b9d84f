"""What a run on BigQuery leaves that dies, or whose folder is lost, is brought in step by the next one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from demo.server import Served, serving
from demo.world import World
from extract.loading import packages
from extract.loading.recovery import move_local_state_aside
from extract.warehouses.bigquery import BigQueryWarehouse
from tests.bigquery.emulator import BigQueryEmulator
from tests.job import Job, assert_whole

END = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def feed() -> Iterator[Served]:
    with serving(World(seed=7, days=3, ads_a_day=12, until=END), clock=END - timedelta(days=2)) as served:
        yield served


@pytest.fixture
def job(tmp_path: Path, feed: Served, make_warehouse: Callable[..., BigQueryWarehouse]) -> Job:
    return Job(tmp_path / "job", feed.url, make_warehouse(raw_dataset="recovered_raw"))


@pytest.mark.long
def test_after_each_trouble_the_raw_tables_are_those_of_a_job_that_nothing_happened_to(
    feed: Served, job: Job, tmp_path: Path, bigquery_emulator: BigQueryEmulator
) -> None:
    """One warehouse goes through all of them: a run of the emulator takes seconds."""
    undisturbed = Job(tmp_path / "undisturbed", feed.url)
    both = (job, undisturbed)
    for one in both:
        one.poll()

    feed.clock_to(END - timedelta(hours=36))
    job.die_with_rows_staged()
    for one in both:
        one.poll()
    assert_whole(job, undisturbed)

    feed.clock_to(END - timedelta(hours=24))
    job.leave_pending("normalize", since=None)
    [stuck] = packages.pending(job.warehouse.pipelines_dir)
    assert move_local_state_aside(job.warehouse) is not None
    for one in both:
        one.poll()
    assert_whole(job, undisturbed)

    feed.clock_to(END)
    for one in both:
        one.poll()
    last = max(job.rows("_dlt_loads", "load_id"))[0]
    for statement in (
        f"delete from recovered_raw._dlt_loads where load_id = '{last}'",
        f"delete from recovered_raw.feed_events where _dlt_load_id = '{last}' and status = 'ACTIVE'",
    ):
        bigquery_emulator.client().query_and_wait(statement)
    job.forget_local_state()
    job.poll()
    assert_whole(job, undisturbed)
    assert stuck.name < last
