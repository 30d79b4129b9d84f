"""The raw tables: their Arrow schemas, keys and contracts, and how rows become a batch for dlt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, MutableMapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa

if TYPE_CHECKING:
    from dlt.common.schema.typing import TMergeDispositionDict, TSchemaContractDict

TIMESTAMP = pa.timestamp("us", "UTC")

# A row is an immutable fact, so the first copy of a key stays: seeing it again changes nothing, and
# BigQuery's MERGE neither rewrites nor bills the documents that are there.
INSERT_ONLY: TMergeDispositionDict = {"disposition": "merge", "strategy": "insert-only"}

# A register tells what is so now: a row that is there is replaced by what is known today.
UPSERT: TMergeDispositionDict = {"disposition": "merge", "strategy": "upsert"}

# dlt's default would let a changed type pass in silence, into a second column.
FROZEN: TSchemaContractDict = {"tables": "evolve", "columns": "freeze", "data_type": "freeze"}


def _column(name: str, kind: pa.DataType, *, nullable: bool = False) -> pa.Field:
    return pa.field(name, kind, nullable=nullable)


# BigQuery: by the month of reading, not of change, so that what a model has still to read always lies
# in the newest partitions. DuckDB takes no notice.
BIGQUERY_PARTITION = {"extracted_at": "TIMESTAMP_TRUNC({column_name}, MONTH)"}


RAW_VERSION = 4
"""Of the raw tables, recorded with the cursor. A new table names the version that brings it; the next load
makes it. Any other change needs its step in `extract.loading.recovery`."""


class RawTable(NamedTuple):
    """One raw table; `key` names the columns that make a row the same row.

    A load compares its rows with the keys of all: BigQuery bills these columns, and DuckDB leaves out what is
    old where one of them is a time.
    """

    name: str
    key: tuple[str, ...]
    schema: pa.Schema
    since: int = 1
    """The version of the raw tables that brought it."""
    disposition: TMergeDispositionDict = INSERT_ONLY
    clustered_by: str | None = None
    """On BigQuery; without it the first column of the key."""

    def batch(self, rows: Iterable[Sequence[Any]]) -> pa.Table:
        """The rows, given as tuples in the schema's order, as an Arrow table."""
        columns = list(zip(*rows, strict=True))
        if not columns:
            # Without an array: pyarrow imports pandas, if it is there, to make one.
            return pa.Table.from_batches([], schema=self.schema)
        arrays = [
            pa.array(column, type=field.type) for column, field in zip(columns, self.schema, strict=True)
        ]
        return pa.Table.from_arrays(arrays, schema=self.schema)

    def read_at(self, instant: datetime, batch: pa.Table) -> pa.Table:
        """The batch with another time of reading (UTC)."""
        place = self.schema.get_field_index("extracted_at")
        column = pa.repeat(pa.scalar(instant, TIMESTAMP), len(batch))
        return batch.set_column(place, self.schema.field(place), column)

    def item(self, batch: pa.Table) -> Any:
        """The batch with all that dlt must know to load it into this table."""
        # Here, for a worker makes batches alone: to import dlt takes it as long as hundreds of ads.
        import dlt
        from dlt.destinations.impl.bigquery.bigquery_adapter import CLUSTER_COLUMNS_HINT, PARTITION_HINT
        from dlt.extract.hints import make_hints

        cluster = [self.clustered_by or self.key[0]]
        layout: dict[str, Any] = {PARTITION_HINT: BIGQUERY_PARTITION, CLUSTER_COLUMNS_HINT: cluster}
        hints = make_hints(
            table_name=self.name,
            primary_key=list(self.key),
            write_disposition=self.disposition,
            schema_contract=FROZEN,
            additional_table_hints=layout,
        )
        return dlt.mark.with_hints(batch, hints, create_table_variant=True)


AD_VERSIONS = RawTable(
    "ad_versions",
    ("version_id", "changed_at"),
    pa.schema(
        [
            _column("ad_id", pa.string()),
            _column("version_id", pa.string()),
            _column("status", pa.string()),
            _column("changed_at", TIMESTAMP),
            _column("source", pa.string()),
            _column("document", pa.string(), nullable=True),
            _column("extracted_at", TIMESTAMP),
        ]
    ),
    clustered_by="ad_id",
)

