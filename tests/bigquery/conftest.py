"""Fixtures of the BigQuery tests, each made once for this folder.

bigquery_emulator: the running emulator.
make_warehouse: makes warehouses there, each test in datasets of its own.
both_warehouses: the dbt project built step by step in DuckDB and in BigQuery.
google_sql: makes analyzers that know the raw tables.
analyzed: what Google's analyzer says to all that BigQuery was sent meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from extract.config import WarehouseSettings
from extract.warehouses.bigquery import BigQueryWarehouse
from tests.bigquery import emulator, raw_rows
from tests.bigquery.analyzer import Finding, check, nodes_of
from tests.bigquery.googlesql import GoogleSql
from tests.bigquery.warehouses import BothWarehouses, build_both
from tests.dbt.raw import TABLES


@pytest.fixture(scope="package")
def bigquery_emulator(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[emulator.BigQueryEmulator]:
    """A running emulator."""
    with emulator.running(tmp_path_factory.mktemp("bigquery")) as running:
        yield running


@pytest.fixture
def make_warehouse(
    bigquery_emulator: emulator.BigQueryEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., BigQueryWarehouse]:
    """Makes warehouses with the given settings; this process has the emulator and its key by environment."""
    for name, value in bigquery_emulator.environment_of_the_job().items():
        monkeypatch.setenv(name, value)

    def make(**settings: str) -> BigQueryWarehouse:
        settings = {"pipelines_dir": str(tmp_path / "dlt"), **settings}
        return BigQueryWarehouse(WarehouseSettings(target="bigquery", **settings))

    return make


@pytest.fixture(scope="package")
def both_warehouses(
    bigquery_emulator: emulator.BigQueryEmulator, manifest: Any, tmp_path_factory: pytest.TempPathFactory
) -> BothWarehouses:
    """Both warehouses after each step, and every statement that BigQuery was sent."""
    return build_both(bigquery_emulator, tmp_path_factory.mktemp("warehouses"), manifest)


@pytest.fixture(scope="package")
def google_sql(request: pytest.FixtureRequest) -> Callable[[], GoogleSql]:
    """Makes analyzers with the raw tables; skips where zetasql has no build for the platform."""
    pytest.importorskip("zetasql", reason="no zetasql here: Google's analyzer has no build")
    cache = request.config.cache
    assert cache is not None
    folder = cache.mkdir("zetasql")

    def make() -> GoogleSql:
        engine = GoogleSql(folder)
        for table in TABLES:
            name = (emulator.PROJECT, raw_rows.DATASET, table)
            engine.add_table_of(name, raw_rows.columns(table))
        return engine

    return make


@dataclass(frozen=True)
class Analyzed:
    """An analyzer that knows every table there is at the end, and what it had against the statements."""

    engine: GoogleSql
    findings: list[Finding]


@pytest.fixture(scope="package")
def analyzed(both_warehouses: BothWarehouses, google_sql: Callable[[], GoogleSql]) -> Analyzed:
    engine = google_sql()
    for name, columns in both_warehouses.seeds.items():
        engine.add_table_of(name, columns)
    statements, nodes = both_warehouses.recording.statements, nodes_of(both_warehouses.manifest)
    return Analyzed(engine, check(engine, statements, nodes))
