"""One run at a time on a BigQuery warehouse: a row that a run holds for a while and renews until it is done.

    create table if not exists         makes table and row in one statement: one row, whoever comes first
    update ... where free or run out   of two updates of a row at once BigQuery lets one through

All times are BigQuery's own, so the machines' clocks do not matter. A run that cannot renew stops itself
before its time is over; a machine that died holds the row until then, and the next run takes it over.
"""

from __future__ import annotations

import json
import logging
import signal
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from extract.errors import WarehouseLockedError, JobMarketError
from extract.warehouses.file_lock import this_run, told

LEASE_SECONDS = 600.0
"""How long a run that died holds the warehouse; docs/operations.md states it."""
RENEW_SECONDS = 120.0
GIVE_UP_SECONDS = 420.0
"""Without a renewal for so long a run stops: well before another may take over."""
ASK_AGAIN_SECONDS = 5.0

logger = logging.getLogger(__name__)

Execute = Callable[[str], list[tuple[Any, ...]]]
"""Runs a statement in the warehouse; the rows of a query."""


class Lease:
    """The row of `table` (a qualified name), which is made if it is not there."""

    def __init__(self, execute: Execute, table: str, seconds: float = LEASE_SECONDS) -> None:
        self.execute = execute
        self.table = table
        self.seconds = seconds
        self.owner = uuid.uuid4().hex
        self.lost: str | None = None

    def take(self) -> dict[str, Any] | None:
        """Try once; None if the row is ours now, else who holds it."""
        self.execute(
            f"create table if not exists {self.table} as select '' as owner, '' as holder, "
            "timestamp '2000-01-01 00:00:00+00' as held_until"
        )
        mine = json.dumps(this_run())
        self._update(f"owner = '{self.owner}', holder = '{mine}'", "held_until < current_timestamp()")
        [(owner, holder)] = self.execute(f"select owner, holder from {self.table}")
        if owner == self.owner:
            return None
        other: dict[str, Any] = json.loads(holder) if holder else {}
        return other

    def renew(self) -> bool:
        """Hold it for another while; False if it is another's by now."""
        self._update(f"owner = '{self.owner}'", f"owner = '{self.owner}'")
        return bool(self.execute(f"select 1 from {self.table} where owner = '{self.owner}'"))

    def give_back(self) -> None:
        """Free it for the next run."""
        self.execute(
            f"update {self.table} set held_until = timestamp '2000-01-01 00:00:00+00' "
            f"where owner = '{self.owner}'"
        )

    def _update(self, values: str, where: str) -> None:
        until = f"timestamp_add(current_timestamp(), interval {round(self.seconds * 1000)} millisecond)"
        try:
            self.execute(f"update {self.table} set {values}, held_until = {until} where {where}")
        except JobMarketError as error:
            # Of two updates at once BigQuery may refuse one; who holds the row is read afterwards.
            logger.info("the lock could not be written: %s", error)


@contextmanager
def leased(lease: Lease, what: str, wait: float, renew_every: float = RENEW_SECONDS) -> Iterator[None]:
    """Hold the warehouse for one run, waiting so many seconds for it.

    Raises WarehouseLockedError, which names the holder, or JobMarketError, which says that the lease was lost in the middle.
    """
    deadline = time.monotonic() + wait
    while (holder := lease.take()) is not None:
        if time.monotonic() >= deadline:
            raise WarehouseLockedError(
                f"Another run holds {what}: {told(holder)}. Run again when it is done, or let this one wait "
                f"with --wait MINUTES. If that machine died, the next run after {lease.seconds / 60:.0f} "
                "minutes takes over."
            )
        time.sleep(min(ASK_AGAIN_SECONDS, max(0.0, deadline - time.monotonic())))
    done = threading.Event()
    renewing = threading.Thread(target=_renew, args=(lease, done, renew_every), daemon=True)
    renewing.start()
    try:
        yield
    except KeyboardInterrupt:
        _stopped(lease)
    finally:
        done.set()
        renewing.join()
        if lease.lost is None:
            lease.give_back()


def _stopped(lease: Lease) -> NoReturn:
    if lease.lost is None:
        raise KeyboardInterrupt
    raise JobMarketError(
        f"This run stopped itself: {lease.lost}. What was loaded is kept; run again to go on."
    ) from None


def _renew(lease: Lease, done: threading.Event, every: float) -> None:
    renewed = time.monotonic()
    while not done.wait(every):
        try:
            if lease.renew():
                renewed = time.monotonic()
                continue
            lease.lost = "another run has taken the warehouse over"
        except Exception as error:  # whatever it is: the warehouse may be another's soon
            if time.monotonic() - renewed < lease.seconds * GIVE_UP_SECONDS / LEASE_SECONDS:
                logger.warning("the hold on the warehouse could not be renewed: %s", error)
                continue
            lease.lost = "its hold on the warehouse could not be renewed"
        # To the main thread itself, which wakes it from whatever it waits for.
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        return
