"""Write the published marts as Parquet and CSV; dbt's exposure `open_data` lists them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from dashboard.downloads import FORMULA
from extract.warehouses.base import Warehouse

EXPOSURE = "exposure.job_market.open_data"
BATCH_ROWS = 50_000
LIKE_A_FORMULA = "^([" + "".join(FORMULA).replace("-", r"\-") + "])"


@dataclass(frozen=True)
class File:
    """A file that was written. `path` is relative to the folder of the data, `size` in bytes."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Table:
    """A mart that was written: `node` is what dbt's manifest says of it, `key` its grain."""

    name: str
    rows: int
    node: Mapping[str, Any]
    key: tuple[str, ...]
    parquet: File
    csv: tuple[File, ...]

    @property
    def size(self) -> int:
        """Bytes of the Parquet file."""
        return self.parquet.size


def write_tables(folder: Path, warehouse: Warehouse, manifest: Mapping[str, Any]) -> list[Table]:
    """Each published mart that has rows, a batch at a time, so that no mart has to fit into memory."""
    (folder / "csv").mkdir(parents=True)
    tables = []
    for unique_id in manifest["exposures"][EXPOSURE]["depends_on"]["nodes"]:
        node, key = manifest["nodes"][unique_id], grain(manifest, unique_id)
        rows, paths = _write(folder, warehouse, node["name"], key)
        if rows:
            parquet, *csv = (file_of(folder, path) for path in paths)
            tables.append(Table(node["name"], rows, node, key, parquet, tuple(csv)))
    return tables


def grain(manifest: Mapping[str, Any], unique_id: str) -> tuple[str, ...]:
    """The columns of a model's test `grain`: together they are unique."""
    for node in manifest["nodes"].values():
        if node.get("attached_node") == unique_id and node["test_metadata"]["name"] == "grain":
            return tuple(node["test_metadata"]["kwargs"]["columns"])
    raise KeyError(unique_id)


def file_of(folder: Path, path: str) -> File:
    """The file with its checksum."""
    with (folder / path).open("rb") as file:
        return File(path, (folder / path).stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())


def _write(folder: Path, warehouse: Warehouse, name: str, key: Sequence[str]) -> tuple[int, list[str]]:
    """The number of rows, and the paths of the Parquet file and of the CSV files."""
    rows, paths = 0, [f"{name}.parquet"]
    with ExitStack() as files:
        for batch in warehouse.read(
            f"select * from {warehouse.mart(name)} order by {', '.join(key)}", BATCH_ROWS
        ):
            if not rows:
                parquet = files.enter_context(
                    pq.ParquetWriter(folder / paths[0], batch.schema, compression="zstd")
                )
            parquet.write_table(batch)
            rows += len(batch)
            for path, part in _csv_parts(name, batch):
                if path != paths[-1]:
                    (folder / path).parent.mkdir(exist_ok=True)
                    sink = files.enter_context(pa.output_stream(folder / path))
                    csv = files.enter_context(pyarrow.csv.CSVWriter(sink, batch.schema))
                    paths.append(path)
                csv.write_table(_harmless(part))
    return rows, paths


def _csv_parts(name: str, batch: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """The rows of each CSV file: of what is counted by day and group a packed file a month, else one."""
    if not {"day", "month"} <= set(batch.column_names):
        yield f"csv/{name}.csv", batch
        return
    for month in pc.unique(batch["month"]):
        yield f"csv/{name}/{month.as_py():%Y-%m}.csv.gz", batch.filter(pc.equal(batch["month"], month))


def _harmless(table: pa.Table) -> pa.Table:
    """The table as a spreadsheet may open it: a text like a formula follows an apostrophe."""
    for place, field in enumerate(table.schema):
        if pa.types.is_string(field.type):
            text = pc.replace_substring_regex(table[place], LIKE_A_FORMULA, r"'\1")
            table = table.set_column(place, field, text)
    return table
