"""One document of the MongoDB archive as a version of an ad: pure functions, no I/O.

BSON ──> JSON values (`plain`) ──> times in UTC ──> redacted ──> version + features, or a reject

What BSON holds and JSON does not becomes:
- a date: ISO 8601 text in UTC; one beyond the years 1-9999: its milliseconds since 1970;
- a timestamp of the oplog: the ISO 8601 text of its second;
- Decimal128: the text of its digits, so that none is lost; NaN and infinity, of any kind: null;
- Int64: the number; ObjectId: its 24 hexadecimal digits; a binary UUID: its text;
- code: its text; a regular expression: its pattern; a reference: the id it refers to;
- other binary data, smallest and largest key: null. An ad has no use for them.

A text of date and time without an offset is UTC here, as the retired public-feed meant it; the models
read such a text as Oslo's wall time, so it is given its Z. A date without a time stays as it is.
"""

from __future__ import annotations

import hashlib
import math
import re
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import bson
from bson import DBRef, Decimal128, MaxKey, MinKey, ObjectId, Regex, Timestamp
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.datetime_ms import DatetimeMS

from extract.features import rules as features
from extract.hashing import canonical_json, version_id
from extract.privacy.redact import redact, redact_text
from extract.sources.nav.parse import ACTIVE, NotUnderstood, microseconds, parse_instant

SOURCE = "mongo_archive"

FIELDS = (
    *("uuid", "published", "expires", "updated", "title", "jobtitle", "description", "source", "sourceurl"),
    *("link", "applicationUrl", "applicationDue", "engagementtype", "extent", "starttime", "positioncount"),
    *("sector", "employer", "workLocations", "occupationCategories", "categoryList"),
    "contactList",  # for the names that are to be masked; it is never stored
)
"""What is read of a document: the ad as the public-feed sent it. `_id` comes with it."""

DATED_FIELDS = ("published", "expires", "updated", "applicationDue", "starttime")

CODEC: CodecOptions[dict[str, Any]] = CodecOptions(
    tz_aware=True,
    uuid_representation=bson.binary.UuidRepresentation.STANDARD,
    unicode_decode_error_handler="replace",
    datetime_conversion=DatetimeConversion.DATETIME_AUTO,
)

_WITHOUT_OFFSET = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?")


class Archived(NamedTuple):
    """A document that is an ad: rows of ad_versions and ad_features, less the time of reading."""

    version: tuple[str, str, str, datetime, str, str]
    features: tuple[Any, ...]


class Rejected(NamedTuple):
    """A document that is none; a row of rejects, less the time of reading."""

    row: tuple[str, str, str | None, str, str]


def archived(raw: bytes) -> Archived | Rejected:
    """The ad in one document, given as BSON."""
    try:
        document = bson.decode(raw, CODEC)
    except bson.errors.BSONError as error:
        identity = hashlib.blake2b(raw, digest_size=16).hexdigest()
        reason = f"no valid BSON: {error}"
        return Rejected((reject_id(identity), SOURCE, None, reason, "null"))
    try:
        return _archived(document)
    except NotUnderstood as error:
        content = {name: plain(value) for name, value in document.items() if name != "_id"}
        ad_id = content.get("uuid")
        payload = canonical_json(redact(content) | {"_id": plain(document.get("_id"))})
        return Rejected(
            (
                reject_id(document.get("_id")),
                SOURCE,
                redact_text(ad_id) if isinstance(ad_id, str) and ad_id else None,
                redact_text(str(error)),
                payload,
            )
        )


def reject_id(document_id: Any) -> str:
    """The key of the reject that the document of this `_id` becomes."""
    identity = canonical_json([SOURCE, type(document_id).__name__, plain(document_id)])
    return hashlib.blake2b(identity.encode(), digest_size=16).hexdigest()


def ad_id_of(value: Any) -> str:
    """The ad's id that a document's `uuid` gives. Raises NotUnderstood."""
    if value is None:
        raise NotUnderstood("a document without 'uuid'")
    try:
        return str(uuid.UUID(str(plain(value)).strip()))
    except ValueError:
        raise NotUnderstood("its 'uuid' is none") from None


def plain(value: Any) -> Any:
    """A BSON value as one that JSON has; see the module's docstring."""
    match value:
        case None | bool():
            return value
        case str():  # Code is one, too
            return str(value)
        case float():
            return value if math.isfinite(value) else None
        case int():  # Int64 is one, too
            return int(value)
        case datetime():
            return value.isoformat()
        case DatetimeMS():
            return int(value)
        case Timestamp():
            return value.as_datetime().isoformat()
        case Decimal128():
            number = value.to_decimal()
            return str(number) if number.is_finite() else None
        case ObjectId() | uuid.UUID():
            return str(value)
        case bytes() | MinKey() | MaxKey():
            return None
        case Regex():
            return str(plain(value.pattern))
        case DBRef():
            return plain(value.id)
        case Mapping():
            return {str(key): plain(part) for key, part in value.items()}
        case list() | tuple():
            return [plain(part) for part in value]
        case _:
            return str(value)


def _archived(document: dict[str, Any]) -> Archived:
    ad_id = ad_id_of(document.get("uuid"))
    content = {
        name: _with_offset(name, plain(document[name])) for name in FIELDS if document.get(name) is not None
    }
    content["uuid"] = ad_id
    if not any(content.get(name) for name in ("title", "description", "published")):
        raise NotUnderstood("no ad: neither title nor description nor time of publishing")
    changed_at = _changed_at(content, document.get("_id"))
    redacted = redact(content)
    text = canonical_json(redacted)
    version = version_id(ad_id, ACTIVE, microseconds(changed_at), text)
    return Archived(
        (ad_id, version, ACTIVE, changed_at, SOURCE, text),
        (ad_id, version, features.RULES_VERSION, *features.of_ad(redacted)),
    )


def _with_offset(name: str, value: Any) -> Any:
    if name in DATED_FIELDS and isinstance(value, str) and _WITHOUT_OFFSET.fullmatch(value.strip()):
        return f"{value.strip().replace(',', '.')}Z"
    return value


def _changed_at(content: dict[str, Any], document_id: Any) -> datetime:
    """The ad's own clock; where it is silent, when it was published, or else when it was archived."""
    for name in ("updated", "published"):
        try:
            return parse_instant(content.get(name))
        except (TypeError, ValueError, OverflowError):
            continue
    if isinstance(document_id, ObjectId):
        return document_id.generation_time.astimezone(UTC)
    raise NotUnderstood("no time: neither 'updated' nor 'published' nor an ObjectId tells when")
