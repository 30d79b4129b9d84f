"""The load packages in dlt's working folder that wait to be loaded.

    <pipelines_dir>/job_market/normalize/extracted/LOAD_ID    extracted, not yet normalized
    <pipelines_dir>/job_market/load/normalized/LOAD_ID        normalized, not yet or partly loaded

Works on files alone, so that it also works where a package is broken or the warehouse cannot be reached.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from extract.warehouses.base import PIPELINE


@dataclass(frozen=True)
class Package:
    """A load package on the disk; its id is the name of its folder."""

    folder: Path

    @property
    def load_id(self) -> str:
        """dlt's load id."""
        return self.folder.name

    @property
    def base(self) -> str | None:
        """Hash of the pipeline state from which the package was extracted; None if there was no state yet."""
        try:
            state = json.loads((self.folder / ".restore" / "state.json").read_text())
        except (OSError, ValueError):
            return None
        return state.get("_version_hash") if state.get("_state_version") else None

    @property
    def failures(self) -> int:
        """How many of its jobs the warehouse has refused."""
        return sum(1 for _ in (self.folder / ".exceptions").glob("*.exception"))

    @property
    def is_half_staged(self) -> bool:
        """Whether a file may be in the staging tables without dlt's note of it: dlt would stage it twice."""
        noted = {path.name for path in (self.folder / ".pending_transitions").glob("*")}
        return any(path.name not in noted for path in (self.folder / "started_jobs").glob("*.parquet"))

    def remove(self) -> None:
        """Delete the folder."""
        shutil.rmtree(self.folder)


def pending(pipelines_dir: Path) -> list[Package]:
    """Packages that are extracted and not loaded: the normalized ones first, then the others, by load id."""
    working = pipelines_dir / PIPELINE
    return _in(working / "load" / "normalized") + _in(working / "normalize" / "extracted")


def _in(folder: Path) -> list[Package]:
    if not folder.is_dir():
        return []
    found = [Package(path) for path in folder.iterdir() if path.is_dir() and path.name[0].isdigit()]
    return sorted(found, key=lambda package: package.load_id)
