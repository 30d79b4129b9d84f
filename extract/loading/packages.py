"""The load packages in dlt's working folder that wait to be loaded: folders, named by their load id.

    <pipelines_dir>/job_market/normalize/extracted/LOAD_ID    extracted, not yet normalized
    <pipelines_dir>/job_market/load/normalized/LOAD_ID        normalized, not yet or partly loaded

Works on files alone, so that it also works where a package is broken or the warehouse cannot be reached.
"""

from __future__ import annotations

import json
from pathlib import Path

from extract.warehouses.base import PIPELINE


def pending(pipelines_dir: Path) -> list[Path]:
    """Packages that are extracted and not loaded: the normalized ones first, then the others, by load id."""
    working = pipelines_dir / PIPELINE
    return [
        *sorted((working / "load" / "normalized").glob("[0-9]*/")),
        *sorted((working / "normalize" / "extracted").glob("[0-9]*/")),
    ]


def base_state(package: Path) -> str | None:
    """Hash of the pipeline state from which the package was extracted; None if there was no state yet."""
    try:
        state = json.loads((package / ".restore" / "state.json").read_text())
    except (OSError, ValueError):
        return None
    return state.get("_version_hash") if state.get("_state_version") else None


def failures(package: Path) -> int:
    """How many of its jobs the warehouse has refused."""
    return len([*(package / ".exceptions").glob("*.exception")])


def is_half_staged(package: Path) -> bool:
    """Whether a file may be in the staging tables without dlt's note of it: dlt would stage it twice."""
    noted = {path.name for path in (package / ".pending_transitions").glob("*")}
    return any(path.name not in noted for path in (package / "started_jobs").glob("*.parquet"))
