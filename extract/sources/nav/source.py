"""NAV's Job Vacancy Feed as a dlt source.

    pages ──> events, tombstones ──> details of the active ads ──> versions, features ──> dlt

One call of the source is one bounded load: so many pages, and once the feed's tip is reached so many
details. While a load goes into the warehouse, the details of the next one are fetched.

Two passes make a first run of 360,000 events cost some 13,000 details instead of 200,000: an ad that a
later page shows to be inactive is never asked for.

What was read is remembered in dlt's resource state, which is committed together with the rows: a crash
in between leaves the old state, and reading a page twice makes the same keys.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from queue import SimpleQueue
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import dlt
import pyarrow as pa

from extract.config import FeedSettings
from extract.errors import ConfigurationError, SourceUnavailable
from extract.executors.engine import Engine, Outcome
from extract.executors.local import Here
from extract.hashing import canonical_json, version_id
from extract.monitoring.progress import Progress
from extract.privacy.redact import redact, redact_text
from extract.schema import (
    AD_FEATURES,
    AD_VERSIONS,
    FEED_EVENTS,
    FEED_FIELDS,
    FEED_LOADS,
    REJECTS,
    RawTable,
    new_tables,
)
from extract.sources.nav.client import Access, FeedClient, NotFound, Token
from extract.sources.nav.details import SOURCE, DetailBatch, OwedAd, fetch_details
from extract.sources.nav.fields import MOST
from extract.sources.nav.parse import ACTIVE, Event, Page, Reject, microseconds
from extract.sources.nav.state import FeedState, Owed, mark

BATCH = 200
"""Ads in a batch of details: a megabyte of documents."""
AHEAD = 24
"""Batches fetched ahead, while a load goes into the warehouse."""

TOGETHER = 5
"""Batches that are handed to dlt as one: some megabytes of documents."""
LARGEST_LOAD = 56 * 2**20
"""Bytes of versions that end a load before its details do: to merge them DuckDB holds them in memory."""

logger = logging.getLogger(__name__)


@dataclass
class Poll:
    """One run's way through the feed, over as many loads as it takes."""

    settings: FeedSettings
    token: Token
    progress: Progress
    since: datetime | None = None
    """Read the feed from here (UTC) and not from the cursor; the first load uses it up."""
    engine: Engine = field(default_factory=Here)
    """Where details are fetched."""
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    is_at_tip: bool = False
    state: FeedState | None = None
    """What is remembered, from the first load on: to unpack all that is owed takes time, load after load."""
    fetching: Generator[DetailBatch] | None = None
    """The details that come, from the tip on, over as many loads as it takes."""
    failed: set[str] = field(default_factory=set)
    """Ads whose detail could not be had in this run, which tries each once."""
    events: int = 0
    details: int = 0
    details_owed: int = 0
    untried: int = 0
    """Of the details owed, those that this run has still to try."""
    unavailable: str | None = None
    """Why the feed was given up on; what came before is loaded all the same."""

    @property
    def is_done(self) -> bool:
        """Whether another load would find nothing to do."""
        return bool(self.unavailable) or (self.is_at_tip and self.untried == 0)

    def close(self) -> None:
        """Begin no more requests."""
        if self.fetching is not None:
            self.fetching.close()


@dlt.source(name="nav_feed")
def nav_feed(poll: Poll) -> Any:
    """The next bounded load of the poll. Its errors are those of extract.errors."""

    @dlt.resource(name="feed")
    def feed() -> Iterator[Any]:
        stored = dlt.current.resource_state()
        state = poll.state = poll.state or FeedState.load(
            stored, urlsplit(poll.settings.base_url).hostname or ""
        )
        _refuse_another_feed(state, poll.settings)
        yield from new_tables(stored)
        yield from _load(poll, state)
        state.store(stored)

    return feed


def _refuse_another_feed(state: FeedState, settings: FeedSettings) -> None:
    if state.feed != urlsplit(settings.base_url).hostname:
        raise ConfigurationError(
            f"This warehouse holds the ads of {state.feed}; those of {settings.base_url} would mix with "
            "them. Use another warehouse (warehouse.duckdb_path or warehouse.raw_dataset), or remove "
            "this one: `make clean` removes the embedded one."
        )


class _Counts(NamedTuple):
    events: int
    versions: int
    details: int
    rejects: int


