"""Tell whether as many events come as they always do: a feed that silently stopped is the worst fault of all.

A stretch of time is held against the same weekday and hours of the past weeks, in Oslo's time. Only what came
in EVERY one of them is expected, so nights and weekends are quiet without an alarm; a public holiday is held
against Sundays, and weeks in which a holiday fell on the stretch are left out. Pure, but for the query.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from extract.sources.nav.parse import OSLO
from extract.warehouses.base import Warehouse

WEEKS = 8
FEWEST_WEEKS = 3
"""With less of a past than this, nothing is usual yet."""
ALWAYS = 5
"""Events that came in each of the past weeks, for silence to be an alarm."""
MUCH = 50
LOW = 0.4
"""Of the poorest of the past weeks; below this share of at least MUCH events a day is unusually poor."""
HOUR, WEEK = timedelta(hours=1), timedelta(weeks=1)
FIXED_HOLIDAYS = {(1, 1), (5, 1), (5, 17), *((12, day) for day in range(24, 32))}


class Verdict(NamedTuple):
    """An alarm: `kind` is `silent` or `low`, `text` a sentence for the user."""

    kind: str
    text: str


def watch(warehouse: Warehouse, now: datetime | None = None) -> Verdict | None:
    """The alarm that the warehouse's events give at `now` (UTC; default: now)."""
    newest = warehouse.query(f"select max(newest_event_at) from {warehouse.raw('feed_loads')}")
    if not newest or newest[0][0] is None:
        return None
    since = newest[0][0] - (WEEKS + 1) * WEEK
    rows = warehouse.query(
        "select cast(event_at as date), extract(hour from event_at), count(*) "
        f"from {warehouse.raw('feed_events')} where extracted_at >= timestamp '{since:%F} 00:00:00+00' "
        f"and event_at >= timestamp '{since:%F} 00:00:00+00' group by 1, 2"
    )
    hours = {datetime(day.year, day.month, day.day, hour, tzinfo=UTC): count for day, hour, count in rows}
    return verdict(hours, newest[0][0], now or datetime.now(UTC))


def verdict(hours: Mapping[datetime, int], newest: datetime, now: datetime) -> Verdict | None:
    """The alarm, if any. `hours` counts events by their UTC hour; `newest` is the last one's time."""
    last_hour = _hour(now) - HOUR
    silence = list(_hours(max(_hour(newest) + HOUR, _hour(now) - WEEK), last_hour))
    expected = _fewest(hours, silence)
    if expected >= ALWAYS:
        return Verdict(
            "silent",
            f"No event has come since {newest:%Y-%m-%d %H:%M} UTC; in the same hours of each of the weeks "
            f"before at least {expected} came. The feed may have stopped, or its tip is not what it seems.",
        )
    day = list(_hours(last_hour - 23 * HOUR, last_hour))
    came, expected = sum(hours.get(hour, 0) for hour in day), _fewest(hours, day)
    if expected >= MUCH and came < LOW * expected:
        return Verdict(
            "low",
            f"{came} events came in the last 24 hours; in the same hours of each of the past weeks at least "
            f"{expected} came.",
        )
    return None


def is_holiday(day: date) -> bool:
    """Whether Norway rests, by law or between Christmas and New Year."""
    easter = _easter(day.year)
    moving = {easter + timedelta(days=days) for days in (-3, -2, 0, 1, 39, 49, 50)}
    return day.weekday() == 6 or (day.month, day.day) in FIXED_HOLIDAYS or day in moving


def _fewest(hours: Mapping[datetime, int], stretch: list[datetime]) -> int:
    """How many events came in these hours in the poorest of the weeks before; 0 where that is unknown."""
    if not stretch or not hours:
        return 0
    first, last = min(hours), max(hours)
    nearest = max(1, -(-(stretch[-1] - last) // WEEK))  # in the silence itself nothing is usual
    weeks = []
    for week in range(nearest, nearest + WEEKS):
        counted = [_same_hour(hour, week) for hour in stretch]
        if None not in counted and first <= min(filter(None, counted)):
            weeks.append(sum(hours.get(hour, 0) for hour in counted if hour))
    return min(weeks) if len(weeks) >= FEWEST_WEEKS else 0


def _same_hour(hour: datetime, week: int) -> datetime | None:
    """The hour so many weeks before, by Oslo's clock: on a holiday a Sunday's, None where that was one."""
    local = hour.astimezone(OSLO)
    before = local.replace(tzinfo=None) - week * WEEK
    if is_holiday(local.date()):
        before -= timedelta(days=(before.weekday() + 1) % 7)
    elif is_holiday(before.date()):
        return None
    return before.replace(tzinfo=OSLO).astimezone(UTC)


def _hour(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _hours(first: datetime, last: datetime) -> Iterator[datetime]:
    while first <= last:
        yield first
        first += HOUR


def _easter(year: int) -> date:
    """Easter Sunday, by the Gregorian computus (Meeus, Astronomical Algorithms, chapter 8)."""
    century, golden = year // 100, year % 19
    lead = (century - (century + 8) // 25 + 1) // 3
    moon = (19 * golden + century - century // 4 - lead + 15) % 30
    rest = (32 + 2 * (century % 4) + 2 * (year % 100 // 4) - moon - year % 100 % 4) % 7
    shift = (golden + 11 * moon + 22 * rest) // 451
    months = moon + rest - 7 * shift + 114
    return date(year, months // 31, months % 31 + 1)
