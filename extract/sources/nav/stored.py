"""Read the feed's pipeline state from the warehouse."""

from __future__ import annotations

from dlt.common.versioned_state import decompress_state

from extract.sources.nav.state import FeedState
from extract.warehouses.base import PIPELINE, Warehouse


def feed_state(warehouse: Warehouse) -> FeedState | None:
    """The state that the last completed load committed; None before the first one."""
    rows = warehouse.query(
        f"select state from {warehouse.raw('_dlt_pipeline_state')} states "
        f"join {warehouse.raw('_dlt_loads')} loads on loads.load_id = states._dlt_load_id "
        f"where pipeline_name = '{PIPELINE}' and status = 0 order by loads.load_id desc limit 1"
    )
    if not rows:
        return None
    state = decompress_state(rows[0][0])
    stored = state.get("sources", {}).get("nav_feed", {}).get("resources", {}).get("feed", {})
    return FeedState.load(stored, stored["feed"]) if stored else None
