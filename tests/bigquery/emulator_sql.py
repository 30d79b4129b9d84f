"""Rewrites of statements that the emulator cannot read: pure text, for the server and its tests."""

from __future__ import annotations

import re

_DISTINCT_IGNORE_NULLS = re.compile(
    r"\barray_agg\(\s*distinct\s+(?P<what>[^()]*(?:\([^()]*\)[^()]*)*?)\s+ignore\s+nulls\s*\)",
    re.IGNORECASE,
)
_SET_FROM_STRUCT = re.compile(
    r"\bset\s*\(\s*(?P<name>\w+)\s*\)\s*=\s*\(\s*select\s+as\s+struct\b", re.IGNORECASE
)
_CREATE_TABLE = re.compile(
    r"\bcreate\s+(?:or\s+replace\s+)?table\s+(?:if\s+not\s+exists\s+)?[`\w.\-]+\s*(?=\()",
    re.IGNORECASE,
)
_AS_SELECT = re.compile(
    r"\s*(?:partition\s+by\s.*?|cluster\s+by\s.*?|options\s*\(.*?\)\s*)*\bas\s*[\(sw]",
    re.IGNORECASE | re.DOTALL,
)


def repair(sql: str) -> str:
    """The statement with what bqemulator's translator cannot read written in another way.

    The values stay the same, except that a table's NOT NULLs are lost with its column list.
    """
    # dbt collects the partitions to overwrite so; array_agg in DuckDB keeps a null, and the
    # filter is what "ignore nulls" means.
    sql = _DISTINCT_IGNORE_NULLS.sub(r"array_agg(distinct \g<what>) filter (where \g<what> is not null)", sql)
    # dbt assigns the script variable of insert_overwrite from a struct of one field.
    sql = _SET_FROM_STRUCT.sub(r"set \g<name> = (select ", sql)
    return _without_column_list(sql)


def _without_column_list(sql: str) -> str:
    """`create table t (columns) ... as select` (what a dbt contract makes) without `(columns)`."""
    creations = list(_CREATE_TABLE.finditer(sql))
    if len(creations) != 1:  # dlt makes all its tables in one script, none of them from a query
        return sql
    created = creations[0]
    start = end = created.end()
    depth = 0
    while end < len(sql):
        depth += {"(": 1, ")": -1}.get(sql[end], 0)
        end += 1
        if depth == 0:
            break
    return sql[:start] + sql[end:] if _AS_SELECT.match(sql, end) else sql
