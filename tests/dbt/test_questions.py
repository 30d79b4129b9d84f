"""The statements of docs/how-to/questions.md run, and answer with the ads that were put there."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.dbt.raw import event, features, unit, version
from tests.dbt.warehouse import PROJECT, Warehouse

PAGE = (PROJECT / "docs" / "how-to" / "questions.md").read_text(encoding="utf-8")
QUESTIONS = {
    heading: statement
    for heading, statement in re.findall(r"^## ([^\n]+)\n\n```sql\n(.*?)```", PAGE, re.DOTALL | re.MULTILINE)
}


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory, seeded: Warehouse) -> Warehouse:
    """Two ads for IT and for teachers, of this year and last, and one a week that was never captured."""

    def ad(ad_id: str, published: str, **content: Any) -> Any:
        document = {
            "published": published,
            "occupationCategories": [{"level1": "IT"}, {"level1": "Utdanning"}],
            "workLocations": [{"county": "OSLO", "municipal": "OSLO", "country": "NORGE"}],
            "employer": {"orgnr": "889640782", "name": "Arbeids- og velferdsetaten"},
            "extent": "Deltid",
            "categoryList": [{"categoryType": "STYRK08", "code": "2512", "name": "Programvareutviklere"}],
        }
        return version(ad_id, document | content, f"{published}T10:00:00Z")

    warehouse = seeded.copied_to(tmp_path_factory.mktemp("questions"))
    versions = [ad("new", "2026-03-02"), ad("old", "2025-03-03")]
    thursdays = [datetime(2024, 10, 3, 12, tzinfo=UTC) + timedelta(weeks=n) for n in range(75)]
    others = [event(f"other of {thursday}", "ACTIVE", thursday) for thursday in thursdays]
    with warehouse.raw() as raw:
        raw.append(
            versions=versions,
            events=[event("old", "INACTIVE", "2025-03-12T10:00:00Z"), *others],
            features=[features(row, mentions_remote_work=True) for row in versions],
            at="2026-03-08T12:00:00Z",
        )
        raw.append(units=[unit("889640782", "86.101")], source="register", at="2026-03-09T12:00:00Z")
    warehouse.dbt("run")
    return warehouse


@pytest.mark.parametrize("question", QUESTIONS)
def test_each_question_has_an_answer(question: str, warehouse: Warehouse) -> None:
    assert warehouse.rows(QUESTIONS[question]), question


def test_the_answers_are_those_of_the_two_ads(warehouse: Warehouse) -> None:
    def answer(part: str) -> list[tuple[Any, ...]]:
        [question] = [statement for heading, statement in QUESTIONS.items() if part in heading]
        return warehouse.rows(question)

    assert [row[1:] for row in answer("week by week")] == [(1, None, 0.5), (1, 1, 0.5)]
    assert answer("municipality") == [("OSLO, Oslo", 1, 1, 0)]
    assert answer("employers") == [("Arbeids- og velferdsetaten", "889640782", True, 1, 1)]
    assert answer("STYRK-08") == [("2512", "Programvareutviklere", 1)]
    assert [row[1] for row in answer("teachers")] == [10.0]
    assert [row[1] for row in answer("health care")] == [1.0, 1.0]
