"""Write the page: query the marts, draw, render each language, lay the downloads and the docs beside it."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dlt.common.configuration import configspec
from dlt.common.configuration.specs import BaseConfiguration

from dashboard.chart import Row
from dashboard.charts import CHARTS
from dashboard.docs_site import write_docs
from dashboard.downloads import write_chart, write_dictionary, write_marts
from dashboard.health import MART, QUERY, health_of, warnings
from dashboard.page import Page, render
from dashboard.scripts import vega_script
from dashboard.texts import LANGUAGES, texts_in
from extract.config import PROJECT, resolved
from extract.errors import ConfigurationError
from extract.warehouses.base import Warehouse, shown

PAGES = {"en": "index.html", "no": "no.html"}


@configspec
class PublishSettings(BaseConfiguration):
    """Where the page is written, and when its data counts as old."""

    site_dir: str = "site"
    stale_after_hours: float = 36


@dataclass
class Published:
    """What was written."""

    folder: Path
    marts: int
    page_bytes: int
    seconds: float

    def __str__(self) -> str:
        page = self.folder / PAGES["en"]
        return f"{shown(page)} ({self.page_bytes / 1e6:.1f} MB), {self.marts} marts as Parquet, the dbt docs"


def publish(warehouse: Warehouse) -> Published:
    """Write the site beside the old one and put it in its place. Raises JobMarketError."""
    settings = resolved(PublishSettings(), "publish")
    started, folder = time.monotonic(), PROJECT / settings.site_dir
    making = folder.with_name(f"{folder.name}.new")
    try:
        shutil.rmtree(making, ignore_errors=True)
        (making / "data").mkdir(parents=True)
        (making / "assets").mkdir()
    except OSError as error:
        raise ConfigurationError(
            f"{shown(making)} cannot be written: {error.strerror or error}. Give this user the right to "
            "write there, or set publish.site_dir."
        ) from None
    size, marts = _write(making, warehouse, timedelta(hours=settings.stale_after_hours))
    shutil.rmtree(folder, ignore_errors=True)
    making.replace(folder)
    return Published(folder, marts, size, time.monotonic() - started)


def _write(site: Path, warehouse: Warehouse, stale_after: timedelta) -> tuple[int, int]:
    """The site's files; returns the bytes of a page with its script, and the number of marts."""
    figures = {chart.id: chart.figures(rows_of(warehouse, chart.mart, chart.query)) for chart in CHARTS}
    health = health_of(rows_of(warehouse, MART, QUERY))
    for chart in CHARTS:
        write_chart(site / "data", chart, figures[chart.id])
    marts = write_marts(site / "data", warehouse)
    manifest = write_docs(site / "docs", warehouse, is_empty=not marts)
    write_dictionary(site / "data" / "dictionary.csv", manifest, [mart.name for mart in marts])
    script = vega_script()
    (site / "assets" / script.name).write_bytes(script.read_bytes())
    now = datetime.now(UTC)
    found = warnings(health, figures["new_ads"], now, stale_after)
    size = 0
    for language in LANGUAGES:
        page = Page(texts_in(language), PAGES, figures, health, found, marts, now, stale_after, script.name)
        html = render(page).encode()
        (site / PAGES[language]).write_bytes(html)
        size = max(size, len(html) + script.stat().st_size)
    return size, len(marts)


def rows_of(warehouse: Warehouse, mart: str, query: str) -> list[Row]:
    """The rows of a chart's query; none before the mart is there."""
    return warehouse.query(query.format(mart=warehouse.mart(mart)))
