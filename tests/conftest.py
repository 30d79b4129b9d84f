"""Which process runs which test, what all tests share, and what a file leaves behind."""

from __future__ import annotations

import gc
import os
import ssl
from collections.abc import Iterator
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import dlt
import pytest
from xdist.scheduler import LoadScopeScheduling

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

    from tests.dbt.warehouse import Warehouse

# dlt and dbt make and drop millions of small objects: looking at them less often saves a tenth of the CPU.
gc.set_threshold(100_000, 50, 50)


TOGETHER = ("tests/bigquery/", "tests/executors/", "tests/page/")
"""Folders whose files share servers, warehouses and clusters."""


class ByFile(LoadScopeScheduling):
    """A file is one piece of work, and so is a folder of TOGETHER."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::")[0]
        return next((folder for folder in TOGETHER if file.startswith(folder)), file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    return ByFile(config, log)


@pytest.fixture(scope="module", autouse=True)
def no_variable_outlives_its_file() -> Iterator[None]:
    """A build in this process tells dbt by variables where to write, as the command does in its own."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session", autouse=True)
def duckdb_opens_its_file_once_a_load() -> Iterator[None]:
    """dlt opens it for each table, a third of the time of a small load."""
    load = dlt.Pipeline.load

    def with_the_file_open(pipeline: dlt.Pipeline, *arguments: Any, **options: Any) -> Any:
        if pipeline.destination is None or pipeline.destination.destination_name != "duckdb":
            return load(pipeline, *arguments, **options)
        with pipeline.sql_client():
            return load(pipeline, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dlt.Pipeline, "load", with_the_file_open)
        yield


@pytest.fixture(scope="session", autouse=True)
def certificates_are_read_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ssl, "create_default_context", cache(ssl.create_default_context))
        yield


@pytest.fixture(scope="session")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    """The dbt project, parsed for a file `job_market.duckdb`."""
    from tests.dbt.warehouse import Warehouse

    return Warehouse(tmp_path_factory.mktemp("parse")).parsed()


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory, manifest: Manifest) -> Warehouse:
    """Empty raw tables and the seeds. Not to be changed, but copied."""
    from tests.dbt.warehouse import Warehouse

    warehouse = Warehouse(tmp_path_factory.mktemp("seeded"), manifest)
    warehouse.dbt("seed")
    return warehouse


@pytest.fixture(scope="session")
def manifest_of_jobs(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    """The dbt project, parsed for a file `test.duckdb`, as a Job has it."""
    from tests.dbt.warehouse import Warehouse

    return Warehouse(tmp_path_factory.mktemp("parse"), file="test.duckdb").parsed()


@pytest.fixture
def builds_need_not_parse(manifest_of_jobs: Manifest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Builds of a Job's warehouse in this process take the project as parsed once."""
    from dbt.cli.main import dbtRunner

    monkeypatch.setattr("dbt.cli.main.dbtRunner", partial(dbtRunner, manifest_of_jobs))
