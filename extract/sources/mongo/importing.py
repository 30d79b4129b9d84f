"""Import the archive and account for each of its documents: load after load, then the check.

    documents in the order of _id, or of a file ──> versions, features, rejects ──> dlt ──> each is looked up

The cursor is the `_id` of the last document, kept in dlt's resource state and committed together with the
rows: an import can be stopped, gone on with, and run again for what was added since. The check looks up `_id`
and `uuid` of all documents in the warehouse: each is an ad whose content is there, or a reject. What is
neither is read by its `_id`, for ObjectIds grow by the second only, and an `_id` may be none.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import dlt
import pymongo
from bson import ObjectId
from rich.table import Table

from extract.config import ArchiveSettings
from extract.errors import ConfigurationError, JobMarketError
from extract.loading.load import prepare, run_load
from extract.schema import AD_FEATURES, AD_VERSIONS, new_tables
from extract.sources.load_log import LoadLog, Reject
from extract.sources.mongo.archive import Document, documents_in, opened
from extract.sources.mongo.documents import FIELDS, SOURCE, Archived, ad_id_of, archived, reject_id
from extract.sources.nav.parse import ParseError
from extract.warehouses.base import Warehouse

BATCH = 200
"""Documents in a batch: a megabyte."""
SHOWN = 5
"""Documents that are nowhere and are named."""

Documents = Iterable[Document | Reject]
State = MutableMapping[str, Any]

logger = logging.getLogger(__name__)


@dataclass
class ReconciliationReport:
    """What became of the archive's documents. `read` is new + duplicates + repeats + rejects."""

    read: int = 0
    new: int = 0
    duplicates: int = 0
    repeats: int = 0
    rejects: int = 0
    documents: int = 0
    """In the archive, by the check; of these the next three."""
    ads: int = 0
    rejected: int = 0
    missing: list[Any] = field(default_factory=list)
    """The `_id`s of those that are neither."""

    def table(self) -> Table:
        """The report."""
        table = Table("Archive", title="Import of the archive", title_justify="left")
        table.add_column("documents", justify="right")
        for name, count in (
            ("read by this run", self.read),
            ("  new versions", self.new),
            ("  duplicates: the warehouse had the version", self.duplicates),
            ("  repeats: another document says the same", self.repeats),
            ("  rejects", self.rejects),
            ("in the archive", self.documents),
            ("  ads in the warehouse", self.ads),
            ("  in the table of rejects", self.rejected),
            ("  neither", len(self.missing)),
        ):
            table.add_row(name, f"{count:,}")
        return table

    def check(self) -> None:
        """Raise JobMarketError unless the numbers add up and nothing is missing."""
        if self.read != self.new + self.duplicates + self.repeats + self.rejects or self.duplicates < 0:
            raise JobMarketError(
                f"The import does not add up: {self}. Nothing is lost by running it again; please report it."
            )
        if self.missing:
            named = ", ".join(str(identity) for identity in self.missing[:SHOWN])
            raise JobMarketError(
                f"{len(self.missing):,} documents of the archive are not in the warehouse, among them "
                f"{named}. Leave the archive as it is, run again, and look at these if they stay."
            )


def import_archive(
    warehouse: Warehouse, settings: ArchiveSettings, file: Path | None = None
) -> ReconciliationReport:
    """Load what the archive has and the warehouse has not, from the file if one is given, or from the server.

    The report is to be checked by the caller. Raises ConfigurationError, SourceUnavailable once what was read
    before is loaded, JobMarketError.
    """
    archive = _Import(warehouse, settings)
    if file:
        documents = documents_in(file, settings.collection)
        while archive.load(lambda _: islice(documents, settings.documents_per_load)):
            pass
        archive.look_up(documents_in(file, settings.collection))
    else:
        while archive.load(archive.read_on):
            pass
        archive.look_up(archive.find({}, ("uuid",)))
        missing = iter(archive.report.missing)
        while ids := list(islice(missing, settings.documents_per_load)):
            archive.load(partial(archive.with_ids, ids))
        if archive.report.missing:
            archive.look_up(archive.find({}, ("uuid",)))
    archive.count()
    return archive.report


