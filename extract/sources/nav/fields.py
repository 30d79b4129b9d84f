"""Which fields the ads have and of which kind each value is: how a change of the API is noticed. Pure.

{"employer": {"orgnr": "9"}, "workLocations": [{"city": null}]}
    ->  "employer object", "employer.orgnr string", "workLocations array"
"""

from __future__ import annotations

from typing import Any

MAX_NAME = 80
MAX_DEPTH = 4
MAX_FIELDS = 1000
"""Fields that are remembered; later ones are kept in the documents only."""
KINDS = {str: "string", bool: "boolean", int: "number", float: "number", dict: "object", list: "array"}


def fields_of(content: dict[str, Any]) -> set[str]:
    """The fields of an ad's content as `path kind`; the items of a list count as the list's own fields."""
    fields: set[str] = set()
    todo: list[tuple[Any, str, int]] = [(content, "", MAX_DEPTH)]
    while todo:
        value, path, depth = todo.pop()
        if isinstance(value, list):
            todo += [(item, path, depth) for item in value]
        elif isinstance(value, dict):
            for name, inner in value.items():
                inner_path = f"{path}.{_printable(name)}".removeprefix(".")
                if kind := KINDS.get(type(inner)):
                    fields.add(f"{inner_path} {kind}")
                    if depth > 1:
                        todo.append((inner, inner_path, depth - 1))
    return fields


def _printable(name: str) -> str:
    """The name as it can be stored and shown, however odd it is."""
    return "".join(c if c.isprintable() and c != " " else "_" for c in name[:MAX_NAME])
