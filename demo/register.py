"""A mock of the business register: its bulk downloads, its single units and its updates.

    /enhetsregisteret/api/enheter/lastned, .../underenheter/lastned      one gzip-ed JSON array, with Range
    /enhetsregisteret/api/enheter/{number}, .../underenheter/{number}    one unit, 404 if unknown
    /enhetsregisteret/api/oppdateringer/enheter, .../underenheter   ?dato= or ?oppdateringsid=, size, page

The employers of the mock feed's ads are in it, half of them as sub-units, under a main unit of their own.
Beside them stand as many others as are wanted. A few units change every hour of the mock feed's clock.
"""

from __future__ import annotations

import os
import tempfile
import zlib
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from aiohttp import web

from demo.employers import orgnr_of, possible_employers, with_check_digit
from demo.times import HOUR, micros, parse_timestamp, timestamp

PREFIX = "/enhetsregisteret/api/"
CHANGES_AN_HOUR = 3
KEPT_HOURS = 24 * 30
"""So far back from the first question the register's updates reach."""
LARGEST_PAGE = 10_000

_INDUSTRIES = {
    "kommune": "84.110",
    "fylkeskommune": "84.110",
    "tjenester": "84.120",
    "omsorg": "88.101",
    "sykehus": "86.101",
    "Renhold": "81.210",
    "Bygg": "41.200",
    "Regnskap": "69.201",
    "Helse": "86.909",
    "Transport": "49.410",
    "Data": "62.100",
    "Handel": "47.110",
    "Elektro": "43.210",
    "Mat": "56.110",
    "Barnehage": "88.911",
    "Rekruttering": "78.100",
    "Maskin": "28.990",
}
_OTHERS = ("01.110", "03.211", "41.200", "45.200", "46.900", "62.010", "68.200", "85.201", "96.020", "00.000")

# The first eight digits of numbers are counted down from here by two, for of two that follow each other at
# least one has a check digit. No employer's number begins with 94 to 97.
_FIRST_DIGITS = {"enheter": 97_999_999, "underenheter": 95_999_999}


class Unit(NamedTuple):
    """A unit without its history."""

    number: str
    name: str
    code: str | None
    parent: str | None


class Change(NamedTuple):
    """One line of the updates: which unit (by its place) changed at which microsecond."""

    number: int
    at: int
    place: int


