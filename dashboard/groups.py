"""Sums by day for all ads and for each occupation, county and industry, from one `grouping sets` query."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from dashboard.chart import Row

DIMENSIONS = ("occupation", "county", "industry")
ALL = ("all", "all")
UNKNOWN = "Unknown"
UNKNOWN_AT_MOST = 0.25
"""With a greater share of ads whose occupation is not known, shares of occupations mean nothing. Some
are never known: of the ads of a page about a tenth are stopped before their content can be asked for."""

Group = tuple[str, str]
Sums = dict[Group, dict[date, Row]]


def grouped(rows: list[Row]) -> Sums:
    """Rows `(when, occupation, county, industry, *values)` by dimension and value, then by day.

    Of the three at most one is not null: the one that the row is a sum for. A group without any ad is left
    out: the marts hold `Unknown` for every day.
    """
    sums: Sums = {}
    for when, *parts_and_values in rows:
        parts, values = parts_and_values[:3], tuple(parts_and_values[3:])
        named = [(name, part) for name, part in zip(DIMENSIONS, parts, strict=True) if part is not None]
        sums.setdefault(named[0] if named else ALL, {})[when] = values
    filled = {
        group: by_day for group, by_day in sums.items() if group == ALL or any(map(any, by_day.values()))
    }
    return dict(sorted(filled.items(), key=lambda item: (item[0] != ALL, item[0])))


def days(first: date, last: date) -> Iterator[date]:
    """Both included."""
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)


def known_from(sums: Sums, when: list[date], column: int = 0) -> date | None:
    """The first of the given times from which on nearly all ads have an occupation, if any.

    An ad that was already stopped when the feed was first read is known by its events alone.
    """
    everything, unknown = sums.get(ALL, {}), sums.get(("occupation", UNKNOWN), {})
    found = None
    for moment in reversed(when):
        total = everything[moment][column] if moment in everything else 0
        missing = unknown[moment][column] if moment in unknown else 0
        if missing > UNKNOWN_AT_MOST * total:
            break
        found = moment
    return found


def year_earlier(day: date) -> date:
    """The same date a year before; 28 February for the 29th, as the marts have it."""
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)
