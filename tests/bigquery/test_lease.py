"""The lease on a BigQuery warehouse: one run at a time, also when many begin at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from extract.errors import JobMarketError
from extract.warehouses.bigquery import BigQueryWarehouse
from extract.warehouses.lock import Lease


def test_of_several_runs_at_once_one_holds_bigquery_and_the_others_are_told(
    make_warehouse: Callable[..., BigQueryWarehouse], tmp_path: Path
) -> None:
    warehouse = make_warehouse(raw_dataset="leased_raw")
    elsewhere = make_warehouse(raw_dataset="leased_raw", pipelines_dir=str(tmp_path / "elsewhere"))
    with (
        warehouse.lock(),
        pytest.raises(JobMarketError, match=r"Another run holds BigQuery project .*: process \d+ on"),
        elsewhere.lock(),
    ):
        pass
    leases = [Lease(warehouse.execute, warehouse.raw("run_lock")) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(Lease.take, leases))
    assert outcomes.count(None) == 1
    dead = leases[outcomes.index(None)]
    warehouse.execute(
        f"update {dead.table} set held_until = timestamp '2026-01-01 00:00:00+00' "
        f"where owner = '{dead.owner}'"
    )
    with warehouse.lock():
        assert not dead.renew()
