"""The scripts of the page: Vega with its embedding, the page's own, and each chart's figures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from dashboard.chart import Chart, Figures
from dashboard.drawing import vega
from dashboard.encode import EPOCH, encoded
from extract.config import PROJECT

SNIPPET = "window.vegaEmbed = vegaEmbed;"
PARTS = (
    "format",
    "data",
    "steps",
    "state",
    "table",
    "tip",
    "rows",
    "figures",
    "drawing",
    "reading",
    "export",
    "chart",
    "main",
)
"""The page's script, in the order in which its parts need one another: a page from disk imports no module."""


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


def write_scripts(folder: Path, figures: Mapping[str, Figures], charts: tuple[Chart, ...]) -> dict[str, str]:
    """Write the scripts into `folder`; returns the file of `vega`, of `page`, and of each chart by its id.

    Their names change with what they hold, so that no browser takes an old one from its cache.
    """
    path = vega_script()
    (folder / path.name).write_bytes(path.read_bytes())
    named = {"vega": path.name, "page": _write(folder, "page", _page_script())}
    for chart in charts:
        if figures[chart.id].problem is None:
            named[chart.id] = _write(folder, chart.id, _figures_script(chart, figures[chart.id]))
    return named


def _page_script() -> str:
    here = Path(__file__).parent / "page" / "js"
    parts = [(here / f"{part}.js").read_text(encoding="utf-8") for part in PARTS]
    return "(()=>{\n" + "\n".join(parts) + "})();\n"


def _figures_script(chart: Chart, figures: Figures) -> str:
    payload = {
        "columns": encoded(chart.columns, figures.rows, chart.used_columns()),
        "shaded": [[_days(first), _days(last)] for first, last in figures.shaded],
        "spec": vega(chart.draw, chart.height) if chart.draw else None,
    }
    text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
    return f"jobMarket.figures.{chart.id}={text};\n"


def _days(day: date) -> int:
    return (day - EPOCH).days


def _write(folder: Path, name: str, text: str) -> str:
    content = text.encode()
    file = f"{name}-{sha256(content).hexdigest()[:10]}.js"
    (folder / file).write_bytes(content)
    return file
