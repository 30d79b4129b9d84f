"""The dbt docs of the target in use, as one static file."""

from __future__ import annotations

import json
import logging
import os
import shutil
from pathlib import Path
from typing import Any

from extract.config import PROJECT
from extract.dbt import run_dbt
from extract.errors import JobMarketError
from extract.warehouses.base import Warehouse

logger = logging.getLogger(__name__)


def write_docs(folder: Path, warehouse: Warehouse) -> dict[str, Any]:
    """Write `index.html` into `folder` and return dbt's manifest. Raises JobMarketError.

    Nothing is compiled: the docs show the models' own code, and the only queries are those for the catalog.
    A warehouse that gives no catalog costs the docs their column types, not the page.
    """
    target = Path(os.environ.get("DBT_TARGET_PATH", PROJECT / "target"))
    generate = ["--log-level", "none", "docs", "generate", "--static", "--no-compile"]
    # Without compiling, the docs take the manifest that lies in the target folder: write today's.
    outcome = run_dbt(warehouse, "--log-level", "none", "parse")
    if outcome.success:
        outcome = run_dbt(warehouse, *generate)
        if not outcome.success:
            logger.warning("%s gives no catalog: the dbt docs are without column types", warehouse)
            outcome = run_dbt(warehouse, *generate, "--empty-catalog")
    if not outcome.success:
        raise JobMarketError(f"The dbt docs could not be made: {outcome.exception}")
    folder.mkdir(parents=True)
    shutil.copyfile(target / "static_index.html", folder / "index.html")
    manifest: dict[str, Any] = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    return manifest
