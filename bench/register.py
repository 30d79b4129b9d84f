"""The business register at full size: time and memory of a first load, of updates and of a full reload."""

from __future__ import annotations

import argparse
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.figures import Figures
from bench.measuring import command
from demo.server import serving
from demo.world import World

END = datetime(2026, 3, 1, 12, tzinfo=UTC)


def add_options(parser: argparse.ArgumentParser) -> None:
    """The register's size."""
    parser.add_argument("--units", type=int, default=2_000_000)


def run(options: argparse.Namespace) -> list[Figures]:
    """Load the register, follow its updates and load all of it again, on two days."""
    table = Figures(f"A register of {options.units:,} units", ("", "seconds", "peak MB", "what it said"))
    with (
        tempfile.TemporaryDirectory() as name,
        serving(World(seed=1, days=1, ads_a_day=10, until=END), units=options.units) as served,
    ):
        address = {"SOURCES__REGISTER__BASE_URL": served.register_url}
        for made_at in (END, END + timedelta(hours=48)):
            served.clock_to(made_at)
            served.make_register()
            for what, more in (
                ("updates" if made_at > END else "first load", {}),
                ("full reload", {"SOURCES__REGISTER__RELOAD_DAYS": "0"}),
            ):
                measured = command(Path(name), "register", **address, **more)
                *_, told = measured.printed.strip().splitlines()
                table.rows.append((what, measured.seconds, measured.megabytes, told))
    return [table]
