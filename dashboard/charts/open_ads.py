"""Ads open on each day, by occupation, county or industry; an ad of several groups counts in parts."""

from __future__ import annotations

from datetime import timedelta

import altair as alt

from dashboard.chart import Chart, Column, Drawing, Figures, Row
from dashboard.groups import ALL, DIMENSIONS, days, grouped, known_from
from dashboard.style import ROLES, ROWS, end_labels, shaded, time_axis, value_axis

QUERY = """
select day, occupation, county, industry, sum(ads_weighted), sum(positions_weighted)
from {mart}
where day >= (select max(day) from {mart}) - 730
group by grouping sets ((day), (day, occupation), (day, county), (day, industry))
"""
COLUMNS = (
    Column("day", "date"),
    Column("dimension", "text"),
    Column("value", "text"),
    Column("ads", "whole"),
    Column("positions", "whole"),
)
FEWEST_DAYS = 2
LONG = timedelta(days=180)
BUILDING_UP = timedelta(days=60)
"""Ads that opened before the data begins are not in it: the count of open ads climbs at first."""


def figures(rows: list[Row]) -> Figures:
    """Every day for each group, days without an open ad as 0."""
    sums = grouped(rows)
    if not sums:
        return Figures([], problem="empty")
    first, last = min(sums[ALL]), max(sums[ALL])
    if (last - first).days + 1 < FEWEST_DAYS:
        return Figures([], problem="too_short")
    caveats = []
    is_cut = (last - first).days >= 730
    if not is_cut and last - first > LONG:
        first += BUILDING_UP
    elif not is_cut:
        caveats.append(("building_up", {"day": first}))
    shown = list(days(first, last))
    dense = [
        (day, dimension, value, *(round(count, 2) for count in by_day.get(day, (0, 0))))
        for (dimension, value), by_day in sums.items()
        for day in shown
    ]
    known = known_from(sums, shown)
    return Figures(dense, None, caveats, known, known != shown[0])


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
            strokeWidth=alt.condition("datum.role >= 0", alt.value(2.25), alt.value(1)),
            strokeDash=alt.condition("datum.role == -2", alt.value([2, 3]), alt.value([1, 0])),
        )
    )
    return alt.layer(
        shaded(),
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
    is_wide=True,
)
