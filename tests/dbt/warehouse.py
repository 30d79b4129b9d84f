"""dbt run in this process on a DuckDB file of its own: build, and look at every table.

The project is parsed once for all tests. A build of all of it then takes two seconds, nearly all of them
dbt's own: a full refresh with which tables are compared is compiled once, and its statements run without dbt.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt.contracts.graph.manifest import Manifest

from tests.dbt.raw import RawTables

PROJECT = Path(__file__).resolve().parents[2]
Tables = dict[str, list[tuple[Any, ...]]]
_full_refreshes: dict[str, list[str]] = {}
"""The statements of a full refresh, by dataset."""


class Warehouse:
    """A DuckDB file `job_market.duckdb` under `folder`, with empty raw tables at first."""

    def __init__(
        self, folder: Path, manifest: Manifest | None = None, file: str = "job_market.duckdb"
    ) -> None:
        self.folder = folder
        self.path = folder / file
        self.manifest = manifest
        self.dataset = "nav"
        shutil.copy(PROJECT / "profiles.example.yml", folder / "profiles.yml")
        self.raw().__exit__()

    def copied_to(self, folder: Path) -> Warehouse:
        """A warehouse of the same content under another folder."""
        with duckdb.connect(str(self.path)) as connection:
            connection.execute("checkpoint")  # dbt keeps the file open, and its last changes beside it
        copy = Warehouse.__new__(Warehouse)
        copy.__dict__.update(self.__dict__, folder=folder, path=folder / self.path.name)
        folder.mkdir(exist_ok=True)
        shutil.copy(self.folder / "profiles.yml", folder)
        shutil.copy(self.path, copy.path)
        return copy

    def raw(self) -> RawTables:
        """The raw tables, to append loads to; to be used as a context manager."""
        return RawTables(self.path)

    def parsed(self) -> Manifest:
        """The project's manifest, without the comments on columns, which take a quarter of each build."""
        result = self.invoke("parse")
        assert isinstance(result.result, Manifest), result.exception
        for node in result.result.nodes.values():
            node.config.persist_docs = {}
        return result.result

    def invoke(self, *arguments: str) -> dbtRunnerResult:
        """Run a dbt command and return its result, whether it succeeded or not."""
        options = ["--quiet", "--no-use-colors", "--no-write-json", "--log-level-file", "none"]
        folders = {
            "--project-dir": PROJECT,
            "--profiles-dir": self.folder,
            "--target-path": self.folder / "target",
            "--log-path": self.folder / "logs",
        }
        paths = [str(part) for pair in folders.items() for part in pair]
        with _environment(
            JOB_MARKET_TARGET="duckdb",
            JOB_MARKET_DUCKDB_PATH=str(self.path),
            JOB_MARKET_DATASET=self.dataset,
        ):
            return dbtRunner(manifest=self.manifest).invoke([*options, *arguments, *paths])

    def dbt(self, *arguments: str) -> None:
        """Run a dbt command that has to succeed."""
        result = self.invoke(*arguments)
        if not result.success:
            failed = [
                f"{outcome.node.name}: {outcome.message}"
                for outcome in getattr(result.result, "results", [])
                if outcome.status in ("error", "fail", "runtime error")
            ]
            raise AssertionError("\n".join(failed) or str(result.exception))

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        with duckdb.connect(str(self.path)) as connection:
            return connection.execute(query).fetchall()

    def records(self, query: str) -> list[dict[str, Any]]:
        """The rows of a query as dicts by column."""
        with duckdb.connect(str(self.path)) as connection:
            cursor = connection.execute(query)
            names = [column[0] for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def tables(self) -> Tables:
        """All cells of everything dbt built, by `schema.table`, rows in a fixed order."""
        with duckdb.connect(str(self.path)) as connection:
            return self._tables(connection)

    def _tables(self, connection: duckdb.DuckDBPyConnection) -> Tables:
        names = connection.execute(
            "select table_schema || '.' || table_name from information_schema.tables"
            f" where table_schema like '{self.dataset}!_%' escape '!' and table_schema != 'nav_raw'"
            " order by 1"
        ).fetchall()
        return {
            name: connection.execute(f"select * from {name} order by all").fetchall() for (name,) in names
        }

    def built_from_nothing(self) -> Tables:
        """What `tables` would be after a full refresh. The warehouse itself stays as it is."""
        if self.dataset not in _full_refreshes:
            _full_refreshes[self.dataset] = self._compile_full_refresh()
        with duckdb.connect(str(self.copied_to(self.folder / "from_nothing").path)) as connection:
            connection.execute("set timezone = 'UTC'")
            for schema in ("staging", "intermediate", "marts"):
                connection.execute(f"drop schema if exists {self.dataset}_{schema} cascade")
                connection.execute(f"create schema {self.dataset}_{schema}")
            for statement in _full_refreshes[self.dataset]:
                connection.execute(statement)
            return self._tables(connection)

    def _compile_full_refresh(self) -> list[str]:
        models = ["--select", "resource_type:model", "--indirect-selection", "empty"]  # and no tests
        result: Any = self.invoke("compile", "--full-refresh", *models)
        assert result.success, result.exception
        statements = []
        for node in (outcome.node for outcome in result.result.results):
            name, sql = f"{node.schema}.{node.alias}", node.compiled_code
            if node.config.materialized == "view":
                statements.append(f"create view {name} as ({sql})")
            elif node.config.contract.enforced:
                types = ", ".join(f"{column.name} {column.data_type}" for column in node.columns.values())
                statements.append(f"create table {name} ({types})")
                statements.append(f"insert into {name} by name ({sql})")
            else:
                statements.append(f"create table {name} as ({sql})")
        return statements


@contextmanager
def _environment(**variables: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
