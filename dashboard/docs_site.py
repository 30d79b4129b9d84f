"""The dbt docs of the target in use, as one static file."""

from __future__ import annotations

import json
import logging
import os
import shutil
from pathlib import Path
from typing import Any

from extract.config import PROJECT
from extract.dbt import profiles_dir
from extract.errors import JobMarketError
from extract.warehouses.base import Warehouse

logger = logging.getLogger(__name__)


def write_docs(folder: Path, warehouse: Warehouse, *, is_empty: bool) -> dict[str, Any]:
    """Write `index.html` into `folder` and return dbt's manifest. Raises JobMarketError.

    Nothing is compiled: the models' own code is shown, and no query is sent but those for the catalog.
    An empty warehouse is not asked at all; one that gives no catalog costs the docs their column types, not
    the page.
    """
    from dbt.cli.main import dbtRunner

    os.environ.update(warehouse.dbt_environment())
    target = Path(os.environ.get("DBT_TARGET_PATH", PROJECT / "target"))
    where = ["--project-dir", str(PROJECT), "--profiles-dir", str(profiles_dir())]
    generate = ["--log-level", "none", "docs", "generate", "--static", "--no-compile", *where]
    try:
        # Without compiling, the docs take the manifest that lies in the target folder: write today's.
        outcome = dbtRunner().invoke(["--log-level", "none", "parse", *where])
        if outcome.success:
            dbt = dbtRunner(manifest=outcome.result)  # type: ignore[arg-type]
            outcome = dbt.invoke([*generate, *(["--empty-catalog"] if is_empty else [])])
            if not (outcome.success or is_empty):
                logger.warning("%s gives no catalog: the dbt docs are without column types", warehouse)
                outcome = dbt.invoke([*generate, "--empty-catalog"])
    finally:
        warehouse.after_dbt()
    if not outcome.success:
        raise JobMarketError(f"The dbt docs could not be made: {outcome.exception}")
    folder.mkdir(parents=True)
    shutil.copyfile(target / "static_index.html", folder / "index.html")
    manifest: dict[str, Any] = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    return manifest
