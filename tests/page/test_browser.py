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
from dashboard.groups import ALL
from extract.config import PROJECT
from tests.page.conftest import Site

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = os.environ.get("JOB_MARKET_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed: no browser tests")

PICTURES = PROJECT / "artifacts" / "page"
READY = "body[data-ready=yes]"
DRAWINGS = [chart for chart in CHARTS if chart.draw]


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

    def open(self, address: str, *, draw: bool = True) -> Any:
        """The tab with the page, all its charts drawn as if the reader had scrolled past them."""
        self.tab.goto(address)
        self.tab.wait_for_selector(READY)
        if draw:
            self.tab.evaluate("jobMarket.drawAll()")
        return self.tab

    def rows(self, chart: str, data: str = "rows") -> list[dict[str, Any]]:
        """What is drawn: the data of the view, not of the page's JSON."""
        rows: list[dict[str, Any]] = self.tab.evaluate(f"jobMarket.charts['{chart}'].view.data('{data}')")
        return rows

    def choose(self, chart: str, control: str, value: str) -> None:
        self.tab.evaluate(f"document.getElementById('{chart}').dataset.drawn = 'no'")
        if control in ("group", "highlight", "add", "range"):
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
        assert tab.locator(".plot svg").count() == len(DRAWINGS)
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
    tab.wait_for_selector(READY)
    assert tab.url == f"{address}/no.html"
    assert reader.said == []
    assert all(url.startswith((address, "data:")) for url in reader.asked)


SHIFT = """() => new Promise(done => new PerformanceObserver(list => done(
    list.getEntries().reduce((sum, entry) => sum + entry.value, 0)
)).observe({type: "layout-shift", buffered: true}) || setTimeout(() => done(0), 300))"""


@pytest.mark.parametrize("width", [360, 1440])
def test_nothing_moves_while_the_page_is_drawn(width: int, browser: Any, site: Site) -> None:
    reader = Reader(browser, width)
    try:
        assert reader.open((site.folder / "index.html").as_uri()).evaluate(SHIFT) < 0.02
    finally:
        reader.context.close()


def test_the_first_view_is_small_and_a_chart_is_read_when_it_is_scrolled_to(
    reader: Reader, site: Site
) -> None:
    tab = reader.open((site.folder / "index.html").as_uri(), draw=False)
    read = [site.folder / url.removeprefix(site.folder.as_uri() + "/") for url in reader.asked]
    assert sum(path.stat().st_size for path in read if path.is_file()) < 400_000
    assert not any("vega" in path.name for path in read)
    assert tab.locator("#new_ads .picture-0 svg").is_visible(), "the first chart is a picture until then"
    tab.mouse.wheel(0, 800)
    tab.wait_for_selector("#new_ads[data-drawn=yes]")
    assert any("vega" in url for url in reader.asked)
    assert not any("styrk" in url for url in reader.asked)


def test_the_first_chart_is_drawn_as_the_picture_that_stood_there(reader: Reader, site: Site) -> None:
    tab = reader.open((site.folder / "index.html").as_uri(), draw=False)
    line = "#new_ads .canvas svg .mark-line path"
    picture = [one.get_attribute("d") for one in tab.locator(f".picture-0 {line.split(' ', 2)[2]}").all()]
    tab.evaluate("jobMarket.drawAll()")
    drawn = [one.get_attribute("d") for one in tab.locator(line).all()]
    assert [len(path.split("L")) for path in drawn] == [len(path.split("L")) for path in picture]


