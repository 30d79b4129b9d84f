"""The business register (Enhetsregisteret): its main units and sub-units in the warehouse as they are now.

    first, and every reload_days:  bulk download ──> the units that are new or changed ──> dlt
    else:                          updates since the last one ──> the units they name ──> the same

A download is read to its end before anything is loaded, so one that is damaged changes nothing. Which update
to go on from is kept in dlt's resource state. A unit that is deleted keeps its row: the ads of its time keep
their industry. Of a unit only what the models need is kept, and no name: a sole trader's is a person's.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from extract.config import RegisterSettings
from extract.hashing import hash_of
from extract.loading.load import recover_local_state
from extract.privacy.redact import is_organisation_number
from extract.schema import UNITS
from extract.sources.brreg.client import KINDS, RegisterClient, reject
from extract.sources.loads import LoadLog, Reject, Row, known_rejects, load
from extract.warehouses.base import Warehouse

SOURCE = "register"
ROWS = 100_000
"""How many rows of the warehouse are read at once."""
BATCH = 5_000
"""Units in a batch of the download: some twenty megabytes while they are Python objects."""
SLACK = timedelta(hours=1)
"""Updates are read from so long before the download was made; a unit that did not change is not written."""
AGE_OF_DOWNLOAD = timedelta(days=2)
"""The age of a download of which the server does not say when it was made: it is made at night."""

logger = logging.getLogger(__name__)


def load_register(warehouse: Warehouse, settings: RegisterSettings) -> str:
    """Load what is new; returns what was done.

    Raises SourceUnavailable, ConfigurationError, JobMarketError.
    """
    pipeline = warehouse.pipeline()
    recover_local_state(warehouse, pipeline)
    lines = []
    log = LoadLog(SOURCE, seen_rejects=known_rejects(warehouse, SOURCE))
    for kind in KINDS:
        logs: list[LoadLog] = []
        what, is_last = "", False
        while not is_last:
            logs.append(LoadLog(SOURCE, kind, log.started_at, seen_rejects=log.seen_rejects))
            one = RegisterLoad(warehouse, settings, kind, logs[-1])
            load(pipeline, SOURCE, "units", one.items)
            what, is_last = what or one.what, one.is_last
        read, new, bad = (sum(getattr(each, n) for each in logs) for n in ("read", "submitted", "rejected"))
        lines.append(
            f"{kind.replace('_', ' ')}s: {what}, {read:,} read, {new:,} new or changed, {bad:,} rejects"
        )
        logger.info(lines[-1])
    return "\n".join(lines)


class RegisterLoad:
    """One load of one kind of unit."""

    def __init__(self, warehouse: Warehouse, settings: RegisterSettings, kind: str, log: LoadLog) -> None:
        self.kind, self.settings, self.log = kind, settings, log
        self.folder: Path = warehouse.pipelines_dir / "register"
        self.what, self.is_last = "updates followed", True
        known = f"select state_hash from {warehouse.raw('units')} where kind = '{kind}'"
        self.known = {one for table in warehouse.read(known, ROWS) for one in table["state_hash"].to_pylist()}

    def items(self, stored: dict[str, Any]) -> Iterator[Any]:
        """dlt's items: the units that are not in the warehouse as they are; moves the kind's state on."""
        state = dict(stored.get(self.kind, {}))
        yield from self.log.items(self._rows(self._units(state)), UNITS, size=BATCH)
        stored[self.kind] = state

    def _units(self, state: dict[str, Any]) -> Iterator[Any]:
        """The units to look at, as the register answers them, and rejects; moves the state on."""
        client, started_at = RegisterClient(self.settings, self.kind), self.log.started_at
        due_after = timedelta(days=self.settings.reload_days)
        if state and started_at - datetime.fromisoformat(state["reloaded_at"]) < due_after:
            units, self.is_last = client.changed_units(state)
            yield from units
            return
        self.what = "all downloaded"
        yield from client.download(self.folder)
        since = (client.made_at or started_at - AGE_OF_DOWNLOAD) - SLACK
        state.clear()
        state["reloaded_at"] = started_at.isoformat()
        state["since"] = since.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def _rows(self, units: Iterable[Any]) -> Iterator[list[Row] | Reject | None]:
        seen: set[str] = set()  # a merge does not deduplicate inside a load
        for unit in units:
            row = unit if isinstance(unit, Reject) else self._row(unit)
            if isinstance(row, Reject):
                yield row
                continue
            number, state_hash = row[0], row[-2]
            yield None if number in seen or state_hash in self.known else [row]
            seen.add(number)

    def _row(self, unit: Any) -> Row | Reject:
        """The unit's row of `units`; its `state_hash` is that of the columns before."""
        number = unit.get("organisasjonsnummer") if isinstance(unit, dict) else None
        if not is_organisation_number(number):
            return reject("a unit without a number of nine digits", number)
        parent = unit.get("overordnetEnhet")
        parent = parent if is_organisation_number(parent) else None
        codes = (_code(unit.get("naeringskode1")), _code(unit.get("organisasjonsform")))
        columns = (number, self.kind, parent, *codes)
        return (*columns, hash_of(repr(columns)), self.log.extracted_at)


def _code(value: Any) -> str | None:
    code = value.get("kode") if isinstance(value, dict) else None
    return code if isinstance(code, str) else None
