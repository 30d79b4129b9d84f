"""Every executor gives the same rows, loses no batch, keeps its bounds, and hides what is in a task."""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest
from rich.console import Console

from demo.server import Served
from extract.config import ExecutorSettings, FeedSettings
from extract.errors import ConfigurationError, JobMarketError, SourceUnavailable
from extract.executors import bounded_map
from extract.executors import dask as dask_executor
from extract.executors.bounded_map import BatchExecutor
from extract.executors.dask import DaskExecutor
from extract.executors.factory import open_executor
from extract.executors.local import LocalExecutor
from extract.features import rules
from extract.monitoring.progress import Progress
from extract.sources.nav import source as nav_feed
from extract.sources.nav.client import FeedEndpoint
from extract.sources.nav.details import DetailBatch, fetch_details
from extract.sources.nav.state import Pending, feed_state
from tests.executors import functions
from tests.executors.bare import bare_cluster
from tests.executors.functions import POISON
from tests.job import Job

EXECUTORS = ["thread", "processes", "dask", "address"]
QUIET = Console(quiet=True, force_terminal=False)
Result = TypeVar("Result")

each_executor = pytest.mark.parametrize("executor", EXECUTORS, indirect=True)


def batches(items: int = 40, size: int = 5) -> list[list[int]]:
    return [list(range(start, start + size)) for start in range(0, items, size)]


