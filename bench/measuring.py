"""What the benchmarks of the sources share: a command in a process of its own, its time and its memory."""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

PROJECT = Path(__file__).resolve().parents[1]


class Measured(NamedTuple):
    """Wall time, time of CPU (user and system), and the most memory the process held."""

    seconds: float
    cpu: float
    megabytes: int
    printed: str


def command(folder: Path, *arguments: str, **environment: str) -> Measured:
    """Run `run_pipeline.py` on a warehouse of its own in `folder`. Raises RuntimeError if it fails."""
    return process(folder, [sys.executable, "run_pipeline.py", *arguments], **environment)


def process(folder: Path, arguments: list[str], **environment: str) -> Measured:
    """Run any program from the project, its files in `folder`. Raises RuntimeError if it fails."""
    known = {
        "WAREHOUSE__DUCKDB_PATH": str(folder / "bench.duckdb"),
        "WAREHOUSE__PIPELINES_DIR": str(folder / "dlt"),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
        "PYTHONDONTWRITEBYTECODE": "",  # a second run finds its modules compiled
    }
    started, cpu = time.monotonic(), _cpu_of_children()
    with (folder / "printed").open("w+") as printed:
        running = subprocess.Popen(
            arguments,
            cwd=PROJECT,
            env={**os.environ, **known, **environment},
            stdout=printed,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        megabytes = 0
        used: dict[str, float] = {}
        while running.poll() is None:
            # not ru_maxrss: that begins with what the parent of a process held
            megabytes = max(megabytes, _peak(running.pid))
            used |= _cpu_of_session(running.pid)
            time.sleep(0.05)
        printed.seek(0)
        text = printed.read()
    if running.returncode:
        raise RuntimeError(text)
    # What nobody waits for, as the forks of a server of forks, is only seen while it runs.
    seconds = max(_cpu_of_children() - cpu, sum(used.values()))
    return Measured(time.monotonic() - started, seconds, megabytes, text)


def _cpu_of_children() -> float:
    """Seconds of CPU that the processes that have ended used."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _cpu_of_session(session: int) -> dict[str, float]:
    """Seconds of CPU that each running process of the session used; empty where the system does not tell."""
    used = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended
        if fields[3] == str(session):
            used[path.parent.name] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return used


def _peak(pid: int) -> int:
    """The most memory that a process has held, in MB; 0 where the system does not tell."""
    try:
        told = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0
    return int(told[1]) // 1024 if told else 0
