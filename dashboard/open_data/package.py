"""`datapackage.json` (Frictionless Data Package): the files, columns and keys of the tables, by dbt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.open_data.about import DESCRIPTION, KEYWORDS, LICENCE, NAME, SOURCE, TITLE, Edition
from dashboard.open_data.tables import File, Table

TYPES = {
    "string": "string",
    "int64": "integer",
    "double": "number",
    "float64": "number",
    "bool": "boolean",
    "date": "date",
    "timestamp": "datetime",
    "timestamptz": "datetime",
}
"""dbt's types of the marts' columns in the words of a Table Schema."""


def package(edition: Edition, tables: Sequence[Table]) -> dict[str, Any]:
    """The descriptor. A table is two resources: its CSV files, which have a schema, and its Parquet file."""
    return {
        "name": NAME,
        "title": TITLE["en"],
        "description": DESCRIPTION["en"],
        "created": edition.made_at.isoformat(timespec="seconds"),
        "version": edition.version,
        "licenses": [{"name": LICENCE.name, "path": LICENCE.url, "title": LICENCE.title}],
        "sources": [{"title": SOURCE.title, "path": SOURCE.url}],
        "contributors": [{"title": edition.publisher, "email": edition.email, "role": "publisher"}],
        "keywords": list(KEYWORDS),
        "resources": [resource for table in tables for resource in (_csv(table), _parquet(table))],
    }


def _csv(table: Table) -> dict[str, Any]:
    paths = [file.path for file in table.csv]
    is_one = len(paths) == 1
    return {
        "name": table.name,
        "type": "table",
        "title": table.name,
        "description": one_line(table.node["description"]),
        "path": paths[0] if is_one else paths,
        "scheme": "file" if is_one else "multipart",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        **({} if is_one else {"compression": "gz"}),
        **(_checked(table.csv[0]) if is_one else {}),
        "schema": {
            "fields": [_field(column) for column in table.node["columns"].values()],
            "primaryKey": list(table.key),
        },
    }


def _parquet(table: Table) -> dict[str, Any]:
    return {
        "name": f"{table.name}-parquet",
        "type": "file",
        "title": f"{table.name} as Parquet",
        "path": table.parquet.path,
        "format": "parquet",
        "mediatype": "application/vnd.apache.parquet",
        **_checked(table.parquet),
    }


def _checked(file: File) -> dict[str, Any]:
    return {"bytes": file.size, "hash": f"sha256:{file.sha256}"}


def _field(column: Mapping[str, Any]) -> dict[str, Any]:
    is_required = any(one["type"] == "not_null" for one in column["constraints"])
    return {
        "name": column["name"],
        "type": TYPES[column["data_type"]],
        "description": one_line(column["description"]),
        **({"constraints": {"required": True}} if is_required else {}),
    }


def one_line(text: str) -> str:
    """The text without line breaks."""
    return " ".join(text.split())
