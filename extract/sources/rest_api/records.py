"""The records of a declared API as states: pure functions of a batch, no I/O.

    record ──> key, time ──> personal fields left out, texts masked ──> state, or a reject

Values in personal fields are taken for names, too: where one stands in another text, it is masked there.
A key, and a field declared as a code, keeps its digits; one that is an e-mail address, a national identity
number or a text with spaces does not: it is masked, and the record's id is then a hash of the key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any, NamedTuple

from extract.hashing import canonical_json
from extract.privacy.redact import DROPPED_FIELD, looks_like_code, redact, redact_text
from extract.sources.nav.parse import NotUnderstood


class Shape(NamedTuple):
    """What is declared of a record; fields are paths such as employer.orgnr, through lists as well."""

    source: str
    key: tuple[str, ...]
    time: str | None
    zone: tzinfo
    personal: tuple[str, ...]
    codes: tuple[str, ...]


class Read(NamedTuple):
    """A record as it was read: which page of the run, and when (UTC)."""

    page: int
    read_at: datetime
    record: Any


class State(NamedTuple):
    """One state of a record. `changed_at` is UTC; None where the record tells no time."""

    record_id: str
    state_hash: str
    changed_at: datetime | None
    document: str


class Rejected(NamedTuple):
    """What is no record; `payload` is redacted."""

    reject_id: str
    reason: str
    payload: str


class Converted(NamedTuple):
    """What the records of one page became, in their order, and which personal fields they had."""

    page: int
    read_at: datetime
    results: list[State | Rejected]
    personal: set[str]


def convert(batch: Sequence[Read], shape: Shape) -> Converted:
    """The states in the records of one page."""
    results = [_state(read.record, shape) for read in batch]
    found = {
        path for path in shape.personal if any(True for read in batch for _ in values(read.record, path))
    }
    return Converted(batch[0].page, batch[0].read_at, results, found)


def values(record: Any, path: str) -> Iterator[Any]:
    """What stands at the path, in every element of a list on the way."""
    name, _, rest = path.partition(".")
    if isinstance(record, list):
        for item in record:
            yield from values(item, path)
    elif isinstance(record, dict) and name in record:
        if rest:
            yield from values(record[name], rest)
        else:
            yield record[name]


def instant_of(record: Any, shape: Shape) -> datetime | None:
    """The record's time in UTC, None where it tells none; without an offset it is in the declared zone.

    A number counts seconds since 1970. Raises NotUnderstood.
    """
    value = next(values(record, shape.time), None) if shape.time else None
    if value is None:
        return None
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
        instant = datetime.fromisoformat(value)
        return (instant if instant.tzinfo else instant.replace(tzinfo=shape.zone)).astimezone(UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        raise NotUnderstood(f"no time in the field {shape.time!r}") from None


def digest(value: Any) -> str:
    """32 hex characters (blake2b, 128 bits) of the value as canonical JSON."""
    return hashlib.blake2b(canonical_json(value).encode(), digest_size=16).hexdigest()


def _state(record: Any, shape: Shape) -> State | Rejected:
    if not isinstance(record, dict):
        return _rejected(f"a record that is a {type(record).__name__}", {}, shape)
    content = _redacted(record, shape)
    try:
        key = [_key_part(record, path) for path in shape.key]
        changed_at = instant_of(record, shape)
    except NotUnderstood as error:
        return _rejected(str(error), content, shape)
    document = canonical_json(content)
    state_hash = digest([changed_at.isoformat() if changed_at else None, document])
    record_id = state_hash if not key else key[0] if len(key) == 1 else canonical_json(key)
    return State(record_id, state_hash, changed_at, document)


def _rejected(reason: str, content: dict[str, Any], shape: Shape) -> Rejected:
    payload, reason = canonical_json(content), redact_text(reason)
    return Rejected(digest([shape.source, reason, payload]), reason, payload)


def _redacted(record: dict[str, Any], shape: Shape) -> dict[str, Any]:
    contacts = [record.get(DROPPED_FIELD)]  # redact() drops these and masks the names in them
    content = record
    for path in shape.personal:
        contacts += values(record, path)
        content = _without(content, path.split("."))
    code_paths = [path for path in (*shape.codes, *shape.key, shape.time) if path]
    return redact({**content, DROPPED_FIELD: contacts}, code_paths=code_paths)


def _without(value: Any, path: Sequence[str]) -> Any:
    """A copy without what stands at the path."""
    if isinstance(value, list):
        return [_without(item, path) for item in value]
    if not isinstance(value, dict) or path[0] not in value:
        return value
    if len(path) == 1:
        return {name: part for name, part in value.items() if name != path[0]}
    return {**value, path[0]: _without(value[path[0]], path[1:])}


def _key_part(record: dict[str, Any], path: str) -> str:
    value = next(values(record, path), None)
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise NotUnderstood(f"no text or whole number in the key field {path!r}")
    text = str(value)
    return text if looks_like_code(text) else digest(text)
