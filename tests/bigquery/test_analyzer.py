"""Every statement that dbt sends to BigQuery is GoogleSQL; and a model that is not is named."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

import pytest

from tests.bigquery.analyzer import Finding, Node, Recording, Statement, check, nodes_of
from tests.bigquery.conftest import Analyzed
from tests.bigquery.emulator import PROJECT, BigQueryEmulator
from tests.bigquery.googlesql import GoogleSql
from tests.bigquery.warehouses import BothWarehouses, bigquery_dbt
from tests.projects import WITHOUT_MODELS, copied

MakeEngine = Callable[[], GoogleSql]
AD_VERSIONS = f"`{PROJECT}`.`nav_raw`.`ad_versions`"


def test_every_statement_that_dbt_sends_passes_googles_analyzer(analyzed: Analyzed) -> None:
    assert not analyzed.findings, "\n".join(map(str, analyzed.findings))


def test_no_node_of_the_project_is_left_out(both_warehouses: BothWarehouses) -> None:
    checked = {statement.node_id for statement in both_warehouses.recording.statements}
    manifest = both_warehouses.manifest
    runnable = {
        node_id
        for node_id, node in manifest["nodes"].items()
        if node["resource_type"] in ("model", "test", "snapshot")
        and node["config"]["materialized"] != "ephemeral"
    }
    assert runnable | set(manifest["unit_tests"]) <= checked


def test_incremental_branches_are_among_the_statements(both_warehouses: BothWarehouses) -> None:
    """An incremental model writes otherwise in its first build than in the ones after."""
    for node_id, node in both_warehouses.manifest["nodes"].items():
        if node["config"].get("materialized") != "incremental":
            continue
        written = Counter(
            verb
            for statement in both_warehouses.recording.statements
            if statement.node_id == node_id
            for verb in re.findall(r"(?im)^\s*(create or replace table|merge into)\b", statement.sql)
        )
        assert written.keys() >= {"create or replace table", "merge into"}, node_id


BROKEN = {
    "an unknown column": ("nope", "Unrecognized name: nope"),
    "a month added to a timestamp": (
        "date_add(changed_at, interval 1 month)",
        "DATE_ADD does not support the MONTH date part when the argument is TIMESTAMP type",
    ),
    "a type of Google's inner dialect": ("cast(1 as int32)", "Type not found: int32"),
}


@pytest.fixture(scope="module")
def findings(
    bigquery_emulator: BigQueryEmulator,
    both_warehouses: BothWarehouses,
    google_sql: MakeEngine,
    tmp_path_factory: pytest.TempPathFactory,
) -> list[Finding]:
    """What the analyzer has against models that are broken on purpose, sent by dbt itself."""
    folder = tmp_path_factory.mktemp("broken")
    project = copied(folder / "project", *WITHOUT_MODELS)
    for number, (expression, _) in enumerate(BROKEN.values()):
        (project / "models" / "staging" / f"stg_broken_{number}.sql").write_text(
            "select\n    ad_id,\n"
            "    {{ oslo_date('changed_at') }} as changed_on,\n"
            f"    {expression} as broken\n"
            "from {{ source('nav_raw', 'ad_versions') }}\n"
        )
    dbt = bigquery_dbt(bigquery_emulator, folder / "files", project)
    recording = Recording()
    dbt("run", listener=recording.add)
    return check(google_sql(), recording.statements, nodes_of(dbt.manifest()))


@pytest.mark.parametrize("name", BROKEN)
def test_a_model_broken_on_purpose_is_named_with_its_line(name: str, findings: list[Finding]) -> None:
    """The emulator takes the second and third without a word."""
    expression, message = BROKEN[name]
    file = f"models/staging/stg_broken_{[*BROKEN].index(name)}.sql"
    [found] = [found for found in findings if found.file == file]
    assert (found.line, found.message) == (4, message)
    assert expression in str(found)


def check_one(engine: GoogleSql, sql: str) -> list[tuple[int, str]]:
    node = Node("models/m.sql", sql, sql)
    return [
        (found.line, found.message)
        for found in check(engine, [Statement("model.p.m", sql)], {"model.p.m": node})
    ]


def test_each_statement_of_a_script_is_checked_with_its_variables(google_sql: MakeEngine) -> None:
    script = f"""
declare days array<date>;
declare since timestamp default timestamp '2026-01-01 00:00:00+00';
set days = (select array_agg(distinct date(changed_at)) from {AD_VERSIONS});
create or replace table `{PROJECT}`.`d`.`target` as (select ad_id from {AD_VERSIONS});
merge into `{PROJECT}`.`d`.`target` as t
using (select ad_id from {AD_VERSIONS} where changed_at >= since) as s
on t.ad_id = s.ad_id
when not matched then insert (ad_id) values (s.ad_id);
if exists (select 1 from `{PROJECT}`.`d`.`target`) then
    delete from `{PROJECT}`.`d`.`target` where {{condition}};
end if;
"""
    assert check_one(google_sql(), script.replace("{condition}", "ad_id is null")) == []
    assert check_one(google_sql(), script.replace("{condition}", "ad_id = since")) == [
        (11, "No matching signature for operator = for argument types: STRING, TIMESTAMP")
    ]
    assert check_one(google_sql(), script.replace("{condition}", "nope")) == [(11, "Unrecognized name: nope")]


def test_a_statement_that_does_not_parse_is_a_finding(google_sql: MakeEngine) -> None:
    assert check_one(google_sql(), "select 1;\nselect from") == [
        (2, "Syntax error: SELECT list must not be empty")
    ]
