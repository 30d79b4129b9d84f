"""The whole job against BigQuery, as a user runs it: every cell as on DuckDB, also after changes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from dlt.common.versioned_state import decompress_state
from rich.console import Console

from demo.server import Served, serving
from demo.world import World
from extract.dbt import build
from extract.warehouses.credentials import Key
from tests.bigquery.emulator import BigQueryEmulator
from tests.bigquery.test_keys_in_use import files_with_the_key
from tests.command import Command
from tests.job import Job

END = datetime(2026, 3, 1, 12, tzinfo=UTC)
# What differs by when and by which load it was written, and what follows from it.
WHEN_EACH_RUN_WAS = {"stg_loads", "stg_feed_loads", "pipeline_health"}
RUN_COLUMNS = {
    *("extracted_at", "load_id", "_dlt_load_id", "loaded_at", "versions_loaded_at"),
    *("started_at", "finished_at"),
}


@pytest.fixture
def feed() -> Iterator[Served]:
    with serving(World(seed=5, days=6, ads_a_day=20, until=END), clock=END - timedelta(days=2)) as served:
        yield served


@pytest.fixture
def on_duckdb(
    tmp_path: Path, feed: Served, builds_need_not_parse: None, monkeypatch: pytest.MonkeyPatch
) -> Job:
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path / "duckdb" / "target"))
    monkeypatch.setenv("DBT_LOG_PATH", str(tmp_path / "duckdb" / "logs"))
    return Job(tmp_path / "duckdb", feed.url)


@pytest.fixture
def on_bigquery(tmp_path: Path, feed: Served, bigquery_emulator: BigQueryEmulator) -> Iterator[Command]:
    (tmp_path / "bigquery").mkdir()
    command = Command(tmp_path / "bigquery", feed.url)
    command.environment |= bigquery_emulator.environment_of_the_job() | {
        "WAREHOUSE__TARGET": "bigquery",
        "WAREHOUSE__RAW_DATASET": "job_raw",
        "WAREHOUSE__DATASET": "job",
    }
    yield command
    client = bigquery_emulator.client()
    for dataset in client.list_datasets():
        if dataset.dataset_id.startswith("job"):
            client.delete_dataset(dataset.reference, delete_contents=True)


def tables_of_duckdb(job: Job, dataset: str) -> dict[str, list[str]]:
    found = job.warehouse.query(
        "select table_name, list(column_name order by column_name) from information_schema.columns "
        f"where table_schema = '{dataset}' group by 1 order by 1"
    )
    return {name: [column for column in columns if column not in RUN_COLUMNS] for name, columns in found}


def assert_the_same(on_duckdb: Job, emulator: BigQueryEmulator) -> None:
    compared = 0
    for layer in ("staging", "intermediate", "marts"):
        for table, columns in tables_of_duckdb(on_duckdb, f"nav_{layer}").items():
            if table in WHEN_EACH_RUN_WAS:
                continue
            names = ", ".join(columns)
            here = on_duckdb.warehouse.query(f"select {names} from nav_{layer}.{table}")
            there = emulator.client().query_and_wait(f"select {names} from job_{layer}.{table}")
            assert sorted(map(_cells, here)) == sorted(_cells(row.values()) for row in there), table
            compared += 1
    assert compared >= 9


def _cells(row: Sequence[Any]) -> str:
    """The row as text: floats to nine places, timestamps without the name of their time zone."""
    return str([_cell(cell) for cell in row])


def _cell(cell: Any) -> Any:
    if isinstance(cell, float):
        return round(cell, 9)
    return cell.timestamp() if isinstance(cell, datetime) else cell


@pytest.mark.parametrize("builds", [1, pytest.param(2, marks=pytest.mark.long)])
def test_the_job_gives_the_tables_of_duckdb_also_after_changes(
    builds: int,
    feed: Served,
    on_duckdb: Job,
    on_bigquery: Command,
    bigquery_emulator: BigQueryEmulator,
) -> None:
    told = ""
    for at in (END - timedelta(days=2), END):
        feed.clock_to(at)
        is_built = at == END or builds > 1
        on_duckdb.poll()
        code, printed = on_bigquery(
            *([] if is_built else ["extract"]), *(["--since", "2019-01-01"] if at < END else [])
        )
        assert code == 0, printed
        told += printed
        if is_built:
            build(on_duckdb.warehouse, Console(quiet=True))
            assert_the_same(on_duckdb, bigquery_emulator)
    code, printed = on_bigquery("extract")
    assert (code, "nothing new" in printed) == (0, True), printed
    code, printed = on_bigquery("status")
    assert code == 0, printed
    assert "job_marts.fct_ads" in printed
    assert_no_trace_of_the_key(on_bigquery, bigquery_emulator, told + printed)


def assert_no_trace_of_the_key(command: Command, emulator: BigQueryEmulator, printed: str) -> None:
    """In what was printed, in the files of dlt and dbt, and in the state that is kept in the warehouse."""
    for written in ("dlt/job_market/state.json", "target/manifest.json", "target/run", "logs/dbt.log"):
        assert (command.folder / written).exists(), f"{written} is not among the files that are looked at"
    (command.folder / "printed.log").write_text(printed)
    for at, row in enumerate(
        emulator.client().query_and_wait("select state from job_raw._dlt_pipeline_state")
    ):
        (command.folder / f"state-{at}.json").write_text(json.dumps(decompress_state(row.state)))
    schemas = emulator.client().query_and_wait("select schema from job_raw._dlt_version")
    (command.folder / "schemas.json").write_text("\n".join(row.schema for row in schemas))
    assert files_with_the_key(command.folder, Key("a test", emulator.project, emulator.key)) == []


def test_a_key_that_is_missing_stops_the_job_before_anything_is_fetched(
    feed: Served, on_bigquery: Command
) -> None:
    feed.reset_stats()
    code, printed = on_bigquery(JOB_MARKET_BIGQUERY_KEY="")
    assert code == 2
    assert "the environment variable JOB_MARKET_BIGQUERY_KEY: it is not set" in printed
    assert feed.stats()["requests"] == {}
