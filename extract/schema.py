"""The raw tables: their Arrow schemas, keys and contracts, and how rows become a batch for dlt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import dlt
import pyarrow as pa
from dlt.common.schema.typing import TMergeDispositionDict, TSchemaContractDict
from dlt.destinations.impl.bigquery.bigquery_adapter import CLUSTER_COLUMNS_HINT, PARTITION_HINT
from dlt.extract.hints import make_hints

RAW_VERSION = 6
"""The version of the raw tables, stored with the cursor. A new table or nullable column names the version
that brings it, and the next load makes it. Any other change needs a step in `extract.loading.recovery`."""

# A row is an immutable fact, so the first copy of a key stays: seeing it again changes nothing, and
# BigQuery's MERGE neither rewrites nor bills the documents that are there.
INSERT_ONLY: TMergeDispositionDict = {"disposition": "merge", "strategy": "insert-only"}

# A register says what holds now: a row that is there is replaced by what is known today.
UPSERT: TMergeDispositionDict = {"disposition": "merge", "strategy": "upsert"}

# dlt's default accepts a changed type silently, into a second column.
FROZEN: TSchemaContractDict = {"tables": "evolve", "columns": "freeze", "data_type": "freeze"}
UPGRADING: TSchemaContractDict = {"tables": "evolve", "columns": "evolve", "data_type": "freeze"}

# BigQuery: by the month of reading, not of change, so that what a model has still to read always lies
# in the newest partitions. DuckDB takes no notice.
BIGQUERY_PARTITION = {"extracted_at": "TIMESTAMP_TRUNC({column_name}, MONTH)"}

TEXT, INTEGER, FLAG = pa.string(), pa.int64(), pa.bool_()
TIMESTAMP = pa.timestamp("us", "UTC")


class RawTable(NamedTuple):
    """One raw table; `key` names the columns that make a row the same row.

    dlt compares each load with the key columns of the whole table. BigQuery bills them; DuckDB can skip old
    row groups if one of them is a time.
    """

    name: str
    key: tuple[str, ...]
    schema: pa.Schema
    since: int = 1
    """The version of the raw tables that brought it."""
    column_since: Mapping[str, int] = MappingProxyType({})
    """The version that brought a column, of those that came later than the table. They are nullable."""
    disposition: TMergeDispositionDict = INSERT_ONLY
    clustered_by: str | None = None
    """The column that clusters it on BigQuery; without it the first one of the key."""

    def batch(self, rows: Iterable[Sequence[Any]]) -> pa.Table:
        """The rows, given as tuples in the schema's order, as an Arrow table."""
        columns = list(zip(*rows, strict=True)) or [()] * len(self.schema)
        return pa.Table.from_arrays([*map(pa.array, columns, self.schema.types)], schema=self.schema)

    def item(self, batch: pa.Table, contract: TSchemaContractDict = FROZEN) -> Any:
        """The batch with all that dlt must know to load it into this table."""
        cluster = [self.clustered_by or self.key[0]]
        layout: dict[str, Any] = {PARTITION_HINT: BIGQUERY_PARTITION, CLUSTER_COLUMNS_HINT: cluster}
        hints = make_hints(
            table_name=self.name,
            primary_key=list(self.key),
            write_disposition=self.disposition,
            schema_contract=contract,
            additional_table_hints=layout,
        )
        return dlt.mark.with_hints(batch, hints, create_table_variant=True)


def _schema(nullable: str = "", /, **columns: pa.DataType) -> pa.Schema:
    """The columns in this order; those that `nullable` names may be null."""
    return pa.schema(
        [pa.field(name, kind, nullable=name in nullable.split()) for name, kind in columns.items()]
    )


AD_VERSIONS = RawTable(
    "ad_versions",
    ("version_id", "changed_at"),
    _schema(
        "document",
        ad_id=TEXT,
        version_id=TEXT,
        status=TEXT,
        changed_at=TIMESTAMP,
        source=TEXT,
        document=TEXT,
        extracted_at=TIMESTAMP,
    ),
    clustered_by="ad_id",
)

