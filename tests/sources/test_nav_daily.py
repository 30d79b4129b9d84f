"""What changes without an event, or appears late, is read all the same: once more a run, and each day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
import requests

import demo.server
from demo.server import Served, serving
from demo.tokens import PRIVATE_TOKEN
from demo.world import World
from extract.sources.nav.state import feed_state
from tests.job import Job

END = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=7, days=6, ads_a_day=30, until=END)


@pytest.fixture
def feed(world: World) -> Iterator[Served]:
    with serving(world, clock=END - 3 * DAY) as served:
        yield served


@pytest.fixture
def job(tmp_path: Path, feed: Served) -> Job:
    return Job(tmp_path, feed.url)


def captured(job: Job) -> list[str]:
    return sorted({ad_id for (ad_id,) in job.rows("ad_versions where document is not null", "ad_id")})


def detail(content: dict[str, Any] | None) -> str:
    return orjson.dumps(
        {"uuid": "{id}", "status": "ACTIVE", "sistEndret": "2026-02-25T10:00:00Z", "ad_content": content}
    ).decode()


def test_a_detail_without_content_or_that_failed_is_asked_for_once_more_at_the_end_of_the_run(
    feed: Served, job: Job, tmp_path: Path
) -> None:
    whole = Job(tmp_path / "whole", feed.url)
    whole.poll()
    hollow, failing = captured(whole)[:2]
    feed.faults(
        {"path": hollow, "status": 200, "body": detail(None), "times": 1},
        {"path": failing, "status": 503, "times": 2},
    )
    job.poll()
    assert job.facts() == whole.facts()


def test_another_ads_detail_is_not_stored_and_the_ad_stays_pending(feed: Served, job: Job) -> None:
    body = orjson.dumps({"uuid": "another", "status": "ACTIVE", "ad_content": {"title": "Kokk"}}).decode()
    feed.faults({"path": "feedentry/[0-3]", "status": 200, "body": body})
    for _ in range(2):
        job.poll()
        assert captured(job) and not [ad_id for ad_id in captured(job) if ad_id[0] < "4"]
        assert {row[0] for row in job.rows("rejects", "reason")} == {"the detail is that of another ad"}
        state = feed_state(job.warehouse)
        assert state is not None
        assert len(job.rows("rejects")) == len([ad_id for ad_id in state.pending if ad_id[0] < "4"])


def test_every_open_ad_is_read_again_within_reread_days_and_a_rewrite_without_an_event_is_seen(
    feed: Served, job: Job
) -> None:
    now = END - 3 * DAY
    job.poll(now=now)
    ads = captured(job)
    feed.faults({"path": "feedentry", "status": 200, "body": detail({"title": "Skrevet om"})})
    asked = []
    for day in range(1, 4):
        feed.reset_stats()
        job.poll(now=now + day * DAY, reread_days=3)
        asked.append(feed.stats()["requests"]["entry"])
        before = feed.stats()["requests"]["entry"]
        job.poll(now=now + day * DAY, reread_days=3)
        assert feed.stats()["requests"]["entry"] == before, "once a day"
    rewritten = job.rows("ad_versions where document like '%Skrevet om%'", "ad_id")
    assert {ad_id for (ad_id,) in rewritten} >= set(ads)
    assert max(asked) < 0.6 * sum(asked), "not all on one day"


def test_days_without_a_run_are_made_up_for(feed: Served, job: Job) -> None:
    now = END - 3 * DAY
    job.poll(now=now)
    ads = captured(job)
    feed.reset_stats()
    job.poll(now=now + 30 * DAY)
    assert feed.stats()["requests"]["entry"] >= len(ads)


def test_an_entry_that_appears_far_behind_the_cursor_is_read_by_the_next_days_first_run(
    feed: Served, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo.server, "DEFAULT_PAGE_SIZE", 20)
    monkeypatch.setattr("extract.sources.nav.state.OVERLAP_EVENTS", 20)
    job.poll(now=END - 3 * DAY)
    state = feed_state(job.warehouse)
    assert state is not None
    behind = state.recent[0].page_id
    feed.clock_to(END)
    job.poll(now=END - 3 * DAY + timedelta(hours=1))
    state = feed_state(job.warehouse)
    assert state is not None and state.newest_event_at
    assert behind not in [page.page_id for page in state.recent]

    token = requests.get(f"{feed.url}/api/publicToken", timeout=5).text.split()[-1]
    since = format_datetime(state.newest_event_at - timedelta(days=3), usegmt=True)
    headers = {"Authorization": f"Bearer {token}", "If-Modified-Since": since}
    page = requests.get(f"{feed.url}/api/v1/feed", headers=headers, timeout=5).json()
    assert page["id"] not in [page.page_id for page in state.recent]
    late = {"uuid": "late", "status": "INACTIVE", "sistEndret": "2026-02-26T18:00:00Z"}
    page["items"].insert(3, {"id": "late", "_feed_entry": late})
    feed.faults({"path": "/api/v1/feed$", "status": 200, "body": orjson.dumps(page).decode()})
    events = set(job.rows("feed_events", "ad_id"))
    feed.reset_stats()
    job.poll(now=END - 3 * DAY + timedelta(hours=2))
    assert set(job.rows("feed_events", "ad_id")) == events, "the day's first run was before"
    job.poll(now=END, reread_days=200)
    assert set(job.rows("feed_events", "ad_id")) == events | {("late",)}
    before = job.rows("feed_loads", "events_handed_over")
    job.poll(now=END + DAY, reread_days=200)
    assert sorted(job.rows("feed_loads", "events_handed_over")) == sorted(before), "the others are known"


def test_the_private_token_is_in_no_file_that_dlt_keeps(feed: Served, job: Job) -> None:
    job.poll(token=PRIVATE_TOKEN)
    files = [path for path in job.folder.rglob("*") if path.is_file()]
    assert {path.name for path in files} >= {"state.json", "test.duckdb"}
    assert not [path for path in files if PRIVATE_TOKEN.encode() in path.read_bytes()]
