"""The benchmarks still run: each once, over a world so small that its figures mean nothing.

`crashes` has a test of its own; `archive` needs a server of some minutes and is left to `make bench`.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.command import PROJECT

SMALL = {
    "backfill": "--days 2 --ads-a-day 20",
    "first_load": "--days 2 --ads-a-day 20 --times 1",
    "growth": "--stores 200:550 400:550 --new 50 --times 1",
    "nothing_new": "--days 2 --ads-a-day 20 --times 1",
    "register": "--units 2000",
    "text": "--documents 400 --workers 1",
}


@pytest.mark.long
@pytest.mark.parametrize("name", SMALL)
def test_a_benchmark_prints_its_tables(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench", name, *SMALL[name].split()],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert f"## {name}" in done.stdout
    assert "| --- |" in done.stdout, done.stdout
