"""New ads of the last four weeks against the same weeks a year earlier, for each group."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from dashboard.chart import Column, Row
from dashboard.groups import ALL, SHARE_NEEDED, change, grouped, is_known

# The day on which the feed was last read is not over: it is left out.
QUERY = """
select day, occupation, county, industry, sum(ads_weighted), max(share_captured),
    max(known_from)
from {mart}
where day >= (select max(day) from {mart}) - 420 and day < (select max(day) from {mart})
group by grouping sets ((day), (day, occupation), (day, county), (day, industry))
"""
COLUMNS = (
    Column("dimension", "text"),
    Column("value", "text"),
    Column("ads", "whole"),
    Column("ads_year_earlier", "whole"),
    Column("percent", "percent"),
    Column("share_captured", "share"),
    Column("share_captured_year_earlier", "share"),
)
WEEKS = timedelta(days=28)
YEAR = timedelta(days=364)
"""52 weeks: both sides have the same days of the week."""


class Recent(NamedTuple):
    """Rows as COLUMNS name them, the last day counted, and the text that says why there is no comparison."""

    rows: list[Row]
    last: date | None
    problem: str | None


def recent(rows: list[Row]) -> Recent:
    """The four weeks that end with the last day; `ads_year_earlier` is None where the data does not reach."""
    sums = grouped(rows)
    if not sums:
        return Recent([], None, "empty")
    last = max(sums[ALL])
    if not _is_covered(sums[ALL], last):
        return Recent([], last, "too_short_weeks")
    reaches_back = _is_covered(sums[ALL], last - YEAR)
    shares = [_share(sums[ALL], end) for end in (last, last - YEAR)]
    found: list[Row] = []
    for (dimension, value), by_day in sums.items():
        now, before = (_counted(by_day, end) for end in (last, last - YEAR))
        earlier = round(before, 2) if reaches_back else None
        percent = _percent(now, earlier, shares, (dimension, value))
        found.append((dimension, value, round(now, 2), earlier, percent, *shares))
    return Recent(found, last, None if reaches_back else "no_weeks_year_earlier")


def _percent(
    now: float, before: float | None, shares: list[float | None], group: tuple[str, str]
) -> float | None:
    """A part of the ads is compared only where the content of enough ads was captured on both sides."""
    is_known = group == ALL or all(share is not None and share >= SHARE_NEEDED for share in shares)
    return change(now, before) if is_known else None


def _is_covered(total: dict[date, Row], end: date) -> bool:
    """Whether the data covers the four weeks up to `end` in full."""
    return end in total and is_known(total[end], end - WEEKS + timedelta(days=1))


def _counted(by_day: dict[date, Row], end: date) -> float:
    return float(sum(values[0] for day, values in by_day.items() if end - WEEKS < day <= end))


def _share(by_day: dict[date, Row], end: date) -> float | None:
    of_days = [values for day, values in by_day.items() if end - WEEKS < day <= end]
    ads = sum(values[0] for values in of_days)
    return sum(values[0] * (values[1] or 0) for values in of_days) / ads if ads else None