def _load(poll: Poll, state: FeedState) -> Iterator[Any]:
    """The items of one load; moves the state on as they are handed over."""
    extracted_at = datetime.now(UTC)
    # Once at the tip, what is new there waits for the next poll.
    pages, events, rejects = _read(poll, state, [] if poll.is_at_tip else _walk(poll, state))
    tombstones = [_tombstone(event, extracted_at) for event in events if event.status != ACTIVE]
    seen = {row[1] for row in tombstones}

    versions, details = len(tombstones), 0
    contents: list[pa.Table] = []
    features: list[pa.Table] = []
    fields: set[str] = set()
    if poll.is_at_tip and not poll.unavailable:
        for batch in _details(poll, state, extracted_at):
            details += len(batch.settled) + len(batch.failed)
            rejects += batch.rejects
            fields |= batch.fields
            # An ad found inactive can give the key of its own tombstone, and an insert-only merge
            # does not deduplicate inside a load.
            rows = batch.versions
            if len(rows) and seen:
                rows = rows.filter([key not in seen for key in rows["version_id"].to_pylist()])
            versions += len(rows)
            contents.append(AD_VERSIONS.read_at(extracted_at, rows))
            if len(contents) == TOGETHER:
                yield from _item(AD_VERSIONS, contents)
                contents.clear()
            features.append(AD_FEATURES.read_at(extracted_at, batch.features))
    yield from _item(AD_VERSIONS, contents)
    yield from _item(AD_FEATURES, features)
    # After the details, for while they come the first of them is waited for.
    if events:
        yield FEED_EVENTS.item(FEED_EVENTS.batch((*event, extracted_at) for event in events))
    if tombstones:
        yield AD_VERSIONS.item(AD_VERSIONS.batch(tombstones))
    poll.events += len(events)
    poll.details += details
    poll.details_owed = len(state.owed)
    poll.untried = sum(ad_id not in poll.failed for ad_id in state.owed)

    if new := sorted(fields - state.fields)[: max(0, MOST - len(state.fields))]:
        state.fields.update(new)
        yield FEED_FIELDS.item(FEED_FIELDS.batch((*name.rsplit(" ", 1), extracted_at) for name in new))
    if rejects:
        rows = REJECTS.batch({row[0]: row for row in _reject_rows(rejects, extracted_at)}.values())
        yield REJECTS.item(rows)
    if events or versions or rejects:
        counts = _Counts(len(events), versions, details, len(rejects))
        yield FEED_LOADS.item(_load_row(poll, state, pages, counts, extracted_at))


def _item(table: RawTable, parts: list[pa.Table]) -> Iterator[Any]:
    """The parts as one item, since dlt takes a millisecond for each; none if they have no rows."""
    if parts and len(rows := pa.concat_tables(parts)):
        yield table.item(rows)


def _walk(poll: Poll, state: FeedState) -> Iterator[Page]:
    """The pages from the cursor to the tip, at most as many as a load takes.

    A feed that fails on the way ends the walk: the pages before it count. Raises SourceUnavailable if
    there is none.
    """
    came: SimpleQueue[Page | None] = SimpleQueue()
    has_begun = False
    # In a thread, for in the main one libcurl would hold a signal back. It goes from page to page by itself:
    # each of its turns would cost it the time that the page before is looked at.
    with (
        ThreadPoolExecutor(1, thread_name_prefix="pages") as pool,
        FeedClient(Access.of(poll.settings), poll.token) as client,
    ):
        walk = pool.submit(_follow, client, poll, state, came)
        while page := came.get():
            has_begun = True
            yield page
        try:
            poll.is_at_tip = walk.result()
        except NotFound as error:
            poll.unavailable = f"{poll.settings.base_url} names a page that it does not know ({error})."
        except SourceUnavailable as error:
            poll.unavailable = str(error)
    if poll.unavailable and not has_begun:
        raise SourceUnavailable(poll.unavailable)


def _follow(client: FeedClient, poll: Poll, state: FeedState, came: SimpleQueue[Page | None]) -> bool:
    """Put each page into the queue as it comes, and None after the last; whether that one is the tip."""
    seen: set[str] = set()
    try:
        page = _first(client, poll, state)
        while page is not None:
            came.put(page)
            seen.add(page.page_id)
            if page.next_id is None or page.next_id in seen:
                return True
            if len(seen) == poll.settings.pages_per_load:
                return False
            page = client.page(page.next_id)
        return True
    finally:
        came.put(None)


def _first(client: FeedClient, poll: Poll, state: FeedState) -> Page | None:
    """The page to begin with; None if the feed has nothing newer."""
    since, poll.since = poll.since, None
    if since is None and state.recent:
        try:
            return client.page(state.recent[0].page_id)
        except NotFound:
            newest = state.newest_event_at or poll.started_at
            since = newest - timedelta(days=1)
            logger.warning("the feed no longer knows the cursor's page; reading from %s", since)
    since = since or poll.started_at - timedelta(days=poll.settings.since_days)
    try:
        return client.first_page(since)
    except NotFound:
        return None


