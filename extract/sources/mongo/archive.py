"""The legacy archive in MongoDB as a dlt source: the ads that the old Lambda collected.

    documents in the order of _id ──> versions, features, rejects ──> dlt

One call of the source is one bounded load. The cursor is the `_id` of the last document (ObjectIds grow
with time), kept in dlt's resource state and committed together with the rows: an import can be stopped,
gone on with, and run again for what was added since. What the cursor passes over (ObjectIds grow by the
second only, and an `_id` may be none) the check in archive_import.py finds, and has it read by its `_id`.

The archive is only read, on a secondary where there is one.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any, NamedTuple

import dlt
import pymongo
from bson import ObjectId
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo.collection import Collection
from pymongo.errors import ConfigurationError as WrongUri
from pymongo.errors import OperationFailure, PyMongoError

from extract.config import ArchiveSettings
from extract.errors import ConfigurationError, SourceUnavailable
from extract.executors.bounded_map import map_in_threads
from extract.schema import AD_FEATURES, AD_VERSIONS, REJECTS, SOURCE_LOADS, new_tables
from extract.sources.mongo.documents import CODEC, FIELDS, SOURCE, Archived, Rejected, archived

BATCH = 200
"""Documents in a batch: a megabyte."""
WORKERS = 2
"""Batches under way: while one waits for the server, the other is redacted."""
REFUSED = {13, 18, 8000}
"""The server's codes for a user who may not."""

logger = logging.getLogger(__name__)

RAW: CodecOptions[RawBSONDocument] = CODEC.with_options(document_class=RawBSONDocument)


@dataclass
class Import:
    """One run's way through the archive, over as many loads as it takes."""

    settings: ArchiveSettings
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    documents: int = 0
    is_done: bool = False
    """Whether the cursor stands at the archive's end."""


@dlt.source(name=SOURCE)
def mongo_archive(job: Import, only: Sequence[Any] = ()) -> Any:
    """The next bounded load of the import, or the documents with the `_id`s in `only`.

    Raises ConfigurationError, SourceUnavailable.
    """

    @dlt.resource(name="archive")
    def archive() -> Iterator[Any]:
        stored = dlt.current.resource_state()
        with opened(job.settings) as collection:
            yield from new_tables(stored)
            after = ObjectId(stored["after"]) if "after" in stored else None
            documents = _Documents(collection, job.settings, after, only)
            yield from _load(job, documents)
            if only:
                return
            job.is_done = documents.read < job.settings.documents_per_load
            if documents.last is not None:
                stored["after"] = str(documents.last)
            elif not job.is_done:
                raise ConfigurationError(
                    f"The documents of {collection.full_name} have an _id that is no ObjectId, so there is "
                    "no order to read them in. Is it the archive of ads (sources.mongo_archive)?"
                )

    return archive


@contextmanager
def opened(settings: ArchiveSettings) -> Iterator[Collection[RawBSONDocument]]:
    """The archive's collection, for reading only. What goes wrong with it becomes one of our errors."""
    if not settings.uri:
        raise ConfigurationError(
            "Where is the archive? Set uri of [sources.mongo_archive] in .dlt/secrets.toml, or "
            "SOURCES__MONGO_ARCHIVE__URI."
        )
    milliseconds = round(settings.timeout * 1000)
    try:
        client: pymongo.MongoClient[Any] = pymongo.MongoClient(
            settings.uri,
            appname="job-market",
            readPreference="secondaryPreferred",
            retryWrites=False,
            serverSelectionTimeoutMS=milliseconds,
            connectTimeoutMS=milliseconds,
            socketTimeoutMS=milliseconds,
        )
    except (WrongUri, ValueError) as error:
        raise ConfigurationError(f"sources.mongo_archive.uri cannot be used: {error}") from None
    try:
        with client:
            yield client[settings.database].get_collection(settings.collection, codec_options=RAW)
    except OperationFailure as error:
        if error.code in REFUSED:
            raise ConfigurationError(
                f"The archive's server refuses to let this user read ({error.details or error}): look at "
                "sources.mongo_archive.uri."
            ) from None
        raise SourceUnavailable(f"The archive's server failed: {error}. What was read is kept.") from None
    except PyMongoError as error:
        reason = str(error).split(", Timeout")[0]
        raise SourceUnavailable(
            f"The archive cannot be reached now: {reason}. What was read is kept; run again to go on."
        ) from None


class _Documents:
    """The documents of one load, as BSON, in the order of their `_id`. `last` is where to go on."""

    def __init__(
        self,
        collection: Collection[RawBSONDocument],
        settings: ArchiveSettings,
        after: ObjectId | None,
        only: Sequence[Any],
    ) -> None:
        self.read = 0
        self.last = after
        wanted: dict[str, Any] = {"_id": {"$gt": after}} if after else {}
        if only:
            wanted = {"_id": {"$in": list(only)}}
        self._cursor = (
            collection.find(wanted, dict.fromkeys(FIELDS, 1))
            .sort("_id", pymongo.ASCENDING)
            .limit(0 if only else settings.documents_per_load)
            .batch_size(settings.batch_size)
        )

    def batches(self) -> Iterator[list[bytes]]:
        with self._cursor as documents:
            while batch := list(islice(documents, BATCH)):
                self.read += len(batch)
                for document in batch:
                    if isinstance(document["_id"], ObjectId):
                        self.last = document["_id"]
                yield [bytes(document.raw) for document in batch]


class _Converted(NamedTuple):
    """What became of a batch of documents."""

    ads: list[Archived]
    rejected: list[Rejected]


def convert(batch: Sequence[bytes]) -> _Converted:
    """The ads in a batch of documents: a pure function of its batch."""
    results = [archived(raw) for raw in batch]
    return _Converted(
        [result for result in results if isinstance(result, Archived)],
        [result for result in results if isinstance(result, Rejected)],
    )


def _load(job: Import, documents: _Documents) -> Iterator[Any]:
    """The items of one load; its row in source_loads says how the documents add up."""
    extracted_at = datetime.now(UTC)
    # An insert-only merge does not deduplicate inside a load.
    seen: set[str] = set()
    versions = repeats = rejects = 0
    for batch in map_in_threads(convert, documents.batches(), WORKERS):
        ads = []
        for ad in batch.ads:
            if ad.version[1] in seen:
                repeats += 1
            else:
                seen.add(ad.version[1])
                ads.append(ad)
        versions += len(ads)
        rejects += len(batch.rejected)
        if ads:
            yield AD_VERSIONS.item(AD_VERSIONS.batch((*ad.version, extracted_at) for ad in ads))
            yield AD_FEATURES.item(AD_FEATURES.batch((*ad.features, extracted_at) for ad in ads))
        if batch.rejected:
            yield REJECTS.item(REJECTS.batch((*reject.row, extracted_at) for reject in batch.rejected))
    if not documents.read:
        return
    counts = (documents.read, versions, repeats, rejects)
    yield SOURCE_LOADS.item(
        SOURCE_LOADS.batch(
            [(f"{SOURCE} {extracted_at.isoformat()}", SOURCE, job.started_at, extracted_at, *counts)]
        )
    )
    job.documents += documents.read
    logger.info("%d documents of the archive read", job.documents)
