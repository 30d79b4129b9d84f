"""A first run over a year of ads: does it go through, how fast, and how much memory does it hold meanwhile?

The mock feed serves a world in which no ad ends, so that each document is fetched, redacted, described and
loaded into DuckDB; or, with --usual, one in which they do. `run_pipeline.py extract` runs as a process of its
own, whose memory is read every second.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import psutil

from bench.figures import Figures
from bench.worlds import endless_world, usual_world
from demo.server import Served, serving
from extract.config import FeedSettings

PROJECT = Path(__file__).resolve().parents[1]
POINTS = 12
"""Of memory over time, in the table."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """The world's size and the executor."""
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--ads-a-day", type=int, default=550)
    parser.add_argument("--usual", action="store_true", help="ads end, as they do")
    parser.add_argument("--details-per-load", type=int, default=FeedSettings.details_per_load)
    parser.add_argument("--executor", choices=("local", "dask"), default="local")


def run(options: argparse.Namespace) -> list[Figures]:
    """Measure one first run."""
    make = usual_world if options.usual else endless_world
    world = make(options.days, options.ads_a_day)
    with tempfile.TemporaryDirectory(prefix="job-market-bench-") as folder, serving(world) as feed:
        path = Path(folder) / "bench.duckdb"
        environment = os.environ | {
            "SOURCES__NAV_FEED__BASE_URL": feed.url,
            "SOURCES__NAV_FEED__DETAILS_PER_LOAD": str(options.details_per_load),
            "WAREHOUSE__DUCKDB_PATH": str(path),
            "WAREHOUSE__PIPELINES_DIR": str(Path(folder) / "dlt"),
        }
        command = [sys.executable, "run_pipeline.py", "extract", "--since", "2019-01-01"]
        log = Path(folder) / "log"
        with log.open("w") as output:
            process = psutil.Popen(
                [*command, "--executor", options.executor],
                cwd=PROJECT,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            samples = _watch(process)
        if process.wait() != 0:
            raise SystemExit(log.read_text()[-2000:])
        return [_totals(options, path, samples), _requests(feed, path), _over_time(samples)]


def _watch(process: psutil.Popen) -> list[tuple[float, float, float]]:
    """Seconds, megabytes of the driving process and of all that it began, once a second to its end.

    The others are forks: of all together, what they share counts once, in parts (PSS).
    """
    started = time.monotonic()
    samples = []
    while process.poll() is None:
        try:
            all_ = [process, *process.children(recursive=True)]
            together = sum(each.memory_full_info().pss for each in all_)
            samples.append((time.monotonic() - started, process.memory_info().rss / 1e6, together / 1e6))
        except psutil.NoSuchProcess:
            pass  # a child, or the process itself, ended meanwhile
        time.sleep(1)
    return samples


def _totals(options: argparse.Namespace, path: Path, samples: list[tuple[float, float, float]]) -> Figures:
    with duckdb.connect(path, read_only=True) as connection:
        loads = connection.execute("select count(*) from nav_raw.feed_loads").fetchall()[0][0]
        ads, versions, documents = connection.execute(
            "select count(distinct ad_id), count(*), sum(strlen(document)) / 1e6 from nav_raw.ad_versions"
        ).fetchall()[0]
        events = connection.execute("select count(*) from nav_raw.feed_events").fetchall()[0][0]
    seconds = samples[-1][0]
    return Figures(
        f"A first run over {options.days} days x {options.ads_a_day} ads, executor {options.executor}",
        (
            "events",
            "ads",
            "versions",
            "documents MB",
            "loads",
            "seconds",
            "ads a second",
            "peak MB",
            "with its processes",
            "file MB",
        ),
        [
            (
                events,
                ads,
                versions,
                float(documents),
                loads,
                seconds,
                ads / seconds,
                max(memory for _, memory, _ in samples),
                max(together for _, _, together in samples),
                path.stat().st_size / 1e6,
            )
        ],
    )


def _requests(feed: Served, path: Path) -> Figures:
    """How much was asked of the feed, and how little would do: its pages, and each ad that is active."""
    with duckdb.connect(path, read_only=True) as connection:
        pages = connection.execute("select sum(pages_read) from nav_raw.feed_loads").fetchall()[0][0]
        active = connection.execute(
            "select count(*) from (from nav_raw.feed_events "
            "qualify row_number() over (partition by ad_id order by event_at desc, status desc) = 1) "
            "where status = 'ACTIVE'"
        ).fetchall()[0][0]
    requests = sum(feed.stats()["requests"].values())
    return Figures(
        "What was asked of the feed",
        ("requests", "pages", "ads that are active", "requests to pages and ads"),
        [(requests, int(pages), active, requests / (pages + active))],
    )


def _over_time(samples: list[tuple[float, float, float]]) -> Figures:
    step = max(1, len(samples) // POINTS)
    table = Figures(
        "Memory over time", ("second", "driving process MB (peak since the line before)", "all processes MB")
    )
    for start in range(0, len(samples), step):
        window = samples[start : start + step]
        table.rows.append((window[-1][0], max(row[1] for row in window), max(row[2] for row in window)))
    return table
