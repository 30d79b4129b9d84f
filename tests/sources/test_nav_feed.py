"""A poll brings what the feed holds, each thing once, whatever the feed does and wherever a run dies."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from rich.console import Console

import demo.server
from demo.server import Served, serving
from demo.world import World
from extract.errors import ConfigurationError, SourceUnavailable
from extract.monitoring.progress import Progress
from extract.sources.nav.run import ExtractionRun
from extract.sources.nav.state import FeedState, feed_state
from tests.job import Job, assert_whole

END = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=7, days=6, ads_a_day=50, until=END)


@pytest.fixture
def feed(world: World) -> Iterator[Served]:
    with serving(world) as served:
        yield served


@pytest.fixture
def job(tmp_path: Path, feed: Served) -> Job:
    return Job(tmp_path, feed.url)


@dataclass(frozen=True)
class FirstRun:
    """A first run that nothing disturbs: its job, not to be changed, what it said, and what it asked for."""

    job: Job
    summary: ExtractionRun
    requests: dict[str, int]


@pytest.fixture(scope="module")
def first_run(world: World, tmp_path_factory: pytest.TempPathFactory) -> FirstRun:
    with serving(world) as served:
        job = Job(tmp_path_factory.mktemp("whole"), served.url)
        return FirstRun(job, job.poll(), served.stats()["requests"])


@pytest.fixture
def whole(first_run: FirstRun) -> Job:
    return first_run.job


@pytest.fixture
def polled(whole: Job, job: Job) -> Job:
    """A job of its own after that run."""
    shutil.copytree(whole.folder, job.folder, dirs_exist_ok=True)
    return job


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of 50 entries: the world has a dozen of them, as months of the real feed have hundreds."""
    monkeypatch.setattr(demo.server, "DEFAULT_PAGE_SIZE", 50)


def state(job: Job) -> FeedState:
    held = feed_state(job.warehouse)
    assert held is not None
    return held


def active_ads(world: World, at: datetime = END) -> set[str]:
    last = {event.ad_id: event.status for event in world.events(at)}
    return {ad_id for ad_id, status in last.items() if status == "ACTIVE"}


def hollow_ads(world: World, at: datetime = END) -> set[str]:
    """Active ads whose detail has no content."""
    return {ad_id for ad_id in active_ads(world, at) if _detail(world, ad_id, at).content is None}


def _detail(world: World, ad_id: str, at: datetime) -> Any:
    detail = world.ad(ad_id, at)
    assert detail is not None
    return detail


def test_a_first_run_brings_every_event_and_the_content_of_every_active_ad(world: World, whole: Job) -> None:
    events = {(event.ad_id, event.status, event.event_at) for event in world.events(END)}
    facts = whole.facts()
    assert {row[:3] for row in facts["feed_events"]} == events
    closing = {row[:1] + row[2:4] for row in facts["ad_versions"] if row[2] == "INACTIVE"}
    assert {(ad_id, status, at) for ad_id, status, at in events if status == "INACTIVE"} <= closing
    captured = {row[0] for row in facts["ad_versions"] if row[5] is not None}
    expected = active_ads(world) - hollow_ads(world)
    assert {ad_id for ad_id in expected if _detail(world, ad_id, END).status == "ACTIVE"} == captured
    assert {(row[0], row[1]) for row in facts["ad_features"]} == {
        row[:2] for row in facts["ad_versions"] if row[5] is not None
    }


def test_only_active_ads_are_asked_for_each_once_and_once_more_where_there_was_no_content(
    world: World, first_run: FirstRun
) -> None:
    assert first_run.requests["entry"] == len(active_ads(world)) + len(hollow_ads(world))


def test_a_poll_in_which_nothing_changed_writes_nothing(polled: Job) -> None:
    before = polled.facts(), polled.rows("_dlt_loads"), polled.rows("_dlt_pipeline_state")
    for _ in range(2):
        assert polled.poll().loads == []
    assert (polled.facts(), polled.rows("_dlt_loads"), polled.rows("_dlt_pipeline_state")) == before


def test_what_was_staged_is_gone_once_it_is_merged(whole: Job) -> None:
    assert whole.warehouse.query("select count(*) from nav_raw_staging.ad_versions") == [(0,)]


def test_a_new_machine_goes_on_from_the_warehouse(feed: Served, polled: Job) -> None:
    before = polled.facts()
    polled.forget_local_state()
    feed.reset_stats()
    assert polled.poll().loads == []
    assert polled.facts() == before
    assert feed.stats()["requests"]["page"] <= 3


