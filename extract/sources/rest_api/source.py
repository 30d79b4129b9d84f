"""A JSON API that the configuration declares, as a dlt source: its records in versions.

    pages (api_walks) ──> states (api_records) ──> those that are new ──> records, rejects ──> dlt

A run is one load. The newest time that a record told is kept in dlt's resource state, and the next run reads
from `look_back_days` before it, where the query says {since}.

A record that is as the warehouse last knew it gives no row, so that A, B and A again are three versions.
The key of a version is the hash of its state; where a record changed and its time did not, of its state and
of the version before: either way the same history makes the same keys, however often it is read.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple

import dlt

from extract.executors.bounded_map import map_in_threads
from extract.loading.load import prepare, run_load
from extract.schema import RECORDS, REJECTS, SOURCE_LOADS, new_tables
from extract.sources.rest_api.paging import Walks
from extract.sources.rest_api.records import Converted, Rejected, State, convert, digest
from extract.sources.rest_api.settings import Api
from extract.warehouses.base import Warehouse

WORKERS = 2
"""Pages under way: while one waits for the server, another is redacted."""
ROWS = 100_000
"""Of the warehouse, in one answer."""

logger = logging.getLogger(__name__)


class Known(NamedTuple):
    """The latest version of a record."""

    version_id: str
    state_hash: str
    changed_at: datetime | None


@dataclass
class Reading:
    """One run: what is known before it, and what it did."""

    api: Api
    known: dict[str, Known]
    """By the record's id."""
    seen: set[str]
    """Of rejects and versions, those that need not be handed over again."""
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    read: int = 0
    handed_over: int = 0
    rejects: int = 0

    def __str__(self) -> str:
        return (
            f"{self.api.name}: {self.read:,} records read, {self.handed_over:,} new or changed, "
            f"{self.rejects:,} rejects"
        )


def load_api(warehouse: Warehouse, api: Api) -> Reading:
    """Load what is new. Raises ConfigurationError, SourceUnavailable, JobMarketError: nothing is then loaded.

    Holds some 500 bytes in memory for each record that the warehouse has of this API.
    """
    pipeline = warehouse.pipeline()
    prepare(warehouse, pipeline)
    latest = (
        "select record_id, version_id, state_hash, changed_at from "
        f"{warehouse.raw('records')} where source = '{api.name}' qualify row_number() over (partition by "
        "record_id order by changed_at desc nulls last, extracted_at desc, version_id desc) = 1"
    )
    known = {
        row["record_id"]: Known(row["version_id"], row["state_hash"], row["changed_at"])
        for table in warehouse.read(latest, ROWS)
        for row in table.to_pylist()
    }
    rejects = warehouse.query(f"select reject_id from {warehouse.raw('rejects')} where source = '{api.name}'")
    reading = Reading(api, known, {reject_id for (reject_id,) in rejects})
    run_load(pipeline, declared(reading))
    logger.info("%s", reading)
    return reading


@dlt.source(name="api")
def declared(reading: Reading) -> Any:
    """The records of one run, and the time to go on from."""
    api = reading.api

    @dlt.resource(name=api.name)
    def records() -> Iterator[Any]:
        stored = dlt.current.resource_state()
        yield from new_tables(stored)
        newest = datetime.fromisoformat(stored["newest"]) if "newest" in stored else None
        walks = Walks(api, reading.started_at, newest)
        yield from _rows(reading, walks)
        if walks.newest:
            stored["newest"] = walks.newest.isoformat()

    return records


def _rows(reading: Reading, walks: Walks) -> Iterator[Any]:
    """The items of the load."""
    name, repeats = reading.api.name, 0
    personal: set[str] = set()
    begun_at = datetime.now(UTC)  # no row of the load is older, which dbt relies on
    for page in _in_order(map_in_threads(partial(convert, shape=walks.shape), walks.pages(), WORKERS)):
        personal |= page.personal
        reading.read += len(page.results)
        # twice on a page with the same time: the last one counts
        states = {(s.record_id, s.changed_at): s for s in page.results if isinstance(s, State)}
        rejects = {r.reject_id: r for r in page.results if isinstance(r, Rejected)}
        rows = [row for state in states.values() if (row := _row(reading, state, page.read_at))]
        bad = [(r.reject_id, name, None, r.reason, r.payload, begun_at) for r in rejects.values()]
        bad = [row for row in bad if row[0] not in reading.seen]
        reading.seen.update(row[0] for row in bad)
        reading.handed_over += len(rows)
        reading.rejects += len(bad)
        repeats += len(page.results) - len(rows) - len(bad)
        if rows:
            yield RECORDS.item(RECORDS.batch(rows))
        if bad:
            yield REJECTS.item(REJECTS.batch(bad))
    for path in sorted(set(walks.shape.personal) - personal) if reading.read else ():
        logger.warning("sources.api.%s.personal: no record had %r in this run", name, path)
    if reading.handed_over or reading.rejects:
        counts = (reading.read, reading.handed_over, repeats, reading.rejects)
        key = f"{name} {begun_at.isoformat()}"
        yield SOURCE_LOADS.item(SOURCE_LOADS.batch([(key, name, reading.started_at, begun_at, *counts)]))


def _in_order(pages: Iterable[Converted]) -> Iterator[Converted]:
    """The pages as they were read: which state is the latest hangs on it."""
    waiting: dict[int, Converted] = {}
    number = 0
    for page in pages:
        waiting[page.page] = page
        while number in waiting:
            yield waiting.pop(number)
            number += 1


def _row(reading: Reading, state: State, read_at: datetime) -> tuple[Any, ...] | None:
    """The row of a version that may be new, which is then the latest known; None for one that is known."""
    record_id, state_hash, changed_at, document = state
    latest = reading.known.get(record_id)
    if latest and latest.state_hash == state_hash:
        return None
    version_id = state_hash
    if latest and latest.changed_at == changed_at:
        version_id = digest([state_hash, latest.version_id])
    key = f"{record_id} {version_id}"
    if key in reading.seen:
        return None
    reading.seen.add(key)
    if latest is None or latest.changed_at is None or (changed_at and changed_at >= latest.changed_at):
        reading.known[record_id] = Known(version_id, state_hash, changed_at)
    return (reading.api.name, record_id, version_id, state_hash, changed_at, document, read_at)
