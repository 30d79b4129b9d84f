"""What lacks features is read from BigQuery in bounded tables, and its months are told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pyarrow as pa
import pytest

from extract.features import rules as features
from extract.sources.reprocess import _read, lacking
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


def test_the_months_that_lack_features_are_told(warehouse: BigQueryWarehouse) -> None:
    assert lacking(warehouse) == [(2026, 1, 20), (2026, 2, 3)]


def test_a_month_is_read_in_tables_of_so_many_rows(
    warehouse: BigQueryWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("extract.sources.reprocess.BATCH", 8)
    january, february = lacking(warehouse)
    tables = list(_read(warehouse, january))
    assert max(len(table) for table in tables) <= 8
    read = pa.concat_tables(tables)
    assert sorted(read["ad_id"].to_pylist(), key=int) == [str(number) for number in range(20)]
    assert read.schema.names == ["ad_id", "version_id", "document"]
    assert sorted(row for table in _read(warehouse, february) for row in table["ad_id"].to_pylist()) == [
        "20",
        "21",
        "22",
    ]


def test_instants_come_in_utc(warehouse: BigQueryWarehouse) -> None:
    sql = f"select extracted_at from {DATASET}.ad_versions where ad_id = '0'"
    (table,) = warehouse.read(sql, 10)
    assert table["extracted_at"].to_pylist() == [datetime(2026, 1, 28, 12, tzinfo=UTC)]
