"""Incremental equals full: whatever the order of loads, edits, partial runs and lost memories."""

from __future__ import annotations

import tempfile
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest
from dbt.contracts.graph.manifest import Manifest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.dbt.histories import Load, history, instant, register_load
from tests.dbt.raw import RawTables, event, version
from tests.dbt.warehouse import Tables, Warehouse

PARTS = [
    ["--select", "path:models/staging"],
    ["--select", "stg_loads", "stg_feed_events"],
    ["--select", "stg_loads", "daily_active_ads"],
    ["--select", "path:models/staging", "int_ads"],
    ["--select", "path:models/staging", "int_ads", "--full-refresh"],
    ["--select", "int_ads+", "--full-refresh"],
    ["--select", "stg_ad_versions", "--full-refresh"],
    ["--select", "stg_loads", "stg_units"],
    ["--select", "daily_new_ads", "--full-refresh"],
]


@pytest.mark.parametrize("examples", [1, pytest.param(12, marks=pytest.mark.long)])
def test_after_any_history_every_model_holds_what_a_full_refresh_builds(
    manifest: Manifest, examples: int
) -> None:
    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],  # an example takes half a minute: it is rich instead of shrunk
        suppress_health_check=list(HealthCheck),
    )
    @given(seed=st.integers(0, 2**32))
    def law(seed: int) -> None:
        _assert_incremental_equals_full(manifest, Random(seed))

    law()


def _assert_incremental_equals_full(manifest: Manifest, random: Random) -> None:
    loads = history(random)
    with tempfile.TemporaryDirectory() as folder:
        warehouse = Warehouse(Path(folder), manifest)
        warehouse.dbt("seed")
        open_loads: list[tuple[str, Load]] = []
        while loads or open_loads:
            with warehouse.raw() as raw:
                begun, loads = loads[:3], loads[3:]
                open_loads += [(_append(raw, load), load) for load in begun]
                random.shuffle(open_loads)
                kept_open = min(len(loads), random.randrange(3))
                completed, open_loads = open_loads[kept_open:], open_loads[:kept_open]
                for load_id, load in completed:
                    raw.complete(load_id, load.at)
                if random.random() < 0.6:
                    name = f"register {random.random()}"  # no other load's
                    raw.append(
                        units=register_load(random), source="register", at=instant(random), load_id=name
                    )
            if random.random() < 0.5:
                warehouse.invoke("run", *random.choice(PARTS))
            if random.random() < 0.3:
                _lose_some_memory(warehouse)
            warehouse.dbt("run")
        built = warehouse.tables()
        assert_same(built, warehouse.built_from_nothing())
        warehouse.dbt("run")
        assert_same(warehouse.tables(), built)
        warehouse.dbt("test", "--exclude", "test_type:unit")


@pytest.mark.parametrize("number", [4, pytest.param(None, marks=pytest.mark.long)])
def test_one_small_change_moves_all_the_days_that_hang_on_it(
    warehouse: Warehouse, number: int | None
) -> None:
    def content(published: str, expires: str = "2026-12-01") -> dict[str, str]:
        return {"published": published, "expires": expires}

    first = [version(ad, content(f"2026-0{n}-10"), "2026-01-01T10:00:00Z") for n, ad in enumerate("abcd", 1)]
    changes: dict[str, dict[str, Any]] = {
        "the first load": {"versions": first, "at": "2026-05-20T10:00:00Z"},
        "the as-of date alone moves": {"at": "2026-08-02T10:00:00Z"},
        "an ad was published later than it said": {
            "versions": [version("a", content("2026-04-02"), "2026-01-02T10:00:00Z")],
            "at": "2026-08-02T11:00:00Z",
        },
        "an ad closed long ago": {
            "versions": [version("b", content("2026-02-10", "2026-03-01"), "2026-01-02T10:00:00Z")],
            "events": [event("b", "INACTIVE", "2026-02-20T10:00:00Z")],
            "at": "2026-08-02T12:00:00Z",
        },
        "and was opened again": {
            "events": [event("b", "ACTIVE", "2026-02-21T10:00:00Z")],
            "at": "2026-08-02T13:00:00Z",
        },
        "an ad closed before it was published": {
            "versions": [version("e", content("2026-05-10", "2026-03-01"), "2026-01-03T10:00:00Z")],
            "at": "2026-08-02T14:00:00Z",
        },
        "and closes after it": {
            "versions": [version("e", content("2026-05-10"), "2026-01-04T10:00:00Z")],
            "at": "2026-08-02T15:00:00Z",
        },
    }
    warehouse.dbt("seed")
    for change, load in islice(changes.items(), number):
        with warehouse.raw() as raw:
            raw.append(**load)
        warehouse.dbt("run")
        assert_same(warehouse.tables(), warehouse.built_from_nothing(), change)


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


def _lose_some_memory(warehouse: Warehouse) -> None:
    """As a run that died after it had written models and before it had noted which loads they hold."""
    with duckdb.connect(str(warehouse.path)) as connection:
        exists = "select 1 from information_schema.tables where table_name = 'processed_loads'"
        if connection.execute(exists).fetchall():
            connection.execute("delete from nav.processed_loads where hash(model, load_id) % 3 = 0")


def assert_same(built: Tables, expected: Tables, after: str = "") -> None:
    """Compare cell by cell, and name the first rows that differ."""
    assert built.keys() == expected.keys()
    for table, rows in expected.items():
        if built[table] != rows:
            extra = [row for row in built[table] if row not in rows][:3]
            missing = [row for row in rows if row not in built[table]][:3]
            raise AssertionError(f"{after} {table}: unexpected {extra}, missing {missing}")
