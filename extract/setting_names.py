"""Refuse the name of a setting that does not exist: a misspelt setting would silently keep its default."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from extract.errors import ConfigurationError

Sections = Mapping[str, set[str]]
"""The names of the settings by section, such as `sources.nav_feed`."""


def refuse_unknown_settings(project: Path, sections: Sections) -> None:
    """Look through `.dlt/` of the project and the environment.

    Raises ConfigurationError that names the setting and the nearest one that exists, or a broken file.
    """
    for file in ("config.toml", "secrets.toml"):
        path = project / ".dlt" / file
        try:
            given = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigurationError(f".dlt/{file} is not valid TOML: {error}. Fix it, run again.") from None
        _refuse_unknown(given, "", sections, f".dlt/{file}")
    ours = {section.split(".")[0] for section in sections}
    for variable in os.environ:
        keys = variable.lower().split("__")
        if variable.isupper() and len(keys) > 1 and keys[0] in ours:
            nested: Any = None
            for key in reversed(keys):
                nested = {key: nested}
            _refuse_unknown(nested, "", sections, f"{variable} of the environment")


def _refuse_unknown(given: Mapping[str, Any], section: str, sections: Sections, origin: str) -> None:
    """Outside our sections the names are dlt's: one is refused only if it is near to one of ours."""
    fields = sections.get(section, set())
    prefix = f"{section}." if section else ""
    inner = {name.removeprefix(prefix).split(".")[0] for name in sections if name.startswith(prefix)}
    for key, value in given.items():
        if key in inner and isinstance(value, Mapping):
            _refuse_unknown(value, prefix + key, sections, origin)
        elif key not in fields | inner:
            near = difflib.get_close_matches(key, fields | inner, 1, 0.6 if fields else 0.8)
            if near or fields:
                hint = f" Did you mean {prefix}{near[0]}?" if near else ""
                raise ConfigurationError(
                    f"{origin}: there is no setting {prefix}{key}.{hint} See docs/reference/settings.md."
                )
