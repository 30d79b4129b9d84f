"""Walk the pages of the feed from the cursor to the newest, one bounded load at a time."""

from __future__ import annotations

import logging
from datetime import timedelta

from extract.errors import SourceUnavailable
from extract.sources.loads import Reject
from extract.sources.nav.client import FeedClient, NotFound
from extract.sources.nav.parse import Event, Page
from extract.sources.nav.run import LOOKBACK, ExtractionRun
from extract.sources.nav.state import FeedState, Pending, fingerprint

MAX_PAGES_WITHOUT_NEW = 20
"""This many pages in a row without an entry that is new to this run end it: the feed has no end."""

logger = logging.getLogger(__name__)


class Walk:
    """What the pages of one load brought that was not known, each once."""

    def __init__(self) -> None:
        self.pages = self.entries = 0
        self.events: list[Event] = []
        self.rejects: list[Reject] = []


async def walk_pages(run: ExtractionRun, state: FeedState) -> Walk:
    """Read on from where the run is, at most `pages_per_load` pages, and record what they say in the state.

    A feed that fails on the way ends the walk: the pages before count. Raises SourceUnavailable if no page
    was read. Raises ConfigurationError if the token is refused.
    """
    walk = Walk()
    async with FeedClient(run.endpoint) as client:
        try:
            page = await _first(client, run, state)
            while page is not None:
                _take(page, walk, run, state)
                run.next_page_id = page.next_id
                if page.next_id is None or walk.pages == run.settings.pages_per_load:
                    break
                page = await client.page(page.next_id)
            run.is_caught_up = run.next_page_id is None
        except NotFound as error:
            run.unavailable = f"{run.settings.base_url} names a page, {run.next_page_id}, that is {error}."
        except SourceUnavailable as error:
            run.unavailable = str(error)
    if run.unavailable and not walk.pages:
        raise SourceUnavailable(run.unavailable)
    state.advance_cursor(run.pages, broke_off=run.unavailable is not None)
    return walk


async def _first(client: FeedClient, run: ExtractionRun, state: FeedState) -> Page | None:
    """The page to begin with: the cursor's, or by time; None if the feed has nothing newer."""
    if run.next_page_id:
        return await client.page(run.next_page_id)
    since, run.since = run.since, None
    if since:
        return await client.first_page(since)
    if state.recent and state.days_since_daily(run.started_at.date()) < 1:
        try:
            return await client.page(state.recent[0].page_id)
        except NotFound:
            logger.warning("the feed no longer knows the cursor's page; the last days are read again")
    if state.newest_event_at is None:
        return await client.first_page(run.started_at - timedelta(days=run.settings.since_days))
    since = state.newest_event_at - LOOKBACK
    run.add_known_entries(since)
    return await client.first_page(since)


def _take(page: Page, walk: Walk, run: ExtractionRun, state: FeedState) -> None:
    """Record a page. Raises SourceUnavailable if the feed leads in a circle or has no end."""
    walk.pages += 1
    walk.entries += len(page.entries)
    run.progress.page(len(page.entries))
    keys: dict[bytes, None] = {}
    is_new = False
    for entry in page.entries:
        key = fingerprint(entry)
        keys[key] = None
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
            if not entry.event and ad_id:  # its event cannot be read, but its detail says what its state is
                state.pending.setdefault(ad_id, Pending(run.started_at))
    run.pages[page.page_id] = tuple(keys)
    run.pages_without_new = 0 if is_new else run.pages_without_new + 1
    if page.next_id in run.pages:
        raise SourceUnavailable(
            f"{run.settings.base_url} leads in a circle: page {page.page_id} names {page.next_id} as the "
            "next one, which was read before. What was read is kept; try later."
        )
    if page.next_id and run.pages_without_new >= MAX_PAGES_WITHOUT_NEW:
        last = list(run.pages)[-MAX_PAGES_WITHOUT_NEW:]
        for page_id in last:  # the cursor stays before them
            del run.pages[page_id]
        raise SourceUnavailable(
            f"{run.settings.base_url} sent {run.pages_without_new} pages in a row without a new entry, the "
            f"last ones {', '.join(last[-2:])}. What was read is kept; try later."
        )
