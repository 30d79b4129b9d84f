"""The client of NAV's Job Vacancy Feed: pages and details over HTTP, with tokens and retries.

    publicToken ──> token ──> GET /api/v1/feed[/{page id}] ──> Page
                         └──> GET /api/v1/feedentry/{uuid} ──> Detail

Addresses are built from the configured base URL and an id, never taken from an answer, and redirects
are not followed: the token goes to the configured host alone. Pages are read unconditionally: the feed's
ETag stays the same while entries are appended, so a 304 would hide them.

libcurl asks, for half the CPU of a client in Python; a first run asks tens of thousands of times.
"""

from __future__ import annotations

import logging
import math
import os
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, Self, TypeVar
from urllib.parse import quote

import certifi
import pycurl
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt
from tenacity.nap import sleep_using_event
from tenacity.wait import wait_random_exponential

from extract.errors import ConfigurationError, SourceUnavailable
from extract.sources.nav.parse import Detail, NotUnderstood, Page, parse_detail, parse_page

if TYPE_CHECKING:  # it is what needs dlt, whose import takes a worker longer than a hundred ads
    from extract.config import FeedSettings

USER_AGENT = "job-market/0.1 (statistics of the Norwegian job market)"
JWT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+")

LARGEST_ANSWER = 32 * 2**20
"""Bytes. The largest page that can be asked for has a few megabytes; more is no answer of this feed."""

SHORT_WAIT, LONG_WAIT = 0.1, 1.0
"""Seconds."""

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")


class NotFound(Exception):
    """The feed knows no such page or ad (404)."""


class TokenRefused(ConfigurationError):
    """The feed answers 401 to the token that was given."""


class _TryAgain(Exception):
    """An answer that another try may mend. `after` is what Retry-After asked for, in seconds."""

    def __init__(self, reason: str, after: float | None = None) -> None:
        super().__init__(reason)
        self.after = after


class _Asked(NamedTuple):
    """A request for an ad's detail that is under way."""

    ad_id: str
    token: str
    body: bytearray


class Access(NamedTuple):
    """What a worker must know of the settings: where the feed is, and for how many seconds it is waited."""

    base_url: str
    connect_timeout: float
    read_timeout: float
    attempts: int
    max_backoff: float

    @classmethod
    def of(cls, settings: FeedSettings) -> Self:
        """As it is set."""
        return cls(*(getattr(settings, name) for name in cls._fields))


class Token:
    """The bearer token: the one given, or the public one, asked for when it is first needed.

    One object serves a whole run, so that its parts share what was fetched.
    """

    def __init__(self, given: str | None = None) -> None:
        self.is_given = given is not None
        self.value = given

    def __repr__(self) -> str:
        return f"Token({'given' if self.is_given else 'public'})"


