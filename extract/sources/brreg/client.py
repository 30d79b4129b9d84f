"""What is asked of the business register: bulk downloads, updates, and single units.

    GET KIND/lastned ──> a temporary file ──> gunzip ──> units
    GET oppdateringer/KIND ──> numbers of units ──> GET KIND/NUMBER, several at once ──> units

What cannot be right is a reject. An answer that is no answer of the register moves nothing on.
"""

from __future__ import annotations

import asyncio
import gzip
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlencode

import aiohttp
import ijson

from extract.config import RegisterSettings
from extract.errors import ConfigurationError, SourceUnavailable
from extract.hashing import canonical_json, decode_json
from extract.privacy.redact import is_organisation_number, redact
from extract.sources.http import Answer, HttpClient, RetryableError
from extract.sources.loads import Reject

CHUNK = 1 << 18
DOWNLOAD_SECONDS = 3600
"""The longest time of one attempt."""
MAX_UNIT_BYTES = 32 << 20
HIGHEST_UPDATE = 10**10
"""The register numbered some 30 million updates in ten years: what is above this is no number of one."""
MAX_PENDING = 50
"""Units that cannot be shown; with more of them the register counts as unavailable."""

KINDS = {"main_unit": "enheter", "sub_unit": "underenheter"}
"""The kinds of units, and what the register calls them."""


class RegisterClient:
    """Asks for the units of one kind."""

    def __init__(self, settings: RegisterSettings, kind: str) -> None:
        self._settings, self._name = settings, KINDS[kind]
        self._units_url = f"{settings.base_url}/api/{self._name}"
        self._updates_url = f"{settings.base_url}/api/oppdateringer/{self._name}"
        self.made_at: datetime | None = None
        """When the register made the download (UTC), if it says so."""

    def download(self, folder: Path) -> Iterator[Any]:
        """All elements of the bulk download. Raises SourceUnavailable, also where it is damaged or empty."""
        url = f"{self._units_url}/lastned"
        unit: Any = None
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            asyncio.run(self._fetch(url, file))
            file.seek(0)
            try:
                reader = _Reader(gzip.GzipFile(fileobj=file))
                for unit in ijson.items(reader, "item", use_float=True):
                    reader.since_unit = 0
                    yield unit
                if unit is None:
                    raise EOFError("there are no units in it")
            except (EOFError, zlib.error, gzip.BadGzipFile, ijson.JSONError) as error:
                raise SourceUnavailable(
                    f"{url} sent a file that is damaged ({str(error).splitlines()[0]}). Nothing in the "
                    "warehouse has changed; run again to download it anew."
                ) from None

    async def _fetch(self, url: str, file: BinaryIO) -> None:
        async def save(response: aiohttp.ClientResponse) -> None:
            _refuse(response.status, url)
            file.seek(0)
            file.truncate()
            async for chunk in response.content.iter_chunked(CHUNK):
                file.write(chunk)
            with suppress(KeyError, ValueError):
                self.made_at = parsedate_to_datetime(response.headers["Last-Modified"]).astimezone(UTC)

        limits = aiohttp.ClientTimeout(DOWNLOAD_SECONDS, sock_read=self._settings.read_timeout)
        packed = {"Accept-Encoding": "identity"}
        async with HttpClient(self._settings) as client:
            await client.request("GET", url, save, timeout=limits, auto_decompress=False, headers=packed)

    def changed_units(self, state: dict[str, Any]) -> tuple[list[Any], bool]:
        """The units that the next updates name, as they are now, and rejects; whether no updates follow.

        Moves the state on. A unit that cannot be shown stays pending in it, and is asked for again by each
        later run. Raises SourceUnavailable, ConfigurationError.
        """
        return asyncio.run(self._changed_units(state))

    async def _changed_units(self, state: dict[str, Any]) -> tuple[list[Any], bool]:
        # by number and not by page: new updates do not move the pages that way
        query = {"oppdateringsid": state["next_id"]} if "next_id" in state else {"dato": state["since"]}
        url = f"{self._updates_url}?{urlencode({**query, 'size': self._settings.updates_per_load})}"
        async with HttpClient(self._settings, self._settings.concurrency) as client:
            updates = await client.get(url, self._updates_in)
            newest = max((update["oppdateringsid"] for update in updates if _has_an_id(update)), default=0)
            if newest:
                if newest < state.get("next_id", 0):
                    raise SourceUnavailable(
                        f"{self._updates_url} answers updates up to number {newest:,} where those from "
                        f"{state['next_id']:,} on were asked for. What was read before is kept; try later."
                    )
                state["next_id"] = newest + 1
            before = state.pop("pending", [])
            named = [update["organisasjonsnummer"] for update in updates if _names_a_unit(update)]
            numbers = list(dict.fromkeys([*before, *named]))
            answers = await asyncio.gather(*(self._unit(client, number) for number in numbers))
        units = dict(zip(numbers, answers, strict=True))
        failed = [number for number, unit in units.items() if isinstance(unit, SourceUnavailable)]
        if len(failed) > MAX_PENDING:
            raise SourceUnavailable(
                f"{self._units_url} cannot show {len(failed)} of {len(numbers)} units. What was read before "
                "is kept; try later."
            )
        if failed:
            state["pending"] = failed
        odd = [update for update in updates if not (_has_an_id(update) and _names_a_unit(update))]
        rejects = [reject("an update without its number or that of a unit", update) for update in odd]
        rejects += [reject("a unit that cannot be shown", n) for n in failed if n not in before]
        shown = [unit for number, unit in units.items() if unit and number not in failed]
        return [*rejects, *shown], len(updates) < self._settings.updates_per_load or not newest

    def _updates_in(self, answer: Answer) -> list[Any]:
        _refuse(answer.status, self._updates_url)
        page = _object_in(answer)
        if not {"_embedded", "page"} & set(page):
            raise RetryableError("sent no page of updates")
        updates = (page.get("_embedded") or {}).get(f"oppdaterte{self._name.capitalize()}") or []
        if not isinstance(updates, list):
            raise RetryableError("sent no list of updates")
        return updates

    async def _unit(self, client: HttpClient, number: str) -> Any:
        """The unit, a reject, or why it cannot be shown; None if the register has it no more."""

        def parse(answer: Answer) -> Any:
            return None if answer.status in (404, 410) else _object_in(answer)

        try:
            unit = await client.get(f"{self._units_url}/{number}", parse)
        except SourceUnavailable as error:
            return error
        if unit is None or unit.get("slettedato"):
            return None  # of a deleted unit the register says less than the warehouse holds
        is_other = unit.get("organisasjonsnummer") != number
        return reject("another unit than the one asked for", number) if is_other else unit