def test_every_chart_is_drawn_with_the_figures_of_its_mart(reader: Reader, site: Site) -> None:
    reader.open((site.folder / "index.html").as_uri())
    ((ads,),) = site.warehouse.query(
        "select sum(ads_weighted) from nav_marts.daily_new_ads "
        "where day > date '2026-03-17' - 365 and day < '2026-03-18'"
    )
    drawn = reader.rows("new_ads")
    assert sum(row["count"] for row in drawn) == pytest.approx(ads)
    expected = [row for row in site.figures["new_ads"].rows if (row[1], row[2]) == ALL][-365:]
    assert [row["mean"] for row in drawn] == pytest.approx([row[4] for row in expected], abs=0.01)
    assert [row["earlier"] for row in drawn] == pytest.approx([row[5] for row in expected], abs=0.01)

    ((open_now,),) = site.warehouse.query(
        "select sum(ads_weighted) from nav_marts.daily_active_ads where day = '2026-03-18'"
    )
    last = max(row["when"] for row in reader.rows("open_ads"))
    assert sum(row["y"] for row in reader.rows("open_ads") if row["when"] == last) == pytest.approx(
        open_now, abs=0.1
    )

    changes = site.warehouse.query(
        "select ads_this_year, ads_last_year from nav_marts.yearly_change where dimension = 'occupation'"
    )
    compared = [(row["now"], row["before"]) for row in reader.rows("yearly_change")]
    assert sorted(compared) == sorted(changes)

    medians = site.figures["ad_lifetimes"].rows
    assert sorted(row["y"] for row in reader.rows("ad_lifetimes")) == pytest.approx(
        sorted(row[5] for row in medians), abs=0.01
    )

    shares = [row[5] for row in site.figures["remote_work"].rows if row[1] == "all"]
    assert [row["mean"] for row in reader.rows("remote_work")] == pytest.approx(shares, abs=0.0001)

    sources = [row[2] for row in site.figures["sources"].rows]
    assert [row["ads"] for row in reader.rows("sources")] == sources

    tiles = {row[1]: row[2] for row in site.figures["counties"].rows}
    assert {row["label"]: row["now"] for row in reader.rows("counties")} == tiles


def test_months_per_working_day_and_the_index_are_those_of_the_mart(reader: Reader, site: Site) -> None:
    tab = reader.open((site.folder / "index.html").as_uri())
    months = site.warehouse.query(
        "select epoch_ms(month), ads, ads_per_working_day, ads_index, index_year "
        "from nav_marts.monthly_new_ads where month >= date '2024-04-01' and month < '2026-03-01' "
        "order by month"
    )
    assert {month[4] for month in months} == {2025}
    reader.choose("new_ads", "range", "all")
    reader.choose("new_ads", "step", "month")
    for unit, column, step in (("count", 1, 0.6), ("working", 2, 0.05), ("index", 3, 0.5)):
        if unit != "count":
            reader.choose("new_ads", "unit", unit)
        drawn = {row["when"]: row["mean"] for row in reader.rows("new_ads")}
        for month in months:
            assert drawn[month[0]] == pytest.approx(month[column], abs=step), (unit, month)
    assert "2025 = 100" in tab.inner_text("#new_ads .notes")
    assert [row["count"] for row in reader.rows("new_ads")] == [None] * len(drawn), "no days behind months"


def test_every_chart_has_marks_of_the_right_size(reader: Reader, site: Site) -> None:
    """The data may be right and the drawing wrong: count and measure what stands in the SVG."""
    tab = reader.open((site.folder / "index.html").as_uri())
    bar = ".mark-rect path[aria-roledescription=bar]"
    marks = {
        "new_ads": (".mark-area path", 1),
        "open_ads": (".mark-line path", 5),
        "counties": (".mark-rect path[aria-roledescription='rect mark']", 4),
        "yearly_change": (bar, len(reader.rows("yearly_change"))),
        "ad_lifetimes": (".mark-line path", 5),
        "remote_work": (".mark-symbol path", len(reader.rows("remote_work"))),
        "sources": (bar, len(reader.rows("sources"))),
    }
    for chart, (selector, count) in marks.items():
        found = tab.locator(f"#{chart} svg {selector}")
        assert found.count() == count, chart
        widths = [box["width"] for box in (one.bounding_box() for one in found.all()) if box]
        assert widths and max(widths) > 1, chart
    boxes = [one.bounding_box()["width"] for one in tab.locator(f"#sources svg {bar}").all()]
    counts = [row["ads"] for row in reader.rows("sources")]
    assert [box / boxes[0] for box in boxes] == pytest.approx(
        [count / counts[0] for count in counts], rel=0.02
    )


def names_down(tab: Any, chart: str) -> list[str]:
    """The names beside the bars, from the top."""
    found = [(one.bounding_box()["y"], one.text_content()) for one in tab.locator(BESIDE % chart).all()]
    return [name for _, name in sorted(found)]


BESIDE = "#%s svg .mark-text.role-axis-label >> text=/[A-Za-zÆØÅæøå]{2}/"


def test_bars_stay_in_order_when_another_dimension_is_chosen(reader: Reader, site: Site) -> None:
    """Values that two dimensions share kept the place that they had in the first."""
    tab = reader.open((site.folder / "index.html").as_uri())
    for dimension in ("county", "industry", "occupation", "county"):
        reader.choose("yearly_change", "dimension", dimension)
        drawn = reader.rows("yearly_change")
        names = names_down(tab, "yearly_change")
        assert len(names) == len(drawn)
        assert all(row["label"].startswith(name.rstrip("…")) for name, row in zip(names, drawn, strict=True))
        known = [row["percent"] for row in drawn if row["percent"] is not None and row["label"] != "Unknown"]
        assert known == sorted(known, reverse=True)


