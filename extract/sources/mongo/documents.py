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
from typing import Any

from bson import Decimal128, MaxKey, MinKey, ObjectId, json_util
from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.datetime_ms import DatetimeMS
from bson.errors import BSONError

from extract.hashing import canonical_json
from extract.privacy.redact import NAV_CODE_PATHS, redact
from extract.sources.http import MAX_DOCUMENT_BYTES
from extract.sources.loads import ACTIVE, ParseError, Reject, ad_rows
from extract.sources.nav.parse import parse_timestamp

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


def archived(document: Mapping[str, Any], extracted_at: datetime) -> list[Any] | Reject:
    """The rows of ad_versions and ad_features of a document, whose values are BSON's or extended JSON."""
    try:
        return _archived(document, extracted_at)
    except ParseError as error:
        content = json.loads(json_util.dumps(document))
        return Reject(str(error), canonical_json(redact(content, code_paths=("_id", *NAV_CODE_PATHS))))


def plain(document: Any) -> Any:
    """The document with JSON's values only, of BSON's and of extended JSON. Raises ParseError.

    A date becomes ISO 8601 text in UTC, or its milliseconds beyond the years 1 to 9999; Decimal128 the text
    of its digits; NaN, infinity and binary data null; any other type its text.
    """
    try:
        text = json_util.dumps(document, json_options=_EXTENDED_JSON)
        return json.loads(text, object_hook=_plain, parse_constant=lambda _: None)
    except ParseError:
        raise
    except (TypeError, ValueError, ArithmeticError, RecursionError, BSONError):
        raise ParseError("extended JSON that cannot be read") from None


def _plain(extended: dict[str, Any]) -> Any:
    """What an object of extended JSON stands for; any other object stays as it is."""
    match json_util.object_hook(extended, _EXTENDED_JSON):
        case dict() as value:
            if unknown := [key for key in value if key.startswith("$")]:
                raise ParseError(f"extended JSON that cannot be read: {str(unknown)[:100]}")
            return value
        case float() as number:
            return number if math.isfinite(number) else None
        case bytes() | MinKey() | MaxKey():
            return None
        case int() | DatetimeMS() as number:  # Int64 is an int, too
            return int(number)
        case datetime() as timestamp:
            return timestamp.isoformat()
        case Decimal128() as decimal:
            return str(decimal) if decimal.to_decimal().is_finite() else None
        case other:
            return other if other is None else str(other)


def _archived(document: Mapping[str, Any], extracted_at: datetime) -> list[Any]:
    known = plain({name: document[name] for name in ("_id", *FIELDS) if document.get(name) is not None})
    identity = known.pop("_id", None)
    content = {name: _with_offset(name, value) for name, value in known.items()}
    ad_id = content["uuid"] = _ad_id(content.get("uuid"))
    if not any(content.get(name) for name in ("title", "description", "published")):
        raise ParseError("no ad: neither title nor description nor time of publishing")
    if len(canonical_json(content)) > MAX_DOCUMENT_BYTES:
        raise ParseError(f"a document above {MAX_DOCUMENT_BYTES >> 20} MB")
    changed_at = _changed_at(content, identity)
    return [*ad_rows(ad_id, ACTIVE, changed_at, SOURCE, redact(content), extracted_at)]


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
    if ObjectId.is_valid(identity):
        return ObjectId(identity).generation_time.astimezone(UTC)
    raise ParseError("no time: neither 'updated' nor 'published' nor an ObjectId")
