"""The business register (Enhetsregisteret) as a dlt source: main units and sub-units, as they are now.

    first, and every reload_days:  bulk download ──> the units that are new or changed ──> dlt
    else:                          updates since the last one ──> the units they name ──> the same

One call of the source is one load of one kind of unit. A download is read to its end before anything is
loaded, so one that is damaged changes nothing. Which update to go on from is kept in dlt's resource state.

Of a unit only what the models need is kept, and no name: that of a sole trader is a person's. A unit that
is deleted keeps its row: the ads of its time keep their industry.
"""

from __future__ import annotations

import hashlib
import mmap
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import dlt
from dlt.sources.helpers import requests

from extract.config import RegisterSettings
from extract.errors import SourceUnavailable
from extract.executors.bounded_map import map_in_threads
from extract.hashing import canonical_json
from extract.schema import REJECTS, SOURCE_LOADS, UNITS, new_tables
from extract.sources.brreg.download import BulkFile
from extract.sources.http import client_of

SOURCE = "register"
BATCH = 5_000
"""Units in a batch of the download: some twenty megabytes while they are Python objects."""
STATE_HASH = UNITS.schema.get_field_index("state_hash")
UPDATED_BATCH = 25
"""Units that are fetched one by one, in one batch."""
SLACK = timedelta(hours=1)
"""Updates are read from so long before the download was made; a unit that did not change is not written."""
AGE_OF_DOWNLOAD = timedelta(days=2)
"""The age of a download of which the server does not say when it was made: it is made at night."""


class Kind(NamedTuple):
    """Main units or sub-units, and what the register calls them."""

    name: str
    path: str
    updated: str


KINDS = (
    Kind("main_unit", "enheter", "oppdaterteEnheter"),
    Kind("sub_unit", "underenheter", "oppdaterteUnderenheter"),
)


@dataclass
class Reading:
    """One load of one kind of unit."""

    kind: Kind
    settings: RegisterSettings
    folder: Path
    """Where downloads are kept."""
    known: array[int]
    """The state_hash of every unit of that kind in the warehouse, sorted: eight bytes a unit."""
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    is_reload: bool = False
    is_done: bool = False
    read: int = 0
    changed: int = 0
    rejects: int = 0


@dlt.source(name=SOURCE)
def register(reading: Reading) -> Any:
    """The next load of one kind of unit. Raises SourceUnavailable; nothing is then loaded."""

    @dlt.resource(name="units")
    def units() -> Iterator[Any]:
        stored = dlt.current.resource_state()
        yield from new_tables(stored)
        state = dict(stored.get(reading.kind.name, {}))
        reloaded_at = datetime.fromisoformat(state["reloaded_at"]) if state else None
        days = timedelta(days=reading.settings.reload_days)
        extracted_at = datetime.now(UTC)
        if reloaded_at is None or reading.started_at - reloaded_at >= days:
            yield from _rows(reading, _download(reading, state), extracted_at)
        else:
            yield from _rows(reading, _updates(reading, state), extracted_at)
        stored[reading.kind.name] = state

    return units


def _download(reading: Reading, state: dict[str, Any]) -> Iterator[list[Any]]:
    """All units, a batch at a time; sets the state to go on from."""
    reading.is_reload = reading.is_done = True
    url = f"{reading.settings.base_url}/api/{reading.kind.path}/lastned"
    file = BulkFile(client_of(reading.settings), url, reading.folder, reading.kind.path)
    made_at = file.fetch(reading.settings.attempts) or reading.started_at - AGE_OF_DOWNLOAD
    batch: list[Any] = []
    for objects in file.objects():
        batch += objects
        if len(batch) >= BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
    file.discard()
    state.clear()
    state["reloaded_at"] = reading.started_at.isoformat()
    state["since"] = (made_at - SLACK).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _updates(reading: Reading, state: dict[str, Any]) -> Iterator[list[Any]]:
    """The units that the next updates name, as they are now; moves the state on."""
    settings, kind = reading.settings, reading.kind
    # by number and not by page: new updates do not move the pages that way
    begin = {"oppdateringsid": state["next_id"]} if "next_id" in state else {"dato": state["since"]}
    client = client_of(settings)
    url = f"{settings.base_url}/api/oppdateringer/{kind.path}"
    page = _json(client, url, {**begin, "size": settings.updates_per_load}) or {}
    updates = page.get("_embedded", {}).get(kind.updated, [])
    reading.is_done = len(updates) < settings.updates_per_load
    next_id = max((int(update["oppdateringsid"]) for update in updates), default=0) + 1
    if updates and next_id <= state.get("next_id", 0):
        raise SourceUnavailable(
            f"The business register answers updates up to number {next_id - 1:,} where those from "
            f"{state['next_id']:,} on were asked for ({url}). What was read before is kept; try later."
        )
    # of a deleted unit the register tells less than the warehouse holds
    numbers = dict.fromkeys(str(update["organisasjonsnummer"]) for update in updates)
    remaining = iter(numbers)
    batches = iter(lambda: list(islice(remaining, UPDATED_BATCH)), [])
    fetch = partial(_fetch, client=client, url=f"{settings.base_url}/api/{kind.path}")
    for units in map_in_threads(fetch, batches, settings.concurrency):
        yield [unit for unit in units if not unit.get("slettedato")]
    if updates:
        state["next_id"] = next_id


