"""How many ads a day brings: by weekday, month and holiday, and how the trades grew or shrank until now."""

from datetime import date
from functools import cache
from math import exp

import holidays

_WEEK = (1.35, 1.35, 1.3, 1.3, 1.2, 0.3, 0.2)
_YEAR = (1.15, 1.12, 1.12, 1.04, 1.07, 1.0, 0.65, 1.1, 1.05, 1.0, 0.95, 0.75)
_SUNDAY = _WEEK[6]

_GROWTH = {"Helse og sosial": 0.05, "Reiseliv og mat": 0.08, "Sikkerhet": 0.12, "Kultur": 0.06}
_GROWTH |= {"Salg og service": -0.05, "IT": -0.11, "Bygg og anlegg": -0.09, "Transport og lager": -0.04}
"""Of a trade's ads in a year, as a share of today's."""
_SLUMP_YEARS_AGO, _SLUMP_WIDTH, _SLUMP_DEPTH = 1.5, 0.2, 0.18


def share_of(day: date) -> float:
    """The ads of a day as a share of the mean day's; a holiday is as quiet as a Sunday."""
    week = _SUNDAY if day in _days_off(day.year) else _WEEK[day.weekday()]
    return week * _YEAR[day.month - 1]


def level_of(level1: str, years_ago: float) -> float:
    """The ads of an occupation, `years_ago` before the end of the world, as a share of those at its end."""
    slump = _SLUMP_DEPTH * exp(-(((years_ago - _SLUMP_YEARS_AGO) / _SLUMP_WIDTH) ** 2))
    return max(0.0, 1 - _GROWTH.get(level1, 0) * years_ago) * (1 - slump)


@cache
def _days_off(year: int) -> frozenset[date]:
    """Norway's public holidays, and 24 to 31 December."""
    christmas = {date(year, 12, day) for day in range(24, 32)}
    return frozenset(christmas | set(holidays.country_holidays("NO", years=year)))
