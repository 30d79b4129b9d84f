"""Does a poll and a build that bring a thousand ads cost more, the more ads are there?

Warehouses of different sizes are filled with ads in their lives, so many a day, by the pipeline's own loads,
and built. Then a few times, in turn: a thousand new ads, and the end of those that end meanwhile, are loaded
and built. The poll, from the look at what the warehouse holds to the watch on its volume but without asking a
feed, and each model are timed, and the median of each counts.

A hundred thousand ads are half a year of them at 550 a day, or five years at 55: marts that look back a year,
or hold a row a day, are compared with their like in the second.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from unittest import mock
from uuid import UUID

import dlt
import pyarrow as pa
from dbt.cli.main import dbtRunner

from bench.figures import Figures
from extract.config import PROJECT, WarehouseSettings
from extract.dbt import profiles_dir
from extract.hashing import canonical_json, version_id
from extract.loading.load import recover_local_state, run_load
from extract.monitoring.volume import volume_alarm
from extract.schema import AD_FEATURES, AD_VERSIONS, FEED_EVENTS, FEED_LOADS, RAW_TABLES
from extract.sources.loads import microseconds
from extract.warehouses.duckdb import DuckDBWarehouse

BEGIN = datetime(2021, 1, 1, 8, tzinfo=UTC)
CHUNK = 50_000
OCCUPATIONS = (
    "Helse og sosial",
    "IT",
    "Utdanning",
    "Industri og produksjon",
    "Salg og service",
    "Håndverkere",
)
COUNTIES = ("OSLO", "VESTLAND", "TRØNDELAG", "NORDLAND", "ROGALAND", "AGDER", "INNLANDET", "FINNMARK")


class Store(NamedTuple):
    """How many ads are in store, and how many came each day."""

    ads: int
    a_day: int

    def __str__(self) -> str:
        return f"{self.ads:,} ads, {self.a_day} a day"

    @property
    def between(self) -> timedelta:
        """The time from one ad to the next."""
        return timedelta(days=1) / self.a_day


def add_options(parser: argparse.ArgumentParser) -> None:
    """The stores, how much is new, how often, and where stores are kept."""
    parser.add_argument(
        "--stores",
        type=_store,
        nargs="+",
        default=[Store(100_000, 550), Store(100_000, 55), Store(1_000_000, 550)],
        metavar="ADS:A_DAY",
        help="the last is compared with each before it",
    )
    parser.add_argument("--new", type=int, default=1000)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--keep", type=Path, help="folder of the filled stores, to be used again")


def _store(text: str) -> Store:
    ads, _, a_day = text.partition(":")
    return Store(int(ads), int(a_day))


def run(options: argparse.Namespace) -> list[Figures]:
    """Fill and build each store, then load and build in turn."""
    with tempfile.TemporaryDirectory(prefix="job-market-bench-") as name:
        folder = Path(name)
        warehouses = [
            Built(store, folder / str(place), options.keep) for place, store in enumerate(options.stores)
        ]
        for time_ in range(options.times):
            for warehouse in warehouses:
                warehouse.grow(time_ * options.new, options.new)
        medians = [warehouse.medians() for warehouse in warehouses]
    *others, _ = options.stores
    table = Figures(
        f"A poll and a build of {options.new:,} new ads, median seconds of {options.times}",
        ("", *options.stores, *(f"to {store}" for store in others)),
    )
    for step in medians[0]:
        row = [taken[step] for taken in medians]
        table.rows.append((step, *row, *(row[-1] / one for one in row[:-1])))
    return [table]


class Built:
    """A warehouse with a store of ads in `folder`, built; filled before, if `keep` holds it."""

    def __init__(self, store: Store, folder: Path, keep: Path | None) -> None:
        self.store = store
        kept = keep / f"{store.ads}-{store.a_day}" if keep else None
        if kept and kept.exists():
            shutil.copytree(kept, folder)
        settings = WarehouseSettings(
            duckdb_path=str(folder / "bench.duckdb"), pipelines_dir=str(folder / "dlt")
        )
        self.warehouse = DuckDBWarehouse(settings)
        self.environment = self.warehouse.dbt_environment() | {
            "DBT_TARGET_PATH": str(folder / "target"),
            "DBT_LOG_PATH": str(folder / "logs"),
        }
        self.taken: list[dict[str, float]] = []
        if not kept or not kept.exists():
            for first in range(0, store.ads, CHUNK):
                _load(self.warehouse, _rows(store, first, min(first + CHUNK, store.ads)))
            if kept:
                shutil.copytree(folder, kept)
        with mock.patch.dict(os.environ, self.environment):
            manifest: Any = dbtRunner().invoke(["--quiet", "parse", *_where()]).result
            self.dbt = dbtRunner(manifest=manifest)
            self._build("build", "--exclude-resource-type", "test")

    def grow(self, after: int, new: int) -> None:
        """Load and build `new` ads, `after` so many others; time it."""
        first = self.store.ads + after
        rows = _rows(self.store, first, first + new)
        began, cpu = time.monotonic(), time.process_time()
        _load(self.warehouse, rows)
        loaded, cpu_loaded = time.monotonic(), time.process_time()
        models = self._build("run")
        self.taken.append(
            {
                "poll": loaded - began,
                "poll, CPU": cpu_loaded - cpu,
                "build": time.monotonic() - loaded,
                "build, CPU": time.process_time() - cpu_loaded,
                **models,
            }
        )

    def medians(self) -> dict[str, float]:
        """Of each step."""
        return {step: statistics.median(one[step] for one in self.taken) for step in self.taken[0]}

    def _build(self, *command: str) -> dict[str, float]:
        """The seconds of each model."""
        with mock.patch.dict(os.environ, self.environment):
            done: Any = self.dbt.invoke(["--quiet", *command, *_where()])
        self.warehouse.after_dbt()
        if not done.success:
            raise SystemExit(str(done.exception or [result.message for result in done.result.results]))
        return {
            result.node.name: result.execution_time
            for result in done.result.results
            if result.node.resource_type == "model"
        }


def _where() -> tuple[str, ...]:
    return "--project-dir", str(PROJECT), "--profiles-dir", str(profiles_dir()), "--log-level", "none"


def _rows(store: Store, first: int, last: int) -> dict[str, pa.Table]:
    """The ads from `first` on, before `last`, and the end of all that ended meanwhile, by raw table."""
    now, before = BEGIN + last * store.between, BEGIN + first * store.between
    events: list[tuple[Any, ...]] = []
    versions: list[tuple[Any, ...]] = []
    features: list[tuple[Any, ...]] = []
    # No ad is open for longer than 60 days.
    for number in range(max(0, first - 60 * store.a_day), last):
        ad_id, opened, closed, content = _ad(number, store.between)
        if number >= first:
            document = canonical_json(content)
            version = version_id(ad_id, "ACTIVE", microseconds(opened), document)
            events.append((ad_id, "ACTIVE", opened, now, None))
            versions.append((ad_id, version, "ACTIVE", opened, "feed", document, now))
            features.append((ad_id, version, 1, 4000, "nb", number % 9 == 0, False, number % 20 == 0, now))
        if before < closed <= now or (number >= first and closed <= now):
            version = version_id(ad_id, "INACTIVE", microseconds(closed), None)
            events.append((ad_id, "INACTIVE", closed, now, False))
            versions.append((ad_id, version, "INACTIVE", closed, "feed", None, now))
    counts = (len(events) // 1000, len(events), len(events), len(versions), len(features), 0, 0)
    load = (now.isoformat(), now, now, *counts, now, True)
    rows: dict[str, list[tuple[Any, ...]]] = {
        AD_VERSIONS.name: versions,
        FEED_EVENTS.name: events,
        AD_FEATURES.name: features,
        FEED_LOADS.name: [load],
    }
    return {table.name: table.batch(rows.get(table.name, [])) for table in RAW_TABLES}


def _load(warehouse: DuckDBWarehouse, rows: dict[str, pa.Table]) -> None:
    """One load of these rows, as the feed's would be."""

    @dlt.source(name="bench")
    def source() -> Any:
        @dlt.resource(name="feed")
        def feed() -> Iterator[Any]:
            for table in RAW_TABLES:
                yield table.item(rows[table.name])

        return feed

    pipeline = warehouse.pipeline()
    recover_local_state(warehouse, pipeline)
    run_load(pipeline, source())
    # As if it had been loaded then: a build reads the loads of three days again.
    loads, [read_at] = warehouse.raw("_dlt_loads"), rows[FEED_LOADS.name]["extracted_at"].to_pylist()
    warehouse.execute(
        f"update {loads} set inserted_at = timestamptz '{read_at}' "
        f"where load_id = (select max(load_id) from {loads})"
    )
    volume_alarm(warehouse)


def _ad(number: int, between: timedelta) -> tuple[str, datetime, datetime, dict[str, Any]]:
    """An ad's id, first and last timestamp and content, the same each time.

    The ids are uuids, as NAV's are: of numbers that rise, an engine leaves out most without looking.
    """
    dice = Random(number)
    opened = BEGIN + number * between
    closed = opened + timedelta(days=dice.uniform(2, 60))
    content = {
        "published": opened.isoformat(),
        "expires": (opened + timedelta(days=30)).isoformat(),
        "title": "Stilling ledig",
        "positioncount": str(dice.randint(1, 3)),
        "occupationCategories": [{"level1": dice.choice(OCCUPATIONS), "level2": "Annet"}],
        "workLocations": [{"county": dice.choice(COUNTIES), "country": "NORGE"}],
        "employer": {"name": "Bedrift", "orgnr": str(810_000_000 + dice.randrange(9999))},
        "source": "Stillingsregistrering",
        "extent": dice.choice(("Heltid", "Deltid")),
    }
    return str(UUID(int=dice.getrandbits(128), version=4)), opened, closed, content
