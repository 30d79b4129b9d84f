"""The page as a reader meets it in Chromium: from disk, over HTTP, in both languages, widths and schemes."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright import sync_api

from dashboard.charts import CHARTS
from extract.config import PROJECT
from tests.page.conftest import Site

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = os.environ.get("JOB_MARKET_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed: no browser tests")

PICTURES = PROJECT / "artifacts" / "page"
DRAWN = "body[data-drawn=yes]"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    flags = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def address(site: Site) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site.folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


class Reader:
    """A browser's tab that remembers what the console said and which addresses were asked for."""

    def __init__(self, browser: Any, width: int = 1440, scheme: str = "light", **options: Any) -> None:
        self.context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, **options
        )
        self.tab = self.context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.tab.on("console", lambda message: self.said.append(message.text))
        self.tab.on("pageerror", lambda error: self.said.append(str(error)))
        self.tab.on("request", lambda request: self.asked.append(request.url))

    def open(self, address: str) -> Any:
        self.tab.goto(address)
        self.tab.wait_for_selector(DRAWN)
        return self.tab

    def rows(self, chart: str, data: str = "rows") -> list[dict[str, Any]]:
        """What is drawn: the data of the view, not of the page's JSON."""
        rows: list[dict[str, Any]] = self.tab.evaluate(f"charts['{chart}'].view.data('{data}')")
        return rows

    def choose(self, chart: str, control: str, value: str) -> None:
        self.tab.evaluate(f"document.getElementById('{chart}').dataset.drawn = 'no'")
        if control in ("group", "highlight"):
            self.tab.select_option(f"#{chart} [name={control}]", value)
        else:
            self.tab.click(f"#{chart} label[for={chart}-{value}]")
        self.tab.wait_for_selector(f"#{chart}[data-drawn=yes]")


@pytest.fixture
def reader(browser: Any) -> Iterator[Reader]:
    reader = Reader(browser)
    yield reader
    reader.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("page", ["index", "no"])
def test_the_page_opens_from_disk_in_silence_and_fits(
    page: str, width: int, scheme: str, browser: Any, site: Site
) -> None:
    reader = Reader(browser, width, scheme)
    try:
        tab = reader.open((site.folder / f"{page}.html").as_uri())
        assert reader.said == []
        assert all(url.startswith(("file:", "data:")) for url in reader.asked)
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        assert tab.locator(".plot svg").count() == len(CHARTS)
        assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == (
            "rgb(255, 255, 255)" if scheme == "light" else "rgb(20, 23, 26)"
        )
        PICTURES.mkdir(parents=True, exist_ok=True)
        tab.screenshot(path=PICTURES / f"{page}-{width}-{scheme}.png", full_page=True)
    finally:
        reader.context.close()


def test_the_page_works_over_http_and_asks_no_other_host(reader: Reader, address: str) -> None:
    tab = reader.open(f"{address}/index.html")
    tab.click(".language")
    tab.wait_for_selector(DRAWN)
    assert tab.url == f"{address}/no.html"
    assert reader.said == []
    assert all(url.startswith((address, "data:")) for url in reader.asked)


def test_nothing_moves_while_the_page_is_drawn(reader: Reader, site: Site) -> None:
    tab = reader.open((site.folder / "index.html").as_uri())
    shift = tab.evaluate(
        """() => new Promise(done => new PerformanceObserver(list => done(
            list.getEntries().reduce((sum, entry) => sum + entry.value, 0)
        )).observe({type: "layout-shift", buffered: true}) || setTimeout(() => done(0), 300))"""
    )
    assert shift < 0.02


def test_the_page_and_its_script_are_small(site: Site) -> None:
    for page in ("index.html", "no.html"):
        assert sum(path.stat().st_size for path in (site.folder / page, *site.folder.glob("assets/*"))) < 2e6


