"""Ads open on each day, by occupation, county or industry; an ad of several groups counts in parts."""

from __future__ import annotations

from datetime import date

import altair as alt

from dashboard.chart import Chart, Column, Drawing, Figures, Row, Said
from dashboard.groups import (
    ALL,
    DIMENSIONS,
    UNKNOWN,
    Sums,
    change,
    days,
    grouped,
    known_days,
    little_captured,
    whole,
    year_earlier,
)
from dashboard.style import ROLES, ROWS, backdrop, end_labels, time_axis, value_axis

QUERY = """
select day, occupation, county, industry, sum(ads_weighted), sum(positions_weighted), max(share_captured),
    max(known_from)
from {mart}
where day >= (select max(day) from {mart}) - 1827
group by grouping sets ((day), (day, occupation), (day, county), (day, industry))
"""
COLUMNS = (
    Column("day", "date"),
    Column("dimension", "text"),
    Column("value", "text"),
    Column("ads", "whole"),
    Column("positions", "whole"),
    Column("share_captured", "share"),
)
FEWEST_DAYS = 2


def figures(rows: list[Row]) -> Figures:
    """Every day for each group from the day on which all open ads are known; else all days, and a caveat."""
    sums = grouped(rows)
    if not sums:
        return Figures([], problem="empty")
    total = sums[ALL]
    shown, caveats = known_days(total), []
    if len(shown) < FEWEST_DAYS:
        shown = list(days(min(total), max(total)))
        caveats.append(("building_up", {"day": shown[0]}))
    if len(shown) < FEWEST_DAYS:
        return Figures([], problem="too_short")
    shares = {day: values[2] for day, values in total.items()}
    dense = [
        (day, dimension, value, *(round(count, 2) for count in by_day.get(day, (0, 0))[:2]), shares.get(day))
        for (dimension, value), by_day in sums.items()
        for day in shown
    ]
    captured = {day: (total[day][0], total[day][0] * (total[day][2] or 0)) for day in shown if day in total}
    shaded = little_captured(captured)
    is_known_now = not shaded or shaded[-1][1] < shown[-1]
    return Figures(dense, None, caveats, shaded, _said(sums, shown[0], shown[-1], is_known_now))


def _said(sums: Sums, first: date, last: date, is_known_now: bool) -> Said:
    """What is open now against a year earlier, and the occupation with most of it."""
    latest = {
        value: by_day[last][0]
        for (dimension, value), by_day in sums.items()
        if dimension == "occupation" and value != UNKNOWN and last in by_day
    }
    largest = max(latest, key=lambda value: latest[value], default=UNKNOWN)
    now, earlier = sums[ALL][last][0], year_earlier(last)
    part = "" if is_known_now else "_all"
    filled = {
        "number": whole(now),
        "group": ("occupation", largest),
        "share": 100 * latest.get(largest, 0) / (now or 1),
    }
    before = sums[ALL][earlier][0] if first <= earlier and earlier in sums[ALL] else None
    changed = change(now, before)
    if changed is None:
        return Said(f"said{part}", filled)
    return Said(
        f"said_more{part}" if changed >= 0 else f"said_fewer{part}", {**filled, "percent": abs(changed)}
    )


def draw() -> Drawing:
    """A line for each value; those not picked stay in the background."""
    lines = (
        alt.Chart(ROWS)
        .mark_line()
        .encode(
            x=time_axis(),
            y=value_axis("y:Q"),
            detail="group:N",
            color=alt.Color("role:O", scale=ROLES, legend=None),
            strokeWidth=alt.condition("datum.role >= 0", alt.value(2.25), alt.value(1.25)),
            strokeDash=alt.condition("datum.role == -2", alt.value([2, 3]), alt.value([1, 0])),
        )
    )
    return alt.layer(
        *backdrop(),
        lines.transform_filter("datum.role < 0"),
        lines.transform_filter("datum.role >= 0"),
        end_labels("y"),
    )


OPEN_ADS = Chart(
    id="open_ads",
    mart="daily_active_ads",
    query=QUERY,
    columns=COLUMNS,
    figures=figures,
    draw=draw,
    series={"when": "day", "y": "{measure}"},
    table=(("when", "date"), ("y", "whole")),
    height=380,
    measures=("ads", "positions"),
    dimensions=DIMENSIONS,
    pick="dimension",
    lines="top",
    days="stock",
    units=("count", "index"),
    is_wide=True,
)
