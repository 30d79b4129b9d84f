"""Choose the warehouse that the settings name."""

from __future__ import annotations

from extract.config import WarehouseSettings, configured
from extract.warehouses.base import Warehouse


def configured_warehouse(target: str | None = None) -> Warehouse:
    """The warehouse of that target (duckdb, bigquery), else the configured one. Making it touches nothing."""
    settings = configured(WarehouseSettings, target=target)
    if settings.target == "bigquery":
        from extract.warehouses.bigquery import BigQueryWarehouse

        return BigQueryWarehouse(settings)
    from extract.warehouses.duckdb import DuckDBWarehouse

    return DuckDBWarehouse(settings)
