"""NAV's Job Vacancy Feed, read into the warehouse load after load.

    pages ──> events, closing events ──> details of the active ads ──> versions, features ──> dlt

A load reads at most `pages_per_load` pages. Details are fetched only after the newest page was read, so an ad
that a later page closes is never asked for: 13,000 details instead of 200,000.

The cursor is in dlt's resource state, which is committed together with the rows: a crash in between leaves
the old state, and reading a page twice makes the same keys.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from extract.config import FeedSettings
from extract.errors import ConfigurationError, SourceUnavailable
from extract.executors.bounded_map import BatchExecutor
from extract.loading.load import recover_local_state
from extract.monitoring.progress import Progress
from extract.schema import AD_FEATURES, AD_VERSIONS, FEED_EVENTS, FEED_FIELDS, FEED_LOADS, RawTable
from extract.sources.loads import ACTIVE, FEED, LoadLog, Row, ad_rows, load
from extract.sources.nav.details import DetailBatch, fetch_details
from extract.sources.nav.pages import Walk, walk_pages
from extract.sources.nav.run import ExtractionRun
from extract.sources.nav.state import FeedState
from extract.warehouses.base import Warehouse

BATCH = 200
"""Ads in a batch of details, at most: a megabyte of documents."""
MAX_LOAD_BYTES = 56 * 2**20
"""A load with this much of documents asks for no more details: DuckDB merges them in memory."""
MAX_FIELDS = 1000
"""Fields that are remembered; later ones are kept in the documents only."""

logger = logging.getLogger(__name__)


def extract_feed(
    warehouse: Warehouse,
    settings: FeedSettings,
    executor: BatchExecutor,
    progress: Progress,
    since: datetime | None = None,
    now: datetime | None = None,
) -> ExtractionRun:
    """Read what is new in the feed and load it until nothing is left.

    `since` (UTC) reads the feed again from there; without it the cursor is followed. `now` is the time
    of the run (UTC). Raises SourceUnavailable if the feed fails, after what was read before it is loaded.
    Raises ConfigurationError if the token is refused, and JobMarketError if a load fails.
    """
    pipeline = warehouse.pipeline()
    run = ExtractionRun(settings, warehouse, executor, progress, since)
    run.finished = recover_local_state(warehouse, pipeline)
    run.started_at = now or run.started_at
    while not run.is_done:
        run.loads += load(pipeline, "nav_feed", FEED, partial(items, run))
    if run.unavailable:
        raise SourceUnavailable(run.unavailable)
    return run


def items(run: ExtractionRun, stored: dict[str, Any]) -> Iterator[Any]:
    """dlt's items of the next load; the state advances as they are yielded."""
    host = urlsplit(run.settings.base_url).hostname or ""
    if run.state is None:
        run.state = FeedState.load(stored, host)
        run.known_entries = run.state.seen_fingerprints()
    if run.state.feed != host:
        raise ConfigurationError(
            f"This warehouse holds the ads of {run.state.feed}; those of {run.settings.base_url} would mix "
            "with them. Use another warehouse (warehouse.duckdb_path or warehouse.raw_dataset), or "
            "remove this one: `make clean` removes the embedded one."
        )
    yield from _load(run, run.state, LoadLog(FEED, started_at=run.started_at))
    run.state.store(stored)


