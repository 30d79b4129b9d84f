"""What an ad's text says, by named rules: title and description (HTML) -> Features.

Each rule works on bokmål, nynorsk and English. A rule looks for its words, then reads the clause
they stand in for a negation or a mere wish. The words are those NAV's ads use; a rule that is
changed raises RULES_VERSION, so that rows of the old and the new rules can be told apart.

Features are those of the redacted ad, the one that is kept: what is masked is no evidence of anything.
"""

import re
from collections.abc import Iterator, Set
from typing import Any, NamedTuple

from ahocorasick_rs import AhoCorasick

from extract.features.html_text import plain_text
from extract.features.language import language_of
from extract.features.lower_case import lower_case
from extract.hashing import storable_text

RULES_VERSION: int = 1


class Features(NamedTuple):
    """In the order of the columns of the raw table `ad_features`."""

    text_length: int
    """Characters of the description's plain text."""
    language: str | None
    """'nb', 'nn', 'en', 'other'; None when too short to tell."""
    mentions_remote_work: bool
    requires_driving_licence: bool
    requires_police_certificate: bool


def features(title: str | None, description: str | None) -> Features:
    """Features of a title and a description; never raises, whatever the texts hold."""
    text = plain_text(description or "")
    everything = f"{plain_text(title or '')}\n{text}"
    lower = storable_text(lower_case(everything)).replace("’", "'")
    # All hints at once: one after the other takes five times as long.
    hints = set(_ALL_HINTS.find_matches_as_strings(lower, overlapping=True))
    return Features(
        text_length=len(text),
        language=language_of(lower),
        mentions_remote_work=_mentions_remote_work(lower, hints),
        requires_driving_licence=_requires_driving_licence(lower, hints),
        requires_police_certificate=_requires_police_certificate(lower, hints),
    )


def of_ad(ad: dict[str, Any]) -> Features:
    """Features of a redacted `ad_content`."""
    title, description = ad.get("title"), ad.get("description")
    return features(
        title if isinstance(title, str) else None,
        description if isinstance(description, str) else None,
    )


# 'ikke', 'ikkje', 'ingen' ... and their English like, as a word of its own in front of what is
# negated; 'ikke bare' and 'not only' affirm.
_NOT = (
    r"\b(?:ikke(?! bare| kun)|ikkje(?! berre)|ingen|inga|uten|utan|verken|korkje|aldri|dessverre"
    r"|not(?! only)|no|never|cannot|can't|isn't|without|unfortunately)\b"
)
_NEGATED_BEFORE = re.compile(_NOT + r"(?:\W+\w+){0,6}\W*\Z")
_NEGATED_AFTER = re.compile(
    r"[^,]{0,40}?\b(?:ikke|ikkje|not|isn't|dessverre)\s+(?!bare\b|berre\b|only\b|kun\b)"
    r"|[^,]{0,40}\b(?:ikke|ikkje)\b\s*\Z"
)


def _words(*patterns: str, not_after: str = r"\w") -> str:
    """One pattern of any of these, at the beginning of a word.

    The test of what stands before comes after the first letter: `re` runs to the next of such letters by
    itself, but it tries a pattern that begins with a test at each place, which took five times as long.
    """
    return "|".join(f"{pattern[0]}(?<!{not_after}{pattern[0]}){pattern[1:]}" for pattern in patterns)


# --- mentions_remote_work -----------------------------------------------------------------------

# A part of each of the words below, as few as will do: hjemme-, heimekontor; hjemme-, heime-, heimanfrå;
# home office, from home.
_REMOTE_HINTS = frozenset(
    ("mekontor", "mefr", "manfrå", "fjernarbeid", "telew", "telec", "home", "anywhere", "remote", "hybrid")
)
_AT_HOME = r"(?:\W+\w+){0,4}\W+(?:hjemmefra|heimefrå|heimanfrå)"
_REMOTE_WORDS = re.compile(
    "hjemmekontor|heimekontor|"
    + _words(
        "fjernarbeid",
        "home[ -]office",
        "telework",
        "telecommut",
        rf"jobb\w*{_AT_HOME}",
        rf"arbei\w*{_AT_HOME}",
        r"work(?:ing)?(?:\W+\w+){0,3}\W+from (?:home|anywhere)",
        # not remote sensing, areas, control, support ..., and not a remotely operated vehicle
        r"remote(?:ly)?\b(?![ -](?:sens|area|control|support|location|monitor|operat|access|desktop"
        r"|diagnos|site|communit|part|region|island|server|hand|village|manage|surveil|place|corner"
        r"|plac|util|inspect|assist|guid|interest|connect|possib\w+ of))",
        r"hybrid(?:e|t)?[ -]?(?:arbeid|kontor|jobb|work|office|role|position|schedule|team|remote)",
        r"jobb(?:er?)?\s+hybrid",
        r"arbeid(?:er?)?\s+hybrid",
        r"work(?:ing)?\s+hybrid",
        r"hybrid\s?/\s?remote",
        r"hybrid\b\s*(?:\)|\Z|\n)",
    )
)


def _mentions_remote_work(lower: str, hints: Set[str]) -> bool:
    """Some work can be done from home or from anywhere: offered or possible, however little.

    Source: the words of NAV's ads and of `arbeidsmiljøloven § 4-6` with its regulation on work at
    home ('hjemmekontorforskriften').
    """
    return any(
        not _NEGATED_BEFORE.search(clause.before) and not _NEGATED_AFTER.match(clause.after)
        for clause in _clauses(lower, hints & _REMOTE_HINTS, _REMOTE_WORDS)
    )


