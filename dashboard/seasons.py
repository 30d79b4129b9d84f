"""What explains a dip: public holidays by name, and the spans of Easter, summer and Christmas."""

from __future__ import annotations

import csv
from datetime import date
from functools import cache
from typing import NamedTuple

from extract.config import PROJECT

HOLIDAYS = PROJECT / "dbt_project/seeds/holidays.csv"
BEFORE_EASTER, AFTER_EASTER = "Skjærtorsdag", "Andre påskedag"


class Season(NamedTuple):
    """A span, both days included; `name` is a key of the texts."""

    first: date
    last: date
    name: str


@cache
def holidays() -> dict[date, str]:
    """Each public holiday with its Norwegian name; those of one day share a row."""
    with HOLIDAYS.open(encoding="utf-8", newline="") as file:
        return {date.fromisoformat(row["day"]): row["name_no"] for row in csv.DictReader(file)}


def seasons(first: date, last: date) -> list[Season]:
    """The seasons that touch the span, in order."""
    found = []
    for year in range(first.year - 1, last.year + 1):
        easter = [
            day
            for day, name in holidays().items()
            if day.year == year and name in (BEFORE_EASTER, AFTER_EASTER)
        ]
        if easter:
            found.append(Season(min(easter), max(easter), "easter"))
        found.append(Season(date(year, 7, 1), date(year, 7, 31), "summer"))
        found.append(Season(date(year, 12, 24), date(year + 1, 1, 1), "christmas"))
    return [season for season in found if season.first <= last and season.last >= first]
