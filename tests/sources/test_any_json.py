"""Whatever JSON a source sends, each entry, detail, unit and record becomes a row or a reject; no trace."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import ijson
from hypothesis import given
from hypothesis import strategies as st

from extract.config import OSLO
from extract.hashing import canonical_json, decode_json
from extract.schema import AD_FEATURES, AD_VERSIONS, UNITS
from extract.sources.brreg.load import RegisterLoad
from extract.sources.loads import LoadLog, ParseError, Reject
from extract.sources.nav.details import DetailBatch, _take
from extract.sources.nav.parse import MAX_AHEAD, parse_detail, parse_page
from extract.sources.nav.state import FeedState, Pending, fingerprint
from extract.sources.rest_api.records import Shape, State, state_of

NOW = datetime(2026, 3, 2, tzinfo=UTC)
TIMES = (
    "2026-03-01T12:00:00",
    "2026-03-01T12:00:00+01:00",
    "0001-01-01T00:00:00",
    "9999-12-31T23:59:59-12:00",
    "2026-10-25T02:30:00",
    "2026-W09-1",
    "20260301",
)
FIELDS = (
    "uuid",
    "id",
    "status",
    "sistEndret",
    "date_modified",
    "_feed_entry",
    "title",
    "ad_content",
    "items",
)
FIELDS += ("contactList", "name", "description", "employer", "orgnr", "workLocations", "organisasjonsnummer")
TEXTS = st.sampled_from((*TIMES, "ACTIVE", "INACTIVE", "...", "", "910000004", "\ud800", "\0"))
VALUES = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | st.text(max_size=9)
KEYS = st.sampled_from(FIELDS) | st.text(max_size=3)
JSON = st.recursive(
    VALUES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=12,
)
"""All of it, of the fields and values that the sources know more than others."""
ENTRY = st.fixed_dictionaries(
    {}, optional={"uuid": TEXTS | JSON, "status": TEXTS | JSON, "sistEndret": TEXTS | JSON, "title": JSON}
)
ITEM = JSON | st.fixed_dictionaries({"id": TEXTS | JSON, "_feed_entry": ENTRY, "date_modified": TEXTS | JSON})
DETAIL = JSON | st.fixed_dictionaries(
    {"uuid": st.just("a"), "status": TEXTS, "sistEndret": TEXTS | JSON, "ad_content": JSON}
)


def sent(value: Any) -> bytes:
    """As a server sends it that escapes what UTF-8 cannot hold, and that knows NaN."""
    return json.dumps(value).encode()


@given(items=st.lists(ITEM, max_size=6))
def test_each_entry_of_any_page_is_an_event_or_a_reject_that_can_be_stored(items: list[Any]) -> None:
    page = parse_page(sent({"id": "p", "items": items}), NOW)
    assert len(page.entries) == len(items)
    state = FeedState("feed")
    for entry in page.entries:
        assert entry.event or entry.reject
        assert fingerprint(entry)
        if entry.event:
            assert entry.event.event_at <= NOW + MAX_AHEAD
            state.record_event(entry.event)
    rejects = [entry.reject for entry in page.entries if entry.reject]
    assert bool([*LoadLog("feed").reject(rejects)]) == bool(rejects)
    stored: dict[str, Any] = {}
    state.store(stored)
    assert FeedState.load(json.loads(json.dumps(stored)), "feed") == state


@given(value=DETAIL)
def test_any_detail_is_a_version_a_reject_or_stays_pending_with_its_reason(value: Any) -> None:
    try:
        detail = parse_detail(sent(value), NOW)
    except ParseError as error:
        assert str(error)
        return
    batch = DetailBatch()
    failure = _take(batch, "a", Pending(NOW), detail, NOW)
    assert batch.versions or batch.rejects or failure
    assert "cannot be worked on" not in (failure or "")
    assert len(AD_VERSIONS.batch(batch.versions)) == len(batch.versions)
    assert len(AD_FEATURES.batch(batch.features)) == len(batch.features)


@given(
    record=JSON, time=st.sampled_from((None, *FIELDS)), key=st.sampled_from(((), ("uuid",), ("id", "name")))
)
def test_any_record_of_a_declared_api_is_a_state_or_a_reject(
    record: Any, time: str | None, key: tuple[str, ...]
) -> None:
    read = decode_json(sent(record))
    state = state_of(read, Shape(key, time, OSLO, ("name",), ("orgnr",)), NOW)
    if isinstance(state, State):
        assert state.record_id and (state.changed_at is None or state.changed_at <= NOW + timedelta(days=1))
        assert canonical_json(json.loads(state.document)) == state.document
    else:
        assert isinstance(state, Reject) and state.reason


CODE = TEXTS | JSON | st.fixed_dictionaries({"kode": TEXTS | JSON})
UNIT = JSON | st.fixed_dictionaries(
    {"organisasjonsnummer": TEXTS | JSON, "overordnetEnhet": TEXTS | JSON, "naeringskode1": CODE}
)


@given(value=UNIT)
def test_any_unit_of_the_register_is_a_row_or_a_reject(value: Any) -> None:
    load = cast(RegisterLoad, SimpleNamespace(kind="main_unit", log=SimpleNamespace(extracted_at=NOW)))
    finite = json.loads(json.dumps(value), parse_constant=lambda _: None)
    try:
        downloaded = [*ijson.items(io.BytesIO(sent([finite])), "item", use_float=True)]
    except ijson.JSONError:  # a number of more than 64 bits: the whole download is refused, in a sentence
        downloaded = []
    for unit in (decode_json(sent(value)), *downloaded):
        row = RegisterLoad._row(load, unit)
        assert row.reason if isinstance(row, Reject) else len(UNITS.batch([row])) == 1
