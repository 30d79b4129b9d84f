"""Patterns of personal data: text without markup -> spans of e-mails, numbers and names.

The text given here is the view that masking.py makes: HTML entities are decoded, a tag is one GAP
character, and what was masked before is TAKEN characters, which no pattern matches or crosses.
That is why masking twice finds nothing new.

Time is linear in the length of the text: each pattern starts at a rare character (an at sign, a
digit, a name's first word), every repetition is bounded or of one character class, and what stands
before a candidate is read from a slice of fixed length. The `phonenumbers` package's matcher needs
milliseconds for one description, and validating is no help here: in doubt a number is masked.
"""

import re
from collections.abc import Iterable, Iterator
from html import unescape
from typing import Any, NamedTuple

from extract.features.lower_case import lower_case

EMAIL, PHONE, IDENTITY, NAME = "[e-mail]", "[phone]", "[identity number]", "[name]"
TAKEN = "\x00"  # cannot stand in a text: storable_text has replaced it
GAP = "\x01"


class Span(NamedTuple):
    start: int
    end: int
    mark: str


# --- e-mail addresses ---------------------------------------------------------------------------

_DOT = r"(?:\x01{0,3}\.\x01{0,3}|\s{0,2}[(\[{]\s?(?:dot|punktum|prikk|\.)\s?[)\]}]\s{0,2})"
_DOMAIN = rf"(?:[\w-]{{1,63}}{_DOT}){{1,8}}(?:xn--[\w-]{{2,40}}|[^\W\d_]{{2,24}})"
# kari@firma.no, kari%40firma.no, kari (at) firma.no, kari[a]firma (dot) no
_AT = re.compile(
    rf"[@\uff20\ufe6b%(\[{{](?:(?<=[@\uff20\ufe6b])|(?<=%)40|(?<=[(\[{{])\s?(?:at|a|@|krøllalfa"
    rf"|alfakrøll|snabel-?a)\s?[)\]}}])[\s\x01]{{0,3}}{_DOMAIN}",
    re.IGNORECASE,
)
_FIRST_LETTERS = "@\uff20\ufe6b%([{"
# kari.nordmann at firma.no: only where the word before looks like a mailbox, not 'look at nav.no'
_BARE_AT = re.compile(rf"\s(?:at|krøllalfa|snabel-?a)\s{{1,3}}{_DOMAIN}", re.IGNORECASE)
# Looked for first, since ' at ' is a Norwegian word, too: ' at ', a word and what can be a dot. In lower
# case, for a pattern that begins with plain letters is found at once, and _BARE_AT is tried at each space.
_HINT_OF_BARE_AT = re.compile(r"at(?<=\sat)\s{1,3}[\w-]{1,63}(?:\x01{0,3}\.|\s{0,2}[(\[{])")
_MAILBOX_REVERSED = re.compile(r"([\s\x01]{0,3})([\w.+\-%'’~!#$*^`{|}]{1,64})")
_LONGEST_MAILBOX = 64 + 3


def emails(text: str) -> Iterator[Span]:
    done = 0
    for at in at_signs(text):
        start, sign = at.start(), at[0][0]
        mailbox = _MAILBOX_REVERSED.match(text[max(done, start - _LONGEST_MAILBOX) : start][::-1])
        if mailbox is None:
            continue  # '@firma.no' alone is a name in a social medium
        if mailbox[1].strip(GAP) and sign not in "([{" and not text[start + 1].isspace():
            continue  # 'Instagram @firma.no'
        done = at.end()
        yield Span(start - mailbox.end(), done, EMAIL)


def at_signs(text: str) -> Iterator[re.Match[str]]:
    """What _AT finds; to look for its first letters, one by one, takes a tenth of the time."""
    places = []
    for letter in _FIRST_LETTERS:
        place = text.find(letter)
        while place >= 0:
            places.append(place)
            place = text.find(letter, place + 1)
    done = 0
    for place in sorted(places):
        if place >= done and (at := _AT.match(text, place)):
            done = at.end()
            yield at


def spelled_emails(text: str) -> Iterator[Span]:
    lower = lower_case(text)
    has_hint = "lfa" in lower or "nabel" in lower or _HINT_OF_BARE_AT.search(lower)
    if not has_hint and len(lower) == len(text):
        return
    done = 0
    for at in _BARE_AT.finditer(text):
        start = at.start()
        mailbox = _MAILBOX_REVERSED.match(text[max(done, start - _LONGEST_MAILBOX) : start][::-1])
        if mailbox and ("." in mailbox[2].strip(".") or "_" in mailbox[2]):
            done = at.end()
            yield Span(start - mailbox.end(), done, EMAIL)


