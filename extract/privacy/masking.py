"""Masks personal data in one text: text -> clean view -> spans -> text with marks.

The patterns do not run on the text itself but on a view of it, in which HTML entities are decoded
(`&#64;` is '@', `K&aring;re` is 'Kåre'), plain tags are one GAP character, and earlier marks and
spans already found are TAKEN characters. Spans are then mapped back to the text, so that a text
without personal data comes back unchanged, character by character.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from functools import lru_cache
from html import unescape
from itertools import accumulate
from typing import NamedTuple

from extract.features.lower_case import lower_case
from extract.hashing import storable_text
from extract.privacy.personal_data import (
    GAP,
    TAKEN,
    NameIndex,
    Span,
    at_signs,
    emails,
    identity_numbers,
    spelled_emails,
)
from extract.privacy.phone_numbers import DIGIT, announced_phones, digit_runs, is_plain_link, phones

_INVISIBLE = "\xad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"  # soft hyphen, zero width
# What is one character (or none) in the view. Tags with other attributes than these stay as they
# are: an address can hide in href, title, alt and the like. Each alternative begins with a letter of its
# own and not with a class, for then `re` runs to the next of these letters by itself: twice as fast.
_TAG = (
    r"<(?:/?[a-zA-Z][a-zA-Z0-9]{0,15}(?:>|"  # most tags, and a quarter less to look at in these
    r"(?:\s{1,20}(?:class|style|dir|lang)=(?:\"[^\"<>@]{0,500}\"|'[^'<>@]{0,500}')){0,4}"
    r"\s{0,20}/?>))"
)
_TOKEN = re.compile(
    r"(&(?:amp;){0,2}(?:\#[0-9]{1,7};?|\#[xX][0-9a-fA-F]{1,6};?|[a-zA-Z][a-zA-Z0-9]{1,24};)"
    rf"|{_TAG}|{'|'.join(_INVISIBLE)}"
    r"|\[(?:e-mail|phone|identity number|name)\])"
)
_TOKEN_IF_TAG = re.compile(f"({_TAG})")
_FIRST_OF_TOKEN = re.compile(rf"[<&\[{_INVISIBLE}]")
_ANY_TAG = re.compile(r"<[^<>]*>")
_IS_INVISIBLE = re.compile(f"[{_INVISIBLE}]")

_SHORT = 80
"""Characters of a value that other ads are likely to have as well: a place, an occupation, a word."""
_NO_NAMES = NameIndex(())


def mask(text: str, names: NameIndex) -> str:
    """The text with marks in place of what was found; NUL and lone surrogates as U+FFFD."""
    if len(text) <= _SHORT:
        masked, lower = _without_names(text)
        if not names.tree or (lower is not None and not names.may_stand_in(lower)):
            return masked
    return _mask(text, names)


@lru_cache(maxsize=4096)
def _without_names(text: str) -> tuple[str, str | None]:
    """The text masked, names left aside; in lower case, if what the patterns see of it is the text itself."""
    lower = lower_case(text)
    is_its_own_view = storable_text(text) == text and not _TOKEN.search(text) and len(lower) == len(text)
    return _mask(text, _NO_NAMES), lower if is_its_own_view else None


def _mask(text: str, names: NameIndex) -> str:
    text = storable_text(text)
    has_sign = "@" in text or "&" in text or next(at_signs(text), None) is not None
    has_word = " at " in text or "lfa" in text
    has_digits = DIGIT.search(text) is not None and not is_plain_link(text)
    if not (has_sign or has_word or has_digits or names.tree):
        return text
    view = _view(text)
    shown = view.text
    spans: list[Span] = []
    if has_sign:
        shown = _take(shown, spans, emails(shown))
    if has_word:
        shown = _take(shown, spans, spelled_emails(shown))
    if names.tree:
        shown = _take(shown, spans, names.find(shown))
    if has_digits and (runs := digit_runs(shown)):
        shown = _take(shown, spans, identity_numbers(shown, runs))
        shown = _take(shown, spans, phones(shown, runs))
        shown = _take(shown, spans, announced_phones(shown, runs))
    return view.with_marks(text, spans) if spans else text


class _View(NamedTuple):
    text: str
    # What the text and the view are made of, in turn: text between tokens, which is the same in both, and a
    # token with what stands for it.
    text_pieces: list[str]
    view_pieces: list[str]

    def with_marks(self, text: str, spans: list[Span]) -> str:
        # After each token: where the text and the view go on. From there both rise together,
        # character by character, until the next token.
        text_at = [0, *accumulate(map(len, self.text_pieces))][::2]
        view_at = [0, *accumulate(map(len, self.view_pieces))][::2]
        pieces: list[str] = []
        done = 0
        for span in sorted(spans):
            i = bisect_right(view_at, span.start) - 1
            start = text_at[i] + span.start - view_at[i]
            i = bisect_left(view_at, span.end)
            if i == len(view_at) or view_at[i] != span.end:
                i -= 1
            end = text_at[i] + span.end - view_at[i]
            pieces += (text[done:start], span.mark)
            if GAP in self.text[span.start : span.end]:  # keep the tags: the HTML stays balanced
                pieces += _ANY_TAG.findall(text[start:end])
            done = end
        pieces.append(text[done:])
        return "".join(pieces)


def _view(text: str) -> _View:
    if not _FIRST_OF_TOKEN.search(text):
        return _View(text, [text], [text])
    has_tags_alone = not any(map(text.__contains__, "&[" + _INVISIBLE))
    pieces = (_TOKEN_IF_TAG if has_tags_alone else _TOKEN).split(text)
    shown = pieces.copy()
    shown[1::2] = [GAP] * (len(pieces) // 2) if has_tags_alone else map(_shown, pieces[1::2])
    return _View("".join(shown), pieces, shown)


@lru_cache(maxsize=1024)
def _shown(token: str) -> str:
    """The one character (or none) that stands for a token in the view."""
    if token[0] == "<":
        return GAP
    if token[0] == "[":
        return TAKEN
    decoded = storable_text(unescape(unescape(unescape(token))))
    if _IS_INVISIBLE.match(decoded):
        return ""
    return decoded if len(decoded) == 1 else "�"


def _take(shown: str, spans: list[Span], found: Iterator[Span]) -> str:
    """Notes what was found and hides it from the patterns that follow."""
    pieces: list[str] = []
    done = 0
    for span in found:
        spans.append(span)
        pieces += (shown[done : span.start], TAKEN * (span.end - span.start))
        done = span.end
    if not pieces:
        return shown
    pieces.append(shown[done:])
    return "".join(pieces)
