"""The text step on Dask with one worker and with two: redaction, HTML to text, features of documents.

Each measurement has its own cluster of processes, warmed up first. The scheduler and the client live in this
process and want a core of their own: the seconds of CPU say what the workers would do if they had one each.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psutil
import pyarrow as pa

from bench.figures import Figures
from bench.worlds import UNTIL, endless_world
from extract.config import ExecutorSettings
from extract.executors.dask import DaskExecutor
from extract.features.rules import of_ad
from extract.hashing import canonical_json, version_id
from extract.privacy.redact import redact
from extract.schema import AD_FEATURES

BATCH = 200


def add_options(parser: argparse.ArgumentParser) -> None:
    """How much, and on how many workers."""
    parser.add_argument("--documents", type=int, default=8000)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])


def text_step(batch: list[dict[str, Any]]) -> pa.Table:
    """What is done to a fetched document, without fetching it."""
    rows = []
    for content in batch:
        redacted = redact(content)
        document = canonical_json(redacted)
        rows.append(("ad", version_id("ad", "ACTIVE", 0, document), 1, *of_ad(redacted), UNTIL))
    return AD_FEATURES.batch(rows)


def run(options: argparse.Namespace) -> list[Figures]:
    """Measure each number of workers in turn."""
    batches = list(_batches(options.documents))
    table = Figures(
        f"The text step, {options.documents:,} documents in batches of {BATCH}",
        (
            "workers",
            "seconds",
            "documents a second",
            "to the first",
            "CPU of a worker",
            "CPU of this process",
        ),
    )
    first = None
    for workers in options.workers:
        with DaskExecutor(ExecutorSettings(workers=workers)) as executor:
            list(executor.map_batches(text_step, batches[: 2 * workers]))
            own, of_workers, started = time.process_time(), _cpu_of_workers(), time.monotonic()
            done = sum(
                len(outcome.result)
                for outcome in executor.map_batches(text_step, batches, max_in_flight=2 * workers)
                if outcome.result is not None
            )
            seconds = time.monotonic() - started
            own, of_workers = time.process_time() - own, _cpu_of_workers() - of_workers
        rate = done / seconds
        first = first or rate
        table.rows.append((workers, seconds, rate, rate / first, of_workers / workers, own))
    return [table]


def _cpu_of_workers() -> float:
    """Seconds of CPU that the cluster's processes have used."""
    times = [process.cpu_times() for process in psutil.Process().children(recursive=True)]
    return float(sum(each.user + each.system for each in times))


def _batches(documents: int) -> Iterator[list[dict[str, Any]]]:
    world = endless_world(days=2 + documents // 300, ads_a_day=550)
    at = UNTIL + timedelta(days=1)
    details = (world.ad(ad_id, at) for ad_id in world.ad_ids(at))
    contents = [detail.content for detail in details if detail and detail.content][:documents]
    for start in range(0, len(contents), BATCH):
        yield contents[start : start + BATCH]
