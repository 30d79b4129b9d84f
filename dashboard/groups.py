"""Sums by day for all ads and for each occupation, county and industry, from one `grouping sets` query."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from dashboard.chart import FEW, Row

DIMENSIONS = ("occupation", "county", "industry")
ALL = ("all", "all")
UNKNOWN = "Unknown"
SHARE_NEEDED = 0.8
"""Where the content of fewer ads was captured, a figure on a part of the ads carries a mark."""

Group = tuple[str, str]
Sums = dict[Group, dict[date, Row]]


def grouped(rows: list[Row]) -> Sums:
    """Rows `(when, occupation, county, industry, *values)` by dimension and value, then by day.

    Of the three at most one is not null: the one that the row is a sum for. The last two values
    are the share that was captured and `known_from`. A group without any ad is left out: the marts hold
    `Unknown` for every day.
    """
    sums: Sums = {}
    for when, *parts_and_values in rows:
        parts, values = parts_and_values[:3], tuple(parts_and_values[3:])
        named = [(name, part) for name, part in zip(DIMENSIONS, parts, strict=True) if part is not None]
        sums.setdefault(named[0] if named else ALL, {})[when] = values
    filled = {
        group: by_day
        for group, by_day in sums.items()
        if group == ALL or any(any(values[:-2]) for values in by_day.values())
    }
    return dict(sorted(filled.items(), key=lambda item: (item[0] != ALL, item[0])))


def days(first: date, last: date) -> Iterator[date]:
    """Both included."""
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)


def known_days(total: Mapping[date, Row]) -> list[date]:
    """Every day from the first to the last one that the data covers in full, those between them included."""
    known = sorted(day for day, values in total.items() if is_known(values, day))
    return list(days(known[0], known[-1])) if known else []


def is_known(values: Row | None, day: date) -> bool:
    """Whether the data covers the day in full, by the last of its values."""
    return values is not None and values[-1] is not None and bool(values[-1] <= day)


def little_captured(counted: Mapping[date, tuple[float, float]], window: int = 7) -> list[tuple[date, date]]:
    """The spans in which less than SHARE_NEEDED of the ads were captured, from ads and captured ads by time.

    Each time is judged with those before it, `window` in all: a single thin day decides nothing.
    """
    spans: list[tuple[date, date]] = []
    times = sorted(counted)
    is_open = False
    for place, time in enumerate(times):
        near = [counted[one] for one in times[max(0, place - window + 1) : place + 1]]
        ads, captured = (sum(values) for values in zip(*near, strict=True))
        is_little = captured < SHARE_NEEDED * ads
        if is_little:
            spans[-1:] = [(spans[-1][0], time)] if is_open else [*spans[-1:], (time, time)]
        is_open = is_little
    return spans


def little_captured_months(counted: Mapping[date, tuple[float, float]]) -> list[tuple[date, date]]:
    """The same for months, each judged alone, up to the last day of the month."""
    spans = little_captured(counted, window=1)
    return [(first, (last + timedelta(days=31)).replace(day=1) - timedelta(days=1)) for first, last in spans]


def mark_of(share: float | None) -> list[tuple[str, dict[str, Any]]]:
    """The caveat that figures on a part of the ads carry where too little of them was captured."""
    if share is not None and share >= SHARE_NEEDED:
        return []
    return [("captured", {"share": 100 * (share or 0)})]


def change(now: float | None, before: float | None) -> float | None:
    """The change in percent; None where there is nothing to compare, or fewer than FEW ads on a side."""
    if now is None or before is None or min(now, before) < FEW:
        return None
    return (now / before - 1) * 100


def whole(count: float) -> int:
    """The count rounded, a half up: as a browser writes it."""
    return int(count + 0.5)


def year_earlier(day: date) -> date:
    """The same date a year before; 28 February for the 29th, as the marts have it."""
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)