def _fetch(numbers: Sequence[str], client: requests.Client, url: str) -> list[dict[str, Any]]:
    """The units of these numbers, less those that are no longer shown."""
    units = (_json(client, f"{url}/{number}") for number in numbers)
    return [unit for unit in units if unit is not None]


def _json(client: requests.Client, url: str, query: dict[str, Any] | None = None) -> dict[str, Any] | None:
    """The object that is answered; None where the register knows nothing (404) or shows it no more (410)."""
    try:
        response = client.get(url, params=query)
        if response.status_code in (404, 410):
            return None
        response.raise_for_status()
        answer = response.json()
    except (requests.RequestException, ValueError) as error:
        raise SourceUnavailable(
            f"The business register does not answer as it should: {error}. What was read before is kept; "
            "try later."
        ) from None
    return answer if isinstance(answer, dict) else None


def _rows(reading: Reading, batches: Iterator[list[Any]], extracted_at: datetime) -> Iterator[Any]:
    """The items of one load: the units that are not in the warehouse as they are."""
    kind = reading.kind.name
    seen = _Numbers()
    for batch in batches:
        reading.read += len(batch)
        rows, rejects = [], []
        for unit in batch:
            number = unit.get("organisasjonsnummer")
            if not isinstance(number, str) or not number.isdecimal() or len(number) != 9:
                rejects.append(_reject(number, extracted_at))
            elif seen.add(int(number)):
                # a merge does not deduplicate inside a load
                row = _row(number, kind, unit, extracted_at)
                if not _holds(reading.known, row[STATE_HASH]):
                    rows.append(row)
        reading.changed += len(rows)
        reading.rejects += len(rejects)
        if rows:
            yield UNITS.item(UNITS.batch(rows))
        if rejects:
            yield REJECTS.item(REJECTS.batch({row[0]: row for row in rejects}.values()))
    if reading.read:
        repeats = reading.read - reading.changed - reading.rejects
        counts = (reading.read, reading.changed, repeats, reading.rejects)
        key = f"{SOURCE} {kind} {extracted_at.isoformat()}"
        yield SOURCE_LOADS.item(
            SOURCE_LOADS.batch([(key, SOURCE, reading.started_at, extracted_at, *counts)])
        )


def _holds(known: array[int], state_hash: int) -> bool:
    place = bisect_left(known, state_hash)
    return place < len(known) and known[place] == state_hash


class _Numbers:
    """A set of numbers of nine digits in a bit each: 125 MB of address space, of which only what is used
    is held, and units' numbers lie close together."""

    def __init__(self) -> None:
        self._bits = mmap.mmap(-1, 10**9 // 8)

    def add(self, number: int) -> bool:
        """Take it in; returns whether it is new."""
        place, bit = number >> 3, 1 << (number & 7)
        if self._bits[place] & bit:
            return False
        self._bits[place] |= bit
        return True


def _row(number: str, kind: str, unit: dict[str, Any], extracted_at: datetime) -> tuple[Any, ...]:
    parent = unit.get("overordnetEnhet")
    columns = (
        number,
        kind,
        parent if isinstance(parent, str) else None,
        _code(unit.get("naeringskode1")),
        _code(unit.get("organisasjonsform")),
    )
    digest = hashlib.blake2b(repr(columns).encode(), digest_size=8).digest()
    return (*columns, int.from_bytes(digest, "big", signed=True), extracted_at)


def _code(value: Any) -> str | None:
    code = value.get("kode") if isinstance(value, dict) else None
    return code if isinstance(code, str) else None


def _reject(number: Any, extracted_at: datetime) -> tuple[Any, ...]:
    payload = canonical_json({"organisasjonsnummer": number})
    reject_id = hashlib.blake2b(f"{SOURCE} {payload}".encode(), digest_size=16).hexdigest()
    return (reject_id, SOURCE, None, "a unit without a number of nine digits", payload, extracted_at)
