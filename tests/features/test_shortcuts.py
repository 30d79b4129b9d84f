"""What is done a shorter way for most texts gives what the long way gives, for any text."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from extract.features import html_text as plain_text
from extract.features import language
from extract.features import rules as features
from extract.features.lower_case import lower_case
from extract.hashing import storable_text
from extract.privacy import masking, personal_data, phone_numbers
from extract.privacy.masking import mask
from extract.privacy.personal_data import NameIndex, at_signs, spelled_emails

NAMES = NameIndex(["Kari Nordmann", "İpek Øz"])
SIGNS = (
    "@",
    "\uff20",
    "%40",
    "(at)",
    "[ a ]",
    "{krøllalfa}",
    "(",
    "%",
    "(dot)",
    " at ",
    " AT\t",
    "\nSnabel-A ",
)
WORDS = ("kari.nordmann", "KARI", "İpek", "øz", "firma.no", "Å", "912 34 567", "en", "\u212a", "\u017f")
MARKUP = (
    "<b>",
    "</p>",
    "<p class='x'>",
    "&#64;",
    "&amp;",
    "\xad",
    "\u200b",
    "[name]",
    "\x00",
    " ",
    "  ",
    "\n",
    "\xa0",
)
NUMBERS = (
    *(
        "912 34 567",
        "912",
        "34",
        "5",
        "+47",
        "0047",
        "(",
        "+",
        "00 ",
        "600 000",
        "01017012345",
        "010170-12345",
    ),
    *("kr ", "tlf. ", "ring ", "ref ", ",-", ".", "-", "/", "?", "\u2009", "\u0661", "\x1c", "a"),
)
LINKS = (
    "https://",
    "www.nav.no/",
    "wa.me/",
    "47",
    "91234567",
    "01017012345",
    "010170-12345",
    "a",
    "-",
    "?tlf=",
)
texts = st.text() | st.lists(st.sampled_from(SIGNS + WORDS + MARKUP) | st.text(max_size=3)).map("".join)


@given(texts)
def test_lower_case_is_what_python_says(text: str) -> None:
    assert lower_case(text) == text.lower()


@given(texts)
def test_at_signs_are_those_that_one_pass_of_the_pattern_finds(text: str) -> None:
    found = [at.span() for at in at_signs(text)]
    assert found == [at.span() for at in personal_data._AT.finditer(text)]


@given(texts)
@example("kari.nordmann at firma.no")
@example("kari.nordmann\tAT\nfirma (dot) no")
@example("kari_n snabel-a firma.no")
def test_a_spelled_address_is_found_without_the_hint_too(text: str) -> None:
    with_hint = list(spelled_emails(text))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(personal_data, "lower_case", lambda text: f"nabel{text}")
        assert with_hint == list(spelled_emails(text))


@given(texts)
def test_a_short_text_is_masked_as_if_it_were_long(text: str) -> None:
    assert mask(text[:80], NAMES) == masking._mask(text[:80], NAMES)


@given(texts)
def test_tags_alone_make_the_same_view(text: str) -> None:
    view = masking._view(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(masking, "_TOKEN_IF_TAG", masking._TOKEN)
        assert view == masking._view(text)


@given(texts)
@example("to  ord")
@example("to\xa0ord \n<p>og et")
@example("to\x1c ord\u2003to")
def test_lines_are_single_spaced_either_way(text: str) -> None:
    lines = plain_text.plain_text(text).split("\n")
    assert lines == [plain_text._single_spaced(line) for line in lines if line] or lines == [""]


LISTED = [word.strip() for word in language._LIST_OF]


@given(texts | st.lists(st.sampled_from(["ord", "<p>", "-", *LISTED])).map(" ".join))
@example("og og<p>og")
def test_words_that_tell_a_language_are_those_of_the_text_parted_at_its_spaces(text: str) -> None:
    plain = storable_text(lower_case(plain_text.plain_text(text)))
    words = plain.split()
    listed = [f" {word} " for word in words if f" {word} " in language._LIST_OF]
    assert language._words_of(f"\n{plain}") == (listed, len(words))


numbers = texts | st.lists(st.sampled_from(NUMBERS)).map("".join)


@given(numbers)
def test_runs_of_digits_are_those_that_one_pass_of_the_pattern_finds(text: str) -> None:
    runs = [run.span() for run in phone_numbers._RUN.finditer(text)]
    assert phone_numbers.digit_runs(text) == runs


@given(numbers)
@example("+123456")
@example("(+1)23456")
def test_no_number_stands_in_a_run_that_is_left_out(text: str) -> None:
    runs = phone_numbers.digit_runs(text)
    found = list(phone_numbers.phones(text, runs))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(phone_numbers, "_FEWEST_WITHOUT_PLUS", 0)
        assert found == list(phone_numbers.phones(text, runs))


@given(st.from_regex(phone_numbers._PLAIN_LINK) | st.lists(st.sampled_from(LINKS)).map("".join))
@example("https://wa.me/4791234567")
@example("https://www.nav.no/91234567/10117012345")
@example("https://www.nav.no/13097248022")
def test_of_a_plain_link_nothing_is_masked_the_long_way_either(text: str) -> None:
    masked = masking._mask(text, masking._NO_NAMES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(masking, "is_plain_link", lambda text: False)
        assert masked == masking._mask(text, masking._NO_NAMES)


RULE_WORDS = (
    *(
        "førerkort",
        "klasse b",
        "truckførerkort",
        "for truck",
        "driving licence",
        "sertifikat for bil",
        "ikke krav",
    ),
    *(
        "politiattest",
        "criminal record",
        "certificate of",
        "good conduct",
        "check",
        "en fordel",
        "må",
        "ikke",
        ".",
    ),
    *(
        "jobbe",
        "work",
        "hjemmefra",
        "from home",
        "hjemmekontor",
        "hybrid",
        "remote",
        "sensing",
        "\n",
        "og " * 80,
    ),
)


@given(st.lists(st.sampled_from(RULE_WORDS)).map(" ".join))
def test_what_a_rule_looks_for_stands_near_its_hints(text: str) -> None:
    near = features.features(None, text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(features, "_NEAR", len(text))
        assert near == features.features(None, text)


@pytest.mark.parametrize(
    ("words", "hints"),
    [
        (features._REMOTE_WORDS, features._REMOTE_HINTS),
        (features._LICENCE_WORDS, features._LICENCE_HINTS),
        (features._POLICE_WORDS, features._POLICE_HINTS),
        (re.compile(phone_numbers._WORD), phone_numbers._HINTS),
        (phone_numbers._MONEY_BEFORE, phone_numbers._HINTS_OF_MONEY),
    ],
    ids=["remote", "licence", "police", "phone", "money"],
)
def test_each_word_of_a_rule_has_one_of_its_hints(words: object, hints: tuple[str, ...]) -> None:
    @given(st.from_regex(words))  # type: ignore[arg-type]
    def has_hint(text: str) -> None:
        assert any(hint in text for hint in hints)

    has_hint()
