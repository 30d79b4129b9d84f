"""docs/explanation/costs.md says what bench/costs.py derives, and that is derived from the SQL of today."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from bench import costs
from tests.bigquery.conftest import Analyzed
from tests.bigquery.googlesql import GoogleSql
from tests.bigquery.reads import reads
from tests.bigquery.warehouses import BothWarehouses

ROOT = Path(__file__).parents[2]
DAY = costs.Read("t", 1000.0, 10.0)


def test_the_document_holds_the_tables_that_the_script_prints() -> None:
    assert costs.report() in (ROOT / "docs" / "explanation" / "costs.md").read_text()


def test_the_models_named_are_exactly_the_projects() -> None:
    models = {path.stem for path in (ROOT / "models").rglob("*.sql")}
    assert costs.daily_parts().keys() - {"all tests", "source freshness", "old texts"} == models


def test_what_is_counted_is_what_the_analyzer_says_that_a_daily_run_reads(
    both_warehouses: BothWarehouses, analyzed: Analyzed, google_sql: Callable[[], GoogleSql]
) -> None:
    ends = {step.name: step.statements for step in both_warehouses.steps}
    engine = google_sql()
    for name, columns in analyzed.engine.tables.items():
        engine.add_table(name, columns)
    derived = reads(
        engine, both_warehouses.recording.statements[ends["load 2 and register"] : ends["load 3"]]
    )
    file = ROOT / "bench" / "reads.csv"
    if "DERIVE" in os.environ:
        file.write_text("\n".join(derived) + "\n")
    assert derived == file.read_text().splitlines(), "run `make derived`, then look at the costs"


@pytest.mark.parametrize(
    ("statement", "days", "billed"),
    [
        ([DAY], 365, costs.MINIMUM),
        ([DAY, DAY._replace(table="u")], 365, 2 * costs.MINIMUM),
        ([costs.Read("t", 1e9, 10.0)], 365, 1e10),
        ([costs.Read("t", 1e9, 10.0)], 5, 5e9),
        ([costs.Read("t", 1e9, float("inf"))], 365, 3.65e11),
        ([], 365, 0),
    ],
)
def test_a_statement_is_billed_by_its_partitions_and_a_minimum_a_table(
    statement: costs.Statement, days: float, billed: float
) -> None:
    assert costs.bytes_read([statement] if statement else [], days) == billed


def test_more_history_costs_more_and_each_part_is_in_the_sum() -> None:
    daily = costs.daily_parts()
    one, twenty = (sum(costs.bytes_read(part, days) for part in daily.values()) for days in (365, 7300))
    assert one < twenty
    assert all(costs.bytes_read(daily[name], 365) > 0 for name in costs.MODELS)
