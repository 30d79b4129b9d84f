"""One document of the MongoDB archive as a version of an ad: pure functions, no I/O.

    BSON or extended JSON ──> JSON values ──> times in UTC ──> redacted ──> version + features, or a reject

A text of date and time without an offset is UTC here, as the retired public-feed meant it; the models
read such a text as Oslo's wall time, so it is given its Z. A date without a time stays as it is.
"""

from __future__ import annotations

import json
import math
import re
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from bson import Decimal128, MaxKey, MinKey, ObjectId, json_util
from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.datetime_ms import DatetimeMS
from bson.errors import BSONError

from extract.features import rules as features
from extract.hashing import canonical_json, version_id
from extract.privacy.redact import NAV_CODE_PATHS, redact
from extract.sources.http import MAX_DOCUMENT_BYTES
from extract.sources.load_log import Reject
from extract.sources.nav.parse import ACTIVE, ParseError, microseconds, parse_timestamp

SOURCE = "mongo_archive"

FIELDS = (
    *("uuid", "published", "expires", "updated", "title", "jobtitle", "description", "source", "sourceurl"),
    *("link", "applicationUrl", "applicationDue", "engagementtype", "extent", "starttime", "positioncount"),
    *("sector", "employer", "workLocations", "occupationCategories", "categoryList"),
    "contactList",  # for the names that are to be masked; it is never stored
)
"""What is read of a document: the ad as the public-feed sent it. `_id` comes with it."""

DATED_FIELDS = ("published", "expires", "updated", "applicationDue", "starttime")

_OPTIONS: dict[str, Any] = {
    "tz_aware": True,
    "uuid_representation": UuidRepresentation.STANDARD,
    "datetime_conversion": DatetimeConversion.DATETIME_AUTO,
}
CODEC: CodecOptions[dict[str, Any]] = CodecOptions(unicode_decode_error_handler="replace", **_OPTIONS)
_EXTENDED_JSON = json_util.JSONOptions(**_OPTIONS)
_WITHOUT_OFFSET = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?")


class Archived(NamedTuple):
    """A document that is an ad: rows of ad_versions and ad_features, less the time of reading."""

    version: tuple[str, str, str, datetime, str, str]
    features: tuple[Any, ...]


def archived(document: Mapping[str, Any]) -> Archived | Reject:
    """The ad in a document, whose values are BSON's or written as extended JSON."""
    try:
        return _archived(document)
    except ParseError as error:
        content = json.loads(json_util.dumps(document))
        return Reject(str(error), canonical_json(redact(content, code_paths=("_id", *NAV_CODE_PATHS))))


def plain(value: Any) -> Any:
    """A BSON value as one that JSON has. Raises ParseError.

    A date becomes ISO 8601 text in UTC, or its milliseconds beyond the years 1 to 9999; Decimal128 the text
    of its digits; NaN, infinity and binary data null; any other type its text.
    """
    match value:
        case None | bool():
            return value
        case float():
            return value if math.isfinite(value) else None
        case int() | DatetimeMS():  # Int64 is an int, too
            return int(value)
        case datetime():
            return value.isoformat()
        case Decimal128():
            number = value.to_decimal()
            return str(number) if number.is_finite() else None
        case bytes() | MinKey() | MaxKey():
            return None
        case list() | tuple():
            return [plain(part) for part in value]
        case Mapping():
            if unknown := [key for key in value if str(key).startswith("$")]:
                raise ParseError(f"extended JSON that cannot be read: {str(unknown)[:100]}")
            return {str(key): plain(part) for key, part in value.items()}
    return str(value)


def _of_extended_json(value: Any) -> Any:
    """The value with BSON's types, also where a document keeps {"$date": ...} as an object."""
    try:
        return json_util.loads(
            json_util.dumps(value, json_options=_EXTENDED_JSON), json_options=_EXTENDED_JSON
        )
    except (TypeError, ValueError, ArithmeticError, RecursionError, BSONError):
        raise ParseError("extended JSON that cannot be read") from None


def _archived(document: Mapping[str, Any]) -> Archived:
    document = _of_extended_json(document)
    known = {name: plain(document[name]) for name in FIELDS if document.get(name) is not None}
    content = {name: _with_offset(name, value) for name, value in known.items()}
    ad_id = content["uuid"] = _ad_id(content.get("uuid"))
    if not any(content.get(name) for name in ("title", "description", "published")):
        raise ParseError("no ad: neither title nor description nor time of publishing")
    if len(canonical_json(content)) > MAX_DOCUMENT_BYTES:
        raise ParseError(f"a document above {MAX_DOCUMENT_BYTES >> 20} MB")
    changed_at = _changed_at(content, document.get("_id"))
    redacted = redact(content)
    text = canonical_json(redacted)
    version = version_id(ad_id, ACTIVE, microseconds(changed_at), text)
    return Archived(
        (ad_id, version, ACTIVE, changed_at, SOURCE, text),
        (ad_id, version, features.RULES_VERSION, *features.of_ad(redacted)),
    )


def _ad_id(value: Any) -> str:
    if value is None:
        raise ParseError("a document without 'uuid'")
    try:
        return str(uuid.UUID(str(value).strip()))
    except ValueError:
        raise ParseError("its 'uuid' is none") from None


def _with_offset(name: str, value: Any) -> Any:
    if name in DATED_FIELDS and isinstance(value, str) and _WITHOUT_OFFSET.fullmatch(value.strip()):
        return f"{value.strip().replace(',', '.')}Z"
    return value


def _changed_at(content: dict[str, Any], identity: Any) -> datetime:
    """The ad's own clock; where it is silent, when it was published, or else when it was archived."""
    for name in ("updated", "published"):
        try:
            return parse_timestamp(content.get(name))
        except (TypeError, ValueError, OverflowError):
            continue
    if isinstance(identity, ObjectId):
        return identity.generation_time.astimezone(UTC)
    raise ParseError("no time: neither 'updated' nor 'published' nor an ObjectId")
