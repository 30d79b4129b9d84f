"""Show how far the extraction is: a line that moves on a terminal, plain log lines elsewhere."""

from __future__ import annotations

import logging
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import Progress as Bars
from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

from extract.executors.bounded_map import BatchCounts

PAGES_A_LINE, DETAILS_A_LINE = 10, 1000
"""How much lies between two lines of a log; for versions described as for details."""

logger = logging.getLogger(__name__)


class Progress:
    """Counts pages, events, details and the executor's batches; a context manager."""

    def __init__(self, console: Console) -> None:
        self._pages = self._events = self._done = self._failed = self._owed = 0
        self._batches = BatchCounts(0, 0, 0, None)
        self._bars = Bars(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bars.add_task("reading the feed")

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.stop()

    def page(self, events: int) -> None:
        """One more page with so many entries was read."""
        self._pages += 1
        self._events += events
        self._say("%d pages read, %d events", self._pages, self._events, log=self._pages % PAGES_A_LINE == 1)

    def pending_details(self, owed: int) -> None:
        """So many details are to be fetched from here on."""
        self._owed = self._done + self._failed + owed
        self._say("at the feed's tip after %d pages, %d details to fetch", self._pages, owed)

    def details(self, settled: int, failed: int) -> None:
        """So many more details came, so many could not be had."""
        before = self._done // DETAILS_A_LINE
        self._done += settled
        self._failed += failed
        is_last = self._done + self._failed == self._owed
        self._say(
            "%d of %d details fetched, %d not to be had; %s",
            self._done,
            self._owed,
            self._failed,
            _format_batches(self._batches),
            log=is_last or self._done // DETAILS_A_LINE > before,
        )

    def batches(self, counts: BatchCounts) -> None:
        """Keep the counts of batches; the next line shows them."""
        self._batches = counts

    def described(self, versions: int, of: int) -> None:
        """So many of the versions that lack features have them now."""
        self._say(
            "%d of %d versions described; %s",
            versions,
            of,
            _format_batches(self._batches),
            log=versions == of or versions // DETAILS_A_LINE > self._done // DETAILS_A_LINE,
        )
        self._done = versions

    def _say(self, text: str, *counts: int | str, log: bool = True) -> None:
        if self._bars.disable:
            if log:
                logger.info(text, *counts)
        else:
            self._bars.update(self._task, description=text % counts)


def _format_batches(batches: BatchCounts) -> str:
    text = f"batches: {batches.done} done, {batches.in_flight} in flight, {batches.failed} failed"
    return f"{text}; {batches.dashboard}" if batches.dashboard else text
