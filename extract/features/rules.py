"""What an ad's text says, by named rules: title and description (HTML) -> Features.

A rule looks for its words in bokmål, nynorsk and English, then reads the clause around them for a negation or
a wish. A change of a rule raises RULES_VERSION. Features are those of the redacted ad, which is stored.
"""

import re
from typing import Any, NamedTuple

from extract.features.html_text import plain_text
from extract.features.language import language_of
from extract.hashing import hash_of, storable_text

RULES_VERSION: int = 1


class Features(NamedTuple):
    """In the order of the columns of the raw table `ad_features`."""

    text_length: int
    """Characters of the description's plain text."""
    language: str | None
    """'nb', 'nn', 'en', 'other'; None when too short to tell."""
    mentions_remote_work: bool
    """Some work can be done from home or from anywhere, however little (arbeidsmiljøloven § 4-6)."""
    requires_driving_licence: bool
    """Asked for, or mentioned without a wish; no fork-lift or boat (vegvesen.no, 'Førerkortklasser')."""
    requires_police_certificate: bool
    """To be shown, now or before one starts (politiregisterloven chapter 7)."""
    text_hash: int | None
    """The hash of title and text in lower case, white space made one; None without a text."""


def features(title: str | None, description: str | None) -> Features:
    """Features of a title and a description; never raises, whatever the texts hold."""
    text = plain_text(description or "")
    lower = storable_text(f"{plain_text(title or '')}\n{text}".lower()).replace("’", "'")
    return Features(
        len(text),
        language_of(lower),
        _says(lower, _REMOTE_WORDS, _NEGATED_BEFORE, _NEGATED_AFTER),
        _says(lower, _LICENCE_WORDS, _UNNEEDED_BEFORE, _UNNEEDED_AFTER),
        _says(lower, _POLICE_WORDS, _NEGATED_BEFORE, _POLICE_UNNEEDED_AFTER),
        hash_of(" ".join(lower.split())) if text else None,
    )


def of_ad(ad: dict[str, Any]) -> Features:
    """Features of a redacted `ad_content`."""
    texts = (text if isinstance(text := ad.get(name), str) else None for name in ("title", "description"))
    return features(*texts)


_REACH = 100  # characters read to either side
# An end of a sentence, but not the point of 'kl.', 'f.eks.', 'min.' nor of a number.
_SENTENCE_END = r"(?<!\bkl)(?<!\bnr)(?<!\bca)(?<!\bevt)(?<!\beks)(?<!\binkl)[.](?=\s|\Z)|[!?;•\n]"
_CLAUSE_START = re.compile(_SENTENCE_END + r"|[:,]|\b(?:men|but)\b")
_CLAUSE_END = re.compile(_SENTENCE_END)


def _says(
    lower: str, words: re.Pattern[str], unless_before: re.Pattern[str], unless_after: re.Pattern[str]
) -> bool:
    """Whether one of the words stands in a clause that does not deny it before or after the word."""
    for match in words.finditer(lower):
        before = _CLAUSE_START.split(lower[max(0, match.start() - _REACH) : match.start()])[-1]
        after = _CLAUSE_END.split(lower[match.end() : match.end() + _REACH], maxsplit=1)[0]
        if not unless_before.search(before) and not unless_after.match(after):
            return True
    return False


# 'ikke bare' and 'not only' affirm.
_NOT = (
    r"\b(?:ikke(?! bare| kun)|ikkje(?! berre)|ingen|inga|uten|utan|verken|korkje|aldri|dessverre"
    r"|not(?! only)|no|never|cannot|can't|isn't|without|unfortunately)\b(?:\W+\w+){0,6}\W*\Z"
)
_NEGATED_BEFORE = re.compile(_NOT)
_NEGATED_AFTER = re.compile(
    r"[^,]{0,40}?\b(?:ikke|ikkje|not|isn't|dessverre)\s+(?!bare\b|berre\b|only\b|kun\b)"
    r"|[^,]{0,40}\b(?:ikke|ikkje)\b\s*\Z"
)

