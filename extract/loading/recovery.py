"""Bring the local folder and the warehouse in step before a run, whatever became of either.

    settle   pending packages: done ones are removed, fitting ones left to dlt, others loaded as bare rows
    adopt    rows of loads that were never completed: given to a completed load, so that dbt sees them
    examine  raw tables that are missing or not as they were made: said plainly
    start_over, put_pending_aside, load_again: what the command line offers where a load is stuck

The warehouse's state is the true one. dlt would keep the local one where its version is greater, which loses
all that lies between the two if an older copy of the warehouse was put back.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import dlt
import pyarrow as pa
from dlt.common.destination.exceptions import DestinationUndefinedEntity
from dlt.common.storages.load_package import create_load_id
from dlt.common.versioned_state import decompress_state

from extract.errors import ConfigurationError, JobMarketError
from extract.loading import packages
from extract.loading.packages import Package
from extract.schema import INSERT_ONLY, RAW_TABLES, RAW_VERSION, TIMESTAMP
from extract.warehouses.base import PIPELINE, Warehouse

LOOK_BACK = timedelta(days=40)
"""How far back a usual run looks for rows of loads that were never completed; a new machine looks at all."""
TYPES = {
    pa.string(): ("VARCHAR", "STRING"),
    TIMESTAMP: ("TIMESTAMP WITH TIME ZONE", "TIMESTAMP"),
    pa.int64(): ("BIGINT", "INT64"),
    pa.bool_(): ("BOOLEAN", "BOOL"),
}
"""What a column is called in DuckDB and in BigQuery."""

logger = logging.getLogger(__name__)


class Stored(NamedTuple):
    """The state that the warehouse's last completed load left."""

    version: int
    hash: str
    raw_version: int


def settle(pipeline: dlt.Pipeline, warehouse: Warehouse, stored: Stored | None) -> list[Package]:
    """See that what is pending, the local state and the warehouse's state belong together.

    Returns the packages that were read on another state than the warehouse's: they are put aside, for
    their rows to be loaded by `load_again` at once; the feed is read again from the warehouse's own cursor.
    """
    folder = Path(pipeline.pipelines_dir)
    waiting = packages.pending(folder)
    for package in packages.normalized_twice(waiting):
        packages.remove(package)
        waiting.remove(package)
    if waiting:
        for package in list(waiting):
            if _is_complete(warehouse, package.load_id):
                logger.info("load %s was complete when its run ended", package.load_id)
                packages.remove(package)
                waiting.remove(package)
    strange = waiting if waiting and (stored is None or waiting[0].base != stored.hash) else []
    if strange:
        logger.warning(
            "%d pending load(s) were not read on what the warehouse holds now: their rows are loaded, and "
            "the feed is read again from where the warehouse is",
            len(strange),
        )
        packages.put_aside(folder, strange)
    for package in waiting if not strange else []:
        if packages.has_begun(package):
            _empty_staging(pipeline)
            packages.rewind(package)
    if not waiting or strange:
        _take_the_state_of_the_warehouse(pipeline, stored)
    return strange


def _empty_staging(pipeline: dlt.Pipeline) -> None:
    """Forget what a load that was broken off had staged.

    dlt would stage again what it does not know to be staged, and an insert-only merge does not deduplicate
    inside a load: rows would be doubled.
    """
    with pipeline.sql_client() as client, client.with_staging_dataset():
        for table in RAW_TABLES:
            with suppress(DestinationUndefinedEntity):
                client.execute_sql(f"delete from {client.make_qualified_table_name(table.name)} where true")


def _take_the_state_of_the_warehouse(pipeline: dlt.Pipeline, stored: Stored | None) -> None:
    version, of_state = pipeline.state["_state_version"], pipeline.state.get("_version_hash")
    if version and (stored is None or (version >= stored.version and of_state != stored.hash)):
        logger.info("the local state is not the warehouse's: going on from the warehouse")
        pipeline.drop()


def adopt(warehouse: Warehouse, is_new_machine: bool) -> int:
    """Give rows of loads that were never completed to a load that is; the number of such loads.

    A run that died while it was loading, and whose folder is lost, leaves rows that dbt does not read and
    that no later load brings again: their keys are there. They are true, so they stay, under a new load.
    """
    bound = (
        "" if is_new_machine else f" and extracted_at >= timestamp '{datetime.now(UTC) - LOOK_BACK:%F %T}'"
    )
    loads = warehouse.raw("_dlt_loads")
    found: dict[str, list[str]] = {}
    # One query for all tables: BigQuery bills at least 10 MB for each table of each query.
    orphans = " union all ".join(
        f"select distinct '{table.name}', _dlt_load_id from {warehouse.raw(table.name)} "
        f"where _dlt_load_id not in (select load_id from {loads}){bound}"
        for table in RAW_TABLES
    )
    for table_name, load_id in warehouse.query(orphans):
        found.setdefault(load_id, []).append(table_name)
    for load_id, tables in sorted(found.items()):
        adopted = create_load_id()
        for table_name in tables:
            warehouse.execute(
                f"update {warehouse.raw(table_name)} set _dlt_load_id = '{adopted}' "
                f"where _dlt_load_id = '{load_id}'{bound}"
            )
        warehouse.execute(
            f"insert into {loads} (load_id, schema_name, status, inserted_at) "
            f"values ('{adopted}', 'adopted', 0, current_timestamp)"
        )
        logger.warning("rows of load %s, which was never completed, count as load %s", load_id, adopted)
    return len(found)


