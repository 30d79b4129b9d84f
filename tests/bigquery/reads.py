"""Which columns of which tables each statement of a daily dbt run reads, as Google's analyzer sees them.

Flow: dbt's recorded statements -> the analyzer, unused columns pruned -> the lines of bench/reads.csv.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from bench.costs import ROWS_KEPT
from tests.bigquery.analyzer import Statement, check
from tests.bigquery.googlesql import GoogleSql

HEADER = "node,statement,table,columns,span,scans"
TOUCHED_ADS = {"ad_id", "extracted_at", "load_id"}
"""What the list of touched ads reads of the staging tables (macros/touched_ads.sql)."""
REACH = TOUCHED_ADS | {"event_on", "expires_on", "published_on"}
"""And the question how far back they reach, of new rows too (macros/find_reach.sql)."""
NEW, TOUCHED, YEAR_MORE, TWO_YEARS, ALL = "new", "touched", "touched and a year", "two years", "all"


def reads(engine: GoogleSql, run: Sequence[Statement]) -> list[str]:
    """The lines of bench/reads.csv for the statements of `run`; `engine` knows the tables that they read.

    Making a view reads nothing, and a temporary table holds new rows only: both are left out.
    """
    scans = engine.record_scans()
    found: Counter[tuple[str, int, str, str, str]] = Counter()
    numbers: Counter[str] = Counter()
    for statement in run:
        scans.clear()
        check(engine, [statement], {})
        read = [scan for scan in scans if not scan[0].endswith("__dbt_tmp")]
        if not read or "create or replace view" in statement.sql:
            continue
        node = statement.node_id.split(".")[2]
        numbers[node] += 1
        for table, columns in read:
            is_test = not statement.node_id.startswith("model.")
            span = ALL if is_test else _span(node, table, set(columns), "merge into" in statement.sql)
            found[node, numbers[node], table, " ".join(sorted(columns)), span] += 1
    return [HEADER, *(",".join(map(str, (*line, times))) for line, times in sorted(found.items()))]


def _span(node: str, table: str, columns: set[str], is_merge: bool) -> str:
    """Which partitions a model's scan reads, by the literal that bounds the partitioning column.

    The analyzer does not tell; this says what stands in the models. What no literal bounds is all.
    """
    if table in ROWS_KEPT:
        return ALL
    if node == "pipeline_health":
        return NEW if table in ("stg_feed_events", "stg_ad_versions") else ALL
    if node.startswith("stg_"):
        return NEW if table in (node, node.removeprefix("stg_")) else ALL
    if table.startswith("stg_ad_") or table == "stg_feed_events":
        return NEW if columns <= REACH else TOUCHED
    if is_merge and table == node:
        return TOUCHED
    if (node, table) == ("daily_new_ads", "fct_ads"):
        return YEAR_MORE
    if (node, table) == ("yearly_change", "fct_ads"):
        return TWO_YEARS
    if (node, table) == ("fct_ads", "int_ads") and len(columns) > 2:
        return TOUCHED
    return ALL
