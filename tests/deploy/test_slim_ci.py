"""A change is checked beside production: only what it touches is built; production stays as it is."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from dbt.cli.main import dbtRunner

from deploy import slim_ci
from extract import dbt as transform
from extract.config import WarehouseSettings
from extract.warehouses.duckdb import DuckDBWarehouse
from tests.dbt.raw import RawTables, event, version
from tests.projects import Checkout

STAGED = "models/staging/stg_feed_loads.sql"


class Project(Checkout):
    """A copy of the project, the production that was built from it, and its state put aside."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        super().__init__(folder / "project", patch)
        self.state = folder / "state"
        self.file = self.folder / "job_market.duckdb"
        self.production = self.warehouse("nav")

    def warehouse(self, dataset: str) -> DuckDBWarehouse:
        return DuckDBWarehouse(WarehouseSettings(duckdb_path=str(self.file), dataset=dataset))

    def check(self) -> slim_ci.Checked:
        return slim_ci.check_change(self.warehouse("ci_7"), self.state)

    def tables(self) -> dict[str, int]:
        """Rows by table of all schemas."""
        names = self.production.query("select schema_name || '.' || table_name from duckdb_tables()")
        return {name: self.production.query(f"select count(*) from {name}")[0][0] for (name,) in names}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Production built from a copy of the project, whose files a test may change for a while."""
    with pytest.MonkeyPatch.context() as patch:
        checkout = Project(tmp_path_factory.mktemp("checkout"), patch)
        with RawTables(checkout.file) as raw:
            now = datetime.now(UTC)
            content = version("a", {"published": "2026-05-01T08:00:00Z"}, now)
            raw.append(events=[event("a", "ACTIVE", now)], versions=[content], at=now)
        without_tests = ("--quiet", "build", "--exclude-resource-type", "unit_test", "test")
        assert transform.run_dbt(checkout.production, *without_tests).success
        shutil.copytree(checkout.folder / "target", checkout.state)
        yield checkout


def test_a_changed_staging_model_is_built_with_what_depends_on_it_and_with_nothing_else(
    checkout: Project,
) -> None:
    before = checkout.tables()
    with checkout.changed(STAGED, "pages_read,", "pages_read + 1000 as pages_read,"):
        assert checkout.check() == (["stg_feed_loads", "pipeline_health"], True)

    health = checkout.compiled("pipeline_health")
    assert '"ci_7_staging"."stg_feed_loads"' in health
    assert '"nav_staging"."stg_loads"' in health
    assert checkout.tables() == before, "production was written, or the datasets were not dropped"
    assert checkout.production.query("select max(pages_read) from nav_marts.pipeline_health") == [(1,)]


def test_a_change_that_fails_its_tests_is_reported_and_leaves_nothing_behind(checkout: Project) -> None:
    before = checkout.tables()
    with checkout.changed(STAGED, "        load_key,", "        cast(null as varchar) as load_key,"):
        assert not checkout.check().passed
    assert checkout.tables() == before


def test_an_unchanged_project_touches_no_model(checkout: Project) -> None:
    assert checkout.check() == ([], True)


def test_only_datasets_of_a_pull_request_can_be_dropped(checkout: Project) -> None:
    before = checkout.tables()
    where = ["--project-dir", str(checkout.folder), "--profiles-dir", str(checkout.folder)]
    for name in ("nav", "ci_8"):
        done = dbtRunner().invoke(["run-operation", "drop_datasets", "--args", f"{{name: {name}}}", *where])
        assert not done.success
    checkout.production.after_dbt()
    assert checkout.tables() == before


def test_a_name_that_could_be_productions_is_refused(checkout: Project) -> None:
    with pytest.raises(SystemExit, match="2"):
        slim_ci.main(["--state", str(checkout.state), "--name", "nav"])
