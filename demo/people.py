"""Made-up people: names, e-mail addresses, phone numbers and national identity numbers.

Addresses end in .example, identity numbers have a month above 80 (as synthetic ones do), and no
phone number begins as an organisation number or its second half does, so that a search for one
finds no other.
"""

from random import Random
from typing import NamedTuple

_FIRST = [
    "Kari",
    "Anne",
    "Ingrid",
    "Solveig",
    "Bjørg",
    "Marit",
    "Åse",
    "Silje",
    "Hege",
    "Ragnhild",
    "Turid",
    "Synnøve",
    "Sunniva",
    "Oddny",
    "Gro",
    "Tuva",
    "Liv",
    "Mari",
    "Nina",
    "Signe",
    "Anne-Lise",
    "Mette-Marie",
    "Fatima",
    "Agnieszka",
    "Ola",
    "Per",
    "Lars",
    "Bjørn",
    "Øystein",
    "Håkon",
    "Åge",
    "Jørn",
    "Terje",
    "Knut",
    "Sindre",
    "Eirik",
    "Torbjørn",
    "Geir",
    "Odd",
    "Magnus",
    "Sverre",
    "Jon-Arne",
    "Per-Erik",
    "Mohammed",
    "Tomasz",
    "Audun",
    "Vegard",
    "Ståle",
]
_LAST = [
    "Hansen",
    "Johansen",
    "Olsen",
    "Larsen",
    "Berg",
    "Haugen",
    "Hagen",
    "Solberg",
    "Bakken",
    "Lie",
    "Moen",
    "Strand",
    "Lund",
    "Sæther",
    "Sørensen",
    "Ødegård",
    "Bråten",
    "Rød",
    "Ruud",
    "Vik",
    "Aas",
    "Fjeld",
    "Tveit",
    "Myhre",
    "Skår",
    "Næss",
    "Hovland",
    "Eikeland",
    "Nygård",
    "Brekke",
    "Dahl",
    "Løken",
    "Årdal",
    "Kvåle",
    "Østby",
    "Gjerde",
    "Røsland",
    "Fossum",
    "Helle",
    "Midtbø",
    "Nguyen",
    "Ali",
    "Kowalski",
    "Ramberg",
    "Sandvær",
    "Engeset",
    "Opheim",
    "Kjærstad",
]
_ROLES = (
    "Avdelingsleder",
    "Rektor",
    "Daglig leder",
    "HR-rådgiver",
    "Enhetsleder",
    "Styrer",
    "Prosjektleder",
    "Fagsjef",
)
_LETTERS = str.maketrans({"æ": "ae", "ø": "o", "å": "a", " ": "", ".": "", "-": ""})
_STARTS = ("40", "41", "45", "46", "47", "48", "92", "93", "95", "97", "22", "51", "55", "63", "73")


class Person(NamedTuple):
    """A contact of an ad; the phone number as eight digits."""

    name: str
    email: str
    phone: str
    role: str


def slug(text: str) -> str:
    """A name as part of a host name."""
    return text.lower().translate(_LETTERS)


def draw_person(rng: Random, domain: str) -> Person:
    """A person who works at the owner of `domain`."""
    first = _FIRST[int(rng.random() * len(_FIRST))]
    last = _LAST[int(rng.random() * len(_LAST))]
    middle = _LAST[int(rng.random() * len(_LAST))] if rng.random() < 0.15 else ""
    email = f"{slug(first)}.{slug(last)}@{domain}"
    start = _STARTS[int(rng.random() * len(_STARTS))]
    phone = f"{start}{int(rng.random() * 1_000_000):06d}"
    role = _ROLES[int(rng.random() * len(_ROLES))]
    return Person(" ".join(filter(None, (first, middle, last))), email, phone, role)


def draw_phone_spelling(rng: Random, phone: str) -> str:
    """A phone number as people write it."""
    pairs = f"{phone[:2]} {phone[2:4]} {phone[4:6]} {phone[6:]}"
    triple = f"{phone[:3]} {phone[3:5]} {phone[5:]}"
    draw = rng.random()
    if draw < 0.3:
        return pairs
    if draw < 0.5:
        return triple
    if draw < 0.6:
        return phone
    if draw < 0.72:
        return f"+47 {pairs}"
    if draw < 0.8:
        return f"+47{phone}"
    if draw < 0.86:
        return f"(+47) {triple}"
    if draw < 0.91:
        return f"0047 {pairs}"
    if draw < 0.96:
        return f"+47 {triple}"
    return pairs.replace(" ", "\N{NO-BREAK SPACE}")


def draw_identity_number(rng: Random) -> str:
    """An eleven-digit identity number with right check digits, of nobody: its month is 81 to 92."""
    first = (3, 7, 6, 1, 8, 9, 4, 5, 2)
    second = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
    while True:
        day, month, year = (int(rng.random() * n) + 1 for n in (28, 12, 98))
        digits = f"{day:02d}{month + 80:02d}{year:02d}{int(rng.random() * 1000):03d}"
        for weights in (first, second):
            total = sum(w * int(d) for w, d in zip(weights, digits, strict=False))
            digits += str((11 - total % 11) % 11)
        if len(digits) == 11:  # a check digit of "10" makes it longer: such numbers are not given
            return digits
