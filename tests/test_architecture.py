"""Imports go one way, and no module or function outgrows its reader."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
MODULES = sorted((PROJECT / "extract").rglob("*.py"))


def test_imports_keep_to_the_contract_of_pyproject_toml() -> None:
    linted = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert linted.returncode == 0, linted.stdout + linted.stderr


def test_no_module_has_more_than_250_lines_and_no_function_more_than_60() -> None:
    long = []
    for module in MODULES:
        text = module.read_text(encoding="utf-8")
        if (lines := len(text.splitlines())) > 250:
            long.append(f"{module.relative_to(PROJECT)}: {lines} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or 0) - node.lineno + 1
                if lines > 60:
                    long.append(f"{module.relative_to(PROJECT)}: {node.name} has {lines} lines")
    assert long == []
