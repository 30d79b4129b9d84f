"""The table behind a chart, as it stands in the page before a script runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dashboard.chart import Chart, Figures, Kind
from dashboard.groups import ALL, UNKNOWN
from dashboard.texts import Texts

ROWS_WITHOUT_SCRIPT = 60
"""Rows of a table in the page itself: the script brings the others."""
LABELLED = {"counties": "county", "sources": "source", "municipalities": "municipality"}
"""The dimension of a chart's `label`, where no column says it."""


def default_rows(chart: Chart, figures: Figures) -> list[dict[str, Any]]:
    """What the table shows before anything is chosen: all ads, else the first dimension."""
    names = [column.name for column in chart.columns]
    rows = [dict(zip(names, row, strict=True)) for row in figures.rows]
    if "dimension" in names:
        total = [row for row in rows if (row["dimension"], row["value"]) == ALL]
        rows = total or [row for row in rows if row["dimension"] in chart.dimensions[:1]] or rows
        if chart.lines == "first" and rows:
            first = _largest(rows, chart.series["closed"])
            rows = [row for row in rows if row["value"] == first]
    measure = chart.measures[0] if chart.measures else ""
    series = {**chart.series, **_means(chart)}
    return [{name: row[column.format(measure=measure)] for name, column in series.items()} for row in rows]


def _largest(rows: Sequence[dict[str, Any]], column: str) -> str:
    """The value with most of the column in all, as the script picks it."""
    sums: dict[str, int] = {}
    for row in rows:
        sums[row["value"]] = sums.get(row["value"], 0) + row[column]
    return max(sums, key=lambda value: (value != UNKNOWN, sums[value]))


def _means(chart: Chart) -> dict[str, str]:
    """What the script works out of the days, and the CSV file holds."""
    if chart.days != "flow":
        return {}
    return {"mean": "{measure}_7_day_mean", "earlier": "{measure}_7_day_mean_year_earlier"}


def table(chart: Chart, rows: Sequence[dict[str, Any]], texts: Texts) -> dict[str, Any]:
    """The first rows as texts, with their headings and kinds, and what is left to the CSV file."""
    ordered = list(reversed(rows)) if "when" in chart.series else list(rows)
    cells = [
        [
            _cell(row[name], kind, texts, row.get("dimension") or _dimension(chart, name))
            for name, kind in chart.table
        ]
        for row in ordered[:ROWS_WITHOUT_SCRIPT]
    ]
    titles = [texts.words[chart.id][name] for name, _ in chart.table]
    left = (
        texts.say("chart", "rows_shown", number=len(cells), all=len(ordered))
        if len(cells) < len(ordered)
        else ""
    )
    return {"titles": titles, "rows": cells, "left": left, "kinds": [kind for _, kind in chart.table]}


def _dimension(chart: Chart, name: str) -> str:
    """The dimension whose values stand in a column of texts."""
    return {"part": "occupation", "extent": "extent", "county": "county"}.get(name) or LABELLED.get(
        chart.id, "any"
    )


def _cell(value: Any, kind: Kind, texts: Texts, dimension: str) -> str:
    if value is None:
        return "–"
    match kind:
        case "date":
            return texts.day(value)
        case "month":
            return texts.month(value)
        case "text":
            return texts.value(value, dimension)
        case "whole":
            return texts.number(value)
        case "decimal":
            return texts.number(value, 1)
        case "share":
            return texts.percent(100 * value)
        case "percent":
            return texts.percent(value, signed=True)
