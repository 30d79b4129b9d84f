"""The alarm for a feed that stopped: during the day, and not at night, at weekends or on holidays."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from extract.config import OSLO
from extract.monitoring.volume import HOUR, compare, is_holiday, volume_alarm
from tests.dbt.raw import RawTables, event
from tests.job import Job


def feed_until(newest: datetime, weeks: int = 10) -> dict[datetime, int]:
    """A feed that is busy on working days, thin in the evening and silent at night, by Oslo's clock."""
    hours = {}
    at = newest.replace(minute=0, second=0, microsecond=0) - timedelta(weeks=weeks)
    while at <= newest:
        local = at.astimezone(OSLO)
        if not is_holiday(local.date()) and local.weekday() < 5:
            hours[at] = 120 if 8 <= local.hour < 16 else 6 if 16 <= local.hour < 23 else 0
        elif local.hour == 0:
            hours[at] = 30  # what expires at midnight
        at += HOUR
    return {hour: count for hour, count in hours.items() if count}


def oslo(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=OSLO).astimezone(UTC)


@pytest.mark.parametrize(
    ("newest", "now", "alarm"),
    [
        ("2026-09-09T10:55", "2026-09-09T11:20", None),  # a working Wednesday, minutes after the last event
        ("2026-09-09T10:55", "2026-09-09T13:20", "silent"),  # two hours of silence by day
        ("2026-09-09T22:55", "2026-09-10T07:50", None),  # a quiet night
        ("2026-09-09T22:55", "2026-09-10T09:20", "silent"),  # which does not end
        ("2026-09-12T00:10", "2026-09-12T23:30", None),  # a Saturday
        ("2026-09-12T00:10", "2026-09-13T02:00", "silent"),  # without its midnight
        ("2026-09-13T00:10", "2026-09-14T10:05", "silent"),  # a Monday morning without events
        ("2026-05-14T00:10", "2026-05-14T14:00", None),  # Ascension Day, a Thursday
        ("2026-05-01T00:10", "2026-05-01T14:00", None),  # Labour Day, a Friday
        ("2026-05-21T10:55", "2026-05-21T13:20", "silent"),  # a Thursday, a week after Ascension
        ("2026-10-26T10:55", "2026-10-26T13:20", "silent"),  # the Monday after the clocks went back
        ("2026-09-01T10:00", "2026-09-20T12:00", "silent"),  # for weeks
    ],
)
def test_silence_is_an_alarm_when_events_always_come(newest: str, now: str, alarm: str | None) -> None:
    given = compare(feed_until(oslo(newest)), oslo(newest), oslo(now))
    assert (None if given is None else "silent" if given.startswith("No event") else "low") == alarm


def test_a_day_far_poorer_than_the_poorest_of_its_kind_is_an_alarm() -> None:
    now = oslo("2026-09-09T16:30")
    hours = feed_until(now)
    assert compare(hours, now, now) is None
    poor = {hour: count // 4 if now - hour < timedelta(hours=24) else count for hour, count in hours.items()}
    given = compare(poor, now, now)
    assert given is not None and "arrived in the last 24 hours" in given


def test_without_a_past_nothing_is_unusual() -> None:
    newest, now = oslo("2026-09-09T10:55"), oslo("2026-09-09T15:00")
    assert compare(feed_until(newest, weeks=2), newest, now) is None
    assert compare({}, newest, now) is None


def test_events_and_loads_of_the_year_9999_neither_silence_the_alarm_nor_end_it(tmp_path: Path) -> None:
    job, far = Job(tmp_path, "http://127.0.0.1:9"), "9999-12-31T23:59:59Z"
    newest, now = oslo("2026-09-09T10:55"), oslo("2026-09-09T13:20")
    with RawTables(job.warehouse.path) as raw:
        for hour, count in feed_until(newest).items():
            raw.append(events=[event(f"{hour} {n}", "ACTIVE", hour) for n in range(count // 6)], at=hour)
        raw.append(events=[event("far", "ACTIVE", far)], at=newest)
        raw.append(events=[event("wrong clock", "ACTIVE", far)], at=far)
    alarm = volume_alarm(job.warehouse, now)
    assert alarm is not None and alarm.startswith("No event has arrived since 2026-09-09 08:55 UTC")
    assert volume_alarm(job.warehouse, newest) is None


def test_holidays_are_those_of_the_calendar() -> None:
    easter = {2024: (3, 31), 2025: (4, 20), 2026: (4, 5), 2027: (3, 28), 2038: (4, 25)}
    for year, (month, day) in easter.items():
        for shift in (-3, -2, 0, 1, 39, 50):
            assert is_holiday(date(year, month, day) + timedelta(days=shift))
        assert not is_holiday(date(year, month, day) + timedelta(days=2))
    assert is_holiday(date(2027, 5, 17)) and not is_holiday(date(2027, 5, 18))
    assert (
        is_holiday(date(2026, 12, 24))
        and is_holiday(date(2026, 12, 31))
        and not is_holiday(date(2026, 12, 23))
    )
