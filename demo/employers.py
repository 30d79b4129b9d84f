"""Made-up employers: names and organisation numbers for a place and a sector."""

from collections.abc import Iterator
from functools import lru_cache
from hashlib import blake2b
from random import Random
from typing import NamedTuple

from demo.people import slug
from demo.places import Place, all_places, proper

_PUBLIC = (
    "{place} kommune",
    "{place} kommune",
    "{place} kommune, helse og omsorg",
    "{county} fylkeskommune",
    "{place} sykehus HF",
    "{county} statlige tjenester",
)
_FIRST = ["Fjord", "Nord", "Solvang", "Bjørk", "Havn", "Tind", "Granli", "Elve"]
_FIRST += ["Kyst", "Vidde", "Bre", "Skog", "Sten", "Lyng", "Furu"]
_SECOND = (
    "Renhold",
    "Bygg",
    "Regnskap",
    "Helse",
    "Transport",
    "Data",
    "Handel",
    "Elektro",
    "Mat",
    "Barnehage",
    "Rekruttering",
    "Maskin",
)
_FORMS = ("AS", "AS", "AS", "ASA", "SA")


class Employer(NamedTuple):
    """An employer: its name, nine-digit organisation number and the host name of its addresses."""

    name: str
    orgnr: str
    domain: str


def draw_employer(rng: Random, sector: str, place: Place) -> Employer:
    """An employer of the sector: the same name always has the same number."""
    if sector == "Offentlig":
        pattern = _PUBLIC[int(rng.random() * len(_PUBLIC))]
        return _employer(pattern.format(place=proper(place.municipal), county=proper(place.county)))
    first = _FIRST[int(rng.random() * len(_FIRST))]
    second = _SECOND[int(rng.random() * len(_SECOND))]
    return _employer(f"{first} {second} {_FORMS[int(rng.random() * len(_FORMS))]}")


def possible_employers() -> Iterator[Employer]:
    """Every employer that an ad can have, once."""
    names = {
        pattern.format(place=proper(place.municipal), county=proper(place.county)): None
        for place in all_places()
        for pattern in _PUBLIC
    }
    names |= {f"{first} {second} {form}": None for first in _FIRST for second in _SECOND for form in _FORMS}
    return map(_employer, names)


@lru_cache(maxsize=4096)
def _employer(name: str) -> Employer:
    return Employer(name, orgnr_of(name), slug(name.replace(",", "")) + ".example")


def orgnr_of(name: str) -> str:
    """Nine digits with a right check digit, beginning as no phone number of this world does."""
    attempt = 0
    while True:
        seed = int.from_bytes(blake2b(f"{name}:{attempt}".encode(), digest_size=5).digest(), "big")
        digits = ("80", "81", "88", "90", "91", "98")[seed % 6] + f"{seed // 6 % 1_000_000:06d}"
        if number := with_check_digit(digits):
            return number
        attempt += 1


def with_check_digit(digits: str) -> str | None:
    """The organisation number that begins with these eight digits; None if there is none."""
    weights = (3, 2, 7, 6, 5, 4, 3, 2)
    check = -sum(w * int(d) for w, d in zip(weights, digits, strict=True)) % 11
    return f"{digits}{check}" if check < 10 else None
