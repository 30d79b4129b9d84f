"""The repairs of the emulator: each test is red against the stock one (bqemulator 1.4.0)."""

from __future__ import annotations

from typing import Any

import pytest
from google.api_core.exceptions import BadRequest, NotFound

from tests.bigquery.emulator import BigQueryEmulator
from tests.bigquery.emulator_sql import repair

SOON = 20.0


@pytest.fixture(scope="module")
def client(bigquery_emulator: BigQueryEmulator) -> Any:
    client = bigquery_emulator.client()
    client.create_dataset("repairs", timeout=SOON)
    yield client
    client.delete_dataset("repairs", delete_contents=True, timeout=SOON)
    client.close()


def rows(client: Any, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in client.query(sql).result(timeout=SOON)]


def test_sql_that_fails_in_a_synchronous_query_is_an_error_and_not_an_empty_result(
    client: Any,
) -> None:
    with pytest.raises(BadRequest):
        client.query_and_wait("selec 1", wait_timeout=SOON)


def test_a_table_that_is_missing_is_not_found(client: Any) -> None:
    with pytest.raises(NotFound):
        client.query_and_wait("select * from repairs.nothing", wait_timeout=SOON)


def test_a_dataset_that_is_missing_is_not_found(client: Any) -> None:
    with pytest.raises(NotFound):
        client.query_and_wait("select * from nowhere.nothing", wait_timeout=SOON)


def test_a_synchronous_query_reads_its_default_dataset(
    client: Any, bigquery_emulator: BigQueryEmulator
) -> None:
    from google.cloud import bigquery

    rows(client, "create or replace table repairs.one as select 1 as n")
    settings = bigquery.QueryJobConfig(default_dataset=f"{bigquery_emulator.project}.repairs")
    found = client.query_and_wait("select n from one", job_config=settings, wait_timeout=SOON)
    assert [row.n for row in found] == [1]


def test_a_table_with_columns_and_a_select_is_created_as_dbt_contracts_do(
    client: Any,
) -> None:
    rows(
        client,
        "create or replace table `repairs`.`contract` (n int64 not null, s string)"
        " partition by d options(description='it (says) so') as ("
        "select 1 as n, 's' as s, date '2026-01-01' as d)",
    )
    assert rows(client, "select n, s from repairs.contract") == [(1, "s")]


def test_the_partitions_to_overwrite_are_collected_as_dbt_does(client: Any) -> None:
    script = (
        "declare days array<date>;"
        "set (days) = (select as struct array_agg(distinct date(d) ignore nulls)"
        " from unnest([date '2026-01-02', date '2026-01-02', null]) as d);"
        "select array_length(days), days[offset(0)] = date '2026-01-02';"
    )
    assert rows(client, script) == [(1, True)]


def test_a_json_array_of_what_is_not_an_array_is_null(client: Any) -> None:
    found = rows(
        client,
        "select array_length(json_query_array(j, '$.a'))"
        """ from unnest(['{"a":[1,2]}', '{"a":null}', '{"a":{}}', '{}']) as j with offset as n"""
        " order by n",
    )
    assert found == [(2,), (None,), (None,), (None,)]


def test_statements_that_need_no_repair_stay_as_they_are() -> None:
    for sql in (
        "create table d.t (n int64, s string)",
        "create table d.t as (select 1 as n)",
        "select array_agg(distinct n) from d.t",
    ):
        assert repair(sql) == sql
