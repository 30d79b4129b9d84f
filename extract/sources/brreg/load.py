"""The business register (Enhetsregisteret): its main units and sub-units in the warehouse as they are now.

    first, and every reload_days:  bulk download ──> the units that are new or changed ──> dlt
    else:                          updates since the last one ──> the units they name ──> the same

A download is read to its end before anything is loaded, so one that is damaged changes nothing. Which update
to go on from is kept in dlt's resource state. A unit that is deleted keeps its row: the ads of its time keep
their industry.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import dlt

from extract.config import RegisterSettings
from extract.errors import SourceUnavailable
from extract.loading.load import prepare, run_load
from extract.schema import UNITS, new_tables
from extract.sources.brreg.download import BulkFile
from extract.sources.brreg.units import KINDS, SOURCE, Kind, UnitRow, unit_row
from extract.sources.brreg.updates import Updates
from extract.sources.http import HttpSettings
from extract.sources.load_log import LoadLog, Reject
from extract.warehouses.base import Warehouse

ROWS = 100_000
"""Of the warehouse, in one answer."""
BATCH = 5_000
"""Units in a batch of the download: some twenty megabytes while they are Python objects."""
SLACK = timedelta(hours=1)
"""Updates are read from so long before the download was made; a unit that did not change is not written."""
AGE_OF_DOWNLOAD = timedelta(days=2)
"""The age of a download of which the server does not say when it was made: it is made at night."""

logger = logging.getLogger(__name__)


@dataclass
class RegisterLoad:
    """One load of one kind of unit."""

    kind: Kind
    settings: RegisterSettings
    folder: Path
    """Where downloads are kept."""
    known: set[int]
    """The state_hash of every unit of that kind in the warehouse."""
    log: LoadLog
    is_reload: bool = False
    is_last: bool = False


def load_register(warehouse: Warehouse, settings: RegisterSettings) -> str:
    """Load what is new; returns what was done.

    Raises SourceUnavailable, ConfigurationError, JobMarketError.
    """
    pipeline = warehouse.pipeline()
    prepare(warehouse, pipeline)
    lines = []
    started_at = datetime.now(UTC)
    rejects = warehouse.query(f"select reject_id from {warehouse.raw('rejects')} where source = '{SOURCE}'")
    seen = {reject_id for (reject_id,) in rejects}
    for kind in KINDS:
        loads: list[RegisterLoad] = []
        while not loads or not loads[-1].is_last:
            known = f"select state_hash from {warehouse.raw('units')} where kind = '{kind.name}'"
            hashes = {
                value for table in warehouse.read(known, ROWS) for value in table["state_hash"].to_pylist()
            }
            log = LoadLog(SOURCE, kind.name, started_at=started_at, seen_rejects=seen)
            loads.append(RegisterLoad(kind, settings, warehouse.pipelines_dir / "register", hashes, log))
            run_load(pipeline, register(loads[-1]))
        what = "all downloaded" if loads[0].is_reload else "updates followed"
        read, new, bad = (
            sum(getattr(one.log, name) for one in loads) for name in ("read", "submitted", "rejected")
        )
        lines.append(f"{kind.shown}: {what}, {read:,} read, {new:,} new or changed, {bad:,} rejects")
        logger.info(lines[-1])
    return "\n".join(lines)


@dlt.source(name=SOURCE)
def register(load: RegisterLoad) -> Any:
    """The next load of one kind of unit; nothing is loaded if it raises one of our errors."""

    @dlt.resource(name="units")
    def units() -> Iterator[Any]:
        stored = dlt.current.resource_state()
        yield from new_tables(stored)
        state = dict(stored.get(load.kind.name, {}))
        days = timedelta(days=load.settings.reload_days)
        if not state or load.log.started_at - datetime.fromisoformat(state["reloaded_at"]) >= days:
            yield from _items(load, _download(load, state))
        else:
            updates = Updates(load.settings, load.kind, state)
            yield from _items(load, updates.units())
            load.is_last = updates.is_last
        stored[load.kind.name] = state

    return units


def _download(load: RegisterLoad, state: dict[str, Any]) -> Iterator[Any]:
    """All units; sets the state to go on from."""
    load.is_reload = load.is_last = True
    url = f"{load.settings.base_url}/api/{load.kind.path}/lastned"
    file = BulkFile(HttpSettings.of(load.settings), url, load.folder, load.kind.path)
    made_at = file.fetch() or load.log.started_at - AGE_OF_DOWNLOAD
    count = 0
    for unit in file.units():
        count += 1
        yield unit
    file.discard()
    if not count:
        raise SourceUnavailable(
            f"{url} sent a file without units. Nothing in the warehouse has changed; try later."
        )
    state.clear()
    state["reloaded_at"] = load.log.started_at.isoformat()
    state["since"] = (made_at - SLACK).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _items(load: RegisterLoad, units: Iterable[Any]) -> Iterator[Any]:
    """The items of one load: the units that are not in the warehouse as they are."""
    log, numbers, remaining = load.log, set[str](), iter(units)
    while batch := list(islice(remaining, BATCH)):
        log.read += len(batch)
        results = [
            unit if isinstance(unit, Reject) else unit_row(load.kind.name, unit, log.extracted_at)
            for unit in batch
        ]
        rows: dict[str, UnitRow] = {}
        for row in results:
            # a merge does not deduplicate inside a load
            if isinstance(row, UnitRow) and row.organisation_number not in numbers:
                numbers.add(row.organisation_number)
                if row.state_hash not in load.known:
                    rows[row.organisation_number] = row
        log.submitted += len(rows)
        if rows:
            yield UNITS.item(UNITS.batch(rows.values()))
        yield from log.reject(result for result in results if isinstance(result, Reject))
    if log.read:
        yield log.counts()
