"""The archive of a world: its ads and those of the two and a half years before, as mongoexport writes them.

World of the past, thinned by its trends ──┐
the world itself ──────────────────────────┴─ one document an ad, as it last was ── JSON lines, gzip
"""

import gzip
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random

import orjson

from demo.ads import heading_of
from demo.fields import Content
from demo.seasons import level_of
from demo.times import DAY, micros, parse_timestamp, timestamp
from demo.world import World

DAYS = 910
CANDIDATES = 1.35
"""Ads of the past that are made for each that a day would have: room for the trades that shrank."""
DATES = ("published", "expires", "updated")
TEXT_LENGTH = 600
"""Characters of a description, its last: masking a text takes longer than all else about an ad."""


def write_archive(path: Path, world: World) -> None:
    """Write one document for each ad of the past and of the world. OSError as `open` raises it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wb", compresslevel=1) as packed:
        for document in documents(world):
            packed.write(orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE))


def documents(world: World) -> Iterator[Content]:
    """The documents in the order of publishing, as extended JSON."""
    past = World(world.seed, DAYS, round(CANDIDATES * world.ads_a_day), world.start - timedelta(seconds=1))
    for each in (past, world):
        for ad in range(each.log.ads):
            if each is world or _is_kept(past, ad, world):
                document = _document(each, ad, micros(world.until), is_past=each is past)
                if document:
                    yield document


def _is_kept(past: World, ad: int, world: World) -> bool:
    key = past.key(ad)
    years_ago = (micros(world.start) - past.log.event[past.log.first[ad]]) / (365.25 * DAY)
    level = level_of(heading_of(past.seed, key).trade.level1, years_ago)
    return Random(past.seed * 1_000_003 + key).random() < level / CANDIDATES


def _document(world: World, ad: int, clock: int, is_past: bool) -> Content | None:
    """The ad as it was last seen active; None where it was never seen, or shows no content.

    An ad of the past has no closing event that could tell when it was stopped: its expiry tells it.
    """
    log = world.log
    seen = [e for e in log.events_of(ad) if log.visible[e] <= clock]
    active = [e for e in seen if log.is_active(e)]
    content = world.content(ad, active[-1], clock) if active else None
    if content is None:
        return None
    if is_past and not log.is_active(seen[-1]):
        content["expires"] = timestamp(log.changed[seen[-1]]).isoformat()
    for name in DATES:
        if content.get(name):
            content[name] = {"$date": parse_timestamp(content[name]).isoformat()}
    content["description"] = "<p>" + content["description"][-TEXT_LENGTH:].partition("<p>")[2]
    first_seen = log.event[log.first[ad]] // 1_000_000
    return {"_id": {"$oid": f"{first_seen:08x}{world.ad_id(ad).replace('-', '')[:16]}"}, **content}
