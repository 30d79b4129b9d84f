"""The share of new ads that mention remote work, by month."""

from __future__ import annotations

from datetime import date

import altair as alt

from dashboard.chart import Chart, Column, Drawing, Figures, Row
from dashboard.groups import ALL, DIMENSIONS, grouped
from dashboard.style import ACCENT, ROWS, end_labels, time_axis, value_axis

# Only ads whose text was read can mention anything.
QUERY = """
select extract(year from published_on) * 100 + extract(month from published_on) as month,
    occupation, county, industry,
    count(*), sum(case when mentions_remote_work then 1 else 0 end)
from {mart}
where published_on is not null and mentions_remote_work is not null
group by grouping sets ((month), (month, occupation), (month, county), (month, industry))
"""
COLUMNS = (
    Column("published_month", "month"),
    Column("dimension", "text"),
    Column("value", "text"),
    Column("ads_read", "whole"),
    Column("ads_mentioning_remote_work", "whole"),
    Column("share", "share"),
)
FEWEST_ADS = 20
"""A share of fewer ads says more of chance than of the market."""
SHOWN_MONTHS = 36


def figures(rows: list[Row]) -> Figures:
    """Months with enough ads for each group; those with fewer are gaps."""
    sums = grouped([(date(int(row[0]) // 100, int(row[0]) % 100, 1), *row[1:]) for row in rows])
    if not sums:
        return Figures([], problem="empty")
    months = sorted(month for month, (read, _) in sums[ALL].items() if read >= FEWEST_ADS)[-SHOWN_MONTHS:]
    if len(months) < 2:
        return Figures([], problem="too_few_months")
    shown: list[Row] = []
    for (dimension, value), by_month in sums.items():
        counts = {month: by_month.get(month, (0, 0)) for month in months}
        if any(read >= FEWEST_ADS for read, _ in counts.values()):
            shown += [
                (month, dimension, value, read, with_it, with_it / read if read >= FEWEST_ADS else None)
                for month, (read, with_it) in counts.items()
            ]
    return Figures(shown, None, [("fewest_ads", {"number": FEWEST_ADS})])


def draw() -> Drawing:
    """One line from zero, with its points: months are few."""
    return alt.layer(
        alt.Chart(ROWS)
        .mark_line(
            color=ACCENT, strokeWidth=2.5, point=alt.OverlayMarkDef(size=28, filled=True, color=ACCENT)
        )
        .encode(x=time_axis(), y=value_axis("mean:Q", format=".0%", step=0.01, scale=alt.Scale(zero=True))),
        end_labels("mean"),
    )


REMOTE_WORK = Chart(
    id="remote_work",
    mart="fct_ads",
    query=QUERY,
    columns=COLUMNS,
    figures=figures,
    draw=draw,
    series={
        "when": "published_month",
        "mean": "share",
        "with_it": "ads_mentioning_remote_work",
        "read": "ads_read",
    },
    table=(("when", "month"), ("mean", "share"), ("with_it", "whole"), ("read", "whole")),
    height=300,
    dimensions=DIMENSIONS,
    pick="group",
)
