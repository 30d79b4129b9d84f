"""Import the archive and account for each of its documents: load after load, then the check.

The check reads `_id` and `uuid` of all documents and looks each of them up in the warehouse: it is an ad
whose content is there, or a reject. What is neither is read by its `_id`, and looked up again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from bson.raw_bson import RawBSONDocument
from rich.table import Table

from extract.config import ArchiveSettings
from extract.errors import JobMarketError
from extract.loading.load import prepare, run_load
from extract.sources.mongo.archive import Import, mongo_archive, opened
from extract.sources.mongo.documents import SOURCE, ad_id_of, reject_id
from extract.sources.nav.parse import ParseError
from extract.warehouses.base import Warehouse

SHOWN = 5
"""So many documents that are nowhere are named."""

logger = logging.getLogger(__name__)


@dataclass
class Account:
    """What became of the archive's documents. `read` is new + duplicates + repeats + rejects."""

    read: int = 0
    """By this run."""
    new: int = 0
    """Versions that the warehouse did not have."""
    duplicates: int = 0
    """Versions that it had: from the feed, or from an earlier import."""
    repeats: int = 0
    """Documents that say the same as another one."""
    rejects: int = 0
    documents: int = 0
    """In the collection, by the check."""
    ads: int = 0
    """Of these: ads whose content is in the warehouse."""
    rejected: int = 0
    """Of these: those that are in the table of rejects."""
    missing: list[Any] = field(default_factory=list)
    """Of these: the `_id`s of those that are neither."""

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
            ("in the collection", self.documents),
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


def import_archive(warehouse: Warehouse, settings: ArchiveSettings) -> Account:
    """Bring what the archive has and the warehouse has not. The account is to be checked by the caller.

    Raises ConfigurationError, SourceUnavailable once what was read before is loaded, JobMarketError.
    """
    pipeline = warehouse.pipeline()
    prepare(warehouse, pipeline)
    job = Import(settings)
    loads: list[str] = []
    while not job.is_done:
        loads += run_load(pipeline, mongo_archive(job))
    account = Account()
    _look_up(warehouse, settings, account)
    if account.missing:
        remaining = iter(account.missing)
        while ids := list(islice(remaining, settings.documents_per_load)):
            loads += run_load(pipeline, mongo_archive(job, ids))
        _look_up(warehouse, settings, account)
    _count(warehouse, loads, account)
    return account


def _look_up(warehouse: Warehouse, settings: ArchiveSettings, account: Account) -> None:
    """Look each document up in the warehouse."""
    rows = warehouse.query
    versions, rejects = warehouse.raw("ad_versions"), warehouse.raw("rejects")
    ads = {ad for (ad,) in rows(f"select distinct ad_id from {versions} where document is not null")}
    rejected = {key for (key,) in rows(f"select reject_id from {rejects} where source = '{SOURCE}'")}
    account.documents = account.ads = account.rejected = 0
    account.missing = []
    for document in _identities(settings):
        identity = document["_id"]
        account.documents += 1
        if reject_id(identity) in rejected:
            account.rejected += 1
        elif _ad_id(document) in ads:
            account.ads += 1
        else:
            account.missing.append(identity)
    logger.info("%d documents of the archive looked up in the warehouse", account.documents)


def _identities(settings: ArchiveSettings) -> Iterator[RawBSONDocument]:
    with (
        opened(settings) as collection,
        # a document is a hundred bytes here, so a hundred times as many fit into an answer
        collection.find({}, {"_id": 1, "uuid": 1}).batch_size(settings.batch_size * 100) as documents,
    ):
        yield from documents


def _ad_id(document: RawBSONDocument) -> str | None:
    try:
        return ad_id_of(document.get("uuid"))
    except ParseError:
        return None


def _count(warehouse: Warehouse, loads: list[str], account: Account) -> None:
    """How the documents that these loads read add up, by what the warehouse holds of them."""
    if not loads:
        return
    these = ", ".join(f"'{load}'" for load in loads)
    handed_over = (
        f"select sum(records_read), sum(rows_handed_over), sum(repeats), sum(rejects) "
        f"from {warehouse.raw('source_loads')} where _dlt_load_id in ({these})"
    )
    new = f"select count(*) from {warehouse.raw('ad_versions')} where _dlt_load_id in ({these})"
    read, versions, repeats, rejects = (int(count or 0) for count in warehouse.query(handed_over)[0])
    account.read, account.repeats, account.rejects = read, repeats, rejects
    account.new = warehouse.query(new)[0][0]
    account.duplicates = versions - account.new