FEED_EVENTS = RawTable(
    "feed_events",
    ("ad_id", "status", "event_at"),
    _schema("is_masked", ad_id=TEXT, status=TEXT, event_at=TIMESTAMP, extracted_at=TIMESTAMP, is_masked=FLAG),
    column_since={"is_masked": 5},
)

AD_FEATURES = RawTable(
    "ad_features",
    ("version_id", "rules_version"),
    _schema(
        "language text_hash",
        ad_id=TEXT,
        version_id=TEXT,
        rules_version=INTEGER,
        text_length=INTEGER,
        language=TEXT,
        mentions_remote_work=FLAG,
        requires_driving_licence=FLAG,
        requires_police_certificate=FLAG,
        text_hash=INTEGER,
        extracted_at=TIMESTAMP,
    ),
    column_since={"text_hash": 6},
    clustered_by="ad_id",
)

FEED_LOADS = RawTable(
    "feed_loads",
    ("load_key",),
    _schema(
        "newest_event_at",
        load_key=TEXT,
        started_at=TIMESTAMP,
        extracted_at=TIMESTAMP,
        pages_read=INTEGER,
        events_read=INTEGER,
        events_handed_over=INTEGER,
        versions_handed_over=INTEGER,
        details_fetched=INTEGER,
        details_owed=INTEGER,
        rejects=INTEGER,
        newest_event_at=TIMESTAMP,
        is_at_tip=FLAG,
    ),
)

REJECTS = RawTable(
    "rejects",
    ("reject_id",),
    _schema(
        "ad_id", reject_id=TEXT, source=TEXT, ad_id=TEXT, reason=TEXT, payload=TEXT, extracted_at=TIMESTAMP
    ),
)

FEED_FIELDS = RawTable(
    "feed_fields",
    ("field", "kind"),
    _schema(field=TEXT, kind=TEXT, extracted_at=TIMESTAMP),
    since=2,
)

SOURCE_LOADS = RawTable(
    "source_loads",
    ("load_key",),
    _schema(
        load_key=TEXT,
        source=TEXT,
        started_at=TIMESTAMP,
        extracted_at=TIMESTAMP,
        records_read=INTEGER,
        rows_handed_over=INTEGER,
        repeats=INTEGER,
        rejects=INTEGER,
    ),
    since=3,
)

UNITS = RawTable(
    "units",
    ("organisation_number",),
    _schema(
        "parent_number industry_code organisation_form",
        organisation_number=TEXT,
        kind=TEXT,
        parent_number=TEXT,
        industry_code=TEXT,
        organisation_form=TEXT,
        state_hash=INTEGER,
        extracted_at=TIMESTAMP,
    ),
    since=3,
    disposition=UPSERT,
)

RECORDS = RawTable(
    "records",
    ("source", "record_id", "version_id"),
    _schema(
        "changed_at",
        source=TEXT,
        record_id=TEXT,
        version_id=TEXT,
        state_hash=TEXT,
        changed_at=TIMESTAMP,
        document=TEXT,
        extracted_at=TIMESTAMP,
    ),
    since=4,
)

RAW_TABLES = (
    AD_VERSIONS,
    FEED_EVENTS,
    AD_FEATURES,
    FEED_LOADS,
    REJECTS,
    FEED_FIELDS,
    SOURCE_LOADS,
    UNITS,
    RECORDS,
)


def new_tables(stored: MutableMapping[str, Any]) -> Iterator[Any]:
    """An empty batch of each raw table, if the source with the state `stored` has not made this version.

    dlt then makes the tables and nullable columns that are new. dbt finds all of them from the first load of
    any source on, also in a warehouse that an older version of the project began.
    """
    if stored.get("raw_version", 0) < RAW_VERSION:
        for table in RAW_TABLES:
            yield table.item(table.batch([]), UPGRADING)
        stored["raw_version"] = RAW_VERSION
