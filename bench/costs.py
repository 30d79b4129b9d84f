"""What BigQuery bills for this pipeline: derived from the SQL and the tables' sizes, not measured there.

  python -m bench.costs                      print the tables of docs/explanation/costs.md
  python -m bench.costs --measure DATABASE   print bench/widths.csv, from a DuckDB warehouse

Flow: reads.csv (what each statement reads, from Google's analyzer) x widths.csv (bytes a value) x rows a day
-> bytes a run, as a function of the ads in store -> the bill. Every choice is made so that it errs upwards.
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import duckdb

FOLDER = Path(__file__).parent
MB, GIB, TIB = 1e6, 2**30, 2**40
DOLLARS_A_TIB = 6.25
ACTIVE_DOLLARS, LONG_TERM_DOLLARS = 0.02, 0.01
"""Logical storage, a GiB and month; long-term is a partition that nothing changed for 90 days."""
LONG_TERM_DAYS = 90
MINIMUM = 10 * 2**20
"""Bytes: at least so many are billed for each table of a query, and for each query."""
YEARS = (1, 5, 20)
DAYS_A_YEAR, DAYS_A_MONTH, POLLS_A_DAY = 365.25, 30.44, 24

ADS_A_DAY = 550
EVENTS_A_DAY = 2000
CONTENTS_A_DAY = EVENTS_A_DAY * 2 / 3
"""A third of the events is INACTIVE and makes a version without content."""
REGISTER_LOADS_A_DAY = 2
"""Main units and sub-units, each day."""
LOADS_A_DAY = POLLS_A_DAY + REGISTER_LOADS_A_DAY
ROWS_A_DAY = {
    "ad_versions": EVENTS_A_DAY,
    "feed_events": EVENTS_A_DAY,
    "ad_features": CONTENTS_A_DAY,
    "feed_loads": POLLS_A_DAY,
    "source_loads": REGISTER_LOADS_A_DAY,
    "_dlt_loads": LOADS_A_DAY,
    "rejects": 1,
    "feed_fields": 1,
    "stg_ad_versions": EVENTS_A_DAY,
    "stg_loads": LOADS_A_DAY,
    "int_ads": ADS_A_DAY,
    "fct_ads": ADS_A_DAY,
    "int_ad_groups": 1.25 * ADS_A_DAY,  # a sixth names two occupations, some two counties
    "int_days": 1,
    "ad_reposts": 0.05 * ADS_A_DAY,
    "ad_places": 1.05 * ADS_A_DAY,
    "ad_categories": 3.2 * ADS_A_DAY,
    "daily_new_ads": 8 * ADS_A_DAY,  # each ad in a row of its own day, of the six after it and a year later
    "daily_active_ads": 210 * 22,  # every occupation and county, and each of the industries
    "daily_new_ads_by_styrk": 250,
    "weekly_new_ads": 210 / 7,
    "ad_lifetimes": 14 / DAYS_A_MONTH,
    "monthly_text_features": 60 / DAYS_A_MONTH,
    "pipeline_health": POLLS_A_DAY,
}
"""Of a table that does not grow (seeds, yearly_change) only the minimum counts."""
ROWS_KEPT = {"units": 2_000_000}
"""Of the tables that hold what is, however long the history: the units of the business register."""
VIEWS = {
    "stg_feed_events": ("feed_events", "stg_loads"),
    "stg_ad_features": ("ad_features", "stg_loads"),
    "stg_units": ("units", "stg_loads"),
    "stg_feed_loads": ("feed_loads", "stg_loads"),
    "stg_rejects": ("rejects", "stg_loads"),
    "stg_feed_fields": ("feed_fields", "stg_loads"),
    "stg_source_loads": ("source_loads", "stg_loads"),
    "int_unit_industries": ("units", "units", "stg_loads"),
    "int_as_of": ("stg_loads",),
    "int_cells": ("int_ad_groups",),
    "ad_occupations": ("int_ads",),
}
COLUMNS_OF_VIEWS = {"ad_occupations": "ad_id occupations"}
"""Of a view that opens JSON: what it reads, whichever of its columns are asked for."""
MODELS = {path.stem for path in (FOLDER.parent / "models").rglob("*.sql")} - VIEWS.keys()
"""Those that are tables; one that grows wants its rows a day above."""
SPAN_DAYS = {"new": 34.0, "all": float("inf")}
"""Days of rows in the partitions: this month, and three days before it."""

WHOLE = 1.0
"""Days that a table which keeps its size has."""

KEYS_OF_MERGES = {
    "ad_versions": "version_id changed_at",
    "feed_events": "ad_id status event_at",
    "ad_features": "version_id rules_version",
    "feed_loads": "load_key",
}
SMALL_QUERIES = 20
"""Of a poll, besides the state's own, counted by the tables they name: two looks at _dlt_version, forgetting
old states; the state and the tables as they are (3), rows of loads that were never completed (7), the lock
(5), and whether as much comes as always (2)."""


class Read(NamedTuple):
    """One scan of a statement: bytes for each day in its span, and how many days the span has."""

    table: str
    bytes_a_day: float
    days: float


Statement = list[Read]


def measured(database: Path) -> list[str]:
    """The lines of widths.csv: BigQuery's bytes of a value (text 2 and its UTF-8, null 0), on average.

    Of columns that come from an ad's content, the average is over the rows that have one.
    """
    lines = ["table,column,bytes"]
    content = {
        "ad_versions": "document is not null",
        "stg_ad_versions": "has_content",
        "int_ads": "is_captured",
        "fct_ads": "is_captured",
    }
    with duckdb.connect(str(database), read_only=True) as connection:
        columns = connection.execute(
            "select table_schema, table_name, column_name, data_type from information_schema.columns "
            "where table_name in (select unnest(?)) and not ends_with(table_schema, 'raw_staging') "
            "order by table_name, ordinal_position",
            [[*ROWS_A_DAY, *ROWS_KEPT]],
        ).fetchall()
        for schema, table, column, kind in columns:
            size = {"VARCHAR": f"2 + strlen({column})", "BOOLEAN": "1"}.get(kind, "8")
            found = connection.execute(
                f"select avg(case when {column} is null then 0 else {size} end) from {schema}.{table} "
                f"where {content.get(table, 'true')}"
            ).fetchone()
            if found and found[0] is not None:
                lines.append(f"{table},{column},{found[0]:.1f}")
    return lines


def widths() -> dict[str, dict[str, float]]:
    """Average bytes by table and column."""
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for row in _rows("widths.csv"):
        found[row["table"]][row["column"]] = float(row["bytes"])
    found["ad_versions"]["document"] *= CONTENTS_A_DAY / EVENTS_A_DAY
    return found


def daily_statements() -> dict[str, list[Statement]]:
    """By model or test: the statements of a daily `dbt build` and freshness check, with what each reads."""
    size = widths()
    by_node: dict[str, dict[str, Statement]] = defaultdict(lambda: defaultdict(list))
    for row in _rows("reads.csv"):
        names = COLUMNS_OF_VIEWS.get(row["table"], row["columns"]).split()
        for table in VIEWS.get(row["table"], (row["table"],)):
            wide = sum(size[table].get(name, size[table].get("_dlt_" + name, 8.0)) for name in names)
            rows = _rows_a_day(table) * int(row["scans"])
            read = Read(table, rows * wide, WHOLE if table in ROWS_KEPT else SPAN_DAYS[row["span"]])
            by_node[row["node"]][row["statement"]].append(read)
    for table in ("feed_events", "feed_loads"):
        by_node["source freshness"][table] = [Read(table, ROWS_A_DAY[table] * 8, SPAN_DAYS["all"])]
    return {node: list(statements.values()) for node, statements in by_node.items()}


def _rows_a_day(table: str) -> float:
    """Of a table that keeps its size: all its rows, to be read as of one day."""
    return ROWS_KEPT.get(table) or ROWS_A_DAY.get(table, 0)


def register_statements() -> dict[str, list[Statement]]:
    """By what a run of `register` does, once a day: two kinds of unit, a load of each.

    An upsert is billed for the whole table that it changes.
    """
    size = widths()["units"]
    known = Read("units", ROWS_KEPT["units"] * (size["state_hash"] + size["kind"]), WHOLE)
    changed = Read("units", ROWS_KEPT["units"] * sum(size.values()), WHOLE)
    told = Read("source_loads", REGISTER_LOADS_A_DAY * widths()["source_loads"]["load_key"], float("inf"))
    return {
        "known units": [[known]] * REGISTER_LOADS_A_DAY,
        "MERGE into units": [[changed, Read("units (staged)", 0, 0)]] * REGISTER_LOADS_A_DAY,
        "MERGE into source_loads": [[told, Read("source_loads (staged)", 0, 0)]] * REGISTER_LOADS_A_DAY,
        "state and schema": _state_and_schema() * REGISTER_LOADS_A_DAY,
    }


def _state_and_schema() -> list[Statement]:
    state = [Read("_dlt_loads", LOADS_A_DAY * 28, float("inf")), Read("_dlt_pipeline_state", 0, 0)]
    return [state, *[[Read("small", 0, 0)]] * SMALL_QUERIES]


def hourly_statements() -> dict[str, list[Statement]]:
    """By what dlt does: the statements of a poll that brought something. Load jobs cost nothing."""
    size = widths()
    merges = {
        f"MERGE into {table}": [
            [
                Read(table, ROWS_A_DAY[table] * sum(size[table][key] for key in keys.split()), float("inf")),
                Read(f"{table} (staged)", 0, 0),
            ]
        ]
        for table, keys in KEYS_OF_MERGES.items()
    }
    return {**merges, "state and schema": _state_and_schema()}


def bytes_read(statements: Iterable[Statement], days: float, *, minimum: bool = True) -> float:
    """Bytes billed for the statements once, with `days` of history in store."""
    billed = 0.0
    for statement in statements:
        tables: dict[str, float] = defaultdict(float)
        for read in statement:
            tables[read.table] += read.bytes_a_day * min(read.days, days)
        billed += sum(max(size, MINIMUM if minimum else 0) for size in tables.values())
    return billed


def bytes_an_ad(statements: Iterable[Statement]) -> float:
    """By how many bytes a run grows with each ad in store: what it reads of all partitions."""
    unbounded = [read for statement in statements for read in statement if read.days == float("inf")]
    return sum(read.bytes_a_day for read in unbounded) / ADS_A_DAY


def stored_bytes(days: float) -> tuple[float, float]:
    """Active and long-term bytes of all tables."""
    a_day = sum(rows * sum(widths()[table].values()) for table, rows in ROWS_A_DAY.items())
    kept = sum(rows * sum(widths()[table].values()) for table, rows in ROWS_KEPT.items())
    active = a_day * min(days, LONG_TERM_DAYS)
    return active + kept, a_day * days - active


def daily_parts() -> dict[str, list[Statement]]:
    """The daily statements by model, then those of all tests, of the freshness check, and for old texts.

    Making a view reads nothing; who reads it is billed for the tables below it.
    """
    statements = daily_statements()
    models = {name: statements.pop(name, []) for name in sorted({*MODELS, *VIEWS})}
    freshness = statements.pop("source freshness")
    # On all days but the first of a month: a date and a timestamp of each text that was removed.
    old_texts = [[Read("removed_texts", CONTENTS_A_DAY * 16, float("inf"))]]
    tests = list(chain(*statements.values()))
    return {**models, "all tests": tests, "source freshness": freshness, "old texts": old_texts}


def report() -> str:
    """The tables of docs/explanation/costs.md, as Markdown."""
    hourly, register, daily = hourly_statements(), register_statements(), daily_parts()
    lines = ["## Bytes read", ""]
    for title, parts in (
        ("hourly: `extract`", hourly),
        ("daily: `register`", register),
        ("daily: `build`", daily),
    ):
        lines += [
            f"| {title} | statements | fixed, MB | and bytes an ad in store "
            + "".join(f"| MB billed at {years} y " for years in YEARS)
            + "|",
            "|---|--:|--:|--:|" + "--:|" * len(YEARS),
        ]
        everything = [statement for part in parts.values() for statement in part]
        reading = {name: part for name, part in parts.items() if part}
        for name, part in {**reading, "**together**": everything}.items():
            growing = bytes_an_ad(part)
            days = max(YEARS) * DAYS_A_YEAR
            fixed = bytes_read(part, days, minimum=False) - growing * ADS_A_DAY * days
            billed = "".join(f"| {bytes_read(part, y * DAYS_A_YEAR) / MB:,.0f} " for y in YEARS)
            lines.append(f"| {name} | {len(part)} | {abs(fixed) / MB:,.0f} | {growing:,.0f} {billed}|")
        lines.append("")
    return "\n".join([*lines, *_bill(hourly, register, daily)])


def _bill(
    hourly: dict[str, list[Statement]],
    register: dict[str, list[Statement]],
    daily: dict[str, list[Statement]],
) -> list[str]:
    lines = [
        "## The bill, dollars a month at list price, free tier not deducted",
        "",
        "| history | ads in store | stored, GiB | hourly polls, TiB | register, TiB | daily builds, TiB "
        "| queries, $ | storage, $ | together, $ |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for years in YEARS:
        days = years * DAYS_A_YEAR
        polls = sum(bytes_read(part, days) for part in hourly.values()) * POLLS_A_DAY * DAYS_A_MONTH / TIB
        builds = sum(bytes_read(part, days) for part in daily.values()) * DAYS_A_MONTH / TIB
        active, old = stored_bytes(days)
        units = sum(bytes_read(part, days) for part in register.values()) * DAYS_A_MONTH / TIB
        queries = (polls + units + builds) * DOLLARS_A_TIB
        storage = (active * ACTIVE_DOLLARS + old * LONG_TERM_DOLLARS) / GIB
        lines.append(
            f"| {years} y | {ADS_A_DAY * days:,.0f} | {(active + old) / GIB:,.1f} "
            f"| {polls:.2f} | {units:.2f} | {builds:.2f} "
            f"| {queries:.2f} | {storage:.2f} | {queries + storage:.2f} |"
        )
    return lines


def _rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(newline="") as file:
        return list(csv.DictReader(file))


def main() -> None:
    """Print what is asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--measure", type=Path, metavar="DATABASE", help="print the widths of its columns")
    database = parser.parse_args().measure
    print("\n".join(measured(database)) if database else report())


if __name__ == "__main__":
    main()
