"""What the docs say exists, and what exists is in the docs."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from dlt.common.configuration.specs import BaseConfiguration

from extract import config as settings
from extract.sources.rest_api import settings as api_settings

PROJECT = Path(__file__).resolve().parents[1]
SPECS = {
    "warehouse": settings.WarehouseSettings,
    "sources.nav_feed": settings.FeedSettings,
    "sources.mongo_archive": settings.ArchiveSettings,
    "sources.register": settings.RegisterSettings,
    "sources.api.NAME": api_settings.ApiSettings,
    "bigquery_key": settings.KeySettings,
}


def text(path: str) -> str:
    return (PROJECT / path).read_text(encoding="utf-8")


@pytest.mark.parametrize("section", SPECS)
def test_every_setting_is_documented_and_every_documented_one_exists(section: str) -> None:
    pages = text("docs/settings.md") + "\n" + text("docs/settings/sources.md")
    [documented] = re.findall(rf"## `\[{re.escape(section)}\]`\n(.*?)(?:\n## |\Z)", pages, re.S)
    rows = [line.split("|")[1] for line in documented.splitlines()[2:] if line.startswith("|")]
    names = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    spec: type[BaseConfiguration] = SPECS[section]
    assert names == set(spec.get_resolvable_fields())


def test_the_committed_configuration_sets_only_what_exists() -> None:
    configured = tomllib.loads(text(".dlt/config.toml"))
    given = {f"sources.{name}": values for name, values in configured["sources"].items()}
    given["warehouse"] = configured["warehouse"]
    for section, values in given.items():
        assert set(values) <= set(SPECS[section].get_resolvable_fields())


def test_the_readmes_tables_are_the_marts() -> None:
    told = set(re.findall(r"^\| `(\w+)` \|", text("README.md"), re.M))
    assert told == {path.stem for path in (PROJECT / "models/marts").glob("*.sql")}


def test_every_link_of_the_docs_leads_somewhere() -> None:
    broken = []
    for page in [PROJECT / "README.md", *(PROJECT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
            if "://" not in target and not (page.parent / target).exists():
                broken.append(f"{page.name}: {target}")
    assert broken == []


def test_every_promise_names_a_test_file_that_exists() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)`", text("docs/promises.md"))
    assert named and [path for path in named if not (PROJECT / path).exists()] == []
