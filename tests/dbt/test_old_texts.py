"""The text of ads that closed long ago is removed; everything that is counted of them stays as it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from extract.config import WarehouseSettings
from extract.features import rules as features
from extract.loading.retention import remove_old_texts
from extract.sources.reprocess import without_features
from extract.warehouses.duckdb import DuckDBWarehouse
from tests.dbt.raw import Row, event, version
from tests.dbt.raw import features as described
from tests.dbt.warehouse import Warehouse

TODAY = date(2026, 7, 15)  # less 365 days: 2025-07-15, so what closed before 2025-07-01 is old
PROSE: dict[str, Any] = {"title": "Sykepleier", "jobtitle": "Sykepleier", "description": "<p>Vi søker</p>"}
PLACE = {
    "workLocations": [{"county": "OSLO", "municipal": "OSLO"}],
    "score": 1.5,
    "kept": [None, {"title": "x"}],
}
EMPLOYERS: tuple[Any, ...] = (
    {"name": "Et sykehus", "orgnr": "999263550", "description": "Vi er <b>størst</b>"},
    {"name": "Et annet"},
    None,
)


def ad(ad_id: str, published: str, expires: str | None, employer: Any = EMPLOYERS[0], **more: Any) -> Row:
    dates = {"published": f"{published}T10:00:00", "expires": expires and f"{expires}T00:00:00"}
    document = PROSE | PLACE | dates | {"employer": employer} | more
    return version(ad_id, document, f"{published}T10:00:00+00:00")


OLD = [
    ad("expired", "2025-05-01", "2025-06-30"),
    ad("stopped", "2025-05-02", "2025-12-31", EMPLOYERS[1]),
    ad("archived", "2019-05-03", "2019-06-30", EMPLOYERS[2]),
]
EDITED = ad("stopped", "2025-05-04", "2025-12-31", positioncount="2")
KEPT = [
    ad("too late", "2025-05-05", "2025-07-01"),
    ad("open", "2025-05-06", None),
    ad("active again", "2025-05-07", "2027-01-01"),
]
EVENTS = [
    event("stopped", "INACTIVE", "2025-06-10T10:00:00Z"),
    event("active again", "INACTIVE", "2025-06-11T10:00:00Z"),
    event("active again", "ACTIVE", "2026-06-12T10:00:00Z"),
]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, seeded: Warehouse) -> Warehouse:
    warehouse = seeded.copied_to(tmp_path_factory.mktemp("built"))
    tombstone = version("stopped", None, "2025-06-10T10:00:00Z", status="INACTIVE")
    with warehouse.raw() as raw:
        raw.append(versions=OLD[2:], at="2025-03-01T12:00:00Z", source="mongo_archive")
        raw.append(versions=OLD[:2] + KEPT, events=EVENTS[:2], at="2025-05-10T12:00:00Z")
        later = [EDITED, tombstone]
        raw.append(
            versions=later,
            events=EVENTS[2:],
            features=[described(row) for row in [*OLD, *KEPT, EDITED]],
            at="2025-06-20T12:34:56.789012Z",
        )
    warehouse.dbt("run")
    return warehouse


@pytest.fixture
def warehouse(built: Warehouse, tmp_path: Path) -> Warehouse:
    return built.copied_to(tmp_path)


@pytest.fixture
def removing(warehouse: Warehouse) -> DuckDBWarehouse:
    """The same file, as the job knows it, after a build."""
    job = DuckDBWarehouse(WarehouseSettings(duckdb_path=str(warehouse.path)))
    job.after_dbt()
    return job


def documents(warehouse: Warehouse) -> dict[tuple[str, str], Any]:
    rows = warehouse.rows("select ad_id, version_id, document from nav_raw.ad_versions")
    return {(ad_id, version_id): document and json.loads(document) for ad_id, version_id, document in rows}


def without_text(row: Row) -> dict[str, Any]:
    content = {name: value for name, value in json.loads(row["document"]).items() if name not in PROSE}
    employer = content["employer"]
    content["employer"] = employer and {
        name: value for name, value in employer.items() if name != "description"
    }
    return content


def expected() -> dict[tuple[str, str], Any]:
    kept = {(row["ad_id"], row["version_id"]): json.loads(row["document"]) for row in KEPT}
    return kept | {(row["ad_id"], row["version_id"]): without_text(row) for row in [*OLD, EDITED]}


def with_content(warehouse: Warehouse) -> dict[tuple[str, str], Any]:
    return {key: document for key, document in documents(warehouse).items() if document is not None}


def test_what_closed_before_the_month_loses_its_text_and_the_tables_stay(
    warehouse: Warehouse, removing: DuckDBWarehouse
) -> None:
    before = warehouse.tables()
    assert remove_old_texts(removing, TODAY) == 4
    assert with_content(warehouse) == expected()
    assert len(documents(warehouse)) == len(expected()) + 1  # the tombstone
    assert warehouse.tables() == before
    built = warehouse.built_from_nothing()
    assert built == before


def test_the_rest_of_the_month_changes_nothing_and_a_late_copy_has_its_turn_in_the_next(
    warehouse: Warehouse, removing: DuckDBWarehouse
) -> None:
    remove_old_texts(removing, TODAY)
    once = documents(warehouse)
    assert remove_old_texts(removing, date(2026, 7, 31)) == 0
    assert documents(warehouse) == once
    late = ad("expired", "2025-05-08", "2025-06-30", source="Stillingsregistrering")
    with warehouse.raw() as raw:
        raw.append(versions=[late], at="2026-07-01T12:00:00Z", source="mongo_archive")
    warehouse.dbt("run")
    removing.after_dbt()
    assert remove_old_texts(removing, TODAY) == 0
    assert remove_old_texts(removing, date(2026, 8, 1)) == 2
    then = once | {(row["ad_id"], row["version_id"]): without_text(row) for row in (late, KEPT[0])}
    assert documents(warehouse) == then


def test_an_ad_that_opens_again_keeps_its_new_text_and_the_old_one_stays_away(
    warehouse: Warehouse, removing: DuckDBWarehouse
) -> None:
    remove_old_texts(removing, TODAY)
    once = documents(warehouse)
    new = ad("stopped", "2026-07-16", "2026-12-31", EMPLOYERS[1])
    with warehouse.raw() as raw:
        opened = [event("stopped", "ACTIVE", "2026-07-16T10:00:00Z")]
        raw.append(versions=[OLD[1], new], events=opened, at="2026-07-16T12:00:00Z")
    warehouse.dbt("run")
    removing.after_dbt()
    remove_old_texts(removing, date(2026, 7, 31))
    assert documents(warehouse) == once | {("stopped", new["version_id"]): json.loads(new["document"])}
    remove_old_texts(removing, date(2026, 8, 1))
    assert documents(warehouse)["stopped", new["version_id"]] == json.loads(new["document"])


class _Killed(BaseException):
    pass


def fuse(execute: Callable[[str], Any], statements: int) -> Callable[[str], Any]:
    left = iter(range(statements))

    def once(sql: str) -> Any:
        if next(left, None) is None:
            raise _Killed
        return execute(sql)

    return once


@pytest.mark.parametrize(
    "statements",
    [pytest.param(number, marks=() if number in (2, 4) else pytest.mark.long) for number in range(6)],
)
def test_a_run_that_dies_anywhere_and_runs_again_leaves_what_one_leaves(
    statements: int, warehouse: Warehouse, removing: DuckDBWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table, for each of two months the removal and its note, and the note that all is done."""
    with monkeypatch.context() as dying, pytest.raises(_Killed):
        dying.setattr(removing, "execute", fuse(removing.execute, statements))
        remove_old_texts(removing, TODAY)
    remove_old_texts(removing, TODAY)
    assert with_content(warehouse) == expected()
    noted = warehouse.rows("select ad_id, version_id from nav_raw.removed_texts where removed_at is not null")
    assert sorted(noted) == sorted((row["ad_id"], row["version_id"]) for row in [*OLD, EDITED])


def test_new_rules_leave_alone_what_has_no_text_any_more(
    removing: DuckDBWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def described_anew() -> int:
        [(versions,)] = removing.query(f"select count(*) from {without_features(removing)}")
        return int(versions)

    assert described_anew() == 0
    monkeypatch.setattr(features, "RULES_VERSION", features.RULES_VERSION + 1)
    assert described_anew() == 7
    remove_old_texts(removing, TODAY)
    assert described_anew() == len(KEPT)
