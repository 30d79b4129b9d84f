"""Personal data out of a document, before it leaves extract/. Pure: the input is never changed.

`contactList` is dropped wherever it stands. In every other string, key and whole number, e-mail addresses,
phone numbers, national identity numbers and the names of the contact list are replaced by [e-mail], [phone],
[identity number] and [name].

What stands at or below a code path classifies the ad: names do not mask it. A value at a code path is kept
where it is what it says: an organisation number with its control digit, or else what looks like a code.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Set
from typing import Any

from extract.hashing import MAX_DEPTH, storable_text
from extract.privacy.names import NameIndex
from extract.privacy.patterns import emails, identity_numbers
from extract.privacy.phone_numbers import phones
from extract.privacy.view import across_tags, mask_spans

DROPPED_FIELD = "contactList"
NAV_CODE_PATHS = (
    *("uuid", "id", "published", "expires", "updated", "created", "status", "source", "sector", "extent"),
    *(
        "engagementtype",
        "employer.name",
        "employer.orgnr",
        "workLocations",
        "occupationCategories",
        "categoryList",
    ),
    *("categoryList.code", "categoryList.id", "categoryList.parentId"),
)
_ORGANISATION_NUMBERS = ("orgnr", "parentOrgnr", "organisasjonsnummer")
_TAG_WITH_TEXT = re.compile(r"<(?!at>)[/!?]?[a-zA-Z\[-][\w:]{0,20}[^\w:<>][^<>]+>")
_LONGEST_CODE = 64
_LARGEST_NUMBER = 10**15  # no phone number has more digits
_NO_NAMES = NameIndex(())
_CONTAINERS = (dict, list, tuple)


def redact(
    document: dict[str, Any], *, code_paths: Collection[str] = NAV_CODE_PATHS, names: Iterable[str] = ()
) -> dict[str, Any]:
    """A copy of the document without personal data; what is nested deeper than MAX_DEPTH becomes None.

    `code_paths` are dotted paths through dicts and lists; `names` are entries like those of a contact list.
    Keys that become the same mark are numbered.
    """
    locations = document.get("workLocations")
    places = [place for place in locations if isinstance(place, dict)] if isinstance(locations, list) else []
    index = NameIndex(
        (*names, *_contacts(document, False, 0)),
        {str(value).lower() for place in places for value in place.values()},
    )
    redacted: dict[str, Any] = _redacted(document, "", frozenset(code_paths), index, 0)
    return redacted


def redact_text(text: str, names: Iterable[str] = ()) -> str:
    """The text with e-mail addresses, numbers and the given people's names masked."""
    return _mask(text, NameIndex(names))


def looks_like_code(text: str) -> bool:
    """Whether the text looks like a key, a code or a timestamp, and is no identity number."""
    is_code = len(text) <= _LONGEST_CODE and text.isascii() and text.isprintable()
    return is_code and "@" not in text and " " not in text and not any(identity_numbers(text))


def is_organisation_number(value: Any) -> bool:
    """Whether it is a text of nine digits, the last of which is the control digit (modulo 11)."""
    if not isinstance(value, str) or not re.fullmatch("[0-9]{9}", value):
        return False
    return sum(w * int(digit) for w, digit in zip((3, 2, 7, 6, 5, 4, 3, 2, 1), value, strict=True)) % 11 == 0


def _redacted(value: Any, path: str, code_paths: Set[str], names: NameIndex, depth: int) -> Any:
    """The value without personal data; `path` is where it stands."""
    if path in code_paths:
        names = _NO_NAMES
    if isinstance(value, _CONTAINERS) and depth >= MAX_DEPTH:
        return None
    if isinstance(value, list | tuple):
        return [_redacted(item, path, code_paths, names, depth + 1) for item in value]
    if isinstance(value, dict):
        copy: dict[str, Any] = {}
        for key, child in value.items():
            if key != DROPPED_FIELD:
                below = f"{path}.{key}".lstrip(".")
                copy[_new_key(key, copy, names)] = _redacted(child, below, code_paths, names, depth + 1)
        return copy
    return _redacted_scalar(value, names, path if path in code_paths else None)


def _redacted_scalar(value: Any, names: NameIndex, code_path: str | None) -> Any:
    """A string without personal data, or a number; a number that is personal becomes its mark."""
    if isinstance(value, float) and value.is_integer() and abs(value) < _LARGEST_NUMBER:
        text = str(int(value))
    elif isinstance(value, str) or (isinstance(value, int) and abs(value) < _LARGEST_NUMBER):
        text = str(value)
    else:
        return value
    if code_path is not None:
        is_organisation = code_path.rpartition(".")[2] in _ORGANISATION_NUMBERS
        if is_organisation_number(text) if is_organisation else looks_like_code(text):
            return value
    masked = _mask(text, names)
    return value if masked == text else masked


def _new_key(key: str, others: Collection[str], names: NameIndex) -> str:
    masked = new = key if key.isalpha() else _mask(key, names)
    number = 1
    while new in others:
        number += 1
        new = f"{masked} {number}"
    return new


def _mask(text: str, names: NameIndex) -> str:
    """The text with marks in place of personal data; NUL and lone surrogates as U+FFFD."""
    again = [across_tags(names.find)] if "<" in text else []  # for names with a tag within a word
    finders = (emails, identity_numbers, names.find, *again, across_tags(phones))
    # What a tag holds is a text of its own: around the tag a number or a name goes on.
    text = _TAG_WITH_TEXT.sub(lambda tag: f"<{mask_spans(tag[0][1:-1], finders)}>", storable_text(text))
    return mask_spans(text, finders)


def _contacts(value: Any, is_contact: bool, depth: int) -> Iterator[str]:
    """Names in the contact lists of a document, also of what is nested in them."""
    if depth < MAX_DEPTH and isinstance(value, _CONTAINERS):
        for key, child in value.items() if isinstance(value, dict) else enumerate(value):
            if isinstance(child, str) and is_contact and (key == "name" or isinstance(key, int)):
                yield child
            yield from _contacts(child, is_contact or key == DROPPED_FIELD, depth + 1)
