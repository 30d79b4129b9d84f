"""Batches worked on by this machine: in threads of the run's own process, or in processes for many."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from extract.errors import JobMarketError
from extract.executors.engine import Attempt, Batch, Engine, Result, opened, try_batch
from extract.executors.processes import Processes, prepare

MANY = 20
"""From so many batches on, processes are worth the half second of CPU that they take to start."""


class Here(Engine):
    """This machine: threads of the run's own process; for many batches, processes, which take no turns."""

    def __init__(self, slots: int = 2) -> None:
        super().__init__(slots)
        self._pool: ThreadPoolExecutor | Processes | None = None

    def expect(self, function: Callable[..., Any], batches: int) -> None:
        """Import what processes need, if it will be processes."""
        if self._is_for_processes(batches):
            prepare(_module(function))

    def submit(self, function: Callable[[Batch], Result], batch: Batch, avoid: tuple[str, ...]) -> Any:
        """In the pool."""
        if self._pool is None:
            self._pool = (
                Processes(self.slots)
                if self._is_for_processes(self.expected)
                else ThreadPoolExecutor(self.slots, thread_name_prefix="batch")
            )
        if isinstance(self._pool, Processes):
            return self._pool.submit(try_batch, function, batch, of=_module(function))
        return self._pool.submit(try_batch, function, batch)

    def attempt(self, future: Any) -> Attempt:
        """As `try_batch` gave it; none if its process died."""
        try:
            return opened(future.result())
        except BrokenProcessPool:
            return Attempt(failure="a process died while batches were worked on")

    def cancel(self, future: Any) -> bool:
        """Processes end with all they have: a pool that is ended later trips over what was taken back."""
        if isinstance(self._pool, Processes):
            self._pool.shutdown()
            return True
        return super().cancel(future)

    def _is_for_processes(self, batches: int) -> bool:
        return batches >= MANY and self.slots > 1 and (os.cpu_count() or 1) > 1

    def close(self) -> None:
        """Wait for the threads; what waits is not begun."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None


def _module(function: Callable[..., Any]) -> str:
    return str(getattr(function, "func", function).__module__)


def map_here(function: Callable[[Batch], Result], batches: Iterable[Batch], workers: int) -> Iterator[Result]:
    """Results as they come, from threads; for who needs all of them. Raises JobMarketError if one fails."""
    with Here(workers) as engine:
        for outcome in engine.map(function, batches):
            if outcome.failure is not None or outcome.result is None:
                raise JobMarketError(
                    f"A batch of {len(outcome.batch)} cannot be worked on: {outcome.failure}"
                )
            yield outcome.result