@pytest.mark.usefixtures("small_batches")
def test_the_rows_are_the_same_on_every_executor(
    feed: Served, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    jobs = {}
    for name in EXECUTORS:
        jobs[name] = Job(tmp_path / name, feed.url)
        jobs[name].poll(executor=request.getfixturevalue(name))
    facts = jobs["thread"].facts()
    assert len(facts["ad_features"]) > 50
    assert [name for name in EXECUTORS if jobs[name].facts() != facts] == []


@each_executor
def test_a_batch_that_fails_is_retried_once_and_then_reported(
    executor: BatchExecutor, caplog: pytest.LogCaptureFixture
) -> None:
    results = list(executor.map_batches(functions.fail_on_poison, batches()))
    assert [(r.batch, r.error) for r in results if r.error] == [
        ([10, 11, 12, 13, 14], "ValueError: thirteen")
    ]
    assert sorted(number for r in results for number in r.result or []) == [*range(10), *range(15, 40)]
    assert caplog.text.count("is retried: ValueError: thirteen") == 1


@each_executor
def test_a_batch_that_succeeds_when_it_is_retried_has_no_error(
    executor: BatchExecutor, tmp_path: Path
) -> None:
    results = list(executor.map_batches(partial(functions.fail_once, folder=tmp_path), batches()))
    assert sorted(number for r in results for number in r.result or []) == list(range(40))
    assert len(list(tmp_path.iterdir())) == 2 * len(batches())


def test_ads_of_a_batch_that_fails_stay_pending_with_the_reason(
    feed: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, undisturbed = Job(tmp_path / "struck", feed.url), Job(tmp_path / "undisturbed", feed.url)
    undisturbed.poll()
    poison = sorted(row[0] for row in undisturbed.rows("ad_features"))[7]
    failed: set[str] = set()

    def fetch(ads: dict[str, Pending], **arguments: Any) -> DetailBatch:
        if poison in ads:
            failed.update(ads)
            raise MemoryError("too long a text")
        return fetch_details(ads, **arguments)

    with monkeypatch.context() as patch:
        patch.setattr(nav_feed, "BATCH", 10)
        patch.setattr(nav_feed, "fetch_details", fetch)
        job.poll()
    state = feed_state(job.warehouse)
    assert state is not None
    reason = "not fetched: MemoryError: too long a text"
    still_pending = {ad_id for ad_id, ad in state.pending.items() if ad.reason == reason}
    assert poison in still_pending and still_pending <= failed
    missing = undisturbed.facts()["ad_features"] - job.facts()["ad_features"]
    assert {row[0] for row in missing} <= failed
    job.poll()
    assert job.facts() == undisturbed.facts()


@each_executor
def test_no_more_batches_are_taken_than_the_bound_allows(executor: BatchExecutor) -> None:
    taken: list[int] = []
    most = yielded = 0

    def source() -> Iterator[list[int]]:
        for batch in batches(60, 2):
            taken.append(1)
            yield batch

    counts: list[str] = []
    for _ in executor.map_batches(functions.double, source(), max_in_flight=3, on_progress=counts.append):
        most = max(most, len(taken) - yielded)
        yielded += 1
    assert yielded == 30
    assert most == 3
    assert counts[-1].startswith("batches: 30 done, 0 in flight, 0 failed")
    assert all(re.search(r" [012] in flight", count) for count in counts)


@pytest.mark.parametrize("executor", ["thread", "processes", "dask"], indirect=True)
def test_batches_that_wait_are_not_started_once_they_are_cancelled(executor: BatchExecutor) -> None:
    results = []
    for result in executor.map_batches(functions.sleep, [[0.1]] * 40, max_in_flight=30):
        results.append(result)
        executor.cancel_pending()
    assert 1 <= len(results) < 20
    assert all(result.result for result in results)
    assert len(list(executor.map_batches(functions.double, batches()))) == 8, "it cannot be used again"


@each_executor
def test_a_function_that_always_fails_comes_to_an_end(executor: BatchExecutor) -> None:
    results = list(executor.map_batches(functions.fail_on_poison, [[POISON, POISON]] * 30))
    assert sum(len(result.batch) for result in results) == 60
    assert all(result.error for result in results)


@each_executor
def test_an_error_that_concerns_the_run_is_raised(executor: BatchExecutor) -> None:
    with pytest.raises(ConfigurationError, match="token is refused"):
        list(executor.map_batches(functions.refuse, batches()))
    assert len(list(executor.map_batches(functions.double, batches()))) == 8, "it cannot be used again"


@pytest.mark.usefixtures("small_batches")
def test_the_bound_on_requests_holds_for_all_workers_together(
    dask: DaskExecutor, feed: Served, tmp_path: Path
) -> None:
    feed.faults({"path": "feedentry", "delay_seconds": 0.01})
    Job(tmp_path, feed.url).poll(executor=dask, concurrency=5)
    assert 2 <= feed.stats()["most_at_once"] <= 5


@pytest.mark.usefixtures("small_batches")
def test_the_bound_on_requests_holds_where_a_scheduler_has_more_workers(
    bare_address: str, feed: Served, tmp_path: Path
) -> None:
    feed.faults({"path": "feedentry", "delay_seconds": 0.01})
    with DaskExecutor(ExecutorSettings(workers=1, dask_address=bare_address)) as executor:
        Job(tmp_path, feed.url).poll(executor=executor, concurrency=2)
    assert feed.stats()["most_at_once"] <= 2


def test_remote_workers_have_the_code_and_nothing_else_of_this_machine(address: DaskExecutor) -> None:
    assert _on_workers(address, functions.can_import, "dlt") == {True}
    assert _on_workers(address, functions.can_import, "demo") == {False}
    assert _on_workers(address, functions.can_import, "extract") == {False}
    set_by_dask = ("DASK_", "_THREADS", "MALLOC_", "LC_CTYPE", "PYTHON")
    names = {name for names in _on_workers(address, lambda: tuple(os.environ)) for name in names}
    assert {name for name in names if not any(mark in name for mark in set_by_dask)} <= {"PATH", "HOME"}


def _on_workers(executor: DaskExecutor, function: Callable[..., Any], *arguments: Any) -> set[Any]:
    return set(executor._client.run(function, *arguments).values())


def test_a_worker_that_has_run_older_code_runs_the_new(
    address: DaskExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Back to the first code at the end: an older version is also new when it is sent."""
    for version in (71, 72, 71):
        monkeypatch.setattr(rules, "RULES_VERSION", version)
        results = list(address.map_batches(functions.rules_version, batches()))
        assert [result.result for result in results] == [[version]] * 8


def test_neither_the_scheduler_nor_a_log_nor_an_environment_shows_the_token(
    address: DaskExecutor, tmp_path: Path
) -> None:
    settings = FeedSettings(token="hush.hush.hush")
    endpoint = FeedEndpoint(settings)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    function = partial(functions.wait_for_pipe, token=(endpoint, settings))
    future = address._submit(function, [str(pipe)])
    client = address._client
    with pipe.open("w"):  # waits until the worker runs the task
        shown = client.run_on_scheduler(functions.everything_shown)
    assert "run_task-" in shown
    assert "hush" not in shown
    assert "wait_for_pipe" not in shown
    assert "ValueError" in (future.result(60)[1])
    texts = [client.get_worker_logs(), client.get_scheduler_logs(), client.run(lambda: dict(os.environ))]
    assert "hush" not in str(texts)


def test_the_dashboard_of_a_local_cluster_can_be_opened(dask: DaskExecutor) -> None:
    counts: list[str] = []
    list(dask.map_batches(functions.double, batches(), on_progress=counts.append))
    with urllib.request.urlopen(counts[-1].rpartition("; ")[2], timeout=10) as answer:
        assert b"Dask" in answer.read()


def test_a_scheduler_that_does_not_answer_is_reported_before_anything_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dask_executor, "CONNECT_TIMEOUT", 0.2)
    executor = DaskExecutor(ExecutorSettings(dask_address="tcp://127.0.0.1:9"))
    with (
        pytest.raises(SourceUnavailable, match=r"No Dask scheduler answers at tcp://127\.0\.0\.1:9"),
        executor,
    ):
        raise AssertionError("it was entered")


@pytest.mark.parametrize("address", ["tpc://127.0.0.1:8786", "tcp://127.0.0.1", "tcp://127.0.0.1:many"])
def test_an_address_that_cannot_be_one_of_a_scheduler_is_a_wrong_setting(address: str) -> None:
    executor = DaskExecutor(ExecutorSettings(dask_address=address))
    with pytest.raises(ConfigurationError, match=r"executor\.dask_address '"), executor:
        raise AssertionError("it was entered")


def test_an_address_of_another_kind_is_refused() -> None:
    executor = DaskExecutor(ExecutorSettings(dask_address="http://127.0.0.1:8786"))
    with pytest.raises(ConfigurationError, match="unknown address scheme 'http'"), executor:
        raise AssertionError("it was entered")


def test_without_any_worker_the_run_ends_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_executor, "NO_WORKER_TIMEOUT", 0.5)
    monkeypatch.setattr(bounded_map, "CHECK_SECONDS", 0.1)
    with (
        bare_cluster(tmp_path, workers=0) as address,
        DaskExecutor(ExecutorSettings(dask_address=address)) as executor,
        pytest.raises(JobMarketError, match=r"Dask has no workers \(.*\)\. What was loaded is kept"),
    ):
        list(executor.map_batches(functions.double, batches()))


def test_a_scheduler_that_is_lost_ends_the_run_with_a_sentence(tmp_path: Path) -> None:
    with (
        pytest.raises(JobMarketError, match="Dask scheduler is lost"),
        bare_cluster(tmp_path, workers=0) as address,
        DaskExecutor(ExecutorSettings(dask_address=address)) as executor,
    ):
        scheduler = executor._client.run_on_scheduler(os.getpid)
        running = executor.map_batches(functions.double, iter(batches()))
        executor._submit(functions.double, [1])
        os.kill(scheduler, signal.SIGKILL)
        list(running)


def test_an_executor_opens_for_its_first_batch_and_is_closed_after_an_error() -> None:
    for executor in (open_executor(name) for name in ("local", "dask")):
        with pytest.raises(KeyboardInterrupt), executor:
            assert list(executor.map_batches(functions.double, [])) == []
            assert executor._pool is None
            for _ in executor.map_batches(functions.sleep, [[0], [600], [600]]):
                raise KeyboardInterrupt
        assert executor._pool is None


def test_processes_end_in_the_middle_of_a_batch() -> None:
    before = set(multiprocessing.active_children())
    with LocalExecutor(2) as executor:
        first = next(executor.map_batches(functions.sleep, [[0], [600], [600]]))
        assert first.result != [os.getpid()]
        assert set(multiprocessing.active_children()) > before
    assert set(multiprocessing.active_children()) <= before


def test_processes_end_with_a_run_that_is_killed(tmp_path: Path) -> None:
    running = subprocess.Popen(
        [sys.executable, "-m", "tests.executors.endless", str(tmp_path)], stderr=subprocess.DEVNULL
    )
    workers = _within_seconds(
        60, lambda: [int(path.name) for path in tmp_path.glob("*") if running.poll() is None]
    )
    running.kill()
    running.wait()
    assert workers
    assert _within_seconds(60, lambda: not any(map(_is_running, workers)))


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def _within_seconds(seconds: int, function: Callable[[], Result]) -> Result:
    until = time.monotonic() + seconds
    while not (result := function()) and time.monotonic() < until:
        time.sleep(0.05)
    return result


# The tests that kill workers are the last: their successors have all to import again.


class _Killer(Progress):
    """Kills a worker that runs a batch, once."""

    def __init__(self, executor: DaskExecutor) -> None:
        super().__init__(QUIET)
        self.executor = executor
        self.killed: list[int] = []

    def details(self, settled: int, failed: int) -> None:
        client = self.executor._client
        busy = [worker for worker, keys in client.processing().items() if keys]
        if busy and not self.killed:
            self.killed += client.run(os.getpid, workers=busy[:1]).values()
            os.kill(self.killed[0], signal.SIGKILL)


@pytest.mark.usefixtures("small_batches")
def test_a_run_whose_worker_is_killed_loads_all_rows(
    dask: DaskExecutor, feed: Served, tmp_path: Path
) -> None:
    undisturbed, struck = Job(tmp_path / "undisturbed", feed.url), Job(tmp_path / "struck", feed.url)
    undisturbed.poll()
    feed.faults({"path": "feedentry", "delay_seconds": 0.05})
    killer = _Killer(dask)
    struck.poll(executor=dask, progress=killer)
    assert killer.killed
    assert struck.facts() == undisturbed.facts()


@pytest.mark.parametrize("executor", ["processes", "dask"], indirect=True)
def test_a_worker_that_is_killed_in_the_middle_of_a_batch_costs_nothing(
    executor: BatchExecutor, tmp_path: Path
) -> None:
    killed = tmp_path / "killed"
    results = list(executor.map_batches(partial(functions.kill_once, killed=killed), batches()))
    assert killed.exists()
    assert sorted(number for r in results for number in r.result or []) == list(range(40))


@pytest.mark.parametrize(
    ("executor", "error"),
    [("processes", "BrokenProcessPool"), ("dask", "KilledWorker")],
    indirect=["executor"],
)
def test_a_batch_that_kills_its_workers_fails_and_the_others_complete(
    executor: BatchExecutor, error: str
) -> None:
    results = list(executor.map_batches(functions.kill_on_poison, batches(16, 2), max_in_flight=6))
    assert [(r.batch, error in (r.error or "")) for r in results if r.error] == [([12, POISON], True)]
    assert len([number for r in results for number in r.result or []]) == 14
