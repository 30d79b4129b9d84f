"""JSON read and written, and hashes of it: one text for one document, and the key of a version.

Two documents with the same content give the same text, whatever the order of their keys. What JSON
or a warehouse cannot hold is replaced, never refused:

- a lone surrogate and NUL become U+FFFD;
- NaN and infinity become null;
- an integer beyond 64 bits becomes a text of its digits;
- what is nested deeper than MAX_DEPTH containers becomes null (orjson and the warehouses' JSON
  parsers have limits of their own not far above it);
- a value of a type JSON does not know becomes its `str()`.
"""

import hashlib
import json
import math
import re
from typing import Any

import orjson

MAX_DEPTH = 200

_LONGEST_INT = 20  # characters of an integer of 64 bits
_TOKENS = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[\]{}]', re.DOTALL)
_NOT_STORABLE = re.compile("[\ud800-\udfff\x00]")


def storable_text(text: str) -> str:
    """The text with lone surrogates and NUL, which UTF-8 or a warehouse refuses, as U+FFFD."""
    return _NOT_STORABLE.sub("�", text)


def canonical_json(document: Any) -> str:
    """JSON text with sorted keys and no spaces; never raises for what the docstring above names."""
    return _encoded(document).decode()


def decode_json(body: bytes) -> Any:
    """The value of a JSON text, read as UTF-8. Raises ValueError that says what is wrong.

    orjson refuses lone surrogates, numbers that are too large and texts nested too deep; such a text is read
    all the same, with what cannot be stored replaced as above.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    try:
        text = body.decode("utf-8-sig", "surrogatepass")
    except UnicodeDecodeError as error:
        byte = body[error.start]
        raise ValueError(f"not UTF-8: byte 0x{byte:02x} at position {error.start}") from None
    try:
        return _storable(json.loads(_without_depth(text), parse_int=_int))
    except ValueError as error:
        raise ValueError(f"not JSON: {error}") from None


def version_id(ad_id: str, status: str, changed_at_us: int, document: str | None) -> str:
    """Key of one state of an ad: 32 hex characters (blake2b, 128 bits).

    `changed_at_us` is microseconds since the epoch, UTC; `document` is canonical JSON or None. The
    parts are hashed as a JSON list, so that no two different lists of parts run together.
    """
    return digest([ad_id, status, changed_at_us, document])


def digest(value: Any) -> str:
    """32 hex characters (blake2b, 128 bits) of the value as canonical JSON."""
    return hashlib.blake2b(_encoded(value), digest_size=16).hexdigest()


def hash_of(text: str) -> int:
    """64 bits with a sign (blake2b) of a text that UTF-8 can write."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), signed=True)


def _without_depth(text: str) -> str:
    """The JSON text with null for what is nested too deep for Python's own reader."""
    parts: list[str] = []
    depth = start = 0
    for token in _TOKENS.finditer(text):
        if token[0] in "[{":
            depth += 1
            if depth == MAX_DEPTH + 1:
                parts.append(text[start : token.start()] + "null")
        elif token[0] in "]}":
            if depth == MAX_DEPTH + 1:
                start = token.end()
            depth -= 1
    return "".join(parts) + text[start:]


def _int(digits: str) -> int | str:
    return int(digits) if len(digits) <= _LONGEST_INT else digits


def _encoded(document: Any) -> bytes:
    try:
        encoded = orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
        if b"\\u0000" not in encoded:
            return encoded
    except (TypeError, RecursionError):  # orjson's own error is a TypeError
        pass
    return orjson.dumps(_storable(document), option=orjson.OPT_SORT_KEYS)


def _storable(value: Any, depth: int = 0) -> Any:
    """A copy that orjson can write."""
    if isinstance(value, dict | list | tuple):
        if depth >= MAX_DEPTH:
            return None
        if isinstance(value, dict):
            return {storable_text(str(key)): _storable(child, depth + 1) for key, child in value.items()}
        return [_storable(child, depth + 1) for child in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or (isinstance(value, int) and -(2**63) <= value < 2**64):
        return value
    return storable_text(str(value))
