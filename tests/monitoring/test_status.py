"""What `status` reports."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

from rich.console import Console

from extract.sources.nav.state import FeedState, Pending
from extract.status import report
from tests.dbt.raw import RawTables, unit, version
from tests.job import Job


def printed(job: Job, feed: FeedState | None = None) -> str:
    text = StringIO()
    Console(width=200, file=text).print(report(job.warehouse, feed))
    return text.getvalue()


def test_a_warehouse_that_only_an_archive_and_the_register_filled_says_what_it_holds(tmp_path: Path) -> None:
    job = Job(tmp_path, "http://127.0.0.1:9")
    assert "holds nothing yet" in printed(job)
    with RawTables(job.warehouse.path) as raw:
        ads = [version(name, {"title": "Kokk"}, "2021-03-01T08:00:00Z") for name in "abc"]
        raw.append(versions=ads, source="mongo_archive", at="2026-03-01T08:00:00Z")
        raw.append(units=[unit("910000000", "62.010")], source="register", at="2026-03-02T08:00:00Z")
    status = printed(job)
    assert "holds nothing" not in status and "pending details" not in status
    lines = [line.split() for line in status.splitlines()]
    [archive], [register] = (
        [line for line in lines if name in line] for name in ("mongo_archive", "register")
    )
    assert archive[3:5] == ["2026-03-01", "08:00:00"] and register[3:5] == ["2026-03-02", "08:00:00"]
    assert ["│", "nav_raw.ad_versions", "│", "3", "│"] in lines


def test_pending_details_are_counted_by_reason_and_a_mock_feed_raises_no_alarm(tmp_path: Path) -> None:
    job = Job(tmp_path, "http://127.0.0.1:9")
    long_ago = datetime(2026, 3, 1, tzinfo=UTC)
    failed = Pending(long_ago, "ACTIVE without content")
    pending = {"ad-0": Pending(long_ago), **dict.fromkeys(("ad-1", "ad-2"), failed)}
    feed = FeedState("127.0.0.1", pending=pending, newest_event_at=long_ago)
    status = printed(job, feed)
    assert "2: ACTIVE without content, such as ad-1" in status
    assert "(a mock feed on this machine)" in status and "not compared with past weeks" in status
    assert "not compared" not in printed(job, replace(feed, feed="pam-stilling-feed.nav.no"))
