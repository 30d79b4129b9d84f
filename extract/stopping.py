"""Stop within seconds of SIGTERM or Ctrl-C, whatever is under way and whatever libraries do with signals.

dlt holds a first signal back until its step is done; threads that wait for a slow answer hold the process. So
a thread hears of each signal first: it passes it on where it was held back, and after a pause it ends the
process. A hard end is one of the ends that the next run copes with: it is like a crash, told in a sentence.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT)
PASS_ON_SECONDS = 0.2
GRACE_SECONDS = 3.0
STOPPED = 130


def stop_soon(tell: Callable[[], None]) -> None:
    """From here on SIGTERM and SIGINT raise KeyboardInterrupt in the main thread, at once or passed on; where
    that has not ended the process after the pause, `tell` is called and it ends with code 130."""
    for number in SIGNALS:
        signal.signal(number, _interrupt)
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(reading, tell), name="stopping", daemon=True).start()


def _watch(reading: int, tell: Callable[[], None]) -> None:
    while (number := os.read(reading, 1)[0]) not in SIGNALS:
        pass
    time.sleep(PASS_ON_SECONDS)
    if signal.getsignal(number) is not _interrupt:
        signal.pthread_kill(threading.main_thread().ident or 0, number)
    time.sleep(GRACE_SECONDS)
    tell()
    os._exit(STOPPED)


def _interrupt(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
