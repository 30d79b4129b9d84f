"""Old texts are removed on BigQuery as on DuckDB, in GoogleSQL, and from the partitions that hold them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from extract.config import WarehouseSettings
from extract.loading.retention import remove_old_texts
from extract.warehouses.base import Warehouse
from extract.warehouses.bigquery import BigQueryWarehouse
from extract.warehouses.duckdb import DuckDBWarehouse
from tests.bigquery.emulator import PROJECT
from tests.bigquery.googlesql import GoogleSql

AUGUST = date(2026, 8, 15)
CLOSED = {
    "old": "date '2025-07-31'",
    "older": "date '2024-12-31'",
    "not yet": "date '2025-08-01'",
    "open": "null",
}
PROSE = {"title": "Vi søker «deg»", "jobtitle": "Sykepleier", "description": "<p>Bli med</p>"}
DOCUMENTS: list[dict[str, Any] | None] = [
    {**PROSE, "employer": {"name": "NAV", "description": "Vi er <b>størst</b>"}, "score": 1.5},
    {**PROSE, "employer": None, "positioncount": "2.0", "list": [None, {"title": "x"}]},
    {**PROSE, "employer": {"name": "NAV"}, "expires": None, "share": 2.0, "escaped": 'a "b" \\ \n'},
    {"published": "2024-12-01"},
    None,
]


def fill(warehouse: Warehouse) -> None:
    """Each document for each ad, read in another month each; what the models would say of them."""
    rows = [
        (ad_id, number, document, f"timestamp '2025-0{1 + number}-10 12:00:00.123456+00'")
        for ad_id in CLOSED
        for number, document in enumerate(DOCUMENTS)
    ]
    raw, staged, ads = (
        ", ".join(values)
        for values in (
            [f"('{ad}', 'v{n}', {quoted(document)}, {at})" for ad, n, document, at in rows],
            [f"('{ad}', 'v{n}', {document is not None}, {at})" for ad, n, document, at in rows],
            [f"('{ad}', {day})" for ad, day in CLOSED.items()],
        )
    )
    timestamp = "timestamp" if isinstance(warehouse, BigQueryWarehouse) else "timestamptz"
    for table, columns, values in (
        (warehouse.raw("ad_versions"), f"version_id string, document string, extracted_at {timestamp}", raw),
        (
            f"{warehouse.settings.dataset}_staging.stg_ad_versions",
            f"version_id string, has_content bool, extracted_at {timestamp}",
            staged,
        ),
        (warehouse.mart("fct_ads"), "closed_on date", ads),
    ):
        warehouse.execute(f"create schema if not exists {table.partition('.')[0]}")
        warehouse.execute(f"create or replace table {table} (ad_id string, {columns})")
        warehouse.execute(f"insert into {table} values {values}")
    warehouse.execute(f"drop table if exists {warehouse.raw('removed_texts')}")


def quoted(document: dict[str, Any] | None) -> str:
    """As both engines read it: a backslash by its number."""
    if document is None:
        return "null"
    return "'" + json.dumps(document, ensure_ascii=False).replace("\\", "' || chr(92) || '") + "'"


def left(warehouse: Warehouse) -> dict[tuple[str, str], Any]:
    rows = warehouse.query(f"select ad_id, version_id, document from {warehouse.raw('ad_versions')}")
    return {(ad_id, version_id): document and json.loads(document) for ad_id, version_id, document in rows}


def noted(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    return warehouse.query(
        "select ad_id, version_id, extracted_at, closed_before, removed_at is not null "
        f"from {warehouse.raw('removed_texts')} order by removed_at is null, extracted_at, ad_id"
    )


@pytest.fixture
def bigquery(make_warehouse: Callable[..., BigQueryWarehouse]) -> BigQueryWarehouse:
    return make_warehouse(raw_dataset="old_raw", dataset="old")


@pytest.fixture
def sent(bigquery: BigQueryWarehouse, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What BigQuery is sent from now on."""
    sent: list[str] = []
    run = bigquery._run

    def recording(sql: str, *, writes: bool) -> list[tuple[Any, ...]]:
        sent.append(sql)
        return run(sql, writes=writes)

    fill(bigquery)
    monkeypatch.setattr(bigquery, "_run", recording)
    return sent


def test_the_same_is_removed_and_the_same_is_kept_as_on_duckdb(
    bigquery: BigQueryWarehouse, sent: list[str], tmp_path: Path
) -> None:
    duckdb = DuckDBWarehouse(WarehouseSettings(duckdb_path=str(tmp_path / "test.duckdb")))
    fill(duckdb)
    untouched = left(duckdb)
    assert remove_old_texts(bigquery, AUGUST) == remove_old_texts(duckdb, AUGUST) == 8
    assert left(bigquery) == left(duckdb)
    changed = {key for key, document in left(duckdb).items() if document != untouched[key]}
    assert changed == {(ad, f"v{number}") for ad in ("old", "older") for number in range(3)}
    assert not any(set(PROSE) & set(left(duckdb)[key]) for key in changed)
    assert noted(bigquery) == noted(duckdb)
    assert [removed for *_, removed in noted(duckdb)].count(False) == 1


def test_a_day_with_nothing_due_is_one_query_of_two_narrow_columns(
    bigquery: BigQueryWarehouse, sent: list[str]
) -> None:
    remove_old_texts(bigquery, AUGUST)
    sent.clear()
    assert remove_old_texts(bigquery, AUGUST.replace(day=31)) == 0
    assert sent == ["select max(closed_before) from old_raw.removed_texts where removed_at is null"]


def test_each_statement_is_googlesql_and_a_rewrite_is_bound_to_its_months_by_literals(
    bigquery: BigQueryWarehouse,
    sent: list[str],
    google_sql: Callable[[], GoogleSql],
) -> None:
    remove_old_texts(bigquery, AUGUST)
    engine = google_sql()
    key = [("ad_id", "STRING"), ("version_id", "STRING"), ("extracted_at", "TIMESTAMP")]
    for dataset, table, columns in (
        ("old_raw", "ad_versions", [*key, ("document", "STRING")]),
        ("old_staging", "stg_ad_versions", [*key, ("has_content", "BOOL")]),
        ("old_marts", "fct_ads", [*key[:1], ("closed_on", "DATE")]),
    ):
        engine.add_table_of((PROJECT, dataset, table), columns)
    created = engine.analyze(next(statement for statement in sent if statement.startswith("create")))
    engine.add_table((PROJECT, "old_raw", "removed_texts"), created.columns)
    for statement in sent:
        engine.analyze(statement)
    rewrites = [statement for statement in sent if "json_remove" in statement]
    bounds = [re.findall(r"(?:between|and) timestamp '(.{7})", statement) for statement in rewrites]
    assert bounds == [[f"2025-0{month}"] * 2 for month in (1, 2, 3, 4)]
