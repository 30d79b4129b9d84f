"""Bring the units in the warehouse up to the business register: one kind after the other."""

from __future__ import annotations

import logging
from array import array
from dataclasses import dataclass, field

import pyarrow as pa

from extract.config import RegisterSettings
from extract.loading.load import prepare, run_load
from extract.sources.brreg.units import KINDS, Kind, Reading, register
from extract.warehouses.base import Warehouse

NAMES = {"main_unit": "main units", "sub_unit": "sub-units"}

ROWS = 100_000
"""Of the warehouse, in one answer."""

logger = logging.getLogger(__name__)


@dataclass
class RegisterSummary:
    """What a run did, by kind of unit."""

    lines: list[str] = field(default_factory=list)

    def add(self, kind: Kind, readings: list[Reading]) -> None:
        """Take in the loads of one kind."""
        read, changed, rejects = (
            sum(getattr(reading, name) for reading in readings) for name in ("read", "changed", "rejects")
        )
        what = "all downloaded" if any(reading.is_reload for reading in readings) else "updates followed"
        line = f"{NAMES[kind.name]}: {what}, {read:,} read, {changed:,} new or changed, {rejects:,} rejects"
        logger.info(line)
        self.lines.append(line)

    def __str__(self) -> str:
        return "\n".join(self.lines)


def load_register(warehouse: Warehouse, settings: RegisterSettings) -> RegisterSummary:
    """Load what is new; a damaged download changes nothing. Raises SourceUnavailable, JobMarketError."""
    pipeline = warehouse.pipeline()
    prepare(warehouse, pipeline)
    summary = RegisterSummary()
    for kind in KINDS:
        readings: list[Reading] = []
        while not readings or not readings[-1].is_done:
            reading = Reading(kind, settings, warehouse.pipelines_dir / "register", _known(warehouse, kind))
            readings.append(reading)
            run_load(pipeline, register(reading))
        summary.add(kind, readings)
    return summary


def _known(warehouse: Warehouse, kind: Kind) -> array[int]:
    """The hashes of the units of that kind that the warehouse holds, sorted."""
    sql = f"select state_hash from {warehouse.raw('units')} where kind = '{kind.name}'"
    hashes: array[int] = array("q")
    tables = list(warehouse.read(sql, ROWS))
    if any(map(len, tables)):
        hashes.frombytes(pa.concat_tables(tables)["state_hash"].combine_chunks().sort().buffers()[1])
    return hashes
