"""The archive at size: `python -m bench.archive [documents]`, 100,000 without a number."""

from __future__ import annotations

import random
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pymongo

from bench.measuring import command, load_average
from demo.world import World
from tests.mongo import mongo_server

DOCUMENTS = 100_000
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


def main() -> None:
    """Print time and memory of a whole import, and of one that finds nothing new."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else DOCUMENTS
    with tempfile.TemporaryDirectory() as name, mongo_server(Path(name), on_disk=True) as uri:
        folder = Path(name)
        started = time.monotonic()
        with pymongo.MongoClient[dict[str, Any]](uri) as client:
            batch: list[dict[str, Any]] = []
            for document in documents(count):
                batch.append(document)
                if len(batch) == 1000:
                    client["nav"]["ads"].insert_many(batch)
                    batch = []
            if batch:
                client["nav"]["ads"].insert_many(batch)
        print(f"{count:,} documents, filled in {time.monotonic() - started:.0f} s; load {load_average()}")
        for what in ("import", "import again"):
            measured = command(
                folder,
                "import-archive",
                SOURCES__MONGO_ARCHIVE__URI=uri,
                SOURCES__MONGO_ARCHIVE__TIMEOUT="300",
            )
            print(f"{what}: {measured}\n{measured.printed.strip()}")


if __name__ == "__main__":
    main()
