"""The one dbtRunner: any dbt command on the configured warehouse, and the build of the job."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from extract.config import PROJECT
from extract.errors import ConfigurationError, JobMarketError
from extract.warehouses.base import Warehouse

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunnerResult

QUIET = ("--log-level", "none", "--log-level-file", "info")
FAILED = ("error", "fail", "runtime error")


@dataclass
class BuildSummary:
    """The numbers of models and tests that passed, and the text of each warning."""

    models: int = 0
    tests: int = 0
    texts_removed: int = 0
    """How many versions lost their text after the build; `extract.jobs` counts them."""
    warnings: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        counts = f"models: {self.models}, tests: {self.tests}, warnings: {len(self.warnings)}"
        removed = [f"old texts removed: {self.texts_removed:,}"] if self.texts_removed else []
        return "\n".join([counts, *self.warnings, *removed])


def run_dbt(warehouse: Warehouse, *command: str) -> dbtRunnerResult:
    """Run one dbt command in this process, with the warehouse's connection and key, and return its result."""
    from dbt.cli.main import dbtRunner

    os.environ.update(warehouse.dbt_environment())
    where = ["--project-dir", str(PROJECT), "--profiles-dir", str(profiles_dir())]
    is_global = not command or command[-1] in ("--help", "--version")
    try:
        outcome = dbtRunner().invoke([*command, *([] if is_global else where)])
    finally:
        warehouse.after_dbt()
    if isinstance(outcome.exception, KeyboardInterrupt):
        raise outcome.exception
    return outcome


def run_command(warehouse: Warehouse, command: list[str]) -> None:
    """Run a command of the user's. Raises ConfigurationError if dbt does not know it, JobMarketError."""
    # The result is not kept: dbt's exception holds a pool of threads that must end before Python does.
    if error := _error_of(command, run_dbt(warehouse, *command)):
        raise error


def _error_of(command: list[str], outcome: dbtRunnerResult) -> JobMarketError | None:
    from dbt.cli.exceptions import DbtUsageException

    if isinstance(outcome.exception, DbtUsageException):
        return ConfigurationError(f"dbt: {outcome.exception}")
    if outcome.success:
        return None
    return JobMarketError(f"`dbt {' '.join(command)}` failed; its output says why.")


def build(warehouse: Warehouse, console: Console) -> BuildSummary:
    """Build and test all models, then check the freshness of the sources, which a build does not.

    Raises JobMarketError that names what failed; the models before it are built.
    """
    summary = BuildSummary()
    with console.status("building the models"):
        # `dbt test` runs the unit tests: they read rows of their own and not the warehouse's.
        for command in (("build", "--exclude-resource-type", "unit_test"), ("source", "freshness")):
            outcome = run_dbt(warehouse, *QUIET, *command)
            if outcome.result is None:
                raise JobMarketError(f"dbt {command[0]} could not start: {outcome.exception}")
            _count(command[0], outcome.result, summary)
    return summary


def _count(command: str, outcome: Any, summary: BuildSummary) -> None:
    failed = []
    for result in outcome.results:
        # A source whose freshness was checked has no message.
        text = f"{result.node.name}: {' '.join(str(result.message or 'stale').split())}"
        if str(result.status) in FAILED:
            failed.append(text)
        elif str(result.status) == "warn":
            summary.warnings.append(text)
    kinds = Counter(result.node.resource_type for result in outcome.results)
    summary.models += kinds["model"]
    summary.tests += kinds["test"]
    if failed:
        raise JobMarketError(
            f"dbt {command}: {len(failed)} failed; the raw tables are kept. First {failed[0]}. "
            f"All of it is in {os.environ.get('DBT_LOG_PATH', 'logs')}/dbt.log."
        )


def profiles_dir() -> Path:
    """The folder of the profile: DBT_PROFILES_DIR, `profiles.yml` of the project, or dbt's own folder.

    Where there is none, the example is linked into the project: a bare `dbt run` finds it there, too.
    """
    if chosen := os.environ.get("DBT_PROFILES_DIR"):
        return Path(chosen)
    own, home = PROJECT / "profiles.yml", Path.home() / ".dbt" / "profiles.yml"
    if not own.exists():
        if home.exists() and "job_market:" in home.read_text():
            return home.parent
        own.symlink_to("profiles.example.yml")
    return PROJECT
