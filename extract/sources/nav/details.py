"""Fetch the details of a batch of ads and make rows of them: a pure function of its batch.

pending ads ──> GET feedentry, concurrently ──> redact ──> version + features ──> Arrow
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import pyarrow as pa

from extract.errors import SourceUnavailable
from extract.features import rules as features
from extract.hashing import canonical_json, version_id
from extract.privacy.redact import redact
from extract.schema import AD_FEATURES, AD_VERSIONS
from extract.sources.loads import ACTIVE, microseconds
from extract.sources.nav.client import DetailTooLarge, FeedClient, FeedConnection, NotFound, Token
from extract.sources.nav.fields import fields_of
from extract.sources.nav.parse import Detail, Reject

SOURCE = "feed"
MIN_FAILURES = 4
"""This many ads in a row that cannot be had mean that the feed is down, however few the connections."""

logger = logging.getLogger(__name__)


class PendingAd(NamedTuple):
    """An ad whose last event says that it is active, so that its detail is to be fetched."""

    ad_id: str
    event_at: datetime
    """Of that event; UTC, the feed's clock."""
    has_failed: bool = False
    """Before."""


class DetailBatch(NamedTuple):
    """What became of a batch of pending ads. An ad in neither `fetched` nor `failed` was not asked for."""

    versions: pa.Table
    features: pa.Table
    fetched: list[str]
    failed: dict[str, str]
    """Ad to reason; these stay pending."""
    rejects: list[Reject]
    unavailable: str | None = None
    """Why no more were asked for; None while the feed answers."""
    fields: frozenset[str] = frozenset()
    """The fields that the ads have, as `extract.sources.nav.fields` names them."""


class _Rows(NamedTuple):
    """What an ad's detail becomes."""

    version: tuple[Any, ...] | None = None
    features: tuple[Any, ...] | None = None
    fields: frozenset[str] = frozenset()
    reject: Reject | None = None
    failure: str | None = None
    """Why the ad stays pending."""


def fetch_details(
    ads: Sequence[PendingAd],
    connection: FeedConnection,
    token: Token,
    connections: int,
    extracted_at: datetime,
) -> DetailBatch:
    """Fetch the ads' details, at most `connections` at once.

    Raises TokenRefused; every other failure is in the result.
    """
    return asyncio.run(_fetch(ads, connection, token, connections, extracted_at))


async def _fetch(
    ads: Sequence[PendingAd],
    connection: FeedConnection,
    token: Token,
    connections: int,
    extracted_at: datetime,
) -> DetailBatch:
    by_ad: dict[str, _Rows] = {}
    unavailable: str | None = None
    failures_in_a_row = 0
    enough_failures = max(MIN_FAILURES, min(connections, sum(not ad.has_failed for ad in ads)))
    async with FeedClient(connection, token, connections) as client:
        async for ad, detail in _details(client, ads):
            if isinstance(detail, SourceUnavailable):
                by_ad[ad.ad_id] = _Rows(failure=str(detail))
                # An ad that failed before says nothing of the feed; enough others in a row do.
                failures_in_a_row += not ad.has_failed
                if failures_in_a_row >= enough_failures:
                    unavailable = str(detail)
                    break
            else:
                failures_in_a_row = 0
                by_ad[ad.ad_id] = _rows(ad, detail, extracted_at)
    rows = by_ad.values()
    return DetailBatch(
        AD_VERSIONS.batch(row.version for row in rows if row.version),
        AD_FEATURES.batch(row.features for row in rows if row.features),
        [ad_id for ad_id, row in by_ad.items() if not row.failure],
        {ad_id: row.failure for ad_id, row in by_ad.items() if row.failure},
        [row.reject for row in rows if row.reject],
        unavailable,
        frozenset().union(*(row.fields for row in rows)),
    )


async def _details(
    client: FeedClient, ads: Sequence[PendingAd]
) -> AsyncIterator[tuple[PendingAd, Detail | NotFound | DetailTooLarge | SourceUnavailable]]:
    """Each ad with its detail, or with why there is none, as they arrive."""

    async def ask(ad: PendingAd) -> Any:
        try:
            return ad, await client.detail(ad.ad_id)
        except (NotFound, DetailTooLarge, SourceUnavailable) as error:
            return ad, error

    tasks = [asyncio.create_task(ask(ad)) for ad in ads]
    try:
        for task in asyncio.as_completed(tasks):
            yield await task
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _rows(ad: PendingAd, detail: Detail | NotFound | DetailTooLarge, extracted_at: datetime) -> _Rows:
    if isinstance(detail, NotFound):
        return _Rows(failure=str(detail))
    if isinstance(detail, DetailTooLarge):
        return _Rows(reject=Reject(ad.ad_id, str(detail), None))
    if detail.ad_id.lower() != ad.ad_id.lower():
        reason = "the detail is that of another ad"
        reject = None if ad.has_failed else Reject(ad.ad_id, reason, {"uuid": detail.ad_id})
        return _Rows(reject=reject, failure=reason)
    if detail.status == ACTIVE and detail.content is None:
        return _Rows(failure="ACTIVE without content")
    try:
        return _version(ad, detail, extracted_at)
    except Exception as error:  # one ad must not stop the others
        logger.exception("the detail of ad %s", ad.ad_id)
        return _Rows(failure=f"the detail cannot be worked on: {type(error).__name__}")


def _version(ad: PendingAd, detail: Detail, extracted_at: datetime) -> _Rows:
    content = None if detail.content is None else redact(detail.content)
    document = None if content is None else canonical_json(content)
    changed_at, reject = detail.changed_at, None
    if changed_at is None:
        changed_at = ad.event_at
        reason = "'sistEndret' of the detail is no time that can be true; the event's time is used"
        reject = Reject(ad.ad_id, reason, detail.changed)
    version = version_id(ad.ad_id, detail.status, microseconds(changed_at), document)
    row = (ad.ad_id, version, detail.status, changed_at, SOURCE, document, extracted_at)
    if content is None:
        return _Rows(row, reject=reject)
    described = (ad.ad_id, version, features.RULES_VERSION, *features.of_ad(content), extracted_at)
    return _Rows(row, described, frozenset(fields_of(content)), reject)
