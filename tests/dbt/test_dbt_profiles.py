"""Both ways to the profile work: the example copied to ~/.dbt, and the project's own link to it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from extract import dbt as transform
from tests.dbt.warehouse import PROJECT


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A checkout in which nothing ran yet, beside an empty home."""
    folder = tmp_path / "project"
    (folder / "data").mkdir(parents=True)
    for name in ("dbt_project.yml", "profiles.example.yml", "models", "macros", "dbt_project"):
        (folder / name).symlink_to(PROJECT / name)
    (tmp_path / "home" / ".dbt").mkdir(parents=True)
    return folder


def dbt_debug(project: Path) -> str:
    """Run `dbt debug` as it is typed in the project; returns what it printed. It has to pass."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(project.parent / "home")}
    dbt = Path(sys.executable).with_name("dbt")
    done = subprocess.run(
        [dbt, "debug"], cwd=project, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All checks passed!" in done.stdout
    return done.stdout


def test_dbt_debug_passes_with_the_example_copied_to_the_home(project: Path) -> None:
    home = project.parent / "home" / ".dbt"
    shutil.copy(PROJECT / "profiles.example.yml", home / "profiles.yml")
    assert f"Using profiles.yml file at {home}" in dbt_debug(project)


def test_dbt_debug_passes_with_the_projects_own_profile(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DBT_PROFILES_DIR", raising=False)
    monkeypatch.setenv("HOME", str(project.parent / "home"))
    monkeypatch.setattr(transform, "PROJECT", project)
    other = project.parent / "home" / ".dbt" / "profiles.yml"
    other.write_text("another_project: {}\n")
    assert transform.profiles_dir() == project
    assert f"Using profiles.yml file at {project}" in dbt_debug(project)

    other.write_text("job_market: {}\n")
    (project / "profiles.yml").unlink()
    assert transform.profiles_dir() == other.parent
    assert not (project / "profiles.yml").exists()
