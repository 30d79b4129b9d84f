"""What the docs name exists, and what exists is in the docs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from dlt.common.configuration.specs import BaseConfiguration

from bench import derived
from extract import errors
from extract.config import SECTIONS
from extract.sources.rest_api.settings import ApiSettings

PROJECT = Path(__file__).resolve().parents[2]
SPECS: dict[str, type[BaseConfiguration]] = {**SECTIONS, "sources.api.NAME": ApiSettings}
OF_THE_DOCS = sorted((PROJECT / "docs").rglob("*.md"))
PAGES = [
    *OF_THE_DOCS,
    *(PROJECT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")),
]
MOST_LINES = 120


def text(path: str) -> str:
    return (PROJECT / path).read_text(encoding="utf-8")


def anchors(page: str) -> set[str]:
    """The anchors of a page's headings."""
    headings = re.findall(r"^#+ (.*)$", page, re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("section", SPECS)
def test_every_setting_is_documented_and_every_documented_one_exists(section: str) -> None:
    pages = text("docs/reference/settings.md") + "\n" + text("docs/reference/source-settings.md")
    [documented] = re.findall(rf"## `\[{re.escape(section)}\]`\n(.*?)(?:\n## |\Z)", pages, re.S)
    rows = [line.split("|")[1] for line in documented.splitlines()[2:] if line.startswith("|")]
    names = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert names == set(SPECS[section].get_resolvable_fields())


def test_the_pages_of_the_tables_and_the_commands_are_those_of_the_code() -> None:
    assert derived.tables_page() == derived.TABLES.read_text(encoding="utf-8"), "run `make derived`"
    assert derived.commands_page() == derived.COMMANDS.read_text(encoding="utf-8"), "run `make derived`"


def test_the_readmes_tables_are_the_marts() -> None:
    assert derived.readme_rows(text("README.md")) == text("README.md"), "run `make derived`"
    named = set(re.findall(r"^\| `(\w+)` \|", text("README.md"), re.M))
    assert named == {path.stem for path in (PROJECT / "models/marts").glob("*.sql")}


def test_the_exit_codes_are_those_of_the_errors() -> None:
    kinds = [errors.JobMarketError, *errors.JobMarketError.__subclasses__()]
    codes = {0, errors.STOPPED, *(kind.exit_code for kind in kinds)}
    documented = re.findall(r"^\| (\d+) \|", text("docs/reference/exit-codes.md"), re.M)
    assert [int(code) for code in documented] == sorted(codes)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    broken = []
    for target, anchor in re.findall(r"\]\(([^)#\s]*)#?([^)\s]*)\)", page.read_text(encoding="utf-8")):
        file = page.parent / target if target else page
        if "://" in target:
            continue
        if not file.exists() or (anchor and anchor not in anchors(file.read_text(encoding="utf-8"))):
            broken.append(f"{target}#{anchor}")
    assert broken == []


@pytest.mark.parametrize("page", OF_THE_DOCS, ids=lambda page: page.name)
def test_a_page_of_the_docs_is_short(page: Path) -> None:
    assert len(page.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


def test_every_promise_names_a_test_file_that_exists() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)`", text("docs/explanation/promises.md"))
    assert named and [path for path in named if not (PROJECT / path).exists()] == []


def test_the_docs_build_as_html_that_asks_no_other_host(tmp_path: Path) -> None:
    build = [str(Path(sys.executable).parent / "mkdocs"), "build", "--strict", "--site-dir", str(tmp_path)]
    done = subprocess.run(build, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    loaded = [
        address
        for page in tmp_path.rglob("*.html")
        for address in re.findall(
            r"<(?:script|link|img)[^>]+(?:src|href)=\"(https?://[^\"]+)", page.read_text()
        )
    ]
    assert loaded == []
    assert (tmp_path / "search" / "search_index.json").exists()
