"""What the tests run on batches; bare workers are sent it by value."""

from __future__ import annotations

import importlib.util
import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from extract.errors import ConfigurationError
from extract.features import rules

POISON = 13


def double(batch: list[int]) -> list[int]:
    return [2 * number for number in batch]


def fail_on_poison(batch: list[int]) -> list[int]:
    if POISON in batch:
        raise ValueError("thirteen")
    return batch


def fail_once(batch: list[int], folder: Path) -> list[int]:
    """Fails at the first attempt of each batch; leaves a file for each attempt."""
    attempt = len(list(folder.glob(f"{batch[0]}-*")))
    (folder / f"{batch[0]}-{attempt}").touch()
    if attempt == 0:
        raise ValueError("not yet")
    return batch


def kill_on_poison(batch: list[int]) -> list[int]:
    if POISON in batch:
        os.kill(os.getpid(), signal.SIGKILL)
    return batch


def kill_once(batch: list[int], killed: Path) -> list[int]:
    """Kills the first worker that gets the poison, not the second."""
    if POISON in batch and not killed.exists():
        killed.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return batch


def refuse(batch: list[int]) -> list[int]:
    raise ConfigurationError("The token is refused.")


def wait_for_pipe(batch: list[str], token: Any) -> str:
    """Waits for the other end of the pipe that the batch names, and fails with the token in hand."""
    with open(batch[0]) as pipe:
        pipe.read()
    raise ValueError(f"failed with {token!r}")


def can_import(name: str) -> bool:
    """Whether a worker can import the module."""
    return importlib.util.find_spec(name) is not None


def everything_shown(dask_scheduler: Any) -> str:
    """What a page or a log could print of the tasks that the scheduler holds."""
    tasks = dask_scheduler.tasks.values()
    return "\n".join(f"{task!r} {task.run_spec!r} {task.run_spec!s} {task.annotations}" for task in tasks)


def rules_version(batch: list[int]) -> list[int]:
    """What the code that the worker runs says."""
    return [rules.RULES_VERSION]


def sleep(batch: Sequence[float]) -> list[int]:
    """The process that slept so many seconds."""
    time.sleep(sum(batch))
    return [os.getpid()]


def stay(batch: list[int], folder: str) -> list[int]:
    """Leaves a file named by its process, and stays."""
    (Path(folder) / str(os.getpid())).touch()
    time.sleep(600)
    return batch
