"""What the dbt docs and the data package say of each mart: its grain first, a question and its query last."""

from __future__ import annotations

import json
import re
from typing import Any

import duckdb

from tests.page.conftest import Site

ENDS_WITH_A_QUERY = re.compile(r"[A-Z][^.?`]*\? `(select [^`]+)`$")


def test_each_mart_begins_with_its_grain_and_ends_with_a_question_that_its_query_answers(site: Site) -> None:
    manifest = json.loads((site.folder.parent / "target" / "manifest.json").read_text(encoding="utf-8"))
    marts: list[dict[str, Any]] = [
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["path"].startswith("marts/")
    ]
    assert len(marts) >= 14
    with duckdb.connect(site.warehouse.path, read_only=True) as connection:
        connection.execute("set schema = 'nav_marts'")
        for mart in marts:
            description = " ".join(mart["description"].split())
            assert description.startswith("One row per "), mart["name"]
            found = ENDS_WITH_A_QUERY.search(description)
            assert found and f"from {mart['name']}" in found[1], description
            assert connection.execute(found[1]).fetchall(), found[1]


def test_the_dbt_docs_lead_back_to_the_page_and_to_the_data(site: Site) -> None:
    docs = (site.folder / "docs" / "index.html").read_text(encoding="utf-8")
    for link in ("../index.html", "../data/index.html"):
        assert f"]({link})" in docs and (site.folder / "docs" / link).exists()
