"""A declared API on BigQuery: its records in versions, and the staging model that a macro makes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from extract.warehouses.bigquery import BigQueryWarehouse
from tests.bigquery import raw_rows
from tests.bigquery.analyzer import Recording, check, nodes_of
from tests.bigquery.emulator import BigQueryEmulator
from tests.bigquery.googlesql import GoogleSql
from tests.bigquery.warehouses import bigquery_dbt
from tests.dbt.raw import TABLES
from tests.dbt.test_staged_records import NEEDED, add_model
from tests.job import Job
from tests.projects import copied
from tests.sources.test_rest_api import Courses, Server, read


@pytest.fixture
def courses() -> Iterator[tuple[Courses, Server]]:
    mock_feed = Courses(0)
    server = Server(mock_feed)
    yield mock_feed, server
    server.close()


def test_each_state_of_a_record_is_kept_and_the_staging_model_shows_the_latest(
    courses: tuple[Courses, Server],
    bigquery_emulator: BigQueryEmulator,
    google_sql: Callable[[], GoogleSql],
    make_warehouse: Callable[..., BigQueryWarehouse],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    warehouse = make_warehouse(raw_dataset="api_raw", dataset="api")
    for name, value in warehouse.dbt_environment().items():
        monkeypatch.setenv(name, value)
    job = Job(tmp_path, "http://127.0.0.1:9", warehouse)
    mock_feed, server = courses
    for title in ("A", "B", "A"):
        mock_feed.items = [Courses.course(1, title)]
        read(job, server)
    assert len(job.rows("records", "distinct version_id")) == 3

    project = add_model(copied(tmp_path / "project", *NEEDED))
    dbt = bigquery_dbt(bigquery_emulator, tmp_path / "dbt", project)
    recording = Recording()
    assert dbt("run", listener=recording.add) == []

    engine = google_sql()
    for table in TABLES:
        engine.add_table_of((bigquery_emulator.project, "api_raw", table), raw_rows.columns(table))
    assert check(engine, recording.statements, nodes_of(dbt.manifest())) == []
    [row] = bigquery_emulator.client().query_and_wait("select title, changed_at from api_staging.stg_courses")
    assert row.title == "A"
