"""A warehouse that an older version of the project wrote is carried on by this one, without a full reload.

`fixtures/warehouse_v4.sql` is a DuckDB warehouse whose raw tables are of version 4: their rows, and dlt's own
tables with the state of a feed that `SmallFeed` goes on to serve.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import duckdb
import pytest

from extract.loading.raw_schema import stored_state
from extract.schema import RAW_TABLES, RAW_VERSION
from tests.job import Job

WAREHOUSE = Path(__file__).parent / "fixtures" / "warehouse_v4.sql"
PAGE_SIZE = 4
CLOSED = "0123456"
OLD = [(ad, status) for status in ("ACTIVE", "INACTIVE") for ad in CLOSED]
OLD += [("a", "ACTIVE"), ("b", "ACTIVE"), ("c", "ACTIVE"), ("b", "INACTIVE"), ("d", "ACTIVE")]
"""What the older version read: the detail of `c` failed, and that of `f` was still to be fetched."""
LATER = [("e", "ACTIVE"), ("f", "ACTIVE")]
NEW = [("9", "ACTIVE"), ("a", "INACTIVE")]


class SmallFeed:
    """The feed's endpoints over a list of events; page N holds the events 4N to 4N+3, the last page grows."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str]] = []
        self.failing: set[str] = set()
        self.requests: Counter[str] = Counter()
        self.url = ""

    def answer(self, path: str, since: str | None) -> Any:
        """The JSON that a path answers; None for 404. `since` is the header If-Modified-Since."""
        path = path.split("?")[0].removeprefix("/api/v1/")
        self.requests[path] += 1
        kind, _, name = path.partition("/")
        if kind == "feed":
            return self._page(int(name[-3:])) if name else self._first_page(since)
        status = dict(self.events).get(name[-1:])
        return None if name in self.failing or status is None else self._detail(name[-1:], status)

    def _first_page(self, since: str | None) -> Any:
        newer_than = parsedate_to_datetime(since) if since else datetime.min.replace(tzinfo=UTC)
        for place in range(len(self.events)):
            if datetime.fromisoformat(at(place)) > newer_than:
                return self._page(place // PAGE_SIZE)
        return None

    def _page(self, number: int) -> Any:
        first = number * PAGE_SIZE
        items = [self._item(place) for place in range(first, min(first + PAGE_SIZE, len(self.events)))]
        following = page_id(number + 1) if len(self.events) > first + PAGE_SIZE else None
        return {
            "version": "1.0",
            "title": "A feed",
            "id": page_id(number),
            "next_id": following,
            "items": items,
        }

    def _item(self, place: int) -> Any:
        ad, status = self.events[place]
        entry = {
            "uuid": ad_id(ad),
            "status": status,
            "title": "Lærer",
            "businessName": "Skolen",
            "municipal": "OSLO",
            "sistEndret": at(place),
        }
        return {
            "id": ad_id(ad),
            "url": f"/api/v1/feedentry/{ad_id(ad)}",
            "title": "Lærer",
            "content_text": "",
            "date_modified": at(place),
            "_feed_entry": entry,
        }

    def _detail(self, ad: str, status: str) -> Any:
        place = max(place for place, event in enumerate(self.events) if event == (ad, status))
        content = {
            "uuid": ad_id(ad),
            "published": at(place),
            "expires": "2026-06-01T00:00:00+02:00",
            "title": f"Lærer {ad}",
            "description": "<p>Norsk i 7. klasse.</p>",
            "extent": "Heltid",
            "positioncount": "1",
            "employer": {"name": "Skolen", "orgnr": "974760673"},
            "workLocations": [{"country": "NORGE", "county": "OSLO", "municipal": "OSLO"}],
        }
        shown = content if status == "ACTIVE" else None
        return {"uuid": ad_id(ad), "status": status, "sistEndret": at(place), "ad_content": shown}


def at(place: int) -> str:
    """When the event at that place of the feed happened."""
    return f"2026-03-{1 + place:02}T10:00:00+01:00"


def ad_id(ad: str) -> str:
    """The uuid of the ad with that letter."""
    return f"00000000-0000-4000-8000-00000000000{ad}"


def page_id(number: int) -> str:
    """The uuid of a page."""
    return f"ffffffff-0000-4000-8000-000000000{number:03}"


@pytest.fixture
def feed() -> Iterator[SmallFeed]:
    """The feed as it is after the older version's last run."""
    served = SmallFeed()
    served.events = OLD + LATER
    served.failing = {ad_id("c")}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if self.path == "/api/publicToken":
                status, body = 200, b"Current public token:\neyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln"
            else:
                found = served.answer(self.path, self.headers.get("If-Modified-Since"))
                status, body = (404, b"{}") if found is None else (200, json.dumps(found).encode())
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    served.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield served
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def job(tmp_path: Path, feed: SmallFeed) -> Job:
    """A job whose warehouse the older version wrote, on a machine that never ran it."""
    job = Job(tmp_path / "job", feed.url)
    job.folder.mkdir()
    with duckdb.connect(job.folder / "test.duckdb") as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute(WAREHOUSE.read_text())
    return job


def rows_by_table(job: Job) -> dict[str, set[tuple[Any, ...]]]:
    """The rows of each raw table in the columns that version 4 has."""
    with duckdb.connect() as old:
        old.execute("set timezone = 'UTC'")
        old.execute(WAREHOUSE.read_text())
        names = {
            table: [row[0] for row in old.execute(f"describe nav_raw.{table}").fetchall()]
            for (table,) in old.execute("select table_name from duckdb_tables()").fetchall()
        }
    return {
        table: set(job.rows(table, ", ".join(f'"{name}"' for name in columns)))
        for table, columns in names.items()
        if not table.startswith("_dlt")
    }


def test_a_warehouse_of_version_4_is_read_on_from_its_cursor_and_keeps_its_rows(
    job: Job, feed: SmallFeed
) -> None:
    before = rows_by_table(job)
    feed.events += NEW
    feed.failing.clear()
    job.poll()
    after = rows_by_table(job)
    for table, rows in before.items():
        assert after[table] >= rows, table
    # The pages from the cursor on and not the feed from its start; details that are pending or new.
    assert not {f"feed/{page_id(number)}" for number in range(3)} & set(feed.requests)
    details = {path[-1] for path in feed.requests if path.startswith("feedentry/")}
    assert details >= {"c", "f", "9"} and not details & set(CLOSED)
    new_events = after["feed_events"] - before["feed_events"]
    assert {(event[0], event[1]) for event in new_events} == {(ad_id(ad), status) for ad, status in NEW}
    captured = {row[0] for row in job.rows("ad_versions", "ad_id, document") if row[1]}
    assert captured == {ad_id(ad) for ad in "acdef9"}
    state = stored_state(job.warehouse)
    assert state is not None and state.raw_version == RAW_VERSION


def test_after_the_upgrade_every_raw_table_has_the_columns_of_today(job: Job, feed: SmallFeed) -> None:
    feed.events += NEW
    job.poll()
    there: dict[str, set[str]] = {}
    for table, column, _ in job.warehouse.raw_columns():
        there.setdefault(table, set()).add(column)
    for table in RAW_TABLES:
        assert there[table.name] == {*table.schema.names, "_dlt_load_id"}, table.name


def test_a_second_run_after_the_upgrade_brings_nothing(job: Job, feed: SmallFeed) -> None:
    feed.failing.clear()
    job.poll()
    once = rows_by_table(job)
    job.poll()
    assert rows_by_table(job) == once
