"""The project parses without a warning of dbt's, which would be an error of the next version."""

from __future__ import annotations

from pathlib import Path

from tests.dbt.warehouse import Warehouse


def test_dbt_parses_the_project_without_a_warning_and_finds_nothing_deprecated(tmp_path: Path) -> None:
    parse = ("--warn-error", "parse", "--no-partial-parse", "--show-all-deprecations")
    result = Warehouse(tmp_path).invoke(*parse)
    assert result.success, result.exception
