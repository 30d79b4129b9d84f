"""A staging model made by a macro: the latest state of each record of a declared API, its fields typed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dbt.cli.main import dbtRunner

from tests.dbt.raw import RawTables
from tests.dbt.warehouse import _environment
from tests.projects import PROJECT, WITHOUT_MODELS, copied

NEEDED = (*WITHOUT_MODELS, "models/staging/stg_loads.sql")

MODEL = """
{{ staged_records('courses', {
    'title': 'title',
    'provider_number': 'provider.number',
    'places': ['places', 'int64'],
    'starts_on': ['starts', 'date'],
}) }}
"""
COLUMNS = "record_id, title, provider_number, places, starts_on::text, changed_at"


def record(record_id: str, document: dict[str, Any], changed: str | None, read: str, **other: Any) -> Any:
    columns = {"source": "courses", "version_id": f"{record_id} {changed} {read}", "state_hash": "x"}
    return {
        "record_id": record_id,
        "document": json.dumps(document),
        "changed_at": changed and datetime.fromisoformat(changed).replace(tzinfo=UTC),
        "extracted_at": datetime.fromisoformat(read).replace(tzinfo=UTC),
        "_dlt_load_id": "1",
        **columns,
        **other,
    }


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that has the sources, the loads and the one new model."""
    copied(tmp_path, *NEEDED, "profiles.example.yml")
    (tmp_path / "profiles.example.yml").rename(tmp_path / "profiles.yml")
    return add_model(tmp_path)


def add_model(project: Path) -> Path:
    """Give a project the documented model, and return it."""
    (project / "models" / "staging" / "stg_courses.sql").write_text(MODEL)
    return project


def test_dbt_run_gives_one_typed_row_a_record_of_its_latest_completed_state(project: Path) -> None:
    path = project / "job_market.duckdb"
    full = {"title": "Old", "provider": {"number": "998877665"}, "places": 12, "starts": "2026-03-01"}
    with RawTables(path) as raw:
        raw.complete("1")
        rows = [
            record("a", full, "2026-01-01", "2026-02-01"),
            record("a", {**full, "title": "New"}, "2026-01-02", "2026-02-01"),
            record("a", {**full, "title": "Older, read later"}, "2025-01-01", "2026-02-05"),
            record("b", {"title": "B", "places": "many"}, None, "2026-02-01"),
            record("b", {"title": "B again", "places": {"x": 1}}, None, "2026-02-03"),
            record("d", {"title": "D"}, "2026-01-01", "2026-02-01"),
            record("d", {"title": "D, removed"}, None, "2026-02-03"),
            record("d", {"title": "D, older"}, "2026-01-31", "2026-02-05"),
            record("c", {"title": "another API's"}, None, "2026-02-01", source="others"),
            record("b", {"title": "of a load that is not complete"}, None, "2026-02-09", _dlt_load_id="2"),
        ]
        raw._insert("records", rows)
    with _environment(JOB_MARKET_TARGET="duckdb", JOB_MARKET_DUCKDB_PATH=str(path)):
        options = ["--quiet", "--project-dir", str(project), "--profiles-dir", str(project)]
        result = dbtRunner().invoke(["run", "--select", "+stg_courses", *options])
    assert result.success, result.exception
    with duckdb.connect(str(path)) as connection:
        connection.execute("set timezone = 'UTC'")
        found = connection.execute(f"select {COLUMNS} from nav_staging.stg_courses order by 1").fetchall()
    assert found == [
        ("a", "New", "998877665", 12, "2026-03-01", datetime(2026, 1, 2, tzinfo=UTC)),
        ("b", "B again", None, None, None, None),
        ("d", "D, removed", None, None, None, None),
    ]


def test_the_documented_model_is_the_one_that_is_tested() -> None:
    page = (PROJECT / "docs" / "how-to" / "api.md").read_text(encoding="utf-8")
    assert MODEL.split() == page.split("```\n")[1].split()
