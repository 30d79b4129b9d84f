"""Texts made to break something are stored and shown as text; addresses in answers lead nowhere."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import orjson
import pytest
from rich.console import Console

from dashboard.publish import publish
from demo.server import Served, serving
from demo.world import World
from extract.dbt import build
from extract.errors import SourceUnavailable
from tests.job import Job

END = datetime(2026, 3, 1, 12, tzinfo=UTC)
TEXTS = [
    "<script>alert('job')</script><img src=x onerror=alert(1)>",
    "</script><svg/onload=alert(2)>",
    "'; drop table nav_raw.ad_versions; --",
    "{{ 7 * 7 }} {% raw %} {{ env_var('HOME') }} {% do run_query('drop schema nav_marts cascade') %}",
    "\x00\x01\x1b[2J\u202e\u2028\x7f tab\there",
    "\U0001f469\u200d\U0001f52c emoji \U0001f1f3\U0001f1f4 \ud83d",
    "=cmd|' /C calc'!A0",
    "%s %(x)s ${HOME} `id` \\ \" ' ",
]


def hostile(text: str) -> dict[str, Any]:
    text = text.replace("\ud83d", "")
    place = {"country": text, "county": text, "municipal": text, "city": text, text: text}
    return {
        **dict.fromkeys(("title", "jobtitle", "description", "extent", "engagementtype", "sector"), text),
        **dict.fromkeys(("published", "expires", "applicationDue", "positioncount", "source"), text),
        "employer": {"name": text, "orgnr": text},
        "workLocations": [place],
        "occupationCategories": [{"level1": text, "level2": text}],
        "categoryList": [{"categoryType": "STYRK08", "code": text, "name": text, "score": text}],
        text: {text: text},
    }


def nested(depth: int) -> str:
    """JSON so deep that not every library gets to its bottom."""
    return '{"title": "deep", "in": ' + '{"in": [' * depth + "{}" + "]}" * depth + "}"


@pytest.mark.long
def test_hostile_texts_go_through_load_dbt_and_page_as_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path / "target"))
    monkeypatch.setenv("DBT_LOG_PATH", str(tmp_path / "logs"))
    monkeypatch.setenv("PUBLISH__SITE_DIR", str(tmp_path / "site"))
    contents = [hostile(text) for text in TEXTS]
    bodies = [orjson.dumps(content).decode() for content in contents]
    bodies += [json.dumps({"title": "large", "description": "x y " * (11 * 2**18)})]
    bodies += [nested(depth) for depth in (60, 200, 450)]
    with serving(World(seed=3, days=2, ads_a_day=30, until=END)) as feed:
        job = Job(tmp_path, feed.url)
        active = [ad_id for ad_id in active_ads(feed, job)][: len(bodies)]
        feed.faults(
            *(
                {"path": f"feedentry/{ad_id}", "status": 200, "body": detail(ad_id, body)}
                for ad_id, body in zip(active, bodies, strict=True)
            )
        )
        job.poll()
    documents = dict(job.rows("ad_versions where document is not null", "ad_id, document"))
    for ad_id, content in zip(active, contents, strict=False):
        stored = orjson.loads(documents[ad_id])
        assert stored["sector"] == content["sector"].replace("\x00", "\ufffd")
    assert len(documents[active[len(TEXTS)]]) > 10 * 2**20
    build(job.warehouse, Console(quiet=True))
    assert len(job.warehouse.query("select 1 from nav_marts.fct_ads")) >= len(bodies)
    publish(job.warehouse)
    for page in (tmp_path / "site").glob("*.html"):
        if page.name != "dbt.html":
            text = page.read_text(encoding="utf-8")
            for marker in ("<script>alert", "<img src=x", "<svg/onload"):
                assert marker not in text, f"{page.name} runs what an ad says"


def active_ads(feed: Served, job: Job) -> list[str]:
    """The ads that a first poll asks for."""
    scout = Job(job.folder / "scout", feed.url)
    scout.poll()
    return sorted({ad_id for (ad_id,) in scout.rows("ad_versions where document is not null", "ad_id")})


def detail(ad_id: str, content: str) -> str:
    head = f'{{"uuid": "{ad_id}", "status": "ACTIVE", "sistEndret": "2026-02-28T12:00:00", "ad_content": '
    return head + content + "}"


class Elsewhere:
    """A server that nobody should ever ask anything."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        elsewhere = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                elsewhere.asked.append(self.headers.get("Authorization", "nothing"))
                self.send_response(404)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    other = Elsewhere()
    threading.Thread(target=other.server.serve_forever, args=(0.05,), daemon=True).start()
    yield other
    other.server.shutdown()
    other.server.server_close()


def test_no_address_of_an_answer_is_followed_and_no_token_leaves_for_another_host(
    elsewhere: Elsewhere, tmp_path: Path
) -> None:
    far = f"{elsewhere.url}/api/v1/feed/x"
    entry = {"uuid": far, "status": "ACTIVE", "sistEndret": "2026-02-28T12:00:00"}
    items = [{"id": far, "url": far, "_feed_entry": entry}]
    page = {"id": "p", "next_id": far, "next_url": far, "feed_url": far, "items": items}
    body = orjson.dumps(page).decode()
    with serving(World(seed=3, days=1, ads_a_day=2, until=END)) as feed:
        job = Job(tmp_path, feed.url)
        feed.faults({"path": "/api/v1/feed$", "status": 200, "body": body})
        with pytest.raises(SourceUnavailable, match="answered 500"):
            job.poll()
        for status in (301, 302, 307, 308):
            feed.faults({"path": "/api/", "status": status, "headers": {"Location": far}})
            with pytest.raises(SourceUnavailable, match=f"answered {status}"):
                job.poll()
    assert elsewhere.asked == []
