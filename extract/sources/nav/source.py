"""NAV's Job Vacancy Feed as a dlt source.

    pages ──> events, closing events ──> details of the active ads ──> versions, features ──> dlt

One call of the source is one bounded load: pages, and once the newest page was read, details. Two passes make
a first run of 360,000 events cost some 13,000 details instead of 200,000: an ad that a later page shows to be
inactive is never asked for.

The cursor is in dlt's resource state, which is committed together with the rows: a crash in between leaves
the old state, and reading a page twice makes the same keys.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import dlt
import pyarrow as pa

from extract.errors import ConfigurationError
from extract.hashing import canonical_json, version_id
from extract.privacy.redact import redact, redact_text
from extract.schema import (
    AD_FEATURES,
    AD_VERSIONS,
    FEED_EVENTS,
    FEED_FIELDS,
    FEED_LOADS,
    FLAG,
    REJECTS,
    new_tables,
)
from extract.sources.loads import ACTIVE, microseconds
from extract.sources.nav.client import FeedConnection
from extract.sources.nav.details import SOURCE, DetailBatch, PendingAd, fetch_details
from extract.sources.nav.fields import MAX_FIELDS
from extract.sources.nav.pages import Walk, walk_pages
from extract.sources.nav.parse import Event, Reject
from extract.sources.nav.run import ExtractionRun
from extract.sources.nav.state import FeedState

BATCH = 200
"""Ads in a batch of details, at most: a megabyte of documents."""
MAX_LOAD_BYTES = 56 * 2**20
"""Of versions, after which a load asks for no more details: DuckDB merges them in memory."""
REJECT_CODE_PATHS = (
    "id",
    *(f"payload.{name}" for name in ("id", "_feed_entry.uuid", "_feed_entry.sistEndret")),
)

logger = logging.getLogger(__name__)


@dlt.source(name="nav_feed")
def nav_feed(run: ExtractionRun) -> Any:
    """The next bounded load of the run. Raises the errors of extract.errors."""

    @dlt.resource(name="feed")
    def feed() -> Iterator[Any]:
        stored = dlt.current.resource_state()
        host = urlsplit(run.settings.base_url).hostname or ""
        if run.state is None:
            run.begin(FeedState.load(stored, host))
        state = run.state
        assert state is not None
        if state.feed != host:
            raise ConfigurationError(
                f"This warehouse holds the ads of {state.feed}; those of {run.settings.base_url} would mix "
                "with them. Use another warehouse (warehouse.duckdb_path or warehouse.raw_dataset), or "
                "remove this one: `make clean` removes the embedded one."
            )
        yield from new_tables(stored)
        yield from _load(run, state, datetime.now(UTC))
        state.store(stored)

    return feed


def _load(run: ExtractionRun, state: FeedState, extracted_at: datetime) -> Iterator[Any]:
    """The items of one load; the state advances as they are yielded."""
    walk = Walk() if run.is_caught_up else asyncio.run(walk_pages(run, state))
    closing = [_closing_version(event, extracted_at) for event in walk.events if event.status != ACTIVE]
    if walk.events:
        yield FEED_EVENTS.item(FEED_EVENTS.batch(_event_row(event, extracted_at) for event in walk.events))
    if closing:
        yield AD_VERSIONS.item(AD_VERSIONS.batch(closing))
    rejects = walk.rejects
    seen = {row[1] for row in closing}
    fields: set[str] = set()
    versions, details = len(closing), 0
    if run.is_caught_up and not run.unavailable:
        run.finish_walk(walk.events)
        for batch in _details(run, state, extracted_at):
            details += len(batch.fetched) + len(batch.failed)
            rejects += batch.rejects
            fields |= batch.fields
            # An insert-only merge does not deduplicate inside a load, and an ad that was found inactive can
            # give the key of its own closing event.
            keys = batch.versions["version_id"].to_pylist()
            rows = batch.versions.filter(pa.array([key not in seen for key in keys], FLAG))
            seen.update(keys)
            if len(rows):
                versions += len(rows)
                yield AD_VERSIONS.item(rows)
            if len(batch.features):
                yield AD_FEATURES.item(batch.features)
    run.events += len(walk.events)
    run.details += details
    if new := sorted(fields - state.fields)[: max(0, MAX_FIELDS - len(state.fields))]:
        state.fields.update(new)
        yield FEED_FIELDS.item(FEED_FIELDS.batch((*name.rsplit(" ", 1), extracted_at) for name in new))
    if rejects:
        by_id = {row[0]: row for row in _reject_rows(rejects, extracted_at)}
        yield REJECTS.item(REJECTS.batch(by_id.values()))
    if walk.events or versions or rejects:
        counts = (len(walk.events), versions, details, len(state.pending), len(rejects))
        yield FEED_LOADS.item(FEED_LOADS.batch([_load_row(run, state, walk, counts, extracted_at)]))


def _details(run: ExtractionRun, state: FeedState, extracted_at: datetime) -> Iterator[DetailBatch]:
    """The next details, as many as a load takes; takes them out of what is pending."""
    room, loaded = run.settings.details_per_load, 0
    while loaded < MAX_LOAD_BYTES and not run.unavailable and (ads := run.next_details(room)):
        room -= len(ads)
        run.has_retried |= ads[0] in run.failed
        run.progress.pending_details(len(ads))
        for batch in _fetch(run, state, ads, extracted_at):
            loaded += batch.versions.nbytes
            run.unavailable = run.unavailable or batch.unavailable
            if run.unavailable or loaded >= MAX_LOAD_BYTES:
                run.executor.cancel_pending()
            for ad_id in batch.fetched:
                del state.pending[ad_id]
            for ad_id, reason in batch.failed.items():
                state.pending[ad_id] = state.pending[ad_id].failed(reason, extracted_at)
            run.failed.update(batch.failed)
            run.progress.details(len(batch.fetched), len(batch.failed))
            yield batch


def _fetch(
    run: ExtractionRun, state: FeedState, ads: list[str], extracted_at: datetime
) -> Iterator[DetailBatch]:
    """Fetch the details of the ads in batches; the bound on requests is shared by all workers."""
    workers = min(run.executor.workers, run.settings.concurrency)
    size = min(BATCH, -(-len(ads) // workers))
    pending = [PendingAd(ad, state.pending[ad].event_at, state.pending[ad].reason is not None) for ad in ads]
    batches = [pending[start : start + size] for start in range(0, len(pending), size)]
    fetch = partial(
        fetch_details,
        connection=FeedConnection.of(run.settings),
        token=run.token,
        connections=run.settings.concurrency // min(workers, len(batches)),
        extracted_at=extracted_at,
    )
    for batch, result, error in run.executor.map_batches(
        fetch, batches, max_in_flight=workers, on_progress=run.progress.batches
    ):
        if result:
            yield result
        else:
            reason = f"not fetched: {error}"
            logger.warning("%d details stay pending: %s", len(batch), reason)
            failed = {ad.ad_id: reason for ad in batch}
            yield DetailBatch(AD_VERSIONS.batch([]), AD_FEATURES.batch([]), [], failed, [])


def _event_row(event: Event, extracted_at: datetime) -> tuple[Any, ...]:
    return (event.ad_id, event.status, event.event_at, extracted_at, event.is_masked)


def _closing_version(event: Event, extracted_at: datetime) -> tuple[Any, ...]:
    version = version_id(event.ad_id, event.status, microseconds(event.event_at), None)
    return (event.ad_id, version, event.status, event.event_at, SOURCE, None, extracted_at)


def _reject_rows(rejects: Iterable[Reject], extracted_at: datetime) -> Iterator[tuple[Any, ...]]:
    for reject in rejects:
        redacted = redact({"id": reject.ad_id, "payload": reject.payload}, code_paths=REJECT_CODE_PATHS)
        ad_id, payload = redacted["id"], canonical_json(redacted["payload"])
        reason = redact_text(reject.reason)
        identity = f"{ad_id} {reason} {payload}".encode()
        reject_id = hashlib.blake2b(identity, digest_size=16).hexdigest()
        yield (reject_id, SOURCE, ad_id, reason, payload, extracted_at)


def _load_row(
    run: ExtractionRun, state: FeedState, walk: Walk, counts: tuple[int, ...], extracted_at: datetime
) -> tuple[Any, ...]:
    return (
        extracted_at.isoformat(),
        run.started_at,
        extracted_at,
        len(walk.pages),
        sum(len(page.entries) for page in walk.pages),
        *counts,
        state.newest_event_at,
        run.is_caught_up,
    )
