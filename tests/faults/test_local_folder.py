"""dlt's local folder, whatever is in it: a sentence with the way out, nothing lost, and no secret kept."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dlt
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed
from hypothesis import given, settings
from hypothesis import strategies as st

from demo.server import Served, serving
from demo.world import World
from extract.config import WarehouseSettings
from extract.errors import JobMarketError, SourceUnavailable
from extract.loading.load import run_load
from extract.loading.recovery import move_local_state_aside
from extract.warehouses.duckdb import DuckDBWarehouse
from tests.job import Job

END = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECRET = "s3cret-in-a-header"
FILES_OF_AN_IDLE_FOLDER = (
    "state.json",
    "schemas/nav_feed.schema.json",
    "load/.version",
    "normalize/.version",
)


@pytest.fixture(scope="module")
def feed() -> Iterator[Served]:
    with serving(World(seed=7, days=2, ads_a_day=5, until=END), clock=END - timedelta(days=1)) as served:
        yield served


@pytest.fixture(scope="module")
def polled(feed: Served, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a job that was polled once and has a load pending."""
    job = Job(tmp_path_factory.mktemp("polled") / "job", feed.url)
    job.poll()
    feed.clock_to(END)
    job.leave_pending("normalize", since=None)
    return job.folder


@pytest.fixture
def job(polled: Path, feed: Served, tmp_path: Path) -> Job:
    shutil.copytree(polled, tmp_path / "job")
    return Job(tmp_path / "job", feed.url)


def cut(file: Path, share: float) -> None:
    """Leave that share of a file, as a full disk or a lost power supply does."""
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * share)])


@pytest.mark.parametrize("share", [0, 0.5])
@pytest.mark.parametrize("name", FILES_OF_AN_IDLE_FOLDER)
def test_an_empty_or_half_file_is_told_with_the_way_out_which_works(
    name: str, share: float, job: Job
) -> None:
    cut(job.folder / "dlt" / "job_market" / name, share)
    with pytest.raises(JobMarketError, match=r"job_market cannot be read .*run_pipeline\.py recover"):
        job.poll()
    kept = move_local_state_aside(job.warehouse)
    assert kept is not None and (kept / name).exists()
    assert job.poll().events > 0


@pytest.mark.parametrize("share", [0, 0.5])
@pytest.mark.parametrize(
    "name", ["load_package_state.json", "schema.json", "*.insert_values.gz", "ad_v*.parquet"]
)
def test_an_empty_or_half_file_of_a_pending_load_is_told_with_the_way_out_which_works(
    name: str, share: float, job: Job
) -> None:
    [file] = (job.folder / "dlt" / "job_market" / "load" / "normalized").rglob(name)
    cut(file, share)
    with pytest.raises(JobMarketError, match=r"run_pipeline\.py recover"):
        job.poll()
    assert move_local_state_aside(job.warehouse) is not None
    assert job.poll().events > 0


def test_without_a_local_folder_there_is_nothing_to_move(tmp_path: Path) -> None:
    target = WarehouseSettings(duckdb_path=str(tmp_path / "a.duckdb"), pipelines_dir=str(tmp_path / "dlt"))
    assert move_local_state_aside(DuckDBWarehouse(target)) is None


def test_the_content_of_a_moved_load_can_be_loaded_by_the_statement_of_the_operations_page(
    job: Job, feed: Served
) -> None:
    """For ads that closed before the feed is read again."""
    kept = move_local_state_aside(job.warehouse)
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "operations.md").read_text()
    statement = " ".join(page.split("    insert into nav_raw.ad_versions", 1)[1].split("\n\n")[0].split())
    [file] = kept.rglob("ad_versions.*.parquet") if kept else []
    job.warehouse.execute(f"insert into nav_raw.ad_versions {statement.replace('FOLDER', str(kept))}")
    brought = job.warehouse.query(f"select count(*), count(distinct version_id) from '{file}'")
    ids = f"select version_id from '{file}'"
    there = "select count(*), count(distinct version_id) from nav_raw.ad_versions where version_id in"
    assert job.warehouse.query(f"{there} ({ids})") == brought
    job.poll()
    assert job.warehouse.query(f"{there} ({ids})") == brought, "the next poll doubled a row"
    orphans = "_dlt_load_id not in (select load_id from nav_raw._dlt_loads)"
    assert job.rows("ad_versions", f"count(*) filter ({orphans})") == [(0,)]


def source_that_raises(error: BaseException) -> Any:
    @dlt.source(name="failing")
    def source() -> Any:
        @dlt.resource(name="rows")
        def rows() -> Iterator[Any]:
            yield {"id": 1}
            raise error

        return rows

    return source()


def pipeline(folder: Path) -> dlt.Pipeline:
    target = WarehouseSettings(duckdb_path=str(folder / "a.duckdb"), pipelines_dir=str(folder / "dlt"))
    return DuckDBWarehouse(target).pipeline()


def test_no_file_of_the_local_folder_keeps_what_an_error_says(tmp_path: Path) -> None:
    with pytest.raises(JobMarketError):
        run_load(pipeline(tmp_path), source_that_raises(RuntimeError(f"Authorization: Bearer {SECRET}")))
    files = [path for path in (tmp_path / "dlt").rglob("*") if path.is_file()]
    assert files
    assert [path for path in files if SECRET.encode() in path.read_bytes()] == []


def test_an_error_without_a_text_is_named_by_its_type(tmp_path: Path) -> None:
    with pytest.raises(JobMarketError, match="failed: ZeroDivisionError"):
        run_load(pipeline(tmp_path), source_that_raises(ZeroDivisionError()))


@pytest.mark.parametrize("own", [SourceUnavailable("The feed is down."), ValueError("not ours")])
def test_the_causes_of_an_error_end(own: Exception, tmp_path: Path) -> None:
    with pytest.raises(JobMarketError) as caught:
        run_load(pipeline(tmp_path), source_that_raises(own))
    assert len(chain(caught.value)) < 20


@settings(deadline=None)
@given(st.integers(0, 5), st.lists(st.integers(0, 5), min_size=1, max_size=6), st.booleans())
def test_a_cycle_of_causes_ends(first: int, edges: list[int], is_context: bool) -> None:
    from extract.loading.load import _causes

    errors = [RuntimeError(str(number)) for number in range(6)]
    for number, target in enumerate(edges):
        setattr(errors[number], "__context__" if is_context else "__cause__", errors[target])
    found = list(_causes(errors[first]))
    assert found[0] is errors[first] and len({id(error) for error in found}) == len(found) <= 6


def chain(error: BaseException | None) -> list[BaseException]:
    """The error and its causes, as far as 20."""
    found: list[BaseException] = []
    while error is not None and len(found) < 20:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


def test_the_error_of_a_step_is_still_the_cause(tmp_path: Path) -> None:
    with pytest.raises(JobMarketError) as caught:
        run_load(pipeline(tmp_path), source_that_raises(ValueError("not ours")))
    assert isinstance(caught.value.__cause__, PipelineStepFailed)
