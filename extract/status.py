"""Report what the warehouse holds, how fresh it is and what is pending. It only reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from rich.console import Group, RenderableType
from rich.table import Table

from extract.errors import PROGRAM
from extract.loading import packages
from extract.monitoring.notifications import read_outcomes
from extract.monitoring.volume import volume_alarm
from extract.schema import RAW_TABLES
from extract.sources.nav.state import FeedState
from extract.warehouses.base import Warehouse

LOADS = REASONS = 5
"""How many loads and reasons are shown."""
DAYS = 14
"""How far back values that were not parsed and new fields are shown."""


def report(warehouse: Warehouse, feed: FeedState | None) -> RenderableType:
    """The whole status, for a terminal or a log, with the feed's state of the last load. Times are UTC."""
    now = datetime.now(UTC)
    loads, sources = list(_loads(warehouse)), list(_sources(warehouse, now))
    if feed is None and not sources:
        return f"{warehouse} holds nothing yet. Next: `{PROGRAM}`."
    facts = [("warehouse", str(warehouse)), *_feed_facts(warehouse, feed, now), *_facts(warehouse, now)]
    tables = (
        _table("Status (times are UTC)", [], facts),
        _table("Last loads", ["extracted at", "new rows", "duplicates", "pending details", "lag"], loads),
        _table(
            "Other sources", ["source", "last load", "records read", "rows submitted", "rejects"], sources
        ),
    )
    return Group(*(table for table in tables if table.row_count), counts_table(warehouse))


def counts_table(warehouse: Warehouse) -> Table:
    """The rows of each raw table and each mart that exists."""
    tables = [*(warehouse.raw(table.name) for table in RAW_TABLES), *warehouse.marts()]
    counts = warehouse.query(" union all ".join(f"select '{name}', count(*) from {name}" for name in tables))
    return _table("Tables", ["table", "rows"], [(name, f"{count:,}") for name, count in counts])


def is_mock(feed: FeedState) -> bool:
    """Whether the feed runs on this machine, as the demo's does: it ends when the demo ends."""
    return urlsplit(f"//{feed.feed}").hostname in ("127.0.0.1", "::1", "localhost")


def _table(title: str, headings: list[str], rows: Iterable[Iterable[str]]) -> Table:
    table = Table(title=title, title_justify="left", show_header=bool(headings))
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="right" if number else "left")
    for row in rows:
        table.add_row(*row)
    return table


def _feed_facts(warehouse: Warehouse, feed: FeedState | None, now: datetime) -> Iterator[tuple[str, str]]:
    if feed is None:
        return
    yield "feed", f"{feed.feed}{' (a mock feed on this machine)' if is_mock(feed) else ''}"
    yield "cursor", feed.recent[0].page_id if feed.recent else "at the start"
    until = f"timestamp '{now:%F %T}+00'"
    for (last,) in warehouse.query(
        f"select max(extracted_at) from {warehouse.raw('feed_loads')} where extracted_at <= {until}"
    ):
        yield "last load", _time_and_age(last, now) if last else "-"
    if feed.newest_event_at:
        yield "newest event", _time_and_age(feed.newest_event_at, now)
    failures: dict[str, list[str]] = {}
    for ad_id, detail in feed.pending.items():
        if detail.reason:
            failures.setdefault(detail.reason, []).append(ad_id)
    reasons = [f"{len(ids):,}: {reason}, such as {ids[0]}" for reason, ids in failures.items()]
    yield "pending details", "\n".join([f"{len(feed.pending):,}; each run requests them again", *reasons])
    if is_mock(feed):
        yield "volume", "not compared with past weeks: a mock feed ends with its demo"
    else:
        yield "volume", volume_alarm(warehouse, now) or "as usual"


def _facts(warehouse: Warehouse, now: datetime) -> Iterator[tuple[str, str]]:
    for step, outcome in sorted(read_outcomes(warehouse.pipelines_dir).items()):
        if outcome.message:
            yield step, f"failing since {outcome.failing_since}: {outcome.message}"
        elif step != "volume":
            yield step, f"last success {outcome.succeeded_at}"
    if waiting := packages.pending(warehouse.pipelines_dir):
        lines = [f"{each.name}, jobs refused: {packages.failures(each)}" for each in waiting]
        yield "pending loads", "\n".join(lines)
    rejects = warehouse.query(
        f"select reason, count(*) from {warehouse.raw('rejects')} group by 1 order by 2 desc limit {REASONS}"
    )
    yield "rejects", "\n".join(f"{count:,}: {reason}" for reason, count in rejects) or "none"
    since = f"timestamp '{now - timedelta(days=DAYS):%F %T}'"
    unparsed = warehouse.query(
        f"select sum(values_not_parsed) from {warehouse.mart('pipeline_health')} "
        f"where completed_at >= {since}"
    )
    if unparsed and unparsed[0][0] is not None:
        yield "values not parsed", f"{unparsed[0][0]:,} in the last {DAYS} days"
    fields = warehouse.raw("feed_fields")
    new = warehouse.query(  # those of the first day are not new
        f"select field, kind, extracted_at from {fields} where extracted_at >= {since} and extracted_at > "
        f"(select min(extracted_at) from {fields}) + interval 1 day "
        "order by extracted_at desc, field limit 10"
    )
    lines = [f"{field} ({kind}), since {at:%F %T}" for field, kind, at in new]
    yield "new fields", "\n".join(lines) or f"none in the last {DAYS} days"


def _loads(warehouse: Warehouse) -> Iterator[tuple[str, ...]]:
    raw = warehouse.raw
    new_rows = " + ".join(
        f"(select count(*) from {raw(name)} rows where rows._dlt_load_id = loads._dlt_load_id)"
        for name in ("feed_events", "ad_versions")
    )
    for extracted_at, submitted, new, pending, newest in warehouse.query(
        f"select extracted_at, events_handed_over + versions_handed_over, {new_rows}, details_owed, "
        f"newest_event_at from {raw('feed_loads')} loads order by extracted_at desc limit {LOADS}"
    ):
        lag = _age(newest, extracted_at) if newest else "-"
        yield f"{extracted_at:%F %T}", f"{new:,}", f"{submitted - new:,}", f"{pending:,}", lag


def _sources(warehouse: Warehouse, now: datetime) -> Iterator[tuple[str, ...]]:
    for source, extracted_at, *counts in warehouse.query(
        "select source, max(extracted_at), sum(records_read), sum(rows_handed_over), sum(rejects) "
        f"from {warehouse.raw('source_loads')} group by source order by source"
    ):
        yield source, _time_and_age(extracted_at, now), *(f"{count:,}" for count in counts)


def _age(then: datetime, now: datetime) -> str:
    return str(timedelta(seconds=max(0, round((now - then).total_seconds()))))


def _time_and_age(then: datetime, now: datetime) -> str:
    return f"{then:%F %T} ({_age(then, now)} ago)"
