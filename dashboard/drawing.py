"""What is drawn at publishing: each chart as Vega, the first one as a picture, the card for links."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import vl_convert

from dashboard.chart import Chart, Drawing, Figures, Row
from dashboard.groups import ALL
from dashboard.headline import SPARK_HEIGHT, SPARK_WIDTH, Headline
from dashboard.seasons import seasons
from dashboard.style import finished
from dashboard.texts import Texts

SHOWN_DAYS = 365
"""What the page's script shows of the new ads before the reader chooses."""
WIDE, NARROW = 1080, 328
"""The width of a chart on a screen of 1,440 and of 360 pixels."""


@cache
def vega(draw: Callable[[], Drawing], height: int, width: int | str = "container") -> dict[str, Any]:
    """The drawing as Vega: what Vega-Lite would make of it in the browser, made here once."""
    spec: dict[str, Any] = vl_convert.vegalite_to_vega(finished(draw(), height, width))
    return spec


def picture(chart: Chart, figures: Figures, texts: Texts, width: int) -> str:
    """The last year of all new ads as SVG: what the script draws when the reader first moves."""
    rows = [row for row in figures.rows if (row[1], row[2]) == ALL][-SHOWN_DAYS:]
    data = _data(rows, texts)
    assert chart.draw is not None
    spec = json.loads(json.dumps(vega(chart.draw, chart.height, width)))
    for one in spec["data"]:
        if one["name"] in data:
            one["values"] = data[one["name"]]
    number, days = _locale(texts)
    svg: str = vl_convert.vega_to_svg(spec, format_locale=number, time_format_locale=days)
    return svg


def _data(rows: Sequence[Row], texts: Texts) -> dict[str, list[dict[str, Any]]]:
    last = [row for row in rows if row[4] is not None][-1:]
    found = seasons(rows[0][0], rows[-1][0])
    return {
        "rows": [
            {"when": _ms(row[0]), "count": row[3], "mean": row[4], "earlier": row[5], "role": 0}
            for row in rows
        ],
        "labels": [
            {"when": _ms(row[0]), "mean": row[4], "role": 0, "label": texts.number(row[4], 1)} for row in last
        ],
        "seasons": [
            {
                "when": _ms(max(season.first, rows[0][0])),
                "until": _ms(min(season.last + timedelta(days=1), rows[-1][0])),
                "label": texts.say("season", season.name),
            }
            for season in found
        ],
    }


def _ms(day: date) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000


def _locale(texts: Texts) -> tuple[dict[str, Any], dict[str, Any]]:
    """Numbers and months as D3 wants them."""
    is_english = texts.language == "en"
    months = [texts.month_name(month) for month in range(1, 13)]
    number = {
        "decimal": "." if is_english else ",",
        "thousands": "," if is_english else "\u00a0",
        "grouping": [3],
        "currency": ["", ""],
    }
    days = {
        "dateTime": "%x %X",
        "date": "%-d %b" if is_english else "%-d. %b",
        "time": "%H:%M:%S",
        "periods": ["", ""],
        "days": [""] * 7,
        "shortDays": [""] * 7,
        "months": months,
        "shortMonths": [month[:3] for month in months],
    }
    return number, days


CARD = """<svg xmlns="http://www.w3.org/2000/svg" width="1200" height="630" font-family="{font}">
<rect width="1200" height="630" fill="#fff"/><rect width="1200" height="14" fill="#0b5cad"/>
<text x="70" y="130" font-size="64" font-weight="700" fill="#1b1f24">{title}</text>
<text x="70" y="184" font-size="28" fill="#59636e">{about}</text>{figures}
<polyline points="{line}" fill="none" stroke="#0b5cad" stroke-width="5" stroke-linejoin="round"/>
</svg>"""
FIGURE = """<g transform="translate({x} 250)"><text font-size="28" fill="#59636e">{name}</text>
<text y="74" font-size="70" font-weight="700" fill="#1b1f24">{value}</text>
<text y="116" font-size="24" fill="#59636e">{change}</text></g>"""
FONT = "DejaVu Sans, Roboto, Liberation Sans, sans-serif"


def card(shown: Sequence[Headline], about: str, texts: Texts) -> bytes:
    """The picture that a link to the page shows elsewhere, as PNG of 1,200 by 630 pixels."""
    chosen = [shown[0], shown[2]]
    figures = "".join(
        FIGURE.format(x=70 + 560 * place, name=one.name, value=one.value, change=one.change)
        for place, one in enumerate(chosen)
    )
    svg = CARD.format(
        font=FONT,
        title=texts.say("page", "title"),
        about=about,
        figures=figures,
        line=_stretched(chosen[1].line or chosen[0].line),
    )
    png: bytes = vl_convert.svg_to_png(svg)
    return png


def _stretched(line: str) -> str:
    """The points of a small line, over the lower part of the card."""
    points = [tuple(map(float, point.split(","))) for point in line.split()]
    return " ".join(
        f"{70 + 1060 / SPARK_WIDTH * x:.1f},{430 + 150 / SPARK_HEIGHT * y:.1f}" for x, y in points
    )
