"""The mock feed over HTTP: the feed under /api, the business register under /enhetsregisteret, the controls
under /demo.

with serving(World(days=10, ads_a_day=60)) as feed:
    feed.url  ->  "http://127.0.0.1:PORT"
"""

import asyncio
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import orjson
from aiohttp import web

from demo.controls import Clock, Faults, Refused, Stats
from demo.feed import Source, Tip, detail_body, etag_of, page_body, page_from
from demo.ids import is_uuid
from demo.register import PREFIX, Register
from demo.times import micros, parse_timestamp, timestamp
from demo.tokens import Tokens

HOST = "127.0.0.1"
DEFAULT_PAGE_SIZE = 1_000
LARGEST_PAGE_SIZE = 10_000

Answer = web.Response


class MockFeed:
    """A source of ads with its clock, tokens, faults and counts: answers requests."""

    def __init__(
        self,
        source: Source,
        clock: datetime,
        tip: Tip = "growing",
        expired_tokens: int = 0,
        units: int = 0,
    ) -> None:
        self.source = source
        self.register = Register(units)
        self.tip = tip
        self.clock = Clock(clock)
        self.tokens = Tokens(expired_tokens)
        self.faults = Faults()
        self.stats = Stats()
        self.latency_seconds = 0.0
        """Before each answer, as a network has it."""

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        path = request.path
        if path.startswith("/demo/"):
            return await self._control(request, path)
        stats = self.stats
        stats.at_once += 1
        stats.most_at_once = max(stats.most_at_once, stats.at_once)
        try:
            answer = await self._answer(request, path)
        finally:
            stats.at_once -= 1
        stats.statuses[str(answer.status)] += 1
        return answer

    async def _answer(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        endpoint, argument = _endpoint(path)
        self._count(request, endpoint)
        if self.latency_seconds:
            await asyncio.sleep(self.latency_seconds)
        fault = self.faults.next_for(request.path_qs)
        if fault is None:
            return self._true_answer(request, endpoint, argument)
        await asyncio.sleep(fault.delay_seconds)
        if fault.status is not None:
            answer: web.StreamResponse = Answer(
                status=fault.status, text=fault.body.replace("{id}", argument), headers=fault.headers
            )
        else:
            answer = self._true_answer(request, endpoint, argument)
        if fault.cut_after is None or not isinstance(answer, Answer):  # a file is not cut
            return answer
        return await _cut(request, answer, fault.cut_after)

    def _true_answer(self, request: web.BaseRequest, endpoint: str, argument: str) -> web.StreamResponse:
        if request.method != "GET":
            return _error(405, "only GET")
        if endpoint == "register":
            return self.register.answer(request, self.clock.now)
        if endpoint == "public_token":
            return Answer(text=self.tokens.prose())
        if endpoint == "unknown":
            return _error(404, "no such path")
        if not self.tokens.is_good(request.headers.get("Authorization", "")):
            return _error(401, "the token is missing, wrong or expired")
        if endpoint == "feed":
            return self._feed(request)
        if endpoint == "page":
            return self._page(request, argument)
        body = detail_body(self.source, argument, self.clock.now)
        return _error(404, "no such ad") if body is None else _json(request, body)

    def _count(self, request: web.BaseRequest, endpoint: str) -> None:
        self.stats.requests[endpoint] += 1
        self.stats.user_agents.add(request.headers.get("User-Agent", ""))
        for header in ("If-Modified-Since", "If-None-Match"):
            if header in request.headers:
                self.stats.conditional[header] += 1

    def _feed(self, request: web.BaseRequest) -> Answer:
        """The first page; the first with something newer; with `last` that of the newest entry."""
        now = self.clock.now
        since = _modified_since(request)
        if "last" in request.query:
            first = self.source.log.newest(now)
        elif since is not None:
            first = self.source.log.first_newer(since, now)
        else:
            first = next(self.source.log.seen_from(0, now), None)
        if first is None:
            return _error(404, "nothing newer")
        return self._page_from(request, first, None)

    def _page(self, request: web.BaseRequest, page_id: str) -> Answer:
        if not is_uuid(page_id):
            return _error(500, "Internal Server Error")
        first = self.source.find_event(page_id)
        if first is None or self.source.log.visible[first] > self.clock.now:
            return _error(404, "no such page")
        return self._page_from(request, first, _modified_since(request))

    def _page_from(self, request: web.BaseRequest, first: int, since: int | None) -> Answer:
        size = request.query.get("pageSize", str(DEFAULT_PAGE_SIZE))
        if not size.isdecimal() or not 1 <= int(size) <= LARGEST_PAGE_SIZE:
            return _error(400, f"pageSize is a number from 1 to {LARGEST_PAGE_SIZE}")
        page = page_from(self.source, first, int(size), self.clock.now, self.tip, since)
        if not page.entries:
            return _error(404, "nothing newer")
        etag = etag_of(self.source, page)
        if request.headers.get("If-None-Match", "").strip('"') == etag:
            return Answer(status=304, headers={"ETag": etag})
        return _json(request, page_body(self.source, page), {"ETag": etag})

    async def _control(self, request: web.BaseRequest, path: str) -> Answer:
        try:
            return Answer(
                body=orjson.dumps(await self._controlled(request, path)),
                content_type="application/json",
            )
        except (Refused, ValueError, TypeError, KeyError, AttributeError) as error:
            return _error(400, str(error) or repr(error))

    async def _controlled(self, request: web.BaseRequest, path: str) -> dict[str, Any]:
        call = f"{request.method} {path}"
        given = orjson.loads(await request.read() or b"null")
        if call == "POST /demo/clock":
            at = (
                parse_timestamp(given["at"])
                if "at" in given
                else timestamp(self.clock.now + int(given["advance_seconds"] * 1_000_000))
            )
            self.clock.move_to(at)
        elif call in ("POST /demo/faults", "DELETE /demo/faults"):
            self.faults.set(given or [])
        elif call == "DELETE /demo/stats":
            self.stats.reset()
        elif call == "POST /demo/token":
            self.tokens.rotate((given or {}).get("grace_seconds", 1_800))
        elif call not in ("GET /demo/clock", "GET /demo/stats"):
            raise Refused("there are /demo/clock, /demo/faults, /demo/stats and /demo/token")
        if path == "/demo/stats":
            return self.stats.as_json()
        return {"at": timestamp(self.clock.now).isoformat()}


def _endpoint(path: str) -> tuple[str, str]:
    """The endpoint a path names, and the id in it."""
    if path.startswith(PREFIX):
        return "register", ""
    if path.startswith("/api/v1/feedentry/"):
        return "entry", path.removeprefix("/api/v1/feedentry/")
    if path.startswith("/api/v1/feed/"):
        return "page", path.removeprefix("/api/v1/feed/")
    return {"/api/v1/feed": "feed", "/api/publicToken": "public_token"}.get(path, "unknown"), ""


def _modified_since(request: web.BaseRequest) -> int | None:
    """If-Modified-Since as a timestamp; what cannot be read is silently ignored, as NAV does."""
    try:
        return micros(parsedate_to_datetime(request.headers.get("If-Modified-Since", "")))
    except (ValueError, TypeError):
        return None


async def _cut(request: web.BaseRequest, answer: Answer, after: int) -> web.StreamResponse:
    """Begin to send the answer and reset the connection in its middle."""
    body = answer.body if isinstance(answer.body, bytes) else b""
    begun = web.StreamResponse(status=answer.status, headers=answer.headers)
    begun.content_length = len(body)
    await begun.prepare(request)
    await begun.write(body[:after])
    if request.transport is not None:
        request.transport.abort()
    return begun


def _error(status: int, message: str) -> Answer:
    return Answer(status=status, body=orjson.dumps({"message": message}), content_type="application/json")


def _json(request: web.BaseRequest, body: bytes, headers: dict[str, str] | None = None) -> Answer:
    headers = {"Content-Type": "application/json", **(headers or {})}
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        packer = zlib.compressobj(level=1, wbits=31)
        body = packer.compress(body) + packer.flush()
        headers["Content-Encoding"] = "gzip"
    return Answer(body=body, headers=headers)


async def start(mock_feed: MockFeed, port: int) -> tuple[web.ServerRunner, int]:
    """Listen on 127.0.0.1; port 0 takes a free one. OSError when the port is in use."""
    runner = web.ServerRunner(web.Server(mock_feed.handle, access_log=None), shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, HOST, port).start()
    return runner, runner.addresses[0][1]


@dataclass
class Served:
    """A running mock feed, for tests."""

    url: str
    _mock_feed: MockFeed

    def clock_to(self, at: datetime) -> None:
        """Move the clock on to an aware time; `demo.controls.Refused` if that is back."""
        self._mock_feed.clock.move_to(at)

    @property
    def register_url(self) -> str:
        """Where the business register is."""
        return self.url + PREFIX.removesuffix("/api/")

    def make_register(self) -> None:
        """Make the register's downloads of now, so that they are there when they are asked for."""
        for kind in self._mock_feed.register.units:
            self._mock_feed.register.file(kind, self._mock_feed.clock.now)

    def faults(self, *rules: dict[str, Any]) -> None:
        """Replace the fault rules (see `demo.controls.Fault`); none given clears them."""
        self._mock_feed.faults.set(list(rules))

    def rotate_token(self, grace_seconds: float = 1_800) -> None:
        """Make a new public token; the old one works for so long yet."""
        self._mock_feed.tokens.rotate(grace_seconds)

    def stats(self) -> dict[str, Any]:
        """The counts since the start or the last reset, as GET /demo/stats."""
        return self._mock_feed.stats.as_json()

    def reset_stats(self) -> None:
        """Count from nothing again."""
        self._mock_feed.stats.reset()


@contextmanager
def serving(
    source: Source,
    *,
    clock: datetime | None = None,
    tip: Tip = "growing",
    expired_tokens: int = 0,
    units: int = 0,
    latency_seconds: float = 0,
) -> Iterator[Served]:
    """Run the mock feed in a thread of its own, on a free port, while the block runs.

    Its clock begins at `clock`, without one at the source's end. `units` is the business register's size.
    Each answer of the feed is `latency_seconds` late.
    """
    mock_feed = MockFeed(source, clock or source.until, tip, expired_tokens, units)
    mock_feed.latency_seconds = latency_seconds
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="mock feed", daemon=True)
    thread.start()
    runner, port = asyncio.run_coroutine_threadsafe(start(mock_feed, 0), loop).result()
    try:
        yield Served(f"http://{HOST}:{port}", mock_feed)
    finally:
        asyncio.run_coroutine_threadsafe(_end(runner), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _end(runner: web.ServerRunner) -> None:
    """Stop serving, and end the requests that a fault still holds."""
    await runner.cleanup()
    held = asyncio.all_tasks() - {asyncio.current_task()}
    for task in held:
        task.cancel()
    await asyncio.gather(*held, return_exceptions=True)
