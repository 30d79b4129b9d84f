"""Import the archive of old ads, and account for each of its documents.

    documents of the server or of a file ──> versions, features, rejects ──> dlt, load after load

A run reads the archive whole. The same state of an ad has the same key, so that what the warehouse has stays
as it is: an import can be stopped, and run again for what was added since.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from extract.config import ArchiveSettings
from extract.errors import JobMarketError
from extract.loading.load import recover_local_state
from extract.schema import AD_FEATURES, AD_VERSIONS
from extract.sources.loads import LoadLog, Reject, load
from extract.sources.mongo.archive import Document, documents_in, documents_on_server, opened
from extract.sources.mongo.documents import SOURCE, archived
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
    """The warehouse had the version."""
    repeats: int = 0
    """Another document says the same."""
    rejects: int = 0

    def __str__(self) -> str:
        return (
            f"documents read: {self.read:,}; new versions: {self.new:,}, duplicates of what the warehouse "
            f"had: {self.duplicates:,}, repeats of another document: {self.repeats:,}, "
            f"rejects: {self.rejects:,}"
        )


def import_archive(
    warehouse: Warehouse, settings: ArchiveSettings, file: Path | None = None
) -> ReconciliationReport:
    """Load what the archive has and the warehouse has not, from the file if one is given, or from the server.

    Raises ConfigurationError; SourceUnavailable and JobMarketError once what was read before is loaded.
    """
    pipeline = warehouse.pipeline()
    recover_local_state(warehouse, pipeline)
    report, loads, started_at = ReconciliationReport(), list[str](), datetime.now(UTC)
    documents = documents_in(file, settings.collection) if file else documents_on_server(settings)
    is_done = False
    while not is_done:
        log = LoadLog(SOURCE, started_at=started_at)
        some = islice(documents, settings.documents_per_load)
        loads += load(pipeline, SOURCE, "archive", partial(_items, log, some))
        is_done = log.read < settings.documents_per_load
        logger.info("%d documents of the archive read", log.read)
        report.read += log.read
        report.duplicates += log.submitted
        report.repeats += log.repeats
        report.rejects += log.rejected
    if loads:
        these = ", ".join(f"'{load_id}'" for load_id in loads)
        new = f"select count(*) from {warehouse.raw('ad_versions')} where _dlt_load_id in ({these})"
        [(report.new,)] = warehouse.query(new)
        report.duplicates -= report.new
    if file is None:
        with opened(settings) as collection:
            there = collection.count_documents({})
        if there > report.read:
            raise JobMarketError(
                f"The collection holds {there:,} documents, of which {report.read:,} were read ({report}). "
                "Are some being added now? Leave the archive as it is and run again."
            )
    return report


def _items(log: LoadLog, documents: Iterable[Document | Reject], _: dict[str, Any]) -> Iterator[Any]:
    """dlt's items of one load."""
    seen: set[str] = set()  # an insert-only merge does not deduplicate inside a load

    def results() -> Iterator[list[Any] | Reject | None]:
        for document in documents:
            rows = document if isinstance(document, Reject) else archived(document, log.extracted_at)
            key = None if isinstance(rows, Reject) else rows[0][1]
            yield None if key in seen else rows
            if key:
                seen.add(key)

    yield from log.items(results(), AD_VERSIONS, AD_FEATURES, size=BATCH)
