"""Fill the folder `data/` of the site: tables, descriptions, checksums, releases, a page to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from dashboard.open_data import about
from dashboard.open_data.about import Edition
from dashboard.open_data.catalog import dcat
from dashboard.open_data.package import one_line, package
from dashboard.open_data.releases import PACKAGE, SUMS, write_json, write_release, write_sums
from dashboard.open_data.tables import EXPOSURE, Table, write_tables
from dashboard.templates import template
from extract.warehouses.base import Warehouse

HERE = Path(__file__).parent


class OpenData(NamedTuple):
    """What was written."""

    edition: Edition
    tables: Sequence[Table]


def write_data(
    data: Path, earlier: Path, warehouse: Warehouse, manifest: Mapping[str, Any], made_at: datetime
) -> OpenData:
    """Fill `data`; `earlier` is the folder that it will replace."""
    tables = write_tables(data, warehouse, manifest)
    edition = _edition(warehouse, manifest, made_at)
    write_json(data / PACKAGE, package(edition, tables))
    write_json(data / "dcat.jsonld", dcat(edition, tables))
    files = [file.path for table in tables for file in (table.parquet, *table.csv)]
    write_sums(data, [PACKAGE, "dcat.jsonld", *files])
    releases = write_release(data, earlier, edition, tables)
    (data / "index.html").write_text(_page(edition, tables, releases), encoding="utf-8")
    return OpenData(edition, tables)


def _edition(warehouse: Warehouse, manifest: Mapping[str, Any], made_at: datetime) -> Edition:
    owner = manifest["exposures"][EXPOSURE]["owner"]
    found = warehouse.query(f"select min(day), max(day) from {warehouse.mart('daily_new_ads')}")
    first, last = found[0] if found and found[0][0] else (made_at.date(), made_at.date())
    return Edition(made_at, first, last, owner["name"], owner["email"])


def _page(edition: Edition, tables: Sequence[Table], releases: Sequence[str]) -> str:
    return template(HERE, "index.html").render(
        about=about,
        edition=edition,
        tables=tables,
        releases=releases,
        one_line=one_line,
        package=PACKAGE,
        sums=SUMS,
    )
