"""Which columns of which tables each statement of a daily dbt run reads, as Google's analyzer sees them.

Flow: dbt's recorded statements -> the analyzer, unused columns pruned -> the lines of bench/reads.csv.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tests.bigquery.analyzer import Statement, check
from tests.bigquery.googlesql import GoogleSql

HEADER = "node,statement,table,columns,span,scans"
NEW, ALL = "new", "all"


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
            # The one scan that a literal bounds, for it reads the documents; the analyzer does not tell.
            span = NEW if (node, table) == ("stg_ad_versions", "ad_versions") else ALL
            found[node, numbers[node], table, " ".join(sorted(columns)), span] += 1
    return [HEADER, *(",".join(map(str, (*line, times))) for line, times in sorted(found.items()))]
