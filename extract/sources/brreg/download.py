"""The register's bulk downloads: a file that is fetched with resumption, and read as a stream.

    GET lastned ──> KIND.json.gz.part ──> gunzip ──> units

A download that broke off, in this run or in an earlier one, goes on where it ended if the file is still the
same on the server (If-Range), and begins again if not.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import aiohttp
import ijson

from extract.errors import ConfigurationError, SourceUnavailable
from extract.sources.http import HttpClient, HttpSettings, RetryableError, with_retries

CHUNK = 1 << 18
DOWNLOAD_SECONDS = 3600
"""Of one attempt; the next goes on where it ended."""
MAX_UNIT_BYTES = 32 << 20


class BulkFile:
    """One bulk download, kept under `folder` until it is discarded."""

    def __init__(self, settings: HttpSettings, url: str, folder: Path, kind: str) -> None:
        self._settings, self._url = settings, url
        self._file = folder / f"{kind}.json.gz.part"
        self._notes = folder / f"{kind}.json"

    def fetch(self) -> datetime | None:
        """Download it, or what is missing of it; returns when the server made it (UTC), if it says so.

        Raises ConfigurationError, SourceUnavailable; what was read is kept.
        """
        self._file.parent.mkdir(parents=True, exist_ok=True)
        asyncio.run(with_retries(self._fetch_on, self._settings, self._url))
        try:
            return parsedate_to_datetime(self._noted()["modified"]).astimezone(UTC)
        except (KeyError, TypeError, ValueError):
            return None

    def units(self) -> Iterator[Any]:
        """The elements of the downloaded array. Raises SourceUnavailable if it is damaged."""
        try:
            with gzip.open(self._file) as unpacked:
                reader = _Reader(unpacked)
                for unit in ijson.items(reader, "item", use_float=True):
                    reader.since_unit = 0
                    yield unit
        except (EOFError, zlib.error, gzip.BadGzipFile, ijson.JSONError) as error:
            self.discard()
            raise SourceUnavailable(
                f"{self._url} sent a file that is damaged ({str(error).splitlines()[0]}). Nothing in the "
                "warehouse has changed; run again to download it anew."
            ) from None

    def discard(self) -> None:
        """Remove it."""
        self._file.unlink(missing_ok=True)
        self._notes.unlink(missing_ok=True)

    async def _fetch_on(self) -> None:
        """Fetch what is missing. Raises RetryableError if the file is not whole then."""
        have = self._file.stat().st_size if self._file.exists() else 0
        headers = {"Accept-Encoding": "identity"}
        if have and (validator := self._noted().get("validator")):
            headers |= {"Range": f"bytes={have}-", "If-Range": validator}
        timeout = aiohttp.ClientTimeout(DOWNLOAD_SECONDS, sock_read=self._settings.read_timeout)
        options: dict[str, Any] = {"timeout": timeout, "auto_decompress": False}
        async with (
            HttpClient(self._settings) as client,
            client.open("GET", self._url, headers, **options) as response,
        ):
            if response.status == 416:
                if response.headers.get("Content-Range") == f"bytes */{have}":
                    return
                self.discard()
                raise RetryableError("has another file now")
            if response.status not in (200, 206):
                raise ConfigurationError(
                    f"{self._url} answers {response.status}: look at base_url of [sources.register]."
                )
            if response.status == 200:
                etag, modified = response.headers.get("ETag", ""), response.headers.get("Last-Modified")
                # a weak ETag is no proof that the bytes are the same
                validator = etag if etag and not etag.startswith("W/") else modified
                self._notes.write_text(json.dumps({"validator": validator, "modified": modified}))
            with self._file.open("ab" if response.status == 206 else "wb") as out:
                async for chunk in response.content.iter_chunked(CHUNK):
                    out.write(chunk)

    def _noted(self) -> dict[str, Any]:
        try:
            return dict(json.loads(self._notes.read_text()))
        except (OSError, TypeError, ValueError):
            return {}


class _Reader:
    """Reads a stream, and fails where a unit does not end: blanks aside, it would fill the memory."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.since_unit = 0

    def read(self, size: int = -1) -> bytes:
        """The next bytes. Raises EOFError."""
        chunk: bytes = self._stream.read(size)
        self.since_unit += len(chunk.strip())
        if self.since_unit > MAX_UNIT_BYTES:
            raise EOFError(f"no unit ends within {MAX_UNIT_BYTES >> 20} MB")
        return chunk
