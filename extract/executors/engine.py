"""Where batches are worked on: the one seam between a source and the machines that run its functions.

    batches ──> Engine.map(function) ──> Outcome(batch, result) as they come
                  here: threads, or processes for many │ dask: processes, or a scheduler's workers
                  coiled: a cluster of its own

The functions are pure, so that a batch can be worked on twice, and anywhere. An engine promises: each
batch comes back once, with its result or with the reason why there is none; so many are in flight, not
more; and it is closed whatever happens.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Generic, NamedTuple, Self, TypeVar

from extract.errors import JobMarketError

TRIES = 2
"""How often a batch whose function raises is tried, on different workers if there are."""

FEW = 4
"""So many failed batches of a round are looked into, to find what spoils them; more mean a trouble of all."""

Batch = TypeVar("Batch", bound=Any)
"""Something with a length that can be sliced: a list, an Arrow table."""
Result = TypeVar("Result")

logger = logging.getLogger(__name__)


class Outcome(NamedTuple, Generic[Batch, Result]):
    """What became of a batch: a result, or None and the failure."""

    batch: Batch
    result: Result | None
    failure: str | None = None


class Counts(NamedTuple):
    """How far a map is, in batches."""

    done: int
    in_flight: int
    failed: int
    dashboard: str | None
    """The link to the scheduler's own page, if it has one."""


class Attempt(NamedTuple):
    """One try at a batch, as it comes back from where it was made."""

    result: Any = None
    failure: str | None = None
    worker: str | None = None
    """Where it failed, so that the next try goes elsewhere."""
    is_final: bool = False
    """Whether another try is of no use, since others were made already."""


@dataclass
class _Task:
    batch: Any
    future: Any
    tries: int
    avoid: tuple[str, ...]


class Engine(ABC):
    """Runs functions over batches. Entering it checks, the first batch opens it, leaving closes it."""

    def __init__(self, slots: int) -> None:
        self.slots = slots
        """Batches worked on at the same moment."""
        self.expected = 0
        """Batches that the map under way will bring, as far as is known."""
        self.holds_back = True
        """Whether what is taken beyond the slots waits for one, whatever machines there are."""
        self._begins = True

    def __enter__(self) -> Self:
        """See that it can be opened, at no cost. Raises JobMarketError in one sentence if it cannot."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def dashboard(self) -> str | None:
        """The link to the scheduler's own page, if it has one."""
        return None

    def map(
        self,
        function: Callable[[Batch], Result],
        batches: Iterable[Batch],
        *,
        at_once: int | None = None,
        expected: int = 0,
        watch: Callable[[Counts], None] = lambda counts: None,
    ) -> Iterator[Outcome[Batch, Result]]:
        """Yield an outcome for each batch as it comes, in no promised order.

        Not more than `at_once` batches (the engine's slots if left out) are taken and not yet yielded, so
        memory does not grow with their number; those beyond the slots are worked on while the caller has
        other things to do. `expected` is the number that will come, if known.

        A batch that fails is tried again elsewhere; the first few that fail still are halved and tried on,
        down to the item that spoils them, which then fails alone.
        That is done one at a time: what runs beside a task that kills its worker dies with it.

        A JobMarketError of the function is raised here: it concerns the whole run. So is the engine's own,
        when it cannot go on; batches that wait are then not begun.
        """
        self.expected, self._begins = expected, True
        done = failed = 0
        width = at_once or self.slots
        is_first, todo = True, batches
        while True:
            suspects: list[Batch] = []
            for outcome, in_flight in self._round(function, todo, width):
                size = len(outcome.batch)
                if outcome.failure is not None and (is_first or size > 1) and len(suspects) < 2 * FEW:
                    logger.warning("looking into a batch of %d: %s", size, outcome.failure)
                    suspects += [part for part in _halves(outcome.batch) if len(part)]
                    continue
                done += outcome.failure is None
                failed += outcome.failure is not None
                watch(Counts(done, in_flight, failed, self.dashboard))
                yield outcome
            if not suspects:
                return
            is_first, todo, width = False, suspects, 1

    def expect(self, function: Callable[..., Any], batches: int) -> None:  # noqa: B027 (most have nothing to do)
        """So many batches of this function will come: what takes time and costs nothing can begin now."""

    def begin_no_more(self) -> None:
        """End the map under way: batches that wait come no more, those that are worked on may."""
        self._begins = False

    @abstractmethod
    def submit(self, function: Callable[[Batch], Result], batch: Batch, avoid: tuple[str, ...]) -> Any:
        """Begin a try, opening the engine if it is not open; a future with `add_done_callback`."""

    @abstractmethod
    def attempt(self, future: Any) -> Attempt:
        """What became of a future that is done. Raises JobMarketError as `map` does."""

    def cancel(self, future: Any) -> bool:
        """Take a try back if it waits; whether it will not come."""
        return bool(future.cancel())

    def next_done(self, finished: SimpleQueue[int]) -> int:
        """Wait for the next ticket. Raises JobMarketError if none can come any more."""
        return finished.get()

    @abstractmethod
    def close(self) -> None:
        """Give everything back; harmless when it is not open."""

    def _round(
        self, function: Callable[[Batch], Result], batches: Iterable[Batch], at_once: int
    ) -> Iterator[tuple[Outcome[Batch, Result], int]]:
        finished: SimpleQueue[int] = SimpleQueue()
        running: dict[int, _Task] = {}
        waiting = iter(batches)
        tickets = iter(range(1 << 62))

        def begin(batch: Batch, tries: int, avoid: tuple[str, ...]) -> None:
            ticket = next(tickets)
            future = self.submit(function, batch, avoid)
            running[ticket] = _Task(batch, future, tries, avoid)
            future.add_done_callback(lambda _: finished.put(ticket))

        try:
            while True:
                while self._begins and len(running) < at_once and (batch := next(waiting, None)) is not None:
                    begin(batch, 1, ())
                if not self._begins:
                    for ticket in [ticket for ticket, task in running.items() if self.cancel(task.future)]:
                        del running[ticket]
                if not running:
                    return
                task = running.pop(self.next_done(finished), None)
                if task is None:
                    continue  # it was cancelled
                attempt = self.attempt(task.future)
                if attempt.failure is not None and not attempt.is_final and task.tries < TRIES:
                    logger.warning("trying a batch of %d again: %s", len(task.batch), attempt.failure)
                    begin(task.batch, task.tries + 1, (*task.avoid, *filter(None, [attempt.worker])))
                else:
                    yield Outcome(task.batch, attempt.result, attempt.failure), len(running)
        finally:
            for task in running.values():
                self.cancel(task.future)


def _halves(batch: Batch) -> tuple[Batch, Batch]:
    middle = len(batch) // 2
    return batch[:middle], batch[middle:]


def try_batch(
    function: Callable[[Batch], Result], batch: Batch, worker: str | None = None
) -> Attempt | JobMarketError:
    """Run on the worker: whatever goes wrong comes back as a value, which no log or page shows there."""
    try:
        return Attempt(function(batch))
    except JobMarketError as error:
        return error.with_traceback(None)
    except Exception as error:
        return Attempt(failure=f"{type(error).__name__}: {error}", worker=worker)


def opened(tried: Attempt | JobMarketError) -> Attempt:
    """The attempt; raises the error that concerns the whole run."""
    if isinstance(tried, JobMarketError):
        raise tried
    return tried
