"""What the API can do wrong, and what the run then does: the source of its tests and of a page of the docs.

python -m tests.faults.api_faults > docs/explanation/faults.md
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import Any

import orjson

PAGE = "/api/v1/feed"
DETAIL = "/api/v1/feedentry/"
EVERYWHERE = "/api/v1/"
FAR_AWAY = "http://elsewhere.invalid/api/v1/feed/x"


@dataclass(frozen=True)
class ApiFault:
    """One fault. `rules` are a Fault's (demo.controls); `{CURSOR}` in a path is the cursor's page.

    `tells` is what the user reads; of a run that succeeds it is part of the summary or a warning.
    `adds`: what the API says wrongly is kept as it came, in place of what the true feed has.
    """

    name: str
    does: str
    code: int
    tells: str
    rules: tuple[dict[str, Any], ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    special: str | None = None
    """What the test does beside the rules: `refused`, `dns`, `tls`, `revoke`."""
    adds: bool = False


def _page(entries: list[dict[str, Any]], **more: Any) -> str:
    items = [{"id": entry["uuid"], "_feed_entry": entry} for entry in entries]
    return orjson.dumps({"id": "{CURSOR}", "next_id": None, "items": items} | more).decode()


def _always(path: str, **answer: Any) -> tuple[dict[str, Any], ...]:
    return ({"path": path, **answer},)


def _times(path: str, *statuses: int) -> tuple[dict[str, Any], ...]:
    return tuple({"path": path, "status": status, "times": 1} for status in statuses)


BACKWARDS = [
    {"uuid": "backwards", "status": "INACTIVE", "sistEndret": "2026-02-28T12:00:00+01:00"},
    {"uuid": "backwards", "status": "ACTIVE", "sistEndret": "2026-02-27T12:00:00+01:00"},
]
OTHER_TYPES = {
    "uuid": "{id}",
    "status": "ACTIVE",
    "sistEndret": "2026-02-28T12:00:00",
    "ad_content": {"title": ["a", "list"], "positioncount": {"is": "an object"}, "workLocations": "OSLO"},
}

FAR_AHEAD = [{"uuid": "ahead", "status": "INACTIVE", "sistEndret": "9999-12-31T23:59:59Z"}]
OTHER_AD = OTHER_TYPES | {"uuid": "another"}

FAULTS = (
    ApiFault(
        "connection refused",
        "tries `attempts` times, then gives up",
        75,
        "cannot be connected to",
        special="refused",
    ),
    ApiFault(
        "the name cannot be resolved", "the same", 75, "has a name that cannot be resolved", special="dns"
    ),
    ApiFault(
        "no TLS, or a certificate that is not trusted",
        "the same; nothing is sent, the token neither",
        75,
        "TLS",
        special="tls",
    ),
    ApiFault(
        "reset in the middle of a body",
        "throws the half away and tries again",
        75,
        "broke the connection off",
        _always(PAGE, cut_after=200),
    ),
    ApiFault(
        "answers within the time limit, however slow (30 s)",
        "waits for each",
        0,
        "events:",
        _always(PAGE, delay_seconds=0.2),
    ),
    ApiFault(
        "answers slower than `read_timeout`",
        "tries `attempts` times, then gives up",
        75,
        "did not answer in time",
        _always(PAGE, delay_seconds=5),
        {"read_timeout": 1},
    ),
    ApiFault(
        "a burst of 500, 502 and 503",
        "waits a little longer each time and goes on",
        0,
        "events:",
        _times(EVERYWHERE, 500, 502, 503),
        {"attempts": 5},
    ),
    ApiFault("503 without an end", "gives up", 75, "answered 503", _always(EVERYWHERE, status=503)),
    ApiFault(
        "429 with Retry-After in seconds",
        "waits as long as the header says",
        0,
        "events:",
        ({"path": PAGE, "status": 429, "headers": {"Retry-After": "0"}, "times": 1},),
    ),
    ApiFault(
        "429 with Retry-After as a date",
        "waits until then",
        0,
        "events:",
        (
            {
                "path": PAGE,
                "status": 429,
                "headers": {"Retry-After": "Mon, 01 Jan 2024 00:00:00 GMT"},
                "times": 1,
            },
        ),
    ),
    ApiFault(
        "429 with a Retry-After longer than `max_backoff`",
        "leaves the feed alone at once",
        75,
        "asks for a pause of 3600 s",
        _always(PAGE, status=429, headers={"Retry-After": "3600"}),
    ),
    ApiFault(
        "truncated JSON with 200",
        "tries again, then gives up",
        75,
        "sent a body that is not JSON",
        _always(PAGE, status=200, body='{"id": "x", "items": [{'),
    ),
    ApiFault(
        "HTML with 200",
        "tries again, then gives up",
        75,
        "sent a body that is not JSON",
        _always(PAGE, status=200, body="<html>Vedlikehold</html>"),
    ),
    ApiFault(
        "an empty page",
        "takes it for the newest page; the volume alarm reports it where events are expected",
        0,
        "nothing new",
        _always(PAGE, status=200, body=_page([])),
    ),
    ApiFault(
        "a page that names itself as the next",
        "takes it for the newest page",
        0,
        "nothing new",
        _always(PAGE, status=200, body=_page([], next_id="{CURSOR}")),
    ),
    ApiFault(
        "a page that names one which was read before",
        "keeps the pages before it and gives up: a circle is not the end of the feed",
        75,
        "leads in a circle: page p2 names {CURSOR}",
        (
            {"path": "{CURSOR}", "status": 200, "body": _page([], next_id="p2")},
            {"path": "/p2", "status": 200, "body": _page([], id="p2", next_id="{CURSOR}")},
        ),
    ),
    ApiFault(
        "new pages without an end and without a new entry",
        "gives up after 20 of them in a row",
        75,
        "20 pages in a row without a new entry",
        _always(PAGE + "/.", status=200, body=_page([], id="{id}", next_id="{id}x")),
    ),
    ApiFault(
        "another page in place of the one asked for, as from a cache",
        "tries again, then gives up; the cursor stays",
        75,
        "sent page 'p1' in place of",
        _always(PAGE + "/", status=200, body=_page([], id="p1", next_id="p2")),
    ),
    ApiFault(
        "404 to everything but the token",
        "says that the address is wrong",
        2,
        "sources.nav_feed.base_url is not the address of the feed",
        _always(EVERYWHERE, status=404),
    ),
    ApiFault(
        "404 to the token",
        "says that the address is wrong",
        2,
        "sources.nav_feed.base_url is not the address of the feed",
        _always("/api/", status=404),
    ),
    ApiFault(
        "an event of the year 9999",
        "keeps it at the time of the entries before it, among the rejects too; the cursor does not follow it",
        0,
        "events: 1",
        _always("{CURSOR}", status=200, body=_page(FAR_AHEAD)),
        adds=True,
    ),
    ApiFault(
        "another ad's detail in place of the one asked for",
        "keeps it out, among the rejects; the ad stays pending",
        0,
        "still pending:",
        _always(DETAIL, status=200, body=orjson.dumps(OTHER_AD).decode()),
        adds=True,
    ),
    ApiFault(
        "a document above 8 MB",
        "loads all else; the ad is among the rejects",
        0,
        "events:",
        _always(DETAIL + "[0-7]", status=200, body="9 MB"),
        adds=True,
    ),
    ApiFault(
        "JSON that strict readers refuse: a lone surrogate, 1e999, NaN, 10,000 digits, 2,000 levels",
        "reads it, with null or U+FFFD for what cannot be stored",
        0,
        "events:",
        _always(DETAIL, status=200, body="not strict"),
        adds=True,
    ),
    ApiFault(
        "Latin-1 in place of UTF-8",
        "tries again, then gives up",
        75,
        "sent a body that is not UTF-8: byte 0xc5",
        _always(
            PAGE, status=200, headers={"Content-Type": "application/json; charset=iso-8859-1"}, body="Ås"
        ),
    ),
    ApiFault(
        "a page that names one which does not exist (404)",
        "keeps the pages before it and gives up",
        75,
        "names a page, gone, that is unknown to the feed",
        (
            {"path": "{CURSOR}", "status": 200, "body": _page([], next_id="gone")},
            {"path": "/gone", "status": 404},
        ),
    ),
    ApiFault(
        "a cursor that the server no longer knows",
        "reads on from three days before the newest event",
        0,
        "the feed no longer knows the cursor's page",
        _always("{CURSOR}", status=404),
    ),
    ApiFault(
        "the public token is revoked in mid-walk",
        "asks for another one, once for all requests",
        0,
        "events:",
        special="revoke",
    ),
    ApiFault(
        "the private token is refused",
        "stops at once",
        2,
        "refuses the token in sources.nav_feed.token (401)",
        settings={"token": "hush.hush.hush"},
    ),
    ApiFault(
        "a detail that always fails",
        "loads all else; the ad stays pending, is shown by `status` and asked for again on each run",
        0,
        "still pending:",
        _always(DETAIL + "[0-3]", status=500),
        {"concurrency": 50},
    ),
    ApiFault(
        "every detail fails",
        "loads the events, stops asking, and gives up",
        75,
        "answered 500",
        _always(DETAIL, status=500),
    ),
    ApiFault(
        "a body of 50 MB",
        "stops reading at 32 MB, tries again, then gives up; of a detail: that ad stays pending",
        75,
        "sent more than 32 MB",
        _always(PAGE, status=200, body="50 MB"),
    ),
    ApiFault(
        "a field changes its type",
        "keeps the document as it is; staging reads null, and `status` shows the new kind of the field",
        0,
        "events:",
        _always(DETAIL, status=200, body=orjson.dumps(OTHER_TYPES).decode()),
        adds=True,
    ),
    ApiFault(
        "times that run backwards",
        "keeps each event; the latest by its time tells the ad's status",
        0,
        "events: 2",
        _always(PAGE + "(/|$)", status=200, body=_page(BACKWARDS)),
        adds=True,
    ),
    ApiFault(
        "an ETag that stays the same while entries are appended",
        "never asks with `If-None-Match`, so nothing is hidden",
        0,
        "events:",
        special="etag",
    ),
    ApiFault(
        "a redirect, to wherever",
        "does not follow it: the token goes to the configured host alone",
        75,
        "answered 302",
        _always(PAGE, status=302, headers={"Location": FAR_AWAY}),
    ),
    ApiFault(
        "a `next_url` on another host",
        "is not looked at: addresses are built from the configured one and an id",
        0,
        "nothing new",
        _always(PAGE, status=200, body=_page([], next_url=FAR_AWAY)),
    ),
)


def table() -> str:
    """docs/explanation/faults.md."""
    rows = [(fault.name, fault.does, str(fault.code), f"`{fault.tells}`") for fault in FAULTS]
    lines = ["| the API does | the run | exit code | the user reads |", "|---|---|---|---|"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return INTRODUCTION + "\n".join(lines) + "\n"


INTRODUCTION = """# What the API can do wrong

Each row is a test (`tests/faults/test_api_faults.py`), which also lets a healthy run follow and compares its
tables with those of a warehouse that nothing happened to. `make test` tries one of each kind, `make faults`
all. The table is made from the tests by `python -m tests.faults.api_faults`. "Gives up" keeps all that was
read before, and the next run goes on from there. How often and how long is tried is set in
[settings](../reference/settings.md).

"""

if __name__ == "__main__":
    sys.stdout.write(table())