def test_the_selectors_pick_group_dimension_line_and_measure(reader: Reader, site: Site) -> None:
    tab = reader.open((site.folder / "index.html").as_uri())
    reader.choose("new_ads", "group", "county/Oslo")
    reader.choose("new_ads", "measure", "positions")
    expected = [row[6] for row in site.figures["new_ads"].rows if (row[1], row[2]) == ("county", "Oslo")]
    assert [row["count"] for row in reader.rows("new_ads")] == pytest.approx(expected[-365:])

    reader.choose("open_ads", "dimension", "county")
    assert {row["group"] for row in reader.rows("open_ads")} == {"Oslo", "Vestland", "Trøndelag", "Nordland"}
    reader.choose("open_ads", "highlight", "Nordland")
    assert {row["group"] for row in reader.rows("open_ads") if row["role"] == 0} == {"Nordland"}
    assert [row["label"] for row in reader.rows("open_ads", "labels")] == ["Nordland"]

    reader.choose("ad_lifetimes", "highlight", "Utdanning")
    assert {row["group"] for row in reader.rows("ad_lifetimes") if row["role"] == 0} == {"Utdanning"}
    tab.fill("#municipalities [name=search]", "zzz")
    tab.keyboard.press("Tab")
    tab.wait_for_function("!document.querySelector('#municipalities tbody tr')")
    assert reader.said == []


def test_groups_are_compared_and_the_address_brings_the_view_back(reader: Reader, site: Site) -> None:
    tab = reader.open((site.folder / "index.html").as_uri())
    reader.choose("new_ads", "group", "county/Oslo")
    reader.choose("new_ads", "add", "occupation/IT")
    reader.choose("new_ads", "step", "week")
    labels = [row["label"] for row in reader.rows("new_ads", "labels")]
    assert labels == ["Oslo", "IT"]
    assert tab.evaluate("location.hash") == (
        "#new_ads.group=county/Oslo&new_ads.compare=occupation/IT&new_ads.step=week"
    )
    before = reader.rows("new_ads")
    tab.click(".language")
    tab.wait_for_selector("#new_ads[data-drawn=yes]")
    assert reader.rows("new_ads") == before, "and the other language shows the same view"
    tab.click("#new_ads .compared button")
    tab.wait_for_function("!location.hash.includes('compare')")
    assert "compare" not in tab.url and reader.said == []
    tab.goto((site.folder / "index.html").as_uri() + "#new_ads.group=county/Atlantis&new_ads.step=never")
    reader.open(tab.url)
    assert len(reader.rows("new_ads")) == 365, "what is not offered is not chosen"


def test_tables_sort_by_a_click_on_their_heading(reader: Reader, site: Site) -> None:
    tab = reader.open((site.folder / "index.html").as_uri())
    numbers = (
        "() => [...document.querySelectorAll('#styrk tbody td:nth-child(3)')].map(one => +one.textContent)"
    )
    assert tab.evaluate(numbers) == sorted(tab.evaluate(numbers), reverse=True)
    heading = tab.locator("#styrk thead th").nth(2)
    heading.locator("button").click()
    heading.locator("button").click()
    assert heading.get_attribute("aria-sort") == "ascending"
    assert tab.evaluate(numbers) == sorted(tab.evaluate(numbers))


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_a_chart_is_taken_away_as_a_picture_with_its_source(kind: str, reader: Reader, site: Site) -> None:
    tab = reader.open((site.folder / "index.html").as_uri())
    with tab.expect_download() as download:
        tab.click(f"#open_ads [data-save={kind}]")
    content = download.value.path().read_bytes()
    if kind == "png":
        assert content.startswith(b"\x89PNG") and len(content) > 10_000
    else:
        text = content.decode()
        assert "Source: NAV, job vacancy feed (NLOD 2.0)" in text and "Open job ads" in text
        assert "var(--" not in text, "the colours of the page are not known elsewhere"


