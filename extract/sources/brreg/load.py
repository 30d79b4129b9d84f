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
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import dlt

from extract.config import RegisterSettings
from extract.loading.load import prepare, run_load
from extract.schema import UNITS, new_tables
from extract.sources.brreg.client import KINDS, RegisterClient
from extract.sources.brreg.units import SOURCE, STATE_HASH, unit_row
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


class RegisterLoad:
    """One load of one kind of unit."""

    def __init__(self, warehouse: Warehouse, settings: RegisterSettings, kind: str, log: LoadLog) -> None:
        self.kind, self.settings, self.log = kind, settings, log
        self.folder = warehouse.pipelines_dir / "register"
        self.client = RegisterClient(settings, kind)
        self.is_reload = False
        known = f"select state_hash from {warehouse.raw('units')} where kind = '{kind}'"
        self.known = {one for table in warehouse.read(known, ROWS) for one in table["state_hash"].to_pylist()}

    def units(self, state: dict[str, Any]) -> Iterator[Any]:
        """The units to look at, as the register answers them, and rejects; moves the state on."""
        started_at = self.log.started_at
        due_after = timedelta(days=self.settings.reload_days)
        self.is_reload = not state or started_at - datetime.fromisoformat(state["reloaded_at"]) >= due_after
        if not self.is_reload:
            yield from self.client.changed_units(state)
            return
        yield from self.client.download(self.folder)
        since = (self.client.made_at or started_at - AGE_OF_DOWNLOAD) - SLACK
        state.clear()
        state["reloaded_at"] = started_at.isoformat()
        state["since"] = since.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def items(self, units: Iterable[Any]) -> Iterator[Any]:
        """The items of the load: the units that are not in the warehouse as they are."""
        log, seen, remaining = self.log, set[str](), iter(units)
        while batch := list(islice(remaining, BATCH)):
            log.read += len(batch)
            rows, rejects = [], []
            for unit in batch:
                row = unit if isinstance(unit, Reject) else unit_row(self.kind, unit, log.extracted_at)
                if isinstance(row, Reject):
                    rejects.append(row)
                elif row[0] not in seen:  # a merge does not deduplicate inside a load
                    seen.add(row[0])
                    if row[STATE_HASH] not in self.known:
                        rows.append(row)
            log.submitted += len(rows)
            if rows:
                yield UNITS.item(UNITS.batch(rows))
            yield from log.reject(rejects)
        if log.read:
            yield log.counts()


def load_register(warehouse: Warehouse, settings: RegisterSettings) -> str:
    """Load what is new; returns what was done.

    Raises SourceUnavailable, ConfigurationError, JobMarketError.
    """
    pipeline = warehouse.pipeline()
    prepare(warehouse, pipeline)
    lines, started_at = [], datetime.now(UTC)
    rejects = warehouse.query(f"select reject_id from {warehouse.raw('rejects')} where source = '{SOURCE}'")
    seen = {reject_id for (reject_id,) in rejects}
    for kind in KINDS:
        loads: list[RegisterLoad] = []
        while not loads or not (loads[-1].is_reload or loads[-1].client.is_last):
            log = LoadLog(SOURCE, kind, started_at=started_at, seen_rejects=seen)
            loads.append(RegisterLoad(warehouse, settings, kind, log))
            run_load(pipeline, register(loads[-1]))
        what = "all downloaded" if loads[0].is_reload else "updates followed"
        counts = ("read", "submitted", "rejected")
        read, new, bad = (sum(getattr(load.log, count) for load in loads) for count in counts)
        lines.append(
            f"{kind.replace('_', ' ')}s: {what}, {read:,} read, {new:,} new or changed, {bad:,} rejects"
        )
        logger.info(lines[-1])
    return "\n".join(lines)


@dlt.source(name=SOURCE)
def register(load: RegisterLoad) -> Any:
    """The next load of one kind of unit; nothing is loaded if it raises one of our errors."""

    @dlt.resource(name="units")
    def units() -> Iterator[Any]:
        stored = dlt.current.resource_state()
        yield from new_tables(stored)
        state = dict(stored.get(load.kind, {}))
        yield from load.items(load.units(state))
        stored[load.kind] = state

    return units
