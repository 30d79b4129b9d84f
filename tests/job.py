"""The extract-load layer under test: a warehouse of its own in a folder, polled through real HTTP."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dlt
from rich.console import Console

from extract.duckdb_warehouse import DuckDBWarehouse
from extract.engine import Engine
from extract.load import LoadSummary, extract_and_load
from extract.progress import Progress
from extract.settings import FeedSettings, WarehouseSettings
from extract.status import feed_state
from extract.tables import RAW_TABLES

LONG_AGO = datetime(2019, 1, 1, tzinfo=UTC)
WHEN_AND_BY_WHOM = {"extracted_at", "_dlt_load_id"}


class Job:
    """Polls a feed into a DuckDB file under `folder`. Retries are quick and few."""

    def __init__(self, folder: Path, base_url: str) -> None:
        self.base_url = base_url
        self.folder = folder
        self.warehouse = DuckDBWarehouse(
            WarehouseSettings(duckdb_path=str(folder / "test.duckdb"), pipelines_dir=str(folder / "dlt"))
        )

    def pipeline(self) -> dlt.Pipeline:
        return self.warehouse.pipeline()

    def poll(
        self,
        since: datetime | None = LONG_AGO,
        progress: Progress | None = None,
        engine: Engine | None = None,
        **settings: Any,
    ) -> LoadSummary:
        """One run. `since` counts for the first one only, unless it is given."""
        feed = FeedSettings(base_url=self.base_url, attempts=2, longest_wait=0.01)
        feed.update(settings)
        if since is LONG_AGO and feed_state(self.warehouse):
            since = None
        progress = progress or Progress(Console(quiet=True, force_terminal=False))
        return extract_and_load(self.pipeline(), feed, since, progress, engine)

    def rows(self, table: str, columns: str = "*") -> list[tuple[Any, ...]]:
        return self.warehouse.query(f"select {columns} from nav_raw.{table}")

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

    def forget_local_state(self) -> None:
        """What a new machine has: no folder of dlt's."""
        shutil.rmtree(self.folder / "dlt")
