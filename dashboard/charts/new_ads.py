"""New ads and positions by day, week or month, against the year before, for one group or several."""

from __future__ import annotations

from datetime import date, timedelta

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
    little_captured,
    year_earlier,
)
from dashboard.style import ACCENT, BARS, EARLIER, ROLES, ROWS, backdrop, end_labels, time_axis, value_axis

# The day on which the feed was last read is not over: it is left out. An ad of several groups counts in
# parts.
QUERY = """
select day, occupation, county, industry,
    sum(ads_weighted), sum(positions_weighted),
    sum(ads_weighted_7_day_mean), sum(positions_weighted_7_day_mean),
    max(share_captured)
from {mart}
where day >= (select max(day) from {mart}) - 1827 and day < (select max(day) from {mart})
group by grouping sets ((day), (day, occupation), (day, county), (day, industry))
"""
COLUMNS = (
    Column("day", "date"),
    Column("dimension", "text"),
    Column("value", "text"),
    Column("ads", "whole"),
    Column("ads_7_day_mean", "decimal"),
    Column("ads_7_day_mean_year_earlier", "decimal"),
    Column("positions", "whole"),
    Column("positions_7_day_mean", "decimal"),
    Column("positions_7_day_mean_year_earlier", "decimal"),
    Column("share_captured", "share"),
)
FEWEST_DAYS = 7


def figures(rows: list[Row]) -> Figures:
    """Every day of each group; nothing a year earlier where the data does not reach back."""
    sums = grouped(rows)
    if not sums:
        return Figures([], problem="empty")
    total = sums[ALL]
    first, last = _beginning(total), max(total)
    if (last - first).days + 1 < FEWEST_DAYS:
        return Figures([], problem="too_short")
    shown = list(days(first, last))
    full_week = first + timedelta(days=6)
    dense: list[Row] = []
    for (dimension, value), by_day in sums.items():
        for day in shown:
            ads, positions, *means = _day(by_day, day, full_week)
            before = _day(by_day, year_earlier(day), full_week)[2:]
            pairs = [round(mean, 3) if mean is not None else None for mean in (*means, *before)]
            share = total[day][4] if day in total else None
            of_ads = (round(ads, 2), pairs[0], pairs[2])
            of_positions = (round(positions, 2), pairs[1], pairs[3])
            dense.append((day, dimension, value, *of_ads, *of_positions, share))
    captured = {day: (total[day][0], total[day][0] * (total[day][4] or 0)) for day in shown if day in total}
    caveats = []
    if year_earlier(last) < full_week:
        caveats.append(("no_year_earlier", {"day": first}))
    return Figures(dense, None, caveats, little_captured(captured), _said(sums, last, full_week))


def _day(by_day: dict[date, Row], day: date, full_week: date) -> list[float | None]:
    """Ads, positions and their means of seven days; no mean before there was a full week."""
    ads, positions, *means = by_day.get(day, (0, 0, 0.0, 0.0))[:4]
    return [ads, positions, *(means if day >= full_week else (None, None))]


def _beginning(total: dict[date, Row]) -> date:
    """The first day of a steady stream: before the first reading only the few ads that live long are seen."""
    means = sorted(values[2] for values in total.values())
    usual = means[len(means) // 2]
    return min(day for day, values in total.items() if values[2] >= usual / 4)


def _said(sums: Sums, last: date, full_week: date) -> Said:
    """The last seven days against a year earlier, and the occupation with most of them."""
    week = {
        value: by_day[last][2]
        for (dimension, value), by_day in sums.items()
        if dimension == "occupation" and value != UNKNOWN and last in by_day
    }
    largest = ("occupation", max(week, key=lambda value: week[value], default=UNKNOWN))
    now = 7 * (_day(sums[ALL], last, full_week)[2] or 0)
    before = _day(sums[ALL], year_earlier(last), full_week)[2]
    changed = change(now, before and 7 * before)
    if changed is None:
        return Said("said", {"number": round(now), "group": largest})
    key = "said_more" if changed >= 0 else "said_fewer"
    return Said(key, {"number": round(now), "percent": abs(changed), "group": largest})


def draw() -> Drawing:
    """Days as a faint area, the mean as the line, the year before as a thinner, dashed one."""
    base = alt.Chart(ROWS).encode(x=time_axis())
    return alt.layer(
        *backdrop(),
        base.mark_area(color=BARS, interpolate="step").encode(y=value_axis("count:Q")),
        base.mark_line(color=EARLIER, strokeWidth=1.5, strokeDash=[4, 3]).encode(y="earlier:Q"),
        base.mark_line(strokeWidth=2.5).encode(
            y="mean:Q", detail="group:N", color=alt.Color("role:O", scale=ROLES, legend=None)
        ),
        base.mark_circle(size=26, color=ACCENT, opacity=1)
        .encode(y="mean:Q", color=alt.Color("role:O", scale=ROLES, legend=None))
        .transform_filter("datum.point"),
        end_labels("mean"),
    )


NEW_ADS = Chart(
    id="new_ads",
    mart="daily_new_ads",
    query=QUERY,
    columns=COLUMNS,
    figures=figures,
    draw=draw,
    series={"when": "day", "count": "{measure}"},
    table=(("when", "date"), ("count", "whole"), ("mean", "decimal"), ("earlier", "decimal")),
    height=340,
    measures=("ads", "positions"),
    dimensions=DIMENSIONS,
    pick="group",
    days="flow",
    units=("count", "working", "index"),
    is_wide=True,
)