class Register:
    """`size` units, main units and sub-units by halves, but no fewer than the employers need."""

    def __init__(self, size: int) -> None:
        self.units: dict[str, list[Unit]] = {"enheter": [], "underenheter": []}
        for index, employer in enumerate(possible_employers()):
            code = next((c for word, c in _INDUSTRIES.items() if word in employer.name), None)
            if index % 2:
                self.units["enheter"].append(Unit(employer.orgnr, employer.name, code, None))
            else:
                parent = orgnr_of(f"{employer.name} hovedenhet")
                self.units["enheter"].append(Unit(parent, employer.name, code, None))
                # some sub-units have no code of their own
                own = None if index % 20 == 0 else code
                self.units["underenheter"].append(Unit(employer.orgnr, employer.name, own, parent))
        self._begins_with = {kind: len(units) for kind, units in self.units.items()}
        self._named = {
            kind: {unit.number: place for place, unit in enumerate(units)}
            for kind, units in self.units.items()
        }
        self._size = {kind: max(size // 2, len(units)) for kind, units in self.units.items()}
        self._folder = tempfile.TemporaryDirectory(prefix="register-")
        self._first_asked: int | None = None

    def answer(self, request: web.BaseRequest, now: int) -> web.StreamResponse:
        """Answer a request below PREFIX; `now` is the mock feed's clock in microseconds."""
        if self._first_asked is None:
            self._first_asked = now
        kind, _, rest = request.path.removeprefix(PREFIX).partition("/")
        if kind == "oppdateringer" and rest in self.units:
            return self._updates(request, rest, now)
        if kind in self.units and rest == "lastned":
            return web.FileResponse(
                self.file(kind, now), headers={"Content-Type": "application/gzip"}, chunk_size=1 << 20
            )
        place = self._place_of(kind, rest) if kind in self.units else None
        if place is None:
            return web.Response(status=404, body=b"{}", content_type="application/json")
        return _json(self._object(kind, place, now))

    def file(self, kind: str, now: int) -> Path:
        """The bulk download of an hour, made when it is first asked for."""
        path = Path(self._folder.name) / f"{kind}-{now // HOUR}.json.gz"
        if not path.exists():
            packer = zlib.compressobj(level=1, wbits=31)
            part = path.with_suffix(".part")
            with part.open("wb") as out:
                for index, text in enumerate(self._objects(kind, now)):
                    out.write(packer.compress((b"[" if index == 0 else b",\n") + text))
                out.write(packer.compress(b"]") + packer.flush())
            # the download says when it was made, by the mock feed's clock
            os.utime(part, (now / 1_000_000, now / 1_000_000))
            part.rename(path)
        return path

    def unit(self, kind: str, place: int) -> Unit:
        """The unit in that place of the download."""
        named = self.units[kind]
        if place < len(named):
            return named[place]
        code = _OTHERS[place % len(_OTHERS)]
        if kind == "enheter":
            return Unit(_number(kind, place), f"Enhet {place} AS", code, None)
        parent = _number("enheter", max(place, self._begins_with["enheter"]))
        return Unit(_number(kind, place), f"Avdeling {place}", code, parent)

    def _objects(self, kind: str, now: int) -> Iterator[bytes]:
        changed = {change.place: change.number for change in self._changes(kind, now)}
        for place in range(self._size[kind]):
            yield orjson.dumps(_as_json(self.unit(kind, place), kind, changed.get(place, 0)))

    def _object(self, kind: str, place: int, now: int) -> bytes:
        changed = {change.place: change.number for change in self._changes(kind, now)}
        return orjson.dumps(_as_json(self.unit(kind, place), kind, changed.get(place, 0)))

    def _place_of(self, kind: str, number: str) -> int | None:
        if number in self._named[kind]:
            return self._named[kind][number]
        place = (_FIRST_DIGITS[kind] - int(number[:8])) // 2 if number.isdecimal() else -1
        is_there = self._begins_with[kind] <= place < self._size[kind] and _number(kind, place) == number
        return place if is_there else None

    def _changes(self, kind: str, now: int) -> list[Change]:
        """All changes up to now, the oldest first; their numbers rise with time, with gaps."""
        first = ((self._first_asked or now) // HOUR) - KEPT_HOURS
        changes = []
        for hour in range(first, now // HOUR + 1):
            for turn in range(CHANGES_AN_HOUR):
                digest = blake2b(f"{kind} {hour} {turn}".encode(), digest_size=8).digest()
                # half of the changes are employers', so that a demonstration sees them
                among = self._begins_with[kind] if turn % 2 else self._size[kind]
                at = hour * HOUR + turn * HOUR // CHANGES_AN_HOUR
                if at <= now:
                    place = int.from_bytes(digest, "big") % among
                    changes.append(Change(hour * 10 + turn * 3, at, place))
        return changes

    def _updates(self, request: web.BaseRequest, kind: str, now: int) -> web.Response:
        query = request.query
        size = int(query.get("size", "20"))
        page = int(query.get("page", "0"))
        if not 0 < size <= LARGEST_PAGE or size * (page + 1) > LARGEST_PAGE:
            return web.Response(status=400, body=b'{"feilmelding": "size * (page + 1) <= 10000"}')
        changes = self._changes(kind, now)
        if "oppdateringsid" in query:
            changes = [change for change in changes if change.number >= int(query["oppdateringsid"])]
        if "dato" in query:
            since = micros(parse_timestamp(query["dato"]))
            changes = [change for change in changes if change.at >= since]
        shown = changes[size * page : size * (page + 1)]
        name = "oppdaterteEnheter" if kind == "enheter" else "oppdaterteUnderenheter"
        body: dict[str, Any] = {
            "page": {
                "size": size,
                "totalElements": len(changes),
                "totalPages": -(-len(changes) // size),
                "number": page,
            }
        }
        if shown:
            body["_embedded"] = {
                name: [
                    {
                        "oppdateringsid": change.number,
                        "dato": timestamp(change.at)
                        .isoformat(timespec="milliseconds")
                        .replace("+00:00", "Z"),
                        "organisasjonsnummer": self.unit(kind, change.place).number,
                        "endringstype": "Endring",
                    }
                    for change in shown
                ]
            }
        return _json(orjson.dumps(body))


def _number(kind: str, place: int) -> str:
    digits = _FIRST_DIGITS[kind] - 2 * place
    return with_check_digit(f"{digits}") or with_check_digit(f"{digits - 1}") or ""


def _as_json(unit: Unit, kind: str, change: int) -> dict[str, Any]:
    """A unit as the register writes it; a change gives it another code."""
    code = unit.code
    if change and code is not None:
        code = _OTHERS[change % (len(_OTHERS) - 1)]
    address = {
        "land": "Norge",
        "landkode": "NO",
        "postnummer": f"{int(unit.number) % 9999:04d}",
        "poststed": "OSLO",
        "adresse": ["Storgata 1"],
        "kommune": "OSLO",
        "kommunenummer": "0301",
    }
    link = f"https://data.brreg.no/enhetsregisteret/api/{kind}/{unit.number}"
    body: dict[str, Any] = {
        "organisasjonsnummer": unit.number,
        "navn": unit.name.upper(),
        "organisasjonsform": {
            "kode": "BEDR" if unit.parent else "AS",
            "beskrivelse": "Underenhet til næringsdrivende" if unit.parent else "Aksjeselskap",
            "_links": {"self": {"href": "https://data.brreg.no/enhetsregisteret/api/organisasjonsformer"}},
        },
        "registreringsdatoEnhetsregisteret": "1995-02-20",
        "registrertIMvaregisteret": False,
        "antallAnsatte": int(unit.number) % 90,
        "harRegistrertAntallAnsatte": True,
        "beliggenhetsadresse" if unit.parent else "forretningsadresse": address,
        "_links": {"self": {"href": link}},
    }
    if code is not None:
        body["naeringskode1"] = {"kode": code, "beskrivelse": 'Virksomhet i næringen {verden}, og "mer"'}
    if unit.parent:
        body["overordnetEnhet"] = unit.parent
    return body


def _json(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="application/json")
