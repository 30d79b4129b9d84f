"""Run batches on Dask: a cluster on this machine, or the workers of an existing scheduler.

The project's code travels with each batch, so a worker needs no copy of it and cannot run an older one.
"""

from __future__ import annotations

import importlib.util
import io
import logging
from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from typing import Any, Self

import extract
from extract.config import ExecutorSettings
from extract.errors import ConfigurationError, JobMarketError, SourceUnavailable
from extract.executors.bounded_map import BatchExecutor, run_batch

CONNECT_TIMEOUT = 15
NO_WORKER_TIMEOUT = 180
"""Seconds that a run waits while there is no worker: a cloud replaces a machine in one or two minutes."""
ALLOWED_FAILURES = 1
"""Workers that may die of a batch before an attempt fails; an existing scheduler has its own setting."""
CONFIG = {
    "distributed.scheduler.allowed-failures": ALLOWED_FAILURES,
    # Dask sends the source lines around a call to the scheduler, to show them on the dashboard.
    "distributed.diagnostics.computations.nframes": 0,
}

logger = logging.getLogger(__name__)


class DaskExecutor(BatchExecutor):
    """The first batch makes the cluster; an address is connected to when the block is entered."""

    def __init__(self, settings: ExecutorSettings) -> None:
        super().__init__(settings.workers)
        self._settings = settings

    def __enter__(self) -> Self:
        """Raises SourceUnavailable if no scheduler answers, ConfigurationError if the address is none."""
        if self._settings.dask_address:
            self._pool = self._open()
        return self

    def _open(self, function: Callable[[Any], Any] | None = None) -> Executor:
        import dask
        import distributed  # noqa: F401  (its import sets the level of its loggers)

        # It logs each lost connection; the map reports what becomes of a batch.
        logging.getLogger("distributed").setLevel(logging.ERROR)
        self._resources.enter_context(dask.config.set(CONFIG))
        self._client = self._resources.enter_context(self._connect())
        if self._settings.dask_address or importlib.util.find_spec("bokeh"):
            self.dashboard = self._client.dashboard_link
        logger.info("Dask dashboard: %s", self.dashboard or "none without the extra `dashboard`")
        executor: Executor = self._client.get_executor(pure=False)
        return executor

    def _connect(self) -> Any:
        """A client; `self._resources` closes a cluster that is made for it."""
        from distributed import Client, LocalCluster

        if address := self._settings.dask_address:
            try:
                return Client(address, timeout=CONNECT_TIMEOUT)  # type: ignore[no-untyped-call]
            except ValueError as error:
                raise ConfigurationError(f"executor.dask_address {address!r}: {one_line(error)}.") from None
            except OSError as error:
                raise SourceUnavailable(
                    f"No Dask scheduler answers at {address} ({one_line(error)}). Nothing was read; start "
                    "it, correct executor.dask_address, or use --executor local."
                ) from None
        cluster = LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=self.workers,
            threads_per_worker=1,
            host="127.0.0.1",
            # TLS with a key made for this run: without it every user of this machine could send tasks.
            protocol="tls://",
            security=True,
            memory_limit=self._settings.worker_memory,
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL,
        )
        return Client(self._resources.enter_context(cluster))  # type: ignore[no-untyped-call]

    def _submit(self, function: Callable[[Any], Any], batch: Any) -> Future[Any]:
        self._pool = self._pool or self._open(function)
        return self._pool.submit(_task_runner(), _serialized(function, batch))

    def _check_workers(self) -> None:
        try:
            self._client.wait_for_workers(1, timeout=NO_WORKER_TIMEOUT)
        except Exception as error:
            raise JobMarketError(
                f"Dask has no workers ({one_line(error)}). What was loaded is kept; start some and run again."
            ) from error


def _serialized(function: Callable[[Any], Any], batch: Any) -> io.BytesIO:
    """The call of `run_batch`: function, batch and token as bytes.

    A scheduler unpickles tasks and shows their `repr`; that of a BytesIO is an address.
    """
    import cloudpickle

    cloudpickle.register_pickle_by_value(extract)
    return io.BytesIO(cloudpickle.dumps(partial(run_batch, function, batch)))


def _task_runner() -> Callable[[io.BytesIO], Any]:
    """The function of every task. Nested, so that cloudpickle sends it by value."""

    def run_task(task: io.BytesIO) -> Any:
        import pickle

        return pickle.loads(task.getvalue())()

    return run_task


def one_line(error: BaseException) -> str:
    """The error's text, to stand in a sentence."""
    return " ".join((str(error) or type(error).__name__).split()).rstrip(".")
