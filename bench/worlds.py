"""Worlds for benchmarks: the mock feed's own, and one in which every ad has its document to be fetched."""

from __future__ import annotations

from datetime import UTC, date, datetime
from random import Random
from unittest import mock

from demo.lives import ACTIVE_KINDS, Life, life_of
from demo.world import World

UNTIL = datetime(2026, 9, 1, 12, tzinfo=UTC)


def usual_world(days: int, ads_a_day: int) -> World:
    """The mock feed's own: most ads ended long ago."""
    return World(seed=1, days=days, ads_a_day=ads_a_day, until=UNTIL)


def endless_world(days: int, ads_a_day: int) -> World:
    """A world of ads that are never stopped and never expire.

    The feed gives no document of an ad that ended, so a first run over the common world fetches the last few
    weeks' only; over this one it fetches all.
    """
    with mock.patch("demo.world.life_of", _endless):
        return World(seed=1, days=days, ads_a_day=ads_a_day, until=UNTIL)


def _endless(rng: Random, day: date) -> Life:
    steps, expires = life_of(rng, day)
    kept = [number for number, step in enumerate(steps) if step.kind in ACTIVE_KINDS]
    return Life([steps[number] for number in kept], [expires[number] for number in kept])
