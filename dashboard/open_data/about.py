"""What is said of the data as a whole, wherever it is said."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple

NAME = "norwegian-job-ads"
TITLE = {"en": "Norway's job ads", "nb": "Stillingsannonser i Norge"}
DESCRIPTION = {
    "en": "New, open and closed job ads in Norway by day, occupation, county and industry, counted from the "
    "ads of NAV's job vacancy feed. No table has a row for a single ad, and none names an employer.",
    "nb": "Nye, aktive og avsluttede stillingsannonser i Norge etter dag, yrke, fylke og næring, talt opp "
    "fra annonsene i NAVs stillingsfeed. Ingen tabell har en rad for en enkelt annonse, og ingen navngir en "
    "arbeidsgiver.",
}
KEYWORDS = ("job vacancies", "labour market", "Norway", "NAV", "stillingsannonser", "arbeidsmarked")


class Licence(NamedTuple):
    """`uri` is the EU's name of the licence, `url` its text."""

    name: str
    title: str
    url: str
    uri: str


class Source(NamedTuple):
    """Whom the data comes from."""

    title: str
    url: str


class Edition(NamedTuple):
    """The data as published once; times are UTC."""

    made_at: datetime
    first_day: date
    last_day: date
    publisher: str
    email: str

    @property
    def version(self) -> str:
        """The last day that is counted: 2026.11.27."""
        return f"{self.last_day:%Y.%m.%d}"

    @property
    def citation(self) -> str:
        """How to cite it; the reader adds the address."""
        return (
            f"{self.publisher} ({self.made_at.year}). {TITLE['en']}, edition of {self.last_day:%-d %B %Y} "
            f"[data set]. Counted from {SOURCE.title}. {LICENCE.title}."
        )


LICENCE = Licence(
    "NLOD-2.0",
    "Norwegian Licence for Open Government Data (NLOD) 2.0",
    "https://data.norge.no/nlod/en/2.0",
    "http://publications.europa.eu/resource/authority/licence/NLOD_2_0",
)
SOURCE = Source("NAV's job vacancy feed", "https://navikt.github.io/pam-stilling-feed/")
