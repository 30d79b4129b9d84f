"""Masks spans of a text: text -> view, as a reader sees it -> spans -> text with marks.

In a view entities are decoded (`&#64;` is '@'), decomposed letters are composed and invisible characters are
left out. Tags and what is masked are one of the characters below.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from html import unescape
from itertools import accumulate
from typing import NamedTuple

TAKEN = "\x00"
"""Masked. It cannot stand in a text: storable_text replaces it."""
GAP = "\x01"
"""An inline tag or a comment, which addresses, numbers and names may cross."""
BREAK = "\x02"
"""The tag of a block, which only names may cross."""

TAG = re.compile(r"<(?!at>)[/!?]?[a-zA-Z\[-][^<>]*>")
_BLOCK = re.compile(r"</?(?:p|br|div|li|ul|ol|h[1-6]|tr|td|th|table|section|article|hr|d[tdl])\b", re.I)
_INVISIBLE = "[\xad\u200b-\u200f\u2060\ufeff]"  # soft hyphen, zero width
_WIDE = "[\ufe50-\ufe6b\uff01-\uff5e\U0001d7ce-\U0001d7ff]"  # other forms of ASCII
_TOKEN = re.compile(
    rf"({TAG.pattern}"
    r"|&(?:amp;){0,2}(?:#[0-9]{1,7};?|#[xX][0-9a-fA-F]{1,6};?|[a-zA-Z][a-zA-Z0-9]{1,24};)"
    rf"|%(?:40|2[bB]|20)|[^\W_][\u0300-\u036f]{{1,3}}|{_INVISIBLE}|{_WIDE}"
    r"|\[(?:e-mail|phone|identity number|name)\])"
)


class Span(NamedTuple):
    """A part of a view, and the mark that replaces it."""

    start: int
    end: int
    mark: str


Finder = Callable[[str], Iterable[Span]]


def mask_spans(text: str, finders: Iterable[Finder]) -> str:
    """The text with a mark for each span that the finders find, one after the other, in its view.

    Spans of one finder do not overlap; the next one sees them as TAKEN. Tags in a span stay, after its mark.
    """
    pieces = _TOKEN.split(text)  # text and tokens in turn
    shown = [_shown(piece) if i % 2 else piece for i, piece in enumerate(pieces)]
    text_at, view_at = ([0, *accumulate(map(len, part))] for part in (pieces, shown))
    view = "".join(shown)
    spans: list[Span] = []
    for find in finders:
        found = list(find(view))
        view = _replaced(view, ((start, end, TAKEN * (end - start)) for start, end, _ in found))
        spans += found
    parts = []
    for first, last, mark in sorted(spans):
        i, j = bisect_right(view_at, first) - 1, bisect_right(view_at, last - 1) - 1
        start = text_at[i] + first - view_at[i]
        end = text_at[j + 1] if j % 2 else text_at[j] + last - view_at[j]
        parts.append((start, end, mark + "".join(TAG.findall(text, start, end))))
    return _replaced(text, parts)


def _replaced(text: str, parts: Iterable[tuple[int, int, str]]) -> str:
    """The text with each of these parts replaced by another text."""
    pieces: list[str] = []
    done = 0
    for start, end, other in parts:
        pieces += (text[done:start], other)
        done = end
    return "".join((*pieces, text[done:]))


def across_tags(find: Finder) -> Finder:
    """The finder, run on a view without its gaps."""

    def find_across(view: str) -> Iterator[Span]:
        if GAP not in view:
            yield from find(view)
            return
        places = [place for place, char in enumerate(view) if char != GAP]
        for start, end, mark in find(view.replace(GAP, "")):
            yield Span(places[start], places[end - 1] + 1, mark)

    return find_across


def _shown(token: str) -> str:
    """The one character, or none, that stands for a token."""
    if token[0] == "<":
        return BREAK if _BLOCK.match(token) else GAP
    if token[0] == "[":
        return TAKEN
    if token[0] == "%":
        return chr(int(token[1:], 16))
    shown = unicodedata.normalize("NFKC", unescape(unescape(unescape(token))))
    if token[0] == "&" and (len(shown) > 1 or shown < " "):
        return "�"
    return "" if re.match(_INVISIBLE, shown) else shown[:1]