class FeedClient:
    """Reads pages and details, from any number of threads; leaving it ends what they wait for in a second.

    Every call raises SourceUnavailable when the feed does not answer as it should after all tries,
    TokenRefused when it does not take the given token, NotFound on 404.
    """

    def __init__(self, access: Access, token: Token) -> None:
        self._access = access
        self._token = token
        self._refreshing = threading.Lock()
        self._left = threading.Event()
        self._pause = wait_random_exponential(multiplier=0.5, max=access.max_backoff)
        self._connections: list[pycurl.Curl] = []
        """Those that no thread uses now; the feed keeps them open."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._left.set()

    def first_page(self, since: datetime) -> Page:
        """The page that begins with the first entry newer than `since` (UTC); NotFound if none is."""
        since_text = format_datetime(since.astimezone(UTC), usegmt=True)
        return self._get("/api/v1/feed", parse_page, f"If-Modified-Since: {since_text}")

    def page(self, page_id: str) -> Page:
        """The page of that id, with all entries it holds now."""
        return self._get(f"/api/v1/feed/{quote(page_id, safe='')}", parse_page)

    def details(
        self, ad_ids: Iterable[str], at_once: int
    ) -> Iterator[tuple[str, Detail | NotFound | SourceUnavailable]]:
        """Each ad's state now, or the NotFound or SourceUnavailable in its place, as they come.

        So many requests are under way at once, also while the caller looks at an answer. All are made by the
        caller's thread: two that take turns at Python cost a third more.
        """
        token = self._token.value or self._persistently("/api/publicToken", lambda: self._refresh(None))
        waiting = iter(ad_ids)
        multi = pycurl.CurlMulti()
        asked: dict[pycurl.Curl, _Asked] = {}
        again: dict[Future[Detail], str] = {}
        # Those that wait before they are tried again, or for another token.
        pool = ThreadPoolExecutor(at_once, thread_name_prefix="again")
        come: deque[tuple[str, Detail | NotFound | SourceUnavailable]] = deque()
        try:
            while True:
                while len(asked) + len(again) < at_once and (ad_id := next(waiting, None)) is not None:
                    connection, body = self._prepared(_path_of(ad_id), _bearer(token))
                    connection.setopt(pycurl.NOPROGRESS, 1)  # for leaving it, this generator is closed
                    asked[connection] = _Asked(ad_id, token, body)
                    multi.add_handle(connection)
                multi.perform()
                come.extend((again.pop(tried), _result(tried)) for tried in [*again] if tried.done())
                ended = [*_ended(multi)]
                for connection, failure in ended:
                    multi.remove_handle(connection)
                    request = asked.pop(connection)
                    received = self._received(request, connection, failure, pool)
                    self._connections.append(connection)
                    if isinstance(received, Future):
                        again[received] = request.ad_id
                    else:
                        come.append((request.ad_id, received))
                token = self._token.value or token
                if ended:
                    continue  # there is room: the next are asked for before the caller looks at these
                if come:
                    yield come.popleft()
                elif asked or again:
                    _wait(multi, asked, again)
                else:
                    return
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            for connection in asked:
                multi.remove_handle(connection)
            multi.close()

    def _received(
        self,
        request: _Asked,
        connection: pycurl.Curl,
        failure: tuple[int, str] | None,
        pool: ThreadPoolExecutor,
    ) -> Detail | NotFound | Future[Detail]:
        """What came of a request; if another try may mend it, that try, begun in the pool."""
        path = _path_of(request.ad_id)
        try:
            status, body = _answer(path, connection, request.body, failure)
            if status != 401:
                return self._understood(parse_detail, body)
            try_again = partial(self._get, path, parse_detail, refused=request.token)
        except NotFound as error:
            return error
        except _TryAgain as error:
            try_again = partial(self._get, path, parse_detail, failed=error)
        return pool.submit(try_again)

    def _get(
        self,
        path: str,
        parse: Callable[[bytes], Answer],
        *headers: str,
        refused: str | None = None,
        failed: _TryAgain | None = None,
    ) -> Answer:
        """What the feed answers, parsed; after it `refused` a token, or a first try that `failed`."""

        def authorized() -> Answer:
            token = self._token.value if refused is None else self._refresh(refused)
            token = token or self._refresh(None)
            status, body = self._request(path, *headers, _bearer(token))
            if status == 401 and refused is None:
                token = self._refresh(token)
                status, body = self._request(path, *headers, _bearer(token))
            if status == 401:
                raise SourceUnavailable(
                    f"{self._access.base_url} refuses its own public token: it can be handed out "
                    "expired for some hours. Try later, or ask NAV for a private token."
                )
            return self._understood(parse, body)

        return self._persistently(path, authorized, failed)

    def _refresh(self, refused: str | None) -> str:
        """Another token than the refused one, fetched once for all requests that were refused it."""
        if self._token.is_given:
            raise TokenRefused(
                f"{self._access.base_url} refuses the token in sources.nav_feed.token (401). "
                "Correct it in .dlt/secrets.toml or SOURCES__NAV_FEED__TOKEN, or remove it to use the "
                "public one."
            )
        with self._refreshing:
            if self._token.value is None or self._token.value == refused:
                _, body = self._request("/api/publicToken")
                self._token.value = self._understood(_token_in, body)
                logger.info("fetched the feed's public token")
            return self._token.value

    def _request(self, path: str, *headers: str) -> tuple[int, bytes]:
        """As `_answer` tells it."""
        connection, body = self._prepared(path, *headers)
        connection.setopt(pycurl.NOPROGRESS, 0)
        failure = None
        try:
            connection.perform()
        except pycurl.error as error:
            failure = error.args
        try:
            return _answer(path, connection, body, failure)
        finally:
            self._connections.append(connection)

    def _prepared(self, path: str, *headers: str) -> tuple[pycurl.Curl, bytearray]:
        """A connection that is to ask for the path, and where the answer will be."""
        body = bytearray()

        def keep(part: bytes) -> int | None:
            body.extend(part)
            return -1 if len(body) > LARGEST_ANSWER else None

        try:
            connection = self._connections.pop()
        except IndexError:
            connection = self._new_connection()
        connection.setopt(pycurl.URL, self._access.base_url.rstrip("/") + path)
        connection.setopt(pycurl.HTTPHEADER, ["Accept: application/json", *headers])
        connection.setopt(pycurl.WRITEFUNCTION, keep)
        return connection, body

    def _new_connection(self) -> pycurl.Curl:
        connection = pycurl.Curl()
        options = {
            pycurl.USERAGENT: USER_AGENT,
            pycurl.ACCEPT_ENCODING: "",  # whatever libcurl can unpack
            pycurl.CONNECTTIMEOUT_MS: round(self._access.connect_timeout * 1000),
            # Time without a byte, not for all of them; libcurl counts it in whole seconds.
            pycurl.LOW_SPEED_LIMIT: 1,
            pycurl.LOW_SPEED_TIME: math.ceil(self._access.read_timeout),
            # libcurl comes with no certificates of its own.
            pycurl.CAINFO: os.environ.get("SSL_CERT_FILE") or certifi.where(),
            pycurl.NOSIGNAL: 1,  # as it must be where there are threads
            # Called once a second, at least, where NOPROGRESS is 0.
            pycurl.XFERINFOFUNCTION: lambda *_: int(self._left.is_set()),
        }
        for option, value in options.items():
            connection.setopt(option, value)
        return connection

    def _understood(self, parse: Callable[[bytes], Answer], body: bytes) -> Answer:
        try:
            return parse(body)
        except NotUnderstood as error:
            raise _TryAgain(f"sent {error}") from None

    def _persistently(self, path: str, call: Callable[[], Answer], failed: _TryAgain | None = None) -> Answer:
        """What the call gives, tried as often as is set; `failed` is the first try, if it was made."""
        attempts = self._access.attempts
        if failed is None:
            try:
                return call()  # as a rule; what tenacity does for a call costs a tenth of a request
            except _TryAgain as error:
                failed = error
        try:
            for attempt in Retrying(
                stop=stop_after_attempt(attempts),
                wait=self._wait,
                sleep=sleep_using_event(self._left),
                retry=retry_if_exception_type(_TryAgain),
                reraise=True,
            ):
                with attempt:
                    if attempt.retry_state.attempt_number == 1:
                        raise failed
                    return call()
        except _TryAgain as error:
            raise SourceUnavailable(
                f"{self._access.base_url}{path}: {error}, tried {attempts} times. "
                "What was read before is kept; try later."
            ) from None
        raise AssertionError("tenacity returns or raises")

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        after = error.after if isinstance(error, _TryAgain) else None
        if after is None:
            return self._pause(state)
        if after > self._access.max_backoff:
            raise SourceUnavailable(
                f"{self._access.base_url} asks to be left alone for {after:.0f} s. "
                "What was read before is kept; try later."
            )
        return after


def _answer(
    path: str, connection: pycurl.Curl, body: bytearray, failure: tuple[int, str] | None
) -> tuple[int, bytes]:
    """Status 200 or 401 and the body; raises NotFound, or _TryAgain for what may pass."""
    if failure is not None:
        code, reason = failure
        if code == pycurl.E_OPERATION_TIMEDOUT:
            reason = "did not answer in time"
        elif code == pycurl.E_WRITE_ERROR:
            reason = f"sent more than {LARGEST_ANSWER // 2**20} MB"
        raise _TryAgain(reason)
    status = connection.getinfo(pycurl.RESPONSE_CODE)
    if status in (200, 401):
        return status, bytes(body)
    if status == 404:
        raise NotFound(path)
    raise _TryAgain(f"answered {status}", connection.getinfo(pycurl.RETRY_AFTER) or None)


def _ended(multi: pycurl.CurlMulti) -> Iterator[tuple[pycurl.Curl, tuple[int, str] | None]]:
    """The requests that have ended, and how those failed that did."""
    are_more = True
    while are_more:
        are_more, answered, failed = multi.info_read()
        yield from ((connection, None) for connection in answered)
        yield from ((connection, (code, reason)) for connection, code, reason in failed)


def _wait(multi: pycurl.CurlMulti, asked: Collection[Any], again: Collection[Future[Any]]) -> None:
    """Until something comes, or may have."""
    if not asked:
        wait(again, return_when=FIRST_COMPLETED)
    elif multi.select(SHORT_WAIT if again else LONG_WAIT) < 0:
        time.sleep(SHORT_WAIT)  # there is no connection yet to wait for


def _result(tried: Future[Detail]) -> Detail | NotFound | SourceUnavailable:
    try:
        return tried.result()
    except (NotFound, SourceUnavailable) as error:
        return error


def _path_of(ad_id: str) -> str:
    return f"/api/v1/feedentry/{quote(ad_id, safe='')}"


def _bearer(token: str) -> str:
    return f"Authorization: Bearer {token}"


def _token_in(body: bytes) -> str:
    """The JWT in the last line of the prose that `publicToken` answers."""
    lines = body.decode("utf-8", "replace").split()
    if not lines or not JWT.fullmatch(lines[-1]):
        raise NotUnderstood("a text without a token")
    return lines[-1]
