"""One run at a time on a warehouse: a file lock on this machine, a lease in BigQuery between machines.

The lease is a row that a run holds for LEASE_SECONDS and renews until it is done. BigQuery lets one of two
updates of a row through. All times are BigQuery's own, so the machines' clocks do not matter. A run that
cannot renew stops itself before its lease ends; the next run takes over the lease of a machine that died.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from extract.errors import ConfigurationError, JobMarketError, WarehouseLockedError

LEASE_SECONDS = 600.0
RENEW_SECONDS = 120.0
GIVE_UP_SHARE = 0.7
"""The share of the lease after which a run that could not renew it stops, before another may take over."""
POLL_SECONDS = 5.0

logger = logging.getLogger(__name__)


@contextmanager
def file_lock(lock_file: Path, what: str, deadline: float) -> Iterator[None]:
    """Hold the file; it is free again when the process ends. Waits until the deadline (time.monotonic).

    Raises WarehouseLockedError, which names the holder of `what`, or ConfigurationError if the folder cannot
    be written.
    """
    holder = lock_file.with_name(f"{lock_file.stem}-holder.json")
    lock = FileLock(lock_file)
    try:
        lock_file.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=max(0.0, deadline - time.monotonic()), poll_interval=0.2)
    except Timeout:
        raise _locked(what, holder.read_text() if holder.exists() else "") from None
    except OSError as error:
        raise ConfigurationError(
            f"{lock_file.parent} cannot be written: {error.strerror or error}. Give this user the right to "
            "write there, or set warehouse.pipelines_dir and warehouse.duckdb_path."
        ) from None
    try:
        holder.write_text(_this_run())
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


class Lease:
    """The one row of `table` (a qualified name). `execute` runs a statement and returns its rows."""

    def __init__(
        self, execute: Callable[[str], list[tuple[Any, ...]]], table: str, seconds: float = LEASE_SECONDS
    ) -> None:
        self.execute = execute
        self.table = table
        self.seconds = seconds
        self.owner = uuid.uuid4().hex
        self.lost: str | None = None

    def create_table(self) -> None:
        """Make table and row in one statement: one row, whoever comes first."""
        self.execute(
            f"create table if not exists {self.table} as select '' as owner, '' as holder, "
            "timestamp '2000-01-01 00:00:00+00' as held_until"
        )

    def take(self) -> str | None:
        """Try once; None if the row is ours now, else its holder. Raises what the warehouse refuses."""
        refusal: JobMarketError | None = None
        try:
            self._update(
                f"owner = '{self.owner}', holder = '{_this_run()}'", "held_until < current_timestamp()"
            )
        except JobMarketError as error:
            refusal = error  # of two updates at once BigQuery refuses one: then another holds the row
        held = "held_until >= current_timestamp()"
        [(owner, holder, is_held)] = self.execute(f"select owner, holder, {held} from {self.table}")
        if refusal and not (is_held and owner != self.owner):
            raise refusal
        return None if owner == self.owner else str(holder)

    def renew(self) -> bool:
        """Hold it for another LEASE_SECONDS; False if it belongs to another run by now."""
        self._update(f"owner = '{self.owner}'", f"owner = '{self.owner}'")
        return bool(self.execute(f"select 1 from {self.table} where owner = '{self.owner}'"))

    def release(self) -> None:
        """Free it for the next run."""
        self.execute(
            f"update {self.table} set held_until = timestamp '2000-01-01 00:00:00+00' "
            f"where owner = '{self.owner}'"
        )

    def _update(self, values: str, where: str) -> None:
        until = f"timestamp_add(current_timestamp(), interval {round(self.seconds * 1000)} millisecond)"
        self.execute(f"update {self.table} set {values}, held_until = {until} where {where}")


@contextmanager
def hold(lease: Lease, what: str, deadline: float, renew_every: float = RENEW_SECONDS) -> Iterator[None]:
    """Hold the lease; waits for it until the deadline (time.monotonic).

    Raises WarehouseLockedError, which names the holder of `what`, or JobMarketError if the lease is lost.
    """
    while (holder := lease.take()) is not None:
        if (left := deadline - time.monotonic()) <= 0:
            dies = f" If that machine died, a run after {lease.seconds / 60:.0f} minutes takes over."
            raise _locked(what, holder, dies)
        time.sleep(min(POLL_SECONDS, left))
    done = threading.Event()
    renewing = threading.Thread(target=_renew, args=(lease, done, renew_every), daemon=True)
    renewing.start()
    try:
        yield
    except KeyboardInterrupt:
        if lease.lost is None:
            raise
        raise JobMarketError(
            f"This run stopped itself: {lease.lost}. What was loaded is kept; run again to go on."
        ) from None
    finally:
        done.set()
        renewing.join()
        if lease.lost is None:
            lease.release()


def _renew(lease: Lease, done: threading.Event, every: float) -> None:
    renewed = time.monotonic()
    while not done.wait(every):
        try:
            if lease.renew():
                renewed = time.monotonic()
                continue
            lease.lost = "another run has taken the warehouse over"
        except Exception as error:  # whatever it is, the warehouse may soon belong to another run
            if time.monotonic() - renewed < lease.seconds * GIVE_UP_SHARE:
                logger.warning("the lock on the warehouse could not be renewed: %s", error)
                continue
            lease.lost = "its lock on the warehouse could not be renewed"
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        return


def _this_run() -> str:
    since = datetime.now(UTC).isoformat(timespec="seconds")
    return f"process {os.getpid()} on {socket.gethostname()}, since {since}"


def _locked(what: str, holder: str, more: str = "") -> WarehouseLockedError:
    return WarehouseLockedError(
        f"Another run holds {what}: {holder or 'it has only just begun'}. Run again when it is done, or let "
        f"this one wait with --wait MINUTES.{more}"
    )
