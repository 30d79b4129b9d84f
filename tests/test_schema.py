"""The raw tables take what is declared and nothing else, and make a key one row."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import dlt
import pyarrow as pa
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed

from extract.schema import FEED_EVENTS, RAW_TABLES, RawTable
from tests.job import Job

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ROW = ("ad", "ACTIVE", NOW, NOW)


def load(job: Job, batch: pa.Table) -> None:
    job.pipeline().run(dlt.resource([FEED_EVENTS.item(batch)], name="events"))


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(tmp_path, "http://127.0.0.1:9")


def test_a_key_that_was_loaded_before_changes_nothing(job: Job) -> None:
    load(job, FEED_EVENTS.batch([ROW]))
    load(job, FEED_EVENTS.batch([(*ROW[:3], datetime(2026, 4, 1, tzinfo=UTC))]))
    assert job.rows("feed_events", "ad_id, status, event_at, extracted_at") == [ROW]


def test_a_column_that_no_one_declared_is_refused(job: Job) -> None:
    load(job, FEED_EVENTS.batch([ROW]))
    wider = FEED_EVENTS.batch([ROW]).append_column("surprise", pa.array(["x"]))
    with pytest.raises(PipelineStepFailed, match="surprise"):
        load(job, wider)
    assert len(job.rows("feed_events")) == 1


def test_a_column_of_another_type_is_refused(job: Job) -> None:
    load(job, FEED_EVENTS.batch([ROW]))
    batch = FEED_EVENTS.batch([ROW])
    other = batch.set_column(1, pa.field("status", pa.int64(), nullable=False), pa.array([1]))
    with pytest.raises(PipelineStepFailed, match="status"):
        load(job, other)


@pytest.mark.parametrize("table", RAW_TABLES, ids=lambda table: table.name)
def test_an_empty_batch_has_all_columns(table: RawTable) -> None:
    assert table.batch([]).schema == table.schema