# --- requires_driving_licence -------------------------------------------------------------------

# A road licence of any class. 'truckførerkort' (fork-lift) and boat licences are other
# licences: vegvesen.no, 'Førerkortklasser', does not list them.
# A part of each of the words below: førerkort, førarkort; kjørekort, køyrekort; sertifikat; licence.
_LICENCE_HINTS = frozenset(("rkort", "rekort", "sertifikat", "licen"))
_ROAD_ONLY = r"(?!\w{0,3} (?:for|på|til) (?:truck|båt))"
_LICENCE_WORDS = re.compile(
    _words(
        f"bil(?:førerkort|førarkort|kjørekort|køyrekort){_ROAD_ONLY}",
        f"før[ea]rkort{_ROAD_ONLY}",
        f"k(?:jøre|øyre)kort{_ROAD_ONLY}",
        not_after=r"[^\W_]",
    )
    + "|"
    + _words(
        "før[ea]rsertifikat",
        "bilsertifikat",
        r"sertifikat(?:et)?\s+(?:for|til|på)\s+(?:bil|personbil|lastebil)",
        r"sertifikat(?:et)?,?\s+(?:i\s+)?(?:klasse|kl\.?)\s*(?:b|c|d)e?\b",
        r"driv(?:er'?s?'?|ing)[ -]licen[cs]e",
        r"c(?:ar|ategory b|lass b) licen[cs]e",
    )
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
_WISH_BEFORE = re.compile(rf"\b(?:{_WISH}|gjerne|helst|preferably)\b(?:\W+\w+){{0,8}}\W*\Z")
# Up to the next comma, or three words after it: '..., gode norskkunnskaper er en fordel' is another.
_UNNEEDED_AFTER = re.compile(
    rf"[^,\n]{{0,60}}?\b(?:{_WISH}|{_NOT_NEEDED})"
    rf"|[^,\n]{{0,30}},(?:\W*\w+){{0,3}}?\W*\b(?:{_WISH}|{_NOT_NEEDED})"
)


def _requires_driving_licence(lower: str, hints: Set[str]) -> bool:
    """A driving licence is asked for; a wish ('en fordel', 'ønskelig', 'a plus') is no demand.

    A bare mention, as in a list of qualifications, counts as a demand. Classes are those of
    vegvesen.no; a licence for a fork-lift ('truckførerkort') or a boat is none of them.
    """
    return any(
        not _NEGATED_BEFORE.search(clause.before)
        and not _WISH_BEFORE.search(clause.before)
        and not _UNNEEDED_AFTER.match(clause.after)
        for clause in _clauses(lower, hints & _LICENCE_HINTS, _LICENCE_WORDS)
    )


# --- requires_police_certificate ----------------------------------------------------------------

_POLICE_HINTS = frozenset(("politiattest", "vandelsattest", "police", "good conduct", "criminal record"))
_POLICE_WORDS = re.compile(
    _words(
        "politiattest",
        "vandelsattest",
        "police (?:certificate|clearance|record)",
        "certificate of good conduct",
        "criminal records? (?:certificate|check|extract)",
    )
)
_POLICE_UNNEEDED_AFTER = re.compile(rf"[^\n]{{0,50}}?\b{_NOT_NEEDED}")


def _requires_police_certificate(lower: str, hints: Set[str]) -> bool:
    """A police certificate must be shown, now or before one starts.

    Source: politiregisterloven chapter 7; schools, kindergartens and care must ask for one, and say
    so in the ad ('politiattest', nynorsk alike).
    """
    return any(
        not _NEGATED_BEFORE.search(clause.before) and not _POLICE_UNNEEDED_AFTER.match(clause.after)
        for clause in _clauses(lower, hints & _POLICE_HINTS, _POLICE_WORDS)
    )


# --- clauses ------------------------------------------------------------------------------------


class _Clause(NamedTuple):
    before: str
    after: str


_REACH = 100  # characters read to either side
_NEAR = 200
"""Characters from a hint's start to where a pattern of its words begins or ends: five long words or more."""
# An end of a sentence, but not the point of 'kl.', 'f.eks.', 'min.' nor of a number.
_SENTENCE_END = r"(?<!\bkl)(?<!\bnr)(?<!\bca)(?<!\bevt)(?<!\beks)(?<!\binkl)[.](?=\s|\Z)|[!?;•\n]"
_CLAUSE_START = re.compile(_SENTENCE_END + r"|[:,]|\b(?:men|but)\b")
_CLAUSE_END = re.compile(_SENTENCE_END)


_ALL_HINTS = AhoCorasick(sorted(_REMOTE_HINTS | _LICENCE_HINTS | _POLICE_HINTS))


def _clauses(lower: str, hints: Set[str], words: re.Pattern[str]) -> Iterator[_Clause]:
    """What stands before and after each of the words, up to the clause's or sentence's end.

    Most ads have none of the words, and then no hint of them; the others have them near the hints. To try a
    pattern anywhere else takes its time for nothing.
    """
    if not hints:
        return
    first, last = min(map(lower.find, hints)), max(map(lower.rfind, hints))
    for match in words.finditer(lower, max(0, first - _NEAR), last + _NEAR):
        before = lower[max(0, match.start() - _REACH) : match.start()]
        after = lower[match.end() : match.end() + _REACH]
        yield _Clause(_CLAUSE_START.split(before)[-1], _CLAUSE_END.split(after, maxsplit=1)[0])
