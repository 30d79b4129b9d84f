"""The life of one ad: when it is published, edited, stopped, expired, made active again.

Three clocks run through it. `changed` is the ad's own (a detail's sistEndret), `event` the feed's
(sistEndret on a page), and `stored` gives the place in the log; an entry can be read from `visible`.
"""

from datetime import date, timedelta
from math import log
from random import Random
from typing import NamedTuple

from demo.times import DAY, HOUR, MINUTE, SECOND, oslo_date, oslo_midnight

PUBLISHED, EDITED, STOPPED, EXPIRED, REACTIVATED = range(5)
ACTIVE_KINDS = (PUBLISHED, EDITED, REACTIVATED)

LONGEST_DAYS = 180

# Most ads come in office hours; imports also at night, some around midnight.
_HOURS = [0, 1, 4, 6, 7, 7, 8, 8, 8, 9, 9, 9, 9, 10, 10, 10, 11, 11, 11, 12, 12, 12, 13, 13, 13]
_HOURS += [14, 14, 14, 15, 15, 16, 17, 18, 19, 20, 21, 22, 23]


class Step(NamedTuple):
    """One event of an ad; times in microseconds."""

    kind: int
    stored: int
    event: int
    changed: int
    visible: int


class Life(NamedTuple):
    """The events of an ad in order, and the expiry time it names after each of them."""

    steps: list[Step]
    expires: list[int]


def life_of(rng: Random, day: date) -> Life:
    """The life of an ad that is published on `day` (Oslo)."""
    plan, expires = _plan(rng, day)
    return Life(_clocks(rng, plan), expires)


def _plan(rng: Random, day: date) -> tuple[list[tuple[int, int]], list[int]]:
    """What happens: (kind, stored) in order, and the expiry named after each."""
    hour = _HOURS[int(rng.random() * len(_HOURS))]
    published = oslo_midnight(day) + hour * HOUR + int(rng.random() * HOUR)
    expiry_day = day + timedelta(days=_days_to_expiry(rng))
    expires = _expiry(rng, expiry_day)
    closes_at, closing = _closing(rng, published, expires)

    plan = [(PUBLISHED, published)]
    named = [expires]
    for at in sorted(_edit_times(rng, published, closes_at)):
        if at <= plan[-1][1] + 2 * SECOND or at >= closes_at - 2 * SECOND:
            continue
        if closing == EXPIRED and rng.random() < 0.1:
            longest = day + timedelta(days=LONGEST_DAYS)
            expires = _expiry(rng, min(oslo_date(expires) + timedelta(days=7), longest))
            closes_at = _expiry_event(rng, expires)
        plan.append((EDITED, at))
        named.append(expires)
    plan.append((closing, closes_at))
    named.append(expires)

    again_at = closes_at + HOUR + int(rng.random() * 5 * DAY)
    again_until = oslo_date(again_at) + timedelta(days=2 + int(rng.random() * 20))
    if rng.random() < 0.025 and again_until <= day + timedelta(days=LONGEST_DAYS):
        expires = _expiry(rng, again_until)
        plan += [(REACTIVATED, again_at), (EXPIRED, _expiry_event(rng, expires))]
        named += [expires, expires]
    return plan, named


def _days_to_expiry(rng: Random) -> int:
    """Three weeks for half of them; some stay for a few days only."""
    if rng.random() < 0.06:
        return 1 + int(rng.random() * 7)
    return max(1, min(LONGEST_DAYS - 30, round(rng.lognormvariate(log(22), 0.58))))


def _expiry(rng: Random, day: date) -> int:
    """The expiry time an ad names: midnight as a rule, for some the last minute or an hour."""
    draw = rng.random()
    start = oslo_midnight(day)
    if draw < 0.9:
        return start
    return start + (23 * HOUR + 59 * MINUTE if draw < 0.95 else 12 * HOUR)


def _expiry_event(rng: Random, expires: int) -> int:
    """When the feed tells that an ad expired: the night after its last day, or that day."""
    start = oslo_midnight(oslo_date(expires) + timedelta(days=1)) if rng.random() < 0.7 else expires
    return start + 5 * MINUTE + int(rng.random() * 3 * HOUR)


def _closing(rng: Random, published: int, expires: int) -> tuple[int, int]:
    draw = rng.random()
    if draw < 0.02:  # rejected soon after it was published
        return published + 5 * MINUTE + int(rng.random() * 6 * HOUR), STOPPED
    room = expires - published - 2 * HOUR
    if draw < 0.27 and room > 0:
        return published + HOUR + int(rng.random() * room), STOPPED
    return _expiry_event(rng, expires), EXPIRED


def _edit_times(rng: Random, published: int, closes_at: int) -> list[int]:
    edits = (0, 0, 1, 1, 1, 2, 2)[int(rng.random() * 7)]
    times = []
    for _ in range(edits):
        if rng.random() < 0.45:  # the misprint seen after publishing: often on the same page
            times.append(published + MINUTE + int(rng.random() ** 2 * 8 * HOUR))
        else:
            times.append(published + int(rng.random() * (closes_at - published)))
    return times


def _clocks(rng: Random, plan: list[tuple[int, int]]) -> list[Step]:
    """Give each happening its clocks; those of one ad never run backwards."""
    steps: list[Step] = []
    before = 0
    for number, (kind, stored) in enumerate(plan):
        event = stored
        if rng.random() < 0.06:  # stored behind entries that are younger than it
            event = max(stored - int(rng.random() * 20 * MINUTE), before + SECOND)
        lag = SECOND // 5 + int(rng.random() * 20 * SECOND)
        if kind in (STOPPED, EXPIRED) and rng.random() < 0.05:
            lag = int(rng.random() * DAY)  # the detail went inactive long before the page says so
        changed = event - (min(lag, (event - before) // 2) if before else lag)
        visible = stored
        if rng.random() < 0.005:  # committed late: it appears behind entries already shown
            delay = MINUTE + int(rng.random() * 2 * HOUR)
            following = plan[number + 1][1] if number + 1 < len(plan) else stored + DAY
            visible = stored + min(delay, following - stored - SECOND)
        steps.append(Step(kind, stored, event, changed, visible))
        before = event
    return steps
