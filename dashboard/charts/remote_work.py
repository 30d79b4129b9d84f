"""The share of new ads that mention remote work, by month."""

from __future__ import annotations

from datetime import date

import altair as alt

from dashboard.chart import Chart, Column, Drawing, Figures, Row, Said
from dashboard.groups import ALL, DIMENSIONS, Sums, little_captured_months, year_earlier
from dashboard.style import ACCENT, ROLES, ROWS, backdrop, end_labels, time_axis, value_axis

# Only ads whose text was read can mention anything, and only those of the same rules can be compared.
QUERY = """
select month, dimension, value, rules_version, ads_read, ads_mentioning_remote_work,
    share_captured
from {mart}
"""
COLUMNS = (
    Column("published_month", "month"),
    Column("dimension", "text"),
    Column("value", "text"),
    Column("ads_read", "whole"),
    Column("ads_mentioning_remote_work", "whole"),
    Column("share", "share"),
    Column("share_captured", "share"),
)
FEWEST_ADS = 20
"""A share of fewer ads says more of chance than of the market."""
SHOWN_MONTHS = 60


def figures(rows: list[Row]) -> Figures:
    """Months with enough ads for each group, read by the newest rules; those with fewer are gaps."""
    if not rows:
        return Figures([], problem="empty")
    newest = max(row[3] for row in rows)
    sums: Sums = {}
    for month, dimension, value, rules_version, *values in rows:
        if rules_version == newest:
            sums.setdefault((dimension, value), {})[month] = tuple(values)
    total = sums.get(ALL, {})
    months = sorted(month for month, values in total.items() if values[0] >= FEWEST_ADS)[-SHOWN_MONTHS:]
    if len(months) < 2:
        return Figures([], problem="too_few_months")
    shown: list[Row] = []
    for (dimension, value), by_month in sorted(sums.items(), key=lambda item: (item[0] != ALL, item[0])):
        of_months = {month: by_month.get(month, (0, 0, None))[:2] for month in months}
        if any(read >= FEWEST_ADS for read, _ in of_months.values()):
            shown += [
                (month, dimension, value, read, with_it, _share(read, with_it), total[month][2])
                for month, (read, with_it) in of_months.items()
            ]
    captured = {month: (1.0, float(total[month][2] or 0)) for month in months}
    caveats = [("fewest_ads", {"number": FEWEST_ADS})]
    return Figures(shown, None, caveats, little_captured_months(captured), _said(total, months))


def _share(read: int, with_it: int) -> float | None:
    return with_it / read if read >= FEWEST_ADS else None


def _said(total: dict[date, Row], months: list[date]) -> Said:
    """The last month, against the same month a year earlier."""
    last = months[-1]
    filled = {"month": last, "percent": 100 * total[last][1] / total[last][0]}
    if year_earlier(last) not in months:
        return Said("said", filled)
    read, with_it, _ = total[year_earlier(last)]
    return Said("said_against", {**filled, "before_share": 100 * with_it / read})


def draw() -> Drawing:
    """One line from zero, with its points: months are few."""
    base = alt.Chart(ROWS).encode(
        x=time_axis(monthly=True),
        y=value_axis("mean:Q", format=".0%", step=0.01, scale=alt.Scale(zero=True)),
    )
    point = alt.OverlayMarkDef(size=28, filled=True, color=ACCENT)
    return alt.layer(
        *backdrop(),
        base.mark_line(strokeWidth=2.5, point=point).encode(
            detail="group:N", color=alt.Color("role:O", scale=ROLES, legend=None)
        ),
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
