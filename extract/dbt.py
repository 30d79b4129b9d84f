"""Build and test the dbt models, in this process, and remove the texts whose time they show to be over."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from extract.config import PROJECT
from extract.errors import JobMarketError
from extract.privacy.retention import remove_old_texts
from extract.sources.nav.parse import OSLO
from extract.warehouses.base import Warehouse

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunner
    from dbt_common.events.base_types import EventMsg


@dataclass
class BuildSummary:
    """What dbt did: how many models and tests passed, and what each warning or failure says."""

    models: int = 0
    tests: int = 0
    texts_removed: int = 0
    """Versions of ads that lost their text, since its time was over."""
    warnings: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [
            f"models: {self.models}, tests: {self.tests}, warnings: {len(self.warnings)}",
            *self.warnings,
        ]
        if self.texts_removed:
            lines.append(f"old texts removed: {self.texts_removed:,}")
        return "\n".join(lines)


def build(warehouse: Warehouse, console: Console) -> BuildSummary:
    """Build and test all models, then check the freshness of the sources, which a build does not.

    Last, old texts are removed: the marts tell which ads closed, and when. Raises JobMarketError naming what
    failed; the models before it are built.
    """
    from dbt.cli.main import dbtRunner

    os.environ.update(warehouse.dbt_environment())
    with console.status("building the models") as status:

        def show(event: EventMsg) -> None:
            if event.info.name == "LogStartLine":
                status.update(event.info.msg)  # type: ignore[attr-defined]

        summary = BuildSummary()
        try:
            # Parsed once for both commands.
            dbt = dbtRunner(manifest=_invoke(dbtRunner(), "parse"), callbacks=[show])
            # Unit tests look at rows of their own, not at the warehouse's: `dbt test` runs them.
            build_all = ("build", "--exclude-resource-type", "unit_test")
            _count("build", _invoke(dbt, *build_all), summary)
            _count("source freshness", _invoke(dbt, "source", "freshness"), summary)
        finally:
            warehouse.after_dbt()
        status.update("removing old texts")
        summary.texts_removed = remove_old_texts(warehouse, datetime.now(OSLO).date())
    return summary


def _invoke(dbt: dbtRunner, *command: str) -> Any:
    """The command's result, in which each node may have failed. Raises JobMarketError if it has none."""
    where = ["--project-dir", str(PROJECT), "--profiles-dir", str(profiles_dir())]
    outcome = dbt.invoke(["--log-level", "none", "--log-level-file", "info", *command, *where])
    if outcome.result is None:
        raise JobMarketError(f"dbt {command[0]} could not start: {outcome.exception}")
    return outcome.result


def _count(command: str, outcome: Any, summary: BuildSummary) -> None:
    failed = []
    for result in outcome.results:
        status, name = str(result.status), result.node.name
        if status in ("error", "fail", "runtime error"):
            failed.append(f"{name}: {_one_line(result.message) or status}")
        elif status == "warn":
            summary.warnings.append(f"{name}: {_one_line(result.message) or 'stale'}")
    kinds = Counter(result.node.resource_type for result in outcome.results)
    summary.models += kinds["model"]
    summary.tests += kinds["test"]
    if failed:
        raise JobMarketError(
            f"dbt {command}: {len(failed)} failed; what it reads from is kept. First {failed[0]}. "
            f"All of it is in {os.environ.get('DBT_LOG_PATH', 'logs')}/dbt.log."
        )


def profiles_dir() -> Path:
    """The folder of the profile: dbt's own choice if it holds ours, else the example linked in here.

    The link is what lets a bare `dbt run` work from the project.
    """
    if chosen := os.environ.get("DBT_PROFILES_DIR"):
        return Path(chosen)
    own, home = PROJECT / "profiles.yml", Path.home() / ".dbt" / "profiles.yml"
    if not own.exists():
        if home.exists() and "job_market:" in home.read_text():
            return home.parent
        own.symlink_to("profiles.example.yml")
    return PROJECT


def _one_line(message: Any) -> str:
    return " ".join(str(message or "").split())
