"""The register's updates: which units changed since a number, and these units as they are now.

    GET oppdateringer/KIND ──> numbers of units ──> GET KIND/NUMBER, several at once ──> units

A unit that the register cannot show now stays pending in the state, and each later run asks for it again.
"""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlencode

from extract.config import RegisterSettings
from extract.errors import ConfigurationError, SourceUnavailable
from extract.hashing import decode_json
from extract.sources.brreg.units import Kind, is_organisation_number, reject
from extract.sources.http import Answer, HttpClient, HttpSettings, RetryableError
from extract.sources.load_log import Reject

HIGHEST_UPDATE = 10**10
"""The register numbered some 30 million updates in ten years: what is above this is no number of one."""
MAX_PENDING = 50
"""Units that cannot be shown; with more of them the register counts as unavailable."""


class Updates:
    """The next updates of one kind of unit. `state` is moved on, and holds the units that are pending."""

    def __init__(self, settings: RegisterSettings, kind: Kind, state: dict[str, Any]) -> None:
        self._settings, self._kind, self._state = settings, kind, state
        self._units_url = f"{settings.base_url}/api/{kind.path}"
        self._updates_url = f"{settings.base_url}/api/oppdateringer/{kind.path}"
        self.is_last = False

    def units(self) -> list[Any]:
        """The units that the next updates name, and rejects. Raises SourceUnavailable, ConfigurationError."""
        return asyncio.run(self._units())

    async def _units(self) -> list[Any]:
        settings, state = self._settings, self._state
        # by number and not by page: new updates do not move the pages that way
        query = {"oppdateringsid": state["next_id"]} if "next_id" in state else {"dato": state["since"]}
        url = f"{self._updates_url}?{urlencode({**query, 'size': settings.updates_per_load})}"
        async with HttpClient(HttpSettings.of(settings), settings.concurrency) as client:
            updates = await client.get(url, self._updates_in)
            results: list[Any] = list(filter(None, map(_rejected, updates)))
            self._move_on(updates)
            before = state.pop("pending", [])
            named = [update["organisasjonsnummer"] for update in updates if _names_a_unit(update)]
            numbers = list(dict.fromkeys([*before, *named]))
            answers = await asyncio.gather(*(self._unit(client, number) for number in numbers))
        failed = {number: answer for number, answer in zip(numbers, answers, strict=True) if _failed(answer)}
        if len(failed) > MAX_PENDING:
            raise next(iter(failed.values()))
        if failed:
            state["pending"] = list(failed)
        results += [
            reject("a unit that the register cannot show; asked for again", {"organisasjonsnummer": number})
            for number in failed
            if number not in before
        ]
        # of a deleted unit the register says less than the warehouse holds
        results += [one for one in answers if one and not _failed(one) and not _is_deleted(one)]
        return results

    def _updates_in(self, answer: Answer) -> list[Any]:
        if answer.status in (404, 410):
            raise ConfigurationError(
                f"{self._updates_url} answers {answer.status}: look at base_url of [sources.register]."
            )
        page = _json(answer)
        if not isinstance(page, dict) or not {"_embedded", "page"} & set(page):
            raise RetryableError("sent no page of updates")
        updates = (page.get("_embedded") or {}).get(self._kind.updated) or []
        if not isinstance(updates, list):
            raise RetryableError("sent no list of updates")
        return updates

    def _move_on(self, updates: list[Any]) -> None:
        ids = [update["oppdateringsid"] for update in updates if _has_an_id(update)]
        self.is_last = len(updates) < self._settings.updates_per_load or not ids
        if not ids:
            return
        if max(ids) < self._state.get("next_id", 0):
            raise SourceUnavailable(
                f"The business register answers updates up to number {max(ids):,} where those from "
                f"{self._state['next_id']:,} on were asked for ({self._updates_url}). What was read before "
                "is kept; try later."
            )
        self._state["next_id"] = max(ids) + 1

    async def _unit(self, client: HttpClient, number: str) -> Any:
        """The unit, a reject, None if the register does not show it any more, or why it cannot be shown."""
        try:
            unit = await client.get(f"{self._units_url}/{number}", _json)
        except SourceUnavailable as error:
            return error
        if unit is not None and unit.get("organisasjonsnummer") != number:
            return reject("another unit than the one asked for", {"organisasjonsnummer": number})
        return unit


def _json(answer: Answer) -> Any:
    """The object that is answered; None where the register knows nothing (404) or does not show it (410)."""
    if answer.status in (404, 410):
        return None
    if answer.status != 200:
        raise SourceUnavailable(f"The business register answered {answer.status}; try later.")
    try:
        value = decode_json(answer.body)
    except ValueError as error:
        raise RetryableError(f"sent a broken answer ({error})") from None
    if not isinstance(value, dict):
        raise RetryableError("sent no object")
    return value


def _failed(answer: Any) -> bool:
    return isinstance(answer, SourceUnavailable)


def _is_deleted(unit: Any) -> bool:
    return isinstance(unit, dict) and bool(unit.get("slettedato"))


def _has_an_id(update: Any) -> bool:
    number = update.get("oppdateringsid") if isinstance(update, dict) else None
    return type(number) is int and 0 < number < HIGHEST_UPDATE


def _names_a_unit(update: Any) -> bool:
    return isinstance(update, dict) and is_organisation_number(update.get("organisasjonsnummer"))


def _rejected(update: Any) -> Reject | None:
    if _has_an_id(update) and _names_a_unit(update):
        return None
    reason = "an update without a plausible number of its own and that of a unit"
    return reject(reason, {"update": update})
