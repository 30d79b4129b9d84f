"""New ads by county as a map of tiles: one tile a county, roughly where it lies."""

from __future__ import annotations

from typing import Any

import altair as alt

from dashboard.chart import Chart, Drawing, Figures, Row, Said
from dashboard.groups import mark_of, whole
from dashboard.recent import COLUMNS, QUERY, recent
from dashboard.style import INK, PAPER, ROWS, TILE_COLOURS

TILES = {
    "Svalbard": (0, 0),
    "Troms": (2, 0),
    "Finnmark": (3, 0),
    "Nordland": (2, 1),
    "Trøndelag": (1, 2),
    "Møre og Romsdal": (0, 3),
    "Innlandet": (1, 3),
    "Vestland": (0, 4),
    "Buskerud": (1, 4),
    "Oslo": (2, 4),
    "Akershus": (3, 4),
    "Rogaland": (0, 5),
    "Telemark": (1, 5),
    "Vestfold": (2, 5),
    "Østfold": (3, 5),
    "Agder": (1, 6),
}
"""Column and row of the fifteen counties and Svalbard, from north-west to south-east."""


def figures(rows: list[Row]) -> Figures:
    """The counties that have a tile."""
    found, last, problem = recent(rows)
    shown = [row for row in found if row[0] == "county" and row[1] in TILES]
    if problem and not shown:
        return Figures([], problem="empty" if problem == "empty" else "too_short_weeks")
    caveats: list[tuple[str, dict[str, Any]]] = [("weeks", {"day": last})]
    if problem:
        caveats.append((problem, {}))
    mark = mark_of(shown[0][5]) if shown else []
    units = None if any(row[4] is not None for row in shown) else ("count",)
    return Figures(shown, None, caveats + mark, [], None if mark else _said(shown), units)


def _said(shown: list[Row]) -> Said | None:
    changed = sorted((row for row in shown if row[4] is not None), key=lambda row: row[4])
    if len(changed) > 1:
        least, most = changed[0], changed[-1]
        filled = {"most": ("county", most[1]), "most_percent": most[4]}
        return Said("said_change", {**filled, "least": ("county", least[1]), "least_percent": least[4]})
    if not shown:
        return None
    largest = max(shown, key=lambda row: row[2])
    return Said("said", {"group": ("county", largest[1]), "number": whole(largest[2])})


def draw() -> Drawing:
    """Tiles in the colour of their change, with name and number."""
    base = alt.Chart(ROWS).encode(x=alt.X("column:O", axis=None), y=alt.Y("row:O", axis=None))
    colours = alt.Scale(domain=list(range(-1, 10)), range=TILE_COLOURS)
    size = alt.ExprRef("width < 400 ? 10.5 : 13")
    return alt.layer(
        base.mark_rect(stroke=PAPER, strokeWidth=3, cornerRadius=5).encode(
            color=alt.Color("bin:O", scale=colours, legend=None)
        ),
        base.mark_text(dy=-9, color=INK, fontSize=size, limit=alt.ExprRef("width / 4 - 4")).encode(
            text="label:N"
        ),
        base.mark_text(dy=12, color=INK, fontSize=size, fontWeight=600).encode(text="number:N"),
    )


COUNTIES = Chart(
    id="counties",
    mart="daily_new_ads",
    query=QUERY,
    columns=COLUMNS,
    figures=figures,
    draw=draw,
    series={"label": "value", "now": "ads", "before": "ads_year_earlier", "percent": "percent"},
    table=(("label", "text"), ("now", "whole"), ("before", "whole"), ("percent", "percent")),
    height=440,
    units=("change", "count"),
    extra={"tiles": TILES},
)