def test_of_the_pipeline_states_the_newest_stay_and_one_is_enough_for_a_new_machine(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("extract.loading.load.STATES_KEPT", 2)
    with serving(world, clock=END - timedelta(hours=30)) as served:
        job = Job(tmp_path, served.url)
        for hours in (30, 20, 10, 0):
            served.clock_to(END - timedelta(hours=hours))
            assert job.poll().loads
            states = job.rows("_dlt_pipeline_state", "_dlt_load_id")
            assert len(states) <= 3
            assert max(states) == max(job.rows("_dlt_loads", "load_id"))
        job.forget_local_state()
        assert job.poll().loads == []


def test_reading_the_feed_again_from_the_start_doubles_nothing(polled: Job) -> None:
    before = polled.facts()
    polled.poll(since=datetime(2019, 6, 1, tzinfo=UTC))
    assert polled.facts() == before


def test_polls_of_a_tip_that_is_held_back_bring_the_events_of_one_poll_at_the_end(
    world: World, tmp_path: Path
) -> None:
    """One that grows is polled hourly in tests/test_whole_job.py."""
    with serving(world, clock=END - timedelta(days=2), tip="held-back") as served:
        often, once = Job(tmp_path / "often", served.url), Job(tmp_path / "once", served.url)
        for hour in range(0, 49, 12):
            served.clock_to(END - timedelta(days=2) + timedelta(hours=hour))
            often.poll()
        once.poll()
    assert often.facts()["feed_events"] == once.facts()["feed_events"]
    closing = [
        {row for row in job.facts()["ad_versions"] if row[5] is None and row[0] not in active_ads(world)}
        for job in (often, once)
    ]
    assert closing[1] <= closing[0]


@pytest.mark.usefixtures("small_pages")
def test_a_long_first_run_is_made_of_bounded_loads(job: Job) -> None:
    assert len(job.poll(pages_per_load=6, details_per_load=60).loads) > 5


def test_many_documents_end_a_load_before_its_details_do(
    world: World, first_run: FirstRun, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(first_run.summary.loads) == 1
    monkeypatch.setattr("extract.sources.nav.source.BATCH", 20)
    monkeypatch.setattr("extract.sources.nav.source.MAX_LOAD_BYTES", 300_000)
    assert 2 < len(job.poll().loads) < len(active_ads(world)) / 20
    assert_whole(job, first_run.job)


class _Killed(BaseException):
    """Stands for whatever ends a process in the middle of its work."""


class _Fuse(Progress):
    """Ends the run after so many pages and batches."""

    def __init__(self, steps: int) -> None:
        super().__init__(Console(quiet=True, force_terminal=False))
        self.steps = steps

    def page(self, events: int) -> None:
        self._burn()

    def details(self, settled: int, failed: int) -> None:
        self._burn()

    def _burn(self) -> None:
        self.steps -= 1
        if self.steps < 0:
            raise _Killed


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("dies_after", [(13,), pytest.param((0, 3, 8, 14), marks=pytest.mark.long)])
def test_a_run_that_dies_anywhere_and_runs_again_gives_the_rows_of_one_that_did_not(
    dies_after: tuple[int, ...], feed: Served, whole: Job, tmp_path: Path
) -> None:
    bounds = {"pages_per_load": 6, "details_per_load": 200}
    for steps in dies_after:
        job = Job(tmp_path / str(steps), feed.url)
        with pytest.raises(_Killed):
            job.poll(progress=_Fuse(steps), **bounds)
        job.poll(**bounds)
        assert job.facts() == whole.facts(), f"killed after {steps} steps"


@pytest.mark.parametrize("step", ["extract", "normalize"])
def test_a_load_that_was_left_pending_is_finished_and_then_the_run_does_its_own_work(
    step: str, world: World, whole: Job, tmp_path: Path
) -> None:
    with serving(world, clock=END - timedelta(days=1)) as served:
        job = Job(tmp_path / "job", served.url)
        job.leave_pending(step)
        served.clock_to(END)
        summary = job.poll()
    assert summary.finished == 1
    assert summary.events > 0
    assert job.facts()["feed_events"] == whole.facts()["feed_events"]


def test_a_detail_that_keeps_failing_stops_nothing_and_comes_when_it_can(
    world: World, feed: Served, job: Job, whole: Job
) -> None:
    poison = sorted(active_ads(world) - hollow_ads(world))[:20]
    feed.faults({"path": f"feedentry/({'|'.join(poison)})", "status": 503})
    for _ in range(2):
        job.poll()
        pending = state(job).pending
        assert set(poison) <= set(pending)
        assert "answered 503" in (pending[poison[0]].reason or "")
    assert job.facts()["feed_events"] == whole.facts()["feed_events"]
    feed.faults()
    job.poll()
    assert not set(poison) & set(state(job).pending)
    assert job.facts() == whole.facts()


def test_when_no_detail_can_be_had_the_events_are_kept_and_the_run_says_so(
    feed: Served, job: Job, whole: Job
) -> None:
    feed.faults({"path": "feedentry", "status": 500})
    feed.reset_stats()
    with pytest.raises(SourceUnavailable, match="answered 500"):
        job.poll()
    assert feed.stats()["requests"]["entry"] < 100, "it goes on asking a feed that is down"
    assert job.rows("feed_events")
    feed.faults()
    job.poll()
    assert job.facts() == whole.facts()


@pytest.mark.usefixtures("small_pages")
def test_when_the_feed_fails_in_mid_walk_the_pages_before_are_kept(
    feed: Served, job: Job, whole: Job
) -> None:
    feed.faults(
        {"path": "/api/v1/feed/", "delay_seconds": 0, "times": 8},
        {"path": "/api/v1/feed/", "status": 502},
    )
    with pytest.raises(SourceUnavailable, match="answered 502"):
        job.poll()
    kept = len(job.rows("feed_events"))
    assert kept > 300
    feed.faults()
    job.poll()
    assert job.facts() == whole.facts()


def test_a_cursor_that_the_feed_no_longer_knows_is_replaced_by_a_time(feed: Served, polled: Job) -> None:
    before = polled.facts()
    cursor = state(polled).recent[0].page_id
    feed.faults({"path": cursor, "status": 404})
    polled.poll()
    assert {table: rows for table, rows in polled.facts().items() if table != "ad_versions"} == {
        table: rows for table, rows in before.items() if table != "ad_versions"
    }
    assert state(polled).recent[0].page_id != cursor


def test_a_feed_with_nothing_new_since_the_start_leaves_empty_tables(job: Job) -> None:
    job.poll(since=END + timedelta(days=1))
    assert job.facts() == {table: set() for table in job.facts()}
    assert set(job.facts()) >= {"ad_versions", "feed_events", "ad_features", "rejects"}


def test_an_entry_that_cannot_be_read_is_kept_among_the_rejects(world: World, feed: Served, job: Job) -> None:
    good = {"uuid": sorted(active_ads(world))[0], "status": "ACTIVE", "sistEndret": "2026-02-28T10:00:00"}
    items = [{"id": "x", "_feed_entry": entry} for entry in (good, {**good, "sistEndret": "i går"}, "text")]
    page = {"id": "p", "next_id": None, "items": items}
    feed.faults({"path": "/api/v1/feed(/p)?$", "status": 200, "body": orjson.dumps(page).decode()})
    for _ in range(2):
        job.poll()
        assert len(job.rows("feed_events")) == 1
        assert {reason for (reason,) in job.rows("rejects", "reason")} == {
            "'sistEndret' is no time: 'i går'",
            "an item without '_feed_entry' or an ad's id",
        }


def test_a_detail_whose_time_cannot_be_read_takes_the_events_and_says_so(
    world: World, feed: Served, job: Job
) -> None:
    ad_id = sorted(active_ads(world) - hollow_ads(world))[0]
    detail = {"uuid": ad_id, "status": "ACTIVE", "sistEndret": "snart", "ad_content": {"title": "Kokk"}}
    feed.faults({"path": f"feedentry/{ad_id}", "status": 200, "body": orjson.dumps(detail).decode()})
    job.poll()
    at = max(event.event_at for event in world.events(END) if event.ad_id == ad_id)
    versions = [row for row in job.rows("ad_versions") if row[0] == ad_id and row[5]]
    assert [(row[3], row[5]) for row in versions] == [(at, '{"title":"Kokk"}')]
    assert job.rows("rejects", "ad_id, payload") == [(ad_id, '"snart"')]


def test_a_field_that_the_feed_invents_is_kept_in_the_document(world: World, feed: Served, job: Job) -> None:
    ad_id = sorted(active_ads(world) - hollow_ads(world))[0]
    content = {"title": "Kokk", "invented": {"deep": [1, {"er": True}]}}
    detail = {"uuid": ad_id, "status": "ACTIVE", "sistEndret": "2026-02-28T10:00:00", "ad_content": content}
    feed.faults({"path": f"feedentry/{ad_id}", "status": 200, "body": orjson.dumps(detail).decode()})
    job.poll()
    documents = [row[5] for row in job.rows("ad_versions") if row[0] == ad_id and row[5]]
    assert [orjson.loads(document) for document in documents] == [content]


def test_no_personal_data_of_the_world_reaches_any_raw_table(world: World, whole: Job) -> None:
    personal = world.personal_data()
    stored = "\n".join(str(row) for table in whole.facts().values() for row in table).lower()
    assert not [text for kind in personal for text in kind if text.lower() in stored]


def test_the_ads_of_another_feed_are_not_mixed_in(polled: Job) -> None:
    polled.base_url = polled.base_url.replace("127.0.0.1", "localhost")
    with pytest.raises(ConfigurationError, match=r"holds the ads of 127\.0\.0\.1"):
        polled.poll()


def test_the_token_that_was_given_is_refused_in_one_sentence_without_it(job: Job) -> None:
    with pytest.raises(ConfigurationError, match=r"sources\.nav_feed\.token") as refusal:
        job.poll(token="hush.wrong.token")
    assert "hush" not in str(refusal.value)


def test_a_public_token_that_is_rotated_in_mid_run_is_fetched_again(feed: Served, job: Job) -> None:
    class Rotating(Progress):
        def pending_details(self, ads: int) -> None:  # the pages are read, no detail is
            feed.rotate_token(grace_seconds=0)

    job.poll(progress=Rotating(Console(quiet=True, force_terminal=False)))
    assert feed.stats()["requests"]["public_token"] >= 2
    assert {ad.reason for ad in state(job).pending.values()} == {"ACTIVE without content"}


def test_a_feed_that_hands_out_expired_tokens_only_is_a_feed_to_try_later(
    world: World, tmp_path: Path
) -> None:
    with serving(world, expired_tokens=1000) as served:
        job = Job(tmp_path, served.url)
        with pytest.raises(SourceUnavailable, match="expired"):
            job.poll()


def test_one_expired_token_is_survived(world: World, tmp_path: Path) -> None:
    with serving(world, expired_tokens=1) as served:
        Job(tmp_path, served.url).poll()
        assert served.stats()["requests"]["public_token"] == 2


@pytest.mark.parametrize("after", ["0", "Mon, 01 Jan 2024 00:00:00 GMT"])
def test_too_many_requests_waits_as_long_as_it_is_told(after: str, feed: Served, job: Job) -> None:
    feed.faults({"path": "/api/v1/feed", "status": 429, "headers": {"Retry-After": after}, "times": 1})
    job.poll()
    assert feed.stats()["statuses"]["429"] == 1


def test_a_feed_that_asks_for_a_long_pause_is_left_alone(feed: Served, job: Job) -> None:
    feed.faults({"path": "/api/v1/feed", "status": 429, "headers": {"Retry-After": "3600"}})
    with pytest.raises(SourceUnavailable, match="3600 s"):
        job.poll()
    assert feed.stats()["requests"]["feed"] == 1


@pytest.mark.parametrize("body", ["<html>maintenance</html>", '{"id": "p1", "items": [{'])
def test_an_answer_that_is_no_page_is_tried_again_and_then_named(body: str, feed: Served, job: Job) -> None:
    feed.faults({"path": "/api/v1/feed", "status": 200, "body": body})
    with pytest.raises(SourceUnavailable, match="not JSON"):
        job.poll()


def test_a_feed_that_is_not_there_is_named(job: Job) -> None:
    job.base_url = "http://127.0.0.1:9"
    with pytest.raises(SourceUnavailable, match=r"http://127\.0\.0\.1:9"):
        job.poll()


def test_at_most_as_many_requests_as_configured_are_under_way(feed: Served, job: Job) -> None:
    feed.faults({"path": "feedentry", "delay_seconds": 0.02})
    job.poll(concurrency=6)
    assert 3 <= feed.stats()["most_at_once"] <= 6
    assert [agent.split("/")[0] for agent in feed.stats()["user_agents"]] == ["job-market"]
