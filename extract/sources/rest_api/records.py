"""The records of a declared API as states: pure functions of a record, no I/O.

    record ──> key, time ──> personal fields left out, texts masked ──> state, or a reject

Values in personal fields are taken for names, too: where one stands in another text, it is masked there.
A key, and a field declared as a code, keeps its digits; one that is an e-mail address, a national identity
number or a text with spaces does not: it is masked, and the record's id is then a hash of the key.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, NamedTuple

from extract.hashing import canonical_json, digest
from extract.privacy.redact import DROPPED_FIELD, looks_like_code, redact
from extract.sources.http import MAX_DOCUMENT_BYTES
from extract.sources.loads import ParseError, Reject


class Shape(NamedTuple):
    """What is declared of a record; fields are paths such as employer.orgnr, through lists as well."""

    key: Sequence[str] = ()
    time: str | None = None
    zone: tzinfo = UTC
    personal: Sequence[str] = ()
    codes: Sequence[str] = ()


class State(NamedTuple):
    """One state of a record. `changed_at` is UTC; None where the record has no time."""

    record_id: str
    state_hash: str
    changed_at: datetime | None
    document: str


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


def parse_time(value: Any, zone: tzinfo) -> datetime:
    """The time in UTC: of ISO 8601, in the zone if it has no offset, or of 10 digits (seconds) or 13.

    Raises TypeError, ValueError or OverflowError for any other form.
    """
    text = str(value) if type(value) in (int, float) else value
    if epoch := re.fullmatch(r"([0-9]{10})([0-9]{3})?(\.[0-9]+)?", text):
        return datetime.fromtimestamp(float(text) / (1000 if epoch[2] else 1), UTC)
    if not isinstance(value, str) or (text.isdecimal() and len(text) != len("20260131")):
        raise ValueError("another form of time")
    timestamp = datetime.fromisoformat(text)
    return (timestamp if timestamp.tzinfo else timestamp.replace(tzinfo=zone)).astimezone(UTC)


def state_of(record: Any, shape: Shape, read_at: datetime) -> State | Reject:
    """The state that the record is in; `read_at` is UTC."""
    if not isinstance(record, dict):
        return Reject(f"a record that is a {type(record).__name__}", "{}")
    if len(canonical_json(record)) > MAX_DOCUMENT_BYTES:
        shown = {path: digest(value) for path in shape.key for value in values(record, path)}
        return Reject(f"a record above {MAX_DOCUMENT_BYTES >> 20} MB", canonical_json(shown))
    content = _redacted(record, shape)
    try:
        key = [_key_part(record, path) for path in shape.key]
        changed_at = _changed_at(record, shape, read_at)
    except ParseError as error:
        return Reject(str(error), canonical_json(content))
    document = canonical_json(content)
    state_hash = digest([changed_at.isoformat() if changed_at else None, document])
    record_id = state_hash if not key else key[0] if len(key) == 1 else canonical_json(key)
    return State(record_id, state_hash, changed_at, document)


def _changed_at(record: Any, shape: Shape, read_at: datetime) -> datetime | None:
    value = next(values(record, shape.time), None) if shape.time else None
    if value is None:
        return None
    try:
        changed_at = parse_time(value, shape.zone)
    except (TypeError, ValueError, OverflowError):
        raise ParseError(f"no time in the field {shape.time!r}") from None
    if changed_at > read_at + timedelta(days=1):
        raise ParseError(f"a time more than a day ahead in the field {shape.time!r}")
    return changed_at


def _redacted(record: dict[str, Any], shape: Shape) -> dict[str, Any]:
    contacts = [record.get(DROPPED_FIELD)]  # redact() drops these, and masks the names in them elsewhere
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
        raise ParseError(f"no text or whole number in the key field {path!r}")
    text = str(value)
    return text if looks_like_code(text) else digest(text)
