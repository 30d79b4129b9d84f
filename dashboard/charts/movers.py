"""What moved most: the groups whose new ads changed most, and how many ads stand behind it."""

from __future__ import annotations

from typing import Any

from dashboard.chart import Chart, Figures, Row, Said
from dashboard.groups import DIMENSIONS, UNKNOWN, whole
from dashboard.recent import COLUMNS, QUERY, recent
from dashboard.style import change_bars

SHOWN = 12
FEWEST_ADS = 30
"""In either of the four weeks: with fewer, the largest changes would be those of the smallest groups."""


def figures(rows: list[Row]) -> Figures:
    """The largest changes of all occupations, counties and industries, rises first."""
    found, last, problem = recent(rows)
    if problem:
        return Figures([], problem=problem)
    changed = [
        row
        for row in found
        if row[0] in DIMENSIONS
        and row[1] != UNKNOWN
        and row[4] is not None
        and min(row[2], row[3]) >= FEWEST_ADS
    ]
    if not changed:
        return Figures([], problem="no_movers")
    largest = sorted(changed, key=lambda row: -abs(row[4]))[:SHOWN]
    first = largest[0]
    filled = {"group": first[:2], "percent": abs(first[4])}
    said = Said(
        "said_rose" if first[4] > 0 else "said_fell",
        {**filled, "before": whole(first[3]), "now": whole(first[2])},
    )
    caveats: list[tuple[str, dict[str, Any]]] = [
        ("weeks", {"day": last}),
        ("fewest_compared", {"number": FEWEST_ADS}),
    ]
    return Figures(sorted(largest, key=lambda row: -row[4]), None, caveats, [], said)


MOVERS = Chart(
    id="movers",
    mart="daily_new_ads",
    query=QUERY,
    columns=COLUMNS,
    figures=figures,
    draw=change_bars,
    series={
        "dimension": "dimension",
        "label": "value",
        "now": "ads",
        "before": "ads_year_earlier",
        "percent": "percent",
    },
    table=(("label", "text"), ("now", "whole"), ("before", "whole"), ("percent", "percent")),
    height=440,
    row_height=32,
)
