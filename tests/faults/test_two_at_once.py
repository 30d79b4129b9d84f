"""A second run on a warehouse is told so and leaves, or waits; what a dead machine held is taken over."""

from __future__ import annotations

import re
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest

from extract.config import WarehouseSettings
from extract.errors import JobMarketError
from extract.warehouses.duckdb import DuckDBWarehouse
from extract.warehouses.lock import Lease, hold

TABLE = "run_lock"


def warehouse(folder: Path, local: str) -> DuckDBWarehouse:
    return DuckDBWarehouse(
        WarehouseSettings(duckdb_path=str(folder / "test.duckdb"), pipelines_dir=str(folder / local))
    )


def test_two_runs_with_other_folders_do_not_share_a_duckdb_file(tmp_path: Path) -> None:
    with (
        warehouse(tmp_path, "one").lock(),
        pytest.raises(JobMarketError, match=r"Another run holds .*test\.duckdb: process \d+ on"),
        warehouse(tmp_path, "two").lock(),
    ):
        pass
    with warehouse(tmp_path, "two").lock():
        pass


def test_a_run_that_waits_begins_when_the_other_is_done(tmp_path: Path) -> None:
    began = threading.Event()

    def wait() -> None:
        with warehouse(tmp_path, "two").lock(60):
            began.set()

    waiting = threading.Thread(target=wait)
    with warehouse(tmp_path, "one").lock():
        waiting.start()
        assert not began.is_set()
    waiting.join(60)
    assert began.is_set()


def test_a_run_waits_once_for_its_folder_and_its_warehouse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deadlines = []

    @contextmanager
    def noted(*arguments: Any) -> Iterator[None]:
        deadlines.append(arguments[-1])
        yield

    one = warehouse(tmp_path, "one")
    monkeypatch.setattr("extract.warehouses.base.file_lock", noted)
    monkeypatch.setattr(one, "_lock", noted)
    with one.lock(60):
        assert len(deadlines) == 2 and deadlines[0] == deadlines[1]


@pytest.fixture(autouse=True)
def usual_signals() -> Iterator[None]:
    """What the main thread does with SIGINT where nothing took it over; other tests' libraries may have."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def execute() -> Callable[[str], list[tuple[Any, ...]]]:
    """A DuckDB that understands the lease's statements, each atomic as BigQuery's are."""
    connection = duckdb.connect()
    connection.execute("create macro timestamp_add(moment, span) as moment + span")
    lock = threading.Lock()

    def run(sql: str) -> list[tuple[Any, ...]]:
        with lock:
            return connection.execute(sql.replace("current_timestamp()", "now()")).fetchall()

    return run


def test_one_of_many_gets_the_lease_and_the_others_are_told_who(
    execute: Callable[[str], list[tuple[Any, ...]]],
) -> None:
    leases = [Lease(execute, TABLE) for _ in range(8)]
    for lease in leases:
        lease.create_table()
    outcomes = [lease.take() for lease in leases]
    assert outcomes[0] is None
    assert all(re.fullmatch(r"process \d+ on .*, since .*", str(other)) for other in outcomes[1:])
    leases[0].release()
    assert leases[1].take() is None


def test_a_lease_whose_machine_died_is_taken_over_when_its_time_is_over_and_not_before(
    execute: Callable[[str], list[tuple[Any, ...]]],
) -> None:
    dead, living = Lease(execute, TABLE), Lease(execute, TABLE)
    dead.create_table()
    assert dead.take() is None
    with pytest.raises(JobMarketError, match="after 10 minutes takes over"), hold(living, "it", deadline=0):
        pass
    execute(f"update {TABLE} set held_until = held_until - interval 11 minute")
    with hold(living, "it", deadline=0):
        assert not dead.renew()
        dead.release()  # of what is another's
        assert Lease(execute, TABLE).take() is not None


def test_a_run_whose_lease_was_taken_over_stops_itself(
    execute: Callable[[str], list[tuple[Any, ...]]],
) -> None:
    lease = Lease(execute, TABLE)
    lease.create_table()
    waiting = threading.Event()
    with (
        pytest.raises(JobMarketError, match="another run has taken the warehouse over"),
        hold(lease, "it", deadline=0, renew_every=0.01),
    ):
        execute(f"update {TABLE} set owner = 'another', holder = ''")
        waiting.wait(60)


def test_a_run_that_cannot_renew_its_lease_stops_before_another_may_begin(
    execute: Callable[[str], list[tuple[Any, ...]]],
) -> None:
    def unreachable(sql: str) -> list[tuple[Any, ...]]:
        if is_cut.is_set():
            raise JobMarketError("no network")
        return execute(sql)

    is_cut, waiting = threading.Event(), threading.Event()
    lease = Lease(unreachable, TABLE, seconds=0.2)
    lease.create_table()
    with (
        pytest.raises(JobMarketError, match="could not be renewed"),
        hold(lease, "it", deadline=0, renew_every=0.01),
    ):
        is_cut.set()
        waiting.wait(60)