FEED_EVENTS = RawTable(
    "feed_events",
    ("ad_id", "status", "event_at"),
    pa.schema(
        [
            _column("ad_id", pa.string()),
            _column("status", pa.string()),
            _column("event_at", TIMESTAMP),
            _column("extracted_at", TIMESTAMP),
        ]
    ),
)

AD_FEATURES = RawTable(
    "ad_features",
    ("version_id", "rules_version"),
    pa.schema(
        [
            _column("ad_id", pa.string()),
            _column("version_id", pa.string()),
            _column("rules_version", pa.int64()),
            _column("text_length", pa.int64()),
            _column("language", pa.string(), nullable=True),
            _column("mentions_remote_work", pa.bool_()),
            _column("requires_driving_licence", pa.bool_()),
            _column("requires_police_certificate", pa.bool_()),
            _column("extracted_at", TIMESTAMP),
        ]
    ),
    clustered_by="ad_id",
)

FEED_LOADS = RawTable(
    "feed_loads",
    ("load_key",),
    pa.schema(
        [
            _column("load_key", pa.string()),
            _column("started_at", TIMESTAMP),
            _column("extracted_at", TIMESTAMP),
            _column("pages_read", pa.int64()),
            _column("events_read", pa.int64()),
            _column("events_handed_over", pa.int64()),
            _column("versions_handed_over", pa.int64()),
            _column("details_fetched", pa.int64()),
            _column("details_owed", pa.int64()),
            _column("rejects", pa.int64()),
            _column("newest_event_at", TIMESTAMP, nullable=True),
            _column("is_at_tip", pa.bool_()),
        ]
    ),
)

REJECTS = RawTable(
    "rejects",
    ("reject_id",),
    pa.schema(
        [
            _column("reject_id", pa.string()),
            _column("source", pa.string()),
            _column("ad_id", pa.string(), nullable=True),
            _column("reason", pa.string()),
            _column("payload", pa.string()),
            _column("extracted_at", TIMESTAMP),
        ]
    ),
)

FEED_FIELDS = RawTable(
    "feed_fields",
    ("field", "kind"),
    pa.schema(
        [
            _column("field", pa.string()),
            _column("kind", pa.string()),
            _column("extracted_at", TIMESTAMP),
        ]
    ),
    since=2,
)

SOURCE_LOADS = RawTable(
    "source_loads",
    ("load_key",),
    pa.schema(
        [
            _column("load_key", pa.string()),
            _column("source", pa.string()),
            _column("started_at", TIMESTAMP),
            _column("extracted_at", TIMESTAMP),
            _column("records_read", pa.int64()),
            _column("rows_handed_over", pa.int64()),
            _column("repeats", pa.int64()),
            _column("rejects", pa.int64()),
        ]
    ),
    since=3,
)

UNITS = RawTable(
    "units",
    ("organisation_number",),
    pa.schema(
        [
            _column("organisation_number", pa.string()),
            _column("kind", pa.string()),
            _column("parent_number", pa.string(), nullable=True),
            _column("industry_code", pa.string(), nullable=True),
            _column("organisation_form", pa.string(), nullable=True),
            _column("state_hash", pa.int64()),
            _column("extracted_at", TIMESTAMP),
        ]
    ),
    since=3,
    disposition=UPSERT,
)

RECORDS = RawTable(
    "records",
    ("source", "record_id", "version_id"),
    pa.schema(
        [
            _column("source", pa.string()),
            _column("record_id", pa.string()),
            _column("version_id", pa.string()),
            _column("state_hash", pa.string()),
            _column("changed_at", TIMESTAMP, nullable=True),
            _column("document", pa.string()),
            _column("extracted_at", TIMESTAMP),
        ]
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
    """An empty batch of each raw table, if the source whose state is `stored` has not made today's yet.

    dbt then finds all of them from the first load of any source on, also in a warehouse that an older
    version of the project began.
    """
    if stored.get("raw_version", 0) < RAW_VERSION:
        for table in RAW_TABLES:
            yield table.item(table.batch([]))
        stored["raw_version"] = RAW_VERSION
