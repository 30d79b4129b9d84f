"""How long ads stay open: median and quartiles of the ads that closed in a month, by occupation."""

from __future__ import annotations

from datetime import date

import altair as alt

from dashboard.chart import Chart, Column, Drawing, Figures, Row, Said
from dashboard.groups import UNKNOWN, little_captured_months, year_earlier
from dashboard.style import ACCENT, ROLES, ROWS, backdrop, end_labels, time_axis, value_axis

QUERY = """
select month, occupation, ads_closed, days_open_lower_quartile, days_open_median,
    days_open_upper_quartile, share_stopped, share_captured, known_from
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
    Column("share_captured", "share"),
)
FEWEST_ADS = 10
"""A median of fewer ads says more of chance than of the market."""
SHOWN_MONTHS = 60


def figures(rows: list[Row]) -> Figures:
    """Whole months with enough ads, without the month that still runs.

    Ads that were published before the data begins are not in it: in the first months only ads that closed
    soon can have closed. These are left out, too.
    """
    if not rows:
        return Figures([], problem="empty")
    months = sorted({row[0] for row in rows})
    known = {row[0] for row in rows if row[8] is not None and row[8] <= row[0]}
    whole = [month for month in months[:-1] if month in known][-SHOWN_MONTHS:]
    shown = [
        (row[0], "occupation", *row[1:8])
        for row in sorted(rows, key=lambda row: (row[1], row[0]))
        if row[0] in whole and row[2] >= FEWEST_ADS
    ]
    if len({row[0] for row in shown}) < 2:
        return Figures([], problem="too_few_closed")
    caveats = [("fewest_ads", {"number": FEWEST_ADS}), ("first_months", {"month": whole[0]})]
    closed: dict[date, tuple[float, float]] = {}
    for month, _, _, ads, *_, share in shown:
        before = closed.get(month, (0, 0))
        closed[month] = before[0] + ads, before[1] + ads * (share or 0)
    return Figures(shown, None, caveats, little_captured_months(closed), _said(shown))


def _said(shown: list[Row]) -> Said | None:
    """The last month of the occupation with most ads, against the same month a year earlier."""
    last = max(row[0] for row in shown)
    latest = [row for row in shown if row[0] == last and row[2] != UNKNOWN]
    if not latest:
        return None
    largest = max(latest, key=lambda row: row[3])
    filled = {"group": ("occupation", largest[2]), "month": last, "number": float(largest[5])}
    before = [row for row in shown if row[2] == largest[2] and row[0] == year_earlier(last)]
    if not before:
        return Said("said", filled)
    return Said("said_against", {**filled, "before": float(before[0][5])})


def draw() -> Drawing:
    """The picked occupation's median in its band of quartiles, the other medians in the background."""
    base = alt.Chart(ROWS).encode(x=time_axis(monthly=True))
    lines = base.encode(
        y=value_axis("y:Q", scale=alt.Scale(zero=True)),
        detail="group:N",
        color=alt.Color("role:O", scale=ROLES, legend=None),
    )
    return alt.layer(
        *backdrop(),
        base.mark_area(color=ACCENT, opacity=0.14)
        .encode(y="lower:Q", y2="upper:Q")
        .transform_filter("datum.role == 0"),
        lines.mark_line(strokeWidth=1).transform_filter("datum.role < 0"),
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