_AT_HOME = r"(?:\W+\w+){0,4}\W+(?:hjemmefra|heimefrå|heimanfrå)"
_REMOTE_WORDS = re.compile(
    r"hjemmekontor|heimekontor|\b(?:fjernarbeid|home[ -]office|telework|telecommut"
    rf"|jobb\w*{_AT_HOME}|arbei\w*{_AT_HOME}|work(?:ing)?(?:\W+\w+){{0,3}}\W+from (?:home|anywhere)"
    # not remote sensing, areas, control, support ..., and not a remotely operated vehicle
    r"|remote(?:ly)?\b(?![ -](?:sens|area|control|support|location|monitor|operat|access|desktop"
    r"|diagnos|site|communit|part|region|island|server|hand|village|manage|surveil|place|corner"
    r"|plac|util|inspect|assist|guid|interest|connect|possib\w+ of))"
    r"|hybrid(?:e|t)?[ -]?(?:arbeid|kontor|jobb|work|office|role|position|schedule|team|remote)"
    r"|jobb(?:er?)?\s+hybrid|arbeid(?:er?)?\s+hybrid|work(?:ing)?\s+hybrid|hybrid\s?/\s?remote"
    r"|hybrid\b\s*(?:\)|\Z|\n))"
)

_ROAD_ONLY = r"(?!\w{0,3} (?:for|på|til) (?:truck|båt))"
_LICENCE_WORDS = re.compile(
    rf"(?<![^\W_])(?:bil(?:førerkort|førarkort|kjørekort|køyrekort)|før[ea]rkort|k(?:jøre|øyre)kort){_ROAD_ONLY}"
    r"|\b(?:før[ea]rsertifikat|bilsertifikat|sertifikat(?:et)?\s+(?:for|til|på)\s+(?:bil|personbil|lastebil)"
    r"|sertifikat(?:et)?,?\s+(?:i\s+)?(?:klasse|kl\.?)\s*(?:b|c|d)e?\b"
    r"|driv(?:er'?s?'?|ing)[ -]licen[cs]e|c(?:ar|ategory b|lass b) licen[cs]e)"
)
_WISH = (
    r"(?:fordel|føremon|ønskelig|ønskeleg|ynskjeleg|ynskeleg|advantage|advantageous|preferred"
    r"|preferable|desirable|desired|nice to have|bonus|a plus|et pluss|eit pluss|valgfritt|optional)"
)
_NOT_NEEDED = (
    r"(?:(?:ikke|ikkje|not)\b(?:\W+\w+){0,2}?\W+(?:krav|nødvendig|naudsynt|påkrevd|required"
    r"|necessary|needed|requirement|must)|unødvendig|unaudsynt|unnecessary"
    r"|(?:kreves|krevs|krevst|trengs|trengst|trenger|treng)\s+(?:ikke|ikkje)\b)"
)
_UNNEEDED_BEFORE = re.compile(rf"{_NOT}|\b(?:{_WISH}|gjerne|helst|preferably)\b(?:\W+\w+){{0,8}}\W*\Z")
# Up to the next comma, or three words after it: '..., gode norskkunnskaper er en fordel' is another.
_UNNEEDED_AFTER = re.compile(
    rf"[^,\n]{{0,60}}?\b(?:{_WISH}|{_NOT_NEEDED})"
    rf"|[^,\n]{{0,30}},(?:\W*\w+){{0,3}}?\W*\b(?:{_WISH}|{_NOT_NEEDED})"
)

_POLICE_WORDS = re.compile(
    r"\b(?:politiattest|vandelsattest|police (?:certificate|clearance|record)|certificate of good conduct"
    r"|criminal records? (?:certificate|check|extract))"
)
_POLICE_UNNEEDED_AFTER = re.compile(rf"[^\n]{{0,50}}?\b{_NOT_NEEDED}")
