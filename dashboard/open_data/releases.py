"""A release of each month: the Parquet files as the first page after the month has them.

    data/releases/2026-11/    what was published first in December 2026, with November whole

Later pages leave it as it is. The page that is replaced tells that a month ended, so the folder of the page
has to stay where it is, or be brought back before the next run.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from dashboard.open_data.about import Edition
from dashboard.open_data.package import package
from dashboard.open_data.tables import Table, file_of
from extract.config import OSLO

FOLDER = "releases"
PACKAGE, SUMS = "datapackage.json", "SHA256SUMS"


def write_release(data: Path, earlier: Path, edition: Edition, tables: Sequence[Table]) -> list[str]:
    """Copy the files in `data` if a month ended since `earlier` was written; the months of all releases."""
    there = [folder.name for folder in (earlier / FOLDER).glob("*") if folder.is_dir()]
    month = _month_of(earlier / PACKAGE)
    if month and month < _month(edition.made_at) and month not in there:
        release = data / FOLDER / month
        release.mkdir(parents=True)
        for table in tables:
            shutil.copyfile(data / table.parquet.path, release / table.parquet.path)
        described = package(edition, tables)
        described["resources"] = [one for one in described["resources"] if one["format"] == "parquet"]
        write_json(release / PACKAGE, described)
        write_sums(release, [PACKAGE, *(table.parquet.path for table in tables)])
        there.append(month)
    return sorted(there, reverse=True)


def write_json(path: Path, value: object) -> None:
    """Indented UTF-8."""
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def write_sums(folder: Path, paths: Sequence[str]) -> None:
    """What `sha256sum -c SHA256SUMS` checks."""
    lines = [f"{file_of(folder, path).sha256}  {path}\n" for path in paths]
    (folder / SUMS).write_text("".join(lines), encoding="utf-8")


def _month_of(package_file: Path) -> str | None:
    """When the earlier page was made, in Oslo; None where there is none."""
    if not package_file.exists():
        return None
    return _month(datetime.fromisoformat(json.loads(package_file.read_text(encoding="utf-8"))["created"]))


def _month(at: datetime) -> str:
    return f"{at.astimezone(OSLO):%Y-%m}"
