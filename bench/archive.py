"""The archive in MongoDB at size: time and memory of an import, and of one that finds nothing new."""

from __future__ import annotations

import argparse
import random
import tempfile
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import pymongo

from bench.figures import Figures
from bench.measuring import command
from demo.world import World
from tests.mongo import mongo_server

END = datetime(2025, 5, 1, 12, tzinfo=UTC)


def documents(count: int) -> Iterator[dict[str, Any]]:
    """Ads of the old feed's shape and of realistic length, spread over five years."""
    dice = random.Random(1)
    world = World(seed=1, days=4, ads_a_day=100, until=END)
    ads = {event.ad_id: world.ad(event.ad_id, event.event_at) for event in world.events(END)}
    contents = [ad.content for ad in ads.values() if ad and ad.content]
    for number in range(count):
        published = END - timedelta(minutes=dice.randrange(5 * 365 * 24 * 60))
        yield {
            **contents[number % len(contents)],
            "uuid": str(uuid.UUID(int=dice.getrandbits(128))),
            "published": published.strftime("%Y-%m-%dT%H:%M:%S"),
            "updated": (published + timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%S"),
            "expires": published + timedelta(days=30),
        }


def add_options(parser: argparse.ArgumentParser) -> None:
    """The archive's size."""
    parser.add_argument("--documents", type=int, default=100_000)


def run(options: argparse.Namespace) -> list[Figures]:
    """Fill an archive, import it, import it again."""
    table = Figures(f"An archive of {options.documents:,} documents", ("", "seconds", "peak MB"))
    with tempfile.TemporaryDirectory() as name, mongo_server(Path(name), on_disk=True) as uri:
        started = time.monotonic()
        with pymongo.MongoClient[dict[str, Any]](uri) as client:
            remaining = documents(options.documents)
            while batch := list(islice(remaining, 1000)):
                client["nav"]["ads"].insert_many(batch)
        table.notes.append(f"The archive was filled in {time.monotonic() - started:.0f} s.")
        where = {"SOURCES__MONGO_ARCHIVE__URI": uri, "SOURCES__MONGO_ARCHIVE__TIMEOUT": "300"}
        for what in ("import", "import again"):
            measured = command(Path(name), "import-archive", **where)
            table.rows.append((what, measured.seconds, measured.megabytes))
            table.notes += ["", f"What the {what} printed:", "", "```", measured.printed.strip(), "```"]
    return [table]
