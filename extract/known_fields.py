"""Which fields the ads have and of which kind each value is: how a change of the API is noticed. Pure.

{"employer": {"orgnr": "9"}, "workLocations": [{"city": null}]}
    ->  "employer object", "employer.orgnr string", "workLocations array"
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

LONGEST_NAME = 80
DEEPEST = 4
MOST = 1000
"""Fields that are remembered: what comes after them is kept in the documents, and told no more."""
KINDS = {str: "string", bool: "boolean", int: "number", float: "number", dict: "object", list: "array"}


def fields_of(content: dict[str, Any]) -> set[str]:
    """The fields of an ad's content as `path kind`; the items of a list count as the list's own fields."""
    return set(_walk(content, "", DEEPEST))


def _walk(value: Any, path: str, depth: int) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            inner_path = f"{path}.{_named(name)}" if path else _named(name)
            if kind := KINDS.get(type(inner)):
                yield f"{inner_path} {kind}"
                if depth > 1:
                    yield from _walk(inner, inner_path, depth - 1)
    elif isinstance(value, list):
        for item in value:
            yield from _walk(item, path, depth)


def _named(name: str) -> str:
    """The name as it can be stored and shown, however odd it is."""
    return "".join(letter if letter.isprintable() and letter != " " else "_" for letter in name)[
        :LONGEST_NAME
    ]
