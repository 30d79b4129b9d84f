"""Render the page in one language: what the template needs, and nothing it has to work out itself."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup

from dashboard.chart import Chart, Figures
from dashboard.charts import CHARTS
from dashboard.charts.new_ads import NEW_ADS
from dashboard.drawing import NARROW, WIDE, picture
from dashboard.encode import EPOCH
from dashboard.groups import ALL, UNKNOWN
from dashboard.headline import headline
from dashboard.health import Health, Warned
from dashboard.open_data.catalog import dataset
from dashboard.open_data.folder import OpenData
from dashboard.page.tables import default_rows, table
from dashboard.seasons import holidays, seasons
from dashboard.templates import template
from dashboard.texts import Texts

HERE = Path(__file__).parent
TABLE_ROWS = 1000
"""Rows of a table; the CSV file holds all."""


@dataclass(frozen=True)
class Page:
    """All that a page says. `pages` and `methods` map each language to its file, `scripts` each script."""

    texts: Texts
    pages: Mapping[str, str]
    methods: Mapping[str, str]
    figures: Mapping[str, Figures]
    health: Health | None
    warnings: Sequence[Warned]
    data: OpenData
    made_at: datetime
    stale_after: timedelta
    scripts: Mapping[str, str]


def render(page: Page) -> str:
    """The HTML of the page."""
    texts = page.texts
    return template(HERE, "index.html").render(
        **_shared(texts, page.pages),
        page=page,
        warnings=[texts.say("warning", warned.key, **warned.filled) for warned in page.warnings],
        headlines=headline(page.figures, texts),
        counted_to=counted_to(page.figures),
        captured=_captured(page.figures["new_ads"]),
        charts=[_section(chart, page.figures[chart.id], page) for chart in CHARTS],
        settings=_json(_settings(page)),
        dataset=_json(dataset(page.data.edition, page.data.tables, texts.tag[:2])),
    )


def render_methods(
    texts: Texts, pages: Mapping[str, str], methods: Mapping[str, str], made_at: datetime
) -> str:
    """The HTML of the page of methods."""
    return template(HERE, "methods.html").render(
        **_shared(texts, methods), to_page=pages[texts.language], made_at=made_at
    )


def counted_to(figures: Mapping[str, Figures]) -> date | None:
    """The last day of the open ads."""
    return max((row[0] for row in figures["open_ads"].rows), default=None)


def _shared(texts: Texts, pages: Mapping[str, str]) -> dict[str, Any]:
    return {
        "texts": texts,
        "words": texts.words,
        "say": texts.say,
        "pages": pages,
        "other_page": pages[texts.other],
        "style": Markup(_style()),
    }


@cache
def _style() -> str:
    return (HERE / "page.css").read_text(encoding="utf-8")


def _section(chart: Chart, figures: Figures, page: Page) -> dict[str, Any]:
    """What the template needs for a chart."""
    texts = page.texts
    problem, said = figures.problem, figures.said
    rows = default_rows(chart, figures)
    bars = len({row.get("label") for row in rows})
    return {
        "chart": chart,
        "words": texts.words[chart.id],
        "problem": problem and texts.say("problem", problem, days=timedelta(days=7)),
        "said": _capitalized(texts.say(chart.id, said.key, **said.filled)) if said and not problem else None,
        "caveats": [texts.say("caveat", key, **filled) for key, filled in figures.caveats if not problem],
        "groups": _groups(chart, figures, texts),
        "dimensions": [name for name in chart.dimensions if name in _dimensions(chart, figures)],
        "table": None if problem else table(chart, rows, texts),
        "units": figures.units or chart.units,
        "script": page.scripts.get(chart.id),
        "pictures": _pictures(chart, figures, texts),
        "height": bars * chart.row_height + 46 if chart.row_height else chart.height,
    }


def _pictures(chart: Chart, figures: Figures, texts: Texts) -> list[Markup]:
    """The first chart as it is drawn before a script runs, for a wide and for a narrow screen."""
    if chart is not NEW_ADS or figures.problem:
        return []
    return [Markup(picture(chart, figures, texts, width)) for width in (WIDE, NARROW)]


def _capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]


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
            if row[place] in groups and row[place + 1] not in groups[row[place]]:
                groups[row[place]][row[place + 1]] = texts.value(row[place + 1], row[place])
    return {
        name: sorted(values.items(), key=lambda item: (item[0] == UNKNOWN, item[1]))
        for name, values in groups.items()
        if values
    }


def _captured(figures: Figures) -> float | None:
    """The share in percent of the last year's ads whose content was captured."""
    rows = [row for row in figures.rows if (row[1], row[2]) == ALL][-365:]
    ads = sum(row[3] or 0 for row in rows)
    return 100 * sum((row[3] or 0) * (row[9] or 0) for row in rows) / ads if ads else None


def _settings(page: Page) -> dict[str, Any]:
    """What the script has to know beside the figures."""
    texts, last = page.texts, counted_to(page.figures)
    first = min((row[0] for row in page.figures["new_ads"].rows), default=last)
    sections = ("page", "age", "chart", "control", "caveat", "problem", "warning", "unit", "season")
    spans = seasons(first, last) if first and last else []
    days = {day: name for day, name in holidays().items() if first and last and first <= day <= last}
    return {
        "tag": texts.tag,
        "words": {section: texts.words[section] for section in sections},
        "charts": {chart.id: {"words": texts.words[chart.id], **chart.config()} for chart in CHARTS},
        "values": texts.words["values"],
        "vega": f"assets/{page.scripts['vega']}",
        "cite": texts.say("page", "cite", day=last) if last else "",
        "seasons": [[(one.first - EPOCH).days, (one.last - EPOCH).days, one.name] for one in spans],
        "holidays": {(day - EPOCH).days: texts.words["holidays"][name] for day, name in days.items()},
        "tableRows": TABLE_ROWS,
        "staleAfterHours": page.stale_after.total_seconds() / 3600,
        "isWarnedOfAge": any(warned.key == "stale" for warned in page.warnings),
    }


def _json(value: Any) -> Markup:
    """JSON that cannot end the script element it stands in."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c"))
