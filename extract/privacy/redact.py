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

from extract.hashing import storable_text
from extract.privacy.masking import mask
from extract.privacy.personal_data import NameIndex

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
    names: list[str] = []
    texts: list[tuple[Any, Any, str]] = []
    redacted: dict[str, Any] = {}
    todo: list[tuple[Any, Any]] = [(ad, redacted)]
    while todo:
        source, target = todo.pop()
        items = source.items() if isinstance(source, dict) else enumerate(source)
        for key, value in items:
            if key == DROPPED_FIELD:
                if isinstance(value, _CONTAINERS):
                    names += _names_in(value)
                continue
            place = key if isinstance(key, int) or key.isidentifier() else storable_text(key)
            if isinstance(value, str):
                target[place] = value
                if not (key in structural and looks_structural(value)):
                    texts.append((target, place, value))
            elif isinstance(value, _CONTAINERS):
                target[place] = copy = {} if isinstance(value, dict) else [None] * len(value)
                todo.append((value, copy))
            else:
                target[place] = value
    index = NameIndex(names)
    for target, place, text in texts:
        target[place] = mask(text, index)
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


def _names_in(contacts: Any) -> list[str]:
    """Names of a contact list, also of what is nested in it."""
    names: list[str] = []
    todo: list[Any] = [contacts]
    while todo:
        value = todo.pop()
        if isinstance(value, dict):
            if isinstance(name := value.get("name"), str):
                names.append(name)
            value = value.values()
        else:
            names += [child for child in value if isinstance(child, str)]
        todo += [child for child in value if isinstance(child, _CONTAINERS)]
    return names
