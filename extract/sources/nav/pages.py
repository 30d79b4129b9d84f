"""Walk the pages of the feed from the cursor to the newest, one bounded load at a time."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import timedelta

from extract.errors import SourceUnavailable
from extract.sources.nav.client import FeedClient, FeedConnection, NotFound
from extract.sources.nav.parse import Event, Page, Reject
from extract.sources.nav.run import ExtractionRun
from extract.sources.nav.state import FeedState, Pending, fingerprint

MAX_PAGES_WITHOUT_NEW = 20
"""In a row, without an entry that this run has not seen: a feed that sends them would have no end."""

logger = logging.getLogger(__name__)


@dataclass
class Walk:
    """What the pages of one load brought that was not known, each once."""

    pages: list[Page] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)


async def walk_pages(run: ExtractionRun, state: FeedState) -> Walk:
    """Read on from where the run is, at most `pages_per_load` pages, and record what they say in the state.

    A feed that fails on the way ends the walk: the pages before count. Raises SourceUnavailable if there are
    none, ConfigurationError.
    """
    walk = Walk()
    continues = run.next_page_id is not None
    async with FeedClient(FeedConnection.of(run.settings), run.token) as client:
        try:
            page = await _first(client, run, state)
            while page is not None:
                _take(page, walk, run, state)
                run.next_page_id = page.next_id
                if page.next_id is None or len(walk.pages) == run.settings.pages_per_load:
                    break
                page = await client.page(page.next_id)
            run.is_caught_up = run.next_page_id is None
        except NotFound as error:
            run.unavailable = f"{run.settings.base_url} names a page, {run.next_page_id}, that is {error}."
        except SourceUnavailable as error:
            run.unavailable = str(error)
    if run.unavailable and not walk.pages:
        raise SourceUnavailable(run.unavailable)
    state.advance_cursor(walk.pages, continues=continues, broke_off=run.unavailable is not None)
    return walk


async def _first(client: FeedClient, run: ExtractionRun, state: FeedState) -> Page | None:
    """The page to begin with; None if the feed has nothing newer."""
    if run.next_page_id:
        return await client.page(run.next_page_id)
    since, run.since = run.since, None
    if since is None:
        pages = state.start_pages(run.started_at.date())
        for page_id in pages:
            try:
                return await client.page(page_id)
            except NotFound:
                logger.warning("the feed no longer knows page %s, where the run begins", page_id)
        since = run.started_at - timedelta(days=run.settings.since_days)
        if pages:
            since = (state.newest_event_at or run.started_at) - timedelta(days=1)
            logger.warning("the feed no longer knows the cursor's page; reading from %s", since)
    return await client.first_page(since)


def _take(page: Page, walk: Walk, run: ExtractionRun, state: FeedState) -> None:
    """Record a page. Raises SourceUnavailable if the feed leads in a circle or has no end."""
    run.seen_pages[page.page_id] = None
    walk.pages.append(page)
    run.progress.page(len(page.entries))
    is_new = False
    for entry in page.entries:
        key = fingerprint(entry)
        if key in run.seen_entries:
            continue
        run.seen_entries.add(key)
        is_new = True
        if key in run.known_entries:
            continue
        if entry.event:
            walk.events.append(entry.event)
            state.record_event(entry.event)
        if entry.reject:
            walk.rejects.append(entry.reject)
            ad_id = entry.reject.ad_id
            if not entry.event and ad_id and ad_id not in state.pending:
                # Its event cannot be read, but its detail says what its state is.
                state.pending[ad_id] = Pending(run.started_at)
    run.pages_without_new = 0 if is_new else run.pages_without_new + 1
    last = ", ".join([*run.seen_pages][-2:])
    if page.next_id in run.seen_pages:
        raise SourceUnavailable(
            f"{run.settings.base_url} leads in a circle: page {page.page_id} names {page.next_id} as the "
            "next one, which was read before. What was read is kept; try later."
        )
    if page.next_id and run.pages_without_new >= MAX_PAGES_WITHOUT_NEW:
        del walk.pages[-MAX_PAGES_WITHOUT_NEW:]  # the cursor stays before them
        raise SourceUnavailable(
            f"{run.settings.base_url} sent {run.pages_without_new} pages in a row without a new entry, the "
            f"last ones {last}. What was read is kept; try later."
        )
