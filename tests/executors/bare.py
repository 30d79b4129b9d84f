"""A Dask cluster on a stranger's machine: processes in empty folders, with PATH and HOME and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path


@contextmanager
def bare_cluster(folder: Path, workers: int = 2) -> Iterator[str]:
    """The address of a scheduler with workers that have no nanny, each in a folder of its own."""
    with ExitStack() as stack:
        options = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        scheduler = stack.enter_context(_process(folder / "scheduler", "dask_scheduler", *options))
        address = _announced(scheduler, "Scheduler at:")
        for number in range(workers):
            worker = ("--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1", "--no-nanny")
            stack.enter_context(_process(folder / f"worker-{number}", "dask_worker", address, *worker))
        yield address


@contextmanager
def _process(folder: Path, command: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    folder.mkdir(parents=True)
    process = subprocess.Popen(
        [sys.executable, "-m", f"distributed.cli.{command}", *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder)},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=30)


def _announced(process: subprocess.Popen[str], label: str) -> str:
    assert process.stderr is not None
    for line in process.stderr:
        if label in line:
            return line.split(label)[1].split()[0]
    raise AssertionError("the scheduler ended")
