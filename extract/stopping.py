"""End the run within seconds of SIGTERM or Ctrl-C.

dlt delays the first signal until its step is done, and threads that wait for a slow answer keep the process
alive. So a thread of its own receives each signal: it repeats a delayed one, and after a pause it ends the
process. The next run copes with that as with a crash.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType

from extract.errors import STOPPED

SIGNALS = (signal.SIGTERM, signal.SIGINT)
REPEAT_SECONDS = 0.2
GRACE_SECONDS = 3.0


def stop_soon(before_exit: Callable[[], None]) -> None:
    """Raise KeyboardInterrupt in the main thread on SIGTERM and SIGINT.

    If the process lives on after the pause, `before_exit` is called and the process ends with code 130.
    """
    for number in SIGNALS:
        signal.signal(number, _interrupt)
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(reading, before_exit), name="stopping", daemon=True).start()


def _watch(reading: int, before_exit: Callable[[], None]) -> None:
    while (number := os.read(reading, 1)[0]) not in SIGNALS:
        pass
    time.sleep(REPEAT_SECONDS)
    if signal.getsignal(number) is not _interrupt:
        signal.pthread_kill(threading.main_thread().ident or 0, number)
    time.sleep(GRACE_SECONDS)
    before_exit()
    os._exit(STOPPED)


def _interrupt(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
