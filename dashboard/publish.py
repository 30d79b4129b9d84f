"""Write the page: query the marts, draw, render each language, lay the downloads and the docs beside it."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dashboard.chart import Chart, Row
from dashboard.charts import CHARTS
from dashboard.docs_site import write_docs
from dashboard.downloads import write_chart, write_dictionary
from dashboard.drawing import card
from dashboard.headline import headline
from dashboard.health import MART, QUERY, health_of, warnings
from dashboard.open_data.folder import write_data
from dashboard.open_data.releases import FOLDER as RELEASES
from dashboard.page import Page, counted_to, render, render_methods
from dashboard.scripts import write_scripts
from dashboard.texts import LANGUAGES, texts_in
from extract.config import PROJECT, PublishSettings, configured
from extract.errors import PROGRAM, ConfigurationError, JobMarketError
from extract.warehouses.base import Warehouse, shown

PAGES = {"en": "index.html", "no": "no.html"}
METHODS = {"en": "methods.html", "no": "metode.html"}
MARKER = ".job-market-site"
"""The file in the folder of the page that lists what was written there."""
OLDER_SITE = ("index.html", "no.html", "data/dictionary.csv")
"""Files of a page that was written before there was a marker."""
GUIDE = "guide"
"""The folder where `make docs` writes; it may be there before the page."""
NEW = ".new"
"""The folder inside it where the next page is made."""


@dataclass
class Published:
    """What was written."""

    folder: Path
    tables: int
    page_bytes: int
    seconds: float

    def __str__(self) -> str:
        page = f"{shown(self.folder / PAGES['en'])} ({self.page_bytes / 1e6:.1f} MB)"
        return f"{page}, {self.tables} tables as Parquet and CSV, the dbt docs"


def publish(warehouse: Warehouse) -> Published:
    """Make the page beside the one that is there, then put file by file in its place; a link is followed.

    Raises ConfigurationError if the folder holds other files, JobMarketError as `_refuse_nothing` does.
    """
    settings = configured(PublishSettings)
    started, folder = time.monotonic(), PROJECT / settings.site_dir
    try:
        before = _files_of_the_page(folder)
        _refuse_nothing(warehouse, folder, is_replaced=bool(before))
        making = folder / NEW
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MARKER).touch()
        shutil.rmtree(making, ignore_errors=True)
        (making / "data").mkdir(parents=True)
        (making / "assets").mkdir()
        size, tables = _write(making, folder, warehouse, timedelta(hours=settings.stale_after_hours))
        _replace(folder, making, before)
    except OSError as error:
        raise ConfigurationError(
            f"{shown(folder)} cannot be written: {error.strerror or error}. Give this user the right to "
            "write there, or set publish.site_dir."
        ) from None
    return Published(folder, tables, size, time.monotonic() - started)


def _refuse_nothing(warehouse: Warehouse, folder: Path, is_replaced: bool) -> None:
    """Raise JobMarketError if marts are missing, or if there are no ads and a page is there already."""
    names = {MART} | {mart for chart in CHARTS for mart in (chart.mart, chart.joined) if mart}
    needed = {warehouse.mart(name) for name in names}
    if missing := needed.difference(warehouse.marts()):
        raise JobMarketError(
            f"{warehouse} has no {', no '.join(sorted(missing))}. No page was written. Run "
            f"`{PROGRAM} build` first, or set warehouse.duckdb_path or warehouse.dataset to where they are."
        )
    ads = f"select 1 from {warehouse.mart('daily_new_ads')} where ads > 0 limit 1"
    if is_replaced and not warehouse.query(ads):
        raise JobMarketError(
            f"{warehouse} holds no ads. The page in {shown(folder)} was left as it is. Is it the right "
            "warehouse (warehouse.duckdb_path, warehouse.dataset)? To start anew, remove the folder."
        )


def _files_of_the_page(folder: Path) -> set[str]:
    """The files in the folder that an earlier run wrote. Raises ConfigurationError if it is not ours."""
    if (marker := folder / MARKER).exists():
        return set(marker.read_text(encoding="utf-8").splitlines())
    if all((folder / name).exists() for name in OLDER_SITE):
        return {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}
    if folder.exists() and any(entry.name != GUIDE for entry in folder.iterdir()):
        raise ConfigurationError(
            f"publish.site_dir is {shown(folder)}, which holds files that are not of the page. Nothing was "
            "written. Choose a folder that is empty or does not exist."
        )
    return set()


def _replace(folder: Path, making: Path, before: set[str]) -> None:
    """Rename each new file into its place, the pages last, and remove what only the earlier page had.

    Releases stay.
    """
    made = {str(file.relative_to(making)) for file in making.rglob("*") if file.is_file()}
    files = made | {name for name in before if name.startswith(f"data/{RELEASES}/")}
    marker = folder / MARKER
    marker.write_text("\n".join(sorted(files | before)), encoding="utf-8")  # for a run that dies below
    for name in sorted(made, key=lambda name: name in PAGES.values()):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (making / name).replace(folder / name)
    for name in before - files:
        (folder / name).unlink(missing_ok=True)
    marker.write_text("\n".join(sorted(files)), encoding="utf-8")
    shutil.rmtree(making)


def _write(site: Path, earlier: Path, warehouse: Warehouse, stale_after: timedelta) -> tuple[int, int]:
    """The site's files; returns the bytes of a page with its scripts, and the number of tables."""
    figures = {chart.id: chart.figures(rows_of(warehouse, chart)) for chart in CHARTS}
    health = health_of(warehouse.query(QUERY.format(mart=warehouse.mart(MART))))
    for chart in CHARTS:
        write_chart(site / "data", chart, figures[chart.id])
    now = datetime.now(UTC)
    manifest = write_docs(site / "docs", warehouse)
    data = write_data(site / "data", earlier / "data", warehouse, manifest, now)
    write_dictionary(site / "data" / "dictionary.csv", manifest, [table.name for table in data.tables])
    scripts = write_scripts(site / "assets", figures, CHARTS)
    found = warnings(health, figures["new_ads"], now, stale_after)
    size = 0
    for language in LANGUAGES:
        texts = texts_in(language)
        page = Page(texts, PAGES, METHODS, figures, health, found, data, now, stale_after, scripts)
        html = render(page).encode()
        (site / PAGES[language]).write_bytes(html)
        (site / METHODS[language]).write_text(render_methods(texts, PAGES, METHODS, now), encoding="utf-8")
        day = counted_to(figures)
        about = texts.say("page", "counted_to", day=day) if day else texts.say("page", "nothing_read")
        (site / "assets" / f"card-{language}.png").write_bytes(card(headline(figures, texts), about, texts))
        size = max(size, len(html))
    return size + sum(file.stat().st_size for file in (site / "assets").glob("*.js")), len(data.tables)


def rows_of(warehouse: Warehouse, chart: Chart) -> list[Row]:
    """The rows of a chart's query."""
    joined = warehouse.mart(chart.joined) if chart.joined else ""
    return warehouse.query(chart.query.format(mart=warehouse.mart(chart.mart), joined=joined))
