"""Run dlt's pipeline: finish what an earlier run left pending, then extract, normalize and load a source."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import dlt
from dlt.common.destination.exceptions import DestinationException
from dlt.pipeline.exceptions import PipelineStepFailed

from extract.errors import DISK_FULL, PROGRAM, JobMarketError
from extract.loading import packages
from extract.loading.raw_schema import validate_raw_schema
from extract.loading.recovery import LOOKBACK, reassign_orphan_rows, reconcile_pending
from extract.warehouses.base import Warehouse

STATES_KEPT = 24
"""How many pipeline states are kept in the warehouse, the newest; dlt needs one."""

WAY_OUT = (
    f"Fix the cause and run again. If it fails for good, `{PROGRAM} recover` moves the local "
    "folder aside, and the next run goes on from the warehouse."
)

logger = logging.getLogger(__name__)

T = TypeVar("T")


def recover_local_state(warehouse: Warehouse, pipeline: dlt.Pipeline) -> int:
    """Bring the local folder and the warehouse in step; the number of loads that an earlier run left pending.

    They are finished first: dlt would load them in place of a new source. Raises JobMarketError if the raw
    tables were changed by another hand, or a pending load fails again.
    """
    stored = validate_raw_schema(warehouse)
    is_new_machine = not pipeline.state["_state_version"]
    reconcile_pending(pipeline, warehouse, stored)
    finished = 0
    while pipeline.has_pending_data:
        logger.info("finishing a load that an earlier run left pending")
        load_pending(pipeline)
        finished += 1
    # The hash is a private field of dlt, whose own sync compares versions and keeps a newer local state.
    if not finished and pipeline.state.get("_version_hash") != (stored.hash if stored else None):
        pipeline.drop()
        is_new_machine = True
        if stored:
            _run_step(pipeline.sync_destination)
    reassign_orphan_rows(warehouse, None if is_new_machine else LOOKBACK)
    return finished


def run_load(pipeline: dlt.Pipeline, source: Any) -> list[str]:
    """Extract, normalize and load one source; the ids of the complete loads.

    Raises the JobMarketError with which the source ended, or one that names the load and the way out.
    """
    _run_step(lambda: pipeline.extract(source))
    return load_pending(pipeline)


def load_pending(pipeline: dlt.Pipeline) -> list[str]:
    """Normalize and load what was extracted; returns and raises as `run_load`."""
    _run_step(pipeline.normalize)
    if not pipeline.has_pending_data:
        return []
    info = _run_step(pipeline.load)
    if info is None:
        raise JobMarketError(f"dlt does not load what is pending in {pipeline.working_dir}. {WAY_OUT}")
    if pipeline.state["_state_version"] % STATES_KEPT == 0:
        _forget_old_states(pipeline)
    return list(info.loads_ids)


def _forget_old_states(pipeline: dlt.Pipeline) -> None:
    """Keep the newest states only: dlt keeps all, and BigQuery bills each run for reading all of them."""
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
            logger.warning("old pipeline states are still in the warehouse, which costs a little: %s", error)


def _run_step(step: Callable[[], T]) -> T:
    try:
        return step()
    except PipelineStepFailed as failed:
        failure = failed
    except ValueError as error:  # half a file of a package
        raise JobMarketError(f"dlt's local folder cannot be read ({error}). {WAY_OUT}") from error
    # Raised outside the except block, so Python does not chain the error to itself.
    raise _user_error(failure)


def _user_error(failure: PipelineStepFailed) -> BaseException:
    """The error for the user: ours or a stop if one caused the failure, else one that names the load."""
    chain = list(_causes(failure))
    for error in chain:
        if isinstance(error, JobMarketError | KeyboardInterrupt):
            return error
    reason = (str(chain[-1]).strip() or type(chain[-1]).__name__).splitlines()[0].rstrip(".")
    user_error = JobMarketError(_message(failure, reason))
    user_error.__cause__ = failure
    return user_error


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error, its cause, the cause of that, and so on; each once, also if the chain is a cycle."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _message(failure: PipelineStepFailed, reason: str) -> str:
    if any(sign in reason for sign in ("No space left", "File too large", "Disk quota", "cross-device")):
        return f"The disk is full ({reason}): {DISK_FULL}"
    waiting = packages.pending(Path(failure.pipeline.working_dir).parent)
    if not waiting:
        return f"The step {failure.step!r} failed: {reason}. Nothing of it was written. {WAY_OUT}"
    return (
        f"Load {waiting[0].name} failed in step {failure.step!r}: {reason}. What was read is kept in "
        f"{waiting[0]}, and the next run tries it first. {WAY_OUT}"
    )