def test_every_chart_is_drawn_with_the_figures_of_its_mart(reader: Reader, site: Site) -> None:
    reader.open((site.folder / "index.html").as_uri())
    ((ads,),) = site.warehouse.query(
        "select sum(ads_weighted) from nav_marts.daily_new_ads "
        "where day > date '2026-03-17' - 366 and day < '2026-03-18'"
    )
    assert sum(row["count"] for row in reader.rows("new_ads")) == pytest.approx(ads)

    ((open_now,),) = site.warehouse.query(
        "select sum(ads_weighted) from nav_marts.daily_active_ads where day = '2026-03-18'"
    )
    last = max(row["when"] for row in reader.rows("open_ads"))
    assert sum(row["y"] for row in reader.rows("open_ads") if row["when"] == last) == pytest.approx(
        open_now, abs=5
    ), "each line is rounded to whole ads"

    expected = site.warehouse.query(
        "select ads_this_year, ads_last_year from nav_marts.yearly_change where dimension = 'occupation'"
    )
    drawn = [(row["this_year"], row["last_year"]) for row in reader.rows("yearly_change")]
    assert sorted(drawn) == sorted(expected)

    medians = site.figures["ad_lifetimes"].rows
    assert sorted(row["y"] for row in reader.rows("ad_lifetimes")) == pytest.approx(
        sorted(row[5] for row in medians), abs=0.01
    )

    shares = [row[5] for row in site.figures["remote_work"].rows if row[1] == "all"]
    assert [row["mean"] for row in reader.rows("remote_work")] == pytest.approx(shares, abs=0.0001)

    sources = [row[2] for row in site.figures["sources"].rows]
    assert [row["ads"] for row in reader.rows("sources")] == sources


def test_every_chart_has_marks_of_the_right_size(reader: Reader, site: Site) -> None:
    """The data may be right and the drawing wrong: count and measure what stands in the SVG."""
    tab = reader.open((site.folder / "index.html").as_uri())
    marks = {
        "new_ads": (".mark-rect path[aria-roledescription=bar]", 366),
        "open_ads": (".mark-line path", 5),
        "yearly_change": (".mark-symbol path", len(reader.rows("yearly_change")) * 2),
        "ad_lifetimes": (".mark-line path", 5),
        "remote_work": (".mark-symbol path", len(reader.rows("remote_work"))),
        "sources": (".mark-rect path[aria-roledescription=bar]", len(reader.rows("sources"))),
    }
    for chart, (selector, count) in marks.items():
        found = tab.locator(f"#{chart} svg {selector}")
        assert found.count() == count, chart
        widths = [box["width"] for box in (one.bounding_box() for one in found.all()) if box]
        assert widths and max(widths) > 1, chart
    bars = tab.locator("#sources svg .mark-rect path[aria-roledescription=bar]")
    boxes = [one.bounding_box()["width"] for one in bars.all()]
    counts = [row["ads"] for row in reader.rows("sources")]
    assert [box / boxes[0] for box in boxes] == pytest.approx(
        [count / counts[0] for count in counts], rel=0.02
    )


def test_the_selectors_pick_group_dimension_line_and_measure(reader: Reader, site: Site) -> None:
    reader.open((site.folder / "index.html").as_uri())
    reader.choose("new_ads", "group", "county/Oslo")
    reader.choose("new_ads", "measure", "positions")
    expected = [
        round(row[6]) for row in site.figures["new_ads"].rows if (row[1], row[2]) == ("county", "Oslo")
    ]
    assert [row["count"] for row in reader.rows("new_ads")] == expected

    reader.choose("open_ads", "dimension", "county")
    assert {row["group"] for row in reader.rows("open_ads")} == {"Oslo", "Vestland", "Trøndelag", "Nordland"}
    reader.choose("open_ads", "highlight", "Nordland")
    assert {row["group"] for row in reader.rows("open_ads") if row["role"] == 0} == {"Nordland"}
    assert [row["label"] for row in reader.rows("open_ads", "labels")] == ["Nordland"]

    reader.choose("yearly_change", "dimension", "county")
    assert {row["label"] for row in reader.rows("yearly_change")} == {
        "Oslo",
        "Vestland",
        "Trøndelag",
        "Nordland",
    }

    reader.choose("ad_lifetimes", "highlight", "Utdanning")
    assert {row["group"] for row in reader.rows("ad_lifetimes") if row["role"] == 0} == {"Utdanning"}
    assert reader.said == []


