"""Where batches are worked on: the one seam between a source and the machines that run its functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

Batch = TypeVar("Batch")
Result = TypeVar("Result")


def map_batches(
    function: Callable[[Batch], Result], batches: Iterable[Batch], workers: int
) -> Iterator[Result]:
    """Yield `function(batch)` for each batch as it comes, in no promised order.

    No more batches are taken than there are workers, so memory does not grow with their number.
    An error of the function is raised here; batches that wait are then not begun.
    """
    with ThreadPoolExecutor(workers, thread_name_prefix="batch") as pool:
        running: set[Future[Result]] = set()
        try:
            for batch in batches:
                running.add(pool.submit(function, batch))
                if len(running) == workers:
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    for future in done:
                        yield future.result()
            for future in running:
                yield future.result()
        finally:
            for future in running:
                future.cancel()
