"""BigQuery holds what DuckDB holds, cell by cell, after every step.

Dates, timestamps, texts, whole numbers and flags are equal; so are types. Numbers with a fraction
are equal to 9 digits: engines add up in another order.
"""

from __future__ import annotations

import math
from typing import Any

import pyarrow as pa
import pytest

from tests.bigquery.warehouses import BothWarehouses, Step, tables_of

STEPS = ("first load", "nothing new", "load 2 in part", "load 2 and register", "load 3", "full refresh")
DIGITS = 1e-9


@pytest.fixture(params=STEPS)
def step(request: pytest.FixtureRequest, both_warehouses: BothWarehouses) -> Step:
    return next(step for step in both_warehouses.steps if step.name == request.param)


def test_dbt_has_nothing_to_complain_of_on_either_warehouse(step: Step) -> None:
    assert not step.complaints, "\n".join(step.complaints)


def test_both_warehouses_hold_every_table(step: Step, both_warehouses: BothWarehouses) -> None:
    expected = tables_of(both_warehouses.manifest)
    assert sorted(step.duckdb) == expected
    assert sorted(step.bigquery) == expected


def test_every_table_is_the_same_cell_by_cell(step: Step) -> None:
    differences = [
        difference
        for name in sorted(step.duckdb.keys() & step.bigquery.keys())
        for difference in differing(name, step.duckdb[name], step.bigquery[name])
    ]
    assert not differences, "\n".join(differences[:40])


def test_a_run_with_nothing_new_changes_nothing(both_warehouses: BothWarehouses) -> None:
    _same_in_bigquery(both_warehouses, "first load", "nothing new")


def test_built_step_by_step_one_of_them_in_part_equals_built_from_nothing(
    both_warehouses: BothWarehouses,
) -> None:
    _same_in_bigquery(both_warehouses, "load 3", "full refresh")


def _same_in_bigquery(both: BothWarehouses, one: str, other: str) -> None:
    tables = {step.name: step.bigquery for step in both.steps}
    differences = [
        difference
        for name in tables[one]
        for difference in differing(name, tables[one][name], tables[other][name])
    ]
    assert not differences, "\n".join(differences[:40])


def test_the_rows_are_worth_comparing(both_warehouses: BothWarehouses) -> None:
    """No mart is empty at the end, and every column of fct_ads has a value somewhere."""
    last = both_warehouses.steps[-1].duckdb
    assert [name for name in last if name.startswith("nav_marts.") and not len(last[name])] == []
    ads = last["nav_marts.fct_ads"]
    assert [name for name in ads.column_names if ads[name].null_count == len(ads)] == []


def test_a_difference_of_one_cell_is_found() -> None:
    left = pa.table({"key": ["a", "b"], "n": [1, 2], "x": [0.1, None]})
    for right in (
        pa.table({"key": ["a", "b"], "n": [1, 3], "x": [0.1, None]}),
        pa.table({"key": ["a", "b"], "n": [1, 2], "x": [0.1, 0.0]}),
        pa.table({"key": ["a", "b"], "n": [1, 2], "x": [0.100001, None]}),
        pa.table({"key": ["a"], "n": [1], "x": [0.1]}),
        pa.table({"key": ["a", "b"], "n": [1.0, 2.0], "x": [0.1, None]}),
        pa.table({"key": ["a", "b"], "n": [1, 2]}),
    ):
        assert differing("t", left, right)
    assert not differing("t", left, left.take([1, 0]))


def differing(name: str, left: pa.Table, right: pa.Table) -> list[str]:
    """What is not the same in two tables, the order of rows and columns aside."""
    if sorted(left.column_names) != sorted(right.column_names):
        return [f"{name}: columns {left.column_names} and {right.column_names}"]
    columns = sorted(left.column_names)
    found = [
        f"{name}.{column}: {left.schema.field(column).type} and {right.schema.field(column).type}"
        for column in columns
        if _kind(left.schema.field(column).type) != _kind(right.schema.field(column).type)
    ]
    if len(left) != len(right):
        return [*found, f"{name}: {len(left)} and {len(right)} rows"]
    rows = zip(_sorted_rows(left, columns), _sorted_rows(right, columns), strict=True)
    return found + [
        f"{name}.{column}: {one[place]!r} and {other[place]!r} in {one}"
        for one, other in rows
        for place, column in enumerate(columns)
        if not _same(one[place], other[place])
    ]


def _kind(kind: pa.DataType) -> str:
    """The name of a type, without what the two clients say differently of the same one."""
    if pa.types.is_timestamp(kind):
        return f"timestamp {kind.unit} {kind.tz is not None}"
    if pa.types.is_large_string(kind) or pa.types.is_string(kind):
        return "string"
    return str(kind)


def _sorted_rows(table: pa.Table, columns: list[str]) -> list[tuple[Any, ...]]:
    """Rows in an order that does not depend on the last digits of a fraction."""
    rows = list(zip(*(table[column].to_pylist() for column in columns), strict=True))
    return sorted(rows, key=lambda row: [_order(cell) for cell in row])


def _order(cell: Any) -> tuple[bool, str]:
    return (cell is None, "" if isinstance(cell, float) else str(cell))


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=DIGITS, abs_tol=DIGITS)
    return bool(one == other)
