"""Import the archive of old ads, and account for each of its documents.

    documents of the server or of a file ──> versions, features, rejects ──> dlt, load after load

A run reads the archive whole. The same state of an ad has the same key, so that what the warehouse has stays
as it is: an import can be stopped, and run again for what was added since.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import dlt
from rich.table import Table

from extract.config import ArchiveSettings
from extract.errors import JobMarketError
from extract.loading.load import prepare, run_load
from extract.schema import AD_FEATURES, AD_VERSIONS, new_tables
from extract.sources.load_log import LoadLog, Reject
from extract.sources.mongo.archive import Document, documents_in, documents_on_server, opened
from extract.sources.mongo.documents import SOURCE, Archived, archived
from extract.warehouses.base import Warehouse

BATCH = 200
"""Documents in a batch: a megabyte."""

logger = logging.getLogger(__name__)


@dataclass
class ReconciliationReport:
    """What became of the archive's documents. `read` is new + duplicates + repeats + rejects."""

    read: int = 0
    new: int = 0
    duplicates: int = 0
    repeats: int = 0
    rejects: int = 0
    documents: int | None = None
    """In the collection, as its server counts them after they were read; None of a file."""

    def table(self) -> Table:
        """The report."""
        table = Table("Archive", title="Import of the archive", title_justify="left")
        table.add_column("documents", justify="right")
        for name, count in (
            ("read", self.read),
            ("  new versions", self.new),
            ("  duplicates: the warehouse had the version", self.duplicates),
            ("  repeats: another document says the same", self.repeats),
            ("  rejects", self.rejects),
            ("in the collection", self.documents),
        ):
            if count is not None:
                table.add_row(name, f"{count:,}")
        return table

    def check(self) -> None:
        """Raise JobMarketError unless the numbers add up and no document was missed."""
        if self.read != self.new + self.duplicates + self.repeats + self.rejects or self.duplicates < 0:
            raise JobMarketError(
                f"The import does not add up: {self}. Nothing is lost by running it again; please report it."
            )
        if self.documents is not None and self.documents > self.read:
            raise JobMarketError(
                f"The collection holds {self.documents:,} documents, of which {self.read:,} were read. Are "
                "some being added now? Leave the archive as it is and run again."
            )


def import_archive(
    warehouse: Warehouse, settings: ArchiveSettings, file: Path | None = None
) -> ReconciliationReport:
    """Load what the archive has and the warehouse has not, from the file if one is given, or from the server.

    The report is to be checked by the caller. Raises ConfigurationError; SourceUnavailable and JobMarketError
    once what was read before is loaded.
    """
    pipeline = warehouse.pipeline()
    prepare(warehouse, pipeline)
    report = ReconciliationReport()
    documents = documents_in(file, settings.collection) if file else documents_on_server(settings)
    loads: list[str] = []
    started_at = datetime.now(UTC)
    while True:
        log = LoadLog(SOURCE, started_at=started_at)
        loads += run_load(pipeline, mongo_archive(log, islice(documents, settings.documents_per_load)))
        report.read += log.read
        report.duplicates += log.submitted
        report.repeats += log.repeats
        report.rejects += log.rejected
        if log.read < settings.documents_per_load:
            break
    if loads:
        these = ", ".join(f"'{load_id}'" for load_id in loads)
        new = f"select count(*) from {warehouse.raw('ad_versions')} where _dlt_load_id in ({these})"
        [(report.new,)] = warehouse.query(new)
        report.duplicates -= report.new
    if file is None:
        with opened(settings) as collection:
            report.documents = collection.count_documents({})
    return report


@dlt.source(name=SOURCE)
def mongo_archive(log: LoadLog, documents: Iterator[Document | Reject]) -> Any:
    """One load of these documents."""

    @dlt.resource(name="archive")
    def archive() -> Iterator[Any]:
        yield from new_tables(dlt.current.resource_state())
        seen: set[str] = set()  # an insert-only merge does not deduplicate inside a load
        while batch := list(islice(documents, BATCH)):
            log.read += len(batch)
            results = [one if isinstance(one, Reject) else archived(one) for one in batch]
            ads = {
                ad.version[1]: ad for ad in results if isinstance(ad, Archived) and ad.version[1] not in seen
            }
            seen.update(ads)
            log.submitted += len(ads)
            if ads:
                versions = [(*ad.version, log.extracted_at) for ad in ads.values()]
                described = [(*ad.features, log.extracted_at) for ad in ads.values()]
                yield AD_VERSIONS.item(AD_VERSIONS.batch(versions))
                yield AD_FEATURES.item(AD_FEATURES.batch(described))
            yield from log.reject(result for result in results if isinstance(result, Reject))
        if log.read:
            logger.info("%d documents of the archive read", log.read)
            yield log.counts()

    return archive
