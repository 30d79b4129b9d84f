"""Processes that work on batches: begun when needed, and gone with the run, however that ends."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import forkserver
from typing import Any

_CONTEXT = multiprocessing.get_context("forkserver")


class Processes:
    """So many processes, made anew after one has died, which takes the batches of all with it.

    They are forks of one that has imported the function's module: an import takes a second, and to fork the
    run itself, which has threads, is not safe.
    """

    def __init__(self, number: int) -> None:
        self._number = number
        self._pool: ProcessPoolExecutor | None = None

    def submit(self, function: Callable[..., Any], *arguments: Any, of: str) -> Future[Any]:
        """Begin a call; what is given and what comes back is pickled. `of` names the module to import."""
        try:
            return self._opened(of).submit(function, *arguments)
        except BrokenProcessPool:
            self.shutdown()
            return self._opened(of).submit(function, *arguments)

    def shutdown(self, *, cancel_futures: bool = True) -> None:
        """End them, also those that are at work: what they do can be done again."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=cancel_futures)
            for process in multiprocessing.active_children():
                if isinstance(process, _CONTEXT.Process):
                    process.kill()
                    process.join()

    def _opened(self, module: str) -> ProcessPoolExecutor:
        if self._pool is None:
            prepare(module)
            self._pool = ProcessPoolExecutor(self._number, mp_context=_CONTEXT, initializer=_follow)
        return self._pool


def prepare(module: str) -> None:
    """Begin what the processes are forks of; once it runs, nothing more is done."""
    _CONTEXT.set_forkserver_preload(["__main__", "extract.lean", module])
    forkserver.ensure_running()


def _follow() -> None:
    """Leave stopping to the run, whose end, of whatever kind, is the end of this process too."""
    gc.freeze()  # what was imported is looked through no more, and stays shared
    gc.set_threshold(50_000)  # a batch makes many objects, and no garbage that has to be looked for
    for number in (signal.SIGINT, signal.SIGTERM):  # which reach all processes of a terminal or a service
        signal.signal(number, signal.SIG_IGN)
    run = multiprocessing.parent_process()
    assert run is not None

    def end_with_it() -> None:
        run.join()
        os._exit(0)

    threading.Thread(target=end_with_it, name="follow", daemon=True).start()
