"""A change is checked beside production on BigQuery: in datasets of its own, which are gone afterwards."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from deploy import slim_ci
from extract import transform
from extract.bigquery_warehouse import BigQueryWarehouse
from extract.settings import WarehouseSettings
from tests.bigquery.emulator import BigQueryEmulator
from tests.bigquery.warehouses import PROJECT_DIR, BothWarehouses

STAGED = "models/staging/stg_feed_loads.sql"


@pytest.mark.long
def test_a_changed_staging_model_is_built_with_what_depends_on_it_and_production_stays(
    both_warehouses: BothWarehouses,
    bigquery_emulator: BigQueryEmulator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    project = tmp_path / "project"
    for name in ("models", "macros", "dbt_project"):
        shutil.copytree(PROJECT_DIR / name, project / name)
    for name in ("dbt_project.yml", "profiles.example.yml"):
        shutil.copy(PROJECT_DIR / name, project)
    changed = (project / STAGED).read_text().replace("pages_read,", "pages_read + 1000 as pages_read,")
    (project / STAGED).write_text(changed)
    environment = bigquery_emulator.environment() | {
        "BIGQUERY_KEY__SOURCE": "environment",
        "JOB_MARKET_BIGQUERY_KEY": json.dumps(bigquery_emulator.key),
        "DBT_TARGET_PATH": str(project / "target"),
        "DBT_LOG_PATH": str(project / "logs"),
        "HOME": str(tmp_path),
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("DBT_PROFILES_DIR", raising=False)
    for module in (slim_ci, transform):
        monkeypatch.setattr(module, "PROJECT", project)
    client = bigquery_emulator.client()

    def health() -> list[int]:
        rows = client.query_and_wait("select pages_read from nav_marts.pipeline_health order by 1")
        return [row.pages_read for row in rows]

    before = health()
    warehouse = BigQueryWarehouse(
        WarehouseSettings(target="bigquery", dataset="ci_7", pipelines_dir=str(tmp_path / "dlt"))
    )
    state = both_warehouses.folder / "on_bigquery" / "target"
    assert slim_ci.check_change(warehouse, state) == (["stg_feed_loads", "pipeline_health"], True)
    [compiled] = (project / "target" / "compiled").rglob("pipeline_health.sql")
    assert "`ci_7_staging`.`stg_feed_loads`" in compiled.read_text()
    assert "`nav_staging`.`stg_loads`" in compiled.read_text()
    assert [dataset.dataset_id for dataset in client.list_datasets() if "ci_7" in dataset.dataset_id] == []
    assert health() == before
