"""The jobs as Prefect 3 flows.

  hourly: extract
  daily:  extract -> build -> publish

Importing or deploying this module reads no setting, no secret and no state: that happens inside the tasks.
A task is retried where that helps: every step can run twice, and what was loaded is kept.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from prefect import flow, task
from prefect.blocks.system import Secret
from prefect.cache_policies import NO_CACHE
from prefect.logging import get_run_logger

from extract import jobs
from extract.errors import ConfigurationError
from extract.warehouses.lock import LEASE_SECONDS

KEY_BLOCK = "JOB_MARKET_KEY_BLOCK"
"""The variable that names the secret block with the key. A deployment holds only the name: everybody who sees
the deployment can read its variables."""
WAIT_SECONDS = LEASE_SECONDS + 120
"""A machine that died holds the lock of a BigQuery warehouse for LEASE_SECONDS."""

T = TypeVar("T")


def is_worth_a_retry(task: Any, run: Any, state: Any) -> bool:
    """Not after wrong use or configuration (exit code 2): it would fail again."""
    return not isinstance(state.result(raise_on_failure=False), ConfigurationError)


# An unreachable feed (exit code 75) is waited for; after that the next hour goes on.
@task(retries=2, retry_delay_seconds=[300, 900], retry_condition_fn=is_worth_a_retry, cache_policy=NO_CACHE)
def extract(since: datetime | None = None) -> str:
    """Load what is new; `since` reads the feed again from a time."""
    return _logged(lambda options: jobs.extract(options, since))


@task(retries=1, retry_delay_seconds=60, retry_condition_fn=is_worth_a_retry, cache_policy=NO_CACHE)
def build() -> str:
    """Build and test the models."""
    return _logged(jobs.build)


@task(retries=1, retry_delay_seconds=60, retry_condition_fn=is_worth_a_retry, cache_policy=NO_CACHE)
def publish() -> str:
    """Write the page and the dbt docs."""
    return _logged(jobs.publish)


@flow(name="hourly")
def hourly(since: datetime | None = None) -> str:
    """Load what is new. The next run loads what a missed one would have."""
    return extract(since)


@flow(name="daily")
def daily() -> str:
    """The whole job, as `run_pipeline.py` without a command."""
    extract()
    built = build()
    publish()
    return built


def _logged(job: Callable[[jobs.RunOptions], T]) -> str:
    """Run the job with the key of the secret block, and log its result."""
    if block := os.environ.get(KEY_BLOCK):
        secret: Any = Secret.load(block)  # typed for both kinds of caller; here it is the block
        os.environ["JOB_MARKET_BIGQUERY_KEY"] = secret.get()
    result = str(job(jobs.RunOptions(wait=WAIT_SECONDS)))
    get_run_logger().info("%s", result)
    return result
