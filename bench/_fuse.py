"""Kill this process with SIGKILL at its N-th step, and say in which phase of the job that was.

Steps are what a crash can fall between: files that are opened for writing, moved or removed, folders made,
answers of the feed, and each statement of dlt and dbt before and after it ran. Nothing of this is in the
product; it is put on in the child process of a harness.
"""

from __future__ import annotations

import functools
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

FILE_EVENTS = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.symlink", "os.truncate"}
PHASES = ("extract", "normalize", "load", "merge", "build", "publish")


class Fuse:
    """Counts steps; at step `last` (from 1) the process is gone. Writes a phase's name a step to `report`."""

    def __init__(self, last: int | None, report: int) -> None:
        self.last = last
        self.report = report
        self.steps = 0
        self.phase = ""
        self._lock = threading.Lock()

    def install(self) -> None:
        """Put it on: from here on steps count."""
        import dlt
        from dbt.adapters.duckdb.environments.local import DuckDBCursorWrapper
        from dlt.destinations.impl.duckdb.sql_client import DuckDbSqlClient

        import dashboard.publish
        import extract.dbt
        from extract.sources.http import HttpClient

        within: tuple[tuple[Any, str, str], ...] = (
            (dlt.Pipeline, "extract", "extract"),
            (dlt.Pipeline, "normalize", "normalize"),
            (dlt.Pipeline, "_load", "load"),
            (extract.dbt, "build", "build"),
            (dashboard.publish, "publish", "publish"),
        )
        for owner, name, phase in within:
            setattr(owner, name, self._in_phase(phase, getattr(owner, name)))
        statements: tuple[tuple[Any, str], ...] = (
            (DuckDbSqlClient, "execute_query"),
            (DuckDBCursorWrapper, "execute"),
        )
        for owner, name in statements:
            setattr(owner, name, self._around(getattr(owner, name)))
        get = HttpClient.get

        async def answered(client: Any, *arguments: Any, **named: Any) -> Any:
            answer = await get(client, *arguments, **named)
            self.step()
            return answer

        setattr(HttpClient, "get", answered)  # noqa: B010  (mypy would want its exact type)
        sys.addaudithook(self._audit)

    def step(self, phase: str | None = None) -> None:
        """One step further; the last one never returns."""
        if not self.phase:
            return
        with self._lock:
            self.steps += 1
            os.write(self.report, f"{phase or self.phase}\n".encode())
            if self.steps == self.last:
                os.kill(os.getpid(), signal.SIGKILL)

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in FILE_EVENTS or (event == "open" and _writes(arguments)):
            self.step()

    def _in_phase(self, phase: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def within(*arguments: Any, **named: Any) -> Any:
            before, self.phase = self.phase, phase
            try:
                return function(*arguments, **named)
            finally:
                self.phase = before

        return within

    def _around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def stepping(owner: Any, *arguments: Any, **named: Any) -> Any:
            sql = str(arguments[0]).lstrip()[:12].upper() if arguments else ""
            phase = "merge" if self.phase == "load" and sql.startswith("MERGE") else None
            self.step(phase)
            result = function(owner, *arguments, **named)
            self.step(phase)
            return result

        return stepping


def _writes(arguments: tuple[Any, ...]) -> bool:
    path, mode, flags = (*arguments, None, None, None)[:3]
    if not isinstance(path, str | bytes) or os.fsencode(path).startswith((b"/dev", b"/proc")):
        return False
    if isinstance(mode, str):
        return any(letter in mode for letter in "wax+")
    return bool(isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR))
