"""A chart's rows as small JSON, column by column; the script of the page takes it apart again."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from datetime import date
from itertools import groupby
from typing import Any

from dashboard.chart import Column, Row

EPOCH = date(1970, 1, 1)


def encoded(columns: Sequence[Column], rows: Sequence[Row], wanted: Container[str]) -> dict[str, Any]:
    """The wanted columns: texts as runs of places in a list of names, days as runs of steps."""
    values = list(zip(*rows, strict=True)) or [()] * len(columns)
    named = zip(columns, values, strict=True)
    return {column.name: _column(column, cells) for column, cells in named if column.name in wanted}


def _column(column: Column, cells: Sequence[Any]) -> Any:
    if column.kind == "text":
        names = list(dict.fromkeys(cells))
        places = {name: place for place, name in enumerate(names)}
        return {"names": names, "runs": _runs(places[cell] for cell in cells)}
    if column.kind in ("date", "month"):
        numbers = [(cell - EPOCH).days for cell in cells]
        steps = (here - before for before, here in zip([0, *numbers], numbers, strict=False))
        return {"steps": _runs(steps)}
    digits = 4 if column.kind == "share" else 2
    return [None if cell is None else _short(float(cell), digits) for cell in cells]


def _runs(numbers: Iterable[int]) -> list[int]:
    """Value and length, one after the other."""
    return [number for value, run in groupby(numbers) for number in (value, sum(1 for _ in run))]


def _short(number: float, digits: int) -> float | int:
    rounded = round(number, digits)
    return int(rounded) if rounded == int(rounded) else rounded
