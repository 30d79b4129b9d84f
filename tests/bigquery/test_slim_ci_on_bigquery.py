"""A change is checked beside production on BigQuery: in datasets of its own, which are gone afterwards."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from deploy import slim_ci
from extract.warehouses.bigquery import BigQueryWarehouse
from tests.bigquery.emulator import BigQueryEmulator
from tests.bigquery.warehouses import BothWarehouses
from tests.projects import Checkout


@pytest.mark.long
def test_a_changed_staging_model_is_built_with_what_depends_on_it_and_production_stays(
    both_warehouses: BothWarehouses,
    bigquery_emulator: BigQueryEmulator,
    make_warehouse: Callable[..., BigQueryWarehouse],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    checkout = Checkout(tmp_path / "project", monkeypatch)
    client = bigquery_emulator.client()

    def health() -> list[int]:
        rows = client.query_and_wait("select pages_read from nav_marts.pipeline_health order by 1")
        return [row.pages_read for row in rows]

    before = health()
    warehouse = make_warehouse(dataset="ci_7")
    state = both_warehouses.folder / "on_bigquery" / "target"
    with checkout.changed(
        "models/staging/stg_feed_loads.sql", "pages_read,", "pages_read + 1000 as pages_read,"
    ):
        assert slim_ci.check_change(warehouse, state) == (["stg_feed_loads", "pipeline_health"], True)
    compiled = checkout.compiled("pipeline_health")
    assert "`ci_7_staging`.`stg_feed_loads`" in compiled
    assert "`nav_staging`.`stg_loads`" in compiled
    assert [dataset.dataset_id for dataset in client.list_datasets() if "ci_7" in dataset.dataset_id] == []
    assert health() == before
