"""Run a function over batches on an executor of concurrent.futures, with a bound on the batches in flight."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextlib import ExitStack
from itertools import islice
from typing import Any, Generic, NamedTuple, Self, TypeVar

from extract.errors import JobMarketError

MAX_ATTEMPTS = 2
CHECK_SECONDS = 5
"""Between two checks of the workers while no batch completes."""

Batch = TypeVar("Batch")
Result = TypeVar("Result")

logger = logging.getLogger(__name__)


class BatchCounts(NamedTuple):
    """The batches of a map so far, and the address of Dask's dashboard if there is one."""

    done: int
    in_flight: int
    failed: int
    dashboard: str | None


class BatchResult(NamedTuple, Generic[Batch, Result]):
    """A batch with its result, or with None and the error of its last attempt."""

    batch: Batch
    result: Result | None
    error: str | None


class BatchExecutor(ABC):
    """Runs pure functions over batches. The first batch opens the pool, leaving the block closes it."""

    dashboard: str | None = None
    max_submitted: int | None = None
    """A bound below `max_in_flight`, where the pool may run more batches at once than `workers`."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._pool: Executor | None = None
        self._resources = ExitStack()
        self._running: dict[Future[Any], tuple[Any, int]] = {}
        """Batches and their attempts."""
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
        on_progress: Callable[[BatchCounts], None] | None = None,
    ) -> Iterator[BatchResult[Batch, Result]]:
        """Yield a result for each batch as it completes.

        At most `max_in_flight` batches (default: the workers) are taken from `batches` and not yet yielded.
        A batch that fails is retried once. Raises the JobMarketError that `function` raises.
        """
        limit = min(max_in_flight or self.workers, self.max_submitted or 1 << 30)
        source, retries = iter(batches), deque[Batch]()
        done = failed = 0
        self._is_cancelled = False
        try:
            while True:
                # A retry runs alone: a batch that kills its worker fails those that run beside it.
                if not self._is_cancelled and not retries:
                    for batch in islice(source, limit - len(self._running)):
                        self._running[self._submit(function, batch)] = batch, 1
                elif not self._is_cancelled and not self._running:
                    self._running[self._submit(function, retries[0])] = retries[0], MAX_ATTEMPTS
                if not self._running:
                    return
                future = self._next_completed()
                batch, attempt = self._running.pop(future)
                result, error = _outcome(future)
                if error and attempt < MAX_ATTEMPTS:
                    logger.warning("a batch failed and is retried: %s", error)
                    retries.append(batch)
                    continue
                if attempt == MAX_ATTEMPTS:
                    retries.popleft()
                done, failed = done + (error is None), failed + (error is not None)
                if on_progress:
                    on_progress(BatchCounts(done, len(self._running), failed, self.dashboard))
                yield BatchResult(batch, result, error)
        finally:
            self.cancel_pending()
            self._running.clear()

    def cancel_pending(self) -> None:
        """Start no more batches of this map and cancel those that wait; running ones complete."""
        self._is_cancelled = True
        self._running = {future: task for future, task in self._running.items() if not future.cancel()}

    @abstractmethod
    def _open(self, function: Callable[[Any], Any]) -> Executor:
        """The pool for the function's batches; `self._resources` closes it."""

    def _submit(self, function: Callable[[Any], Any], batch: Any) -> Future[Any]:
        self._pool = self._pool or self._open(function)
        return self._pool.submit(run_batch, function, batch)

    def _check_workers(self) -> None:  # noqa: B027 (only Dask can be without)
        """Raise JobMarketError if no worker is left."""

    def _next_completed(self) -> Future[Any]:
        while not (completed := wait(self._running, CHECK_SECONDS, FIRST_COMPLETED).done):
            self._check_workers()
        return completed.pop()


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
