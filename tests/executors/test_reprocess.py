"""Features are recomputed when the rules changed: all, once, on any executor, wherever a run stopped."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import orjson
import pytest
from rich.console import Console

from demo.server import Served, serving
from demo.world import World
from extract.errors import JobMarketError
from extract.executors.bounded_map import BatchExecutor
from extract.executors.local import LocalExecutor
from extract.features import rules as features
from extract.monitoring.progress import Progress
from extract.schema import AD_FEATURES
from extract.sources import reprocess
from tests.command import Command
from tests.job import Job
from tests.test_command_line import one_sentence

NEXT_RULES = features.RULES_VERSION + 1
SAID = [name for name in AD_FEATURES.schema.names if name not in ("rules_version", "extracted_at")]


@pytest.fixture(scope="module")
def filled(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a job that was polled. Not to be changed, but copied."""
    with serving(world) as feed:
        job = Job(tmp_path_factory.mktemp("filled"), feed.url)
        job.poll()
    return job.folder


@pytest.fixture
def job(filled: Path, feed: Served, tmp_path: Path) -> Job:
    shutil.copytree(filled, tmp_path, dirs_exist_ok=True)
    return Job(tmp_path, feed.url)


@pytest.fixture
def new_rules(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rules' version has risen since; small batches and loads make many of each."""
    monkeypatch.setattr(features, "RULES_VERSION", NEXT_RULES)
    monkeypatch.setattr(reprocess, "BATCH", 7)
    monkeypatch.setattr(reprocess, "VERSIONS_PER_LOAD", 30)


def described(job: Job, rules_version: int) -> set[tuple[Any, ...]]:
    rows = job.rows(f"ad_features where rules_version = {rules_version}", ", ".join(SAID))
    assert len(rows) == len(set(rows))
    return set(rows)


def run(
    job: Job, executor: BatchExecutor | None = None, progress: Progress | None = None
) -> reprocess.Reprocessed:
    quiet = Progress(Console(quiet=True, force_terminal=False))
    return reprocess.reprocess(job.warehouse, executor or LocalExecutor(1), progress or quiet)


@pytest.mark.usefixtures("new_rules")
@pytest.mark.parametrize("executor", ["thread", "processes", "dask", "address"], indirect=True)
def test_every_version_with_content_is_described_once_on_every_executor(
    job: Job, executor: BatchExecutor
) -> None:
    done = run(job, executor)
    assert done.described == len(described(job, NEXT_RULES)) > 50
    assert described(job, NEXT_RULES) == described(job, NEXT_RULES - 1)
    assert len(done.loads) > 1
    assert run(job).loads == []


def test_with_the_rules_unchanged_nothing_is_written(job: Job) -> None:
    before = job.rows("_dlt_loads")
    assert run(job).loads == []
    assert job.rows("_dlt_loads") == before


class _Fuse(Progress):
    """Ends the run after so many batches."""

    def __init__(self, batches: int) -> None:
        super().__init__(Console(quiet=True, force_terminal=False))
        self.left = batches

    def described(self, versions: int, of: int) -> None:
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt


@pytest.mark.usefixtures("new_rules")
def test_a_run_that_was_stopped_goes_on_where_it_stopped(job: Job) -> None:
    total = len(described(job, NEXT_RULES - 1))
    with pytest.raises(KeyboardInterrupt):
        run(job, progress=_Fuse(7))
    kept = len(described(job, NEXT_RULES))
    assert 0 < kept < total
    assert run(job).described == total - kept
    assert described(job, NEXT_RULES) == described(job, NEXT_RULES - 1)


@pytest.mark.usefixtures("new_rules")
def test_a_version_that_cannot_be_described_is_named_and_the_others_are_loaded(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison = max(described(job, NEXT_RULES - 1))[:2]
    of_ad = features.of_ad
    [(document,)] = job.rows(f"ad_versions where version_id = '{poison[1]}'", "document")

    def describe(content: dict[str, Any]) -> Any:
        if content == orjson.loads(document):
            raise RecursionError("too deep")
        return of_ad(content)

    monkeypatch.setattr(features, "of_ad", describe)
    with pytest.raises(
        JobMarketError, match=f"version {poison[1]} of ad {poison[0]}: RecursionError: too deep"
    ):
        run(job)
    lost = described(job, NEXT_RULES - 1) - described(job, NEXT_RULES)
    assert {row[:2] for row in lost} == {poison}


def test_the_command_waits_for_no_other_run(job: Job, feed: Served, tmp_path: Path) -> None:
    command = Command(tmp_path, feed.url)
    assert command("reprocess")[1].strip().endswith("every version has its features by rules version 1")
    with job.warehouse.lock():
        code, printed = command("reprocess")
    assert (code, "Another run holds" in one_sentence(printed)) == (1, True)


@pytest.mark.usefixtures("new_rules")
def test_versions_of_a_batch_that_fails_are_named_and_the_others_are_loaded(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison = max(described(job, NEXT_RULES - 1))[:2]
    describe_versions = reprocess.describe_versions

    def describe(batch: Any, **arguments: Any) -> Any:
        if poison[1] in batch["version_id"].to_pylist():
            raise MemoryError
        return describe_versions(batch, **arguments)

    monkeypatch.setattr(reprocess, "describe_versions", describe)
    with pytest.raises(JobMarketError, match=r"could not be described, first version .*: MemoryError"):
        run(job)
    lost = described(job, NEXT_RULES - 1) - described(job, NEXT_RULES)
    assert poison in {row[:2] for row in lost}
    assert len(lost) <= 7
