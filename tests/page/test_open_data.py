"""The data to cite: whole, described, and without a row of a single ad."""

from __future__ import annotations

import csv
import gzip
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import frictionless
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dashboard.open_data.folder import write_data
from dashboard.open_data.tables import EXPOSURE, write_tables
from extract.config import WarehouseSettings
from extract.warehouses.duckdb import DuckDBWarehouse
from tests.page.conftest import Site

OF_ONE_AD = {
    "ad_id",
    "repost_of",
    "version_id",
    "title",
    "description",
    "employer_number",
    "employer_name",
    "municipality",
}
"""Columns that name an ad, its employer, or a place where one employer may be alone."""
FORBIDDEN = {
    "fct_ads",
    "ad_occupations",
    "ad_places",
    "ad_categories",
    "ad_reposts",
    "dim_employers",
    "notes_of_somebody",
}
OF_A_DATASET = ("title", "description", "identifier", "publisher")
"""What DCAT-AP-NO demands of a dataset, of the terms of Dublin Core."""


@pytest.fixture(scope="module")
def data(site: Site) -> Path:
    return site.folder / "data"


@pytest.fixture(scope="module")
def described(data: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((data / "datapackage.json").read_text(encoding="utf-8"))
    return found


def paths(resource: dict[str, Any]) -> list[str]:
    return [resource["path"]] if isinstance(resource["path"], str) else resource["path"]


def test_no_row_of_a_single_ad_and_no_employer_leaves(data: Path, site: Site) -> None:
    published = {file.stem for file in data.glob("*.parquet")}
    assert len(published) >= 9
    assert not published & FORBIDDEN
    assert {name.removeprefix("nav_marts.") for name in site.warehouse.marts()} >= published | FORBIDDEN
    for name in published:
        assert not OF_ONE_AD & set(pq.read_schema(data / f"{name}.parquet").names), name


class Hostile(DuckDBWarehouse):
    """One mart with one text that a spreadsheet would run."""

    def read(self, sql: str, rows: int) -> Iterator[pa.Table]:
        yield pa.table({"value": ["=1+1", "-1", "IT"], "ads": [-1, 2, None]})


def test_no_spreadsheet_runs_a_text_of_a_table(tmp_path: Path) -> None:
    model: dict[str, Any] = {"name": "yearly_change", "description": "", "columns": {}}
    grain = {"attached_node": "m", "test_metadata": {"name": "grain", "kwargs": {"columns": ["value"]}}}
    manifest = {"nodes": {"m": model, "t": grain}, "exposures": {EXPOSURE: {"depends_on": {"nodes": ["m"]}}}}
    write_tables(tmp_path, Hostile(WarehouseSettings()), manifest)
    with (tmp_path / "csv" / "yearly_change.csv").open(newline="") as file:
        assert list(csv.reader(file)) == [["value", "ads"], ["'=1+1", "-1"], ["'-1", "2"], ["IT", ""]]


def test_each_table_holds_what_its_mart_holds_in_both_formats(
    data: Path, described: dict[str, Any], site: Site
) -> None:
    told = list(csv.DictReader((data / "dictionary.csv").open(encoding="utf-8")))
    for resource in described["resources"]:
        if resource["format"] == "csv":
            name = resource["name"]
            ((rows,),) = site.warehouse.query(f"select count(*) from nav_marts.{name}")
            parquet = pq.read_table(data / f"{name}.parquet")
            assert parquet.num_rows == rows > 0
            lines = [
                sum(1 for _ in csv.reader((gzip.open if path.endswith(".gz") else open)(data / path, "rt")))
                - 1
                for path in paths(resource)
            ]
            assert sum(lines) == rows
            assert [field["name"] for field in resource["schema"]["fields"]] == parquet.column_names
            assert [row["column"] for row in told if row["table"] == name] == ["", *parquet.column_names]
    assert all(row["description"] for row in told)


def test_the_data_package_passes_its_validator(data: Path) -> None:
    report = frictionless.Package(str(data / "datapackage.json")).validate()
    assert report.valid, report.flatten(["name", "rowNumber", "fieldName", "type", "message"])[:9]
    assert len(report.tasks) >= 18


def test_the_validator_finds_a_file_that_was_changed(data: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(data, tmp_path / "data")
    with (copy / "csv" / "monthly_new_ads.csv").open("a") as file:
        file.write("2026-03-01,,,,,,\n")
    report = frictionless.Package(str(copy / "datapackage.json")).validate()
    assert {error for (error,) in report.flatten(["type"])} >= {"hash-count"}


def test_the_checksums_are_those_of_the_files(data: Path) -> None:
    checked = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=data, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout
    assert checked.stdout.count(": OK") >= 20


def test_a_catalogue_finds_in_the_metadata_what_it_demands(data: Path) -> None:
    catalogue = json.loads((data / "dcat.jsonld").read_text(encoding="utf-8"))
    dataset = catalogue["dcat:dataset"]
    assert all(dataset[f"dct:{name}"] for name in OF_A_DATASET)
    assert dataset["dcat:theme"] and dataset["dcat:contactPoint"]
    assert all(catalogue[f"dct:{name}"] for name in ("title", "description", "publisher"))
    for file in dataset["dcat:distribution"]:
        path = data / file["dcat:downloadURL"]["@id"]
        assert path.stat().st_size == int(file["dcat:byteSize"]["@value"])
        assert file["dcat:accessURL"] and file["dct:format"] and file["dct:license"]


@pytest.mark.parametrize(("page", "language"), [("index.html", "en"), ("no.html", "nb")])
def test_a_search_engine_finds_the_dataset_in_each_page(page: str, language: str, site: Site) -> None:
    html = (site.folder / page).read_text(encoding="utf-8")
    [text] = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)
    dataset = json.loads(text)
    assert (dataset["@type"], dataset["inLanguage"]) == ("Dataset", language)
    assert 50 < len(dataset["description"]) < 5000
    assert dataset["license"].startswith("https://data.norge.no/nlod/")
    assert all((site.folder / file["contentUrl"]).exists() for file in dataset["distribution"])


def test_a_release_is_kept_of_each_month_that_ended(site: Site, tmp_path: Path) -> None:
    manifest = json.loads((site.folder.parent / "target" / "manifest.json").read_text(encoding="utf-8"))
    days = [datetime(2026, 3, day, 4, tzinfo=UTC) for day in (18, 31)]
    days += [datetime(2026, 4, day, 4, tzinfo=UTC) for day in (1, 2)]
    found = []
    for number, day in enumerate(days):
        write_data(tmp_path / str(number), tmp_path / str(number - 1), site.warehouse, manifest, day)
        found.append(
            [str(file.parent.name) for file in (tmp_path / str(number)).glob("releases/*/SHA256SUMS")]
        )
    assert found == [[], [], ["2026-03"], []]
    release = tmp_path / "2" / "releases" / "2026-03"
    assert frictionless.Package(str(release / "datapackage.json")).validate().valid
    assert (release / "daily_new_ads.parquet").read_bytes() == (
        tmp_path / "2/daily_new_ads.parquet"
    ).read_bytes()
    assert "releases/2026-03/daily_new_ads.parquet" in (tmp_path / "2/index.html").read_text(encoding="utf-8")
