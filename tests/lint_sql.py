"""sqlfluff on the compiled SQL of both engines: `python -m tests.lint_sql`, which `make lint` calls.

dbt compiles the models against an empty DuckDB file and an empty BigQuery emulator. A file that is linted
stands in the project; nothing is written there. The exit code is 0 if neither dialect has a complaint.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from extract.warehouses.credentials import Key
from tests.bigquery import emulator

PROJECT = Path(__file__).resolve().parents[1]
LINTED = ("models", "dbt_project/tests")


def main() -> int:
    """Lint for both; the worse of the two exit codes."""
    with tempfile.TemporaryDirectory(prefix="job-market-lint-") as name:
        folder = Path(name)
        shutil.copy(PROJECT / "profiles.example.yml", folder / "profiles.yml")
        code = lint("duckdb", folder, {"JOB_MARKET_DUCKDB_PATH": str(folder / "job_market.duckdb")})
        with emulator.running(folder) as bigquery:
            key = Key("a test", bigquery.project, bigquery.key)
            return max(code, lint("bigquery", folder, bigquery.environment() | key.dbt_environment()))


def lint(dialect: str, folder: Path, environment: Mapping[str, str]) -> int:
    """Run sqlfluff; what it has to say goes to the terminal."""
    own = {
        "JOB_MARKET_TARGET": dialect,
        "DBT_PROFILES_DIR": str(folder),
        "DBT_TARGET_PATH": str(folder / dialect),
        "DBT_LOG_PATH": str(folder / "logs"),
    }
    sqlfluff = Path(sys.executable).with_name("sqlfluff")
    command = [sqlfluff, "lint", "--dialect", dialect, "--disable-progress-bar", *LINTED]
    return subprocess.run(
        command, cwd=PROJECT, env={**os.environ, **environment, **own}, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
