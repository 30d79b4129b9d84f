"""The page's words in English and Norwegian, and how each language writes numbers, days and times."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

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
        return text.format(**{name: self.write(value) for name, value in filled.items()})

    def write(self, value: Any) -> str:
        """A value as a reader of the language writes it."""
        if isinstance(value, timedelta):
            return self.age(value)
        if isinstance(value, datetime):
            local = value.astimezone(OSLO)
            return f"{self.day(local.date())}, {local:%H:%M}"
        if isinstance(value, date):
            return self.day(value)
        if isinstance(value, float):
            return self.number(value, 1)
        return self.number(value) if isinstance(value, int) else str(value)

    def number(self, value: float, decimals: int = 0) -> str:
        """12 345 or 12,345."""
        text = f"{abs(value):,.{decimals}f}"
        if self.language == "no":
            text = text.replace(",", SPACE).replace(".", ",")
        return (MINUS if value < 0 else "") + text

    def percent(self, value: float, *, signed: bool = False, decimals: int = 1) -> str:
        """6.2% or 6,2 %; of a value that is in percent already."""
        sign = "+" if signed and value > 0 else ""
        return sign + self.number(value, decimals) + ("%" if self.language == "en" else f"{SPACE}%")

    def day(self, day: date) -> str:
        """23 November 2026 or 23. november 2026."""
        point = "." if self.language == "no" else ""
        return f"{day.day}{point}{SPACE}{self.month(day)}"

    def month(self, day: date) -> str:
        """November 2026."""
        return f"{MONTHS[self.language][day.month - 1]} {day.year}"

    def age(self, age: timedelta) -> str:
        """The age in its largest unit."""
        minutes = max(0, int(age.total_seconds() // 60))
        for unit, length in (("day", 1440), ("hour", 60)):
            if minutes >= 2 * length:
                return self.say("age", f"{unit}s", n=minutes // length)
            if minutes >= length:
                return self.say("age", unit)
        return self.say("age", "minutes", n=minutes)

    def value(self, name: str) -> str:
        """An occupation, extent or source; what has no name of its own here is kept as NAV names it."""
        return str(self.words["values"].get(name, name))


def texts_in(language: str) -> Texts:
    """The words of `en` or `no`."""
    path = Path(__file__).with_name(f"{language}.toml")
    return Texts(language, tomllib.loads(path.read_text(encoding="utf-8")))
