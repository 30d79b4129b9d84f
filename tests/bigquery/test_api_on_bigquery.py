"""A declared API on BigQuery: its records in versions, and the staging model that a macro makes of them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from extract.bigquery_warehouse import BigQueryWarehouse
from extract.settings import WarehouseSettings
from tests.bigquery import raw_rows
from tests.bigquery.analyzer import Recording, check, nodes_of
from tests.bigquery.emulator import BigQueryEmulator
from tests.bigquery.googlesql import GoogleSql
from tests.bigquery.warehouses import PROJECT_DIR, bigquery_dbt
from tests.dbt.raw import TABLES
from tests.dbt.test_staged_records import MODEL
from tests.extract.test_api import Courses, Server, read
from tests.job import Job


@pytest.fixture
def courses() -> Iterator[tuple[Courses, Server]]:
    stand_in = Courses(0)
    server = Server(stand_in)
    yield stand_in, server
    server.close()


def test_each_state_of_a_record_is_kept_and_the_staging_model_shows_the_latest(
    courses: tuple[Courses, Server],
    bigquery_emulator: BigQueryEmulator,
    google_sql: Callable[[], GoogleSql],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    environment = bigquery_emulator.environment() | {
        "BIGQUERY_KEY__SOURCE": "environment",
        "JOB_MARKET_BIGQUERY_KEY": json.dumps(bigquery_emulator.key),
        "JOB_MARKET_DATASET": "api",
        "JOB_MARKET_RAW_DATASET": "api_raw",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings = WarehouseSettings(
        target="bigquery", raw_dataset="api_raw", pipelines_dir=str(tmp_path / "dlt")
    )
    job = Job(tmp_path, "http://127.0.0.1:9", BigQueryWarehouse(settings))
    stand_in, server = courses
    for title in ("A", "B", "A"):
        stand_in.items = [Courses.course(1, title)]
        read(job, server)
    assert len(job.rows("records", "distinct version_id")) == 3

    project = tmp_path / "project"
    for name in ("dbt_project.yml", "macros", "models/staging/_sources.yml", "models/staging/stg_loads.sql"):
        target = project / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if (PROJECT_DIR / name).is_dir() else shutil.copy)(PROJECT_DIR / name, target)
    (project / "models" / "staging" / "stg_courses.sql").write_text(MODEL)
    dbt = bigquery_dbt(bigquery_emulator, tmp_path / "dbt", project)
    recording = Recording()
    assert dbt("run", listener=recording.add) == []

    engine = google_sql()
    for table in TABLES:
        engine.add_table_of((bigquery_emulator.project, "api_raw", table), raw_rows.columns(table))
    assert check(engine, recording.statements, nodes_of(dbt.manifest())) == []
    [row] = bigquery_emulator.client().query_and_wait("select title, changed_at from api_staging.stg_courses")
    assert row.title == "A"
