"""Does a load and a build that bring a thousand ads cost more, the more ads are there?

Warehouses of different sizes are filled with ads in their lives, 550 a day, by the pipeline's own loads, and
built. Then a few times: a thousand new ads, and the end of those that end meanwhile, are loaded and built.
The load and each model are timed, and the median of each counts.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from unittest import mock

from dbt.cli.main import dbtRunner

from bench.figures import Figures
from extract.canonical import canonical_json, version_id
from extract.duckdb_warehouse import DuckDBWarehouse
from extract.parse import microseconds
from extract.settings import PROJECT, WarehouseSettings
from extract.tables import AD_FEATURES, AD_VERSIONS, FEED_EVENTS, FEED_LOADS, RAW_TABLES
from extract.transform import profiles_dir

BEGIN = datetime(2021, 1, 1, 8, tzinfo=UTC)
BETWEEN = timedelta(days=1) / 550
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


def add_options(parser: argparse.ArgumentParser) -> None:
    """The sizes, how much is new, and how often."""
    parser.add_argument("--ads", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--new", type=int, default=1000)
    parser.add_argument("--times", type=int, default=3)


def run(options: argparse.Namespace) -> list[Figures]:
    """Measure each size in turn."""
    taken = {ads: _measured(ads, options) for ads in options.ads}
    smallest = taken[options.ads[0]]
    table = Figures(
        f"A load and a build of {options.new:,} new ads, median seconds of {options.times}",
        ("", *(f"{ads:,} ads in store" for ads in options.ads), "last to first"),
    )
    for step in smallest:
        row = [taken[ads][step] for ads in options.ads]
        table.rows.append((step, *row, row[-1] / row[0]))
    return [table]


def _measured(ads: int, options: argparse.Namespace) -> dict[str, float]:
    """Median seconds of the load, of each model and of the build."""
    with tempfile.TemporaryDirectory(prefix="job-market-bench-") as name:
        folder = Path(name)
        settings = WarehouseSettings(
            duckdb_path=str(folder / "bench.duckdb"), pipelines_dir=str(folder / "dlt")
        )
        warehouse = DuckDBWarehouse(settings)
        files = {"DBT_TARGET_PATH": str(folder / "target"), "DBT_LOG_PATH": str(folder / "logs")}
        with mock.patch.dict(os.environ, warehouse.dbt_environment() | files):
            for first in range(0, ads, CHUNK):
                _load(warehouse, first, min(first + CHUNK, ads))
            where = (
                "--project-dir",
                str(PROJECT),
                "--profiles-dir",
                str(profiles_dir()),
                "--log-level",
                "none",
            )
            manifest: Any = dbtRunner().invoke(["--quiet", "parse", *where]).result
            dbt = dbtRunner(manifest=manifest)
            _seconds_of_models(
                warehouse, dbt.invoke(["--quiet", "build", "--exclude-resource-type", "test", *where])
            )
            taken = []
            for time_ in range(options.times):
                first = ads + time_ * options.new
                started = time.monotonic()
                _load(warehouse, first, first + options.new)
                loaded = time.monotonic()
                models = _seconds_of_models(warehouse, dbt.invoke(["--quiet", "run", *where]))
                taken.append({"load": loaded - started, **models, "build": time.monotonic() - loaded})
    return {step: statistics.median(one[step] for one in taken) for step in taken[0]}


def _seconds_of_models(warehouse: DuckDBWarehouse, done: Any) -> dict[str, float]:
    warehouse.after_dbt()
    if not done.success:
        raise SystemExit(str(done.exception or [result.message for result in done.result.results]))
    return {
        result.node.name: result.execution_time
        for result in done.result.results
        if result.node.resource_type == "model"
    }


def _load(warehouse: DuckDBWarehouse, first: int, last: int) -> None:
    """Load the ads from `first` on, before `last`, and the end of all that ended meanwhile."""
    now, before = BEGIN + last * BETWEEN, BEGIN + first * BETWEEN
    events: list[tuple[Any, ...]] = []
    versions: list[tuple[Any, ...]] = []
    features: list[tuple[Any, ...]] = []
    # No ad is open for longer than 60 days.
    for number in range(max(0, first - 60 * 550), last):
        ad_id, opened, closed, content = _ad(number)
        if number >= first:
            document = canonical_json(content)
            version = version_id(ad_id, "ACTIVE", microseconds(opened), document)
            events.append((ad_id, "ACTIVE", opened, now))
            versions.append((ad_id, version, "ACTIVE", opened, "feed", document, now))
            features.append((ad_id, version, 1, 4000, "nb", number % 9 == 0, False, number % 20 == 0, now))
        if before < closed <= now or (number >= first and closed <= now):
            version = version_id(ad_id, "INACTIVE", microseconds(closed), None)
            events.append((ad_id, "INACTIVE", closed, now))
            versions.append((ad_id, version, "INACTIVE", closed, "feed", None, now))
    counts = (len(events) // 1000, len(events), len(events), len(versions), len(features), 0, 0)
    load = (now.isoformat(), now, now, *counts, now, True)
    rows = {
        AD_VERSIONS.name: versions,
        FEED_EVENTS.name: events,
        AD_FEATURES.name: features,
        FEED_LOADS.name: [load],
    }

    def items() -> Iterator[Any]:
        for table in RAW_TABLES:
            yield table.item(table.batch(rows.get(table.name, [])))

    warehouse.pipeline().run(items(), table_name="feed")


def _ad(number: int) -> tuple[str, datetime, datetime, dict[str, Any]]:
    """An ad's id, first and last instant and content, the same each time."""
    dice = Random(number)
    opened = BEGIN + number * BETWEEN
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
    return f"{number:032x}", opened, closed, content
