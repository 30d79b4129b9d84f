"""New ads this year against the same span of last year: the change of each group, the largest rise first."""

from __future__ import annotations

from dashboard.chart import Chart, Column, Figures, Row, Said
from dashboard.groups import SHARE_NEEDED, UNKNOWN, change
from dashboard.style import change_bars

QUERY = """
select dimension, value, ads_this_year, ads_last_year, ads_difference, ads_difference_percent,
    share_captured_this_year, share_captured_last_year
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
    Column("share_captured_this_year", "share"),
    Column("share_captured_last_year", "share"),
)


def compared(rows: list[Row]) -> list[Row]:
    """The rows of the mart, without a percentage where one of the years has few ads."""
    return [(*row[:5], change(row[2], row[3]) and row[5], *row[6:]) for row in rows]


def problem_of(rows: list[Row]) -> str | None:
    """Why the two years cannot be compared, if so."""
    if not rows:
        return "empty"
    if not any(row[3] for row in rows):
        return "no_last_year"
    if min(rows[0][6] or 0, rows[0][7] or 0) < SHARE_NEEDED:
        return "unknown_last_year"
    return None


def figures(rows: list[Row]) -> Figures:
    """Each group, the largest rise first. No comparison with a year of which nearly nothing is known."""
    problem = problem_of(rows)
    if problem:
        return Figures([], problem=problem)
    ordered = sorted(compared(rows), key=_order)
    return Figures(ordered, None, [("few", {})], [], _said(ordered))


def _order(row: Row) -> tuple[str, bool, float, str]:
    dimension, value, _, _, _, percent, *_ = row
    return dimension, percent is None or value == UNKNOWN, -(percent or 0), value


def _said(ordered: list[Row]) -> Said:
    occupations = [row for row in ordered if row[0] == "occupation" and row[1] != UNKNOWN]
    known = [row for row in occupations if row[5] is not None]
    up = sum(row[5] > 0 for row in known)
    filled = {"up": up, "number": len(known)}
    if not known:
        return Said("said_few", {})
    return Said("said" if up else "said_none", {**filled, "group": known[0][:2], "most_percent": known[0][5]})


YEARLY = Chart(
    id="yearly_change",
    mart="yearly_change",
    query=QUERY,
    columns=COLUMNS,
    figures=figures,
    draw=change_bars,
    series={
        "dimension": "dimension",
        "label": "value",
        "now": "ads_this_year",
        "before": "ads_last_year",
        "difference": "ads_difference",
        "percent": "ads_difference_percent",
    },
    table=(
        ("label", "text"),
        ("now", "whole"),
        ("before", "whole"),
        ("difference", "whole"),
        ("percent", "percent"),
    ),
    height=450,
    row_height=28,
    dimensions=("occupation", "county", "industry"),
    pick="dimension",
)