# --- names --------------------------------------------------------------------------------------

_WORD = re.compile(r"[^\W\d_]+")
# Between two words of a name: spaces, tags, hyphen, 'kari.nordmann', an initial as in 'Kari B. Dal'
_NEXT_WORD = re.compile(r"[\s\x01.,_+%\-\u2010-\u2015’'()]{1,40}(?:[^\W\d_]\.?[\s\x01]{1,10})?([^\W\d_]+)")
_LONGEST_NAME = 12  # words
_FEW = 32
# Entries of a contact list that are a function, not a person, when they say nothing else.
_FUNCTIONS = (
    "leder leiar daglig dagleg avdelingsleder avdelingsleiar enhetsleder rektor styrer styrar "
    "kontakt kontaktperson rekruttering recruitment hr personal personalavdelingen sentralbord "
    "administrasjonen butikksjef manager kontor ansvarlig ansvarleg vakt resepsjon"
)
_NOT_NAMES = frozenset(_FUNCTIONS.split())


class NameIndex:
    """People's names as a tree of lower-case words: looking up costs the same for one or many."""

    def __init__(self, names: Iterable[str]) -> None:
        self.tree: dict[str, Any] = {}
        for name in names:
            words = [w.lower() for w in _WORD.findall(unescape(name))][:_LONGEST_NAME]
            if _NOT_NAMES.issuperset(words) or len("".join(words)) < 3:
                continue
            first, last = words[0], words[-1]
            variants = [words]
            if len(words) > 1:  # without the middle names; 'Nordmann, Kari'
                variants += [[first, last], [last, first], [last, *words[:-1]]]
            for variant in variants:
                node = self.tree
                for word in variant:
                    node = node.setdefault(word, {})
                node[""] = {}  # a name may end here

    def may_stand_in(self, lower: str) -> bool:
        """Whether there is a word that a name begins with: `find` finds nothing in any other text."""
        return any(map(lower.__contains__, self.tree))

    def find(self, text: str) -> Iterator[Span]:
        lower = lower_case(text)
        if len(lower) != len(text):  # a few capitals have a longer small form, İ for one
            lower = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
        done = 0
        for start in self._starts(lower):
            if start >= done and (end := self._end(lower, start)):
                done = end
                yield Span(start, end, NAME)

    def _starts(self, lower: str) -> list[int]:
        if len(self.tree) > _FEW:
            return [m.start() for m in _WORD.finditer(lower) if m.group() in self.tree]
        starts = []
        for word in self.tree:
            at = lower.find(word)
            while at >= 0:
                starts.append(at)
                at = lower.find(word, at + len(word))
        return sorted(starts)

    def _end(self, lower: str, start: int) -> int:
        """End of the longest name that starts here as a word of its own, or 0."""
        if start and lower[start - 1].isalpha():
            return 0
        word = _WORD.match(lower, start)
        node, end, found = self.tree, 0, 0
        while word:
            text = word.group(word.lastindex or 0)
            end = word.end()
            following = node.get(text)
            if following is None and text.endswith("s"):  # Kari Nordmanns
                following = node.get(text[:-1])
            if following is None:
                break
            node = following
            if "" in node:
                found = end
            word = _NEXT_WORD.match(lower, end)
        return found


# --- national identity numbers ------------------------------------------------------------------

_ELEVEN_DIGITS = re.compile(r"(?<![0-9])[0-9]{6}[\s\x01.-]?[0-9]{5}(?![0-9])")
_CONTROL_WEIGHTS = ((3, 7, 6, 1, 8, 9, 4, 5, 2, 1), (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1))


def identity_numbers(text: str, runs: list[tuple[int, int]]) -> Iterator[Span]:
    """Fødselsnummer and D-numbers: two control digits (modulo 11) and a day of a month.

    Rule: skatteetaten.no, 'Fødselsnummer'. A D-number has 4 added to its first digit; synthetic
    numbers of test systems have 40 or 80 added to the month.
    """
    for match in (m for run in runs for m in _ELEVEN_DIGITS.finditer(text, *run)):
        digits = [int(c) for c in match.group() if c.isdecimal()]
        day = (digits[0] % 4 if digits[0] > 3 else digits[0]) * 10 + digits[1]
        if 1 <= day <= 31 and all(
            sum(w * d for w, d in zip(weights, digits, strict=False)) % 11 == 0
            for weights in _CONTROL_WEIGHTS
        ):
            yield Span(match.start(), match.end(), IDENTITY)
