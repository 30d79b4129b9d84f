"""Render the page in one language: what the template needs, and nothing it has to work out itself."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
import vl_convert
from markupsafe import Markup

from dashboard.chart import Chart, Figures, Kind
from dashboard.charts import CHARTS
from dashboard.encode import EPOCH, encoded
from dashboard.groups import ALL, UNKNOWN
from dashboard.headline import headline
from dashboard.health import Health, Warned
from dashboard.open_data.catalog import dataset
from dashboard.open_data.folder import OpenData
from dashboard.style import finished
from dashboard.texts import Texts

HERE = Path(__file__).parent
TABLE_ROWS = 400
"""Rows of a table behind a chart; the CSV file holds all."""


@dataclass(frozen=True)
class Page:
    """All that a page says. `pages` maps each language to its file, `script` names Vega's in assets/."""

    texts: Texts
    pages: Mapping[str, str]
    figures: Mapping[str, Figures]
    health: Health | None
    warnings: Sequence[Warned]
    data: OpenData
    made_at: datetime
    stale_after: timedelta
    script: str


def render(page: Page) -> str:
    """The HTML of the page."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    texts = page.texts
    return environment.get_template("page.html").render(
        texts=texts,
        words=texts.words,
        say=texts.say,
        page=page,
        other_page=page.pages[texts.other],
        style=Markup((HERE / "page.css").read_text(encoding="utf-8")),
        script=Markup((HERE / "page.js").read_text(encoding="utf-8")),
        warnings=[texts.say("warning", warned.key, **warned.filled) for warned in page.warnings],
        is_stale=any(warned.key == "stale" for warned in page.warnings),
        headlines=headline(page.figures, texts),
        counted_to=_counted_to(page.figures["open_ads"]),
        charts=[_section(chart, page.figures[chart.id], texts) for chart in CHARTS],
        settings=_json(_settings(page)),
        dataset=_json(dataset(page.data.edition, page.data.tables, texts.tag[:2])),
    )


def _section(chart: Chart, figures: Figures, texts: Texts) -> dict[str, Any]:
    """What the template needs for a chart."""
    words = texts.words[chart.id]
    caveats = [texts.say("caveat", key, **filled) for key, filled in figures.caveats]
    problem = figures.problem
    rows = _default_rows(chart, figures)
    return {
        "chart": chart,
        "words": words,
        "problem": problem and texts.say("problem", problem, days=timedelta(days=7)),
        "caveats": [] if problem else caveats,
        "groups": _groups(chart, figures, texts),
        "dimensions": [name for name in chart.dimensions if name in _dimensions(chart, figures)],
        "table": None if problem else _table(chart, rows, texts),
        "payload": None if problem else _json({**_payload(chart, figures), "spec": _spec(chart.id)}),
        "height": chart.height,
    }


def _payload(chart: Chart, figures: Figures) -> dict[str, Any]:
    known = figures.known_from
    return {
        **chart.config(),
        "columns": encoded(chart.columns, figures.rows),
        "kinds": {column.name: column.kind for column in chart.columns},
        "hasUnknownPast": figures.has_unknown_past,
        "knownFrom": None if known is None else (known - EPOCH).days,
    }


@cache
def _spec(chart_id: str) -> dict[str, Any]:
    """The drawing as Vega: what Vega-Lite would make of it in the browser, made here once."""
    chart = next(chart for chart in CHARTS if chart.id == chart_id)
    spec: dict[str, Any] = vl_convert.vegalite_to_vega(finished(chart.draw(), chart.height))
    return spec


def _column(chart: Chart, name: str) -> int | None:
    names = [column.name for column in chart.columns]
    return names.index(name) if name in names else None


def _dimensions(chart: Chart, figures: Figures) -> list[str]:
    place = _column(chart, "dimension")
    return [] if place is None else list(dict.fromkeys(row[place] for row in figures.rows))


def _groups(chart: Chart, figures: Figures, texts: Texts) -> dict[str, list[tuple[str, str]]]:
    """The values of each dimension, by name; what is not known comes last."""
    groups: dict[str, dict[str, str]] = {name: {} for name in chart.dimensions}
    place = _column(chart, "dimension")
    if place is not None:
        for row in figures.rows:
            if row[place] in groups:
                groups[row[place]].setdefault(row[place + 1], texts.value(row[place + 1]))
    return {
        name: sorted(values.items(), key=lambda item: (item[0] == UNKNOWN, item[1]))
        for name, values in groups.items()
        if values
    }


def _default_rows(chart: Chart, figures: Figures) -> list[dict[str, Any]]:
    """What the table shows before anything is chosen: all ads, else the first dimension."""
    names = [column.name for column in chart.columns]
    rows = [dict(zip(names, row, strict=True)) for row in figures.rows]
    if "dimension" in names:
        total = [row for row in rows if (row["dimension"], row["value"]) == ALL]
        rows = total or [row for row in rows if row["dimension"] == chart.dimensions[0]]
        if chart.lines == "first" and rows:
            first = max({row["value"] for row in rows} - {UNKNOWN}, default=UNKNOWN)
            rows = [row for row in rows if row["value"] == first]
    measure = chart.measures[0] if chart.measures else ""
    return [
        {name: row[column.format(measure=measure)] for name, column in chart.series.items()} for row in rows
    ]


def _table(chart: Chart, rows: Sequence[dict[str, Any]], texts: Texts) -> dict[str, Any]:
    ordered = list(reversed(rows)) if "when" in chart.series else list(rows)
    cells = [[_cell(row[name], kind, texts) for name, kind in chart.table] for row in ordered[:TABLE_ROWS]]
    titles = [texts.words[chart.id][name] for name, _ in chart.table]
    return {"titles": titles, "rows": cells}


def _cell(value: Any, kind: Kind, texts: Texts) -> str:
    if value is None:
        return "–"
    match kind:
        case "date":
            return texts.day(value)
        case "month":
            return texts.month(value)
        case "text":
            return texts.value(value)
        case "whole":
            return texts.number(value)
        case "decimal":
            return texts.number(value, 1)
        case "share":
            return texts.percent(100 * value)
        case "percent":
            return texts.percent(value, signed=True)


def _counted_to(figures: Figures) -> date | None:
    return max((row[0] for row in figures.rows), default=None)


def _settings(page: Page) -> dict[str, Any]:
    """What the script has to know beside the charts."""
    texts = page.texts
    sections = ("page", "age", "chart", "control", "caveat", "problem", "warning")
    return {
        "tag": texts.tag,
        "words": {section: texts.words[section] for section in sections},
        "charts": {chart.id: texts.words[chart.id] for chart in CHARTS},
        "values": texts.words["values"],
        "tableRows": TABLE_ROWS,
        "staleAfterHours": page.stale_after.total_seconds() / 3600,
        "isWarnedOfAge": any(warned.key == "stale" for warned in page.warnings),
    }


def _json(value: Any) -> Markup:
    """JSON that cannot end the script element it stands in."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c"))
