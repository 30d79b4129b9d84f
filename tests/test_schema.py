"""The raw tables take what is declared and nothing else, and make a key one row."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import dlt
import pyarrow as pa
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed

from extract.schema import FEED_EVENTS, RAW_TABLES, RAW_VERSION, RawTable, new_tables
from tests.job import Job

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ROW = ("ad", "ACTIVE", NOW, NOW, None)


def load(job: Job, batch: pa.Table) -> None:
    job.pipeline().run(dlt.resource([FEED_EVENTS.item(batch)], name="events"))


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(tmp_path, "http://127.0.0.1:9")


def test_a_key_that_was_loaded_before_changes_nothing(job: Job) -> None:
    load(job, FEED_EVENTS.batch([ROW]))
    load(job, FEED_EVENTS.batch([(*ROW[:3], datetime(2026, 4, 1, tzinfo=UTC), None)]))
    assert job.rows("feed_events", "ad_id, status, event_at, extracted_at") == [ROW[:4]]


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


def test_a_nullable_column_that_a_new_version_brings_is_added_to_a_warehouse_that_is_there(job: Job) -> None:
    older = FEED_EVENTS._replace(schema=pa.schema([*FEED_EVENTS.schema][:4]))
    assert older.schema.names == ["ad_id", "status", "event_at", "extracted_at"]
    job.pipeline().run(dlt.resource([older.item(older.batch([ROW[:4]]))], name="events"))

    newer = ("other", "INACTIVE", NOW, NOW, True)
    items = [*new_tables({"raw_version": 4}), FEED_EVENTS.item(FEED_EVENTS.batch([newer]))]
    job.pipeline().run(dlt.resource(items, name="events"))
    assert set(job.rows("feed_events", "ad_id, is_masked")) == {("ad", None), ("other", True)}
    assert [*new_tables({"raw_version": RAW_VERSION})] == []


@pytest.mark.parametrize("table", RAW_TABLES, ids=lambda table: table.name)
def test_a_column_that_came_later_than_its_table_is_nullable(table: RawTable) -> None:
    later = [field for field in table.schema if field.name in table.column_since]
    assert len(later) == len(table.column_since)
    assert all(field.nullable for field in later)
    assert all(table.since < version <= RAW_VERSION for version in table.column_since.values())
