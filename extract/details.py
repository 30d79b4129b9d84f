"""Fetch the details of a batch of ads and make them fit for the warehouse: a pure function of its batch.

ads owed ──> GET feedentry, concurrently ──> redact ──> version + features ──> Arrow
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Lock
from typing import NamedTuple

import pyarrow as pa

from extract import features
from extract.canonical import canonical_json, version_id
from extract.errors import SourceUnavailable
from extract.feed import Access, FeedClient, NotFound, Token
from extract.known_fields import fields_of
from extract.parse import ACTIVE, Detail, Reject, microseconds
from extract.redact import redact
from extract.tables import AD_FEATURES, AD_VERSIONS

SOURCE = "feed"
ENOUGH_FAILURES = 4
"""So many ads in a row that cannot be had mean a feed that is down, however few the connections."""


class OwedAd(NamedTuple):
    """An ad whose last event says that it is active, so that its detail is to be fetched."""

    ad_id: str
    event_at: datetime
    """Of that event; UTC, the feed's clock."""
    has_failed: bool = False
    """In an earlier run."""


class DetailBatch(NamedTuple):
    """What became of a batch of owed ads. An ad that is in neither list was not tried."""

    versions: pa.Table
    features: pa.Table
    settled: list[str]
    failed: dict[str, str]
    """Ad to reason; these stay owed."""
    rejects: list[Reject]
    unavailable: str | None
    """Why the feed was given up on, None while it answers."""
    fields: frozenset[str] = frozenset()
    """The fields that the ads have, as `extract.known_fields` names them."""


def fetch_details(
    ads: Sequence[OwedAd],
    access: Access,
    token: Token,
    connections: int,
    extracted_at: datetime,
) -> DetailBatch:
    """Fetch the ads' details, at most `connections` at once.

    Raises TokenRefused; every other trouble is in the answer.
    """
    details, failed, unavailable = _fetch(ads, access, token, connections)
    versions, described, rejects = [], [], []
    fields: set[str] = set()
    for ad, detail in details:
        content = None if detail.content is None else redact(detail.content)
        document = None if content is None else canonical_json(content)
        changed_at = detail.changed_at
        if changed_at is None:
            changed_at = ad.event_at
            reason = "'sistEndret' of the detail is no time; the event's time stands in for it"
            rejects.append(Reject(ad.ad_id, reason, detail.changed))
        version = version_id(ad.ad_id, detail.status, microseconds(changed_at), document)
        versions.append((ad.ad_id, version, detail.status, changed_at, SOURCE, document, extracted_at))
        if content is not None:
            rules = features.RULES_VERSION
            described.append((ad.ad_id, version, rules, *features.of_ad(content), extracted_at))
            fields |= fields_of(content)
    return DetailBatch(
        AD_VERSIONS.batch(versions),
        AD_FEATURES.batch(described),
        [ad.ad_id for ad, _ in details],
        failed,
        rejects,
        unavailable,
        frozenset(fields),
    )


def _fetch(
    ads: Sequence[OwedAd], access: Access, token: Token, connections: int
) -> tuple[list[tuple[OwedAd, Detail]], dict[str, str], str | None]:
    details: list[tuple[OwedAd, Detail]] = []
    failed: dict[str, str] = {}
    unavailable: str | None = None
    failures_in_a_row = 0
    counting = Lock()
    waiting = iter(list(ads))  # each thread takes the next; of a list that needs no lock

    def fetch(client: FeedClient) -> None:
        nonlocal failures_in_a_row, unavailable
        for ad in waiting:
            if unavailable:
                return
            try:
                detail = client.detail(ad.ad_id)
            except NotFound:
                failed[ad.ad_id] = "unknown to the feed (404)"
            except SourceUnavailable as error:
                failed[ad.ad_id] = str(error)
                with counting:
                    # An ad that failed before says nothing of the feed; enough others in a row do.
                    failures_in_a_row += not ad.has_failed
                    if failures_in_a_row >= max(connections, ENOUGH_FAILURES):
                        unavailable = str(error)
            else:
                failures_in_a_row = 0
                if detail.status == ACTIVE and detail.content is None:
                    failed[ad.ad_id] = "ACTIVE without content"
                else:
                    details.append((ad, detail))

    with (
        ThreadPoolExecutor(connections, thread_name_prefix="detail") as pool,
        FeedClient(access, token) as client,
    ):
        for fetching in [pool.submit(fetch, client) for _ in range(min(connections, len(ads)))]:
            fetching.result()
    return details, failed, unavailable