def test_the_page_can_be_read_with_the_keyboard_alone(reader: Reader, site: Site) -> None:
    tab = reader.open((site.folder / "index.html").as_uri())
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.className") == "skip"
    tab.focus("#new_ads .plot")
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("ArrowLeft")
    assert "16 March 2026" in tab.inner_text("#new_ads .reading")
    assert "16 March 2026" in tab.inner_text("#new_ads .tip")
    tab.keyboard.press("Escape")
    assert tab.locator("#new_ads .tip").is_hidden()
    tab.focus("#open_ads [name=dimension]")
    tab.keyboard.press("ArrowRight")
    assert tab.locator("#open_ads [name=dimension][value=county]").is_checked()
    tab.focus("#new_ads summary")
    tab.keyboard.press("Enter")
    assert tab.locator("#new_ads tbody tr").first.is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("page", ["index", "no"])
def test_axe_finds_nothing_a_screen_reader_would_stumble_over(
    page: str, scheme: str, browser: Any, site: Site
) -> None:
    reader = Reader(browser, 1440, scheme)
    try:
        tab = reader.open((site.folder / f"{page}.html").as_uri())
        found = Axe().run(tab)
        assert found.violations_count == 0, found.generate_report()
    finally:
        reader.context.close()


def test_each_chart_has_a_name_a_description_and_a_table(reader: Reader, site: Site) -> None:
    tab = reader.open((site.folder / "no.html").as_uri())
    assert tab.evaluate("document.documentElement.lang") == "nb"
    for chart in CHARTS:
        section = tab.locator(f"#{chart.id}")
        assert section.get_attribute("aria-labelledby") == f"{chart.id}-title"
        assert len(section.locator(".plot").get_attribute("aria-label")) > 60
        assert section.locator("tbody tr").count() > 1
        assert section.locator("thead th").count() == len(chart.table)


def test_norwegian_is_written_with_norwegian_separators(reader: Reader, site: Site) -> None:
    tab = reader.open((site.folder / "no.html").as_uri())
    assert "," in tab.inner_text("#new_ads .reading").split("7 dager")[1].split()[0]
    axis = tab.locator("#yearly_change svg").text_content()
    assert "," in axis and "%" in axis and "." not in axis
    assert "mars" in tab.inner_text("#open_ads .reading")


def test_without_a_script_the_figures_are_there(browser: Any, site: Site) -> None:
    reader = Reader(browser, java_script_enabled=False)
    try:
        reader.tab.goto((site.folder / "index.html").as_uri())
        assert reader.tab.locator("header .message").is_visible()
        reader.tab.click("#new_ads summary")
        assert reader.tab.locator("#new_ads tbody tr").count() == 366
        assert reader.tab.locator("#new_ads .controls").is_hidden()
    finally:
        reader.context.close()


def test_data_that_grew_old_since_is_warned_of(reader: Reader, site: Site) -> None:
    tab = reader.open((site.folder / "index.html").as_uri())
    assert "days ago" in tab.inner_text("#age")
    assert "The data is old" in tab.inner_text("#warnings")


def test_an_empty_warehouse_gives_a_page_that_says_so(reader: Reader, empty_site: Site) -> None:
    tab = reader.open((empty_site.folder / "index.html").as_uri())
    assert reader.said == []
    assert tab.locator(".problem").count() == len(CHARTS)
    assert "holds nothing yet" in tab.inner_text("#warnings")


def test_the_dbt_docs_open_with_the_overview_and_ask_no_other_host(reader: Reader, site: Site) -> None:
    reader.tab.goto((site.folder / "docs" / "index.html").as_uri())
    reader.tab.wait_for_selector("text=things to know before you count")
    assert all(url.startswith(("file:", "data:", "blob:")) for url in reader.asked)


def test_on_paper_the_charts_stay_and_the_controls_go(reader: Reader, site: Site) -> None:
    tab = reader.open((site.folder / "index.html").as_uri())
    tab.emulate_media(media="print")
    assert tab.locator(".controls").first.is_hidden()
    assert tab.locator("#new_ads svg").is_visible()
