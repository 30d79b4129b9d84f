"""Remove what employers wrote from ads that closed long ago; what is counted of them stays.

NAV's terms ask that an ad be removed once it is inactive. The first build of a month removes the texts of all
ads that closed before the month that lay `keep_text_days` back: each removal rewrites partitions on BigQuery.
A run that dies is repeated by the next one, and removing twice changes nothing. No model reads the texts.
"""

from __future__ import annotations

from datetime import date, timedelta

from extract.warehouses.base import Warehouse

TEXT = ("title", "jobtitle", "description", "employer.description")
"""The values of a document that are prose."""
REMOVED = "removed_texts"
"""The raw table of versions that lost their text, named by their `extracted_at`, too: one that was lost and
read again has its text again. A row without `removed_at` says that all that closed before a date is done."""


def remove_old_texts(warehouse: Warehouse, today: date) -> int:
    """Remove the texts whose time is over on that day (Oslo); the number of versions that had one.

    Reads when an ad closed from the marts, so it is run after a build. Raises JobMarketError.
    """
    removed, ads = warehouse.raw(REMOVED), warehouse.mart("fct_ads")
    closed_before = (today - timedelta(days=warehouse.settings.keep_text_days)).replace(day=1)
    done = warehouse.query(f"select max(closed_before) from {removed} where removed_at is null")
    if done and done[0][0] and done[0][0] >= closed_before:
        return 0
    warehouse.execute(
        f"create table if not exists {removed} as select ad_id, version_id, extracted_at, "
        f"date '{closed_before}' as closed_before, extracted_at as removed_at "
        f"from {warehouse.raw('ad_versions')} where false"
    )
    staged = f"{warehouse.settings.dataset}_staging.stg_ad_versions"
    is_old = f"ads.closed_on < date '{closed_before}'"
    due = (
        f"from {staged} versions join {ads} ads on ads.ad_id = versions.ad_id "
        f"where versions.has_content and {is_old} and not exists (select 1 from {removed} gone "
        "where gone.ad_id = versions.ad_id and gone.version_id = versions.version_id "
        "and gone.extracted_at = versions.extracted_at and gone.removed_at is not null)"
    )
    total = 0
    for count, first, last in warehouse.query(
        f"select count(*), min(versions.extracted_at), max(versions.extracted_at) {due} group by "
        "extract(year from versions.extracted_at), extract(month from versions.extracted_at) order by 2"
    ):
        # Literals, by which BigQuery finds the partition.
        read = f"extracted_at between timestamp '{first:%F %T.%f}+00' and timestamp '{last:%F %T.%f}+00'"
        of_old_ads = f"document is not null and ad_id in (select ads.ad_id from {ads} ads where {is_old})"
        warehouse.remove_from_documents(warehouse.raw("ad_versions"), TEXT, f"{read} and {of_old_ads}")
        warehouse.execute(
            f"insert into {removed} (ad_id, version_id, extracted_at, closed_before, removed_at) "
            "select versions.ad_id, versions.version_id, versions.extracted_at, "
            f"date '{closed_before}', current_timestamp {due} and versions.{read}"
        )
        total += count
    warehouse.execute(f"insert into {removed} (closed_before) values (date '{closed_before}')")
    return total
