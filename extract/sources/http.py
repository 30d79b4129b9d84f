"""The one HTTP client of all sources: what may pass is tried again, and every answer has an end.

One attempt has time limits for connecting, for each read and for the answer as a whole, and a limit on what
is unpacked. Redirects to another server or from https to http are refused, with or without secrets.
"""

from __future__ import annotations

import asyncio
import os
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple, Self, TypeVar
from urllib.parse import quote, urljoin, urlsplit

import aiohttp
import certifi
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt
from tenacity.wait import wait_random_exponential
from yarl import URL

from extract.errors import SourceUnavailable

USER_AGENT = "job-market/0.1 (statistics of the Norwegian job market)"
MAX_ANSWER_BYTES = 32 * 2**20
"""Of an unpacked answer."""
MAX_DOCUMENT_BYTES = 8 * 2**20
"""Of one ad or record; what is larger is a reject."""
MAX_REDIRECTS = 5
READS_PER_ANSWER = 5
"""An answer as a whole may take this many read timeouts."""
MIN_CONNECTIONS = 2

Result = TypeVar("Result")


class RetryableError(Exception):
    """An attempt that failed and may succeed later. `retry_after` is what the server asks for, in seconds."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class HttpSettings(NamedTuple):
    """How long answers are waited for. Times are in seconds."""

    connect_timeout: float
    read_timeout: float
    attempts: int
    max_backoff: float

    @classmethod
    def of(cls, settings: Any) -> Self:
        """The settings of a source, which have these names."""
        return cls(*(getattr(settings, name) for name in cls._fields))


class Answer(NamedTuple):
    """What the server sent; `body` is unpacked."""

    status: int
    headers: Mapping[str, str]
    body: bytes


async def with_retries(call: Callable[[], Awaitable[Result]], settings: HttpSettings, url: str) -> Result:
    """The result of the call, attempted again where it raises RetryableError.

    Raises SourceUnavailable after the last attempt, and at once where Retry-After is above `max_backoff`.
    """
    address = url.partition("?")[0]  # the query can hold a key
    exponential = wait_random_exponential(multiplier=0.5, max=settings.max_backoff)

    def backoff(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        after = error.retry_after if isinstance(error, RetryableError) else None
        if after is not None and after > settings.max_backoff:
            raise SourceUnavailable(
                f"{address} asks for a pause of {after:.0f} s. What was loaded before is kept; try later."
            )
        return exponential(state) if after is None else after

    attempts = AsyncRetrying(
        stop=stop_after_attempt(settings.attempts),
        wait=backoff,
        retry=retry_if_exception_type(RetryableError),
        reraise=True,
    )
    try:
        async for attempt in attempts:
            with attempt:
                return await call()
    except RetryableError as error:
        raise SourceUnavailable(
            f"{address} {error}, in {settings.attempts} attempts. What was loaded before is kept; try later."
        ) from None
    raise AssertionError("tenacity returns or raises")


class HttpClient:
    """Asks servers, at most `connections` requests at once; an async context manager.

    The number halves where a server answers 429 or 503, and grows again by one a round of good answers.
    """

    def __init__(self, settings: HttpSettings, connections: int = 1) -> None:
        self._settings = settings
        self._connections = self._limit = float(connections)
        self._active = 0
        self._freed = asyncio.Condition()

    async def __aenter__(self) -> Self:
        # SSL_CERT_FILE names further authorities; without it those of Mozilla count, as certifi has them.
        certificates = ssl.create_default_context(cafile=os.environ.get("SSL_CERT_FILE") or certifi.where())
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=certificates, limit=0),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": "gzip, deflate"},
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def get(
        self, url: str, parse: Callable[[Answer], Result], headers: Mapping[str, str] | None = None
    ) -> Result:
        """What `parse` makes of the answer; it may raise RetryableError. Raises SourceUnavailable."""

        async def attempt() -> Result:
            return parse(await self.request("GET", url, headers))

        async with self._slot():
            return await with_retries(attempt, self._settings, url)

    async def request(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, data: Any = None
    ) -> Answer:
        """The answer to one attempt. Raises RetryableError, SourceUnavailable."""
        async with self.open(method, url, headers, data=data) as response:
            body = bytearray()
            async for chunk in response.content.iter_any():
                body += chunk
                if len(body) > MAX_ANSWER_BYTES:
                    raise RetryableError(f"sent more than {MAX_ANSWER_BYTES // 2**20} MB")
            return Answer(response.status, response.headers, bytes(body))

    @asynccontextmanager
    async def open(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, **options: Any
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """One attempt's answer, its body still to be read; `options` are aiohttp's.

        Raises RetryableError, also while the body is read, and SourceUnavailable for a redirect to elsewhere.
        """
        connect, read = self._settings.connect_timeout, self._settings.read_timeout
        limits = aiohttp.ClientTimeout(total=READS_PER_ANSWER * read, sock_connect=connect, sock_read=read)
        options = {"timeout": limits, "headers": headers, "allow_redirects": False} | options
        try:
            for _ in range(MAX_REDIRECTS):
                async with self._session.request(method, URL(url, encoded=True), **options) as response:
                    if (target := _redirected(url, method, response)) is None:
                        self._adapt(response)
                        yield response
                        return
                    url = target
        except (aiohttp.ClientError, TimeoutError) as error:
            raise RetryableError(_reason(error)) from None
        raise RetryableError(f"redirected {MAX_REDIRECTS} times")

    @asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        async with self._freed:
            await self._freed.wait_for(lambda: self._active < int(self._limit))
            self._active += 1
        try:
            yield
        finally:
            self._active -= 1
            async with self._freed:
                self._freed.notify_all()

    def _adapt(self, response: aiohttp.ClientResponse) -> None:
        """Change the number of requests at once. Raises RetryableError for 408, 425, 429 and 5xx."""
        status = response.status
        if status not in (408, 425, 429) and status < 500:
            self._limit = min(self._connections, self._limit + 1 / self._limit)
            return
        if status in (429, 503):
            self._limit = max(min(MIN_CONNECTIONS, self._connections), self._limit / 2)
        raise RetryableError(f"answered {status}", retry_after(response.headers.get("Retry-After")))


def quoted(segment: str) -> str:
    """The text as one segment of a path, whatever it holds; `.` and `..` too lead nowhere."""
    return quote(segment, safe="").replace(".", "%2E")


def retry_after(text: str | None) -> float | None:
    """The seconds that a Retry-After header asks for, as a number or as a date; None if it is neither."""
    if text is None:
        return None
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _redirected(url: str, method: str, response: aiohttp.ClientResponse) -> str | None:
    """The address that the answer redirects to; None if it is no redirect. Raises SourceUnavailable."""
    if response.status not in (301, 302, 303, 307, 308):
        return None
    target = urljoin(url, response.headers.get("Location", ""))
    before, after = urlsplit(url), urlsplit(target)
    is_upgrade = (before.scheme, after.scheme, before.port, after.port) == ("http", "https", None, None)
    is_same = (before.scheme, before.port) == (after.scheme, after.port) or is_upgrade
    if before.hostname == after.hostname and is_same and method == "GET" and not after.username:
        return target
    raise SourceUnavailable(
        f"{url.partition('?')[0]} answered {response.status}, a redirect to {after.hostname}, which is not "
        "followed. Nothing was sent there. Try later, or correct the address in the configuration."
    )


def _reason(error: Exception) -> str:
    """What happened, without an address: that can hold a secret."""
    match error:
        case TimeoutError():
            return "did not answer in time"
        case aiohttp.ClientConnectorDNSError():
            return "has a name that cannot be resolved"
        case aiohttp.ClientSSLError():
            return f"has no TLS connection that can be trusted ({type(error).__name__})"
        case aiohttp.ClientConnectorError():
            return f"cannot be connected to ({error.strerror})"
        case aiohttp.ClientPayloadError() | aiohttp.ClientConnectionError():
            return "broke the connection off"
    return f"sent a broken answer ({type(error).__name__})"
