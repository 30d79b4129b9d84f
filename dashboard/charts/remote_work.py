"""The share of new ads that mention remote work, by month."""

from __future__ import annotations

import altair as alt

from dashboard.chart import Chart, Column, Drawing, Figures, Row
from dashboard.groups import ALL, DIMENSIONS, Sums
from dashboard.style import ACCENT, ROWS, end_labels, time_axis, value_axis

# Only ads whose text was read can mention anything, and only those of the same rules can be compared.
QUERY = """
select month, dimension, value, rules_version, ads_read, ads_mentioning_remote_work
from {mart}
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
    """Months with enough ads for each group, read by the newest rules; those with fewer are gaps."""
    if not rows:
        return Figures([], problem="empty")
    newest = max(row[3] for row in rows)
    sums: Sums = {}
    for month, dimension, value, rules_version, *read_and_with_it in rows:
        if rules_version == newest:
            sums.setdefault((dimension, value), {})[month] = tuple(read_and_with_it)
    months = sorted(month for month, (read, _) in sums.get(ALL, {}).items() if read >= FEWEST_ADS)[
        -SHOWN_MONTHS:
    ]
    if len(months) < 2:
        return Figures([], problem="too_few_months")
    shown: list[Row] = []
    for (dimension, value), by_month in sorted(sums.items(), key=lambda item: (item[0] != ALL, item[0])):
        of_months = {month: by_month.get(month, (0, 0)) for month in months}
        if any(read >= FEWEST_ADS for read, _ in of_months.values()):
            shown += [
                (month, dimension, value, read, with_it, with_it / read if read >= FEWEST_ADS else None)
                for month, (read, with_it) in of_months.items()
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
    mart="monthly_text_features",
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
