"""What the tests have batches worked on with; bare workers are sent it by value."""

from __future__ import annotations

import importlib.util
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow as pa

from extract.errors import ConfigurationError

POISON = 13


def doubled(batch: list[int]) -> list[int]:
    return [2 * number for number in batch]


def has_pandas(batch: list[int]) -> list[bool]:
    """Whether an array, which a batch's rows become, brought pandas along."""
    return ["pandas" in sys.modules for number in batch if len(pa.array([number]))]


def careful(batch: list[int]) -> list[int]:
    if POISON in batch:
        raise ValueError("thirteen")
    return batch


def deadly(batch: list[int]) -> list[int]:
    if POISON in batch:
        os.kill(os.getpid(), signal.SIGKILL)
    return batch


def once_deadly(batch: list[int], mark: Path) -> list[int]:
    """Kills the first worker that comes to the poison, not the second."""
    if POISON in batch and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return batch


def refused(batch: list[int]) -> list[int]:
    raise ConfigurationError("The token is refused.")


def held(batch: list[str], token: Any) -> str:
    """Waits for the other end of the pipe that the batch names, and fails with the token in hand."""
    with open(batch[0]) as pipe:
        pipe.read()
    raise ValueError(f"no more of {token!r}")


def known_spec(name: str) -> bool:
    """Whether a worker could import the module."""
    return importlib.util.find_spec(name) is not None


def everything_shown(dask_scheduler: Any) -> str:
    """What a page or a log could print of the tasks that the scheduler holds."""
    tasks = dask_scheduler.tasks.values()
    return "\n".join(f"{task!r} {task.run_spec!r} {task.run_spec!s} {task.annotations}" for task in tasks)


def slept(batch: list[float]) -> list[int]:
    """The process that slept so many seconds."""
    time.sleep(sum(batch))
    return [os.getpid()]


def stayed(batch: list[int], folder: str) -> list[int]:
    """Leaves a file named by its process, and stays."""
    (Path(folder) / str(os.getpid())).touch()
    time.sleep(600)
    return batch
