"""Two years of a small job market, built by dbt and published once for all tests of the page."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

import pytest

from dashboard.chart import Figures
from dashboard.charts import CHARTS
from dashboard.publish import publish, rows_of
from extract.config import WarehouseSettings
from extract.warehouses.duckdb import DuckDBWarehouse
from tests.dbt.raw import event, features, version
from tests.dbt.warehouse import Warehouse as DbtWarehouse

READ_AT = datetime(2026, 3, 18, 11, tzinfo=UTC)
DAYS = 760
OCCUPATIONS = [
    "Helse og sosial",
    "Helse og sosial",
    "Helse og sosial",
    "Utdanning",
    "IT",
    "Industri",
    "Kultur",
]
COUNTIES = ["OSLO", "VESTLAND", "TRØNDELAG", "NORDLAND"]
SEVERAL = [1, 1, 1, 1, 1, 2]
"""A sixth of the ads name two occupations, a sixth two counties."""


@dataclass
class Site:
    """A published site, the warehouse behind it, and the figures of its charts by id."""

    folder: Path
    warehouse: DuckDBWarehouse

    @cached_property
    def figures(self) -> dict[str, Figures]:
        return {chart.id: chart.figures(rows_of(self.warehouse, chart)) for chart in CHARTS}


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory, seeded: DbtWarehouse) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("page")
    dbt = seeded.copied_to(folder)
    _fill(dbt)
    dbt.dbt("run")
    dbt.rows("create table nav_marts.notes_of_somebody as select 'a table that no model makes' as note")
    with pytest.MonkeyPatch.context() as patch:
        yield published(folder, patch)


@pytest.fixture(scope="package")
def empty_site(tmp_path_factory: pytest.TempPathFactory, seeded: DbtWarehouse) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("empty")
    seeded.copied_to(folder).dbt("run")
    with pytest.MonkeyPatch.context() as patch:
        yield published(folder, patch)


def published(folder: Path, patch: pytest.MonkeyPatch) -> Site:
    """Publish the warehouse under `folder` into a site beside it."""
    patch.setenv("PUBLISH__SITE_DIR", str(folder / "site"))
    patch.setenv("DBT_PROFILES_DIR", str(folder))
    patch.setenv("DBT_TARGET_PATH", str(folder / "target"))
    patch.setenv("DBT_LOG_PATH", str(folder / "logs"))
    settings = WarehouseSettings(
        duckdb_path=str(folder / "job_market.duckdb"), pipelines_dir=str(folder / "dlt")
    )
    warehouse = DuckDBWarehouse(settings)
    warehouse.after_dbt()
    return Site(publish(warehouse).folder, warehouse)


def _fill(dbt: DbtWarehouse) -> None:
    dice = random.Random(7)
    events, versions, found = [], [], []
    for number in range(DAYS * 5):
        opened = READ_AT - timedelta(days=dice.uniform(0, DAYS))
        closed = opened + timedelta(days=dice.uniform(5, 45))
        ad = f"ad {number}"
        seen = version(
            ad,
            changed_at=opened,
            document={
                "published": opened.isoformat(),
                "expires": closed.isoformat(),
                "positioncount": str(dice.randint(1, 3)),
                "occupationCategories": [
                    {"level1": occupation} for occupation in dice.choices(OCCUPATIONS, k=dice.choice(SEVERAL))
                ],
                "workLocations": [
                    {"county": county, "country": "NORGE"}
                    for county in dice.choices(COUNTIES, k=dice.choice(SEVERAL))
                ],
                "employer": {"name": "NAV", "orgnr": "889640782"},
                "categoryList": [{"categoryType": "STYRK08", "code": dice.choice(["2223", "2512"])}],
                "source": dice.choice(["IMPORTAPI", "IMPORTAPI", "Stillingsregistrering"]),
                "extent": dice.choice(["Heltid", "Heltid", "Deltid"]),
            },
        )
        versions.append(seen)
        found.append(features(seen, mentions_remote_work=dice.random() < 0.15))
        events.append(event(ad, "ACTIVE", opened))
        if closed < READ_AT:
            events.append(event(ad, "INACTIVE", closed))
    with dbt.raw() as raw:
        raw.append(
            versions=versions, events=events, features=found, at=READ_AT, feed_load={"details_owed": 3}
        )
