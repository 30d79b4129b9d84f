"""The load packages in dlt's working folder: which wait there, what they hold, and putting one aside.

    <pipelines_dir>/job_market/normalize/extracted/LOAD_ID    read, not yet normalized
    <pipelines_dir>/job_market/load/normalized/LOAD_ID        normalized, not yet or partly loaded
    <pipelines_dir>/set_aside/LOAD_ID                         taken out of the way, rows kept

Works on files alone, so that it also works where a package is broken or the warehouse cannot be reached.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet

from extract.schema import RAW_TABLES, RawTable
from extract.warehouses.base import PIPELINE

SET_ASIDE = "set_aside"


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
        """The hash of the pipeline's state that the package was read on; None if that was the first one."""
        try:
            state = json.loads((self.folder / ".restore" / "state.json").read_text())
        except (OSError, ValueError):
            return None
        return state.get("_version_hash") if state.get("_state_version") else None

    @property
    def failures(self) -> int:
        """How often a part of it was refused by the warehouse."""
        return sum(1 for _ in (self.folder / ".exceptions").glob("*.exception"))

    def rows(self) -> Iterator[tuple[RawTable, pa.Table]]:
        """What it holds of the raw tables, as it was read; a table's rows may come in several parts."""
        tables = {table.name: table for table in RAW_TABLES}
        for file in sorted(self.folder.glob("*_jobs/*.parquet")):
            if table := tables.get(file.name.split(".")[0]):
                rows = parquet.read_table(file)
                yield table, rows.select(table.schema.names).cast(table.schema)


def pending(pipelines_dir: Path) -> list[Package]:
    """Packages that are read and not loaded, the oldest first."""
    working = pipelines_dir / PIPELINE
    return _in(working / "load" / "normalized") + _in(working / "normalize" / "extracted")


def normalized_twice(waiting: list[Package]) -> list[Package]:
    """Of packages that a run which died left both as read and as normalized: the former, which dlt would
    normalize again and then not be able to put in the place of the latter."""
    ids = [package.load_id for package in waiting]
    return [package for place, package in enumerate(waiting) if package.load_id in ids[:place]]


def has_begun(package: Package) -> bool:
    """Whether its loading had begun when its run ended."""
    return any([*(package.folder / name).glob("*")] for name in ("started_jobs", "completed_jobs"))


def rewind(package: Package) -> None:
    """Have all its rows loaded from the beginning; the staging tables must be empty.

    What follows from the rows (merges) is made again. A file gets a new number of tries, because BigQuery
    takes a job of the same name for one that is done.
    """
    tables = {table.name for table in RAW_TABLES}
    for file in sorted(package.folder.glob("*_jobs/*")):
        table, identity, tries, *kind = file.name.split(".")
        if table not in tables:
            continue
        if kind == ["parquet"]:
            file.rename(package.folder / "new_jobs" / f"{table}.{identity}.{int(tries) + 1}.parquet")
        elif kind[-1] in ("sql", "reference"):
            file.unlink()
    for transition in (package.folder / ".pending_transitions").glob("*"):
        transition.unlink()


def set_aside(pipelines_dir: Path) -> list[Package]:
    """Packages that were taken out of the way, the oldest first."""
    return _in(pipelines_dir / SET_ASIDE)


def put_aside(pipelines_dir: Path, packages: list[Package]) -> None:
    """Take packages out of dlt's way; what they hold stays.

    Without them the local state would name a place behind their rows: the caller forgets it.
    """
    for package in packages:
        # Where a run died between two of dlt's folders, both have the package, each with all of its rows.
        target = pipelines_dir / SET_ASIDE / package.load_id
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(target, ignore_errors=True)
        package.folder.rename(target)


def remove(package: Package) -> None:
    """Delete a package whose rows are all in the warehouse."""
    shutil.rmtree(package.folder)


def _in(folder: Path) -> list[Package]:
    if not folder.is_dir():
        return []
    found = [Package(path) for path in folder.iterdir() if path.is_dir() and path.name[0].isdigit()]
    return sorted(found, key=lambda package: package.load_id)
