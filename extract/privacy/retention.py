"""Remove what employers wrote from ads that closed long ago; what is counted of them stays.

    ads closed before the month that lay `keep_text_days` back
        ──> their versions are claimed ──> ad_versions.document loses TEXT ──> the claims are marked as done

NAV's terms ask that an ad be removed once it is inactive. Whole months are removed at once, in the first
build of a month, since each removal rewrites partitions on BigQuery. One statement claims all that is to be
removed, so a run that dies leaves the rest to the next one. No model reads what is removed.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Protocol

TEXT = ("title", "jobtitle", "description", "employer.description")
"""The values of a document that are prose."""
CLAIMS = "removed_texts"
"""The raw table of versions that lost their text.

A version is named by its own `extracted_at` too (one that was lost and read again has its text again).
`removed_at` is null while the text may still be there. One statement removes a `piece` of a month."""
MONTH = "extract(year from {0}.extracted_at), extract(month from {0}.extracted_at)"
"""UTC, a partition on BigQuery."""


class Warehouse(Protocol):
    """What is needed of a warehouse; see extract.warehouses.base."""

    documents_at_once: int

    @property
    def settings(self) -> Any: ...
    def query(self, sql: str) -> list[tuple[Any, ...]]: ...
    def execute(self, sql: str) -> list[tuple[Any, ...]]: ...
    def remove_from_documents(self, table: str, paths: Sequence[str], where: str) -> None: ...
    def raw(self, table: str) -> str: ...
    def staged(self, table: str) -> str: ...
    def mart(self, table: str) -> str: ...


def remove_old_texts(warehouse: Warehouse, today: date) -> int:
    """Remove the texts whose time is over on that day (Oslo); the number of versions that had one.

    Reads when an ad closed from the marts, so it is run after a build. Raises JobMarketError.
    """
    claims = warehouse.raw(CLAIMS)
    closed_before = (today - timedelta(days=warehouse.settings.keep_text_days)).replace(day=1)
    found = warehouse.query(f"select max(closed_before), count(*) - count(removed_at) from {claims}")
    last_turn, left = found[0] if found else (None, 0)
    if last_turn is None or last_turn < closed_before:
        _claim(warehouse, claims, closed_before)
    elif not left:
        return 0
    return _remove_claimed(warehouse, claims)


def _claim(warehouse: Warehouse, claims: str, closed_before: date) -> None:
    warehouse.execute(
        f"create table if not exists {claims} as select ad_id, version_id, extracted_at, "
        f"date '{closed_before}' as closed_before, 0 as piece, extracted_at as removed_at "
        f"from {warehouse.raw('ad_versions')} where false"
    )
    warehouse.execute(
        f"insert into {claims} (ad_id, version_id, extracted_at, closed_before, piece) "
        f"select versions.ad_id, versions.version_id, versions.extracted_at, date '{closed_before}', "
        f"cast(floor((row_number() over (partition by {MONTH.format('versions')} "
        f"order by versions.extracted_at) - 1) / {warehouse.documents_at_once}) as int64) "
        f"from {warehouse.staged('stg_ad_versions')} versions "
        f"join {warehouse.mart('fct_ads')} ads on ads.ad_id = versions.ad_id "
        f"where versions.has_content and ads.closed_on < date '{closed_before}' "
        f"and not exists (select 1 from {claims} claimed where claimed.ad_id = versions.ad_id "
        "and claimed.version_id = versions.version_id and claimed.extracted_at = versions.extracted_at)"
    )


def _remove_claimed(warehouse: Warehouse, claims: str) -> int:
    """Remove what is claimed and not marked as done; twice does no harm."""
    removed = 0
    for turn, piece, versions, first, last in warehouse.query(
        "select closed_before, piece, count(*), min(extracted_at), max(extracted_at) "
        f"from {claims} claimed where removed_at is null "
        f"group by 1, 2, {MONTH.format('claimed')} order by 1, 4, 2"
    ):
        # Literals, by which BigQuery finds the partition.
        read = f"extracted_at between timestamp '{first:%F %T.%f}+00' and timestamp '{last:%F %T.%f}+00'"
        of_piece = f"removed_at is null and closed_before = date '{turn}' and piece = {piece} and {read}"
        warehouse.remove_from_documents(
            warehouse.raw("ad_versions"),
            TEXT,
            f"{read} and exists (select 1 from {claims} claimed where {of_piece} "
            "and claimed.ad_id = ad_versions.ad_id and claimed.version_id = ad_versions.version_id "
            "and claimed.extracted_at = ad_versions.extracted_at)",
        )
        warehouse.execute(f"update {claims} set removed_at = current_timestamp where {of_piece}")
        removed += versions
    return removed
