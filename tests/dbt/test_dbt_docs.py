"""What a reader of the project relies on: everything is described, the macros stay small, seeds are whole."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dbt.contracts.graph.manifest import Manifest

from tests.dbt.warehouse import PROJECT, Warehouse

ENGINE_MACRO_LINES = 100
OTHER_MACRO_LINES = 120
COUNTIES_TODAY = {
    "Agder", "Akershus", "Buskerud", "Finnmark", "Innlandet", "Møre og Romsdal", "Nordland", "Oslo",
    "Rogaland", "Svalbard", "Telemark", "Troms", "Trøndelag", "Vestfold", "Vestland", "Østfold",
}  # fmt: skip
COUNTIES_OF_2019 = {
    "AKERSHUS", "AUST-AGDER", "BUSKERUD", "FINNMARK", "HEDMARK", "HORDALAND", "MØRE OG ROMSDAL", "NORDLAND",
    "OPPLAND", "OSLO", "ROGALAND", "SOGN OG FJORDANE", "TELEMARK", "TROMS", "TRØNDELAG", "VEST-AGDER",
    "VESTFOLD", "ØSTFOLD",
}  # fmt: skip
SPLIT_IN_2024 = {"VIKEN": 51, "VESTFOLD OG TELEMARK": 23, "TROMS OG FINNMARK": 39}
ONLY_BEFORE_2020 = {
    "AUST-AGDER": 15, "HEDMARK": 22, "HORDALAND": 33, "OPPLAND": 26, "SOGN OG FJORDANE": 26, "VEST-AGDER": 15,
}  # fmt: skip
ONLY_SINCE_2020 = {"AGDER": 25, "INNLANDET": 46, "VESTLAND": 43}
OTHER_NAMES = {
    "DEATNU - TANA",
    "DEATNU TANA",
    "DIELDDANUORRI - TJELDSUND",
    "GUOVDAGEAIDNU - KAUTOKEINO",
    "GUOVDAGEAIDNU KAUTOKEINO",
    "GÁIVUOTNA KÅFJORD",
    "GÁIVUOTNA - KÅFJORD - KAIVUONO",
    "GÁIVUOTNA KÅFJORD KAIVUONO",
    "HAMMERFEST - HÁMMERFEASTA",
    "KARASJOHKA - KARASJOK",
    "KARASJOHKA KARASJOK",
    "LOABÁK - LAVANGEN",
    "LOABÁT - LAVANGEN",
    "OMASVUOTNA STORFJORD OMASVUONO",
    "PORSANGER - PORSÁŊGU - PORSANKI",
    "PORSANGER PORSÁNGU PORSANKI",
    "STORFJORD - OMASVUOTNA - OMASVUONO",
    "UNJARGGA NESSEBY",
    "UNJÁRGA - NESSEBY",
    "UNJÁRGA NESSEBY",
    "VÅLER (VIKEN)",
}


def seed(name: str) -> list[dict[str, str]]:
    with (PROJECT / f"dbt_project/seeds/{name}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_model_seed_and_source_is_described_column_by_column(
    warehouse: Warehouse, manifest: Manifest
) -> None:
    warehouse.dbt("run")
    nodes: list[Any] = [n for n in manifest.nodes.values() if n.resource_type in ("model", "seed")]
    nodes += manifest.sources.values()
    undescribed = []
    with duckdb.connect(str(warehouse.path)) as connection:
        for node in nodes:
            columns = connection.execute(
                "select column_name from information_schema.columns"
                " where table_schema = ? and table_name = ?",
                [node.schema, node.identifier if node.resource_type == "source" else node.alias],
            ).fetchall()
            assert columns, node.name
            described = {name for name, column in node.columns.items() if column.description}
            undescribed += [node.name] if not node.description else []
            undescribed += [f"{node.name}.{name}" for (name,) in columns if name not in described]
            undescribed += [
                f"{node.name}.{name} is gone" for name in described - {name for (name,) in columns}
            ]
    assert undescribed == []


def test_every_model_has_a_test_of_its_grain(manifest: Manifest) -> None:
    nodes: dict[str, Any] = dict(manifest.nodes)
    tested = {node.attached_node for node in nodes.values() if node.name.startswith("grain_")}
    models = {key for key, node in nodes.items() if node.resource_type == "model"}
    assert models - tested == {"model.job_market.int_as_of"}  # one row without a key


def test_every_macro_and_its_arguments_are_described(manifest: Manifest) -> None:
    own = [macro for macro in manifest.macros.values() if macro.package_name == "job_market"]
    engine = ("default__", "duckdb__", "bigquery__")
    public = [macro for macro in own if not macro.name.startswith(engine)]
    assert [macro.name for macro in public if not macro.description] == []
    for macro in public:
        signature = macro.macro_sql.split("%}")[0]
        named = [argument.name for argument in macro.arguments]
        assert all(name in signature for name in named) and signature.count(",") + 1 >= len(named), macro.name


def test_what_differs_between_the_engines_stays_small_and_so_do_the_other_macros() -> None:
    def lines(files: Iterable[Path]) -> int:
        return sum(bool(line.strip()) for file in files for line in file.read_text().splitlines())

    macros = {*(PROJECT / "macros").rglob("*.sql")}
    dispatched = {*(PROJECT / "macros" / "cross_db").glob("*.sql")}
    assert {file for file in macros if "adapter.dispatch" in file.read_text()} == dispatched
    assert 0 < lines(dispatched) <= ENGINE_MACRO_LINES
    assert 0 < lines(macros - dispatched) <= OTHER_MACRO_LINES


def test_each_macro_has_a_file_of_its_own() -> None:
    for file in (PROJECT / "macros").rglob("*.sql"):
        assert f"macro {file.stem}(" in file.read_text(), file.name


def test_the_project_runs_nothing_beside_its_models() -> None:
    """No hooks, no configuration changed while compiling: dbt 1.12 and 2 run it alike."""
    folders = [PROJECT / "models", PROJECT / "macros"]
    for file in [PROJECT / "dbt_project.yml", *(file for folder in folders for file in folder.rglob("*.*"))]:
        for word in ("hook", "on-run", "depends_on: {{", "config.set", "config.get"):
            assert word not in file.read_text(encoding="utf-8"), (file.name, word)


def test_every_county_of_any_year_leads_to_a_county_of_today() -> None:
    today = {row["county"]: row["county_today"] for row in seed("counties")}
    assert {today[name.upper()] for name in COUNTIES_TODAY} == COUNTIES_TODAY
    assert today.keys() >= COUNTIES_OF_2019
    assert set(today.values()) == COUNTIES_TODAY | {"Jan Mayen", "Kontinentalsokkelen"}
    assert not SPLIT_IN_2024.keys() & today.keys()


@pytest.mark.parametrize(("county", "count"), (ONLY_BEFORE_2020 | ONLY_SINCE_2020).items())
def test_each_municipality_of_2018_to_2026_is_known(county: str, count: int) -> None:
    assert sum(row["county"] == county for row in seed("municipalities")) == count


@pytest.mark.parametrize(("county", "count"), SPLIT_IN_2024.items())
def test_a_county_split_in_2024_is_known_by_all_its_municipalities(county: str, count: int) -> None:
    rows = [row for row in seed("municipalities") if row["county"] == county]
    norwegian = [row for row in rows if row["municipality"] not in OTHER_NAMES]
    assert len(norwegian) == count
    assert {row["county_today"] for row in rows} <= COUNTIES_TODAY