def reject(reason: str, shown: Any) -> Reject:
    """The reject that shows this value, redacted."""
    return Reject(reason, canonical_json(redact({"organisasjonsnummer": shown})))


def _refuse(status: int, url: str) -> None:
    if status != 200:
        raise ConfigurationError(f"{url} answers {status}: look at base_url of [sources.register].")


def _object_in(answer: Answer) -> dict[str, Any]:
    try:
        return dict(decode_json(answer.body))
    except (TypeError, ValueError):
        raise RetryableError("sent no JSON object") from None


def _has_an_id(update: Any) -> bool:
    number = update.get("oppdateringsid") if isinstance(update, dict) else None
    return type(number) is int and 0 < number < HIGHEST_UPDATE


def _names_a_unit(update: Any) -> bool:
    return isinstance(update, dict) and is_organisation_number(update.get("organisasjonsnummer"))


class _Reader:
    """Reads a stream, and fails where no unit ends within MAX_UNIT_BYTES. Blanks compress to nothing."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.since_unit = 0

    def read(self, size: int = -1) -> bytes:
        """The next bytes. Raises EOFError."""
        chunk: bytes = self._stream.read(size)
        self.since_unit += len(chunk)
        if self.since_unit > MAX_UNIT_BYTES:
            raise EOFError(f"no unit ends within {MAX_UNIT_BYTES >> 20} MB")
        return chunk
