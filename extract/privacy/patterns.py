"""E-mail addresses and national identity numbers: the text of a view -> spans.

Each pattern starts at a rare character and each repetition is bounded, so the time is linear in the length
of the text.
"""

import re
from collections.abc import Iterator

from extract.privacy.view import GAP, Span

_TLD = r"(?-i:no|com|net|org|dk|NO|COM|NET|ORG|DK)\b"
_DOT = (
    r"(?:\s{0,2}[(\[{<]\s?(?:dot|punktum|punkt|prikk|\.)\s?[)\]}>]\s{0,2}"
    rf"|\s(?:dot|punktum)\s(?={_TLD})|(?<!\.no)(?<!\.com)\x01{{0,3}}[.,]\s?\x01{{0,3}}(?={_TLD})"
    # A word in title case begins the next sentence: 'post@firma.no.Attester'
    r"|\x01{0,3}\.(?!(?-i:[A-ZÆØÅ][a-zæøå])))"
)
_DOMAIN = rf"(?P<host>[\w-]{{1,63}})(?P<rest>(?:{_DOT}[\w-]{{1,63}}){{0,8}})"
_AT = re.compile(
    rf"(?:(?P<sign>@)|[(\[{{<«*|]\s?(?:at|a|@|alfa|krøllalfa|alfakrøll|snabel-?a)\s?[)\]}}>»*|]"
    rf"|(?P<word>\s(?:at|krøllalfa|alfakrøll|snabel-?a)\s))(?P<space>[\s\x01]{{0,3}}){_DOMAIN}",
    re.IGNORECASE,
)
_MAILBOX = re.compile(
    r"(?:\"[^\"\x00-\x02\n]{1,40}\"|(?:[\w.+%'’~-]|\x01(?=[._])){1,64})(?P<space>[\s\x01]{0,3})\Z"
)
_LONGEST_MAILBOX = 70


def emails(text: str) -> Iterator[Span]:
    """Addresses, also with a spelled at sign or dot; not the names of social media (`@firma.no`)."""
    done = 0
    for at in _AT.finditer(text):
        mailbox = _MAILBOX.search(text[max(done, at.start() - _LONGEST_MAILBOX) : at.start()])
        if mailbox and _is_email(mailbox, at):
            done = at.end()
            yield Span(at.start() - len(mailbox[0]), done, "[e-mail]")


def _is_email(mailbox: re.Match[str], at: re.Match[str]) -> bool:
    has_dot = bool(at["rest"])
    is_mailbox = re.search(r"\w[._]\w", mailbox[0]) is not None
    before, after = mailbox["space"].strip(GAP), at["space"].strip(GAP)
    if at["sign"] and not before and not after:
        return has_dot or at["host"][0].isalpha()
    if at["sign"]:
        return has_dot and bool(after or is_mailbox)  # not 'Instagram @firma.no'
    if at["word"]:  # not 'look at nav.no'
        return has_dot and (is_mailbox or "at" not in at["word"].lower())
    return has_dot


_BETWEEN = r"[\s\x01./·_:()\-\u2010-\u2015]{0,3}"
_ELEVEN_DIGITS = re.compile(rf"\d(?:{_BETWEEN}\d){{10}}")
_ELEVEN_ALONE = re.compile(rf"(?<!\d)(?=({_ELEVEN_DIGITS.pattern})(?!\d))")
_ANNOUNCED = re.compile(
    r"(?:fødselsn\w+|fnr|personn\w+|d-n\w+|identity n\w+|ssn)[^\w\x00]{0,3}(?:er|is)?[^\w\x00]{0,3}\Z"
)
_CONTROL_WEIGHTS = ((3, 7, 6, 1, 8, 9, 4, 5, 2, 1), (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1))


def identity_numbers(text: str) -> Iterator[Span]:
    """Fødselsnummer and D-numbers: two control digits (modulo 11) and a day; or eleven digits so called.

    Rule: skatteetaten.no, 'Fødselsnummer'. A D-number has 4 added to its first digit; the synthetic numbers
    of test systems have 40, 65 or 80 added to the month.
    """
    if not _ELEVEN_DIGITS.search(text):
        return
    done = 0
    for match in _ELEVEN_ALONE.finditer(text):
        start, end = match.span(1)
        before = text[max(done, start - 40) : start].lower()
        if start >= done and (_has_control_digits(match[1]) or _ANNOUNCED.search(before)):
            done = end
            yield Span(start, end, "[identity number]")


def _has_control_digits(number: str) -> bool:
    digits = [int(c) for c in number if c.isdecimal()]
    day = digits[0] % 4 * 10 + digits[1]
    sums = (sum(w * d for w, d in zip(weights, digits, strict=False)) for weights in _CONTROL_WEIGHTS)
    return digits[0] < 8 and 1 <= day <= 31 and all(total % 11 == 0 for total in sums)
