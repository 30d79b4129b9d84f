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
    r"[,;/|&()\[\]:•<>\n\d@]|\s[-\u2010-\u2015]\s|(?<!\w)(?:og|and|eller|or|samt|ved|tlf|mob|tel|mobil)(?!\w)", re.I
)
_PARTICLES = frozenset("van von der den de da dos del di du la le el al af av bin ibn ben ter ten zu".split())
_POSITION = (
    r"\w{0,30}(?:leder|leiar|sjef|rektor|konsulent|rådgiver|rådgjevar|direktør|ansvarlig|ansvarleg|lærer|lærar"
    r"|koordinator|manager|inspektør|styrer|styrar|lege|pleier|pleiar|assistent|fullmektig|director|officer)|prest"
    r"|prost|head|chief|partner|ceo|cfo|cto|daglig|dagleg|kontakt|kontaktperson|rekrutter\w+|recruit\w+"
)
_ORGANISATION = (
    r"\w{0,30}(?:kommunen?|avdelingen?|avdelinga|skolen?|skulen?|barnehagen?|hjem(?:met)?|heim(?:en)?|sykehus(?:et)?"
    r"|sjukehus(?:et)?|senter(?:et)?|kontor(?:et)?|tjenesten?|tenesta|etaten|gruppen?|gruppa|enheten?|eininga"
    r"|seksjonen?|sentralbord(?:et)?|butikken?|administrasjonen?|organisasjonen?|universitetet?|foreningen?|laget)"
    r"|helse|omsorg|service|team(?:et)?|vakt|resepsjon(?:en)?|personal\w*|hr|as|asa|ab|ba|sa|hf|kf|iks|nav|norge"
    r"|norway|group|fylke|herad|hotell?|telefon|post|bemanning|human|resources|ansatt|spørsmål|søknad|jobb|stilling(?:en)?"
)
_NO_NAME = re.compile(rf"(?:{_POSITION}|{_ORGANISATION})\Z")
_BEFORE_SURNAME = re.compile(rf"(?:{_POSITION}|fru|frk|frøken|herr|hr|mr|mrs|ms|miss|dr|prof)\Z")
_BETWEEN = re.compile(r"[\s\x01\x02.,_+%'’()\-\u2010-\u2015]{0,40}")
_ANY = "*"
"""Stands for a middle name that the contact list leaves out."""


class NameIndex:
    """The names of some people in all forms that a text may have them in.

    Of the entries, those that are one of `places` (in lower case) name no person.
    """

    def __init__(self, entries: Iterable[str], places: Collection[str] = ()) -> None:
        self._forms: dict[str, set[tuple[str, ...]]] = {}
        self._surnames: set[str] = set()
        for entry in entries:
            for words in _persons_in(entry, places):
                self._surnames |= {words[-1], words[-1] + "s"}
                for form in _forms_of(words):
                    self._forms.setdefault(form[0], set()).update((form, (*form[:-1], form[-1] + "s")))

    def find(self, text: str) -> Iterator[Span]:
        """Spans of the names in the text of a view."""
        if not self._forms:
            return
        words = [(_folded(word[0]), *word.span()) for word in _WORD.finditer(text)]
        done = 0
        for i, (word, start, end) in enumerate(words):
            ends = [words[i + len(form) - 1][2] for form in self._forms.get(word, ()) if _stands_at(i, form, words, text)]
            if word in self._surnames and i and text[start].isupper():
                _, title_start, title_end = words[i - 1]
                if start - title_end <= 3 and _BEFORE_SURNAME.match(text[title_start:title_end].lower()):
                    ends.append(end)
            if ends and start >= done:
                done = max(ends)
                yield Span(start, done, "[name]")


def _stands_at(i: int, form: tuple[str, ...], words: list[tuple[str, int, int]], text: str) -> bool:
    found = words[i : i + len(form)]
    return (
        len(found) == len(form)
        and all(
            expected == word or (expected == _ANY and text[start].isupper())
            for expected, (word, start, _) in zip(form, found, strict=True)
        )
        and all(_BETWEEN.fullmatch(text, one[2], other[1]) for one, other in pairwise(found))
    )


def _folded(word: str) -> str:
    """The word in lower case without accents ('Kåre' is 'Kaare'); an initial in upper case has a point."""
    if len(word) == 1 and word.isupper():
        return word.lower() + "."
    word = word.lower()
    if not word.isascii():
        letters = unicodedata.normalize("NFD", word.translate(str.maketrans("æøđł", "aodl")))
        word = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return word.replace("aa", "a").replace("ae", "a").replace("oe", "o")


def _persons_in(entry: str, places: Collection[str]) -> Iterator[list[str]]:
    """The folded words of each person's name in an entry of a contact list."""
    entry = unicodedata.normalize("NFC", unescape(entry))
    parts = []
    for part in _PART_END.split(entry):
        words = [word for word in _WORD.findall(part) if not word.islower() or word in _PARTICLES or entry.islower()]
        words = [word for word in words if not _NO_NAME.match(word.lower())]
        if words and " ".join(words).lower() not in places:
            parts.append([_folded(word) for word in words])
    if [len(words) for words in parts] == [1, 1]:
        parts = [parts[1] + parts[0]]  # 'Normann, Kari'
    yield from (words for words in parts if len(words) > 1)


def _forms_of(words: list[str]) -> Iterator[tuple[str, ...]]:
    """What a text can call the person of these words, first names first."""
    units: list[tuple[str, ...]] = []
    for word in reversed(words):  # 'van der Berg' is one surname
        if units and word in _PARTICLES:
            units[0] = (word, *units[0])
        else:
            units.insert(0, (word,))
    if len(units) < 2:
        return
    first, last = units[0], units[-1]
    yield tuple(words)
    yield from (one + other for one, other in pairwise(units))
    yield first + last
    yield first + (_ANY,) + last
    yield first + (_ANY, _ANY) + last
    yield last + first
    yield last + tuple(words[: -len(last)])
    yield (f"{first[0][0]}.", *last)
    yield (*(f"{unit[0][0]}." for unit in units[:-1]), *last)
    yield (*first, f"{last[0][0]}.")
    yield ("".join(first + last),)
