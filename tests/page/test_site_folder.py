"""The folder of the page: only what an earlier page wrote is replaced, and there is always a page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dashboard import publish as page
from dashboard.charts import CHARTS
from dashboard.health import MART
from extract.config import WarehouseSettings
from extract.errors import PROGRAM, ConfigurationError, JobMarketError
from extract.warehouses.duckdb import DuckDBWarehouse

FIRST = {"index.html": "1", "no.html": "1", "data/dictionary.csv": "1", "assets/old.js": "1"}
RELEASE = {"data/releases/2026-02/daily_new_ads.parquet": "of February"}
SECOND = {"index.html": "2", "no.html": "2", "data/dictionary.csv": "2", "assets/new.js": "2"}


class Warehouse(DuckDBWarehouse):
    """A warehouse that has the marts, with something in them."""

    def marts(self) -> list[str]:
        names = {MART} | {mart for chart in CHARTS for mart in (chart.mart, chart.joined) if mart}
        return [f"nav_marts.{name}" for name in names]

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        return [(1,)]


@pytest.fixture
def publish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path, dict[str, str]], None]:
    """Publishes these files in place of a real page."""
    settings = WarehouseSettings(duckdb_path=str(tmp_path / "data/w.duckdb"), pipelines_dir=str(tmp_path))

    def publish(folder: Path, files: dict[str, str]) -> None:
        def write(site: Path, *_: Any) -> tuple[int, int]:
            for name, text in files.items():
                (site / name).parent.mkdir(parents=True, exist_ok=True)
                (site / name).write_text(text)
            return 1, 1

        monkeypatch.setattr(page, "_write", write)
        monkeypatch.setenv("PUBLISH__SITE_DIR", str(folder))
        page.publish(Warehouse(settings))

    return publish


Publish = Callable[[Path, dict[str, str]], None]


def files(folder: Path) -> dict[str, str]:
    """The files in the folder but for the marker, with their text."""
    found = {str(file.relative_to(folder)): file.read_text() for file in folder.rglob("*") if file.is_file()}
    found.pop(page.MARKER, None)
    return found


def test_a_page_replaces_the_earlier_one_and_leaves_other_files(publish: Publish, tmp_path: Path) -> None:
    site = tmp_path / "site"
    publish(site, FIRST)
    (site / "CNAME").write_text("jobs.example.org")
    publish(site, SECOND)
    assert files(site) == {**SECOND, "CNAME": "jobs.example.org"}


def test_a_page_of_a_version_without_the_marker_is_replaced(publish: Publish, tmp_path: Path) -> None:
    site = tmp_path / "site"
    publish(site, FIRST)
    (site / page.MARKER).unlink()
    publish(site, SECOND)
    assert files(site) == SECOND


def test_a_folder_with_other_files_is_refused_and_left_alone(publish: Publish, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "w.duckdb").write_text("a warehouse")
    with pytest.raises(ConfigurationError, match="holds files that are not of the page"):
        publish(folder, FIRST)
    assert files(folder) == {"w.duckdb": "a warehouse"}


def test_docs_that_were_built_before_the_page_stay_beside_it(publish: Publish, tmp_path: Path) -> None:
    guide = tmp_path / "site" / page.GUIDE / "index.html"
    guide.parent.mkdir(parents=True)
    guide.write_text("docs")
    publish(tmp_path / "site", FIRST)
    assert files(tmp_path / "site") == {**FIRST, f"{page.GUIDE}/index.html": "docs"}


def test_a_symbolic_link_is_followed(publish: Publish, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "site").symlink_to(tmp_path / "elsewhere")
    publish(tmp_path / "site", FIRST)
    assert (tmp_path / "site").is_symlink() and files(tmp_path / "elsewhere") == FIRST


def test_a_page_that_cannot_be_made_leaves_the_earlier_one(
    publish: Publish, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site"
    publish(site, FIRST)
    with monkeypatch.context() as patch:
        patch.setattr(Warehouse, "marts", lambda self: ["nav_marts.daily_new_ads"])
        with pytest.raises(JobMarketError, match=f"no nav_marts.pipeline_health.*`{PROGRAM} build`"):
            publish(site, SECOND)
    with monkeypatch.context() as patch:
        patch.setattr(Warehouse, "query", lambda self, sql: [])
        with pytest.raises(JobMarketError, match=r"holds no ads. The page in .* was left as it is"):
            publish(site, SECOND)
    assert files(site) == FIRST


def test_the_release_of_a_month_stays_when_a_page_is_replaced(publish: Publish, tmp_path: Path) -> None:
    site = tmp_path / "site"
    publish(site, FIRST | RELEASE)
    publish(site, SECOND)
    publish(site, FIRST)
    assert files(site) == FIRST | RELEASE


def test_a_run_that_dies_between_two_files_leaves_whole_pages_and_the_next_one_tidies_up(
    publish: Publish, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site"
    publish(site, FIRST)
    replace, moved = Path.replace, []

    def die(file: Path, target: Path) -> Path:
        if len(moved) == 2:
            raise KeyboardInterrupt
        moved.append(target.name)
        return replace(file, target)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Path, "replace", die)
        publish(site, SECOND)
    assert "index.html" not in moved and (site / "index.html").read_text() == "1"
    publish(site, FIRST)
    assert files(site) == FIRST
