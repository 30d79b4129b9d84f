"""Recompute the text features of versions that are in the warehouse, where the rules have changed since.

    ad_versions without features of today's RULES_VERSION ──> engine ──> ad_features, insert-only

Partition by partition (the month of reading), each in bounded loads. What is lacking is asked of the
warehouse itself, so a run that ended anywhere goes on where it ended, and a run with nothing to do writes
nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple

import dlt
import orjson
import pyarrow as pa

from extract.errors import JobMarketError
from extract.executors.engine import Engine
from extract.features import rules as features
from extract.loading.load import prepare, run_load
from extract.monitoring.progress import Progress
from extract.schema import AD_FEATURES
from extract.warehouses.base import Warehouse

BATCH = 500
"""Versions in a batch: two or three megabytes of documents."""
VERSIONS_PER_LOAD = 50_000
"""A load is kept once it is done."""

logger = logging.getLogger(__name__)


class Partition(NamedTuple):
    """Versions of one month of reading (UTC) that lack features."""

    year: int
    month: int
    versions: int


@dataclass
class Reprocessed:
    """What a run did, in versions."""

    described: int = 0
    failed: dict[tuple[str, str], str] = field(default_factory=dict)
    """(ad_id, version_id) to the reason."""
    loads: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        if not self.described:
            return f"every version has its features by rules version {features.RULES_VERSION}"
        return (
            f"{self.described:,} versions described by rules version {features.RULES_VERSION} in "
            f"{len(self.loads)} loads"
        )


def describe_versions(batch: pa.Table, rules_version: int, extracted_at: datetime) -> pa.Table:
    """Rows of `ad_features` for versions (ad_id, version_id, document); pure.

    The documents are redacted already. `rules_version` is that of `features`, which the caller knows too.
    """
    columns = (batch[name].to_pylist() for name in ("ad_id", "version_id", "document"))
    return AD_FEATURES.batch(
        (ad_id, version_id, rules_version, *features.of_ad(orjson.loads(document)), extracted_at)
        for ad_id, version_id, document in zip(*columns, strict=True)
    )


def reprocess(warehouse: Warehouse, engine: Engine, progress: Progress) -> Reprocessed:
    """Bring `ad_features` up to today's rules.

    Raises JobMarketError once all else is loaded if versions could not be described; it names the first.
    """
    pipeline = warehouse.pipeline()
    prepare(warehouse, pipeline)
    done = Reprocessed()
    partitions = lacking(warehouse)
    total = sum(partition.versions for partition in partitions)
    for partition in partitions:
        logger.info("%d-%02d: %d versions to describe", *partition)
        left, before = partition.versions, -1
        while left > 0 and done.described > before:
            before = done.described
            done.loads += run_load(pipeline, _one_load(warehouse, engine, progress, partition, done, total))
            left -= done.described - before
    if done.failed:
        (ad_id, version_id), reason = next(iter(done.failed.items()))
        raise JobMarketError(
            f"{done}; {len(done.failed)} could not be described, first version {version_id} of ad {ad_id}: "
            f"{reason}. The others are loaded; run again to try these once more."
        )
    return done


def lacking(warehouse: Warehouse) -> list[Partition]:
    """The partitions with versions that lack features of today's rules, oldest first."""
    year, month = "extract(year from extracted_at)", "extract(month from extracted_at)"
    return [
        Partition(*row)
        for row in warehouse.query(
            f"select {year}, {month}, count(*) from {_lacking(warehouse)} group by 1, 2 order by 1, 2"
        )
    ]


@dlt.source(name="reprocess")
def _one_load(
    warehouse: Warehouse,
    engine: Engine,
    progress: Progress,
    partition: Partition,
    done: Reprocessed,
    total: int,
) -> Any:
    @dlt.resource(name="versions")
    def versions() -> Iterator[Any]:
        describe = partial(
            describe_versions, rules_version=features.RULES_VERSION, extracted_at=datetime.now(UTC)
        )
        batches = _read(warehouse, partition)
        # Twice the slots: the next batch is there when a worker is done with one.
        for outcome in engine.map(
            describe,
            batches,
            at_once=2 * engine.slots,
            expected=partition.versions // BATCH,
            watch=progress.batches,
        ):
            if outcome.result is None:
                keys = zip(
                    *(outcome.batch[name].to_pylist() for name in ("ad_id", "version_id")), strict=True
                )
                done.failed.update(dict.fromkeys(keys, outcome.failure or ""))
            else:
                done.described += len(outcome.result)
                progress.described(done.described, total)
                yield AD_FEATURES.item(outcome.result)

    return versions


def _read(warehouse: Warehouse, partition: Partition) -> Iterator[pa.Table]:
    """The next versions of the partition that lack features, in batches."""
    year, month = partition.year, partition.month
    until = (year + month // 12, month % 12 + 1)
    return warehouse.read(
        f"select ad_id, version_id, document from {_lacking(warehouse)} "
        f"where extracted_at >= timestamp '{year:04d}-{month:02d}-01 00:00:00+00' "
        f"and extracted_at < timestamp '{until[0]:04d}-{until[1]:02d}-01 00:00:00+00' "
        f"limit {VERSIONS_PER_LOAD}",
        BATCH,
    )


def _lacking(warehouse: Warehouse) -> str:
    """Not those without text: where it was removed (`privacy.retention`) what older rules read stays."""
    return (
        f"(select versions.* from {warehouse.raw('ad_versions')} versions where ("
        "json_value(document, '$.title') is not null or json_value(document, '$.description') is not null) "
        f"and not exists (select 1 from {warehouse.raw('ad_features')} known "
        "where known.ad_id = versions.ad_id and known.version_id = versions.version_id "
        f"and known.rules_version = {features.RULES_VERSION})) lacking"
    )
