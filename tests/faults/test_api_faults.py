"""Each fault of the API: what the run does, its exit code, what is read, and that a healthy run heals it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from rich.console import Console

import demo.server
from demo.server import Served, serving
from demo.world import World
from extract.errors import JobMarketError
from extract.monitoring.progress import Progress
from extract.sources.nav.state import feed_state
from tests.faults.api_faults import FAULTS, ApiFault, table
from tests.job import Job

END = datetime(2026, 3, 1, 12, tzinfo=UTC)
BEFORE = END - timedelta(hours=20)
DOCS = Path(__file__).parents[2] / "docs" / "explanation" / "faults.md"
ONE_OF_EACH_KIND = {
    "connection refused",
    "reset in the middle of a body",
    "429 with Retry-After as a date",
    "truncated JSON with 200",
    "a page that names one which does not exist (404)",
    "a cursor that the server no longer knows",
    "the public token is revoked in mid-walk",
    "a detail that always fails",
    "new pages without an end and without a new entry",
    "another page in place of the one asked for, as from a cache",
    "404 to everything but the token",
    "an event of the year 9999",
    "another ad's detail in place of the one asked for",
    "JSON that strict readers refuse: a lone surrogate, 1e999, NaN, 10,000 digits, 2,000 levels",
    "times that run backwards",
}
LARGE = 50 * 2**20


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=7, days=3, ads_a_day=16, until=END)


@pytest.fixture(scope="module")
def before(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, Path]]:
    """A feed, and the folder of a job that was polled before the fault."""
    with serving(world, clock=BEFORE) as served:
        job = Job(tmp_path_factory.mktemp("before"), served.url)
        job.poll()
        served.clock_to(END)
        yield served, job.folder


@pytest.fixture(scope="module")
def undisturbed(
    before: tuple[Served, Path], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, set[tuple[Any, ...]]]:
    feed, folder = before
    job = copied(folder, tmp_path_factory.mktemp("undisturbed"), feed)
    job.poll()
    return job.facts()


def copied(folder: Path, target: Path, feed: Served) -> Job:
    """A job that goes on from the other's warehouse, on a machine of its own."""
    target.mkdir(exist_ok=True)
    (target / "test.duckdb").write_bytes((folder / "test.duckdb").read_bytes())
    return Job(target, feed.url)


def cost(fault: ApiFault) -> Any:
    """The fault as a parameter; `make test` tries one of each kind."""
    marks = () if fault.name in ONE_OF_EACH_KIND else (pytest.mark.long,)
    return pytest.param(fault, id=fault.name, marks=marks)


class Revoking(Progress):
    """Revokes the public token as soon as a page was read."""

    def __init__(self, feed: Served) -> None:
        super().__init__(Console(quiet=True, force_terminal=False))
        self.feed = feed

    def page(self, events: int) -> None:
        self.feed.rotate_token(grace_seconds=0)


@pytest.mark.parametrize("fault", [*map(cost, FAULTS)])
def test_the_run_does_what_the_table_says_and_the_next_one_ends_with_the_right_tables(
    fault: ApiFault,
    before: tuple[Served, Path],
    undisturbed: dict[str, set[tuple[Any, ...]]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    feed, folder = before
    caplog.set_level(logging.INFO)
    job = copied(folder, tmp_path / "job", feed)
    held = feed_state(job.warehouse)
    assert held is not None
    feed.faults(*(filled(rule, held.recent[0].page_id) for rule in fault.rules))
    feed.reset_stats()
    code, told = faulty_run(fault, job, feed, monkeypatch)
    feed.faults()
    told += caplog.text
    assert code == fault.code, told
    assert fault.tells.replace("{CURSOR}", held.recent[0].page_id) in told
    assert "hush" not in told
    if fault.special == "etag":
        assert "If-None-Match" not in feed.stats()["conditional"]
        assert "If-Modified-Since" not in feed.stats()["conditional"]

    job.base_url = feed.url
    job.poll()
    facts = job.facts()
    if fault.adds:
        assert facts["feed_events"] >= undisturbed["feed_events"]
    else:
        assert facts == undisturbed


def filled(rule: dict[str, Any], cursor: str) -> dict[str, Any]:
    text = {key: rule[key].replace("{CURSOR}", cursor) for key in ("path", "body") if key in rule}
    detail = (
        '{"uuid": "{id}", "status": "ACTIVE", "sistEndret": "2026-02-28T12:00:00Z", "ad_content": {"a": %s}}'
    )
    match text.get("body"):
        case "50 MB":
            text["body"] = '{"id": "' + "x" * LARGE + '"}'
        case "9 MB":
            text["body"] = detail % ('"' + "x" * 9 * 2**20 + '"')
        case "not strict":
            odd = r'["\ud800", 1e999, NaN, ' + "9" * 10_000 + ", " + "[" * 2_000 + "]" * 2_000 + "]"
            text["body"] = detail % odd
    return rule | text


async def unresolved(*_: Any, **__: Any) -> None:
    raise OSError("no such host")


def faulty_run(fault: ApiFault, job: Job, feed: Served, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    """Exit code and message of a poll with the fault."""
    progress = Revoking(feed) if fault.special == "revoke" else None
    with monkeypatch.context() as patch:
        if fault.special == "refused":
            job.base_url = "http://127.0.0.1:9"
        elif fault.special == "tls":
            job.base_url = job.base_url.replace("http://", "https://")
        elif fault.special == "dns":
            patch.setattr(aiohttp.TCPConnector, "_resolve_host", unresolved)
        if fault.special == "revoke":
            patch.setattr(demo.server, "DEFAULT_PAGE_SIZE", 20)
        try:
            return 0, str(job.poll(progress=progress, **fault.settings))
        except JobMarketError as error:
            return error.exit_code, str(error)


def test_the_table_in_the_docs_is_that_of_the_tests() -> None:
    assert DOCS.read_text(encoding="utf-8") == table(), (
        "python -m tests.faults.api_faults > docs/explanation/faults.md"
    )
