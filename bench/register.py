"""The business register at full size: `python -m bench.register [units]`, two million without a number."""

from __future__ import annotations

import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.measuring import command, load_average
from demo.server import serving
from demo.world import World

UNITS = 2_000_000
END = datetime(2026, 3, 1, 12, tzinfo=UTC)


def main() -> None:
    """Print time and memory of a first load, of the updates and of a full reload."""
    units = int(sys.argv[1]) if len(sys.argv) > 1 else UNITS
    with (
        tempfile.TemporaryDirectory() as name,
        serving(World(seed=1, days=1, ads_a_day=10, until=END), units=units) as served,
    ):
        folder = Path(name)
        where = {"SOURCES__REGISTER__BASE_URL": served.register_url}
        print(f"{units:,} units; load average {load_average()}")
        for made_at in (END, END + timedelta(hours=48)):
            started = time.monotonic()
            served.clock_to(made_at)
            served.make_register()
            print(f"the stand-in made its files in {time.monotonic() - started:.0f} s")
            for what, more in (
                ("updates" if made_at > END else "first load", {}),
                ("full reload", {"SOURCES__REGISTER__RELOAD_DAYS": "0"}),
            ):
                measured = command(folder, "register", **where, **more)
                print(f"{what}: {measured}\n{measured.printed.strip()}")


if __name__ == "__main__":
    main()
