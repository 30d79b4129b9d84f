"""The job as Prefect 3 flows, around the functions that the command line calls.

  hourly: extract
  daily:  extract -> build -> publish

Importing or deploying this module reads no setting, no secret and no state: that happens inside the tasks.
A task is tried again where that helps: every step can run twice, and what an attempt loaded is kept.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from prefect import flow, task
from prefect.blocks.system import Secret
from prefect.cache_policies import NO_CACHE
from prefect.logging import get_run_logger

from extract.config import PROJECT, feed_settings, warehouse_settings
from extract.errors import ConfigurationError
from extract.warehouses.base import Warehouse
from extract.warehouses.factory import configured_warehouse

KEY_BLOCK = "JOB_MARKET_KEY_BLOCK"
"""The variable that names the secret block with the key. A deployment holds the name: `prefect deploy` would
put the value itself into what anybody who sees the deployment can read."""

WAIT_SECONDS = 720
"""Longer than the ten minutes for which a machine that died holds the lock of a BigQuery warehouse."""


def helps_to_try_again(task: Any, run: Any, state: Any) -> bool:
    """Not after wrong use or configuration (code 2 of the command line): it would fail in the same way."""
    return not isinstance(state.result(raise_on_failure=False), ConfigurationError)


# An unreachable feed (code 75 of the command line) is waited for; after that the next hour goes on.
@task(retries=2, retry_delay_seconds=[300, 900], retry_condition_fn=helps_to_try_again, cache_policy=NO_CACHE)
def extract(since: datetime | None = None) -> str:
    """Read what is new and load it; `since` reads the feed again from an instant."""
    from rich.console import Console

    from extract.executors.settings import configured_engine, engine_settings
    from extract.loading.load import extract_and_load
    from extract.monitoring.progress import Progress

    with (
        _warehouse() as warehouse,
        configured_engine(engine_settings(), None) as engine,
        Progress(Console(stderr=True)) as progress,
    ):
        return _told(extract_and_load(warehouse, feed_settings(), since, progress, engine))


@task(retries=1, retry_delay_seconds=60, retry_condition_fn=helps_to_try_again, cache_policy=NO_CACHE)
def build() -> str:
    """Build and test the models."""
    from rich.console import Console

    from extract.dbt import build

    with _warehouse() as warehouse:
        return _told(build(warehouse, Console(stderr=True)))


@task(retries=1, retry_delay_seconds=60, retry_condition_fn=helps_to_try_again, cache_policy=NO_CACHE)
def publish() -> str:
    """Write the page and the dbt docs."""
    from dashboard.publish import publish

    with _warehouse() as warehouse:
        return _told(publish(warehouse))


@flow(name="hourly")
def hourly(since: datetime | None = None) -> str:
    """Read what is new; a missed hour is made up for by the next one."""
    return extract(since)


@flow(name="daily")
def daily() -> str:
    """The whole job, as `run_pipeline.py` without a command."""
    extract()
    built = build()
    publish()
    return built


@contextmanager
def _warehouse() -> Iterator[Warehouse]:
    """The configured warehouse, held for one task."""
    os.chdir(PROJECT)  # where dlt finds .dlt/
    if block := os.environ.get(KEY_BLOCK):
        secret: Any = Secret.load(block)  # typed for both kinds of caller; here it is the block
        os.environ["JOB_MARKET_BIGQUERY_KEY"] = secret.get()
    warehouse = configured_warehouse(warehouse_settings())
    with warehouse.lock(WAIT_SECONDS):
        yield warehouse


def _told(summary: object) -> str:
    get_run_logger().info("%s", summary)
    return str(summary)
