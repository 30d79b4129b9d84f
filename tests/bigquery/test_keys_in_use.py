"""The key as dlt and dbt use it against BigQuery: they get in, and leave no part of it behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dlt
import pyarrow as pa
import pytest
from google.cloud.bigquery._http import Connection

from extract.warehouses.credentials import Key
from tests.bigquery.emulator import BigQueryEmulator
from tests.bigquery.warehouses import BothWarehouses, bigquery_dbt

ROWS = pa.table(
    {"ad_id": ["a", "b"], "version_id": ["1", "1"], "document": ['{"a":1}', None]},
    schema=pa.schema(
        [
            pa.field("ad_id", pa.string(), nullable=False),
            pa.field("version_id", pa.string(), nullable=False),
            pa.field("document", pa.string()),
        ]
    ),
)


@pytest.fixture
def key(bigquery_emulator: BigQueryEmulator, monkeypatch: pytest.MonkeyPatch) -> Key:
    for name, value in bigquery_emulator.environment().items():
        monkeypatch.setenv(name, value)
    return Key("a test", bigquery_emulator.project, bigquery_emulator.key)


def files_with_the_key(folder: Path, key: Key) -> list[str]:
    """Files under `folder` that hold its identifier or a line of its PEM."""
    assert key.info is not None
    lines = key.info["private_key"].splitlines()[1:-1]
    parts = [part.encode() for part in (key.info["private_key_id"], *lines)]
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files, f"nothing was written under {folder}"
    return [str(path) for path in files if any(part in path.read_bytes() for part in parts)]


def test_dlt_loads_with_the_key_once_and_keeps_no_part_of_it(
    key: Key, bigquery_emulator: BigQueryEmulator, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        destination = dlt.destinations.bigquery(credentials=key.dlt(), location=bigquery_emulator.location)
        pipeline = dlt.pipeline(
            "keys_in_use",
            pipelines_dir=str(tmp_path),
            destination=destination,
            dataset_name="keys_in_use",
        )
        pipeline.run(
            ROWS,
            table_name="ad_versions",
            write_disposition={"disposition": "merge", "strategy": "insert-only"},
            primary_key=("ad_id", "version_id"),
            loader_file_format="parquet",
        )
    assert _count(bigquery_emulator, "keys_in_use.ad_versions") == 2
    assert files_with_the_key(tmp_path, key) == []
    assert key.info is not None and key.info["private_key_id"] not in caplog.text


def _count(emulator: BigQueryEmulator, table: str) -> Any:
    client = emulator.client()
    (row,) = client.query_and_wait(f"select count(*) as n from {table}", wait_timeout=20)
    client.close()
    return row.n


def test_dbt_debug_passes_and_its_logs_hold_no_part_of_the_key(
    key: Key, bigquery_emulator: BigQueryEmulator, tmp_path: Path
) -> None:
    dbt = bigquery_dbt(bigquery_emulator, tmp_path)
    assert dbt("debug") == []
    assert files_with_the_key(tmp_path, key) == []


def test_every_job_of_dbt_carries_its_model_as_a_label_and_the_most_it_may_read(
    both_warehouses: BothWarehouses,
    bigquery_emulator: BigQueryEmulator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The emulator forgets both, so what is sent to it is looked at."""
    sent: list[dict[str, Any]] = []
    request = Connection.api_request

    def listen(self: Any, **call: Any) -> Any:
        sent.append((call.get("data") or {}).get("configuration") or {})
        return request(self, **call)

    monkeypatch.setattr(Connection, "api_request", listen)
    assert bigquery_dbt(bigquery_emulator, tmp_path)("run", "--select", "int_as_of") == []
    jobs = [job for job in sent if "query" in job]
    assert jobs and all("dbt_invocation_id" in job["labels"] for job in jobs)
    assert "model_job_market_int_as_of" in {job["labels"].get("node_id") for job in jobs}
    assert {job["query"]["maximumBytesBilled"] for job in jobs} == {str(20 * 2**30)}


def test_a_whole_build_leaves_no_part_of_the_key_in_logs_manifest_or_results(
    key: Key, both_warehouses: BothWarehouses
) -> None:
    assert files_with_the_key(both_warehouses.folder / "on_bigquery", key) == []


def test_a_key_that_was_left_behind_is_found(key: Key, tmp_path: Path) -> None:
    assert key.info is not None
    (tmp_path / "run.log").write_text(f"... {key.info['private_key']} ...")
    assert files_with_the_key(tmp_path, key) == [str(tmp_path / "run.log")]
