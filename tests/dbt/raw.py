"""The raw tables as the loader leaves them, made by hand in a DuckDB file: rows -> one completed load.

    with RawTables(path) as raw:
        raw.append(events=[event("a", "ACTIVE", "2026-03-01T08:00:00Z")], versions=[version("a", {...})])

Times may be given as ISO 8601 text or as aware datetimes; they are stored in UTC.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import duckdb
import pyarrow as pa

Row = dict[str, Any]

TIMESTAMP = pa.timestamp("us", tz="UTC")
PROVENANCE = {"extracted_at": TIMESTAMP, "_dlt_load_id": pa.string()}
TABLES: dict[str, dict[str, pa.DataType]] = {
    "ad_versions": {
        "ad_id": pa.string(),
        "version_id": pa.string(),
        "status": pa.string(),
        "changed_at": TIMESTAMP,
        "source": pa.string(),
        "document": pa.string(),
        **PROVENANCE,
    },
    "feed_events": {
        "ad_id": pa.string(),
        "status": pa.string(),
        "event_at": TIMESTAMP,
        "is_masked": pa.bool_(),
        **PROVENANCE,
    },
    "ad_features": {
        "ad_id": pa.string(),
        "version_id": pa.string(),
        "rules_version": pa.int64(),
        "text_length": pa.int64(),
        "language": pa.string(),
        "mentions_remote_work": pa.bool_(),
        "requires_driving_licence": pa.bool_(),
        "requires_police_certificate": pa.bool_(),
        "text_hash": pa.int64(),
        **PROVENANCE,
    },
    "feed_loads": {
        "load_key": pa.string(),
        "started_at": TIMESTAMP,
        "extracted_at": TIMESTAMP,
        "pages_read": pa.int64(),
        "events_read": pa.int64(),
        "events_handed_over": pa.int64(),
        "versions_handed_over": pa.int64(),
        "details_fetched": pa.int64(),
        "details_owed": pa.int64(),
        "rejects": pa.int64(),
        "newest_event_at": TIMESTAMP,
        "is_at_tip": pa.bool_(),
        "_dlt_load_id": pa.string(),
    },
    "source_loads": {
        "load_key": pa.string(),
        "source": pa.string(),
        "started_at": TIMESTAMP,
        "extracted_at": TIMESTAMP,
        "records_read": pa.int64(),
        "rows_handed_over": pa.int64(),
        "repeats": pa.int64(),
        "rejects": pa.int64(),
        "_dlt_load_id": pa.string(),
    },
    "units": {
        "organisation_number": pa.string(),
        "kind": pa.string(),
        "parent_number": pa.string(),
        "industry_code": pa.string(),
        "organisation_form": pa.string(),
        "state_hash": pa.int64(),
        **PROVENANCE,
    },
    "rejects": {
        "reject_id": pa.string(),
        "source": pa.string(),
        "ad_id": pa.string(),
        "reason": pa.string(),
        "payload": pa.string(),
        **PROVENANCE,
    },
    "feed_fields": {
        "field": pa.string(),
        "kind": pa.string(),
        **PROVENANCE,
    },
    "records": {
        "source": pa.string(),
        "record_id": pa.string(),
        "version_id": pa.string(),
        "state_hash": pa.string(),
        "changed_at": TIMESTAMP,
        "document": pa.string(),
        **PROVENANCE,
    },
    "_dlt_loads": {
        "load_id": pa.string(),
        "schema_name": pa.string(),
        "status": pa.int64(),
        "inserted_at": TIMESTAMP,
        "schema_version_hash": pa.string(),
    },
}
KEYS = {
    "ad_versions": ("ad_id", "version_id"),
    "feed_events": ("ad_id", "status", "event_at"),
    "ad_features": ("ad_id", "version_id", "rules_version"),
}

NOTHING_SPECIAL: Mapping[str, Any] = {}


def timestamp(value: str | datetime) -> datetime:
    """An aware UTC datetime from ISO 8601 text or from a datetime; a missing offset is an error."""
    parsed = datetime.fromisoformat(value) if isinstance(value, str) else value
    if parsed.tzinfo is None:
        raise ValueError(f"{value!r} has no offset")
    return parsed.astimezone(UTC)


def event(ad_id: str, status: str, at: str | datetime) -> Row:
    """A row of feed_events: the ad became `status` at that timestamp."""
    return {"ad_id": ad_id, "status": status, "event_at": timestamp(at)}


def version(
    ad_id: str,
    document: Mapping[str, Any] | None,
    changed_at: str | datetime,
    *,
    status: str = "ACTIVE",
    source: str = "feed",
) -> Row:
    """A row of ad_versions. Its version_id is a hash of the state, as in the warehouse."""
    changed = timestamp(changed_at)
    text = None if document is None else json.dumps(document, sort_keys=True, ensure_ascii=False)
    state = json.dumps([status, text, changed.isoformat()])
    return {
        "ad_id": ad_id,
        "version_id": hashlib.sha256(state.encode()).hexdigest()[:32],
        "status": status,
        "changed_at": changed,
        "source": source,
        "document": text,
    }


def features(of: Row, *, rules_version: int = 1, **columns: Any) -> Row:
    """A row of ad_features for a row made by `version`."""
    row: Row = {
        "text_length": 3000,
        "language": "nb",
        "mentions_remote_work": False,
        "requires_driving_licence": False,
        "requires_police_certificate": False,
    }
    row |= columns
    key = {"ad_id": of["ad_id"], "version_id": of["version_id"], "rules_version": rules_version}
    return key | row


def unit(number: str, industry_code: str | None, parent_number: str | None = None) -> Row:
    """A row of units: a sub-unit if it has a parent, else a main unit."""
    return {
        "organisation_number": number,
        "kind": "sub_unit" if parent_number else "main_unit",
        "parent_number": parent_number,
        "industry_code": industry_code,
        "organisation_form": "BEDR" if parent_number else "AS",
        "state_hash": 0,
    }


class RawTables:
    """The raw tables of one DuckDB file. Close it before dbt opens the file: DuckDB has one writer."""

    def __init__(self, path: Path, dataset: str = "nav_raw") -> None:
        self.connection = duckdb.connect(str(path))
        self.connection.execute("set timezone = 'UTC'")
        self.dataset = dataset
        self.connection.execute(f"create schema if not exists {dataset}")
        for table, columns in TABLES.items():
            empty = pa.schema(columns.items()).empty_table()  # noqa: F841  (read by DuckDB)
            self.connection.execute(f"create table if not exists {dataset}.{table} as select * from empty")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def append(
        self,
        *,
        versions: Sequence[Row] = (),
        events: Sequence[Row] = (),
        features: Sequence[Row] = (),
        rejects: Sequence[Row] = (),
        units: Sequence[Row] = (),
        source: str | None = None,
        at: str | datetime = "2026-06-01T12:00:00Z",
        load_id: str | None = None,
        feed_load: Mapping[str, Any] | None = NOTHING_SPECIAL,
        complete: bool = True,
    ) -> str:
        """One load, insert-only: a key that is there already is left alone. Returns its load id.

        `at` becomes extracted_at of every row. `feed_load` replaces columns of the row of feed_loads;
        `feed_load=None` leaves out the row of feed_loads; `source` puts one of source_loads in its
        place, as another source than the feed does. `units` replace those of their number;
        `complete=False` leaves the load without its row in _dlt_loads until `complete(load_id)`; else it
        completes at `at`, or right after the load that completed last, as the loader's own clock has it.
        """
        extracted_at = timestamp(at)
        load = load_id or f"{extracted_at.timestamp():.6f}"
        shared = {"extracted_at": extracted_at, "_dlt_load_id": load}
        self._insert("ad_versions", [row | shared for row in versions])
        self._insert("feed_events", [row | shared for row in events])
        self._insert("ad_features", [row | shared for row in features])
        self._insert("rejects", [row | shared for row in rejects])
        if units:
            numbers = ", ".join(f"'{row['organisation_number']}'" for row in units)
            self.connection.execute(
                f"delete from {self.dataset}.units where organisation_number in ({numbers})"
            )
            self._insert("units", [row | shared for row in units])
        if source is not None:
            counts = {"rows_handed_over": len(versions) + len(units), "repeats": 0, "rejects": len(rejects)}
            told: Row = {"load_key": load, "source": source, "started_at": extracted_at, **counts}
            told["records_read"] = counts["rows_handed_over"] + len(rejects)
            self._insert("source_loads", [told | shared])
        elif feed_load is not None:
            row: Row = {
                "load_key": load,
                "started_at": extracted_at - timedelta(minutes=1),
                "pages_read": 1,
                "events_read": len(events),
                "events_handed_over": len(events),
                "versions_handed_over": len(versions),
                "details_fetched": sum(v["document"] is not None for v in versions),
                "details_owed": 0,
                "rejects": len(rejects),
                "newest_event_at": max((e["event_at"] for e in events), default=None),
                "is_at_tip": True,
            }
            self._insert("feed_loads", [row | dict(feed_load) | shared])
        if complete:
            last = self.connection.execute(
                f"select max(inserted_at) from {self.dataset}._dlt_loads"
            ).fetchone()
            after_last = last[0] + timedelta(seconds=1) if last and last[0] else extracted_at
            self.complete(load, max(extracted_at, after_last))
        return load

    def complete(self, load_id: str, at: str | datetime = "2026-06-01T12:00:00Z") -> None:
        """Mark a load as complete, as the loader does after its last table."""
        row = {"load_id": load_id, "schema_name": "nav", "status": 0, "inserted_at": timestamp(at)}
        self._insert("_dlt_loads", [row | {"schema_version_hash": "hash"}])

    def _insert(self, table: str, rows: list[Row]) -> None:
        if not rows:
            return
        batch = pa.Table.from_pylist(rows, schema=pa.schema(TABLES[table].items()))  # noqa: F841
        key = KEYS.get(table)
        known = f"anti join {self.dataset}.{table} using ({', '.join(key)})" if key else ""
        self.connection.execute(f"insert into {self.dataset}.{table} select * from batch {known}")
