"""Run batches on this machine: in one thread, or in processes."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from extract.executors.bounded_map import BatchExecutor

_CONTEXT = multiprocessing.get_context("forkserver")


class LocalExecutor(BatchExecutor):
    """One worker is a thread. More are processes: redaction is Python, which runs one thread at a time."""

    def _open(self, function: Callable[[Any], Any]) -> Executor:
        if self.workers == 1:
            pool = ThreadPoolExecutor(1, thread_name_prefix="batch")
            self._resources.callback(pool.shutdown, cancel_futures=True)
            return pool
        # The processes are forks of one that has imported the function.
        _CONTEXT.set_forkserver_preload(["__main__", getattr(function, "func", function).__module__])
        processes = ProcessPoolExecutor(self.workers, _CONTEXT, _end_with_parent)
        self._resources.callback(_kill, processes)
        return processes

    def _submit(self, function: Callable[[Any], Any], batch: Any) -> Future[Any]:
        try:
            return super()._submit(function, batch)
        except BrokenProcessPool:  # a process was killed
            self._pool = None
            return super()._submit(function, batch)


def _kill(pool: ProcessPoolExecutor) -> None:
    """End the processes, busy or not: their batches can run again."""
    pool.shutdown(wait=False, cancel_futures=True)
    for process in multiprocessing.active_children():
        if isinstance(process, _CONTEXT.Process):
            process.kill()
            process.join()


def _end_with_parent() -> None:
    """Leave signals to the parent, which a terminal sends to all; end when it ends, even if it was killed."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def end() -> None:
        parent.join()
        os._exit(0)

    threading.Thread(target=end, daemon=True).start()
