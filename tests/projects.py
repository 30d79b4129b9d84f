"""Copies of the dbt project, or of parts of it, which a test may change."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy import slim_ci
from extract import dbt as transform

PROJECT = Path(__file__).resolve().parents[1]
WITHOUT_MODELS = ("dbt_project.yml", "macros", "models/_groups.yml", "models/staging/_sources.yml")
"""A project to which a test gives a model of its own, on the project's sources."""


def copied(folder: Path, *names: str) -> Path:
    """Copy those files and folders of the project to the same places under `folder`, and return it."""
    for name in names:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if (PROJECT / name).is_dir() else shutil.copy)(PROJECT / name, target)
    return folder


class Checkout:
    """The whole project in a folder of its own, in which the project's own dbt works."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        names = ("models", "macros", "dbt_project", "dbt_project.yml", "profiles.example.yml")
        self.folder = copied(folder, *names)
        for module in (slim_ci, transform):
            patch.setattr(module, "PROJECT", folder)
        patch.delenv("DBT_PROFILES_DIR", raising=False)
        patch.setenv("DBT_TARGET_PATH", str(folder / "target"))
        patch.setenv("DBT_LOG_PATH", str(folder / "logs"))
        patch.setenv("HOME", str(folder))

    @contextmanager
    def changed(self, path: str, old: str, new: str) -> Iterator[None]:
        """A change of a file, and back."""
        file = self.folder / path
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))
        try:
            yield
        finally:
            file.write_text(text)

    def compiled(self, model: str) -> str:
        """The SQL that dbt made of a model last."""
        [file] = (self.folder / "target" / "compiled").rglob(f"{model}.sql")
        return file.read_text()
