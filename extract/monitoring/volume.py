"""Compare how many events arrive with the same weekday and hours of the past weeks, in Oslo time.

Only what arrived in EVERY one of those weeks is expected, so nights and weekends raise no alarm. A public
holiday is compared with Sundays, and a week in which a holiday fell on these hours is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta

from extract.config import OSLO
from extract.warehouses.base import Warehouse

WEEKS = 8
MIN_WEEKS = 3
"""With fewer weeks to compare with there is no alarm."""
MIN_EVENTS_SILENT = 5
"""Events that arrived in each of the past weeks, for none at all to be an alarm."""
MIN_EVENTS_LOW = 50
LOW = 0.4
"""Below this share of the lowest past week, and with MIN_EVENTS_LOW expected, a day is an alarm."""
HOUR, WEEK = timedelta(hours=1), timedelta(weeks=1)


def volume_alarm(warehouse: Warehouse, now: datetime | None = None) -> str | None:
    """The text of the alarm that the events in the warehouse give at `now` (UTC)."""
    now = now or datetime.now(UTC)
    until = f"timestamp '{now:%F %T}+00'"
    newest = warehouse.query(  # an event that a load read cannot be newer than the load
        f"select max(least(newest_event_at, extracted_at)) from {warehouse.raw('feed_loads')} "
        f"where newest_event_at is not null and extracted_at <= {until}"
    )
    if not newest or newest[0][0] is None:
        return None
    since = f"timestamp '{newest[0][0] - (WEEKS + 1) * WEEK:%F} 00:00:00+00'"
    rows = warehouse.query(
        "select cast(event_at as date), extract(hour from event_at), count(*) "
        f"from {warehouse.raw('feed_events')} where extracted_at >= {since} "
        f"and event_at between {since} and {until} group by 1, 2"
    )
    hours = {datetime(day.year, day.month, day.day, hour, tzinfo=UTC): count for day, hour, count in rows}
    return compare(hours, newest[0][0], now)


def compare(hours: Mapping[datetime, int], newest: datetime, now: datetime) -> str | None:
    """The text of the alarm. `hours` counts events by UTC hour; `newest` is the last event's time."""
    last_hour = _hour(now) - HOUR
    silence = list(_hours(max(_hour(newest) + HOUR, _hour(now) - WEEK), last_hour))
    expected = _lowest_week(hours, silence)
    if expected >= MIN_EVENTS_SILENT:
        return (
            f"No event has arrived since {newest:%Y-%m-%d %H:%M} UTC; in the same hours of each of the weeks "
            f"before it was at least {expected}. The feed may have stopped."
        )
    day = list(_hours(last_hour - 23 * HOUR, last_hour))
    arrived, expected = sum(hours.get(hour, 0) for hour in day), _lowest_week(hours, day)
    if expected >= MIN_EVENTS_LOW and arrived < LOW * expected:
        return (
            f"{arrived} events arrived in the last 24 hours; in the same hours of each of the past weeks it "
            f"was at least {expected}."
        )
    return None


def is_holiday(day: date) -> bool:
    """Whether Norway does not work: Sundays, public holidays, and 24 to 31 December."""
    import holidays

    return (
        day.weekday() == 6
        or day in holidays.country_holidays("NO", years=day.year)
        or (day.month == 12 and day.day >= 24)
    )


def _lowest_week(hours: Mapping[datetime, int], stretch: list[datetime]) -> int:
    """The events of these hours in the lowest of the past weeks; 0 where there are too few weeks."""
    if not stretch or not hours:
        return 0
    first, last = min(hours), max(hours)
    nearest = max(1, -(-(stretch[-1] - last) // WEEK))  # the silence itself is no week to compare with
    weeks = []
    for week in range(nearest, nearest + WEEKS):
        compared = [_same_hour(hour, week) for hour in stretch]
        if None not in compared and first <= min(filter(None, compared)):
            weeks.append(sum(hours.get(hour, 0) for hour in compared if hour))
    return min(weeks) if len(weeks) >= MIN_WEEKS else 0


def _same_hour(hour: datetime, week: int) -> datetime | None:
    """The hour `week` weeks before, by Oslo's clock. For a holiday a Sunday's; None where that was one."""
    local = hour.astimezone(OSLO)
    before = local.replace(tzinfo=None) - week * WEEK
    if is_holiday(local.date()):
        before -= timedelta(days=(before.weekday() + 1) % 7)
    elif is_holiday(before.date()):
        return None
    return before.replace(tzinfo=OSLO).astimezone(UTC)


def _hour(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _hours(first: datetime, last: datetime) -> Iterator[datetime]:
    while first <= last:
        yield first
        first += HOUR
