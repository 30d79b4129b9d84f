"""The four figures at the top, taken from what the charts show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from dashboard.chart import Figures, Row
from dashboard.groups import ALL
from dashboard.texts import Texts


class Headline(NamedTuple):
    """A figure, its name, and what it speaks of."""

    name: str
    value: str
    about: str


def headline(figures: Mapping[str, Figures], texts: Texts) -> list[Headline]:
    """Ads and positions open, new ads of the last week against last year's, and remote work."""
    return [
        *_open(_all(figures["open_ads"]), texts),
        _new(_all(figures["new_ads"]), texts),
        _remote(_all(figures["remote_work"]), texts),
    ]


def _open(rows: list[Row], texts: Texts) -> list[Headline]:
    names = ("open_ads", "open_positions")
    if not rows:
        return [_nothing(name, texts) for name in names]
    day, _, _, *counts = rows[-1]
    about = texts.say("headline", "on", day=day)
    return [
        Headline(texts.say("headline", name), texts.number(count), about)
        for name, count in zip(names, counts, strict=True)
    ]


def _new(rows: list[Row], texts: Texts) -> Headline:
    if len(rows) < 7:
        return _nothing("new_ads", texts)
    day, _, _, _, mean, earlier, *_ = rows[-1]
    about = texts.say("headline", "to_day", day=day)
    if earlier and mean is not None:
        change = texts.percent((mean / earlier - 1) * 100, signed=True)
        about = texts.say("headline", "against", percent=change)
    return Headline(texts.say("headline", "new_ads"), texts.number(sum(row[3] for row in rows[-7:])), about)


def _remote(rows: list[Row], texts: Texts) -> Headline:
    if not rows or rows[-1][5] is None:
        return _nothing("remote_work", texts)
    about = texts.say("headline", "of_month", month=texts.month(rows[-1][0]))
    return Headline(texts.say("headline", "remote_work"), texts.percent(100 * rows[-1][5]), about)


def _all(figures: Figures) -> list[Row]:
    return [row for row in figures.rows if (row[1], row[2]) == ALL]


def _nothing(name: str, texts: Texts) -> Headline:
    return Headline(texts.say("headline", name), texts.say("headline", "none"), "")