def _load(run: ExtractionRun, state: FeedState, log: LoadLog) -> Iterator[Any]:
    walk, extracted_at = Walk(), log.extracted_at
    if not run.is_caught_up:
        walk = asyncio.run(walk_pages(run, state))
    closing = [
        ad_rows(*event[:3], FEED, None, extracted_at)[0] for event in walk.events if event.status != ACTIVE
    ]
    yield from _item(FEED_EVENTS, ((*event[:3], extracted_at, event.is_masked) for event in walk.events))
    yield from _item(AD_VERSIONS, closing)
    # An insert-only merge does not deduplicate inside a load, and an ad that was found inactive can
    # give the key of its own closing event.
    seen = {row[1] for row in closing}
    submitted, details, rejects, fields = len(closing), 0, [*walk.rejects], set[str]()
    if run.is_caught_up and not run.unavailable:
        run.queue_daily_rereads(state, walk.events)
        for batch in _details(run, state, extracted_at):
            versions = [row for row in batch.versions if row[1] not in seen]
            seen.update(row[1] for row in versions)
            yield from _item(AD_VERSIONS, versions)
            yield from _item(AD_FEATURES, batch.features)
            submitted += len(versions)
            details += len(batch.fetched) + len(batch.failed)  # asked for; some failed or are rejects
            rejects += batch.rejects
            fields |= batch.fields
    run.events += len(walk.events)
    run.details += details
    new = sorted(fields - state.fields)[: max(0, MAX_FIELDS - len(state.fields))]
    state.fields.update(new)
    yield from _item(FEED_FIELDS, ((*name.rsplit(" ", 1), extracted_at) for name in new))
    yield from log.reject(rejects)
    if walk.events or submitted or rejects:
        row = {
            "load_key": extracted_at.isoformat(),
            "started_at": log.started_at,
            "extracted_at": extracted_at,
            "pages_read": walk.pages,
            "events_read": walk.entries,
            "events_handed_over": len(walk.events),
            "versions_handed_over": submitted,
            "details_fetched": details,
            "details_owed": len(state.pending),
            "rejects": len(rejects),
            "newest_event_at": state.newest_event_at,
            "is_at_tip": run.is_caught_up,
        }
        yield from _item(FEED_LOADS, [tuple(row[name] for name in FEED_LOADS.schema.names)])


def _item(table: RawTable, rows: Iterable[Row]) -> Iterator[Any]:
    """The rows for dlt, if there are any."""
    if len(batch := table.batch(rows)):
        yield table.item(batch)


def _details(run: ExtractionRun, state: FeedState, extracted_at: datetime) -> Iterator[DetailBatch]:
    """The next details, as many as a load takes; takes them out of what is pending."""
    room, loaded = run.settings.details_per_load, 0
    while loaded < MAX_LOAD_BYTES and not run.unavailable and (ads := run.next_details(room)):
        room -= len(ads)
        run.has_retried |= ads[0] in run.failed
        run.progress.pending_details(len(ads))
        for batch in _fetch(run, state, ads, extracted_at):
            loaded += sum(len(document or "") for *_, document, _ in batch.versions)
            run.unavailable = run.unavailable or batch.unavailable
            if run.unavailable or loaded >= MAX_LOAD_BYTES:
                run.executor.cancel_pending()
            for ad_id in batch.fetched:
                del state.pending[ad_id]
            for ad_id, reason in batch.failed.items():
                state.pending[ad_id] = state.pending[ad_id]._replace(reason=reason)
            run.failed.update(batch.failed)
            run.progress.details(len(batch.fetched), len(batch.failed))
            yield batch


def _fetch(
    run: ExtractionRun, state: FeedState, ads: list[str], extracted_at: datetime
) -> Iterator[DetailBatch]:
    """Fetch the details of the ads in batches; the bound on requests is shared by all workers."""
    workers = min(run.executor.workers, run.settings.concurrency)
    size = min(BATCH, -(-len(ads) // workers))
    batches = [
        {ad_id: state.pending[ad_id] for ad_id in ads[start : start + size]}
        for start in range(0, len(ads), size)
    ]
    limit = run.settings.concurrency // min(workers, len(batches))
    fetch = partial(fetch_details, endpoint=run.endpoint, max_requests=limit, extracted_at=extracted_at)
    for batch, result, error in run.executor.map_batches(
        fetch, batches, max_in_flight=workers, on_progress=run.progress.batches
    ):
        if result is None:
            reason = f"not fetched: {error}"
            logger.warning("%d details stay pending: %s", len(batch), reason)
        yield result or DetailBatch(failed=dict.fromkeys(batch, reason))
