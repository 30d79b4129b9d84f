"""On BigQuery, too, incremental equals full, whatever partial builds came between.

`make test` has one such history, in tests/bigquery/test_same_as_duckdb.py.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from tests.bigquery import raw_rows
from tests.bigquery.emulator import BigQueryEmulator
from tests.bigquery.test_same_as_duckdb import differing
from tests.bigquery.warehouses import bigquery_dbt, from_bigquery, tables_of
from tests.dbt.histories import Clock, history
from tests.dbt.raw import RawTables

PARTS = (
    ["--select", "stg_loads", "stg_ad_versions"],
    ["--select", "stg_loads", "int_ads+"],
    ["--exclude", "stg_ad_versions"],
    ["--select", "fct_ads", "int_ad_groups"],
)


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_after_a_history_with_partial_builds_a_complete_build_equals_a_full_refresh(
    seed: int, bigquery_emulator: BigQueryEmulator, tmp_path: Path
) -> None:
    random, dataset = Random(seed), f"history_{seed}"
    settings = {"JOB_MARKET_DATASET": dataset, "JOB_MARKET_RAW_DATASET": f"{dataset}_raw"}
    dbt = bigquery_dbt(bigquery_emulator, tmp_path, **settings)
    client, clock = bigquery_emulator.client(), Clock(random)
    raw_rows.create_in_bigquery(client, f"{dataset}_raw")
    assert dbt("seed") == []
    for number, load in enumerate(history(random, ads=30, loads=4)):
        with RawTables(tmp_path / "job_market.duckdb", f"{dataset}_raw") as raw:
            load_id = raw.append(
                versions=load.versions,
                events=load.events,
                features=load.features,
                at=load.at,
                source=load.source if load.source != "feed" else None,
                feed_load={} if load.source == "feed" else None,
                complete=False,
            )
            raw.complete(load_id, clock.tick())
            raw_rows.mirror(raw, load_id, client)
        if number % 2:
            dbt("run", *random.choice(PARTS))
        else:
            assert dbt("run") == []
    assert dbt("run") == []
    tables = tables_of(dbt.manifest())
    built = from_bigquery(client, tables)
    assert dbt("run", "--full-refresh") == []
    full = from_bigquery(client, tables)
    assert sorted(built) == sorted(full) == tables
    for name in tables:
        assert differing(name, built[name], full[name]) == []
