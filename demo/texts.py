"""The description of one ad: HTML of realistic length and language, with what it truly says."""

from collections.abc import Callable
from math import log
from random import Random
from typing import NamedTuple

from demo import bokmaal, english, nynorsk
from demo.hints import LICENCE, POLICE, REMOTE
from demo.people import Person, draw_identity_number, draw_phone_spelling
from demo.phrases import Hints

_PHRASES = {"nb": bokmaal.PHRASES, "nn": nynorsk.PHRASES, "en": english.PHRASES}

# Medians and shape of real descriptions: median 2,900 characters, p90 5,200.
_MEDIAN, _SIGMA = 2_900, log(5_200 / 2_900) / 1.2816


class Text(NamedTuple):
    """A description and the truth about it.

    The matters are "yes", "no" (said not to be), "lure" (words that look like it) or "" (nothing).
    `phones` and `identity_numbers` are in the spelling used.
    """

    html: str
    language: str
    remote_work: str
    driving_licence: str
    police_certificate: str
    phones: tuple[str, ...]
    identity_numbers: tuple[str, ...]


def draw_language(rng: Random, county: str) -> str:
    """nb, nn or en: nynorsk is at home in the west."""
    draw = rng.random()
    if draw < 0.06:
        return "en"
    return "nn" if draw < (0.36 if county in ("VESTLAND", "MØRE OG ROMSDAL") else 0.08) else "nb"


def draw_text(rng: Random, language: str, words: dict[str, str], people: list[Person], escaped: bool) -> Text:
    """Write a description about `words` (job, employer, place) that names `people`.

    `escaped` spells @, + and = as character references, as NAV's sanitizer does.
    """
    phrases = _PHRASES[language]
    length = rng.lognormvariate(log(_MEDIAN), _SIGMA)

    practical: list[str] = []
    remote, sentence = _draw_hint(rng, REMOTE[language], 0.12)
    practical += sentence
    licence, sentence = _draw_hint(rng, LICENCE[language], 0.2)
    practical += sentence
    police, sentence = _draw_hint(rng, POLICE[language], 0.3)
    practical += sentence

    phones: list[str] = []
    for person in people:
        if rng.random() < 0.7:
            phone = draw_phone_spelling(rng, person.phone)
            phones.append(phone)
            practical.append(_contact(rng, phrases.contact, person, phone, escaped))
    numbers: list[str] = []
    if rng.random() < 0.004:
        number = draw_identity_number(rng)
        numbers.append(number if rng.random() < 0.5 else f"{number[:6]} {number[6:]}")
        practical.append(phrases.identity.format(number=numbers[0]))

    fixed = sum(map(len, practical)) + 7 * len(practical)
    html = _body(rng, language, words, length - fixed)
    html += "".join(f"<p>{sentence}</p>\n" for sentence in practical)
    return Text(html, language, remote, licence, police, tuple(phones), tuple(numbers))


def _draw_hint(rng: Random, hints: Hints, share: float) -> tuple[str, list[str]]:
    """What is truly said of a matter, and the sentence that says it, if any."""
    if rng.random() >= share:
        return "", []
    draw = rng.random()
    truth = "yes" if draw < 0.8 else "no" if draw < 0.92 else "lure"
    of = {"yes": hints.yes, "no": hints.no, "lure": hints.lures}[truth]
    return truth, [of[int(rng.random() * len(of))]]


def _contact(rng: Random, sentences: tuple[str, ...], person: Person, phone: str, escaped: bool) -> str:
    email, shown = person.email, phone
    if escaped:
        email, shown = email.replace("@", "&#64;"), phone.replace("+", "&#43;")
    if rng.random() < 0.25:
        email = f'<a href="mailto:{email}" rel="nofollow">{email}</a>'
    if rng.random() < 0.1:
        plus = "&#43;" if escaped else "+"
        shown = f'<a href="tel:{plus}47{person.phone}" rel="nofollow">{shown}</a>'
    sentence = sentences[int(rng.random() * len(sentences))]
    role = person.role[0].lower() + person.role[1:] if person.role[1].islower() else person.role
    return sentence.format(name=person.name, role=role, phone=shown, email=email)


def _body(rng: Random, language: str, words: dict[str, str], length: float) -> str:
    """Sections until the length is reached; the same heading comes again in very long ads."""
    phrases = _PHRASES[language]
    tasks, wanted, traits, offers, about = phrases.headings
    parts: list[str] = []
    left = length

    def add(sentences: list[str], tag: str) -> None:
        nonlocal left
        for sentence in sentences:
            if left <= 0:
                return
            part = f"<{tag}>{sentence}</{tag}>\n"
            parts.append(part)
            left -= len(part)

    def section(heading: str, sentences: list[str], tag: str) -> None:
        nonlocal left
        if left > 0:
            left -= len(heading) + 20
            parts.append(f"<h2>{heading}</h2>\n" + ("<ul>" if tag == "li" else ""))
            add(sentences, tag)
            if tag == "li":
                parts.append("</ul>\n")

    pick = _picker(rng, words)
    add(pick(phrases.intro, 3), "p")
    while left > 0:
        section(tasks, [_task(rng, language) for _ in range(8)], "li")
        section(wanted, pick(phrases.wanted, 5), "li")
        section(traits, pick(phrases.traits, 4), "li")
        section(offers, pick(phrases.offers, 5), "li")
        section(about, pick(phrases.about, 4), "p")
    return "".join(parts)


def _picker(rng: Random, words: dict[str, str]) -> Callable[[tuple[str, ...], int], list[str]]:
    def pick(sentences: tuple[str, ...], count: int) -> list[str]:
        start = int(rng.random() * len(sentences))
        chosen = (sentences[(start + n) % len(sentences)] for n in range(count))
        return [s.format_map(words) if "{" in s else s for s in chosen]

    return pick


def _task(rng: Random, language: str) -> str:
    p = _PHRASES[language]
    verb = p.verbs[int(rng.random() * len(p.verbs))]
    thing = p.objects[int(rng.random() * len(p.objects))]
    way = p.ways[int(rng.random() * len(p.ways))]
    return f"{verb} {thing} {way}."