def _read(poll: Poll, state: FeedState, walk: Iterable[Page]) -> tuple[list[Page], list[Event], list[Reject]]:
    """The pages and what they bring that was not known, each once; takes it into the state."""
    known = state.known_marks()
    pages: list[Page] = []
    events: list[Event] = []
    rejects: list[Reject] = []
    for page in walk:
        pages.append(page)
        poll.progress.page(len(page.events))
        for event in page.events:
            if (key := mark(event)) not in known:
                known.add(key)
                events.append(event)
                state.saw(event)
        for reject in page.rejects:
            if (key := mark(reject)) not in known:
                known.add(key)
                rejects.append(reject)
                if reject.ad_id and reject.ad_id not in state.owed:
                    # Its event cannot be read, but its detail tells its state.
                    state.owed[reject.ad_id] = Owed(datetime.now(UTC))
        poll.engine.expect(fetch_details, len(state.owed) // _batch_size(poll))
    state.read(pages, broke_off=poll.unavailable is not None)
    return pages, events, rejects


def _tombstone(event: Event, extracted_at: datetime) -> tuple[Any, ...]:
    version = version_id(event.ad_id, event.status, microseconds(event.event_at), None)
    return (event.ad_id, version, event.status, event.event_at, SOURCE, None, extracted_at)


def _details(poll: Poll, state: FeedState, extracted_at: datetime) -> Iterator[DetailBatch]:
    """The next details, as many as a load takes; takes them out of what is owed."""
    size, taken = _batch_size(poll), 0
    poll.fetching = poll.fetching or _fetching(poll, state, size)
    for batch in islice(poll.fetching, poll.settings.details_per_load // size):
        if batch.unavailable:
            poll.unavailable = poll.unavailable or batch.unavailable
            poll.engine.begin_no_more()
        poll.failed.update(batch.failed)
        for ad_id in batch.settled:
            del state.owed[ad_id]
        for ad_id, reason in batch.failed.items():
            state.owed[ad_id] = state.owed[ad_id].failed(reason, extracted_at)
        poll.progress.details(len(batch.settled), len(batch.failed))
        yield batch
        taken += batch.versions.nbytes
        if taken >= LARGEST_LOAD:
            return


def _batch_size(poll: Poll) -> int:
    return min(BATCH, poll.settings.details_per_load)


def _fetching(poll: Poll, state: FeedState, size: int) -> Generator[DetailBatch]:
    """Fetch the details that are owed, so many ads a batch, as they come."""
    # The oldest first, for it goes first; those that failed before cannot hold the others up.
    owed = sorted(state.owed, key=lambda ad_id: (_has_failed(state, ad_id), state.owed[ad_id].event_at))
    poll.progress.details_owed(len(owed))
    # The bound on requests is one for all workers, wherever they are: each batch gets its share.
    width = min(poll.engine.slots, poll.settings.concurrency)
    fetch = partial(
        fetch_details,
        access=Access.of(poll.settings),
        token=poll.token,
        connections=poll.settings.concurrency // width,
        extracted_at=poll.started_at,  # the load that takes a batch gives its own time
    )
    batches = (
        [OwedAd(ad_id, state.owed[ad_id].event_at, _has_failed(state, ad_id)) for ad_id in ad_ids]
        for ad_ids in (owed[start : start + size] for start in range(0, len(owed), size))
    )
    for outcome in poll.engine.map(
        fetch,
        batches,
        at_once=width + AHEAD if poll.engine.holds_back and width == poll.engine.slots else width,
        expected=len(owed) // size,
        watch=poll.progress.batches,
    ):
        yield outcome.result or _still_owed(outcome)


def _has_failed(state: FeedState, ad_id: str) -> bool:
    return state.owed[ad_id].failing_since is not None


def _still_owed(outcome: Outcome[list[OwedAd], DetailBatch]) -> DetailBatch:
    """What stands for the result of a batch that no worker could do: its ads, with the reason."""
    reason = f"not fetched: {outcome.failure}"
    logger.warning("%d ads stay owed, from %s: %s", len(outcome.batch), outcome.batch[0].ad_id, reason)
    none = AD_VERSIONS.batch([]), AD_FEATURES.batch([])
    return DetailBatch(*none, [], {ad.ad_id: reason for ad in outcome.batch}, [], None)


def _reject_rows(rejects: list[Reject], extracted_at: datetime) -> Iterator[tuple[Any, ...]]:
    for reject in rejects:
        payload = canonical_json(redact({"payload": reject.payload})["payload"])
        ad_id, reason = reject.ad_id and redact_text(reject.ad_id), redact_text(reject.reason)
        identity = f"{ad_id} {reason} {payload}".encode()
        reject_id = hashlib.blake2b(identity, digest_size=16).hexdigest()
        yield (reject_id, SOURCE, ad_id, reason, payload, extracted_at)


def _load_row(
    poll: Poll, state: FeedState, pages: list[Page], counts: _Counts, extracted_at: datetime
) -> pa.Table:
    return FEED_LOADS.batch(
        [
            (
                extracted_at.isoformat(),
                poll.started_at,
                extracted_at,
                len(pages),
                sum(len(page.events) for page in pages),
                counts.events,
                counts.versions,
                counts.details,
                len(state.owed),
                counts.rejects,
                state.newest_event_at,
                poll.is_at_tip,
            )
        ]
    )
