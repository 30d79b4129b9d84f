"""Which fields the ads have and of which kind each value is: how a change of the API is noticed. Pure.

{"employer": {"orgnr": "9"}, "workLocations": [{"city": null}]}
    ->  "employer object", "employer.orgnr string", "workLocations array"
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

LONGEST_NAME = 80
DEEPEST = 4
MOST = 1000
"""Fields that are remembered: what comes after them is kept in the documents, and told no more."""
KINDS = {str: "string", bool: "boolean", int: "number", float: "number", dict: "object", list: "array"}


def fields_of(content: dict[str, Any]) -> set[str]:
    """The fields of an ad's content as `path kind`; the items of a list count as the list's own fields."""
    fields: set[str] = set()
    todo: list[tuple[Any, str, int]] = [(content, "", DEEPEST)]
    while todo:
        value, path, depth = todo.pop()
        if type(value) is list:
            todo += [(item, path, depth) for item in value]
        elif type(value) is dict:
            for name, inner in value.items():
                if kind := KINDS.get(type(inner)):
                    inner_path, field = _field(path, name[:LONGEST_NAME], kind)
                    fields.add(field)
                    if depth > 1 and kind in ("object", "array"):
                        todo.append((inner, inner_path, depth - 1))
    return fields


@lru_cache(maxsize=MOST)
def _field(path: str, name: str, kind: str) -> tuple[str, str]:
    """The field's path, and that with its kind: the same in ad after ad."""
    inner_path = f"{path}.{_named(name)}" if path else _named(name)
    return inner_path, f"{inner_path} {kind}"


def _named(name: str) -> str:
    """The name as it can be stored and shown, however odd it is."""
    return "".join(letter if letter.isprintable() and letter != " " else "_" for letter in name)
