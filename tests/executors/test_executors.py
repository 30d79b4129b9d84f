"""Every engine gives the same rows, loses no batch, keeps its bounds, and hides what is in a task."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from demo.server import Served
from extract.config import FeedSettings
from extract.errors import ConfigurationError, JobMarketError, SourceUnavailable
from extract.executors.dask import DaskEngine
from extract.executors.engine import Counts, Engine, Result
from extract.executors.local import MANY, Here, map_here
from extract.executors.processes import Processes
from extract.executors.settings import EngineSettings
from extract.monitoring.progress import Progress
from extract.sources.nav import source as nav_feed
from extract.sources.nav.client import Token
from extract.sources.nav.details import DetailBatch, OwedAd, fetch_details
from extract.sources.nav.stored import feed_state
from tests.executors import functions
from tests.executors.functions import POISON
from tests.job import Job

ENGINES = ["here", "processes", "dask", "bare"]
QUIET = Console(quiet=True, force_terminal=False)


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> Engine:
    """The engine that the test's parameter names."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def here() -> Iterator[Engine]:
    """Threads, as for few batches."""
    with Here(2) as engine:
        yield engine
        assert isinstance(engine._pool, ThreadPoolExecutor | None)


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """Processes, as for many batches."""
    monkeypatch.setattr("extract.executors.local.MANY", 0)
    with Here(2) as engine:
        yield engine
        assert isinstance(engine._pool, Processes)


each_engine = pytest.mark.parametrize("engine", ENGINES, indirect=True)


def test_the_dashboard_of_this_machines_cluster_can_be_opened(dask: DaskEngine) -> None:
    seen: list[Counts] = []
    list(dask.map(functions.doubled, batches(), watch=seen.append))
    assert seen[-1].dashboard is not None
    with urllib.request.urlopen(seen[-1].dashboard, timeout=10) as answer:
        assert b"Dask" in answer.read()


def batches(items: int = 40, size: int = 5) -> list[list[int]]:
    return [list(range(start, start + size)) for start in range(0, items, size)]


