"""Ads that repeat an earlier one, and near misses: a few ads of each day are copies of an ad of a day before.

An ad copies one of a day up to 40 days earlier, which may be a copy, too.
"""

from random import Random
from typing import NamedTuple

SAME, LATE, OTHER_PLACE, OTHER_EMPLOYER = "same", "late", "other place", "other employer"
_KINDS = (*[SAME] * 7, LATE, OTHER_PLACE, OTHER_EMPLOYER)
_EVERY, _FIRST = 29, 6


class Copy(NamedTuple):
    """The number of the ad that is repeated, and what is not the same: `LATE` comes 40 days later."""

    of: int
    kind: str


def copy_of(seed: int, key: int) -> Copy | None:
    """What the ad repeats; None if it has a text of its own."""
    if _place(key) not in (1, 2):
        return None
    rng = Random(f"copy {seed} {key}")
    kind = rng.choice(_KINDS)
    days = 40 if kind == LATE else rng.randrange(1, 29)
    return Copy(key - (days << 16) - 1, kind)


def original_of(seed: int, key: int) -> int:
    """The ad that a copy, or a copy of a copy, goes back to; the ad itself where it is none."""
    copy = copy_of(seed, key)
    return original_of(seed, copy.of) if copy else key


def sameness_of(seed: int, key: int) -> int:
    """Equal for the ads that say the same for the same employer at the same place."""
    copy = copy_of(seed, key)
    return sameness_of(seed, copy.of) if copy and copy.kind in (SAME, LATE) else key


def keeps_its_text(key: int) -> bool:
    """Whether the ad copies or is copied: such a one is edited in its fields only."""
    return _place(key) in (0, 1, 2)


def _place(key: int) -> int:
    return (key & 0xFFFF) % _EVERY - _FIRST
