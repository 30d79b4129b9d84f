"""Every answer has an end, what may pass is tried again, and no secret leaves for another server."""

from __future__ import annotations

import asyncio
import gzip
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from extract.config import HttpSettings
from extract.errors import SourceUnavailable
from extract.hashing import canonical_json, decode_json
from extract.sources.http import (
    MAX_ANSWER_BYTES,
    Answer,
    HttpClient,
    RetryableError,
    quoted,
    retry_after,
)
from extract.sources.rest_api.session import api_session

QUICK = HttpSettings(connect_timeout=2, read_timeout=0.4, attempts=2, max_backoff=0.01)
Reply = Callable[[BaseHTTPRequestHandler], None]


class Server:
    """Answers each request as the test says; `asked` holds method, path and headers of each."""

    def __init__(self, reply: Reply) -> None:
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        asked = self.asked

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                asked.append((self.command, self.path, dict(self.headers)))
                reply(self)

            do_GET = do_POST = answer

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"


@contextmanager
def serving(reply: Reply) -> Iterator[Server]:
    server = Server(reply)
    threading.Thread(target=server.http.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server
    finally:
        server.http.shutdown()
        server.http.server_close()


def answering(status: int = 200, body: bytes = b"{}", **headers: str) -> Reply:
    def reply(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    return reply


def get(url: str, settings: HttpSettings = QUICK, **headers: str) -> Answer:
    async def asking() -> Answer:
        async with HttpClient(settings) as client:
            return await client.get(url, lambda answer: answer, headers)

    return asyncio.run(asking())


def by_aiohttp(url: str) -> Any:
    return get(url, Authorization="Bearer hush").body


def by_requests(url: str) -> Any:
    return api_session(QUICK, url).get(url, headers={"Authorization": "Bearer hush"}).content


both = pytest.mark.parametrize("ask", [by_aiohttp, by_requests])


@both
def test_an_answer_of_two_bytes_a_second_has_an_end(ask: Callable[[str], Any]) -> None:
    stop = threading.Event()

    def trickle(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        while not stop.wait(0.1):
            try:
                request.wfile.write(b" ")
            except OSError:
                return

    with serving(trickle) as server:
        with pytest.raises(SourceUnavailable, match="did not answer in time, in 2 attempts"):
            ask(server.url)
        stop.set()


@both
def test_a_gzip_that_unpacks_to_far_more_than_it_is_has_an_end(ask: Callable[[str], Any]) -> None:
    bomb = gzip.compress(b" " * (MAX_ANSWER_BYTES + 1))
    with (
        serving(answering(body=bomb, Content_Encoding="gzip")) as server,
        pytest.raises(SourceUnavailable, match="sent more than 32 MB"),
    ):
        ask(server.url)


@both
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_server_is_not_followed(ask: Callable[[str], Any], status: int) -> None:
    with serving(answering()) as other, serving(answering(status, Location=other.url + "/x")) as server:
        with pytest.raises(SourceUnavailable, match=f"answered {status}, a redirect to 127") as error:
            ask(server.url + "/page?key=hush")
        assert "hush" not in str(error.value)
    assert other.asked == []


def test_the_secret_of_a_token_request_does_not_follow_a_redirect() -> None:
    with (
        serving(answering()) as other,
        serving(answering(307, Location=other.url + "/token")) as server,
        pytest.raises(SourceUnavailable, match="answered 307"),
    ):
        api_session(QUICK, server.url).post(server.url + "/token", data={"client_secret": "hush"})
    assert other.asked == []


@both
def test_a_redirect_on_the_same_server_is_not_followed_and_says_where_it_leads(
    ask: Callable[[str], Any],
) -> None:
    with serving(answering(302, Location="/new?key=hush")) as server:
        with pytest.raises(SourceUnavailable, match=r"a redirect to 127\.0\.0\.1/new, which") as error:
            ask(server.url + "/old")
        assert "hush" not in str(error.value) and len(server.asked) == 1


@both
def test_what_may_pass_is_tried_again(ask: Callable[[str], Any]) -> None:
    replies = iter([answering(503), answering(body=b"well")])
    with serving(lambda request: next(replies)(request)) as server:
        assert ask(server.url) == b"well"


def test_a_pause_above_the_longest_ends_the_attempts_at_once() -> None:
    with (
        serving(answering(429, Retry_After="3600")) as server,
        pytest.raises(SourceUnavailable, match="asks for a pause of 3600 s"),
    ):
        get(server.url)
    assert len(server.asked) == 1


def test_retry_after_is_read_as_seconds_and_as_a_date() -> None:
    in_an_hour = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    assert 3590 < (retry_after(in_an_hour) or 0) <= 3600
    assert retry_after("Mon, 01 Jan 2024 00:00:00 GMT") == 0
    assert retry_after("2.5") == 2.5
    assert retry_after("9" * 400) == float("inf")
    assert [retry_after(text) for text in (None, "", "soon", "-1", "nan")] == [None] * 5


def test_the_server_that_is_too_busy_is_asked_by_fewer_at_once_and_by_more_again_later() -> None:
    busy = threading.Event()

    def reply(request: BaseHTTPRequestHandler) -> None:
        answering(429 if busy.is_set() else 200, Retry_After="0")(request)

    async def limits(url: str) -> list[int]:
        seen = []
        async with HttpClient(HttpSettings(attempts=3, max_backoff=0.01), 16) as client:
            for is_busy in (False, True, True, False):
                (busy.set if is_busy else busy.clear)()
                for _ in range(4 if is_busy else 200):
                    with suppress(SourceUnavailable):
                        await client.get(url, lambda answer: answer)
                seen.append(int(client._limit))
        return seen

    with serving(reply) as server:
        assert asyncio.run(limits(server.url)) == [16, 2, 2, 16]


def test_no_more_requests_are_under_way_than_allowed() -> None:
    active = most = 0
    lock = threading.Lock()

    def reply(request: BaseHTTPRequestHandler) -> None:
        nonlocal active, most
        with lock:
            active += 1
            most = max(most, active)
        threading.Event().wait(0.02)
        with lock:
            active -= 1
        answering()(request)

    async def ask(url: str) -> None:
        async with HttpClient(QUICK, 3) as client:
            await asyncio.gather(*(client.get(url, lambda answer: answer) for _ in range(12)))

    with serving(reply) as server:
        asyncio.run(ask(server.url))
    assert 2 <= most <= 3


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://127.0.0.1:9", "cannot be connected to"),
        ("http://feed.invalid", "has a name that cannot be resolved"),
    ],
)
def test_a_server_that_is_not_there_is_named(url: str, reason: str) -> None:
    with pytest.raises(SourceUnavailable, match=reason) as error:
        get(url + "/page?key=hush")
    assert "hush" not in str(error.value)


def test_a_server_without_tls_is_not_sent_a_token() -> None:
    with (
        serving(answering()) as server,
        pytest.raises(SourceUnavailable, match="no TLS connection that can be trusted"),
    ):
        get(server.url.replace("http:", "https:"), Authorization="hush")
    assert server.asked == []


def test_what_parse_refuses_is_tried_again() -> None:
    def parse(answer: Answer) -> bytes:
        if answer.body != b"whole":
            raise RetryableError("sent half of it")
        return answer.body

    async def ask(url: str) -> bytes:
        async with HttpClient(QUICK) as client:
            return await client.get(url, parse)

    replies = iter([answering(body=b"who"), answering(body=b"whole")])
    with serving(lambda request: next(replies)(request)) as server:
        assert asyncio.run(ask(server.url)) == b"whole"


@pytest.mark.parametrize("segment", ["../../admin?x=1#", "..", "a/b", "æ ø", "%2e%2e"])
def test_an_id_is_one_segment_of_a_path_whatever_it_holds(segment: str) -> None:
    with serving(answering()) as server:
        get(f"{server.url}/unit/{quoted(segment)}")
    [(_, path, _)] = server.asked
    assert path.startswith("/unit/")
    assert not set("?#") & set(path) and path.count("/") == 2 and ".." not in path


def test_json_is_utf_8_whatever_the_content_type_says_and_latin_1_is_an_error() -> None:
    with serving(answering(body='{"sted": "Ålesund"}'.encode(), Content_Type="text/plain")) as server:
        assert api_session(QUICK, server.url).get(server.url).json() == {"sted": "Ålesund"}
    with (
        serving(answering(body='{"sted": "Ålesund"}'.encode("latin-1"))) as server,
        pytest.raises(ValueError, match="not UTF-8: byte 0xc5 at position 10"),
    ):
        api_session(QUICK, server.url).get(server.url).json()


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        (r'{"a":"\ud800"}', '{"a":"\ufffd"}'),
        ('{"a":1e999}', '{"a":null}'),
        ("[NaN,-Infinity,Infinity]", "[null,null,null]"),
        ('{"a":' + "9" * 10_000 + "}", '{"a":"' + "9" * 10_000 + '"}'),
        (r'{"deep":' + "[" * 2000 + "]" * 2000 + r',"a":"]\"["}', None),
    ],
)
def test_json_that_only_a_reader_of_strict_json_refuses_is_read_and_cleaned(
    text: str, stored: str | None
) -> None:
    value = decode_json(text.encode())
    if stored is None:
        assert value["a"] == ']"['
    else:
        assert canonical_json(value) == stored


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"a"', b"[" * 3000, b'"' * 3, b'{"a":1}{"a":2}'])
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match="not JSON"):
        decode_json(body)
