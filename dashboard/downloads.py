"""What a reader can take away of the page: each chart's figures, and what the tables' columns mean."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from dashboard.chart import Chart, Figures

FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""A spreadsheet can run a text that begins like this; the last four are the full-width forms of the first."""


def write_csv(
    path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, is_norwegian: bool = False
) -> None:
    """UTF-8 with a header; what is not known is empty. A text like a formula follows an apostrophe.

    A Norwegian Excel wants semicolons, decimal commas, and a BOM to know the encoding by.
    """
    with path.open("w", encoding="utf-8-sig" if is_norwegian else "utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n", delimiter=";" if is_norwegian else ",")
        writer.writerow(columns)
        for row in rows:
            cells = [_harmless(cell) for cell in row]
            writer.writerow([_with_comma(cell) for cell in cells] if is_norwegian else cells)


def write_chart(folder: Path, chart: Chart, figures: Figures) -> None:
    """The figures as drawn, for each language's spreadsheet: `new_ads.csv` and `new_ads-no.csv`."""
    columns = [column.name for column in chart.columns]
    write_csv(folder / f"{chart.id}.csv", columns, figures.rows)
    write_csv(folder / f"{chart.id}-no.csv", columns, figures.rows, is_norwegian=True)


def write_dictionary(path: Path, manifest: Mapping[str, Any], marts: Iterable[str]) -> None:
    """Table, column, type and meaning, by the dbt project; of each table first the table itself."""
    nodes = {node["name"]: node for node in manifest["nodes"].values() if node["resource_type"] == "model"}
    lines = []
    for mart in marts:
        node = nodes[mart]
        lines.append((mart, "", "", _one_line(node["description"])))
        for column in node["columns"].values():
            lines.append((mart, column["name"], column["data_type"], _one_line(column["description"])))
    write_csv(path, ("table", "column", "type", "description"), lines)


def _harmless(cell: Any) -> Any:
    if not isinstance(cell, str):
        return cell
    text = cell.replace("\r", " ")  # which csv does not quote
    return f"'{text}" if cell.startswith(FORMULA) else text


def _with_comma(cell: Any) -> Any:
    return str(cell).replace(".", ",") if isinstance(cell, float | Decimal) else cell


def _one_line(text: str) -> str:
    return " ".join(text.split())