def examine(warehouse: Warehouse) -> Stored | None:
    """What the warehouse holds, if its raw tables are as they were made; None if it holds nothing.

    Raises JobMarketError that names each raw table that is missing or has lost a column or its type.

    Tables that a newer version of the project brings are made by the next load; those of a project newer than
    this one are left alone: ConfigurationError.
    """
    if (stored := _stored_state(warehouse)) is None:
        return None
    refuse_newer(stored.raw_version)
    there: dict[str, dict[str, str]] = {}
    for table_name, column, kind in warehouse.raw_columns():
        there.setdefault(table_name, {})[column] = kind
    wrong = [
        text
        for table in RAW_TABLES
        if table.since <= stored.raw_version
        for text in _differences(table.name, table.columns(stored.raw_version), there)
    ]
    if wrong:
        raise JobMarketError(
            f"The raw tables are not as this project made them: {'; '.join(wrong)}. Nothing was read or "
            "written. Put it back from a copy; or, to go on without what is gone, rename or drop what is "
            "wrong and run `python run_pipeline.py start-over`: the next run makes the tables anew and reads "
            "the feed again, as far back as sources.nav_feed.since_days."
        )
    return stored


def _differences(table: str, schema: list[pa.Field], there: dict[str, dict[str, str]]) -> Iterator[str]:
    if table not in there:
        yield f"{table} is missing"
        return
    for field in schema:
        kind = there[table].get(field.name)
        if kind is None:
            yield f"{table} has lost its column {field.name}"
        elif kind not in TYPES[field.type]:
            yield f"{table}.{field.name} is {kind}"


def refuse_newer(raw_version: int) -> None:
    """Raise ConfigurationError if the raw tables are those of a newer project."""
    if raw_version > RAW_VERSION:
        raise ConfigurationError(
            "This warehouse was written by a newer version of the project (its raw tables are of version "
            f"{raw_version}, this one knows {RAW_VERSION}). Update the project, or use another warehouse."
        )


def refuse_older(raw_version: int) -> None:
    """Raise ConfigurationError if the raw tables lack what today's models read."""
    refuse_newer(raw_version)
    if raw_version < RAW_VERSION:
        raise ConfigurationError(
            f"The raw tables are of version {raw_version} and the models read version {RAW_VERSION}. Run "
            "`python run_pipeline.py extract` once: it brings the tables up to date, and loses nothing."
        )


def put_pending_aside(pipeline: dlt.Pipeline) -> list[Package]:
    """Take all pending packages out of the way and go on from the warehouse's state."""
    folder = Path(pipeline.pipelines_dir)
    waiting = packages.pending(folder)
    packages.put_aside(folder, waiting)
    if waiting:
        pipeline.drop()
    return waiting


def rows_of(package: Package) -> Any:
    """A dlt source with the rows of one package that was put aside; insert-only, so nothing is doubled."""

    @dlt.source(name="set_aside")
    def source() -> Any:
        @dlt.resource(name="rows")
        def rows() -> Iterator[Any]:
            for table, batch in package.rows():
                # what tells what is so now is read again, and would be older here
                if table.disposition is INSERT_ONLY:
                    yield table.item(batch)

        return rows

    return source()


def start_over(pipeline: dlt.Pipeline) -> None:
    """Forget the cursor and what dlt knows of the tables; the rows stay.

    The next run makes missing tables and columns, and reads the feed as a first run does.
    """
    pipeline.drop()
    with pipeline.sql_client() as client:
        for table, column in (("_dlt_pipeline_state", "pipeline_name"), ("_dlt_version", "schema_name")):
            try:
                client.execute_sql(
                    f"delete from {client.make_qualified_table_name(table)} where {column} <> ''"
                )
            except DestinationUndefinedEntity:
                continue


def _stored_state(warehouse: Warehouse) -> Stored | None:
    rows = warehouse.query(
        f"select s.version, s.version_hash, s.state from {warehouse.raw('_dlt_pipeline_state')} s "
        f"join {warehouse.raw('_dlt_loads')} l on l.load_id = s._dlt_load_id "
        f"where s.pipeline_name = '{PIPELINE}' and l.status = 0 order by l.load_id desc limit 1"
    )
    if not rows:
        return None
    version, of_state, blob = rows[0]
    sources = decompress_state(blob).get("sources", {}).values()
    resources = [resource for source in sources for resource in source.get("resources", {}).values()]
    return Stored(version, of_state, max((each.get("raw_version", 1) for each in resources), default=1))


def _is_complete(warehouse: Warehouse, load_id: str) -> bool:
    return bool(warehouse.query(f"select 1 from {warehouse.raw('_dlt_loads')} where load_id = '{load_id}'"))
