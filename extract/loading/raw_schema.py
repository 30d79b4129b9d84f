"""Check that the raw tables in the warehouse are those of this version of the project."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pyarrow as pa
from dlt.common.versioned_state import decompress_state

from extract.errors import PROGRAM, ConfigurationError, JobMarketError
from extract.schema import RAW_TABLES, RAW_VERSION, TIMESTAMP, RawTable
from extract.warehouses.base import PIPELINE, Warehouse

TYPES = {
    pa.string(): ("VARCHAR", "STRING"),
    TIMESTAMP: ("TIMESTAMP WITH TIME ZONE", "TIMESTAMP"),
    pa.int64(): ("BIGINT", "INT64"),
    pa.bool_(): ("BOOLEAN", "BOOL"),
}
"""The names of a column's type in DuckDB and in BigQuery."""


class StoredState(NamedTuple):
    """The pipeline state that the last complete load committed to the warehouse."""

    hash: str
    sources: dict[str, Any]

    @property
    def raw_version(self) -> int:
        """The version of the raw tables; see `extract.schema.RAW_VERSION`."""
        resources = [one for source in self.sources.values() for one in source.get("resources", {}).values()]
        return max((resource.get("raw_version", 1) for resource in resources), default=1)

    def resource(self, source: str, name: str) -> dict[str, Any]:
        """The state of a source's resource; empty if it has none."""
        state: dict[str, Any] = self.sources.get(source, {}).get("resources", {}).get(name, {})
        return state


def validate_raw_schema(warehouse: Warehouse) -> StoredState | None:
    """The warehouse's pipeline state; None if no load was ever complete.

    Tables and columns that are newer than the stored version may be missing: the next load adds them.
    Raises JobMarketError that names each table or column that is missing or has another type, and
    ConfigurationError if a newer version of the project wrote the warehouse.
    """
    if (stored := stored_state(warehouse)) is None:
        return None
    refuse_newer(stored.raw_version)
    columns: dict[str, dict[str, str]] = {}
    for table_name, column, kind in warehouse.raw_columns():
        columns.setdefault(table_name, {})[column] = kind
    wrong = [
        text
        for table in RAW_TABLES
        if table.since <= stored.raw_version
        for text in _differences(table, columns.get(table.name), stored.raw_version)
    ]
    if wrong:
        state, version = warehouse.raw("_dlt_pipeline_state"), warehouse.raw("_dlt_version")
        raise JobMarketError(
            f"The raw tables are not as this project made them: {'; '.join(wrong)}. Nothing was read or "
            "written. Restore them from a copy. Or, to go on without what is gone, drop or rename what is "
            f"wrong, run `delete from {state} where true; delete from {version} where true;` in the "
            f"warehouse, and then `{PROGRAM} recover`: the next run makes the tables and reads "
            "the feed again."
        )
    return stored


def _differences(table: RawTable, there: dict[str, str] | None, raw_version: int) -> Iterator[str]:
    if there is None:
        yield f"{table.name} is missing"
        return
    for field in table.schema:
        kind = there.get(field.name)
        if kind is None and table.column_since.get(field.name, table.since) <= raw_version:
            yield f"{table.name} has lost its column {field.name}"
        elif kind is not None and kind not in TYPES[field.type]:
            yield f"{table.name}.{field.name} is {kind}"


def refuse_newer(raw_version: int) -> None:
    """Raise ConfigurationError if the raw tables are those of a newer project."""
    if raw_version > RAW_VERSION:
        raise ConfigurationError(
            "This warehouse was written by a newer version of the project (its raw tables are of version "
            f"{raw_version}, this one knows {RAW_VERSION}). Update the project, or use another warehouse."
        )


def refuse_older(raw_version: int) -> None:
    """Raise ConfigurationError if the raw tables lack what today's models read."""
    refuse_newer(raw_version)
    if raw_version < RAW_VERSION:
        raise ConfigurationError(
            f"The raw tables are of version {raw_version} and the models read version {RAW_VERSION}. Run "
            f"`{PROGRAM} extract` once: it brings the tables up to date, and loses nothing."
        )


def stored_state(warehouse: Warehouse) -> StoredState | None:
    """The pipeline state of the last complete load; None before the first one."""
    rows = warehouse.query(
        f"select s.version_hash, s.state from {warehouse.raw('_dlt_pipeline_state')} s "
        f"join {warehouse.raw('_dlt_loads')} l on l.load_id = s._dlt_load_id "
        f"where s.pipeline_name = '{PIPELINE}' and l.status = 0 order by l.load_id desc limit 1"
    )
    for version_hash, state in rows:
        return StoredState(version_hash, decompress_state(state).get("sources", {}))
    return None
