"""Recompute the text features of the versions in the warehouse when the rules have changed.

    ad_versions without features of the current RULES_VERSION ──> executor ──> ad_features, insert-only

The warehouse itself is asked what is missing: a run that was stopped goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

import orjson
import pyarrow as pa

from extract.errors import JobMarketError
from extract.executors.bounded_map import BatchExecutor
from extract.features import rules as features
from extract.loading.load import recover_local_state
from extract.monitoring.progress import Progress
from extract.schema import AD_FEATURES
from extract.sources.loads import Row, load
from extract.warehouses.base import Warehouse

BATCH = 500
"""Versions in a batch: two or three megabytes of documents."""
VERSIONS_PER_LOAD = 50_000
"""A completed load is kept, whatever happens after it."""


@dataclass
class Reprocessed:
    """What a run did, in versions."""

    described: int = 0
    failed: list[str] = field(default_factory=list)
    """Versions of the last load with the reason; a load reads those again that failed in the one before."""
    loads: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        rules = f"rules version {features.RULES_VERSION}"
        if not self.described:
            return f"every version has its features by {rules}"
        return f"{self.described:,} versions described by {rules} in {len(self.loads)} loads"


def describe_versions(
    batch: pa.Table, rules_version: int, extracted_at: datetime
) -> tuple[list[Row], list[str]]:
    """Rows of `ad_features` for (ad_id, version_id, document), and the versions that failed; pure."""
    rows, failed = [], []
    for ad_id, version_id, document in zip(*(column.to_pylist() for column in batch.columns), strict=True):
        try:
            described = features.of_ad(orjson.loads(document))
            rows.append((ad_id, version_id, rules_version, *described, extracted_at))
        except Exception as error:
            failed.append(f"version {version_id} of ad {ad_id}: {type(error).__name__}: {error}")
    return rows, failed


def reprocess(warehouse: Warehouse, executor: BatchExecutor, progress: Progress) -> Reprocessed:
    """Bring `ad_features` up to the current rules.

    Raises JobMarketError, once all others are loaded, if versions could not be described; it names the first.
    """
    pipeline = warehouse.pipeline()
    recover_local_state(warehouse, pipeline)
    missing = without_features(warehouse)
    [(total,)] = warehouse.query(f"select count(*) from {missing}")
    done, before = Reprocessed(), -1

    def one_load(_: dict[str, Any]) -> Iterator[Any]:
        describe = partial(
            describe_versions, rules_version=features.RULES_VERSION, extracted_at=datetime.now(UTC)
        )
        for batch, result, error in executor.map_batches(
            describe,
            warehouse.read(f"select * from {missing} limit {VERSIONS_PER_LOAD}", BATCH),
            max_in_flight=2 * executor.workers,
            on_progress=progress.batches,
        ):
            rows, failed = result or ([], [f"version {key}: {error}" for key in batch["version_id"]])
            done.failed += failed
            done.described += len(rows)
            progress.described(done.described, total)
            if rows:
                yield AD_FEATURES.item(AD_FEATURES.batch(rows))

    while before < done.described < total:
        before, done.failed = done.described, []
        done.loads += load(pipeline, "reprocess", "versions", one_load)
    if done.failed:
        raise JobMarketError(
            f"{done}; {len(done.failed)} could not be described, first {done.failed[0]}. The others are "
            "loaded; run again to retry these."
        )
    return done


def without_features(warehouse: Warehouse) -> str:
    """SQL of the versions with a text and without features of the current rules.

    Where `loading.retention` removed the text, the features of older rules stay.
    """
    return (
        f"(select ad_id, version_id, document from {warehouse.raw('ad_versions')} versions where ("
        "json_value(document, '$.title') is not null or json_value(document, '$.description') is not null) "
        f"and not exists (select 1 from {warehouse.raw('ad_features')} known "
        "where known.ad_id = versions.ad_id and known.version_id = versions.version_id "
        f"and known.rules_version = {features.RULES_VERSION})) without_features"
    )
