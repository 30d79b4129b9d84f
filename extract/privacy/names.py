"""Names of people: entries of contact lists -> the persons in them -> spans in the text of a view.

An entry may say more than a name (`Rektor Kari Normann, tlf. ...`) or name nobody (`Oslo kommune`). A person
is two words or more with a capital, when positions and words of organisations are taken out.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from html import unescape
from itertools import pairwise

from extract.privacy.view import Span

_WORD = re.compile(r"[^\W\d_]+")
_PART_END = re.compile(
    r"(?i)[,;/|&()\[\]:•<>\n\d@]|\s[-\u2010-\u2015]\s|\b(?:og|and|eller|or|samt|ved|tlf|mob|tel|mobil)\b"
)
_PARTICLES = re.compile("(?:van|von|der|den|de|da|dos|del|di|du|la|le|el|al|af|av|bin|ibn|ben|ter|ten|zu)\\Z")
_POSITION = (
    r"\w{0,30}(?:leder|leiar|sjef|rektor|konsulent|rådgiver|rådgjevar|direktør|ansvarlig|ansvarleg|lærer|lærar"
    r"|koordinator|manager|inspektør|styrer|styrar|lege|pleier|pleiar|assistent|fullmektig|director|officer)|prest"
    r"|prost|head|chief|partner|ceo|cfo|cto|daglig|dagleg"
)
_ORGANISATION = (  # no short ends: Solheim, Nordhjem and Thomas are names
    r"\w{0,30}(?:kommune|avdeling|skole|skule|barnehage|sykehjem|sjukeheim|sykehus|sjukehus|senter|kontor|tjeneste"
    r"|teneste|etat|gruppe|enhet|eining|seksjon|sentralbord|butikk|administrasjon|organisasjon|universitet|forening)"
    r"(?:e?n|m?et|a)?|helse|omsorg|service|team(?:et)?|vakt|resepsjon(?:en)?|personal\w*|hr|as|asa|ab|ba|sa|hf|kf|iks"
    r"|nav|norge|norway|group|fylke|herad|hotell?|telefon|post|bemanning|human|resources|talent|acquisition|salg"
    r"|marked|kontakt|kontaktperson|rekrutter\w+|recruit\w+|ansatt|spørsmål|søknad|jobb|stilling"
)
_NO_NAME = re.compile(rf"(?:{_POSITION}|{_ORGANISATION})\Z")
_BEFORE_SURNAME = re.compile(rf"(?:{_POSITION}|fru|frk|frøken|herr|hr|mr|mrs|ms|miss|dr|prof)\Z")
_BETWEEN = re.compile(r"[\s\x01\x02.,_+%'’()\-\u2010-\u2015]{0,40}")
_BASE_LETTERS = {c: unicodedata.normalize("NFD", c)[0] for c in map(chr, range(0xE0, 0x180)) if c.islower()}
_BASE_LETTERS |= {"æ": "a", "ø": "o", "đ": "d", "ł": "l"}
_DIGRAPHS = str.maketrans({"å": "aa", "æ": "ae", "ø": "oe", "ä": "ae", "ö": "oe", "ü": "ue"})
_ANY = "*"
"""Stands for a middle name that the contact list leaves out."""


class NameIndex:
    """The names of some people in all forms that a text may have them in.

    Of the entries, those that are one of `places` (in lower case) name no person.
    """

    def __init__(self, entries: Iterable[str], places: Collection[str] = ()) -> None:
        self._forms: dict[str, set[tuple[str, ...]]] = {}
        self._surnames: set[str] = set()
        persons = [person for entry in entries for person in _persons_in(entry, places)]
        for words in (spelled for person in persons for spelled in _spellings(person)):
            self._surnames |= {words[-1], words[-1] + "s"} if len(words[-1]) > 2 else set()
            for form in _forms_of(words):
                first = form[0].rstrip(".")
                self._forms.setdefault(first, set()).update((form, (*form[:-1], form[-1] + "s")))
        self._firsts = self._forms.keys() | self._surnames

    def find(self, text: str) -> Iterator[Span]:
        """Spans of the names in the text of a view."""
        folded = _folded(text)
        if not any(len(word) > 1 and word in folded for word in self._firsts):
            return
        words = list(_WORD.finditer(folded))
        done = 0
        for i, word in enumerate(words):
            if word[0] in self._firsts and word.start() >= done:
                ends = [
                    words[i + len(form) - 1].end()
                    for form in self._forms.get(word[0], ())
                    if _stands_at(form, words[i : i + len(form)], text)
                ]
                if word[0] in self._surnames and i and _has_title(text, words[i - 1], word):
                    ends.append(word.end())
                if ends:
                    done = max(ends)
                    yield Span(word.start(), done, "[name]")


def _stands_at(form: tuple[str, ...], words: list[re.Match[str]], text: str) -> bool:
    return (
        len(words) == len(form)
        and all(_is_word(expected, word, text) for expected, word in zip(form, words, strict=True))
        and all(_BETWEEN.fullmatch(text, one.end(), other.start()) for one, other in pairwise(words))
    )


def _is_word(expected: str, word: re.Match[str], text: str) -> bool:
    is_upper = text[word.start()].isupper()
    if expected.endswith("."):  # an initial
        return expected[0] == word[0] and (is_upper or text[word.end() : word.end() + 1] == ".")
    return expected == word[0] or (expected == _ANY and is_upper)


def _has_title(text: str, title: re.Match[str], word: re.Match[str]) -> bool:
    is_next = word.start() - title.end() <= 3 and text[word.start()].isupper()
    return is_next and _BEFORE_SURNAME.match(text[title.start() : title.end()].lower()) is not None


def _folded(text: str) -> str:
    """The text in lower case without accents, as long as it was."""
    text = text.replace("İ", "I").lower()
    for letter in _BASE_LETTERS.keys() & set(text):
        text = text.replace(letter, _BASE_LETTERS[letter])
    return text


def _spellings(words: list[str]) -> Iterator[list[str]]:
    """The words folded, in what 'Kåre' and 'Kaare' have in common with 'Kare'."""
    yield list(map(_folded, words))
    yield [_folded(word.lower().translate(_DIGRAPHS)) for word in words]
    yield [_folded(word).replace("aa", "a").replace("ae", "a").replace("oe", "o") for word in words]


def _persons_in(entry: str, places: Collection[str]) -> Iterator[list[str]]:
    """The words of each person's name in an entry of a contact list."""
    entry = unicodedata.normalize("NFC", unescape(entry))
    parts = []
    for part in _PART_END.split(entry):
        words = [w for w in _WORD.findall(part) if not w.islower() or _PARTICLES.match(w) or entry.islower()]
        words = [w for w in words if not _NO_NAME.match(w.lower())]
        if words and " ".join(words).lower() not in places:
            parts.append(words)
    if [len(words) for words in parts] == [1, 1]:
        parts = [[*parts[1], *parts[0]]]  # 'Normann, Kari'
    yield from (words for words in parts if len(words) > 1)


def _forms_of(words: list[str]) -> Iterator[tuple[str, ...]]:
    """What a text can call the person of these words, first names first."""
    units: list[tuple[str, ...]] = []
    for word in reversed(words):  # 'van der Berg' is one surname
        if units and _PARTICLES.match(word):
            units[0] = (word, *units[0])
        else:
            units.insert(0, (word,))
    if len(units) < 2:
        return
    first, last = units[0], units[-1]
    yield tuple(words)
    yield from (one + other for one, other in pairwise(units))
    yield first + last
    yield (*first, _ANY, *last)
    yield (*first, _ANY, _ANY, *last)
    yield last + first
    yield (*last, *words[: -len(last)])
    yield (f"{first[0][0]}.", *last)
    yield (*(f"{unit[0][0]}." for unit in units[:-1]), *last)
    yield (*first, f"{last[0][0]}.")
    yield (*last, f"{first[0][0]}.")
    yield ("".join(words[: -len(last)]), *last)
    yield ("".join(first + last),)
