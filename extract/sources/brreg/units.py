"""One unit of the business register as a row of `units`: pure functions, no I/O.

Of a unit only what the models need is kept, and no name: that of a sole trader is a person's.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from extract.hashing import canonical_json, hash_of
from extract.privacy.redact import is_organisation_number, redact
from extract.schema import UNITS
from extract.sources.load_log import Reject

SOURCE = "register"
STATE_HASH = UNITS.schema.get_field_index("state_hash")


def unit_row(kind: str, unit: Any, extracted_at: datetime) -> tuple[Any, ...] | Reject:
    """The unit's row of `units`; its `state_hash` is that of the columns before."""
    number = unit.get("organisasjonsnummer") if isinstance(unit, dict) else None
    if not is_organisation_number(number):
        return reject("a unit without a number of nine digits", number)
    parent = unit.get("overordnetEnhet")
    columns = (
        number,
        kind,
        parent if is_organisation_number(parent) else None,
        _code(unit.get("naeringskode1")),
        _code(unit.get("organisasjonsform")),
    )
    return (*columns, hash_of(repr(columns)), extracted_at)


def reject(reason: str, shown: Any) -> Reject:
    """The reject that shows this value, redacted."""
    return Reject(reason, canonical_json(redact({"organisasjonsnummer": shown})))


def _code(value: Any) -> str | None:
    code = value.get("kode") if isinstance(value, dict) else None
    return code if isinstance(code, str) else None
