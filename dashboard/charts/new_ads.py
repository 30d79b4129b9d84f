"""New ads and positions by day, with the mean of seven days, against the year before."""

from __future__ import annotations

from datetime import date, timedelta

import altair as alt

from dashboard.chart import Chart, Column, Drawing, Figures, Row
from dashboard.groups import ALL, DIMENSIONS, days, grouped, known_from, year_earlier
from dashboard.style import ACCENT, BARS, EARLIER, ROWS, end_labels, shaded, time_axis, value_axis

# The day on which the feed was last read is not over: it is left out. An ad of several groups counts in
# parts.
QUERY = """
select day, occupation, county, industry,
    sum(ads_weighted), sum(positions_weighted),
    sum(ads_weighted_7_day_mean), sum(positions_weighted_7_day_mean)
from {mart}
where day >= (select max(day) from {mart}) - 742 and day < (select max(day) from {mart})
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
)
SHOWN_DAYS = 366
BAR_WIDTH = "max(1, 0.7 * width * 86400000 / span(domain('x')))"
FEWEST_DAYS = 7


def figures(rows: list[Row]) -> Figures:
    """A year of days for each group; nothing a year earlier where the data does not reach back."""
    sums = grouped(rows)
    if not sums:
        return Figures([], problem="empty")
    total = sums[ALL]
    first, last = _beginning(total), max(total)
    if (last - first).days + 1 < FEWEST_DAYS:
        return Figures([], problem="too_short")
    shown = list(days(max(first, last - timedelta(days=SHOWN_DAYS - 1)), last))
    full_week = first + timedelta(days=6)
    dense: list[Row] = []
    for (dimension, value), by_day in sums.items():
        for day in shown:
            ads, positions, ads_mean, positions_mean = by_day.get(day, (0, 0, 0.0, 0.0))
            earlier = year_earlier(day)
            before = by_day.get(earlier, (0, 0, 0.0, 0.0)) if earlier >= full_week else (0, 0, None, None)
            means = (ads_mean, before[2], positions_mean, before[3])
            ads_mean, ads_before, positions_mean, positions_before = (
                None if mean is None else round(mean, 3) for mean in means
            )
            if day < full_week:
                ads_mean = positions_mean = None
            dense.append(
                (
                    day,
                    dimension,
                    value,
                    round(ads, 2),
                    ads_mean,
                    ads_before,
                    round(positions, 2),
                    positions_mean,
                    positions_before,
                )
            )
    known = known_from(sums, shown, column=2)
    caveats = []
    if year_earlier(shown[0]) < full_week:
        caveats.append(("no_year_earlier", {"day": first}))
    return Figures(dense, None, caveats, known, known != shown[0])


def _beginning(total: dict[date, Row]) -> date:
    """The first day of a steady stream: before the first reading only the few ads that live long are seen."""
    means = sorted(values[2] for values in total.values())
    usual = means[len(means) // 2]
    return min(day for day, values in total.items() if values[2] >= usual / 4)


def draw() -> Drawing:
    """Days as faint bars, the mean as the line, the year before as a thinner, dashed one."""
    base = alt.Chart(ROWS).encode(x=time_axis())
    return alt.layer(
        shaded(),
        base.mark_bar(color=BARS, width=alt.ExprRef(BAR_WIDTH)).encode(y=value_axis("count:Q")),
        base.mark_line(color=EARLIER, strokeWidth=1.5, strokeDash=[4, 3]).encode(y="earlier:Q"),
        base.mark_line(color=ACCENT, strokeWidth=2.5).encode(y="mean:Q"),
        end_labels("mean"),
    )


NEW_ADS = Chart(
    id="new_ads",
    mart="daily_new_ads",
    query=QUERY,
    columns=COLUMNS,
    figures=figures,
    draw=draw,
    series={
        "when": "day",
        "count": "{measure}",
        "mean": "{measure}_7_day_mean",
        "earlier": "{measure}_7_day_mean_year_earlier",
    },
    table=(("when", "date"), ("count", "whole"), ("mean", "decimal"), ("earlier", "decimal")),
    height=320,
    measures=("ads", "positions"),
    dimensions=DIMENSIONS,
    pick="group",
    is_wide=True,
)
