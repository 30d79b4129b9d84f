"""The embedded warehouse: one DuckDB file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import dlt
import duckdb
import orjson
import pyarrow as pa
from dlt.destinations.impl.duckdb.configuration import DuckDbCredentials

from extract.config import PROJECT, WarehouseSettings
from extract.errors import ConfigurationError, JobMarketError
from extract.warehouses.base import MissingTableError, Warehouse, shown
from extract.warehouses.lock import file_lock

WRITING = {"threads": "1", "preserve_insertion_order": "false"}
"""DuckDB's settings for loads: memory grows with threads, and with rows that wait for their place."""
LOADING = WRITING | {"memory_limit": "200MB", "max_vacuum_tasks": "0"}
"""The largest load of the feed is merged within this. Vacuuming rewrites 122,880 documents at once: the next
build does it, with more memory."""


class DuckDBWarehouse(Warehouse):
    """A DuckDB file; the first run makes it."""

    information_schema = "information_schema"

    def __init__(self, settings: WarehouseSettings) -> None:
        super().__init__(settings)
        self.path = PROJECT / settings.duckdb_path

    def __str__(self) -> str:
        return shown(self.path)

    def destination(self) -> Any:
        """DuckDB within LOADING, one file after the other."""
        credentials = DuckDbCredentials(str(self.path), global_config=LOADING)
        return dlt.destinations.duckdb(credentials, loader_parallelism_strategy="sequential")

    def dbt_environment(self) -> dict[str, str]:
        return {
            **super().dbt_environment(),
            "JOB_MARKET_DUCKDB_PATH": str(self.path),
            "JOB_MARKET_DUCKDB_MEMORY": self.settings.duckdb_memory,
        }

    def after_dbt(self) -> None:
        """Close dbt's connection: one process cannot open a file with two configurations."""
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager

        DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]

    def remove_from_documents(self, table: str, paths: Sequence[str], where: str) -> None:
        """By merge patches (RFC 7396), which remove what they give as null.

        The rows are written anew: an update of 5,000 documents needs more than 180 MB.
        """
        patches = ""
        for path in paths:
            patch: dict[str, Any] | None = None
            for name in reversed(path.split(".")):
                patch = {name: patch}
            # A patch of what does not exist would make the object around it.
            patches += f", if(json_exists(document, '$.{path}'), '{orjson.dumps(patch).decode()}', '{{}}')"
        self.execute(
            "begin; "
            "create temp table changed as "
            f"select * replace (json_merge_patch(document{patches}) as document) from {table} where {where}; "
            f"delete from {table} where {where}; "
            f"insert into {table} select * from changed; "
            "commit"
        )

    @contextmanager
    def _lock(self, deadline: float) -> Iterator[None]:
        """By a lock beside the file: DuckDB frees its own between the steps of a run."""
        with file_lock(self.path.with_name(self.path.name + ".lock"), str(self), deadline):
            self.execute("select 1")
            yield

    def _run(self, sql: str, *, writes: bool) -> list[tuple[Any, ...]]:
        with self._connection(WRITING if writes else {}, read_only=not writes) as connection:
            return connection.execute(sql).fetchall()

    def _tables(self, sql: str, rows: int) -> Iterator[pa.Table]:
        with self._connection({}, read_only=True) as connection:
            for batch in connection.sql(sql).to_arrow_reader(rows):
                # DuckDB rounds up to its own vectors of 2,048 rows.
                table = pa.Table.from_batches([batch])
                yield from (table[start : start + rows] for start in range(0, len(table), rows))

    @contextmanager
    def _connection(self, config: dict[str, str], *, read_only: bool) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection within the memory that the settings allow. Raises JobMarketError."""
        if read_only and not self.path.exists():
            raise MissingTableError(f"{self} does not exist.")
        limits: dict[str, Any] = config | {"memory_limit": self.settings.duckdb_memory}
        try:
            with duckdb.connect(self.path, read_only=read_only, config=limits) as connection:
                connection.execute("set timezone = 'UTC'")
                yield connection
        except duckdb.Error as error:
            raise self._user_error(error) from None

    def _user_error(self, error: duckdb.Error) -> JobMarketError:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
        if isinstance(error, duckdb.CatalogException):
            return MissingTableError(f"{self} refuses a statement: {reason}.")
        if "lock on file" in reason:
            return JobMarketError(f"Another program has {self} open ({reason}). Close it, then run again.")
        if "ermission denied" in reason:
            return ConfigurationError(
                f"{self} cannot be opened: permission denied. Give this user the right to it, or set "
                "warehouse.duckdb_path."
            )
        if isinstance(error, duckdb.IOException | duckdb.ConnectionException):
            return JobMarketError(
                f"{self} cannot be opened: {reason}. If it is no DuckDB file of this project, move it away "
                "or set warehouse.duckdb_path."
            )
        return JobMarketError(f"{self} refuses a statement: {reason}.")
