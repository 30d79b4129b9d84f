"""SIGTERM, Ctrl-C and a full disk: the command ends soon, with one sentence, and the next one goes on."""

from __future__ import annotations

import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from demo.server import Served, serving
from demo.world import World
from tests.command import PROJECT, Command
from tests.job import Job

END = datetime(2026, 3, 1, 12, tzinfo=UTC)
SCRIPT = [sys.executable, str(PROJECT / "run_pipeline.py")]


@pytest.fixture
def feed() -> Iterator[Served]:
    world = World(seed=3, days=2, ads_a_day=60, until=END)
    with serving(world, clock=END - timedelta(days=1)) as served:
        yield served


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.long)])
def test_a_signal_ends_the_run_soon_even_while_threads_wait_for_the_feed(
    number: int, feed: Served, tmp_path: Path
) -> None:
    command, undisturbed = Command(tmp_path, feed.url), Job(tmp_path / "undisturbed", feed.url)
    feed.faults({"path": "feedentry", "delay_seconds": 300})
    with subprocess.Popen(
        [*SCRIPT, "extract", "--since", "2019-01-01"],
        env=command.environment | {"EXECUTOR__WORKERS": "2"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert next(line for line in process.stdout if "details to fetch" in line)
        while not feed.stats()["requests"].get("entry"):
            time.sleep(0.02)
        process.send_signal(number)
        rest, _ = process.communicate(timeout=60)  # no worker is left that holds the output open
    assert process.returncode == 130
    assert rest == "Stopped. What was loaded is kept; run again to go on.\n"
    feed.faults()
    Job(tmp_path, feed.url).poll()
    undisturbed.poll()
    assert Job(tmp_path, feed.url).facts() == undisturbed.facts()


@pytest.mark.long
def test_a_disk_that_is_full_before_anything_is_loaded_is_said_plainly(feed: Served, tmp_path: Path) -> None:
    """The kernel lets the run write no file beyond so many bytes."""
    command, job, undisturbed = started(tmp_path, feed)
    done = subprocess.run(
        [*SCRIPT, "extract"],
        env=command.environment,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)),
        timeout=120,
        check=False,
    )
    assert_the_old_warehouse_stays(done.returncode, done.stderr, job, undisturbed)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk in memory; skips where this user may not mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("this user may not mount a file system")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_disk_that_fills_up_while_loading_is_said_plainly(feed: Served, small_disk: Path) -> None:
    command, job, undisturbed = started(small_disk, feed)
    used = shutil.disk_usage(small_disk).used
    resized(small_disk, f"{used // 1024 + 200}k")
    code, printed = command("extract")
    resized(small_disk, "64m")
    assert_the_old_warehouse_stays(code, printed, job, undisturbed)


@pytest.mark.long
def test_a_disk_that_became_read_only_is_said_plainly(feed: Served, small_disk: Path) -> None:
    command, job, undisturbed = started(small_disk, feed)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    code, printed = command("extract")
    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
    assert (code, "cannot be written: Read-only file system" in printed) == (2, True), printed
    job.poll()
    undisturbed.poll()
    assert job.facts() == undisturbed.facts()


def started(folder: Path, feed: Served) -> tuple[Command, Job, Job]:
    """A command and its job that was polled once, and another one that will not be disturbed."""
    job, undisturbed = Job(folder, feed.url), Job(folder.parent / "undisturbed", feed.url)
    job.poll()
    undisturbed.poll()
    feed.clock_to(END)
    return Command(folder, feed.url), job, undisturbed


def resized(disk: Path, size: str) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", str(disk)], check=True)


def assert_the_old_warehouse_stays(code: int, printed: str, job: Job, undisturbed: Job) -> None:
    assert code == 1, printed
    assert "free some space and run again" in printed
    assert "Traceback" not in printed
    expected = undisturbed.facts()
    assert all(job.facts()[table] >= rows for table, rows in expected.items())
    job.poll()
    undisturbed.poll()
    assert job.facts() == undisturbed.facts()
