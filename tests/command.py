"""`run_pipeline.py` as its users run it: a process, with a warehouse and folders of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from typer.testing import CliRunner

from extract.cli import app

PROJECT = Path(__file__).resolve().parents[1]


class Command:
    """`run_pipeline.py` as a process, on a warehouse of its own."""

    def __init__(self, folder: Path, base_url: str) -> None:
        self.folder = folder
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "SOURCES__NAV_FEED__BASE_URL": base_url,
            "SOURCES__NAV_FEED__ATTEMPTS": "1",
            "WAREHOUSE__DUCKDB_PATH": str(folder / "test.duckdb"),
            "WAREHOUSE__PIPELINES_DIR": str(folder / "dlt"),
            "DBT_TARGET_PATH": str(folder / "target"),
            "DBT_LOG_PATH": str(folder / "logs"),
            "PUBLISH__SITE_DIR": str(folder / "site"),
            "EXECUTOR__WORKERS": "1",  # no more processes
            "COLUMNS": "200",
        }

    def __call__(self, *arguments: str, **environment: str) -> tuple[int, str]:
        """Exit code, and all that was printed."""
        done = subprocess.run(
            [sys.executable, str(PROJECT / "run_pipeline.py"), *arguments],
            env={**self.environment, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            cwd=self.folder,
            check=False,
        )
        return done.returncode, done.stdout

    def here(self, *arguments: str, **environment: str) -> tuple[int, str]:
        """The same in this process, which imported everything: for what ends before much is done."""
        variables = self.environment | environment
        done = CliRunner().invoke(app, arguments, env=variables, prog_name="run_pipeline.py")
        return done.exit_code, done.output
