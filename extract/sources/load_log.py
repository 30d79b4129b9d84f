"""What a load of another source than the feed says of itself: its rejects, and its row in `source_loads`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from extract.hashing import canonical_json
from extract.privacy.redact import redact_text
from extract.schema import REJECTS, SOURCE_LOADS

MAX_PAYLOAD_CHARACTERS = 100_000
"""Of a reject's payload; of a longer one only the length is kept."""


class Reject(NamedTuple):
    """What could not be understood; `payload` is redacted JSON."""

    reason: str
    payload: str


def digest(value: Any) -> str:
    """32 hex characters (blake2b, 128 bits) of the value as canonical JSON."""
    return hashlib.blake2b(canonical_json(value).encode(), digest_size=16).hexdigest()


@dataclass
class LoadLog:
    """The counts of one load. `read` is submitted + repeats + rejected."""

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

    def reject(self, rejects: Iterable[Reject]) -> Iterator[Any]:
        """The item with those that were not seen yet; none if there are none."""
        by_id = {digest([self.source, *reject]): reject for reject in rejects}
        new = {reject_id: reject for reject_id, reject in by_id.items() if reject_id not in self.seen_rejects}
        self.seen_rejects.update(new)
        self.rejected += len(new)
        if new:
            yield REJECTS.item(REJECTS.batch(self._row(*reject) for reject in new.items()))

    def counts(self) -> Any:
        """The item with the load's row in `source_loads`."""
        key = " ".join(filter(None, (self.source, self.label, self.extracted_at.isoformat())))
        counts = (self.read, self.submitted, self.repeats, self.rejected)
        row = (key, self.source, self.started_at, self.extracted_at, *counts)
        return SOURCE_LOADS.item(SOURCE_LOADS.batch([row]))

    def _row(self, reject_id: str, reject: Reject) -> tuple[Any, ...]:
        payload, size = reject.payload, len(reject.payload)
        if size > MAX_PAYLOAD_CHARACTERS:
            payload = canonical_json({"characters": size})
        return (reject_id, self.source, None, redact_text(reject.reason), payload, self.extracted_at)
