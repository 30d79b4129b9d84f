"""What `status` tells of a warehouse that the feed was never read into."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

from rich.console import Console

from extract.monitoring.status import report
from tests.dbt.raw import RawTables, unit, version
from tests.job import Job


def told(job: Job) -> str:
    printed = StringIO()
    Console(width=200, file=printed).print(report(job.warehouse))
    return printed.getvalue()


def test_a_warehouse_that_only_an_archive_and_the_register_filled_says_what_it_holds(tmp_path: Path) -> None:
    job = Job(tmp_path, "http://127.0.0.1:9")
    assert "holds nothing yet" in told(job)
    with RawTables(job.warehouse.path) as raw:
        ads = [version(name, {"title": "Kokk"}, "2021-03-01T08:00:00Z") for name in "abc"]
        raw.append(versions=ads, source="mongo_archive", at="2026-03-01T08:00:00Z")
        raw.append(units=[unit("910000000", "62.010")], source="register", at="2026-03-02T08:00:00Z")
    status = told(job)
    assert "holds nothing" not in status and "details owed" not in status
    lines = [line.split() for line in status.splitlines()]
    [archive], [register] = (
        [line for line in lines if name in line] for name in ("mongo_archive", "register")
    )
    assert archive[3:5] == ["2026-03-01", "08:00:00"] and register[3:5] == ["2026-03-02", "08:00:00"]
    assert ["│", "nav_raw.ad_versions", "│", "3", "│"] in lines
