"""Clock, tokens, faults and counts of the mock feed, over HTTP."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from demo.controls import Refused
from demo.server import Served
from demo.tokens import PRIVATE_TOKEN
from demo.world import World
from tests.demo.plain_client import Client, without_overlap

Start = Callable[..., Served]


def test_the_clock_stands_at_the_worlds_end_and_shows_nothing_later(start: Start, world: World) -> None:
    client = Client(start().url).log_in()
    assert client.get("/demo/clock").json == {"at": world.until.isoformat()}
    assert len(without_overlap(client.walk())) == len(world.events(world.until)) < len(world.log)


def test_the_clock_moves_on_and_events_appear(start: Start, world: World) -> None:
    begin = world.start + timedelta(days=4)
    client = Client(start(clock=begin).url).log_in()
    for hours in (1, 7, 30):
        at = begin + timedelta(hours=hours)
        assert client.send("POST", "/demo/clock", {"at": at.isoformat()}).status == 200
        assert len(without_overlap(client.walk())) == len(world.events(at))
    answer = client.send("POST", "/demo/clock", {"advance_seconds": 3600})
    assert answer.json == {"at": (begin + timedelta(hours=31)).isoformat()}


def test_the_clock_never_goes_back(start: Start, world: World) -> None:
    feed = start()
    earlier = world.until - timedelta(seconds=1)
    answer = Client(feed.url).send("POST", "/demo/clock", {"at": earlier.isoformat()})
    assert answer.status == 400 and "never goes back" in answer.json["message"]
    with pytest.raises(Refused):
        feed.clock_to(earlier)


@pytest.mark.parametrize("given", [{}, {"at": "soon"}, {"advance_seconds": "x"}, [], "x"])
def test_a_clock_that_is_set_wrongly_says_so(start: Start, given: object) -> None:
    assert Client(start().url).send("POST", "/demo/clock", given).status == 400


def test_a_detail_follows_the_clock(start: Start, world: World) -> None:
    last = [e for e in world.events(world.until) if e.status == "INACTIVE"][-1]
    feed = start(clock=last.changed_at - timedelta(microseconds=1))
    client = Client(feed.url).log_in()
    assert client.get(f"/api/v1/feedentry/{last.ad_id}").json["status"] == "ACTIVE"
    feed.clock_to(last.changed_at)
    assert client.get(f"/api/v1/feedentry/{last.ad_id}").json["status"] == "INACTIVE"


def test_a_detail_and_a_page_are_unknown_before_their_time(start: Start, world: World) -> None:
    first = world.events(world.until)[0]
    client = Client(start(clock=first.changed_at - timedelta(seconds=1)).url).log_in()
    assert client.get(f"/api/v1/feedentry/{first.ad_id}").status == 404
    assert client.get("/api/v1/feed").status == 404
    assert client.get(f"/api/v1/feed/{world.event_id(world.log.order[0])}").status == 404


def test_the_token_is_the_last_line_of_prose_and_everything_else_wants_it(start: Start) -> None:
    client = Client(start().url)
    prose = client.get("/api/publicToken")
    assert prose.headers["Content-Type"].startswith("text/plain")
    *words, token = prose.body.decode().splitlines()
    assert words and token.count(".") == 2
    for path in ("/api/v1/feed", "/api/v1/feed?last", "/api/v1/feedentry/x", "/api/v1/feed/x"):
        assert client.get(path).status == 401
        assert client.get(path, Authorization="Bearer wrong").status == 401
        assert client.get(path, Authorization=f"Bearer {token}").status != 401
        assert client.get(path, Authorization=f"Bearer {PRIVATE_TOKEN}").status != 401


def test_a_rotated_token_works_for_a_while_and_then_is_refused(start: Start) -> None:
    feed = start()
    client = Client(feed.url).log_in()
    feed.rotate_token()
    assert client.get("/api/v1/feed?last").status == 200
    newer = Client(feed.url).log_in()
    assert newer.token != client.token
    assert client.send("POST", "/demo/token", {"grace_seconds": 0}).status == 200
    assert newer.get("/api/v1/feed?last").status == 401
    assert client.get("/api/v1/feed?last").status == 200, "the first one's own half hour goes on"


def test_the_first_tokens_can_be_expired_ones(start: Start) -> None:
    client = Client(start(expired_tokens=2).url)
    statuses = [client.log_in().get("/api/v1/feed?last").status for _ in range(3)]
    assert statuses == [401, 401, 200]


def test_faults_answer_instead_as_often_as_told(start: Start) -> None:
    feed = start()
    client = Client(feed.url).log_in()
    feed.faults(
        {"path": "feedentry", "status": 429, "headers": {"Retry-After": "7"}, "times": 2},
        {"path": r"/feed\?last", "status": 503, "body": "busy"},
    )
    first = client.get("/api/v1/feedentry/x")
    assert (first.status, first.headers["Retry-After"]) == (429, "7")
    assert [client.get("/api/v1/feedentry/x").status for _ in range(2)] == [429, 404]
    assert [client.get("/api/v1/feed?last")[::2] for _ in range(3)] == [(503, b"busy")] * 3
    assert client.get("/api/v1/feed").status == 200
    assert client.send("DELETE", "/demo/faults").status == 200
    assert client.get("/api/v1/feed?last").status == 200


def test_faults_can_be_posted_and_wrong_ones_are_refused(start: Start) -> None:
    client = Client(start().url)
    assert client.send("POST", "/demo/faults", [{"path": "Token", "status": 500}]).status == 200
    assert client.get("/api/publicToken").status == 500
    odd: list[Any] = [[{}], [{"path": "("}], [{"path": "x", "odds": 1}], ["x"], {"path": "x"}, [{"path": 1}]]
    for wrong in odd:
        assert client.send("POST", "/demo/faults", wrong).status == 400, wrong


def test_a_delay_without_a_status_gives_the_real_answer_later(start: Start) -> None:
    feed = start()
    client = Client(feed.url).log_in()
    feed.faults({"path": "last", "delay_seconds": 0.01})
    assert client.get("/api/v1/feed?last").status == 200


def test_stats_count_requests_by_endpoint_status_and_how_many_at_once(start: Start) -> None:
    feed = start()
    client = Client(feed.url).log_in()
    client.get("/api/v1/feed?last", User_Agent="someone/1", If_None_Match="x")
    client.get(f"/api/v1/feed/{'x'}")
    feed.faults({"path": "feedentry", "delay_seconds": 1})
    threads = [threading.Thread(target=client.get, args=("/api/v1/feedentry/x",)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stats = client.get("/demo/stats").json
    assert stats == feed.stats()
    assert stats["requests"] == {"public_token": 1, "feed": 1, "page": 1, "entry": 3}
    assert stats["statuses"] == {"200": 2, "500": 1, "404": 3}
    assert stats["conditional"] == {"If-None-Match": 1}
    assert "someone/1" in stats["user_agents"]
    assert stats["most_at_once"] >= 2
    client.send("DELETE", "/demo/stats")
    assert feed.stats()["requests"] == {}


def test_only_get_is_answered_and_unknown_controls_say_what_there_is(start: Start) -> None:
    client = Client(start().url).log_in()
    assert client.send("POST", "/api/v1/feed").status == 405
    answer = client.get("/demo/nothing")
    assert answer.status == 400 and "/demo/clock" in answer.json["message"]
