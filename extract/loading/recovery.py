"""Bring dlt's local folder and the warehouse in step before a run, whatever happened to either.

    reconcile_pending        loaded packages are removed; a pending one that diverged: all is moved aside
    reassign_orphan_rows     rows of loads that never completed get a complete load, so that dbt reads them
    move_local_state_aside   the way out of a load that fails for good

The warehouse's state counts. dlt alone would keep the local state where its version is greater, and lose all
events between the two after an older copy of the warehouse was restored.
"""

from __future__ import annotations

import logging
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dlt
from dlt.common.storages.load_package import create_load_id

from extract.loading import packages
from extract.loading.raw_schema import StoredState
from extract.schema import RAW_TABLES
from extract.warehouses.base import PIPELINE, Warehouse

QUARANTINE = "quarantined"
"""The folder beside dlt's working folder that keeps what was moved aside."""
LOOKBACK = timedelta(days=40)
"""How old orphan rows can be that a usual run finds; a run without local state looks at all rows."""

logger = logging.getLogger(__name__)


def move_local_state_aside(warehouse: Warehouse) -> Path | None:
    """Move dlt's local folder to QUARANTINE; its new path, or None if there was no folder.

    The next run goes on from the state in the warehouse. That state is older than the pending loads, so every
    source reads their rows again. One thing no source has a second time: the content of an ad that closed in
    the meantime. It stays in the files of the load, and docs/how-to/operations.md shows how to load them.
    """
    folder = warehouse.pipelines_dir / PIPELINE
    if not folder.exists():
        return None
    target = warehouse.pipelines_dir / QUARANTINE / f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
    target.parent.mkdir(exist_ok=True)
    return folder.rename(target)


def reconcile_pending(pipeline: dlt.Pipeline, warehouse: Warehouse, stored: StoredState | None) -> None:
    """If one pending package cannot be loaded on top of the warehouse's state, move the local folder aside.

    A package diverged if it was extracted from another state than the one in the warehouse: an older copy of
    the warehouse was restored, or another machine has loaded since. Nor can dlt load a package without a
    local schema, which a first run writes last. A half-staged one it would stage twice, and an insert-only
    merge does not deduplicate inside a load.
    """
    loads = warehouse.raw("_dlt_loads")
    pending: dict[str, Path] = {}
    for package in packages.pending(warehouse.pipelines_dir):
        load_id = package.name
        if load_id in pending or warehouse.query(f"select 1 from {loads} where load_id = '{load_id}'"):
            # Its run died after normalizing and before the extracted files were removed (dlt cannot normalize
            # them a second time), or after the load and before the folder was removed.
            shutil.rmtree(package)
        else:
            pending[load_id] = package
    if not pending:
        return
    [first, *_] = pending.values()
    is_next = packages.base_state(first) == (stored.hash if stored else None) and pipeline.default_schema_name
    if is_next and not any(map(packages.is_half_staged, pending.values())):
        return
    logger.warning(
        "%d pending load(s) cannot be finished on top of what the warehouse holds. Their files are kept in "
        "%s; the run goes on from the warehouse.",
        len(pending),
        move_local_state_aside(warehouse),
    )
    pipeline.drop()


def reassign_orphan_rows(warehouse: Warehouse, lookback: timedelta | None) -> int:
    """Give rows of loads that never completed to a complete load; the number of such loads.

    A run that died while it was loading, and whose folder is lost, leaves rows that dbt does not read and
    that no later load brings again, because their keys exist. They stay, under a new load id. Without a
    lookback all rows are looked at.
    """
    bound = f" and extracted_at >= timestamp '{datetime.now(UTC) - lookback:%F %T}'" if lookback else ""
    loads = warehouse.raw("_dlt_loads")
    # One query for all tables: BigQuery bills at least 10 MB for each table of each query.
    query = " union all ".join(
        f"select distinct '{table.name}', _dlt_load_id from {warehouse.raw(table.name)} "
        f"where _dlt_load_id not in (select load_id from {loads}){bound}"
        for table in RAW_TABLES
    )
    orphans: dict[str, list[str]] = {}
    for table_name, load_id in warehouse.query(query):
        orphans.setdefault(load_id, []).append(table_name)
    for load_id, tables in sorted(orphans.items()):
        new_id = create_load_id()
        for table_name in tables:
            warehouse.execute(
                f"update {warehouse.raw(table_name)} set _dlt_load_id = '{new_id}' "
                f"where _dlt_load_id = '{load_id}'{bound}"
            )
        warehouse.execute(
            f"insert into {loads} (load_id, schema_name, status, inserted_at) "
            f"values ('{new_id}', 'reassigned', 0, current_timestamp)"
        )
        logger.warning("the rows of load %s, which never completed, now belong to load %s", load_id, new_id)
    return len(orphans)
