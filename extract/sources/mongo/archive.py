"""Where the documents of the archive come from: its server, or a file that mongodump or mongoexport wrote.

The archive is only read, on a secondary where there is one.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bson
import ijson
import pymongo
from pymongo.collection import Collection
from pymongo.errors import ConfigurationError as WrongUri
from pymongo.errors import InvalidURI, OperationFailure, PyMongoError

from extract.config import ArchiveSettings
from extract.errors import ConfigurationError, JobMarketError, SourceUnavailable
from extract.hashing import canonical_json, decode_json
from extract.privacy.redact import redact_text
from extract.sources.loads import Reject
from extract.sources.mongo.documents import CODEC, FIELDS

Document = dict[str, Any]

REFUSED = {13, 18, 8000}
"""The server's codes for a user who may not."""


@contextmanager
def opened(settings: ArchiveSettings) -> Iterator[Collection[Document]]:
    """The archive's collection, for reading only. What goes wrong with it becomes one of our errors."""
    if not settings.uri:
        raise ConfigurationError(
            "Where is the archive? Set uri of [sources.mongo_archive] in .dlt/secrets.toml, or "
            "SOURCES__MONGO_ARCHIVE__URI, or name a file: `import-archive --from FILE`."
        )
    limits = ("serverSelectionTimeoutMS", "connectTimeoutMS", "socketTimeoutMS")
    options: dict[str, Any] = dict.fromkeys(limits, round(settings.timeout * 1000))
    options |= {"appname": "job-market", "readPreference": "secondaryPreferred", "retryWrites": False}
    try:
        with pymongo.MongoClient[Document](settings.uri, **options) as client:
            yield client[settings.database].get_collection(settings.collection, codec_options=CODEC)
    except (WrongUri, InvalidURI) as error:
        raise ConfigurationError(f"sources.mongo_archive.uri cannot be used: {error}") from None
    except PyMongoError as error:
        if isinstance(error, OperationFailure) and error.code in REFUSED:
            raise ConfigurationError(
                f"The archive's server refuses to let this user read ({error.details or error}): look at "
                "sources.mongo_archive.uri."
            ) from None
        reason = str(error).split(", Timeout")[0]
        raise SourceUnavailable(
            f"The archive cannot be read now: {reason}. What was loaded is kept; run again."
        ) from None


def documents_on_server(settings: ArchiveSettings) -> Iterator[Document]:
    """The documents of the collection with the fields that are read. Raises as `opened` does."""
    with opened(settings) as collection:
        found = collection.find({}, dict.fromkeys(FIELDS, 1)).sort("_id", pymongo.ASCENDING)
        yield from found.batch_size(settings.batch_size)


def documents_in(path: Path, collection: str) -> Iterator[Document | Reject]:
    """The documents in a file, or in the collection's file of a folder; each may be packed with gzip.

    Raises ConfigurationError, and JobMarketError where the file ends early or is damaged.
    """
    file = _file_in(path, collection)
    read = 0
    try:
        with file.open("rb") as packed:
            is_gzip = packed.read(2) == b"\x1f\x8b"
            packed.seek(0)
            stream: Any = gzip.GzipFile(fileobj=packed) if is_gzip else packed
            is_bson = ".bson" in file.suffixes
            for document in bson.decode_file_iter(stream, CODEC) if is_bson else _from_json(stream):
                yield document
                read += 1
    except (EOFError, zlib.error, gzip.BadGzipFile, ijson.JSONError, bson.errors.BSONError) as error:
        raise JobMarketError(
            f"{file} is damaged after {read:,} documents ({str(error).splitlines()[0]}). What was "
            "loaded is kept; get a whole copy of the file and import it again."
        ) from None


def _file_in(path: Path, collection: str) -> Path:
    files = sorted(path.rglob(f"{collection}.bson*")) if path.is_dir() else [path]
    if len(files) != 1 or not files[0].is_file():
        raise ConfigurationError(
            f"{path} is no file, and no folder with one {collection}.bson or {collection}.bson.gz."
        )
    if not {".bson", ".json", ".jsonl", ".ndjson"} & set(files[0].suffixes):
        raise ConfigurationError(
            f"{files[0].name} is neither .bson (mongodump without --archive) nor .json (mongoexport), with "
            "or without .gz. Other formats lose the types of the fields."
        )
    return files[0]


def _from_json(stream: Any) -> Iterator[Document | Reject]:
    """The documents of an array, or of lines; a line that is no object is a reject."""
    start = stream.read(1024).lstrip()
    stream.seek(0)
    if start.startswith(b"["):
        yield from ijson.items(stream, "item", use_float=True)
        return
    for line in filter(None, map(bytes.strip, stream)):
        try:
            yield dict(decode_json(line))
        except (TypeError, ValueError, RecursionError) as error:
            text = redact_text(line.decode("utf-8", "replace"))
            yield Reject(f"a line that is no JSON object: {error}", canonical_json({"line": text}))
