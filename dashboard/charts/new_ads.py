"""New ads and positions by day, week or month, against the year before, for one group or several."""

from __future__ import annotations

from datetime import date

import altair as alt

from dashboard.chart import Chart, Column, Drawing, Figures, Row, Said
from dashboard.groups import (
    ALL,
    DIMENSIONS,
    UNKNOWN,
    change,
    grouped,
    is_known,
    known_days,
    little_captured,
    whole,
    year_earlier,
)
from dashboard.style import ACCENT, BARS, EARLIER, ROLES, ROWS, backdrop, end_labels, time_axis, value_axis

# The day on which the feed was last read is not over: it is left out. An ad of several groups counts in
# parts.
QUERY = """
select day, occupation, county, industry,
    sum(ads_weighted), sum(positions_weighted),
    sum(ads_weighted_7_day_mean), sum(positions_weighted_7_day_mean),
    max(share_captured), max(known_from)
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
Means = dict[date, Row]
NOTHING = (None, None, None, None)


def figures(rows: list[Row]) -> Figures:
    """Every day of each group; nothing for the days, and a year earlier, that the data does not cover."""
    sums = grouped(rows)
    if not sums:
        return Figures([], problem="empty")
    total = sums[ALL]
    shown = known_days(total)
    if len(shown) < FEWEST_DAYS:
        return Figures([], problem="too_short")
    means = {group: _means(by_day, total, shown) for group, by_day in sums.items()}
    dense: list[Row] = []
    for (dimension, value), by_day in means.items():
        for day in shown:
            ads, positions, ads_mean, positions_mean = by_day[day]
            _, _, ads_before, positions_before = by_day.get(year_earlier(day), NOTHING)
            of_ads = (ads, ads_mean, ads_before)
            of_positions = (positions, positions_mean, positions_before)
            share = total[day][4] if day in total else None
            dense.append((day, dimension, value, *of_ads, *of_positions, share))
    captured = {
        day: (total[day][0], total[day][0] * (total[day][4] or 0))
        for day in shown
        if is_known(total.get(day), day)
    }
    caveats = []
    if means[ALL].get(year_earlier(shown[-1]), NOTHING)[2] is None:
        caveats.append(("no_year_earlier", {"day": shown[0]}))
    shaded = little_captured(captured)
    is_known_now = not shaded or shaded[-1][1] < shown[-1]
    return Figures(dense, None, caveats, shaded, _said(means, shown[-1], is_known_now))


def _means(by_day: dict[date, Row], total: dict[date, Row], shown: list[date]) -> Means:
    """Ads, positions and their means of seven days, where all seven are covered."""
    found: Means = {}
    covered = 0
    for day in shown:
        covered = covered + 1 if is_known(total.get(day), day) else 0
        ads, positions, *means = by_day.get(day, (0, 0, 0.0, 0.0))[:4]
        of_week = [round(mean, 3) if covered >= 7 else None for mean in means]
        found[day] = (round(ads, 2), round(positions, 2), *of_week) if covered else NOTHING
    return found


def _said(means: dict[tuple[str, str], Means], last: date, is_known_now: bool) -> Said:
    """The last seven days against a year earlier, and the occupation with most of them."""
    week = {
        value: by_day[last][2] or 0
        for (dimension, value), by_day in means.items()
        if dimension == "occupation" and value != UNKNOWN
    }
    largest = ("occupation", max(week, key=lambda value: week[value], default=UNKNOWN))
    part = "" if is_known_now else "_all"
    now = 7 * (means[ALL][last][2] or 0)
    before = means[ALL].get(year_earlier(last), NOTHING)[2]
    changed = change(now, before and 7 * before)
    if changed is None:
        return Said(f"said{part}", {"number": whole(now), "group": largest})
    key = f"said_more{part}" if changed >= 0 else f"said_fewer{part}"
    return Said(key, {"number": whole(now), "percent": abs(changed), "group": largest})


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
