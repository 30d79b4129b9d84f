"""A first load of twenty thousand ads: this pipeline, the plainest program, and dlt as documented.

Each is a process of its own against the same mock feed, in turn and several times; the median counts. What is
compared is what lands: all three hold the same ads.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

import duckdb

from bench.figures import Figures
from bench.measuring import Measured, process
from bench.worlds import endless_world
from demo.server import serving

COUNTED = {
    "this pipeline": "select count(distinct ad_id) from nav_raw.ad_versions where document is not null",
    "the plainest program": "select count(*) from ads",
    "dlt as documented": "select count(*) from raw.ads where ad_content__title is not null",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """The world's size and how often."""
    parser.add_argument("--days", type=int, default=37)
    parser.add_argument("--ads-a-day", type=int, default=550)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--latency-ms", type=float, default=0, help="how late each answer of the feed is")
    parser.add_argument("--without-documented", action="store_true", help="leave out the slowest")


def run(options: argparse.Namespace) -> list[Figures]:
    """Measure each in turn."""
    names = [name for name in COUNTED if not (options.without_documented and name == "dlt as documented")]
    taken: dict[str, list[Measured]] = {name: [] for name in names}
    ads: dict[str, int] = {}
    with _feed(options.days, options.ads_a_day, options.latency_ms / 1000) as url:
        for _ in range(options.times):
            for name in names:
                measured, ads[name] = _load(name, url)
                taken[name].append(measured)
    medians = {name: statistics.median(each.seconds for each in all_) for name, all_ in taken.items()}
    plainest = medians["the plainest program"]
    table = Figures(
        f"First load, {options.latency_ms:g} ms of latency, median of {options.times}",
        ("", "ads", "seconds", "of CPU", "ads a second", "to the plainest"),
    )
    for name, seconds in medians.items():
        cpu = statistics.median(each.cpu for each in taken[name])
        table.rows.append((name, ads[name], seconds, cpu, ads[name] / seconds, seconds / plainest))
    return [table]


@contextmanager
def _feed(days: int, ads_a_day: int, latency_seconds: float) -> Iterator[str]:
    """The address of a mock feed in a process of its own: in this one, measuring would slow it down.

    The plainest program would wait for it the most, so that what is compared with it would look better.
    """
    context = multiprocessing.get_context("spawn")
    ours, its = context.Pipe()
    process = context.Process(target=_serve, args=(days, ads_a_day, latency_seconds, its), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        process.terminate()
        process.join()


def _serve(days: int, ads_a_day: int, latency_seconds: float, parent: Connection) -> None:
    with serving(endless_world(days, ads_a_day), latency_seconds=latency_seconds) as feed:
        parent.send(feed.url)
        multiprocessing.parent_process().join()  # type: ignore[union-attr]


def _load(name: str, url: str) -> tuple[Measured, int]:
    """What the program took, and the ads that are there then."""
    with tempfile.TemporaryDirectory(prefix="job-market-bench-") as folder:
        path = Path(folder) / "bench.duckdb"
        programs = {
            "this pipeline": ["run_pipeline.py", "extract", "--since", "2019-01-01"],
            "the plainest program": ["-m", "bench.plain_load", url, str(path)],
            "dlt as documented": ["-m", "bench.documented_load", url, str(path), f"{folder}/dlt"],
        }
        address = {"SOURCES__NAV_FEED__BASE_URL": url}
        measured = process(Path(folder), [sys.executable, *programs[name]], **address)
        with duckdb.connect(path, read_only=True) as connection:
            return measured, connection.execute(COUNTED[name]).fetchall()[0][0]
