"""What the docs say exists, and what exists is in the docs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from dlt.common.configuration.specs import BaseConfiguration

from extract.config import SECTIONS
from extract.sources.rest_api.settings import ApiSettings

PROJECT = Path(__file__).resolve().parents[1]
SPECS: dict[str, type[BaseConfiguration]] = {**SECTIONS, "sources.api.NAME": ApiSettings}


def text(path: str) -> str:
    return (PROJECT / path).read_text(encoding="utf-8")


@pytest.mark.parametrize("section", SPECS)
def test_every_setting_is_documented_and_every_documented_one_exists(section: str) -> None:
    pages = text("docs/reference/settings.md") + "\n" + text("docs/reference/source-settings.md")
    [documented] = re.findall(rf"## `\[{re.escape(section)}\]`\n(.*?)(?:\n## |\Z)", pages, re.S)
    rows = [line.split("|")[1] for line in documented.splitlines()[2:] if line.startswith("|")]
    names = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert names == set(SPECS[section].get_resolvable_fields())


def test_the_readmes_tables_are_the_marts() -> None:
    named = set(re.findall(r"^\| `(\w+)` \|", text("README.md"), re.M))
    assert named == {path.stem for path in (PROJECT / "models/marts").glob("*.sql")}


def test_every_link_of_the_docs_leads_somewhere() -> None:
    broken = []
    for page in [PROJECT / "README.md", *(PROJECT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
            if "://" not in target and not (page.parent / target).exists():
                broken.append(f"{page.name}: {target}")
    assert broken == []


def test_every_promise_names_a_test_file_that_exists() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)`", text("docs/explanation/promises.md"))
    assert named and [path for path in named if not (PROJECT / path).exists()] == []
