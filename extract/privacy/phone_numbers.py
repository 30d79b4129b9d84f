"""Phone numbers in the text of a job ad: text without markup -> spans.

Masked without a word before them: Norwegian numbers of 8 digits starting with 2-9, written
2-2-2-2, 3-2-3 or together, with or without +47, and any number with + or 00 and 8 to 17 digits.
Announced by a word (tlf, mobil, ring, kontakt ...): any 8 digits nearby, and 5 to 15 digits right
after it. Kept: what reads as a date, a time, an amount, a code, or a part of a URL.
"""

import re
from collections.abc import Iterator

from extract.privacy.personal_data import PHONE, Span

DIGIT = re.compile("[0-9]")
_W = r"[\s\xa0\x01]"  # a space or a tag between two groups
_RUN = re.compile(r"[0-9][0-9\s\xa0\x01.\-()/]{3,}[0-9]")
# The same by one byte a letter, of which only three differ: `re` runs to the next 0 by itself.
_SHAPES = bytes(
    ord("0") if letter in "0123456789" else ord("-") if letter.isspace() or letter in "\x01.-()/?" else 0
    for letter in map(chr, range(256))
)
_SHAPE_OF_RUN = re.compile(b"0[0-]{3,}0")
_EIGHT = (
    rf"[2-9]\d(?:(?:{_W}{{1,3}}\d\d){{3}}|(?:\.\d\d){{3}}|(?:-\d\d){{3}}"
    rf"|\d(?:{_W}{{1,3}}\d\d{_W}{{1,3}}|\.\d\d\.|-\d\d-)\d{{3}}|\d{{6}})(?!\d)"
)
_NUMBER = re.compile(
    rf"(?:\(?\+{_W}?|(?<!\d)\(?(?:00{_W}?)?)47\)?(?:{_W}{{1,3}}|[.-])?(?:\(0\))?{_EIGHT}"
    rf"|(?<!\d){_EIGHT}"
    rf"|(?:\(?\+|(?<!\d)00(?=[1-9]\d))\(?\d{{1,3}}\)?(?:(?:{_W}{{1,2}}\(?|[.\-/()]{{1,2}}{_W}?)?\d){{5,14}}(?!\d)"
)
_FEWEST_WITHOUT_PLUS = 8  # characters of a run that can hold a number: eight digits, fewer only after a plus
_ANNOUNCED = re.compile(rf"(?<!\d)\d(?:{_W}{{0,2}}\d){{4,14}}(?!\d)")
_WORD = (
    r"(?<![^\W\d_])(?:(?:tlf|telefon|tel|mob|mobil|phone|telephone|cell|sentralbord|vakttelefon"
    r"|direkte|mobiltelefon)(?:nr|nummer|numer|no)?|(ring|kontakt|kontakte|call|sms|whatsapp|contact))"
)
# A part of each of the words, as few as will do: most numbers in an ad are announced by none.
_HINTS = (
    "tlf", "tel", "mob", "phone", "cell", "sentralbord", "direkte", "ring", "kontakt", "call", "sms",
    "whatsapp", "contact",
)  # fmt: skip
_RIGHT_BEFORE = re.compile(_WORD + r"(?:[^\w\x00]{0,4}(?:nr|nummer|no|på))?[^\w\x00]{0,8}\Z")
_SOMEWHERE_BEFORE = re.compile(_WORD + r"(?![^\W\d_])[^\d\x00]{0,40}\Z")
_MONEY_BEFORE = re.compile(r"(?:\bkr|\bnok|kroner|\beur|\busd|\bsek|\bdkk|[€$£])[.:]?\s*\Z")
_HINTS_OF_MONEY = ("kr", "nok", "eur", "usd", "sek", "dkk", "€", "$", "£")
_MONEY_AFTER = re.compile(
    r"\s?(?:%|kr\b|kroner|nok\b|mill|euro?\b|,-|[.,]\d{1,2}(?!\d)|[.,]\x00)", re.IGNORECASE
)
_CODE_BEFORE = re.compile(
    r"(?<!\d)(?<!\d[\s\x01])(?<!\d[\s\x01]{2})\d{1,3}[.,]\Z"  # decimals: 0.37848043
    r"|(?:\bfinn-?kode|\bref(?:eranse)?[ .-]{0,2}(?:nr|nummer|kode)|\breference number|kode|\bid"
    r"|\b(?:saks|stillings|jobb?|annonse|arkiv|prosjekt|ordre|konto|org|organisasjons)[ .-]{0,2}"
    r"(?:nr|nummer|id|ref)|\bisbn|\brequisition)[^\w\x00]{0,4}\Z"
)
# The rest of a uuid after eight digits of its first or its last group.
_CODE_AFTER = re.compile(r"-[0-9a-f]{4}-|[0-9a-f]{4}(?!\w)|_", re.IGNORECASE)
_DAY, _MONTH, _YEAR = r"(?:0[1-9]|[12]\d|3[01])", r"(?:0[1-9]|1[0-2])", r"20[1-3]\d"
_DATE = re.compile(rf"(?:{_YEAR}{_MONTH}{_DAY}|{_DAY}{_MONTH}{_YEAR})\Z")
_URL_START = re.compile(r"://|www\.|\.[a-z]{2,6}/|\.[a-z]{2,6}\?", re.IGNORECASE)
# Links that are a phone number: https://wa.me/47..., ...?phone=47...
_PHONE_LINK = re.compile(
    r"(?:wa\.me/|[?&;](?:phone|tlf|telefon|tel|mobil|mob)\w{0,8}=)(?:\+|%2b)?\Z", re.IGNORECASE
)
# A link of letters and digits alone: none of its numbers is a phone's or a person's.
_PLAIN_LINK = re.compile(
    r"https?://(?![\w./-]*(?:wa\.me/|[0-9]{6}[.-]?[0-9]{5}))[\w./-]{1,250}\Z", re.ASCII | re.IGNORECASE
)


