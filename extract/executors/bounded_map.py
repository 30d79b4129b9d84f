"""Run a function over batches on an executor of concurrent.futures, with a bound on the batches in flight."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextlib import ExitStack
from itertools import islice
from typing import Any, Generic, NamedTuple, Self, TypeVar

from extract.errors import JobMarketError

CHECK_SECONDS = 5
"""The time between two checks of the workers while no batch completes."""

Batch = TypeVar("Batch")
Result = TypeVar("Result")

logger = logging.getLogger(__name__)


class BatchResult(NamedTuple, Generic[Batch, Result]):
    """A batch with its result, or with None and the error of its last attempt."""

    batch: Batch
    result: Result | None
    error: str | None


class BatchExecutor(ABC):
    """Runs functions that are safe to run twice. The first batch opens the pool; `with` closes it."""

    dashboard: str | None = None

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._pool: Executor | None = None
        self._resources = ExitStack()
        self._running: dict[Future[Any], Any] = {}
        """Each with its batch."""
        self._is_cancelled = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool = None
        self._resources.close()

    def map_batches(
        self,
        function: Callable[[Batch], Result],
        batches: Iterable[Batch],
        *,
        max_in_flight: int | None = None,
        on_progress: Callable[[str], None] = lambda counts: None,
    ) -> Iterator[BatchResult[Batch, Result]]:
        """Yield a result for each batch as it completes.

        At most `max_in_flight` batches (default: the workers) run or wait for a worker. Those that fail are
        retried once, at the end. `on_progress` gets the counts of batches, and the address of Dask's
        dashboard. Raises the JobMarketError that `function` raises.
        """
        done = failed = 0
        retries: list[Batch] = []
        # A retry runs alone: a batch that kills its worker fails those that run beside it.
        passes = (batches, max_in_flight or self.workers), (retries, 1)
        self._is_cancelled = False
        try:
            for source, limit in passes:
                for batch, result, error in self._completed(function, source, limit):
                    if error and source is batches:
                        logger.warning("a batch failed and is retried: %s", error)
                        retries.append(batch)
                        continue
                    done, failed = done + (error is None), failed + (error is not None)
                    counts = f"batches: {done} done, {len(self._running)} in flight, {failed} failed"
                    on_progress(f"{counts}; {self.dashboard}" if self.dashboard else counts)
                    yield BatchResult(batch, result, error)
        finally:
            self.cancel_pending()
            self._running.clear()

    def _completed(
        self, function: Callable[[Batch], Any], batches: Iterable[Batch], limit: int
    ) -> Iterator[tuple[Batch, Any, str | None]]:
        source = iter(batches)
        while True:
            if not self._is_cancelled:
                for batch in islice(source, limit - len(self._running)):
                    self._running[self._submit(function, batch)] = batch
            if not self._running:
                return
            while not (completed := wait(self._running, CHECK_SECONDS, FIRST_COMPLETED).done):
                self._check_workers()
            future = completed.pop()
            yield self._running.pop(future), *_outcome(future)

    def cancel_pending(self) -> None:
        """Start no more batches of this map and cancel those that wait; running ones complete."""
        self._is_cancelled = True
        self._running = {future: batch for future, batch in self._running.items() if not future.cancel()}

    @abstractmethod
    def _open(self, function: Callable[[Any], Any]) -> Executor:
        """The pool for the function's batches; `self._resources` closes it."""

    def _submit(self, function: Callable[[Any], Any], batch: Any) -> Future[Any]:
        self._pool = self._pool or self._open(function)
        return self._pool.submit(run_batch, function, batch)

    def _check_workers(self) -> None:  # noqa: B027 (only Dask can be without)
        """Raise JobMarketError if no worker is left."""


def run_batch(function: Callable[[Any], Any], batch: Any) -> tuple[Any, str | JobMarketError | None]:
    """The result and the error, on the worker. As a value, since Dask would log and show what is raised."""
    try:
        return function(batch), None
    except JobMarketError as error:
        return None, error.with_traceback(None)
    except Exception as error:
        return None, f"{type(error).__name__}: {error}"


def _outcome(future: Future[Any]) -> tuple[Any, str | None]:
    if future.cancelled():  # by Dask's client; the map forgets what it cancels
        raise JobMarketError("The Dask scheduler is lost. What was loaded is kept; run again.")
    if broken := future.exception():  # of the pool: its worker was killed
        return None, f"{type(broken).__name__}: {str(broken).partition('. ')[0]}"
    result, error = future.result()
    if isinstance(error, JobMarketError):
        raise error
    return result, error
