"""What a reader can take away: each chart's figures, the marts as Parquet, what their columns mean."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from dashboard.chart import Chart, Figures
from extract.warehouses.base import Warehouse

BATCH_ROWS = 50_000
FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""A spreadsheet can run a text that begins like this; the last four are the full-width forms of the first."""


@dataclass(frozen=True)
class Download:
    """A mart that was written; `size` is in bytes."""

    name: str
    rows: int
    size: int


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """UTF-8 with a header; what is not known is empty. A text like a formula follows an apostrophe."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_harmless(cell) for cell in row] for row in rows)


def write_chart(folder: Path, chart: Chart, figures: Figures) -> None:
    """The figures as drawn."""
    write_csv(folder / f"{chart.id}.csv", [column.name for column in chart.columns], figures.rows)


def write_marts(folder: Path, warehouse: Warehouse) -> list[Download]:
    """Each mart that is there, a batch at a time, so that no mart has to fit into memory."""
    written = []
    for mart in warehouse.marts():
        name = mart.rpartition(".")[2]
        path = folder / f"{name}.parquet"
        rows = 0
        writer = None
        for batch in warehouse.read(f"select * from {mart}", BATCH_ROWS):
            writer = writer or pq.ParquetWriter(path, batch.schema, compression="zstd")
            writer.write_table(batch)
            rows += len(batch)
        if writer:
            writer.close()
            written.append(Download(name, rows, path.stat().st_size))
    return written


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


def _one_line(text: str) -> str:
    return " ".join(text.split())
