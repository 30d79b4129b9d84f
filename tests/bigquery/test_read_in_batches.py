"""Versions without features are read from BigQuery in tables of a bounded size."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pyarrow as pa
import pytest

from extract.features import rules as features
from extract.sources.reprocess import without_features
from extract.warehouses.bigquery import BigQueryWarehouse
from tests.bigquery.emulator import BigQueryEmulator

DATASET = "reprocess_raw"
VERSIONS = 25
TEXT = """'{"title": "Vi søker"}'"""


@pytest.fixture
def warehouse(
    bigquery_emulator: BigQueryEmulator, make_warehouse: Callable[..., BigQueryWarehouse]
) -> BigQueryWarehouse:
    """Versions of two months; of the second month one is described, and one has no content."""
    warehouse = make_warehouse(raw_dataset=DATASET)
    client = bigquery_emulator.client()
    client.create_dataset(DATASET, exists_ok=True, timeout=20)
    rows = [
        f"('{number}', 'v', {'null' if number == 24 else TEXT}, "
        f"timestamp '2026-0{1 + number // 20}-28 12:00:00+00')"
        for number in range(VERSIONS)
    ]
    for sql in (
        f"create or replace table {DATASET}.ad_versions "
        "(ad_id string, version_id string, document string, extracted_at timestamp)",
        f"insert into {DATASET}.ad_versions values {', '.join(rows)}",
        f"create or replace table {DATASET}.ad_features "
        "(ad_id string, version_id string, rules_version int64)",
        f"insert into {DATASET}.ad_features values ('23', 'v', {features.RULES_VERSION}), ('22', 'v', 0)",
    ):
        client.query(sql).result(timeout=20)
    return warehouse


def test_versions_without_features_are_read_in_tables_of_a_bounded_size(warehouse: BigQueryWarehouse) -> None:
    tables = list(warehouse.read(f"select * from {without_features(warehouse)}", 8))
    assert max(len(table) for table in tables) <= 8
    read = pa.concat_tables(tables)
    assert sorted(map(int, read["ad_id"].to_pylist())) == list(range(23))
    assert read.schema.names == ["ad_id", "version_id", "document"]


def test_timestamps_come_in_utc(warehouse: BigQueryWarehouse) -> None:
    sql = f"select extracted_at from {DATASET}.ad_versions where ad_id = '0'"
    (table,) = warehouse.read(sql, 10)
    assert table["extracted_at"].to_pylist() == [datetime(2026, 1, 28, 12, tzinfo=UTC)]
