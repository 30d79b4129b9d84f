"""One run at a time on a warehouse of this machine: a file lock, gone with its process."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from extract.errors import WarehouseLockedError, ConfigurationError


@contextmanager
def held(lock_file: Path, what: str, wait: float) -> Iterator[None]:
    """Hold the file for one run, waiting so many seconds for it.

    Raises WarehouseLockedError, which names the holder of `what`, ConfigurationError if nothing can be written there.
    """
    holder = lock_file.with_name(f"{lock_file.stem}-holder.json")
    lock = FileLock(lock_file)
    try:
        lock_file.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=wait, poll_interval=0.2)
    except Timeout:
        raise WarehouseLockedError(
            f"Another run holds {what}: {told(_read(holder))}. Run again when it is done, or let this one "
            "wait with --wait MINUTES."
        ) from None
    except OSError as error:
        raise ConfigurationError(
            f"{lock_file.parent} cannot be written: {error.strerror or error}. Give this user the right to "
            "write there, or set warehouse.pipelines_dir and warehouse.duckdb_path."
        ) from None
    try:
        holder.write_text(json.dumps(this_run()))
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def this_run() -> dict[str, str | int]:
    """What another run is told of this one."""
    since = datetime.now(UTC).isoformat(timespec="seconds")
    return {"pid": os.getpid(), "host": socket.gethostname(), "since": since}


def told(holder: dict[str, str | int] | None) -> str:
    """A holder in words."""
    if not holder:
        return "it has only just begun"
    return f"process {holder['pid']} on {holder['host']}, since {holder['since']}"


def _read(holder: Path) -> dict[str, str | int] | None:
    try:
        read = json.loads(holder.read_text())
        return read if {"pid", "host", "since"} <= set(read) else None
    except (OSError, ValueError, TypeError):
        return None
