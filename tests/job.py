"""The extract-load layer under test: a warehouse of its own, polled through real HTTP."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import dlt
import pytest
from dlt.load import Load
from rich.console import Console

from extract.config import FeedSettings, WarehouseSettings
from extract.executors.bounded_map import BatchExecutor
from extract.executors.local import LocalExecutor
from extract.loading import packages
from extract.monitoring.progress import Progress
from extract.schema import RAW_TABLES
from extract.sources.loads import dlt_source
from extract.sources.nav.run import ExtractionRun
from extract.sources.nav.source import extract_feed, items
from extract.sources.nav.state import feed_state
from extract.warehouses.base import Warehouse
from extract.warehouses.duckdb import DuckDBWarehouse

LONG_AGO = datetime(2019, 1, 1, tzinfo=UTC)
WHEN_AND_BY_WHOM = {"extracted_at", "_dlt_load_id"}


class Job:
    """Polls a feed into `warehouse`, else a DuckDB file under `folder`. Retries are quick and few."""

    def __init__(self, folder: Path, base_url: str, warehouse: Warehouse | None = None) -> None:
        self.base_url = base_url
        self.folder = folder
        self.warehouse = warehouse or DuckDBWarehouse(
            WarehouseSettings(duckdb_path=str(folder / "test.duckdb"), pipelines_dir=str(folder / "dlt"))
        )

    def pipeline(self) -> dlt.Pipeline:
        return self.warehouse.pipeline()

    def poll(
        self,
        since: datetime | None = LONG_AGO,
        progress: Progress | None = None,
        executor: BatchExecutor | None = None,
        now: datetime | None = None,
        **settings: Any,
    ) -> ExtractionRun:
        """One run. `since` counts for the first one only, unless it is given."""
        feed = FeedSettings(base_url=self.base_url, attempts=2, max_backoff=0.01)
        feed.update(settings)
        if since is LONG_AGO and feed_state(self.warehouse):
            since = None
        progress = progress or Progress(Console(quiet=True, force_terminal=False))
        with nullcontext(executor) if executor else LocalExecutor(1) as running:
            return extract_feed(self.warehouse, feed, running, progress, since, now)

    def rows(self, table: str, columns: str = "*") -> list[tuple[Any, ...]]:
        return self.warehouse.query(f"select {columns} from {self.warehouse.raw(table)}")

    def facts(self) -> dict[str, set[tuple[Any, ...]]]:
        """All that the raw tables say of ads, less when it was read and by which load."""
        facts = {}
        for table in RAW_TABLES:
            if table.name != "feed_loads":
                names = [name for name in table.schema.names if name not in WHEN_AND_BY_WHOM]
                rows = self.rows(table.name, ", ".join(names))
                facts[table.name] = set(rows)
                assert len(rows) == len(facts[table.name]), f"{table.name} holds a row twice"
        return facts

    def leave_pending(self, step: str, since: datetime | None = LONG_AGO) -> None:
        """What a run leaves that died after dlt's `step`, extract or normalize."""
        settings = FeedSettings(base_url=self.base_url)
        quiet = Progress(Console(quiet=True, force_terminal=False))
        pipeline = self.pipeline()
        run = ExtractionRun(settings, self.warehouse, LocalExecutor(1), quiet, since)
        pipeline.extract(dlt_source("nav_feed", "feed", partial(items, run)))
        if step == "normalize":
            pipeline.normalize()

    def die_with_rows_staged(self) -> None:
        """Poll, and die when rows are in the staging tables and dlt has not noted it."""

        class Killed(BaseException):
            pass

        complete_jobs = Load.complete_jobs

        def die(load: Load, load_id: str, jobs: Sequence[Any], schema: Any) -> Any:
            if jobs and all(one.state() == "completed" for one in jobs):
                raise Killed
            return complete_jobs(load, load_id, [one for one in jobs if one.state() != "completed"], schema)

        with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
            patch.setattr(Load, "complete_jobs", die)
            self.poll()
        [package] = packages.pending(self.warehouse.pipelines_dir)
        for noted in (package / ".pending_transitions").glob("*"):
            noted.unlink()

    def forget_local_state(self) -> None:
        """What a new machine has: no folder of dlt's."""
        shutil.rmtree(self.warehouse.pipelines_dir)


def assert_whole(
    job: Job,
    undisturbed: Job,
    *,
    reads_again: bool = False,
    fields_too: bool = True,
) -> None:
    """The raw tables are those of the job that nothing happened to, and dbt will see every row of them.

    A job that reads the feed again asks for ads again, and sees states that came without an event.
    """
    facts, expected = job.facts(), undisturbed.facts()
    if not fields_too:
        facts["feed_fields"] = expected["feed_fields"]
    assert facts["feed_events"] == expected["feed_events"]
    for table in facts:
        assert facts[table] >= expected[table] if reads_again else facts[table] == expected[table], table
    loads = [row[0] for row in job.rows("_dlt_loads", "load_id")]
    assert len(loads) == len(set(loads)), "a load counts twice"
    for table in facts:
        assert {row[0] for row in job.rows(table, "_dlt_load_id")} <= set(loads), f"{table}: rows of no load"
