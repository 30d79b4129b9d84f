"""A run that is killed, wherever that is, and runs again leaves the tables of one that was not killed.

A few of the points of `make crashes`, which also kills build and publish (docs/explanation/crashes.md).
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.command import PROJECT

POINTS = 4


def test_a_job_killed_at_points_spread_over_extract_normalize_load_and_merge_loses_and_doubles_nothing(
    tmp_path: Path,
) -> None:
    phases = ("extract", "normalize", "load", "merge")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "bench", "crashes", "--polls", "1"),
            *("--points", str(POINTS), "--folder", str(tmp_path), "--phases", *phases),
        ],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    outcomes = [json.loads(line) for line in (tmp_path / "results.jsonl").read_text().splitlines()]
    assert len(outcomes) >= POINTS
    assert {outcome for *_, outcome in outcomes} == {"killed"}
    assert {phase for _, phase, *_ in outcomes} == set(phases)
