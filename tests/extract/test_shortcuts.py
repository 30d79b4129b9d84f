"""What is done a shorter way for most texts gives what the long way gives, for any text."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from extract import features, masking, personal_data, phone_numbers, plain_text
from extract.lower_case import lower_case
from extract.masking import mask
from extract.personal_data import NameIndex, at_signs, spelled_emails

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


@pytest.mark.parametrize(
    ("words", "hints"),
    [
        (features._REMOTE_WORDS, features._REMOTE_HINTS),
        (features._LICENCE_WORDS, features._LICENCE_HINTS),
        (features._POLICE_WORDS, features._POLICE_HINTS),
        (re.compile(phone_numbers._WORD), phone_numbers._HINTS),
    ],
    ids=["remote", "licence", "police", "phone"],
)
def test_each_word_of_a_rule_has_one_of_its_hints(words: object, hints: tuple[str, ...]) -> None:
    @given(st.from_regex(words))  # type: ignore[arg-type]
    def has_hint(text: str) -> None:
        assert any(hint in text for hint in hints)

    has_hint()
