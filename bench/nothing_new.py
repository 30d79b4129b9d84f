"""A poll and a build with nothing new, in seconds of CPU, beside what cannot be left out of them.

Of a poll that is to import the libraries, of a build to start dbt and parse the project. Each is a process of
its own; the four run in turn, so that a machine whose clock changes changes it for all.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

from bench.figures import Figures
from bench.measuring import command, process
from bench.worlds import UNTIL, usual_world
from demo.server import serving

LIBRARIES = "import dlt, duckdb, pandas, pyarrow"
DBT = "from dbt.cli.main import cli; cli()"


def add_options(parser: argparse.ArgumentParser) -> None:
    """The world's size and how often."""
    parser.add_argument("--days", type=int, default=14)
    parser.add_argument("--ads-a-day", type=int, default=40)
    parser.add_argument("--times", type=int, default=7)


def run(options: argparse.Namespace) -> list[Figures]:
    """Measure the four in turn."""
    python = [sys.executable, "-c"]
    with (
        tempfile.TemporaryDirectory(prefix="job-market-bench-") as name,
        serving(usual_world(options.days, options.ads_a_day), clock=UNTIL) as feed,
    ):
        folder = Path(name)
        address = {"SOURCES__NAV_FEED__BASE_URL": feed.url}
        # A parse without what an earlier one left would leave the build without it, too.
        own_target = {"DBT_TARGET_PATH": f"{folder}/parsed", "DBT_LOG_PATH": f"{folder}/parsed"}
        parse = [*python, DBT, "--quiet", "--no-partial-parse", "parse"]
        command(folder, "extract", "--since", "2019-01-01", **address)
        command(folder, "build")
        command(folder, "extract", **address)  # what the first poll could not know, such as details not found
        taken: dict[str, list[float]] = {}
        for _ in range(options.times):
            for step, measured in (
                ("extract", command(folder, "extract", **address)),
                ("its imports alone", process(folder, [*python, LIBRARIES])),
                ("build", command(folder, "build")),
                ("dbt's start and parse alone", process(folder, parse, **own_target)),
            ):
                taken.setdefault(step, []).append(measured.cpu)
    table = Figures(f"Nothing new, seconds of CPU, median of {options.times}", ("", "seconds", "to the next"))
    medians = [(step, statistics.median(cpu)) for step, cpu in taken.items()]
    for (whole, cpu), (part, of_it) in (medians[:2], medians[2:]):
        table.rows += [(whole, cpu, cpu / of_it), (part, of_it, "")]
    return [table]
