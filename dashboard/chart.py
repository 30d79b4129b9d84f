"""What a chart is: one query on one mart, what its rows become, and how they are drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, NamedTuple

import altair as alt

Row = tuple[Any, ...]
Drawing = alt.LayerChart | alt.FacetChart
Kind = Literal["date", "month", "text", "whole", "decimal", "share", "percent"]


class Column(NamedTuple):
    """A column of a chart's rows. `share` runs from 0 to 1, `percent` is signed and in percent."""

    name: str
    kind: Kind


@dataclass(frozen=True)
class Figures:
    """What a chart has to show, in the order of its columns.

    `problem` names the text that stands in the chart's place when the rows cannot carry it.
    `caveats` name texts under the chart, with what they are filled in with. From `known_from` on the
    ads' content is known; what lies before is shaded when a part of the ads is looked at.
    """

    rows: list[Row]
    problem: str | None = None
    caveats: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    known_from: date | None = None
    has_unknown_past: bool = False


@dataclass(frozen=True)
class Chart:
    """One chart of the page.

    `query` reads `{mart}` only; `figures` makes of its rows what `columns` name. `series` says which column
    each field of the drawing takes, `{measure}` standing for the one that the reader chose. `lines`:
    each value of a dimension is a line, `top` the five largest in colour, `first` the largest one.
    """

    id: str
    mart: str
    query: str
    columns: Sequence[Column]
    figures: Callable[[list[Row]], Figures]
    draw: Callable[[], Drawing]
    series: Mapping[str, str]
    table: Sequence[tuple[str, Kind]]
    height: int
    measures: Sequence[str] = ()
    dimensions: Sequence[str] = ()
    pick: Literal["group", "dimension", None] = None
    lines: Literal["top", "first", None] = None
    row_height: int = 0
    is_wide: bool = False

    def config(self) -> dict[str, Any]:
        """What the page's script has to know."""
        return {
            "id": self.id,
            "series": dict(self.series),
            "table": [list(column) for column in self.table],
            "measures": list(self.measures),
            "dimensions": list(self.dimensions),
            "pick": self.pick,
            "lines": self.lines,
            "rowHeight": self.row_height,
            "height": self.height,
        }
