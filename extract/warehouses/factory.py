"""Choose the warehouse that the settings name."""

from __future__ import annotations

from extract.config import WarehouseSettings
from extract.warehouses.base import Warehouse


def configured_warehouse(settings: WarehouseSettings) -> Warehouse:
    """The warehouse of `warehouse.target`. Making it touches nothing."""
    if settings.target == "bigquery":
        from extract.warehouses.bigquery import BigQueryWarehouse

        return BigQueryWarehouse(settings)
    from extract.warehouses.duckdb import DuckDBWarehouse

    return DuckDBWarehouse(settings)
