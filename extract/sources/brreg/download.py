"""The register's bulk downloads: a file that is fetched with resumption, and read as a stream.

GET lastned ──> <kind>.json.gz.part ──> gunzip ──> objects

A download that broke off, in this run or in an earlier one, goes on where it ended if the file is still
the same on the server (If-Range), and begins again if not.
"""

from __future__ import annotations

import json
import logging
import time
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from dlt.sources.helpers import requests
from urllib3.exceptions import HTTPError

from extract.errors import SourceUnavailable
from extract.sources.brreg.json_array import NotAnArray, objects_of

CHUNK = 1 << 18

logger = logging.getLogger(__name__)


class BulkFile:
    """One bulk download, kept under `folder` until it is discarded."""

    def __init__(self, client: requests.Client, url: str, folder: Path, kind: str) -> None:
        self._client = client
        self._url = url
        self._file = folder / f"{kind}.json.gz.part"
        self._notes = folder / f"{kind}.json"

    def fetch(self, attempts: int) -> datetime | None:
        """Download it, or what is missing of it; returns when the server made it (UTC), if it says so.

        Raises SourceUnavailable; what came so far is kept.
        """
        self._file.parent.mkdir(parents=True, exist_ok=True)
        for attempt in range(attempts):
            before = self._size()
            try:
                if self._fetch_on():
                    return self._made_at()
                reason = "it ended early"
            except (requests.RequestException, HTTPError) as error:
                reason = str(error)
            logger.info("%s: %s; %d bytes are here", self._url, reason, self._size())
            if self._size() == before:
                time.sleep(min(0.1 * 2**attempt, 10))
        raise SourceUnavailable(
            f"{self._url} could not be downloaded in {attempts} tries; the last one: {reason}. Nothing in "
            "the warehouse has changed; run again to go on with the download."
        )

    def objects(self) -> Iterator[list[dict[str, Any]]]:
        """The units of the whole download, some at a time.

        Raises SourceUnavailable where it is truncated or corrupt; it is then discarded.
        """
        try:
            yield from objects_of(self._unpacked())
        except (zlib.error, NotAnArray, EOFError) as error:
            self.discard()
            raise SourceUnavailable(
                f"{self._url} sent a file that is damaged ({error}). Nothing in the warehouse has changed; "
                "run again to download it anew."
            ) from None

    def discard(self) -> None:
        """Remove it."""
        self._file.unlink(missing_ok=True)
        self._notes.unlink(missing_ok=True)

    def _size(self) -> int:
        return self._file.stat().st_size if self._file.exists() else 0

    def _fetch_on(self) -> bool:
        """Fetch what is missing; returns whether the file is whole."""
        notes: dict[str, Any] = json.loads(self._notes.read_text()) if self._notes.exists() else {}
        have = self._size()
        headers = {"Accept-Encoding": "identity"}
        if have and notes.get("validator"):
            headers |= {"Range": f"bytes={have}-", "If-Range": notes["validator"]}
        with self._client.get(self._url, headers=headers, stream=True) as response:
            if response.status_code == 416:
                if response.headers.get("Content-Range") == f"bytes */{have}":
                    return True
                self.discard()
                return False
            response.raise_for_status()
            goes_on = response.status_code == 206
            length = response.headers.get("Content-Length")
            total = None if length is None else int(length) + (have if goes_on else 0)
            if not goes_on:
                etag = response.headers.get("ETag", "")
                modified = response.headers.get("Last-Modified")
                # a weak ETag is no proof that the bytes are the same
                validator = etag if etag and not etag.startswith("W/") else modified
                self._notes.write_text(json.dumps({"validator": validator, "modified": modified}))
            with self._file.open("ab" if goes_on else "wb") as out:
                for chunk in response.raw.stream(CHUNK, decode_content=False):
                    out.write(chunk)
        return total is None or self._size() == total

    def _made_at(self) -> datetime | None:
        modified = json.loads(self._notes.read_text()).get("modified") if self._notes.exists() else None
        try:
            return parsedate_to_datetime(modified).astimezone(UTC) if modified else None
        except ValueError:
            return None

    def _unpacked(self) -> Iterator[bytes]:
        unpacker = zlib.decompressobj(wbits=31)
        with self._file.open("rb") as packed:
            while chunk := packed.read(CHUNK):
                while chunk:
                    # bounded: a small file that unpacks to a huge text does not fill the memory
                    yield unpacker.decompress(chunk, 4 * CHUNK)
                    chunk = unpacker.unconsumed_tail
                if unpacker.eof and unpacker.unused_data:
                    raise EOFError("something follows the end of the gzip")
        if not unpacker.eof:
            raise EOFError("the gzip ends early")
