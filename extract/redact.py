"""Personal data out of an ad, before it leaves extract/: ad -> the same ad without it.

`contactList` is dropped wherever it stands. In every other string, at any depth, e-mail addresses,
phone numbers, Norwegian national identity numbers and the names of the contact list are replaced
by [e-mail], [phone], [identity number] and [name]. Pure functions: the input is never changed.

Structural fields keep their digits. STRUCTURAL_FIELDS names those that hold machine values (keys,
codes, instants, coordinates), whose digits would read as phone numbers. The exemption is for what
such a value looks like, at most 64 characters without an '@' or a space; anything
else under such a key is treated as text. URLs are text, too: the digits of an address are kept by
the rule for numbers, and an e-mail address or a name in one is masked.

masking.py masks one text, personal_data.py and phone_numbers.py hold the patterns.
"""

from collections.abc import Iterable, Set
from typing import Any

from extract.canonical import storable_text
from extract.masking import mask
from extract.personal_data import NameIndex

RULES_VERSION = 1  # raise it with any change of what is masked: documents differ from then on

DROPPED_FIELD = "contactList"
STRUCTURAL_FIELDS = frozenset(
    # keys and codes: uuids, nine-digit register numbers, STYRK/ISCO/municipality codes
    {"uuid", "id", "orgnr", "parentOrgnr", "code", "categoryType", "municipalCode", "postalCode"}
    # instants and dates, always written by a machine (applicationDue and starttime are free text)
    | {"published", "expires", "updated", "created", "sistEndret", "status"}
    # decimals with more than eight digits
    | {"score", "latitude", "longitude"}
)
_LONGEST_STRUCTURAL_VALUE = 64
_CONTAINERS = (dict, list, tuple)


def redact(ad: dict[str, Any], structural: Set[str] = STRUCTURAL_FIELDS) -> dict[str, Any]:
    """A copy of the ad without personal data; see the module's docstring. `structural` names its fields.

    Walks with a stack of its own: the depth of a document cannot exhaust Python's.
    """
    names = NameIndex(_contact_names(ad))
    redacted: dict[str, Any] = {}
    todo: list[tuple[Any, Any]] = [(ad, redacted)]
    while todo:
        source, target = todo.pop()
        items = source.items() if isinstance(source, dict) else enumerate(source)
        for key, value in items:
            copy: Any = value
            if isinstance(value, str):
                if not (key in structural and looks_structural(value)):
                    copy = mask(value, names)
            elif isinstance(value, _CONTAINERS):
                if key == DROPPED_FIELD:
                    continue
                copy = {} if isinstance(value, dict) else [None] * len(value)
                todo.append((value, copy))
            if key != DROPPED_FIELD:
                target[key if isinstance(key, int) or key.isidentifier() else storable_text(key)] = copy
    return redacted


def redact_text(text: str, names: Iterable[str] = ()) -> str:
    """One text with e-mail addresses, numbers and the given people's names masked."""
    return mask(text, NameIndex(names))


def looks_structural(value: str) -> bool:
    """Whether the text looks like a key, a code or an instant."""
    return (
        len(value) <= _LONGEST_STRUCTURAL_VALUE
        and value.isascii()
        and "@" not in value
        and " " not in value
        and "\x00" not in value
    )


def _contact_names(ad: dict[str, Any]) -> list[str]:
    """Names of all contact lists of the document, also of nested ones."""
    names: list[str] = []
    todo: list[tuple[Any, bool]] = [(ad, False)]
    while todo:
        value, is_contact = todo.pop()
        if isinstance(value, dict):
            name = value.get("name")
            if is_contact and isinstance(name, str):
                names.append(name)
            for key, child in value.items():
                if not isinstance(child, str) and isinstance(child, _CONTAINERS):
                    todo.append((child, is_contact or key == DROPPED_FIELD))
        else:
            for child in value:
                if isinstance(child, _CONTAINERS):
                    todo.append((child, is_contact))
                elif is_contact and isinstance(child, str):
                    names.append(child)
    return names
