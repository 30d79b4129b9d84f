"""What a chart is: one query, what its rows become, what they say in words, and how they are drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, NamedTuple

import altair as alt

Row = tuple[Any, ...]
Drawing = alt.LayerChart | alt.FacetChart
Kind = Literal["date", "month", "text", "whole", "decimal", "share", "percent"]
FEW = 10
"""With fewer ads a change in percent says more of chance than of the market."""


class Column(NamedTuple):
    """A column of a chart's rows. `share` runs from 0 to 1, `percent` is signed and in percent."""

    name: str
    kind: Kind


class Said(NamedTuple):
    """A sentence: the key of its text in the chart's section, and what it is filled in with."""

    key: str
    filled: dict[str, Any]


@dataclass(frozen=True)
class Figures:
    """What a chart has to show, in the order of its columns.

    `problem` names the text that stands in the chart's place when the rows cannot carry it.
    `caveats` name texts under the chart, with what they are filled in with. `shaded` are the spans, both days
    included, in which the content of less than SHARE_NEEDED of the ads was captured.
    """

    rows: list[Row]
    problem: str | None = None
    caveats: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    shaded: list[tuple[date, date]] = field(default_factory=list)
    said: Said | None = None
    units: Sequence[str] | None = None
    """The units that the figures allow, if not all of the chart's."""


@dataclass(frozen=True)
class Chart:
    """A chart of the page; a table where there is no `draw`.

    `query` reads `{mart}`, and `{joined}` if that is named; `figures` makes of its rows what `columns` name.
    `series` says which column each field of the drawing takes, `{measure}` standing for the one that the
    reader chose. `lines`: each value of a dimension is a line, `top` the five largest in colour, `first` the
    largest one.
    `flow` adds up the days of a week or a month, `stock` takes their mean.
    """

    id: str
    mart: str
    query: str
    columns: Sequence[Column]
    figures: Callable[[list[Row]], Figures]
    series: Mapping[str, str]
    table: Sequence[tuple[str, Kind]]
    draw: Callable[[], Drawing] | None = None
    joined: str = ""
    height: int = 300
    measures: Sequence[str] = ()
    dimensions: Sequence[str] = ()
    pick: Literal["group", "dimension", None] = None
    lines: Literal["top", "first", None] = None
    days: Literal["flow", "stock", None] = None
    units: Sequence[str] = ()
    row_height: int = 0
    is_wide: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)

    def config(self) -> dict[str, Any]:
        """What the page's script has to know."""
        return {
            "series": dict(self.series),
            "table": [list(column) for column in self.table],
            "measures": list(self.measures),
            "dimensions": list(self.dimensions),
            "pick": self.pick,
            "lines": self.lines,
            "days": self.days,
            "rowHeight": self.row_height,
            "height": self.height,
            **self.extra,
        }

    def used_columns(self) -> list[str]:
        """The columns that the page needs; the others are in the CSV file alone."""
        names = {"dimension", "value"}
        for column in self.series.values():
            names |= {column.format(measure=measure) for measure in self.measures or ("",)}
        return [column.name for column in self.columns if column.name in names]
