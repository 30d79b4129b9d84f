"""Redaction against the collected cases beside the project, where they are there: 95 of 100 at least."""

import json
import re
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from extract.privacy.redact import redact, redact_text

CASES = Path(__file__).parents[3] / "shared" / "cases"

pytestmark = pytest.mark.skipif(not CASES.exists(), reason="the cases are not beside the project")


def cases(name: str) -> Any:
    return json.loads((CASES / name).read_text())


def is_left(part: str, masked: str) -> bool:
    part, masked = (unicodedata.normalize("NFKC", text) for text in (part, masked))
    if re.fullmatch(r"[\d\W_]+", part):
        return re.sub(r"\D", "", part) in re.sub(r"\D", "", masked)
    return part.lower() in masked.lower()


def test_95_of_100_parts_go_and_stay_as_they_must() -> None:
    right: Counter[tuple[str, str]] = Counter()
    wrong: Counter[tuple[str, str]] = Counter()
    for case in cases("redaction.json"):
        masked = redact_text(case["text"], case["names"])
        for part in case["must_go"]:
            (wrong if is_left(part, masked) else right)["go", case["kind"]] += 1
        for part in case["must_stay"]:
            (right if part in masked else wrong)["stay", case["kind"]] += 1
    for way in ("go", "stay"):
        good = sum(count for (which, _), count in right.items() if which == way)
        bad = sum(count for (which, _), count in wrong.items() if which == way)
        assert good >= 0.95 * (good + bad), f"{way}: {good} right, wrong: {wrong}"


def test_the_ads_of_the_cases_lose_their_persons_and_keep_their_places() -> None:
    for ad in cases("ads.json") + cases("contact_that_is_no_person.json"):
        masked = redact(ad)
        for field in ("workLocations", "occupationCategories", "title"):
            assert masked.get(field) == ad.get(field)
        for personal in ("Normann", "Testmann", "33 444", "4455"):
            assert personal not in masked["description"]


def test_the_inputs_of_the_cases_are_read_right() -> None:
    inputs = cases("inputs.json")
    for entry, text in inputs["contact_name_field_says_more"]:
        assert "[name]" in redact_text(text, [entry])
    for text in inputs["reference_numbers"] + inputs["cpp"]:
        assert redact_text(text) == text
    assert "[name]" in redact_text(inputs["markup"][0], ["Kari Normann"])
    assert "[phone]" in redact_text(inputs["markup"][1])
    assert "normann" not in json.dumps(redact(inputs["email_key"]))
    assert redact(inputs["contact_that_is_no_person"]) == {"workLocations": [{"county": "OSLO"}]}
