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
from extract.warehouses.base import Warehouse, shown
from extract.warehouses.file_lock import held

LOADING = {
    "memory_limit": "200MB",
    "threads": "1",
    "preserve_insertion_order": "false",
    "max_vacuum_tasks": "0",
}
"""DuckDB's settings while dlt loads. With more memory it would take more; in this a bounded load fits, a
million units, and the checkpoint of a file of gigabytes. A merge holds what it brings: 82 MB of documents
fit, and the feed's loads bring 56. One thread, and one file after the other: on a machine of many cores each
of them would want memory of its own. And no vacuum: it puts the loads' small row groups together, up to
122,880 documents at once; the next build does that, and has the memory for it."""


class DuckDBWarehouse(Warehouse):
    """A DuckDB file; it is made by the first run."""

    documents_at_once = 20_000
    """Some 100 MB."""

    def __init__(self, settings: WarehouseSettings) -> None:
        super().__init__(settings)
        self.path = PROJECT / settings.duckdb_path

    def __str__(self) -> str:
        return shown(self.path)

    def check(self) -> None:
        """Open the file once, for writing."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            duckdb.connect(self.path).close()
        except OSError as error:
            raise self._unusable(error.strerror or str(error)) from None
        except duckdb.Error as error:
            raise self._unusable(str(error)) from None

    @contextmanager
    def reserved(self, wait: float) -> Iterator[None]:
        """By a lock beside the file: DuckDB's own is let go between the steps of a run."""
        with held(self.path.with_name(self.path.name + ".lock"), str(self), wait):
            self.check()
            yield

    def destination(self) -> Any:
        """DuckDB, within the memory that a load needs, one file after the other."""
        credentials = DuckDbCredentials(global_config=LOADING)
        credentials.database = str(
            self.path
        )  # dlt imports SQLAlchemy, if it is there, to look at a path it is given
        # Else dlt would look each of its fields up in the configuration, whenever it makes a client.
        credentials.resolve()
        return dlt.destinations.duckdb(credentials, loader_parallelism_strategy="sequential")

    def dbt_environment(self) -> dict[str, str]:
        """For the profile's target `duckdb`."""
        return {
            **super().dbt_environment(),
            "JOB_MARKET_DUCKDB_PATH": str(self.path),
            "JOB_MARKET_DUCKDB_MEMORY": self.settings.duckdb_memory,
        }

    def example(self) -> str:
        """With DuckDB's own command line."""
        return f"duckdb {self} 'from {self.settings.dataset}_marts.daily_new_ads'"

    def after_dbt(self) -> None:
        """Close dbt's connection: one process cannot open a file with two configurations."""
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager

        DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Read-only, so that it never waits for a writer of another kind."""
        if not self.path.exists():
            return []
        try:
            with duckdb.connect(self.path, read_only=True) as connection:
                connection.execute("set timezone = 'UTC'")
                return connection.execute(sql).fetchall()
        except duckdb.CatalogException:
            return []
        except duckdb.Error as error:
            raise self._unusable(str(error)) from None

    def read(self, sql: str, rows: int) -> Iterator[pa.Table]:
        """One reading connection, within the memory that the settings allow."""
        if not self.path.exists():
            return
        limits: dict[str, Any] = {"memory_limit": self.settings.duckdb_memory}
        try:
            with duckdb.connect(self.path, read_only=True, config=limits) as connection:
                connection.execute("set timezone = 'UTC'")
                for batch in connection.sql(sql).to_arrow_reader(rows):
                    # DuckDB rounds up to its own vectors of 2,048 rows.
                    table = pa.Table.from_batches([batch])
                    yield from (table[start : start + rows] for start in range(0, len(table), rows))
        except duckdb.CatalogException:
            return
        except duckdb.Error as error:
            raise self._unusable(str(error)) from None

    def execute(self, sql: str) -> list[tuple[Any, ...]]:
        """On a connection of its own, within the memory that the settings allow."""
        within: dict[str, Any] = LOADING | {"memory_limit": self.settings.duckdb_memory}
        try:
            with duckdb.connect(self.path, config=within) as connection:
                connection.execute("set timezone = 'UTC'")
                return connection.execute(sql).fetchall()
        except (duckdb.IOException, duckdb.ConnectionException) as error:
            raise self._unusable(str(error)) from None
        except duckdb.Error as error:
            reason = str(error).splitlines()[0].rstrip(".")
            raise JobMarketError(f"{self} refuses a statement: {reason}.") from None

    def remove_from_documents(self, table: str, paths: Sequence[str], where: str) -> None:
        """By merge patches (RFC 7396), which remove what they give as null.

        The rows are written anew: an update of 5,000 documents needs more than 180 MB.
        """
        patches = ""
        for path in paths:
            patch: dict[str, Any] | None = None
            for name in reversed(path.split(".")):
                patch = {name: patch}
            # A patch of what is not there would make the object around it.
            patches += f", if(json_exists(document, '$.{path}'), '{orjson.dumps(patch).decode()}', '{{}}')"
        self.execute(
            "begin; "
            "create temp table changed as "
            f"select * replace (json_merge_patch(document{patches}) as document) from {table} where {where}; "
            f"delete from {table} where {where}; "
            f"insert into {table} select * from changed; "
            "commit"
        )

    def raw_columns(self) -> list[tuple[Any, ...]]:
        """Those of the one file."""
        return self.query(
            "select table_name, column_name, data_type from information_schema.columns "
            f"where table_schema = '{self.settings.raw_dataset}'"
        )

    def marts(self) -> list[str]:
        """Those of the one file."""
        rows = self.query(
            "select table_schema || '.' || table_name from information_schema.tables "
            f"where table_schema = '{self.settings.dataset}_marts' order by 1"
        )
        return [name for (name,) in rows]

    def _unusable(self, reason: str) -> JobMarketError:
        reason = reason.splitlines()[0].rstrip(".")
        if "lock on file" in reason:
            return JobMarketError(f"Another program has {self} open ({reason}). Close it, then run again.")
        if "ermission denied" in reason:
            return ConfigurationError(
                f"{self} cannot be opened: permission denied. Give this user the right to it, or set "
                "warehouse.duckdb_path."
            )
        return JobMarketError(
            f"{self} cannot be opened: {reason}. If it is no DuckDB file of this project, move it away "
            "or set warehouse.duckdb_path."
        )
