"""The fields of an ad one by one: each as clean, missing or odd as the real feed has it."""

from random import Random
from typing import Any, NamedTuple

from demo.employers import Employer
from demo.people import Person
from demo.places import Place, draw_address, draw_place
from demo.texts import Text
from demo.times import DAY, HOUR, oslo_date, oslo_midnight, spell
from demo.trades import Trade, draw_second

Content = dict[str, Any]

_SOURCES = ("IMPORTAPI", "Stillingsregistrering", "AMEDIA", "EURES")
_OTHER_TERMS = ("Engasjement", "Sesong", "Prosjekt", "Trainee", "Åremål", "Lærling", "Annet")
_FREE_DUES = ("Snarest", "Snarest mulig", "Fortløpende", "Løpende", "Asap", "Innen 14 dager")
_COUNTS = ("", "Flere", " 2 ", "2.0", "0", "1-3", None, 2, 3)


class AdText(NamedTuple):
    """An ad's people and words: what does not change while it lives."""

    people: list[Person]
    phones: list[str | None]
    text: Text


def source(rng: Random) -> str:
    """Where the ad came from."""
    draw = rng.random()
    return _SOURCES[sum(1 for bound in (0.8055, 0.992, 0.999) if draw >= bound)]


def contacts(rng: Random, words: AdText) -> list[Content] | None:
    """The contact list; some ads without contacts have none at all."""
    if not words.people and rng.random() < 0.5:
        return None
    return [
        {
            "name": person.name,
            "email": person.email if rng.random() < 0.85 else None,
            "phone": phone,
            "role": "",
            "title": person.role,
        }
        for person, phone in zip(words.people, words.phones, strict=True)
    ]


def _location(place: Place, city: str | None, address: str | None) -> Content:
    return {
        "country": "NORGE",
        "address": address,
        "city": city,
        "postalCode": place.postal_code if city else None,
        "county": place.county,
        "municipal": place.municipal,
    }


def locations(rng: Random, place: Place) -> list[Content]:
    """Where the work is: mostly one place, 6 % without a usable city, a few none, two or abroad."""
    address = draw_address(rng) if rng.random() < 0.6 else None
    draw = rng.random()
    city = None if draw < 0.045 else "" if draw < 0.06 else place.city
    abroad = {**_location(place, "STOCKHOLM", None), "country": "SVERIGE", "postalCode": "11120"}
    abroad |= {"county": None, "municipal": None}
    draw = rng.random()
    if draw < 0.005:
        return []
    if draw < 0.01:
        return [abroad]
    first = _location(place, city, address)
    if draw < 0.015:
        return [abroad, first]
    if draw < 0.055:
        second = draw_place(rng)
        return [first, _location(second, second.city, None)]
    return [first]


def occupations(rng: Random, trade: Trade) -> list[Content]:
    """NAV's occupation levels, sorted by level 1: one ad in six has two, a few none or an empty one."""
    draw = rng.random()
    if draw < 0.015:
        return []
    found: list[Content] = [{"level1": trade.level1, "level2": trade.level2}]
    if draw < 0.185:
        second = draw_second(rng, trade)
        found.append({"level1": second.level1, "level2": second.level2})
    elif draw < 0.195:
        found.insert(0, {"level1": None, "level2": None})
    return sorted(found, key=lambda one: one["level1"] or "")


def employer_of(rng: Random, employer: Employer, words: AdText) -> Content:
    """The employer as the ad has it; a description may name a contact."""
    about = f"<p>{employer.name} er en arbeidsplass med plass til flere.</p>"
    if words.people and rng.random() < 0.03:
        about += f"<p>Ring {words.people[0].name}, {words.people[0].phone}.</p>"
    return {
        "name": employer.name,
        "orgnr": employer.orgnr if rng.random() < 0.97 else None,
        "description": about if rng.random() < 0.8 else None,
        "homepage": f"https://www.{employer.domain}" if rng.random() < 0.7 else "",
    }


def apply_url(rng: Random, employer: Employer, words: AdText, key: int) -> str | None:
    """Where to apply: at times an e-mail address."""
    draw = rng.random()
    if draw < 0.015 and words.people:
        return f"mailto:{words.people[0].email}"
    return f"https://jobb.{employer.domain}/{key:x}/apply" if draw < 0.75 else None


def terms(rng: Random) -> str:
    """The engagement type."""
    draw = rng.random()
    if draw < 0.6515:
        return "Fast"
    return "Vikariat" if draw < 0.843 else _OTHER_TERMS[int(rng.random() * len(_OTHER_TERMS))]


def due(rng: Random, expires: int) -> str | None:
    """Free text in 16 % of ads; elsewhere a date in one of several forms, rarely nothing."""
    draw = rng.random()
    day = oslo_date(expires)
    if draw < 0.16:
        return _FREE_DUES[int(rng.random() * len(_FREE_DUES))]
    if draw < 0.19:
        return None
    if draw < 0.55:
        return f"{day.isoformat()}T00:00:00"
    if draw < 0.75:
        return day.isoformat()
    if draw < 0.9:
        return spell(oslo_midnight(day), 0)
    return f"{day:%d.%m.%Y}" if draw < 0.95 else spell(oslo_midnight(day) + 23 * HOUR, 1)


def start(rng: Random, published: int) -> str | None:
    """The start of work: text or a date."""
    draw = rng.random()
    later = oslo_date(published + int((20 + 60 * rng.random()) * DAY))
    if draw < 0.45:
        return "Etter avtale" if draw < 0.4 else "Snarest"
    return f"{later}T00:00:00" if draw < 0.8 else later.isoformat() if draw < 0.95 else None


def positions(rng: Random, version: int) -> str | int | None:
    """A count as text, rarely anything else; an edit may raise it."""
    draw, raised = rng.random(), rng.random() < 0.2
    if draw < 0.045:
        return _COUNTS[int(draw * 1_000) % len(_COUNTS)]
    count = 1 if draw < 0.82 else 2 if draw < 0.93 else 3 + int((draw - 0.93) * 200)
    return str(count + (version if raised else 0))
