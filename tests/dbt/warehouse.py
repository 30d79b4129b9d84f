"""dbt run in this process on a DuckDB file of its own: build, look at every table, put it back.

The project is parsed once for all tests; a build of the whole project then takes two to three seconds.
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


class Warehouse:
    """A DuckDB file `job_market.duckdb` under `folder`, with empty raw tables at first."""

    def __init__(self, folder: Path, manifest: Manifest | None = None) -> None:
        self.folder = folder
        self.path = folder / "job_market.duckdb"
        self.manifest = manifest
        self.dataset = "nav"
        shutil.copy(PROJECT / "profiles.example.yml", folder / "profiles.yml")
        self.raw().__exit__()

    def raw(self) -> RawTables:
        """The raw tables, to append loads to; to be used as a context manager."""
        return RawTables(self.path)

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
        kept = self.path.with_suffix(".kept")
        shutil.copy(self.path, kept)
        try:
            self.dbt("run", "--full-refresh")
            return self.tables()
        finally:
            kept.replace(self.path)


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
