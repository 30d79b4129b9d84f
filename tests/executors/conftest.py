"""One cluster of each kind for all tests of the executors; a small world to fetch."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import cloudpickle
import pytest

from demo.server import Served, serving
from demo.world import World
from extract.config import ExecutorSettings
from extract.executors.bounded_map import BatchExecutor
from extract.executors.dask import DaskExecutor
from extract.executors.local import LocalExecutor
from extract.sources.nav import source as nav_feed
from tests.executors import functions
from tests.executors.bare import bare_cluster

END = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def executor(request: pytest.FixtureRequest) -> BatchExecutor:
    """The executor that the test's parameter names."""
    found: BatchExecutor = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def thread() -> Iterator[LocalExecutor]:
    with LocalExecutor(1) as executor:
        yield executor


@pytest.fixture(scope="package")
def processes() -> Iterator[LocalExecutor]:
    with LocalExecutor(2) as executor:
        yield executor


@pytest.fixture(scope="package")
def dask() -> Iterator[DaskExecutor]:
    """A LocalCluster of two processes."""
    with DaskExecutor(ExecutorSettings(workers=2)) as executor:
        yield executor


@pytest.fixture(scope="package")
def bare_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a scheduler whose workers know nothing of the project."""
    cloudpickle.register_pickle_by_value(functions)
    with bare_cluster(tmp_path_factory.mktemp("bare")) as address:
        yield address
    cloudpickle.unregister_pickle_by_value(functions)


@pytest.fixture(scope="package")
def address(bare_address: str) -> Iterator[DaskExecutor]:
    """An executor on that scheduler."""
    with DaskExecutor(ExecutorSettings(workers=2, dask_address=bare_address)) as executor:
        yield executor


@pytest.fixture(scope="package")
def world() -> World:
    return World(seed=11, days=4, ads_a_day=40, until=END)


@pytest.fixture
def feed(world: World) -> Iterator[Served]:
    with serving(world) as served:
        yield served


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """A world of hundred ads makes a dozen batches, as the real feed's does."""
    monkeypatch.setattr(nav_feed, "BATCH", 10)
