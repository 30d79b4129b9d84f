"""How long ads stay open: median and quartiles of the ads that closed in a month, by occupation."""

from __future__ import annotations

from datetime import date

import altair as alt

from dashboard.chart import Chart, Column, Drawing, Figures, Row
from dashboard.groups import UNKNOWN, UNKNOWN_AT_MOST
from dashboard.style import ACCENT, ROLES, ROWS, end_labels, shaded, time_axis, value_axis

QUERY = """
select month, occupation, ads_closed, days_open_lower_quartile, days_open_median,
    days_open_upper_quartile, share_stopped
from {mart}
where ads_closed > 0
"""
COLUMNS = (
    Column("closed_month", "month"),
    Column("dimension", "text"),
    Column("value", "text"),
    Column("ads_closed", "whole"),
    Column("days_open_lower_quartile", "decimal"),
    Column("days_open_median", "decimal"),
    Column("days_open_upper_quartile", "decimal"),
    Column("share_stopped", "share"),
)
FEWEST_ADS = 10
"""A median of fewer ads says more of chance than of the market."""
TOO_EARLY = 2
"""In the first months of the data only ads that closed soon can have closed."""
SHOWN_MONTHS = 36


def figures(rows: list[Row]) -> Figures:
    """Whole months with enough ads; the month that still runs is left out."""
    if not rows:
        return Figures([], problem="empty")
    months = sorted({row[0] for row in rows})
    whole = months[TOO_EARLY:-1] if len(months) > TOO_EARLY + 1 else months[:-1]
    whole = whole[-SHOWN_MONTHS:]
    if len(whole) < 2:
        return Figures([], problem="too_few_months")
    shown = [
        (row[0], "occupation", *row[1:])
        for row in sorted(rows, key=lambda row: (row[1], row[0]))
        if row[0] in whole and row[2] >= FEWEST_ADS
    ]
    if len({row[0] for row in shown}) < 2:
        return Figures([], problem="too_few_months")
    known = _known_from(shown, whole)
    return Figures(shown, None, [("fewest_ads", {"number": FEWEST_ADS})], known, known != whole[0])


def _known_from(shown: list[Row], months: list[date]) -> date | None:
    found = None
    for month in reversed(months):
        total = sum(row[3] for row in shown if row[0] == month)
        unknown = sum(row[3] for row in shown if row[0] == month and row[2] == UNKNOWN)
        if not total or unknown > UNKNOWN_AT_MOST * total:
            break
        found = month
    return found


def draw() -> Drawing:
    """The picked occupation's median in its band of quartiles, the other medians in the background."""
    base = alt.Chart(ROWS).encode(x=time_axis())
    lines = base.encode(
        y=value_axis("y:Q", scale=alt.Scale(zero=True)),
        detail="group:N",
        color=alt.Color("role:O", scale=ROLES, legend=None),
    )
    return alt.layer(
        shaded(),
        base.mark_area(color=ACCENT, opacity=0.14)
        .encode(y="lower:Q", y2="upper:Q")
        .transform_filter("datum.role == 0"),
        lines.mark_line(strokeWidth=1).transform_filter("datum.role == -1"),
        lines.mark_line(strokeWidth=2.5, point=alt.OverlayMarkDef(size=28, filled=True)).transform_filter(
            "datum.role == 0"
        ),
        end_labels("y"),
    )


LIFETIMES = Chart(
    id="ad_lifetimes",
    mart="ad_lifetimes",
    query=QUERY,
    columns=COLUMNS,
    figures=figures,
    draw=draw,
    series={
        "when": "closed_month",
        "y": "days_open_median",
        "lower": "days_open_lower_quartile",
        "upper": "days_open_upper_quartile",
        "closed": "ads_closed",
    },
    table=(
        ("when", "month"),
        ("y", "decimal"),
        ("lower", "decimal"),
        ("upper", "decimal"),
        ("closed", "whole"),
    ),
    height=300,
    dimensions=("occupation",),
    pick="dimension",
    lines="first",
)
