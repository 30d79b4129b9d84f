"""Show how far a run is: one line that changes on a terminal, elsewhere a log line now and then."""

from __future__ import annotations

import logging
import time
from contextlib import ExitStack

from rich.console import Console

logger = logging.getLogger(__name__)

LOG_SECONDS = 10
"""The time between two log lines. The last one of a run and the one after the last page are always there."""


class Progress(ExitStack):
    """Counts pages, entries (also known ones), details and batches; a context manager."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._pages = self._entries = self._done = self._failed = self._pending = 0
        self._batches = self._text = self._logged = ""
        self._logged_at = time.monotonic()
        self._line = self.enter_context(console.status("starting")) if console.is_terminal else None
        self.callback(self._log)

    def page(self, entries: int) -> None:
        """One more page of the feed was read, with its number of entries."""
        self._pages += 1
        self._entries += entries
        self._show(f"{self._pages} pages read, {self._entries} entries")

    def pending_details(self, pending: int) -> None:
        """The number of details to fetch from here on."""
        self._pending = self._done + self._failed + pending
        self._show(f"caught up after {self._pages} pages, {pending} details to fetch")
        self._log()

    def details(self, fetched: int, failed: int) -> None:
        """The numbers of details of one more batch."""
        self._done += fetched
        self._failed += failed
        self._show(f"{self._done} of {self._pending} details fetched, {self._failed} failed{self._batches}")

    def described(self, versions: int, total: int) -> None:
        """The number of versions that have their features now, of all that lacked them."""
        self._show(f"{versions} of {total} versions described{self._batches}")

    def batches(self, counts: str) -> None:
        """The executor's counts, for the next line."""
        self._batches = f"; {counts}"

    def _show(self, text: str) -> None:
        if self._line:
            self._line.update(text)
            return
        self._text = text
        if time.monotonic() - self._logged_at >= LOG_SECONDS:
            self._log()

    def _log(self) -> None:
        if self._text != self._logged:
            logger.info("%s", self._text)
        self._logged, self._logged_at = self._text, time.monotonic()
