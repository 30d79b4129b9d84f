"""The page's words in English and Norwegian, and how each language writes numbers, days and times."""

from __future__ import annotations

import csv
import tomllib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from extract.config import PROJECT

SECTIONS = PROJECT / "dbt_project/seeds/nace_sections.csv"
PERCENTS = ("percent", "share", "part_time", "before_share", "most_percent", "least_percent")
OSLO = ZoneInfo("Europe/Oslo")
SPACE, MINUS = "\u00a0", "\u2212"
MONTHS = {
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
    "no": (
        *("januar", "februar", "mars", "april", "mai", "juni"),
        *("juli", "august", "september", "oktober", "november", "desember"),
    ),
}
LANGUAGES = ("en", "no")


@dataclass(frozen=True)
class Texts:
    """The words of one language. `words` is what its file holds: sections of keys."""

    language: str
    words: dict[str, dict[str, Any]]

    @property
    def tag(self) -> str:
        """The language as HTML and Intl name it."""
        return {"en": "en-GB", "no": "nb-NO"}[self.language]

    @property
    def other(self) -> str:
        """The other language."""
        return next(language for language in LANGUAGES if language != self.language)

    def say(self, section: str, key: str, **filled: Any) -> str:
        """One text, filled in."""
        text: str = self.words[section][key]
        return text.format(**{name: self.write(value, name) for name, value in filled.items()})

    def write(self, value: Any, name: str = "") -> str:
        """A value as a reader of the language writes it; `name` says what a number or a day stands for.

        A pair is a dimension and a value of it.
        """
        match value:
            case timedelta():
                return self.age(value)
            case datetime():
                local = value.astimezone(OSLO)
                return f"{self.day(local.date())}, {local:%H:%M}"
            case date():
                return self.month(value) if name == "month" else self.day(value)
            case (dimension, one):
                return self.value(one, dimension)
            case float() if name in PERCENTS:
                return self.percent(value, signed=name.endswith("_percent"))
            case float():
                return self.number(value, 0 if value.is_integer() else 1)
            case int():
                return self.number(value)
        return str(value)

    def number(self, value: float, decimals: int = 0) -> str:
        """12 345 or 12,345."""
        # Half away from zero, as the browser writes it.
        text = f"{int(abs(value) * 10**decimals + 0.5 + 1e-9) / 10**decimals:,.{decimals}f}"
        if self.language == "no":
            text = text.replace(",", SPACE).replace(".", ",")
        return (MINUS if value < 0 else "") + text

    def percent(self, value: float, *, signed: bool = False, decimals: int = 1) -> str:
        """6.2% or 6,2 %; of a value that is in percent already."""
        sign = "+" if signed and value > 0 else ""
        return sign + self.number(value, decimals) + ("%" if self.language == "en" else f"{SPACE}%")

    def signed(self, value: float) -> str:
        """+1.2 or \u22120.4."""
        return ("+" if value > 0 else "") + self.number(value, 1)

    def day(self, day: date) -> str:
        """23 November 2026 or 23. november 2026."""
        point = "." if self.language == "no" else ""
        return f"{day.day}{point}{SPACE}{self.month(day)}"

    def month(self, day: date) -> str:
        """November 2026."""
        return f"{self.month_name(day.month)} {day.year}"

    def month_name(self, month: int) -> str:
        """November; `month` runs from 1."""
        return MONTHS[self.language][month - 1]

    def age(self, age: timedelta) -> str:
        """The age in its largest unit."""
        minutes = max(0, int(age.total_seconds() // 60))
        for unit, length in (("day", 1440), ("hour", 60)):
            if minutes >= 2 * length:
                return self.say("age", f"{unit}s", n=minutes // length)
            if minutes >= length:
                return self.say("age", unit)
        return self.say("age", "minutes", n=minutes)

    def value(self, name: str, dimension: str = "any") -> str:
        """A value of a dimension; what has no name of its own here is kept as the source names it."""
        values = self.words["values"]
        return str(values.get(dimension, {}).get(name) or values["any"].get(name, name))


@cache
def texts_in(language: str) -> Texts:
    """The words of `en` or `no`, with the names of the industries by the seed of the warehouse."""
    path = Path(__file__).with_name(f"{language}.toml")
    words = tomllib.loads(path.read_text(encoding="utf-8"))
    with SECTIONS.open(encoding="utf-8", newline="") as file:
        names = {row["name_no"]: row[f"name_{language}"] for row in csv.DictReader(file)}
    words["values"]["industry"] = names
    return Texts(language, words)
