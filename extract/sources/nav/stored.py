"""Read the feed's pipeline state from the warehouse."""

from __future__ import annotations

from extract.loading.raw_schema import stored_state
from extract.sources.nav.state import FeedState
from extract.warehouses.base import Warehouse


def feed_state(warehouse: Warehouse) -> FeedState | None:
    """The state that the last completed load committed; None before the first one."""
    state = stored_state(warehouse)
    stored = state.sources.get("nav_feed", {}).get("resources", {}).get("feed") if state else None
    return FeedState.load(stored, stored["feed"]) if stored else None
