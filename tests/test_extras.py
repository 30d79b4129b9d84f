"""What needs an extra says so where it is missing; `test_credentials.py` has the one of AWS."""

from __future__ import annotations

import logging
import sys

import pytest

from extract.config import ExecutorSettings, WarehouseSettings
from extract.errors import ConfigurationError
from extract.executors.dask import DaskExecutor
from extract.warehouses.bigquery import BigQueryWarehouse
from tests.executors import functions


def test_a_staging_bucket_without_gcsfs_is_refused_with_the_name_of_the_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    warehouse = BigQueryWarehouse(WarehouseSettings(target="bigquery", staging_bucket="gs://bucket/files"))
    with pytest.raises(ConfigurationError, match="extra `gcs`"):
        warehouse.staging()


def test_a_cluster_without_bokeh_works_without_a_dashboard_and_names_the_extra(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "bokeh", None)
    caplog.set_level(logging.INFO)
    with DaskExecutor(ExecutorSettings(workers=1)) as executor:
        assert len(list(executor.map_batches(functions.double, [[1]]))) == 1
        assert not executor.dashboard
    assert "extra `dashboard`" in caplog.text
