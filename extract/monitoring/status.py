"""Tell what the warehouse holds, how fresh it is and what is owed, by reading it only."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from dlt.common.versioned_state import decompress_state
from rich.console import Group, RenderableType
from rich.table import Table

from extract.loading import packages
from extract.monitoring.notifications import Outcomes
from extract.monitoring.volume import watch
from extract.schema import RAW_TABLES
from extract.sources.nav.state import FeedState
from extract.warehouses.base import PIPELINE, Warehouse

LAST_LOADS = 5
FEW_DAYS = 14


class Load(NamedTuple):
    """One load as the warehouse tells it. Times are UTC; `new` counts events and versions."""

    extracted_at: datetime
    handed_over: int
    new: int
    details_owed: int
    newest_event_at: datetime | None


class SourceLoads(NamedTuple):
    """What all loads of one other source brought. Times are UTC."""

    source: str
    extracted_at: datetime
    """Of the last one."""
    records: int
    rows: int
    rejects: int


def feed_state(warehouse: Warehouse) -> FeedState | None:
    """The cursor and the ads owed as the last load committed them; None before the first one."""
    rows = warehouse.query(
        f"select state from {warehouse.raw('_dlt_pipeline_state')} states "
        f"join {warehouse.raw('_dlt_loads')} loads on loads.load_id = states._dlt_load_id "
        f"where pipeline_name = '{PIPELINE}' and status = 0 order by loads.load_id desc limit 1"
    )
    if not rows:
        return None
    state = decompress_state(rows[0][0])
    stored = state.get("sources", {}).get("nav_feed", {}).get("resources", {}).get("feed", {})
    return FeedState.load(stored, stored["feed"]) if stored else None


def last_loads(warehouse: Warehouse) -> list[Load]:
    """The last loads, newest first."""
    raw = warehouse.raw
    new = " + ".join(
        f"(select count(*) from {raw(name)} rows where rows._dlt_load_id = loads._dlt_load_id)"
        for name in ("feed_events", "ad_versions")
    )
    return [
        Load(*row)
        for row in warehouse.query(
            f"select extracted_at, events_handed_over + versions_handed_over, {new}, details_owed, "
            f"newest_event_at from {raw('feed_loads')} loads "
            f"order by extracted_at desc limit {LAST_LOADS}"
        )
    ]


def source_loads(warehouse: Warehouse) -> list[SourceLoads]:
    """The sources besides the feed."""
    return [
        SourceLoads(*row)
        for row in warehouse.query(
            "select source, max(extracted_at), sum(records_read), sum(rows_handed_over), sum(rejects) "
            f"from {warehouse.raw('source_loads')} group by source order by source"
        )
    ]


def row_counts(warehouse: Warehouse) -> dict[str, int]:
    """Rows of each raw table and each mart that is there, by `dataset.table`."""
    tables = [f"{warehouse.settings.raw_dataset}.{table.name}" for table in RAW_TABLES]
    tables += warehouse.marts()
    counts = " union all ".join(f"select '{name}', count(*) from {name}" for name in tables)
    return dict(warehouse.query(counts))


def report(warehouse: Warehouse) -> RenderableType:
    """The whole status, for a terminal or a log."""
    state, sources = feed_state(warehouse), source_loads(warehouse)
    if state is None and not sources:
        return f"{warehouse} holds nothing yet: `python run_pipeline.py` fills it."
    now = datetime.now(UTC)
    loads = last_loads(warehouse)
    facts = Table(title=f"Warehouse {warehouse}", title_justify="left", show_header=False)
    if state:
        for name, told in _of_feed(state, loads, now):
            facts.add_row(name, told)
    for name, told in _worries(warehouse, now):
        facts.add_row(name, told)
    parts = [facts]
    if state:
        parts.append(_loads_table(loads))
    if sources:
        parts.append(_sources_table(sources, now))
    return Group(*parts, _counts_table(row_counts(warehouse)))


def _of_feed(state: FeedState, loads: list[Load], now: datetime) -> Iterator[tuple[str, str]]:
    yield "feed", state.feed
    yield "cursor", state.recent[0].page_id if state.recent else "at the start"
    if loads:
        yield "last load", f"{_at(loads[0].extracted_at)} ({_age(now, loads[0][0])} ago)"
    if state.newest_event_at:
        newest = state.newest_event_at
        yield "newest event", f"{_at(newest)} ({_age(now, newest)} ago)"
    yield "details owed", _owed(state)


def _worries(warehouse: Warehouse, now: datetime) -> Iterator[tuple[str, str]]:
    """What went well last and what did not, as far as this machine and the warehouse know."""
    for step, outcome in sorted(Outcomes(warehouse.pipelines_dir).read().items()):
        if outcome.message:
            yield step, f"failing since {outcome.failing_since}: {outcome.message}"
        elif step in ("extract", "build", "publish"):
            yield step, f"last success {outcome.succeeded_at}"
    if waiting := packages.pending(warehouse.pipelines_dir):
        yield "loads pending", "\n".join(_package(package) for package in waiting)
    rejects = warehouse.query(
        f"select reason, count(*) from {warehouse.raw('rejects')} group by 1 order by 2 desc "
        f"limit {LAST_LOADS}"
    )
    yield "rejects", "\n".join(f"{count:,}: {reason}" for reason, count in rejects) or "none"
    unread = warehouse.query(
        f"select sum(values_not_parsed) from {warehouse.mart('pipeline_health')} "
        f"where completed_at >= timestamp '{now - timedelta(days=FEW_DAYS):%F %T}'"
    )
    if unread and unread[0][0] is not None:
        yield "values not parsed", f"{unread[0][0]:,} in the last {FEW_DAYS} days"
    yield "new fields", _new_fields(warehouse, now)
    alarm = watch(warehouse, now)
    yield "volume", alarm.text if alarm else "as usual"


def _package(package: packages.Package) -> str:
    refused = f", refused {package.failures} times" if package.failures else ""
    return f"{package.load_id}{refused}"


def _new_fields(warehouse: Warehouse, now: datetime) -> str:
    """Fields and kinds of value that no ad had before these days; the first day of a warehouse is no news."""
    raw = warehouse.raw("feed_fields")
    found = warehouse.query(
        f"select field, kind, extracted_at from {raw} where extracted_at >= "
        f"timestamp '{now - timedelta(days=FEW_DAYS):%F %T}' order by extracted_at desc, field"
    )
    first = warehouse.query(f"select min(extracted_at) from {raw}")
    begun = first[0][0] + timedelta(days=1) if first and first[0][0] else now
    new = [f"{field} ({kind}), since {_at(at)}" for field, kind, at in found if at > begun]
    return "\n".join(new[: 2 * LAST_LOADS]) or f"none in the last {FEW_DAYS} days"


def _owed(state: FeedState) -> str:
    failing = [(ad.failing_since, ad_id, ad.reason) for ad_id, ad in state.pending.items() if ad.reason]
    lines = [f"{len(state.pending):,}, of which {len(failing):,} have been asked for in vain"]
    for since, ad_id, reason in sorted(failing)[:LAST_LOADS]:
        lines.append(f"{ad_id}: {reason}, since {_at(since)}")
    return "\n".join(lines)


def _loads_table(loads: list[Load]) -> Table:
    table = Table(title="Last loads", title_justify="left")
    for heading in ("read at (UTC)", "rows new", "duplicate", "details owed", "behind the feed"):
        table.add_column(heading, justify="left" if "UTC" in heading else "right")
    for load in loads:
        newest = load.newest_event_at
        table.add_row(
            _at(load.extracted_at),
            f"{load.new:,}",
            f"{load.handed_over - load.new:,}",
            f"{load.details_owed:,}",
            _age(load.extracted_at, newest) if newest else "-",
        )
    return table


def _sources_table(sources: list[SourceLoads], now: datetime) -> Table:
    table = Table("source", title="Other sources", title_justify="left")
    for heading in ("last load (UTC)", "records read", "rows handed over", "rejects"):
        table.add_column(heading, justify="left" if "UTC" in heading else "right")
    for loads in sources:
        table.add_row(
            loads.source,
            f"{_at(loads.extracted_at)} ({_age(now, loads.extracted_at)} ago)",
            f"{loads.records:,}",
            f"{loads.rows:,}",
            f"{loads.rejects:,}",
        )
    return table


def _counts_table(counts: dict[str, int]) -> Table:
    table = Table("table", title="Rows", title_justify="left")
    table.add_column("rows", justify="right")
    for name, count in counts.items():
        table.add_row(name, f"{count:,}")
    return table


def _at(instant: datetime | None) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%S}" if instant else "-"


def _age(now: datetime, then: Any) -> str:
    return str(timedelta(seconds=max(0, round((now - then).total_seconds()))))