def test_a_short_axis_names_each_day_once(reader: Reader, site: Site) -> None:
    tab = reader.open((site.folder / "index.html").as_uri())
    tab.select_option("#new_ads [name=range]", "own")
    for name, day in (("from", "2026-03-12"), ("to", "2026-03-14")):
        tab.evaluate("document.getElementById('new_ads').dataset.drawn = 'no'")
        tab.fill(f"#new_ads [name={name}]", day)
        tab.wait_for_selector("#new_ads[data-drawn=yes]")
    assert sorted(tab.locator(BESIDE % "new_ads").all_text_contents()) == ["12 Mar", "13 Mar", "14 Mar"]


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
        if chart.draw:
            assert len(section.locator(".plot").get_attribute("aria-label")) > 60
        assert section.locator("tbody tr").count() >= 1
        assert section.locator("thead th").count() == len(chart.table)


def test_norwegian_is_written_with_norwegian_separators(reader: Reader, site: Site) -> None:
    tab = reader.open((site.folder / "no.html").as_uri())
    assert "," in tab.inner_text("#new_ads .reading").split("snitt")[1].split()[0]
    axis = tab.locator("#yearly_change svg").text_content()
    assert "," in axis and "%" in axis and "." not in axis
    assert "mars" in tab.inner_text("#open_ads .reading")


def test_without_a_script_the_figures_are_there(browser: Any, site: Site) -> None:
    reader = Reader(browser, java_script_enabled=False)
    try:
        reader.tab.goto((site.folder / "index.html").as_uri())
        assert reader.tab.locator("header .message").is_visible()
        reader.tab.click("#new_ads summary")
        assert reader.tab.locator("#new_ads tbody tr").count() == 60
        assert reader.tab.locator("#new_ads .picture-0 svg").is_visible()
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
    assert "No data has been read yet" in tab.inner_text("#warnings")


def test_the_dbt_docs_open_with_the_overview_and_ask_no_other_host(reader: Reader, site: Site) -> None:
    reader.tab.goto((site.folder / "docs" / "index.html").as_uri())
    reader.tab.wait_for_selector("text=things to know before you count")
    assert all(url.startswith(("file:", "data:", "blob:")) for url in reader.asked)


def test_on_paper_the_charts_stay_and_the_controls_go(reader: Reader, site: Site) -> None:
    tab = reader.open((site.folder / "index.html").as_uri())
    tab.emulate_media(media="print")
    assert tab.locator(".controls").first.is_hidden()
    assert tab.locator("#new_ads svg").is_visible()


def test_on_paper_a_chart_that_was_not_drawn_yet_is_a_table(reader: Reader, site: Site) -> None:
    tab = reader.open((site.folder / "index.html").as_uri(), draw=False)
    tab.pdf()
    tab.emulate_media(media="print")
    assert tab.locator("#open_ads tbody tr").first.is_visible()
    assert tab.locator("#open_ads .plot").is_hidden()
    assert tab.locator("#new_ads .picture-0 svg").is_visible()


def test_in_forced_colours_what_is_chosen_and_what_is_drawn_can_be_seen(browser: Any, site: Site) -> None:
    reader = Reader(browser, forced_colors="active")
    try:
        tab = reader.open((site.folder / "index.html").as_uri())
        colour = "one => getComputedStyle(one).backgroundColor"
        chosen, other = (
            tab.locator(f"label[for=new_ads-{name}]").evaluate(colour) for name in ("ads", "positions")
        )
        assert chosen != other
        line, paper = (
            tab.locator(f"#new_ads {one}").first.evaluate(f"one => getComputedStyle(one).{style}")
            for one, style in ((".mark-line path", "stroke"), (".plot", "backgroundColor"))
        )
        assert line != paper
    finally:
        reader.context.close()


@pytest.mark.parametrize("page", ["methods", "metode"])
def test_the_methods_stand_on_a_page_of_their_own(page: str, reader: Reader, site: Site) -> None:
    tab = reader.tab
    tab.goto((site.folder / f"{page}.html").as_uri())
    assert "NLOD" in tab.inner_text("main") and "SN2025" in tab.inner_text("main")
    assert tab.locator("main section").count() == 10
    assert Axe().run(tab).violations_count == 0
    tab.click(".brand a")
    tab.wait_for_selector(READY)


def test_a_link_to_the_page_shows_a_card_with_the_figures(reader: Reader, site: Site) -> None:
    tab = reader.open((site.folder / "no.html").as_uri(), draw=False)
    card = tab.locator("meta[property='og:image']").get_attribute("content")
    head = (site.folder / card).read_bytes()[:24]
    assert head[:4] == b"\x89PNG"
    assert [int.from_bytes(head[at : at + 4], "big") for at in (16, 20)] == [1200, 630]
