"""The four figures at the top, taken from the charts, each with its change and its last year as a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from dashboard.chart import Figures, Row
from dashboard.groups import ALL, change, year_earlier
from dashboard.texts import Texts

SPARK_DAYS, SPARK_MONTHS = 366, 13
SPARK_WIDTH, SPARK_HEIGHT = 100, 26


class Headline(NamedTuple):
    """A figure, its name, what it speaks of, and the points of its line in SVG's words (empty: too few)."""

    name: str
    value: str
    about: str
    change: str
    line: str


def headline(figures: Mapping[str, Figures], texts: Texts) -> list[Headline]:
    """Ads and positions open, new ads of the last week, and remote work; against a year earlier."""
    return [
        *_open(_all(figures["open_ads"]), texts),
        _new(_all(figures["new_ads"]), texts),
        _remote(_all(figures["remote_work"]), texts),
    ]


def _open(rows: list[Row], texts: Texts) -> list[Headline]:
    made = []
    for name, column in (("open_ads", 3), ("open_positions", 4)):
        if not rows:
            made.append(_nothing(name, texts))
            continue
        by_day = {row[0]: row[column] for row in rows}
        last = rows[-1][0]
        changed = change(by_day[last], by_day.get(year_earlier(last)))
        made.append(
            Headline(
                texts.say("headline", name),
                texts.number(by_day[last]),
                texts.say("headline", "on", day=last),
                _against(changed, texts),
                line([row[column] for row in rows[-SPARK_DAYS:]]),
            )
        )
    return made


def _new(rows: list[Row], texts: Texts) -> Headline:
    if not rows or rows[-1][4] is None:
        return _nothing("new_ads", texts)
    day, _, _, _, mean, earlier, *_ = rows[-1]
    changed = change(7 * mean, earlier and 7 * earlier)
    return Headline(
        texts.say("headline", "new_ads"),
        texts.number(sum(row[3] for row in rows[-7:])),
        texts.say("headline", "to_day", day=day),
        _against(changed, texts),
        line([row[4] for row in rows[-SPARK_DAYS:]]),
    )


def _remote(rows: list[Row], texts: Texts) -> Headline:
    if not rows or rows[-1][5] is None:
        return _nothing("remote_work", texts)
    before = {row[0]: row[5] for row in rows}.get(year_earlier(rows[-1][0]))
    points = None if before is None else 100 * (rows[-1][5] - before)
    return Headline(
        texts.say("headline", "remote_work"),
        texts.percent(100 * rows[-1][5]),
        texts.say("headline", "of_month", month=texts.month(rows[-1][0])),
        "" if points is None else texts.say("headline", "points", points=texts.signed(points)),
        line([row[5] for row in rows[-SPARK_MONTHS:]]),
    )


def line(values: Sequence[float | None]) -> str:
    """The values as points of a line in a box of SPARK_WIDTH and SPARK_HEIGHT, from zero; some 60 points."""
    known = [value for value in values if value is not None]
    step = max(1, len(known) // 60)
    shown = [*known[:-1:step], known[-1]] if known else []
    if len(shown) < 3 or not max(shown):
        return ""
    width, height = SPARK_WIDTH / (len(shown) - 1), (SPARK_HEIGHT - 2) / max(shown)
    return " ".join(
        f"{at * width:.1f},{SPARK_HEIGHT - 1 - value * height:.1f}" for at, value in enumerate(shown)
    )


def _against(changed: float | None, texts: Texts) -> str:
    if changed is None:
        return ""
    return texts.say("headline", "against", percent=texts.percent(changed, signed=True))


def _all(figures: Figures) -> list[Row]:
    return [row for row in figures.rows if (row[1], row[2]) == ALL]


def _nothing(name: str, texts: Texts) -> Headline:
    return Headline(texts.say("headline", name), texts.say("headline", "none"), "", "", "")
