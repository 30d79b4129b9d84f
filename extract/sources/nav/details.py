"""Fetch the details of a batch of ads and make rows of them. A batch is safe to fetch twice.

pending ads ──> GET feedentry, concurrently ──> redact ──> version + features + fields
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from extract.errors import SourceUnavailable
from extract.privacy.redact import redact
from extract.sources.loads import ACTIVE, FEED, Reject, Row, ad_rows
from extract.sources.nav.client import FeedClient, FeedEndpoint, NotFound
from extract.sources.nav.parse import Detail, rejected
from extract.sources.nav.state import Pending

MIN_FAILURES = 4
"""At least this many failures in a row mean that the feed is down, also with fewer requests at once."""
MAX_FIELD_NAME = 80
MAX_FIELD_DEPTH = 4
KINDS = {str: "string", bool: "boolean", int: "number", float: "number", dict: "object", list: "array"}

Outcome = Detail | Reject | NotFound | SourceUnavailable

logger = logging.getLogger(__name__)


@dataclass
class DetailBatch:
    """What became of a batch of pending ads. An ad in neither `fetched` nor `failed` was not asked for."""

    versions: list[Row] = field(default_factory=list)
    features: list[Row] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    """Ad to reason; these stay pending."""
    rejects: list[Reject] = field(default_factory=list)
    fields: set[str] = field(default_factory=set)
    """The fields that the ads have, see `fields_of`."""
    unavailable: str | None = None
    """Why no more were asked for; None while the feed answers."""


def fetch_details(
    ads: Mapping[str, Pending], endpoint: FeedEndpoint, max_requests: int, extracted_at: datetime
) -> DetailBatch:
    """Fetch the ads' details, at most `max_requests` at once.

    Raises ConfigurationError where the token is refused; every other failure is in the result.
    """
    return asyncio.run(_fetch(ads, endpoint, max_requests, extracted_at))


async def _fetch(
    ads: Mapping[str, Pending], endpoint: FeedEndpoint, max_requests: int, extracted_at: datetime
) -> DetailBatch:
    batch, failures_in_a_row = DetailBatch(), 0
    untried = sum(pending.reason is None for pending in ads.values())
    enough_failures = max(MIN_FAILURES, min(max_requests, untried))
    async with FeedClient(endpoint, max_requests) as client:
        tasks = [asyncio.create_task(_ask(client, ad_id)) for ad_id in ads]
        try:
            for task in asyncio.as_completed(tasks):
                ad_id, detail = await task
                if failure := _take(batch, ad_id, ads[ad_id], detail, extracted_at):
                    batch.failed[ad_id] = failure
                else:
                    batch.fetched.append(ad_id)
                if not isinstance(detail, SourceUnavailable):
                    failures_in_a_row = 0
                    continue
                # Failures of ads that failed before are not counted. This many others in a row mean that the
                # feed is down.
                failures_in_a_row += ads[ad_id].reason is None
                if failures_in_a_row >= enough_failures:
                    batch.unavailable = failure
                    break
        finally:
            for waiting in tasks:
                waiting.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    return batch


async def _ask(client: FeedClient, ad_id: str) -> tuple[str, Outcome]:
    """The ad with its detail, or with why there is none."""
    try:
        return ad_id, await client.detail(ad_id)
    except (NotFound, SourceUnavailable) as error:
        return ad_id, error


def _take(
    batch: DetailBatch, ad_id: str, pending: Pending, detail: Outcome, extracted_at: datetime
) -> str | None:
    """Add to the batch what the detail says; why the ad stays pending, or None."""
    if isinstance(detail, Exception):
        return str(detail)
    if isinstance(detail, Reject):
        batch.rejects.append(detail)
        return None
    if detail.ad_id.lower() != ad_id.lower():
        reason = "the detail is that of another ad"
        if pending.reason is None:
            batch.rejects.append(rejected(ad_id, reason, {"uuid": detail.ad_id}))
        return reason
    if detail.status == ACTIVE and detail.content is None:
        return "ACTIVE without content"
    changed_at = detail.changed_at
    if changed_at is None:
        changed_at = pending.event_at
        reason = "'sistEndret' of the detail is no time that can be true; the event's time is used"
        batch.rejects.append(rejected(ad_id, reason, detail.changed))
    try:
        content = None if detail.content is None else redact(detail.content)
        version, described = ad_rows(ad_id, detail.status, changed_at, FEED, content, extracted_at)
    except Exception as error:  # one ad must not stop the others
        logger.exception("the detail of ad %s", ad_id)
        return f"the detail cannot be worked on: {type(error).__name__}"
    batch.versions.append(version)
    if content is not None and described:
        batch.features.append(described)
        batch.fields |= fields_of(content)
    return None


def fields_of(value: Any, path: str = "", depth: int = MAX_FIELD_DEPTH) -> set[str]:
    """The fields of an ad as `path kind`; the items of a list count as the list's own fields.

    {"employer": {"orgnr": "9"}, "workLocations": [{"city": null}]}
        ->  "employer object", "employer.orgnr string", "workLocations array"
    """
    if isinstance(value, list):
        return set().union(*(fields_of(item, path, depth) for item in value))
    fields: set[str] = set()
    for name, inner in value.items() if isinstance(value, dict) and depth else ():
        shown = "".join(c if c.isprintable() and c != " " else "_" for c in name[:MAX_FIELD_NAME])
        if kind := KINDS.get(type(inner)):
            inner_path = f"{path}.{shown}".removeprefix(".")
            fields |= {f"{inner_path} {kind}"} | fields_of(inner, inner_path, depth - 1)
    return fields