_TOKEN_ENDS = "\x00 \t\n\r\xa0\x01<>\"'"


def digit_runs(text: str) -> list[tuple[int, int]]:
    """Start and end of what can hold a number: the only places where the rest is tried."""
    # A letter beyond Latin-1 becomes a question mark, and can be a space: the pattern itself tells.
    shapes = text.encode("latin-1", "replace").translate(_SHAPES)
    places = _SHAPE_OF_RUN.finditer(shapes)
    return [run.span() for place in places for run in _RUN.finditer(text, *place.span())]


def is_plain_link(text: str) -> bool:
    """Whether the text is a link whose digits are all kept: the commonest texts with digits, quickly told."""
    return _PLAIN_LINK.match(text) is not None


def phones(text: str, runs: list[tuple[int, int]]) -> Iterator[Span]:
    done = 0
    for run_start, run_end in runs:
        if run_end - run_start < _FEWEST_WITHOUT_PLUS and "+" not in text[max(0, run_start - 3) : run_start]:
            continue  # most runs are an amount, as 600 000
        for match in _NUMBER.finditer(text, max(done, run_start - 3), run_end):
            if not _is_something_else(text, match, done):
                done = match.end()
                yield Span(match.start(), done, PHONE)


def announced_phones(text: str, runs: list[tuple[int, int]]) -> Iterator[Span]:
    done = 0
    for match in (m for run in runs for m in _ANNOUNCED.finditer(text, *run)):
        start, end = match.span()
        before = text[max(0, start - 64) : start].lower()
        if not any(map(before.__contains__, _HINTS)):
            continue
        digits = "".join(c for c in match.group() if c.isdecimal())
        if near := _RIGHT_BEFORE.search(before):
            is_call = near[1] is not None  # 'ring', 'kontakt': a date or a count can follow, too
            is_phone = not _is_in_url(text, start, done) and not (
                is_call and (_DATE.match(digits) or (len(digits) < 8 and end - start != 5))
            )
        else:
            is_phone = (
                len(digits) == 8
                and not digits.endswith("000")
                and _SOMEWHERE_BEFORE.search(before) is not None
                and not _DATE.match(digits)
                and not _is_something_else(text, match, done)
            )
        if is_phone:
            done = end
            yield Span(start, end, PHONE)


def _is_something_else(text: str, match: re.Match[str], done: int) -> bool:
    """An amount, a date, a code, a uuid or a piece of a URL."""
    start, end = match.span()
    before = text[max(done, start - 40) : start].lower()
    if any(map(before.__contains__, _HINTS_OF_MONEY)) and _MONEY_BEFORE.search(before):
        return True
    if _MONEY_AFTER.match(text, end):
        return True
    if match.group().isdecimal() and end - start == 8:
        if _DATE.match(match.group()) or _CODE_BEFORE.search(before):
            return True
        is_glued_before = before[-1:].isalnum() and not before[-3:].isalpha()
        if is_glued_before or _CODE_AFTER.match(text, end):
            return True
    return _is_in_url(text, start, done)


def _is_in_url(text: str, start: int, done: int) -> bool:
    token = text[max(done, start - 300) : start]
    token = token[max(token.rfind(c) for c in _TOKEN_ENDS) + 1 :]
    return _URL_START.search(token) is not None and not _PHONE_LINK.search(token)
