"""Choose the executor."""

from __future__ import annotations

from extract.config import CoiledSettings, ExecutorSettings, configured
from extract.executors.bounded_map import BatchExecutor
from extract.executors.local import LocalExecutor


def open_executor(name: str | None = None) -> BatchExecutor:
    """The executor of that name (local, dask, coiled), else the configured one."""
    settings = configured(ExecutorSettings)
    match name or settings.name:
        case "dask":
            from extract.executors.dask import DaskExecutor

            return DaskExecutor(settings)
        case "coiled":
            from extract.executors.coiled import CoiledExecutor

            return CoiledExecutor(configured(CoiledSettings))
        case _:
            return LocalExecutor(settings.workers)
