"""A text means the same in both warehouses: trimmed, cast and read as a date by GoogleSQL's rules."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from jinja2 import Environment

from tests.bigquery.googlesql import GoogleSql

MACROS = Path(__file__).parents[2] / "macros"
COLUMNS = {
    "text": "text",
    "due": "cast({{ free_text_date('text') }} as string)",
    "day": "cast({{ oslo_date_of_text('text') }} as string)",
    "whole": "{{ whole_number('text') }}",
    "bool": "{{ try_cast('text', 'bool') }}",
    "int64": "{{ try_cast('text', 'int64') }}",
    "float64": "{{ try_cast('text', 'float64') }}",
    "numeric": "{{ try_cast('cast(' ~ try_cast('text', 'numeric') ~ ' as string)', 'float64') }}",
    "date": "cast({{ try_cast('text', 'date') }} as string)",
    "timestamp": "cast({{ try_cast('text', 'timestamp') }} as string)",
}
DATES = {
    "30.11.2026 23:59": "2026-11-30",
    "30.11.2026 kl. 12": "2026-11-30",
    "30.11.2026, kl 23.59": "2026-11-30",
    "30. november 2026": "2026-11-30",
    "30 november 2026": "2026-11-30",
    "1. Mars 2026": "2026-03-01",
    "17. MAI 2026 kl. 12:00": "2026-05-17",
    "24. des. 2026": "2026-12-24",
    "24 des 26": "2026-12-24",
    "15/12-26": "2026-12-15",
    "15.12.26": "2026-12-15",
    "1.9.2026": "2026-09-01",
    "2026-11-30": "2026-11-30",
    "2026-11-30T23:30:00Z": "2026-12-01",
    "2026-07-31T23:30:00-05:00": "2026-08-01",
    "2026-07-31T23:30+0000": "2026-08-01",
    "\n\t\t07.12.2026": "2026-12-07",
    "\u00a0\u2003 7. juni 2026 \u3000\u0085\u000b": "2026-06-07",
}
NO_DATES = [
    "Snarest", "Løpende", "31.02.2026", "30. brumaire 2026", "30/31.12.2026", "2026", "12.2026",
    "30. november", "1.1.1926x", "15.12.026", "40.12.2026", "epoch", "2026-08-01 (tentative)",
]  # fmt: skip
OTHERS = [
    "12.5", "-7", "+5", "-0", "1_000", "1e3", "1E-2", ".5", "5.", ".", "9223372036854775808", "007",
    "2.0", "2.", "2.5", "2026-8-1", "26-8-1", "0001-01-01", "2026-08-01T10:00", "20260801", "2026/08/01",
    "infinity", "-Inf", "NaN", "2026-08-01 BC", "12026-01-01", "true", "T", "yes", "1", "TRUE", "f", "no",
    "2026-08-01 10:00:00 Europe/Oslo", "2026-08-01 10:00:00Z", "2026-08-01 10", "2026-08-01 10:00:00+02",
    "2026-08-01 10:00:00+02:00", "2026-08-01 10:00:00+0200", "2026-08-01 10:00:00.123456", "2026-02-30",
    "2026-08-01 25:00:00", "2026-08-01 10:00:00 +02:00", "2026-08-01t10:00:00z", "2026-08-01+02", "today",
    "'quoted'", "", " ", "\t\n", "æøå ÆØÅ", "12,5", "1 000", "flere",
]  # fmt: skip
TEXTS = [*DATES, *NO_DATES, *OTHERS]


Rows = list[tuple[Any, ...]]


def statement(engine: str, literal: Callable[[str], str]) -> str:
    """The query of `COLUMNS` for all texts, as dbt makes it for that engine."""
    folders = (MACROS / "cross_db", MACROS / "dates")
    macros = [file.read_text() for folder in folders for file in sorted(folder.glob("*.sql"))]
    macros.append((MACROS / "whole_number.sql").read_text())

    class Adapter:
        def dispatch(self, name: str) -> Any:
            return getattr(module, f"{engine}__{name}")

    environment = Environment()
    environment.globals["adapter"] = Adapter()
    module: Any = environment.from_string("".join(macros)).module
    documents = [literal(json.dumps({"a": text})) for text in TEXTS]
    rows = " union all ".join(
        f"select {n} as n, {document} as document" for n, document in enumerate(documents)
    )
    columns = ", ".join(f"{sql} as {name}_" for name, sql in COLUMNS.items())
    texts = f"select n, {{{{ json_text('document', '$.a') }}}} as text from ({rows}) as documents"
    query = f"select {columns} from ({texts}) as texts order by n"
    return environment.from_string("".join(macros) + query).render()


@pytest.fixture(scope="module")
def duckdb_rows() -> Rows:
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        return connection.execute(
            statement("duckdb", lambda text: "'" + text.replace("'", "''") + "'")
        ).fetchall()


@pytest.fixture(scope="module")
def google_rows(google_sql: Callable[[], GoogleSql]) -> Rows:
    return google_sql().evaluate(statement("default", lambda text: f'r"""{text}"""'))


def test_both_engines_read_the_same_out_of_each_text(duckdb_rows: Rows, google_rows: Rows) -> None:
    differ = [
        (text, name, one, other)
        for text, here, there in zip(TEXTS, duckdb_rows, google_rows, strict=True)
        for name, one, other in zip(COLUMNS, here, there, strict=True)
        if one != other and str(one) != str(other)  # a nan equals nothing
    ]
    assert differ == []


def test_a_deadline_that_is_a_date_is_read_in_each_form(duckdb_rows: Rows) -> None:
    read = {text: row[1] for text, row in zip(TEXTS, duckdb_rows, strict=True)}
    assert {text: read[text] for text in DATES} == DATES
    assert {text: read[text] for text in NO_DATES} == dict.fromkeys(NO_DATES)
