"""Vega and its embedding, as one script that needs nothing from the network."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from extract.config import PROJECT

SNIPPET = "window.vegaEmbed = vegaEmbed;"


def vega_script(folder: Path = PROJECT / ".cache") -> Path:
    """The script's file; made once for each version of vl-convert, as making it takes seconds."""
    path = folder / f"vega-{version('vl-convert-python')}.js"
    if not path.exists():
        import vl_convert

        folder.mkdir(parents=True, exist_ok=True)
        making = path.with_suffix(".new")
        # A classic script, since a browser loads no module from disk; its names stay its own.
        making.write_text(f"(()=>{{{vl_convert.javascript_bundle(SNIPPET)}\n}})();\n", encoding="utf-8")
        making.replace(path)
    return path
