"""Dask as an engine: a cluster of processes on this machine, or the workers of an existing scheduler."""

from __future__ import annotations

import importlib.util
import logging
import time
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from queue import Empty, SimpleQueue
from typing import Any, NoReturn, Self
from urllib.parse import urlsplit

from extract.errors import ConfigurationError, JobMarketError, SourceUnavailable
from extract.executors.engine import Attempt, Batch, Engine, Result, opened
from extract.executors.settings import EngineSettings

CONNECT_SECONDS = 15
LOOK_SECONDS = 5
"""Between two looks whether there is a worker left, while nothing comes."""
PATIENCE_SECONDS = 180
"""So long a run waits for workers when all are gone: replacing a machine takes a minute or two."""
DEATHS_ALLOWED = 1
"""So many workers may die of a batch; one more and it fails: two deaths are no accident."""

# Dask sends the source lines around each call to the scheduler, to show them on its page; not ours.
QUIET = {
    "distributed.diagnostics.computations.nframes": 0,
    "distributed.scheduler.allowed-failures": DEATHS_ALLOWED,
    "distributed.admin.large-graph-warning-threshold": "1GB",
}
NO_DASHBOARD = "none without the extra `dashboard`, which `make extras` installs"

logger = logging.getLogger(__name__)


class DaskEngine(Engine):
    """`client` is None until the first batch, or until the check where an address is given."""

    def __init__(self, settings: EngineSettings) -> None:
        super().__init__(settings.workers)
        self.holds_back = not settings.dask_address  # others' workers can be more than the slots
        self._settings = settings
        self._open: ExitStack | None = None
        self._client: Any = None
        self._without_workers_since: float | None = None

    def __enter__(self) -> Self:
        """With an address: connect, so that a scheduler that is not there is told before anything is read."""
        if self._settings.dask_address:
            self._opened()
        return self

    @property
    def dashboard(self) -> str | None:
        """Where the scheduler shows its work, once there is one; None without what draws the pages here."""
        has_pages = self._settings.dask_address or importlib.util.find_spec("bokeh")
        return self._client.dashboard_link if self._client and has_pages else None

    def submit(self, function: Callable[[Batch], Result], batch: Batch, avoid: tuple[str, ...]) -> Any:
        """One task; the function's name is all that Dask gets to know of it."""
        from extract.executors.shipping import opener, sealed

        client = self._opened()
        name = getattr(getattr(function, "func", function), "__name__", "batch")
        try:
            others = [worker for worker in self._workers() if worker not in avoid] if avoid else []
            return client.submit(
                opener(),
                sealed(function, batch),
                key=f"{name}-{uuid.uuid4().hex}",
                workers=others or None,
                allow_other_workers=bool(others),
            )
        except Exception as error:
            self._fail(error)

    def attempt(self, future: Any) -> Attempt:
        """Its result; a batch that killed its workers, or that no worker could open, is a failure."""
        from distributed import CancelledError, KilledWorker

        try:
            return opened(future.result(timeout=CONNECT_SECONDS * 4))
        except JobMarketError:
            raise
        except KilledWorker as error:
            deaths = error.allowed_failures + 1
            return Attempt(failure=f"{deaths} workers died while they worked on it", is_final=True)
        except (CancelledError, TimeoutError, OSError) as error:
            self._fail(error)
        except Exception as error:
            return Attempt(failure=f"{type(error).__name__}: {error}")
        finally:
            future.release()

    def cancel(self, future: Any) -> bool:
        """Dask ends it also where it is worked on."""
        future.cancel()
        return True

    def next_done(self, finished: SimpleQueue[int]) -> int:
        """Looks now and then whether there are workers at all."""
        while True:
            try:
                return finished.get(timeout=LOOK_SECONDS)
            except Empty:
                self._look()

    def close(self) -> None:
        """Close the client, then the cluster if it was made here, whatever the other does."""
        stack, self._open, self._client = self._open, None, None
        if stack is not None:
            stack.close()

    def _opened(self) -> Any:
        if self._client is None:
            import dask
            import distributed  # noqa: F401  (its import sets the level of its loggers)

            # It tells of each connection; what becomes of a batch is told here.
            logging.getLogger("distributed").setLevel(logging.ERROR)
            stack = ExitStack()
            try:
                stack.enter_context(dask.config.set(QUIET))
                self._client = self.connect(stack)
            except BaseException:
                stack.close()
                raise
            self._open = stack
            logger.info("Dask's dashboard: %s", self.dashboard or NO_DASHBOARD)
        return self._client

    def connect(self, stack: ExitStack) -> Any:
        """The client; what is to be closed goes on the stack."""
        from distributed import Client, LocalCluster

        if self._settings.dask_address:
            return self._existing(stack, self._settings.dask_address)
        # TLS with a key made for this run: otherwise any user of this machine could send tasks of his own.
        cluster = stack.enter_context(
            LocalCluster(  # type: ignore[no-untyped-call]
                n_workers=self.slots,
                threads_per_worker=1,
                host="127.0.0.1",
                protocol="tls://",
                security=True,
                memory_limit=self._settings.worker_memory,
                dashboard_address="127.0.0.1:0",
                silence_logs=logging.CRITICAL,
            )
        )
        return stack.enter_context(Client(cluster, set_as_default=False))  # type: ignore[no-untyped-call]

    def _existing(self, stack: ExitStack, address: str) -> Any:
        from distributed import Client

        if urlsplit(address).scheme not in ("tcp", "tls", "ws", "wss"):
            raise ConfigurationError(
                f"engine.dask_address is {address!r}: it must begin with tcp:// or tls://, "
                "as in tls://scheduler:8786."
            )
        try:
            client = stack.enter_context(
                Client(address, timeout=CONNECT_SECONDS, set_as_default=False)  # type: ignore[no-untyped-call]
            )
        except (OSError, TimeoutError) as error:
            raise SourceUnavailable(
                f"No Dask scheduler answers at {address} ({one_line(error)}). Nothing was read; start it, "
                "correct engine.dask_address, or use --engine here."
            ) from None
        self.ship_code(client)
        try:
            client.wait_for_workers(1, timeout=CONNECT_SECONDS)
        except TimeoutError:
            raise SourceUnavailable(
                f"The Dask scheduler at {address} has no workers. Nothing was read; start one, or use "
                "--engine here."
            ) from None
        return client

    def ship_code(self, client: Any) -> None:
        """To the workers that are there and those that come."""
        from extract.executors.shipping import project_code

        client.register_plugin(project_code())

    def _workers(self) -> list[str]:
        return list(self._client.scheduler_info()["workers"])

    def _look(self) -> None:
        try:
            is_alone = not self._workers()
        except Exception as error:
            self._fail(error)
        now = time.monotonic()
        self._without_workers_since = (self._without_workers_since or now) if is_alone else None
        if is_alone and now - (self._without_workers_since or now) > PATIENCE_SECONDS:
            raise JobMarketError(
                f"All Dask workers are gone for {PATIENCE_SECONDS} s. What was loaded is kept; run again."
            )

    def _fail(self, error: Exception) -> NoReturn:
        raise JobMarketError(
            f"The Dask scheduler went away ({one_line(error)}). What was loaded is kept; run again."
        ) from error


def one_line(error: BaseException) -> str:
    """The error's text, to stand in a sentence."""
    return " ".join((str(error) or type(error).__name__).split()).rstrip(".")
