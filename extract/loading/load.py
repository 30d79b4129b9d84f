"""Run the feed's pipeline: finish what is pending, then load after load until the poll is done."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import dlt
from dlt.common.destination.exceptions import DestinationException
from dlt.common.pipeline import NormalizeInfo
from dlt.pipeline.exceptions import PipelineStepFailed

from extract.errors import DISK_FULL, JobMarketError
from extract.loading import packages, recovery
from extract.warehouses.base import Warehouse

SMALL_LOAD = 32 * 2**20
"""Bytes of its files. Packed, documents take some quarter of what they are: a load of the feed is smaller."""
STATES_KEPT = 24
"""Of the pipeline's states in the warehouse, the newest; dlt needs one."""

logger = logging.getLogger(__name__)


def prepare(warehouse: Warehouse, pipeline: dlt.Pipeline) -> int:
    """Make the warehouse fit to be written: what an earlier run left is finished; the number of such loads.

    Raises JobMarketError if the raw tables are not as they were made, or a pending load fails again.
    """
    is_new_machine = not pipeline.state["_state_version"]
    stored = recovery.examine(warehouse)
    strange = recovery.settle(pipeline, warehouse, stored)
    if stored is None or pipeline.state.get("_version_hash") != stored.hash:
        try:
            with _held_open(pipeline):
                pipeline.sync_destination()
        except PipelineStepFailed as failure:
            raise _plain(failure) from failure
    finished = load_again(pipeline, strange) + finish_pending(pipeline)
    recovery.adopt(warehouse, is_new_machine)
    return finished


def finish_pending(pipeline: dlt.Pipeline) -> int:
    """Load what an earlier run left pending, which dlt would load in place of what this run brings."""
    finished = 0
    while pipeline.has_pending_data:
        logger.info("finishing a load that an earlier run left pending")
        run_load(pipeline, None)
        finished += 1
    return finished


def load_again(pipeline: dlt.Pipeline, aside: list[packages.Package]) -> int:
    """Load the rows of packages that were put aside, each as a load of its own; the number of them."""
    ids = sorted({package.load_id for package in aside})
    for load_id in ids:
        kept = packages.Package(Path(pipeline.pipelines_dir) / packages.SET_ASIDE / load_id)
        logger.info("loading the rows of load %s, which was put aside", kept.load_id)
        run_load(pipeline, recovery.rows_of(kept))
        packages.remove(kept)
    return len(ids)


def run_load(pipeline: dlt.Pipeline, source: Any) -> list[str]:
    """Extract, normalize and load one source, or finish what is pending; the load ids it brought."""
    try:
        if source is not None:
            pipeline.extract(source)
        normalized = pipeline.normalize()
        if not pipeline.has_pending_data:
            return []  # dlt would ask the warehouse what to tell of a load of nothing
        with _held_open(pipeline) if 0 < _size(normalized) <= SMALL_LOAD else nullcontext():
            info = pipeline.load()
    except PipelineStepFailed as failure:
        raise _plain(failure) from failure
    if pipeline.state["_state_version"] % STATES_KEPT == 0:
        _forget_old_states(pipeline)
    return list(info.loads_ids) if info else []


def _size(normalized: NormalizeInfo | None) -> int:
    """Bytes of what is to be loaded; 0 if it was normalized earlier."""
    packages_ = normalized.load_packages if normalized else []
    return sum(job.file_size for package in packages_ for job in package.jobs["new_jobs"])


@contextmanager
def _held_open(pipeline: dlt.Pipeline) -> Iterator[None]:
    """Keep a DuckDB file open: else each of dlt's jobs opens it anew and closes it with a checkpoint.

    Not while a source is read: others could not look into the warehouse for as long as that takes. Nor while
    a large load goes in: what DuckDB keeps of the file would come on top of it.
    """
    with pipeline.sql_client():
        yield


def _forget_old_states(pipeline: dlt.Pipeline) -> None:
    """Keep the newest states only: dlt keeps all, and each run reads the column of them to find the newest.

    At 26 kB and 24 polls a day that would be 4.6 GB a poll after 20 years, more than all else together.
    """
    with pipeline.sql_client() as client:
        states = client.make_qualified_table_name("_dlt_pipeline_state")
        of_this = f"pipeline_name = '{pipeline.pipeline_name}'"
        newest = f"select _dlt_load_id from {states} where {of_this} order by 1 desc limit {STATES_KEPT}"
        try:
            client.execute_sql(
                f"delete from {states} where {of_this} and _dlt_load_id < "
                f"(select min(_dlt_load_id) from ({newest}) as newest)"
            )
        except DestinationException as error:
            logger.warning("old states are still in the warehouse, which costs a little: %s", error)


def _plain(failure: PipelineStepFailed) -> BaseException:
    """What the run ends with: our error or a stop, if one is at the bottom, else the step that failed."""
    cause: BaseException | None = failure
    deepest: BaseException = failure
    while cause is not None:
        if isinstance(cause, JobMarketError | KeyboardInterrupt):
            return cause
        deepest = cause
        cause = cause.__cause__ or cause.__context__
    reason = str(deepest).strip().splitlines()[0].rstrip(".")
    if any(sign in reason for sign in ("No space left", "File too large", "Disk quota")):
        return JobMarketError(f"The disk is full ({reason}): {DISK_FULL}")
    waiting = packages.pending(Path(failure.pipeline.working_dir).parent)
    if not waiting:
        return JobMarketError(
            f"The step {failure.step!r} failed: {reason}. Nothing of it was written; run again to go on."
        )
    [kept, *_] = waiting
    return JobMarketError(
        f"Load {kept.load_id} failed in step {failure.step!r}: {reason}. What was read is kept in "
        f"{kept.folder} and the next run tries it first. Mend what is wrong and run again; or take it out "
        "of the way with `python run_pipeline.py set-aside`, and load its rows with `load-again` once mended."
    )
