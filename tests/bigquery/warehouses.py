"""The dbt project built in DuckDB and in BigQuery from the same raw rows, step by step.

Flow: a load into both -> dbt, in this process, on both -> all tables read from both -> next step.
What dbt says to BigQuery meanwhile is recorded for the analyzer.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import duckdb
import pyarrow as pa

from extract.warehouses.credentials import Key
from tests.bigquery import raw_rows
from tests.bigquery.analyzer import Recording
from tests.bigquery.emulator import BigQueryEmulator
from tests.dbt.raw import RawTables

PROJECT_DIR = Path(__file__).parents[2]
PROFILES = PROJECT_DIR / "profiles.example.yml"
Manifest = dict[str, Any]


@dataclass
class Dbt:
    """dbt with the project's example profile, as a user copies it, and files under `folder`.

    The project is parsed once, for the first command that reads it.
    """

    target: str
    folder: Path
    environment: dict[str, str]
    project_dir: Path = PROJECT_DIR
    parsed: Any = None

    def __call__(self, *arguments: str, listener: Callable[[Any], None] | None = None) -> list[str]:
        """Run dbt; returns what went wrong, a line a node."""
        from dbt.cli.main import dbtRunner

        self.folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROFILES, self.folder / "profiles.yml")
        where = {
            "--project-dir": self.project_dir,
            "--profiles-dir": self.folder,
            "--target": self.target,
        }
        # `dbt debug` has no option for these two.
        outputs = {
            "DBT_TARGET_PATH": str(self.folder / "target"),
            "DBT_LOG_PATH": str(self.folder / "logs"),
        }
        options = [text for name, value in where.items() for text in (name, str(value))]
        with mock.patch.dict(os.environ, self.environment | outputs):
            if self.parsed is None and arguments[0] != "debug":
                self.parsed = dbtRunner().invoke(["parse", "--quiet", *options]).result
            runner = dbtRunner(self.parsed, callbacks=[listener] if listener else [])
            done = runner.invoke([*arguments, "--quiet", "--no-use-colors", *options])
        if done.exception:
            return [str(done.exception)]
        complaints = [
            f"{result.node.unique_id}: {result.status}: {result.message}"
            for result in getattr(done.result, "results", [])
            if result.status in ("error", "fail", "skipped")
        ]
        return complaints or ([] if done.success else [f"dbt {arguments[0]} failed"])

    def manifest(self) -> Manifest:
        """manifest.json of the last run."""
        found: Manifest = json.loads((self.folder / "target" / "manifest.json").read_text())
        return found


def bigquery_dbt(
    emulator: BigQueryEmulator, folder: Path, project_dir: Path = PROJECT_DIR, **settings: str
) -> Dbt:
    """dbt on the emulator, with the credentials module's environment and these settings."""
    key = Key("a test", emulator.project, emulator.key)
    where = {"JOB_MARKET_BIGQUERY_LOCATION": emulator.location}
    environment = emulator.environment() | key.dbt_environment() | where | settings
    return Dbt("bigquery", folder, environment, project_dir)


@dataclass(frozen=True)
class Step:
    """Both warehouses after a step, and what dbt had to complain of."""

    name: str
    complaints: list[str]
    duckdb: dict[str, pa.Table]
    bigquery: dict[str, pa.Table]
    statements: int
    """How many of the recorded statements were sent by its end."""


@dataclass
class BothWarehouses:
    """The steps, what dbt sent to BigQuery, and the seeds' columns there."""

    folder: Path
    steps: list[Step] = field(default_factory=list)
    recording: Recording = field(default_factory=Recording)
    manifest: Manifest = field(default_factory=dict)
    seeds: dict[tuple[str, str, str], list[tuple[str, str]]] = field(default_factory=dict)


def tables_of(manifest: Manifest) -> list[str]:
    """schema.table of every model that is a table or a view."""
    return sorted(
        f"{node['schema']}.{node['alias']}"
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["config"]["materialized"] != "ephemeral"
    )


def build_both(emulator: BigQueryEmulator, folder: Path, parsed_for_duckdb: Any) -> BothWarehouses:
    """Four loads, the second read in part and then with the third; a full refresh at the end."""
    file = folder / "job_market.duckdb"
    environment = {"JOB_MARKET_DUCKDB_PATH": str(file)}
    on_duckdb = Dbt("duckdb", folder / "on_duckdb", environment, parsed=parsed_for_duckdb)
    on_bigquery = bigquery_dbt(emulator, folder / "on_bigquery")
    both, client = BothWarehouses(folder), emulator.client()
    raw_rows.create_in_bigquery(client)

    def step(name: str, *arguments: str) -> None:
        complaints = on_duckdb(*arguments)
        complaints += on_bigquery(*arguments, listener=both.recording.add)
        both.manifest = on_bigquery.manifest()
        tables = tables_of(both.manifest)
        rows = _from_duckdb(file, tables), from_bigquery(client, tables)
        both.steps.append(Step(name, complaints, *rows, len(both.recording.statements)))

    for name, load in zip(("first load", "load 2", "register", "load 3"), raw_rows.loads(), strict=True):
        with RawTables(file) as raw:
            raw_rows.mirror(raw, load.append_to(raw), client)
        if name == "first load":
            # dbt's tests are sent once, after the last load
            step(name, "build", "--exclude-resource-type", "test")
            step("nothing new", "run", "--select", "config.materialized:incremental")
        elif name == "load 2":
            step("load 2 in part", "run", "--select", "stg_loads", "int_ads+")
        elif name == "register":
            step("load 2 and register", "run")
        elif name == "load 3":
            step(name, "build", "--exclude-resource-type", "unit_test", "seed")
    step("full refresh", "run", "--full-refresh")
    both.seeds = _seed_columns(client, both.manifest)
    client.close()
    return both


def _from_duckdb(file: Path, tables: Sequence[str]) -> dict[str, pa.Table]:
    with duckdb.connect(str(file)) as connection:
        connection.execute("set timezone = 'UTC'")
        there = {
            f"{schema}.{table}"
            for schema, table in connection.execute(
                "select table_schema, table_name from information_schema.tables"
            ).fetchall()
        }
        return {
            table: connection.sql(f"select * from {table}").to_arrow_table()
            for table in tables
            if table in there
        }


def from_bigquery(client: Any, tables: Sequence[str]) -> dict[str, pa.Table]:
    from google.api_core.exceptions import NotFound

    found = {}
    for table in tables:
        try:
            rows = client.query(f"select * from {table}").result(timeout=raw_rows.SOON)
        except NotFound:
            continue
        found[table] = rows.to_arrow(create_bqstorage_client=False)
    return found


def _seed_columns(client: Any, manifest: Manifest) -> dict[tuple[str, str, str], list[tuple[str, str]]]:
    """dbt loads seeds with a load job and not with SQL; their columns are asked for."""
    found = {}
    for node in manifest["nodes"].values():
        if node["resource_type"] == "seed":
            name = (node["database"], node["schema"], node["alias"])
            table = client.get_table(".".join(name), timeout=raw_rows.SOON)
            found[name] = [(column.name, column.field_type) for column in table.schema]
    return found
