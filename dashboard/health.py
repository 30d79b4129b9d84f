"""How fresh the data is, how the last run went, and what a reader must be warned of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dashboard.chart import Figures, Row

MART = "pipeline_health"
# A run is one or more loads; those of a run have one started_at.
QUERY = """
select started_at, extracted_at, lag_seconds, is_at_tip, rows_new, details_owed, rejects
from {mart}
where extracted_at is not null
order by extracted_at desc, load_id desc
limit 200
"""


@dataclass(frozen=True)
class Health:
    """The last run that brought something. Times are UTC; `lag`: the newest event's age then."""

    extracted_at: datetime
    lag: timedelta | None
    is_at_tip: bool
    rows_new: int
    details_owed: int
    rejects: int


@dataclass(frozen=True)
class Warned:
    """A warning: the key of its text, and what it is filled in with."""

    key: str
    filled: dict[str, Any]


def health_of(rows: list[Row]) -> Health | None:
    """The rows of the query, newest first; None if nothing was ever loaded."""
    if not rows:
        return None
    run = [row for row in rows if row[0] == rows[0][0]]
    _, extracted_at, lag, is_at_tip, _, pending, _ = run[0]
    return Health(
        extracted_at,
        None if lag is None else timedelta(seconds=max(0, lag)),
        bool(is_at_tip),
        sum(row[4] for row in run),
        pending or 0,
        sum(row[6] or 0 for row in run),
    )


def warnings(health: Health | None, shown: Figures, now: datetime, stale_after: timedelta) -> list[Warned]:
    """What is old or incomplete, the gravest first. `shown` are the new ads by day."""
    if health is None:
        return [Warned("empty", {})]
    found = []
    age = now - health.extracted_at
    if age > stale_after:
        found.append(Warned("stale", {"age": age}))
    if not health.is_at_tip:
        found.append(Warned("not_at_tip", {}))
    for key, number in (("pending", health.details_owed), ("rejects", health.rejects)):
        if number:
            found.append(Warned(f"{key}_one", {}) if number == 1 else Warned(key, {"number": number}))
    return [*found, *_unknown(shown)]


def _unknown(shown: Figures) -> list[Warned]:
    """The time at the beginning or at the end in which the content of too many ads is unknown."""
    if not shown.shaded:
        return []
    (first, until), last = shown.shaded[0], shown.shaded[-1][1]
    days = [row[0] for row in shown.rows]
    if last == max(days):
        return [Warned("unknown_now", {})]
    return [Warned("unknown_past", {"day": until + timedelta(days=1)})] if first == min(days) else []
