"""New ads this year against the same span of last year, with difference and percent."""

from __future__ import annotations

import altair as alt

from dashboard.chart import Chart, Column, Drawing, Figures, Row
from dashboard.groups import UNKNOWN, UNKNOWN_AT_MOST
from dashboard.style import ACCENT, EARLIER, GRID, INK, MUTED, NAMES, ROWS

QUERY = """
select dimension, value, ads_this_year, ads_last_year, ads_difference, ads_difference_percent
from {mart}
where dimension != 'municipality'
"""
COLUMNS = (
    Column("dimension", "text"),
    Column("value", "text"),
    Column("ads_this_year", "whole"),
    Column("ads_last_year", "whole"),
    Column("ads_difference", "whole"),
    Column("ads_difference_percent", "percent"),
)


def figures(rows: list[Row]) -> Figures:
    """The mart's rows, the largest first. No comparison with a year of which nearly nothing is known."""
    ordered = sorted(rows, key=lambda row: (row[0], -row[2], row[1]))
    if not ordered:
        return Figures([], problem="empty")
    occupations = [row for row in ordered if row[0] == "occupation"]
    if not any(row[3] for row in occupations):
        return Figures([], problem="no_last_year")
    for column in (2, 3):
        unknown = sum(row[column] for row in occupations if row[1] == UNKNOWN)
        if unknown > UNKNOWN_AT_MOST * sum(row[column] for row in occupations):
            return Figures([], problem="unknown_last_year")
    return Figures(ordered)


def draw() -> Drawing:
    """Last year as a ring, this year as a dot, the change in words beside them."""
    names = alt.Axis(title=None, labelLimit=NAMES, labelColor=INK, labelPadding=8, domain=False, ticks=False)
    counts = alt.Axis(
        title=None, tickCount=4, format=",d", orient="top", grid=True, domain=False, ticks=False
    )
    base = alt.Chart(ROWS).encode(y=alt.Y("label:N", sort=None, axis=names))
    this_year = alt.X("this_year:Q", axis=counts, scale=alt.Scale(zero=True))
    return alt.layer(
        base.mark_rule(color=GRID, strokeWidth=3).encode(x=this_year, x2="last_year:Q"),
        base.mark_point(stroke=EARLIER, fill="var(--paper)", size=56, strokeWidth=1.75, opacity=1).encode(
            x="last_year:Q"
        ),
        base.mark_circle(color=ACCENT, size=64, opacity=1).encode(x=this_year),
        base.mark_text(align="left", dx=10, color=MUTED, fontSize=11.5).encode(
            x="furthest:Q", text="change:N"
        ),
    )


YEARLY = Chart(
    id="yearly_change",
    mart="yearly_change",
    query=QUERY,
    columns=COLUMNS,
    figures=figures,
    draw=draw,
    series={
        "label": "value",
        "this_year": "ads_this_year",
        "last_year": "ads_last_year",
        "difference": "ads_difference",
        "percent": "ads_difference_percent",
    },
    table=(
        ("label", "text"),
        ("this_year", "whole"),
        ("last_year", "whole"),
        ("difference", "whole"),
        ("percent", "percent"),
    ),
    height=430,
    row_height=26,
    dimensions=("occupation", "county", "industry"),
    pick="dimension",
)
