"""Incremental equals full: after any history, and after partial, killed, overlapping and deferred builds."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest
from dbt.contracts.graph.manifest import Manifest

from tests.dbt.histories import Clock, Load, history, register_load, timestamp
from tests.dbt.raw import RawTables, event, features, unit, version
from tests.dbt.warehouse import Tables, Warehouse

INCREMENTAL = {
    "nav_staging.stg_ad_versions": "version_id",
    "nav_intermediate.int_ads": "ad_id",
    "nav_marts.fct_ads": "ad_id",
    "nav_marts.daily_new_ads": "month",
    "nav_marts.daily_active_ads": "month",
    "nav_marts.ad_lifetimes": "month",
}
"""And what each replaces rows by."""
PARTS = [
    ["--select", "path:models/staging"],
    ["--select", "stg_loads"],
    ["--select", "stg_ad_versions"],
    ["--select", "int_ads"],
    ["--select", "int_ads+"],
    ["--select", "stg_loads", "int_ads+"],
    ["--select", "stg_loads", "fct_ads", "int_ad_groups"],
    ["--select", "daily_active_ads"],
    ["--select", "int_ad_groups", "daily_new_ads"],
    ["--exclude", "stg_ad_versions"],
    ["--exclude", "int_ads"],
    ["--exclude", "fct_ads"],
    ["--select", "int_ads", "--full-refresh"],
    ["--select", "stg_ad_versions", "--full-refresh"],
    ["--select", "daily_new_ads", "--full-refresh"],
]


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 25))])
def test_after_any_history_of_complete_builds_every_model_holds_what_a_full_refresh_builds(
    warehouse: Warehouse, seed: int
) -> None:
    random = Random(seed)
    for _ in _history_is_loaded(warehouse, random):
        warehouse.dbt("run")
    built = warehouse.tables()
    warehouse.dbt("run")
    assert_same(warehouse.tables(), built, "with nothing new")
    warehouse.dbt("test", "--exclude", "test_type:unit")
    assert_same(built, warehouse.built_from_nothing())
    warehouse.dbt("run", "--full-refresh")
    assert_same(built, warehouse.tables(), "by dbt itself")


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 25))])
def test_a_complete_build_makes_good_whatever_partial_builds_left(warehouse: Warehouse, seed: int) -> None:
    random = Random(seed)
    for _ in _history_is_loaded(warehouse, random):
        for part in random.choices(PARTS, k=random.randrange(3)):
            warehouse.invoke("run", *part)  # may fail where what it reads from is not there yet
        if random.random() < 0.3:
            _execute(warehouse, f"drop table if exists {random.choice([*INCREMENTAL])}")
        if random.random() < 0.3:
            warehouse.dbt("run")
    warehouse.dbt("run")
    assert_same(warehouse.tables(), warehouse.built_from_nothing())


def _history_is_loaded(warehouse: Warehouse, random: Random) -> Any:
    """Loads some of a random history at each step; the order of completion is not that of reading."""
    clock, loads = Clock(random), history(random)
    open_loads: list[str] = []
    while loads or open_loads:
        with warehouse.raw() as raw:
            begun, loads = loads[:3], loads[3:]
            open_loads += [_append(raw, load) for load in begun]
            random.shuffle(open_loads)
            kept_open = min(len(loads), random.randrange(3))
            completed, open_loads = open_loads[kept_open:], open_loads[:kept_open]
            for load_id in completed:
                raw.complete(load_id, clock.tick())
            if random.random() < 0.6:
                load_id = raw.append(
                    units=register_load(random),
                    source="register",
                    at=timestamp(random),
                    load_id=f"register {random.random()}",  # no other load's
                    complete=False,
                )
                raw.complete(load_id, clock.tick())
        yield


def test_one_small_change_moves_all_the_days_that_hang_on_it(warehouse: Warehouse) -> None:
    def content(published: str, expires: str = "2026-12-01") -> dict[str, str]:
        return {"published": published, "expires": expires}

    first = [version(ad, content(f"2026-0{n}-10"), "2026-01-01T10:00:00Z") for n, ad in enumerate("abcd", 1)]
    changes: dict[str, dict[str, Any]] = {
        "the first load": {"versions": first, "at": "2026-05-20T10:00:00Z"},
        "the as-of date alone moves": {"at": "2026-08-02T10:00:00Z"},
        "the only ad of a month was published later than it said": {
            "versions": [version("a", content("2026-04-02"), "2026-01-02T10:00:00Z")],
            "at": "2026-08-12T11:00:00Z",
        },
        "an ad closed long ago": {
            "versions": [version("b", content("2026-02-10", "2026-03-01"), "2026-01-02T10:00:00Z")],
            "events": [event("b", "INACTIVE", "2026-02-20T10:00:00Z")],
            "at": "2026-08-22T12:00:00Z",
        },
        "and was opened again": {
            "events": [event("b", "ACTIVE", "2026-02-21T10:00:00Z")],
            "at": "2026-09-02T13:00:00Z",
        },
        "an ad closed before it was published": {
            "versions": [version("e", content("2026-05-10", "2026-03-01"), "2026-01-03T10:00:00Z")],
            "at": "2026-09-12T14:00:00Z",
        },
        "and closes after it": {
            "versions": [version("e", content("2026-05-10"), "2026-01-04T10:00:00Z")],
            "at": "2026-09-22T15:00:00Z",
        },
        "an employer's industry is known": {
            "units": [unit("910000001", "62.010")],
            "source": "register",
            "at": "2026-10-02T15:00:00Z",
        },
    }
    first[3]["document"] = first[3]["document"].replace("{", '{"employer": {"orgnr": "910000001"}, ', 1)
    for change, load in changes.items():
        with warehouse.raw() as raw:
            raw.append(**load)
        warehouse.dbt("run")
        assert_same(warehouse.tables(), warehouse.built_from_nothing(), change)


@pytest.fixture(scope="module")
def first_build(tmp_path_factory: pytest.TempPathFactory, seeded: Warehouse) -> Warehouse:
    """A warehouse that is built, with hours between its loads."""
    warehouse = seeded.copied_to(tmp_path_factory.mktemp("first"))
    with warehouse.raw() as raw:
        _hourly_load(raw, 0, ads=30)
    warehouse.dbt("run")
    return warehouse


@pytest.fixture
def production(first_build: Warehouse, tmp_path: Path) -> Warehouse:
    return first_build.copied_to(tmp_path)


@pytest.fixture(scope="module")
def after_newer_runs(first_build: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """Two more runs; as the first of them left each model, it is in a table of the schema `older`."""
    warehouse = first_build.copied_to(tmp_path_factory.mktemp("newer"))
    with warehouse.raw() as raw:
        _hourly_load(raw, 1)
    warehouse.dbt("run")
    copies = [f"create table older.{model.split('.')[1]} as select * from {model}" for model in INCREMENTAL]
    _execute(warehouse, "create schema older", *copies)
    with warehouse.raw() as raw:
        _hourly_load(raw, 2)
        _hourly_load(raw, 3)
    warehouse.dbt("run")
    return warehouse


def _hourly_load(raw: RawTables, hour: int, ads: int = 12) -> None:
    """Every ad is published, edited or closed by some load; some are named by many."""
    random, at = Random(hour), datetime(2026, 3, 1, 12, tzinfo=UTC) + timedelta(hours=hour)
    versions, events = [], []
    for number in random.sample(range(30), ads):
        published = at - timedelta(days=random.randrange(100))
        document = {"published": published.isoformat(), "positioncount": str(hour + 1)}
        versions.append(version(f"ad-{number}", document, at))
        events.append(event(f"ad-{number}", random.choice(["ACTIVE", "ACTIVE", "INACTIVE"]), at))
    found = [features(row, rules_version=hour + 1) for row in versions]
    raw.append(versions=versions, events=events, features=found, at=at)


# A row of stg_ad_versions never changes: what an older run writes of it is what is there.
@pytest.mark.parametrize("model", [*INCREMENTAL][1:])
def test_an_older_run_that_writes_after_a_newer_one_is_made_good_by_the_next(
    after_newer_runs: Warehouse, tmp_path: Path, model: str
) -> None:
    """What two overlapping runs leave where nothing locks: the older one's rows over the newer one's."""
    warehouse = after_newer_runs.copied_to(tmp_path)
    key, older = INCREMENTAL[model], f"older.{model.split('.')[1]}"
    _execute(
        warehouse,
        f"delete from {model} where {key} in (select {key} from {older})",
        f"insert into {model} by name select * from {older}",
    )
    assert warehouse.tables() != after_newer_runs.tables()
    with warehouse.raw() as raw:
        _hourly_load(raw, 4, ads=1)
    warehouse.dbt("run")
    assert_same(warehouse.tables(), warehouse.built_from_nothing())


@pytest.mark.parametrize("last", ["stg_ad_versions", "int_ads", "fct_ads", "int_ad_groups", "daily_new_ads"])
def test_a_build_that_was_killed_after_any_model_is_made_good_by_the_next(
    production: Warehouse, last: str
) -> None:
    with production.raw() as raw:
        _hourly_load(raw, 1)
    production.dbt("run", "--select", f"+{last}")
    for hour in (200, 400):
        with production.raw() as raw:
            _hourly_load(raw, hour)
    production.dbt("run")
    assert_same(production.tables(), production.built_from_nothing())


@pytest.mark.parametrize("column", ["loaded_at", "known_from", "first_seen_on"])
def test_tables_of_an_older_version_are_built_anew(production: Warehouse, column: str) -> None:
    """Theirs lack a column, and three staging models that are views now were tables."""
    for table in INCREMENTAL:
        _execute(production, f"alter table {table} drop column if exists {column}")
    for view in ("stg_feed_events", "stg_ad_features", "stg_units"):
        _execute(
            production,
            f"drop view nav_staging.{view}",
            f"create table nav_staging.{view} as select 'a' as ad_id, 'b' as organisation_number",
        )
    with production.raw() as raw:
        _hourly_load(raw, 1)
    production.dbt("run")
    assert_same(production.tables(), production.built_from_nothing())


def _defer(warehouse: Warehouse, state: Path) -> None:
    warehouse.dbt("run", "--select", "int_ads+", "--defer", "--state", str(state), "--favor-state")


def _clone(warehouse: Warehouse, state: Path) -> None:
    """DuckDB clones by views, over which dbt loads no seed."""
    warehouse.dbt("clone", "--state", str(state), "--exclude", "resource_type:seed")


@pytest.fixture(scope="module")
def dev(first_build: Warehouse) -> Warehouse:
    """The same file, in which the project builds into a schema of its own."""
    warehouse = copy(first_build)
    warehouse.dataset, warehouse.manifest = "dev", None
    warehouse.manifest = warehouse.parsed()
    return warehouse


@pytest.mark.parametrize("begin", [_defer, _clone])
def test_a_schema_that_begins_with_productions_tables_is_made_equal_by_a_complete_build(
    dev: Warehouse, begin: Callable[[Warehouse, Path], None], manifest: Manifest, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    state.mkdir()
    manifest.write(str(state / "manifest.json"))
    own = dev.copied_to(tmp_path)
    begin(own, state)
    with own.raw() as raw:
        _hourly_load(raw, 1)
        _hourly_load(raw, 300)
    own.dbt("seed")
    own.dbt("run")
    assert_same(own.tables(), own.built_from_nothing())


def _append(raw: RawTables, load: Load) -> str:
    return raw.append(
        versions=load.versions,
        events=load.events,
        features=load.features,
        at=load.at,
        source=load.source if load.source != "feed" else None,
        feed_load={} if load.source == "feed" else None,
        complete=False,
    )


def _execute(warehouse: Warehouse, *statements: str) -> None:
    with duckdb.connect(str(warehouse.path)) as connection:
        for statement in statements:
            connection.execute(statement)


def assert_same(built: Tables, expected: Tables, after: str = "") -> None:
    """Compare cell by cell, and name the first rows that differ."""
    assert built.keys() == expected.keys()
    for table, rows in expected.items():
        if built[table] != rows:
            extra = [row for row in built[table] if row not in rows][:3]
            missing = [row for row in rows if row not in built[table]][:3]
            raise AssertionError(f"{after} {table}: unexpected {extra}, missing {missing}")
