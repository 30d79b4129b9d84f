"""Which process runs which test (a folder shares what is dear to make), and what a file leaves behind."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from typing import Any

import dlt
import pytest
from xdist.scheduler import LoadScopeScheduling

# dlt and dbt make and drop millions of small objects: looking at them less often saves a tenth of the CPU.
gc.set_threshold(100_000, 50, 50)


class ByFolder(LoadScopeScheduling):
    """tests/bigquery/... is one piece of work, and so is tests/test_docs.py."""

    def _split_scope(self, nodeid: str) -> str:
        return "/".join(nodeid.split("::")[0].split("/")[:2])


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFolder:
    return ByFolder(config, log)


@pytest.fixture(scope="module", autouse=True)
def no_variable_outlives_its_file() -> Iterator[None]:
    """A build in this process tells dbt by variables where to write, as the command does in its own."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session", autouse=True)
def duckdb_opens_its_file_once_a_load() -> Iterator[None]:
    """dlt opens it for each table, a third of the time of a small load. The command does so in its process."""
    load = dlt.Pipeline.load

    def with_the_file_open(pipeline: dlt.Pipeline, *arguments: Any, **options: Any) -> Any:
        if pipeline.destination is None or pipeline.destination.destination_name != "duckdb":
            return load(pipeline, *arguments, **options)
        with pipeline.sql_client():
            return load(pipeline, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dlt.Pipeline, "load", with_the_file_open)
        yield
