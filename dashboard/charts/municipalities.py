"""New ads by municipality, this year against the same span of last year: a table to sort and search."""

from __future__ import annotations

import re
from typing import Any

from dashboard.chart import Chart, Column, Figures, Row, Said
from dashboard.charts.yearly import compared, problem_of
from dashboard.groups import UNKNOWN, mark_of

QUERY = """
select dimension, value, ads_this_year, ads_last_year, ads_difference, ads_difference_percent,
    share_captured_this_year, share_captured_last_year
from {mart}
where dimension = 'municipality'
"""
COLUMNS = (
    Column("municipality", "text"),
    Column("county", "text"),
    Column("ads_this_year", "whole"),
    Column("ads_last_year", "whole"),
    Column("ads_difference_percent", "percent"),
    Column("share_captured_this_year", "share"),
    Column("share_captured_last_year", "share"),
)


def figures(rows: list[Row]) -> Figures:
    """The one with most ads first. Without last year's figures where the years cannot be compared."""
    if not rows:
        return Figures([], problem="empty")
    caveats: list[tuple[str, dict[str, Any]]] = [("few", {})]
    problem = problem_of(rows)
    if problem:
        caveats.append((problem, {}))
    named = [
        (*_names(row[1]), row[2], None if problem else row[3], None if problem else row[5], *row[6:])
        for row in compared(rows)
    ]
    ordered = sorted(named, key=lambda row: (row[0] == UNKNOWN, -row[2], row[0]))
    first = ordered[0]
    said = Said("said", {"name": first[0], "number": first[2]}) if first[0] != UNKNOWN else None
    mark = mark_of(rows[0][6])
    return Figures(ordered, None, caveats + mark, [], None if mark else said)


def _names(value: str) -> tuple[str, str]:
    """NAV writes municipalities in capitals: `NORE OG UVDAL, Buskerud`."""
    municipality, _, county = value.partition(", ")
    if municipality == UNKNOWN:
        return UNKNOWN, UNKNOWN
    written = municipality.title()
    return re.sub(r"\b(Og|I)\b", lambda word: word[0].lower(), written), county


MUNICIPALITIES = Chart(
    id="municipalities",
    mart="yearly_change",
    query=QUERY,
    columns=COLUMNS,
    figures=figures,
    series={
        "label": "municipality",
        "county": "county",
        "now": "ads_this_year",
        "before": "ads_last_year",
        "percent": "ads_difference_percent",
    },
    table=(
        ("label", "text"),
        ("county", "text"),
        ("now", "whole"),
        ("before", "whole"),
        ("percent", "percent"),
    ),
)
