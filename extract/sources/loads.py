"""What every source hands to dlt: rows of ads, rejects, its row in `source_loads`, and the load itself."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, NamedTuple

import dlt

from extract.features import rules as features
from extract.hashing import canonical_json, digest, version_id
from extract.loading.load import run_load
from extract.privacy.redact import redact_text
from extract.schema import REJECTS, SOURCE_LOADS, RawTable, new_tables
from extract.warehouses.base import Warehouse

ACTIVE = "ACTIVE"
FEED = "feed"
EPOCH = datetime.fromtimestamp(0, UTC)
MAX_PAYLOAD_CHARACTERS = 100_000
"""The longest payload of a reject that is kept; of a longer one only the length is kept."""

Row = tuple[Any, ...]


class ParseError(ValueError):
    """An answer that is not what the source is known to send; the message says what was found."""


class Reject(NamedTuple):
    """What could not be understood; `payload` is redacted JSON."""

    reason: str
    payload: str
    ad_id: str | None = None


def microseconds(timestamp: datetime) -> int:
    """Microseconds since 1970 in UTC, exact as a float's would not be."""
    return (timestamp - EPOCH) // timedelta(microseconds=1)


def ad_rows(
    ad_id: str, status: str, changed_at: datetime, source: str, content: Any, extracted_at: datetime
) -> tuple[Row, Row | None]:
    """The rows of `ad_versions` and `ad_features` of a state of an ad. Times are UTC.

    `content` is redacted, or None of an ad that is no longer shown: it has no features.
    """
    document = None if content is None else canonical_json(content)
    version = version_id(ad_id, status, microseconds(changed_at), document)
    row = (ad_id, version, status, changed_at, source, document, extracted_at)
    if content is None:
        return row, None
    return row, (ad_id, version, features.RULES_VERSION, *features.of_ad(content), extracted_at)


@dataclass
class LoadLog:
    """Times (UTC), rejects and counts of one load. The feed counts in `feed_loads`, without `items`."""

    source: str
    label: str = ""
    """Tells loads of one source apart that begin at the same moment."""
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    extracted_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    read: int = 0
    submitted: int = 0
    rejected: int = 0
    seen_rejects: set[str] = field(default_factory=set)
    """Ids of rejects that are in the warehouse or in this load."""

    @property
    def repeats(self) -> int:
        """What was read and says what is known already."""
        return self.read - self.submitted - self.rejected

    def items(self, results: Iterable[Any], *tables: RawTable, size: int) -> Iterator[Any]:
        """dlt's items, of `size` results each, and the load's row in `source_loads` if anything is new.

        A result is a list with a row for each of the tables, a reject, or None where it is known already.
        """
        remaining = iter(results)
        while batch := list(islice(remaining, size)):
            self.read += len(batch)
            new = [result for result in batch if isinstance(result, list)]
            self.submitted += len(new)
            for table, rows in zip(tables, zip(*new, strict=True), strict=bool(new)):
                yield table.item(table.batch(rows))
            yield from self.reject(result for result in batch if isinstance(result, Reject))
        if self.submitted or self.rejected:
            key = " ".join(filter(None, (self.source, self.label, self.extracted_at.isoformat())))
            counts = (self.read, self.submitted, self.repeats, self.rejected)
            row = (key, self.source, self.started_at, self.extracted_at, *counts)
            yield SOURCE_LOADS.item(SOURCE_LOADS.batch([row]))

    def reject(self, rejects: Iterable[Reject]) -> Iterator[Any]:
        """The item with those that were not seen yet; none if there are none."""
        rows = {row[0]: row for row in map(self._row, rejects) if row[0] not in self.seen_rejects}
        self.seen_rejects.update(rows)
        self.rejected += len(rows)
        if rows:
            yield REJECTS.item(REJECTS.batch(rows.values()))

    def _row(self, reject: Reject) -> Row:
        reason, payload, ad_id = redact_text(reject.reason), reject.payload, reject.ad_id
        # The feed came first, with a formula of its own. A new one would load its rejects a second time.
        if self.source == FEED:
            reject_id = hashlib.blake2b(f"{ad_id} {reason} {payload}".encode(), digest_size=16).hexdigest()
        else:
            reject_id = digest([self.source, reject.reason, payload])
        if len(payload) > MAX_PAYLOAD_CHARACTERS:
            payload = canonical_json({"characters": len(payload)})
        return (reject_id, self.source, ad_id, reason, payload, self.extracted_at)


def known_rejects(warehouse: Warehouse, source: str) -> set[str]:
    """The ids of the source's rejects that are in the warehouse."""
    rows = warehouse.query(f"select reject_id from {warehouse.raw('rejects')} where source = '{source}'")
    return {reject_id for (reject_id,) in rows}


def dlt_source(name: str, resource: str, items: Callable[[dict[str, Any]], Iterator[Any]]) -> Any:
    """dlt's source of one resource. `items` gets the resource's state, which dlt commits with the rows."""

    def rows() -> Iterator[Any]:
        stored = dlt.current.resource_state()
        yield from new_tables(stored)
        yield from items(stored)

    return dlt.source(lambda: dlt.resource(rows, name=resource), name=name)()


def load(
    pipeline: dlt.Pipeline, name: str, resource: str, items: Callable[[dict[str, Any]], Iterator[Any]]
) -> list[str]:
    """The ids of the loads that were made; as `run_load`. Nothing is loaded if `items` raises."""
    return run_load(pipeline, dlt_source(name, resource, items))