@pytest.mark.usefixtures("small_batches")
def test_the_rows_are_the_same_on_every_engine(
    feed: Served, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    jobs = {}
    for name in ENGINES:
        jobs[name] = Job(tmp_path / name, feed.url)
        jobs[name].poll(engine=request.getfixturevalue(name))
    facts = jobs["here"].facts()
    assert len(facts["ad_features"]) > 50
    assert [name for name in ENGINES if jobs[name].facts() != facts] == []


def test_who_needs_every_result_is_told_of_the_one_that_fails() -> None:
    assert sorted(map_here(functions.doubled, batches(), 2)) == [functions.doubled(b) for b in batches()]
    with pytest.raises(JobMarketError, match="A batch of 1 cannot be worked on: ValueError: thirteen"):
        list(map_here(functions.careful, batches(), 2))


def test_what_is_not_shipped_is_missing_on_a_bare_worker(bare: Any) -> None:
    client = bare.submit(functions.doubled, [1], ()).client
    assert set(client.run(functions.known_spec, "dlt").values()) == {True}
    assert set(client.run(functions.known_spec, "demo").values()) == {False}
    assert set(client.run(functions.known_spec, "extract").values()) == {True}
    where = client.run(lambda: __import__("extract").__file__)
    assert all("job-market-code-" in path for path in where.values())
    assert all(set(names) <= {"PATH", "HOME"} | own for names, own in _environments(client))


def _environments(client: Any) -> list[tuple[list[str], set[str]]]:
    """The variables of each worker, and those that Dask sets itself."""
    told = client.run(lambda: list(os.environ))
    own = ("DASK_", "_THREADS", "MALLOC_", "LC_CTYPE", "PYTHON")
    return [(names, {name for name in names if any(mark in name for mark in own)}) for names in told.values()]


@each_engine
def test_a_batch_that_a_worker_cannot_do_is_narrowed_down_to_what_spoils_it(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    outcomes = list(engine.map(functions.careful, batches()))
    assert [(o.batch, o.failure) for o in outcomes if o.failure] == [([POISON], "ValueError: thirteen")]
    done = sorted(number for o in outcomes for number in o.result or [])
    assert done == [number for number in range(40) if number != POISON]
    assert "again: ValueError: thirteen" in caplog.text


def test_an_ad_that_no_worker_can_do_stays_owed_with_the_reason_and_the_others_come(
    feed: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = Job(tmp_path / "struck", feed.url)
    whole = Job(tmp_path / "whole", feed.url)
    whole.poll()
    poison = sorted(row[0] for row in whole.rows("ad_features"))[7]

    def fetch(ads: list[OwedAd], **arguments: Any) -> DetailBatch:
        if poison in {ad.ad_id for ad in ads}:
            raise MemoryError("too long a text")
        return fetch_details(ads, **arguments)

    with monkeypatch.context() as patch:
        patch.setattr(nav_feed, "fetch_details", fetch)
        job.poll()
    state = feed_state(job.warehouse)
    assert state is not None
    assert state.owed[poison].reason == "not fetched: MemoryError: too long a text"
    missing = whole.facts()["ad_features"] - job.facts()["ad_features"]
    assert {row[0] for row in missing} == {poison}
    job.poll()
    assert job.facts() == whole.facts()


@each_engine
def test_no_more_batches_are_taken_than_the_bound_allows(engine: Engine) -> None:
    taken: list[int] = []
    most = yielded = 0

    def source() -> Iterator[list[int]]:
        for batch in batches(60, 2):
            taken.append(1)
            yield batch

    counts: list[Counts] = []
    for _ in engine.map(functions.doubled, source(), at_once=3, watch=counts.append):
        most = max(most, len(taken) - yielded)
        yielded += 1
    assert yielded == 30
    assert most == 3
    assert (counts[-1].done, counts[-1].in_flight, counts[-1].failed) == (30, 0, 0)
    assert max(count.in_flight for count in counts) <= 2


@pytest.mark.parametrize("engine", ["here", "processes", "dask"], indirect=True)
def test_batches_that_wait_are_not_begun_once_the_map_is_to_end(engine: Engine) -> None:
    outcomes = []
    for outcome in engine.map(functions.slept, [[0.1]] * 40, at_once=30):
        outcomes.append(outcome)
        engine.begin_no_more()
    assert 1 <= len(outcomes) <= 6
    assert all(outcome.result for outcome in outcomes)
    assert len(list(engine.map(functions.doubled, batches()))) == 8, "it can be used no more"


@each_engine
def test_a_trouble_of_all_batches_is_told_and_does_not_go_on_for_ever(engine: Engine) -> None:
    outcomes = list(engine.map(functions.careful, [[POISON, POISON]] * 30))
    assert sum(len(outcome.batch) for outcome in outcomes) == 60
    assert all(outcome.failure for outcome in outcomes)


@each_engine
def test_an_error_that_concerns_the_run_ends_it(engine: Engine) -> None:
    with pytest.raises(ConfigurationError, match="token is refused"):
        list(engine.map(functions.refused, batches()))
    assert len(list(engine.map(functions.doubled, batches()))) == 8, "it can be used no more"


@pytest.mark.usefixtures("small_batches")
def test_the_bound_on_requests_holds_for_all_workers_together(
    dask: Any, feed: Served, tmp_path: Path
) -> None:
    feed.faults({"path": "feedentry", "delay_seconds": 0.01})
    Job(tmp_path, feed.url).poll(engine=dask, concurrency=5)
    assert 2 <= feed.stats()["most_at_once"] <= 5


@pytest.mark.usefixtures("small_batches")
def test_the_bound_on_requests_holds_where_others_have_more_workers(
    bare_address: str, feed: Served, tmp_path: Path
) -> None:
    feed.faults({"path": "feedentry", "delay_seconds": 0.01})
    with DaskEngine(EngineSettings(workers=1, dask_address=bare_address)) as engine:
        Job(tmp_path, feed.url).poll(engine=engine, concurrency=2)
    assert feed.stats()["most_at_once"] <= 2


def test_neither_the_scheduler_nor_a_log_nor_an_environment_shows_the_token(
    bare: Any, tmp_path: Path
) -> None:
    token, settings = Token("hush.hush.hush"), FeedSettings(token="hush.hush.hush")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    function = partial(functions.held, token=(token, settings))
    future = bare.submit(function, [str(pipe)], ())
    client = future.client
    with pipe.open("w"):  # waits for the worker to have the task in hand
        shown = client.run_on_scheduler(functions.everything_shown)
    assert future.key in shown
    assert "hush" not in shown
    assert "ValueError" in (bare.attempt(future).failure or "")
    told = [client.get_worker_logs(), client.get_scheduler_logs(), client.run(lambda: dict(os.environ))]
    assert "hush" not in str(told)


def test_a_scheduler_that_is_not_there_is_told_before_anything_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("extract.executors.dask.CONNECT_SECONDS", 0.2)
    engine = DaskEngine(EngineSettings(dask_address="tcp://127.0.0.1:9"))
    with pytest.raises(SourceUnavailable, match=r"No Dask scheduler answers at tcp://127\.0\.0\.1:9"), engine:
        raise AssertionError("it was entered")


def test_an_engine_opens_for_its_first_batch_and_is_closed_after_an_error() -> None:
    engine = Here(2)
    with pytest.raises(KeyboardInterrupt), engine:
        assert list(engine.map(functions.doubled, [])) == []
        assert engine._pool is None
        for _ in engine.map(functions.doubled, batches()):
            raise KeyboardInterrupt
    assert engine._pool is None


def test_processes_are_for_many_batches_and_end_in_the_middle_of_one() -> None:
    with Here(2) as engine:
        list(engine.map(functions.doubled, batches(), expected=MANY - 1))
        assert isinstance(engine._pool, ThreadPoolExecutor)
    with Here(2) as engine:
        first = next(engine.map(functions.slept, [[0], [600], [600]], expected=MANY))
        assert isinstance(engine._pool, Processes)
    assert first.result != [os.getpid()]
    left = [type(child).__name__ for child in multiprocessing.active_children()]
    assert "ForkServerProcess" not in left


def test_processes_do_without_pandas() -> None:
    with Here(2) as engine:
        assert [o.result for o in engine.map(functions.has_pandas, [[1]], expected=MANY)] == [[False]]


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
    assert _within_seconds(60, lambda: not any(map(_is_there, workers)))


def _is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def _within_seconds(seconds: int, found: Callable[[], Result]) -> Result:
    until = time.monotonic() + seconds
    while not (result := found()) and time.monotonic() < until:
        time.sleep(0.05)
    return result


# The workers that are killed come last: their successors have all to import again.


class _Killer(Progress):
    """Kills a worker that has a batch in hand, once."""

    def __init__(self, client: Any) -> None:
        super().__init__(QUIET)
        self.client = client
        self.killed: list[int] = []

    def details(self, settled: int, failed: int) -> None:
        busy = [worker for worker, keys in self.client.processing().items() if keys]
        if busy and not self.killed:
            self.killed += self.client.run(os.getpid, workers=busy[:1]).values()
            os.kill(self.killed[0], signal.SIGKILL)


@pytest.mark.usefixtures("small_batches")
def test_a_run_whose_worker_is_killed_brings_all_rows(dask: Any, feed: Served, tmp_path: Path) -> None:
    whole, struck = Job(tmp_path / "whole", feed.url), Job(tmp_path / "struck", feed.url)
    whole.poll()
    feed.faults({"path": "feedentry", "delay_seconds": 0.05})
    killer = _Killer(dask.submit(functions.doubled, [1], ()).client)
    struck.poll(engine=dask, progress=killer)
    assert killer.killed
    assert struck.facts() == whole.facts()


@pytest.mark.parametrize("engine", ["processes", "dask"], indirect=True)
def test_a_worker_that_dies_in_mid_batch_costs_nothing(engine: Engine, tmp_path: Path) -> None:
    mark = tmp_path / "dead"
    outcomes = list(engine.map(partial(functions.once_deadly, mark=mark), batches()))
    assert mark.exists()
    assert sorted(number for o in outcomes for number in o.result or []) == list(range(40))


@pytest.mark.parametrize(
    ("engine", "reason"), [("processes", "a process died"), ("dask", "2 workers died")], indirect=["engine"]
)
def test_a_batch_that_kills_its_workers_is_named_and_the_others_are_done(engine: Engine, reason: str) -> None:
    outcomes = list(engine.map(functions.deadly, batches(16, 2)))
    assert [o.batch for o in outcomes if o.failure] == [[POISON]]
    assert reason in str([o.failure for o in outcomes if o.failure])
    assert len([number for o in outcomes for number in o.result or []]) == 15
