"""Fetch the details of a batch of ads and make them fit for the warehouse: a pure function of its batch.

ads owed ──> GET feedentry, concurrently ──> redact ──> version + features ──> Arrow
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import pyarrow as pa

from extract.errors import SourceUnavailable
from extract.features import rules as features
from extract.hashing import canonical_json, version_id
from extract.privacy.redact import redact
from extract.schema import AD_FEATURES, AD_VERSIONS
from extract.sources.nav.client import Access, FeedClient, NotFound, Token
from extract.sources.nav.fields import fields_of
from extract.sources.nav.parse import ACTIVE, Detail, Reject, microseconds

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
    """The fields that the ads have, as `extract.sources.nav.fields` names them."""


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
    by_id = {ad.ad_id: ad for ad in ads}
    states: list[_State] = []
    failed: dict[str, str] = {}
    unavailable: str | None = None
    failures_in_a_row = 0
    with FeedClient(access, token) as client:
        try:
            for ad_id, detail in client.details(by_id, connections):
                ad = by_id[ad_id]
                if isinstance(detail, NotFound):
                    failed[ad_id] = "unknown to the feed (404)"
                elif isinstance(detail, SourceUnavailable):
                    failed[ad_id] = str(detail)
                    # An ad that failed before says nothing of the feed; enough others in a row do.
                    failures_in_a_row += not ad.has_failed
                    if failures_in_a_row >= max(connections, ENOUGH_FAILURES):
                        raise detail
                elif detail.status == ACTIVE and detail.content is None:
                    failures_in_a_row = 0
                    failed[ad_id] = "ACTIVE without content"
                else:
                    failures_in_a_row = 0
                    states.append(_state(ad, detail, extracted_at))
        except SourceUnavailable as error:
            unavailable = str(error)
    return DetailBatch(
        AD_VERSIONS.batch(state.version for state in states),
        AD_FEATURES.batch(state.features for state in states if state.features),
        [state.ad_id for state in states],
        failed,
        [state.reject for state in states if state.reject],
        unavailable,
        frozenset().union(*(state.fields for state in states)),
    )


class _State(NamedTuple):
    """What an ad's detail becomes: rows of the raw tables, and the names of its fields."""

    ad_id: str
    version: tuple[Any, ...]
    features: tuple[Any, ...] | None
    reject: Reject | None
    fields: set[str]


def _state(ad: OwedAd, detail: Detail, extracted_at: datetime) -> _State:
    content = None if detail.content is None else redact(detail.content)
    document = None if content is None else canonical_json(content)
    changed_at, reject = detail.changed_at, None
    if changed_at is None:
        changed_at = ad.event_at
        reason = "'sistEndret' of the detail is no time; the event's time stands in for it"
        reject = Reject(ad.ad_id, reason, detail.changed)
    version = version_id(ad.ad_id, detail.status, microseconds(changed_at), document)
    row = (ad.ad_id, version, detail.status, changed_at, SOURCE, document, extracted_at)
    if content is None:
        return _State(ad.ad_id, row, None, reject, set())
    described = (ad.ad_id, version, features.RULES_VERSION, *features.of_ad(content), extracted_at)
    return _State(ad.ad_id, row, described, reject, fields_of(content))
