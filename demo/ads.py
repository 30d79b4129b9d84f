"""What one ad says: a pure function of the world's seed and the ad's number."""

from datetime import timedelta
from functools import lru_cache
from random import Random
from typing import NamedTuple

from demo import categories, fields
from demo.copies import OTHER_EMPLOYER, OTHER_PLACE, copy_of, keeps_its_text, original_of
from demo.employers import Employer, draw_employer
from demo.fields import AdText, Content
from demo.people import draw_person, draw_phone_spelling
from demo.places import Place, draw_place, proper
from demo.texts import draw_language, draw_text
from demo.times import oslo_date, oslo_midnight, spell
from demo.trades import Trade, draw_trade

# A picture pasted into the text: 200 kB without a space.
_PASTED = '<p><img src="data:image/png;base64,' + "iVBORw0KGgoAAAANSUhEUgAA" * 8_300 + '" /></p>\n'


class Heading(NamedTuple):
    """What a page shows of an ad, and what the rest of it follows from."""

    title: str
    employer: Employer
    place: Place
    trade: Trade
    sector: str
    language: str


class Moment(NamedTuple):
    """The state of an ad that its content is asked for: times in microseconds."""

    published: int  # the first event's changed time
    changed: int
    expires: int
    version: int  # how often it was edited or made active again
    rewrites: int  # how often its scores were refreshed since


@lru_cache(maxsize=8_192)  # an ad's events often stand near each other
def heading_of(seed: int, key: int) -> Heading:
    """The part of an ad that its pages need: cheap."""
    copy = copy_of(seed, key)
    if copy is None:
        return _own_heading(seed, key)
    heading = heading_of(seed, copy.of)
    rng = Random(f"other {seed} {key}")
    if copy.kind == OTHER_PLACE:
        place = next(place for _ in range(999) if (place := draw_place(rng)).county != heading.place.county)
        return heading._replace(place=place)
    if copy.kind == OTHER_EMPLOYER:
        employers = (draw_employer(rng, heading.sector, heading.place) for _ in range(999))
        return heading._replace(
            employer=next(one for one in employers if one.orgnr != heading.employer.orgnr)
        )
    return heading


def _own_heading(seed: int, key: int) -> Heading:
    rng = Random(seed * 1_000_003 + key * 4 + 1)
    trade = draw_trade(rng)
    place = draw_place(rng)
    draw = rng.random()
    sector = "Offentlig" if draw < 0.5135 else "Privat" if draw < 0.9295 else ""
    employer = draw_employer(rng, sector, place)
    language = draw_language(rng, place.county)
    job = trade.english if language == "en" else trade.title
    city = proper(place.city)
    patterns = [job, f"{job} - {employer.name}", f"{job} i {city}", f"Ledig stilling: {job}"]
    patterns += [f"100 % fast stilling som {job.lower()}", f"Vi søker {job.lower()}"]
    title = patterns[int(rng.random() * len(patterns))]
    return Heading(title, employer, place, trade, sector, language)


def text_of(seed: int, key: int, heading: Heading) -> AdText:
    """The ad's contacts and description."""
    if original_of(seed, key) != key:
        key = original_of(seed, key)
        heading = heading_of(seed, key)
    rng = Random(seed * 1_000_003 + key * 4 + 2)
    count = (0, 1, 1, 1, 1, 1, 2, 2)[int(rng.random() * 8)]
    people = [draw_person(rng, heading.employer.domain) for _ in range(count)]
    phones = [draw_phone_spelling(rng, p.phone) if rng.random() < 0.9 else None for p in people]
    trade = heading.trade
    words = {
        "job": (trade.english if heading.language == "en" else trade.title).lower(),
        "employer": heading.employer.name,
        "place": proper(heading.place.city),
    }
    escaped = rng.random() < 0.5
    return AdText(people, phones, draw_text(rng, heading.language, words, people, escaped))


def content_of(seed: int, key: int, uuid: str, index: int, moment: Moment, has_new_field: bool) -> Content:
    """The `ad_content` of an ad at a moment; `index` is its number within its day."""
    heading = heading_of(seed, key)
    words = text_of(seed, key, heading)
    is_edited = moment.version and not keeps_its_text(key)
    if original_of(seed, key) != key:
        key = original_of(seed, key)
        index = key & 0xFFFF
    rng = Random(seed * 1_000_003 + key * 4 + 3)
    style = 2 if rng.random() < 0.15 else 0
    html = words.text.html
    if is_edited:
        html += f"<p>Oppdatert {moment.version}. gang.</p>\n"
    if index == 11 and key >> 16 & 1:
        html += _PASTED
    published = moment.published
    draw = rng.random()
    if draw < 0.4:  # the day only, for some a day before the feed had it
        day = oslo_date(published)
        published = oslo_midnight(day if draw < 0.3 else day - timedelta(days=1))
    content: Content = {
        "uuid": uuid,
        "published": spell(published, style),
        "expires": spell(moment.expires, style),
        "updated": spell(moment.changed, style),
        "workLocations": fields.locations(rng, heading.place),
        "contactList": fields.contacts(rng, words),
        "title": _title(heading.title, words, index),
        "description": html,
        "sourceurl": f"https://jobb.{heading.employer.domain}/{key:x}" if rng.random() < 0.7 else None,
        "source": fields.source(rng),
        "applicationUrl": fields.apply_url(rng, heading.employer, words, key),
        "applicationDue": fields.due(rng, moment.expires),
        "occupationCategories": fields.occupations(rng, heading.trade),
        "jobtitle": heading.trade.title if rng.random() < 0.95 else None,
        "link": f"https://arbeidsplassen.nav.no/stillinger/stilling/{uuid}",
        "employer": fields.employer_of(rng, heading.employer, words),
        "engagementtype": fields.terms(rng),
        "extent": "Heltid" if rng.random() < 0.69 else "Deltid",
        "starttime": fields.start(rng, published),
        "positioncount": fields.positions(rng, moment.version),
        "sector": heading.sector,
        "categoryList": categories.draw(rng, heading.trade, moment.version * 10 + moment.rewrites),
    }
    if has_new_field:
        content["workArrangement"] = {"place": "ONSITE", "shifts": [1, 2], "note": None}
    if index % 97 == 13:  # a field the ad was sent without
        content.pop(("sector", "extent", "workLocations", "employer", "expires")[key % 5])
    return content


def _title(title: str, words: AdText, index: int) -> str:
    """A careless few put their number into the title."""
    if index % 151 == 17 and words.people and words.phones[0]:
        return f"{title} - ring {words.phones[0]}"
    return title