class _Import:
    """One run: its loads and their report."""

    def __init__(self, warehouse: Warehouse, settings: ArchiveSettings) -> None:
        self.warehouse, self.settings, self.report = warehouse, settings, ReconciliationReport()
        self.started_at = datetime.now(UTC)
        self.pipeline = warehouse.pipeline()
        self.load_ids: list[str] = []
        prepare(warehouse, self.pipeline)

    def load(self, read: Callable[[State], Documents]) -> bool:
        """Load the documents that `read` gives for the state; returns whether there may be more."""
        log = LoadLog(SOURCE, started_at=self.started_at)
        self.load_ids += run_load(self.pipeline, mongo_archive(log, read))
        logger.info("%d documents of the archive read", log.read)
        report = self.report
        report.read += log.read
        report.duplicates += log.submitted  # less what is new: see count()
        report.repeats += log.repeats
        report.rejects += log.rejected
        return log.read == self.settings.documents_per_load

    def find(self, query: Document, fields: Iterable[str], limit: int = 0) -> Iterator[Document]:
        """The documents of the server, in the order of their `_id`."""
        with opened(self.settings) as collection:
            found = collection.find(query, dict.fromkeys(fields, 1)).sort("_id", pymongo.ASCENDING)
            yield from found.limit(limit).batch_size(self.settings.batch_size)

    def read_on(self, state: State) -> Iterator[Document]:
        """The next documents behind the cursor, which is moved on."""
        limit, read, last = self.settings.documents_per_load, 0, None
        query = {"_id": {"$gt": ObjectId(state["after"])}} if "after" in state else {}
        for document in self.find(query, FIELDS, limit):
            read += 1
            last = document["_id"] if isinstance(document["_id"], ObjectId) else last
            yield document
        if last is not None:
            state["after"] = str(last)
        elif read == limit:
            raise ConfigurationError(
                f"The documents of {self.settings.collection} have an _id that is no ObjectId, so there is "
                "no order to read them in. Is it the archive of ads (sources.mongo_archive)?"
            )

    def with_ids(self, ids: Sequence[Any], _: State) -> Iterator[Document]:
        """The documents with these `_id`s."""
        return self.find({"_id": {"$in": list(ids)}}, FIELDS)

    def look_up(self, documents: Documents) -> None:
        """Look each document up in the warehouse."""
        query, raw, report = self.warehouse.query, self.warehouse.raw, self.report
        with_content = f"select distinct ad_id from {raw('ad_versions')} where document is not null"
        ads = {ad_id for (ad_id,) in query(with_content)}
        rejects = {
            key for (key,) in query(f"select reject_id from {raw('rejects')} where source = '{SOURCE}'")
        }
        report.documents = report.ads = report.rejected = 0
        report.missing = []
        for document in documents:
            report.documents += 1
            if (document.reject_id if isinstance(document, Reject) else reject_id(document)) in rejects:
                report.rejected += 1
            elif not isinstance(document, Reject) and _ad_id(document) in ads:
                report.ads += 1
            else:
                report.missing.append(
                    document.reason if isinstance(document, Reject) else document.get("_id")
                )

    def count(self) -> None:
        """Tell new versions from duplicates, by what the warehouse holds of these loads."""
        if self.load_ids:
            loads = ", ".join(f"'{load_id}'" for load_id in self.load_ids)
            of_these = f"{self.warehouse.raw('ad_versions')} where _dlt_load_id in ({loads})"
            [(self.report.new,)] = self.warehouse.query(f"select count(*) from {of_these}")
            self.report.duplicates -= self.report.new


def _ad_id(document: Document) -> str | None:
    try:
        return ad_id_of(document)
    except ParseError:
        return None


@dlt.source(name=SOURCE)
def mongo_archive(log: LoadLog, read: Callable[[State], Documents]) -> Any:
    """One load of the documents that `read` gives for dlt's resource state. Raises what `read` raises."""

    @dlt.resource(name="archive")
    def archive() -> Iterator[Any]:
        state = dlt.current.resource_state()
        yield from new_tables(state)
        seen: set[str] = set()  # an insert-only merge does not deduplicate inside a load
        documents = iter(read(state))
        while batch := list(islice(documents, BATCH)):
            log.read += len(batch)
            results = [one if isinstance(one, Reject) else archived(one) for one in batch]
            ads = {
                ad.version[1]: ad for ad in results if isinstance(ad, Archived) and ad.version[1] not in seen
            }
            seen.update(ads)
            log.submitted += len(ads)
            if ads:
                yield AD_VERSIONS.item(
                    AD_VERSIONS.batch((*ad.version, log.extracted_at) for ad in ads.values())
                )
                yield AD_FEATURES.item(
                    AD_FEATURES.batch((*ad.features, log.extracted_at) for ad in ads.values())
                )
            yield from log.reject(result for result in results if isinstance(result, Reject))
        if log.read:
            yield log.counts()

    return archive
