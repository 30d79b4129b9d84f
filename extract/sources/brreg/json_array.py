"""The objects of a JSON array as long as one likes, in little memory: chunks of bytes -> lists of objects.

There is no incremental parser in the lock, and none is needed. Read up to some `},{`: if `[...]` around
what was read is valid JSON, the place lies between two objects of the array, for JSON that is valid up to
there has only one reading; if not, it lies inside an object or a text, and the one before it is tried.
orjson does the work, at the speed of a whole file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

PIECE = 1 << 20
"""Bytes that are parsed together, at least."""
LARGEST_OBJECT = 16 << 20
TRIES = 50
"""So many places are tried, from the end, before more is read."""

_BETWEEN = re.compile(rb"\}\s*,\s*(?=\{)")


class NotAnArray(ValueError):
    """The text is no whole JSON array of objects; the message says what is wrong."""


def objects_of(chunks: Iterable[bytes]) -> Iterator[list[dict[str, Any]]]:
    """The objects, some at a time. Raises NotAnArray, at the latest where the text ends."""
    text = b""
    begun = False
    wanted = PIECE
    for chunk in chunks:
        text += chunk
        if not begun:
            stripped = text.lstrip()
            if not stripped:
                continue
            if not stripped.startswith(b"["):
                raise NotAnArray("it does not begin with '['")
            begun, text = True, stripped[1:]
        if len(text) < wanted:
            continue
        found, text = _first_objects(text)
        if found:
            yield found
        elif len(text) > LARGEST_OBJECT:
            raise NotAnArray(f"no object ends within {LARGEST_OBJECT >> 20} MB")
        wanted = max(PIECE, 2 * len(text))
    if not begun:
        raise NotAnArray("it is empty")
    yield _parsed(b"[" + text)


def _first_objects(text: bytes) -> tuple[list[dict[str, Any]], bytes]:
    """As many whole objects as the text begins with, and the rest of it."""
    places = [match.span() for match in _BETWEEN.finditer(text)]
    for start, end in reversed(places[-TRIES:]):
        try:
            return _parsed(b"[" + text[: start + 1] + b"]"), text[end:]
        except NotAnArray:
            continue
    return [], text


def _parsed(text: bytes) -> list[dict[str, Any]]:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise NotAnArray(f"no valid JSON: {error}") from None
    if not all(isinstance(item, dict) for item in value):
        raise NotAnArray("it holds something else than objects")
    return list(value)
