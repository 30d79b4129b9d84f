"""The HTTP client of all sources. Transient failures are retried; every answer is limited in time and size.

One attempt has time limits for connecting, for each read and for the answer as a whole, and a limit on what
is unpacked. No redirect is followed: what is sent goes to the configured address alone.
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

from extract.config import HttpSettings
from extract.errors import SourceUnavailable

USER_AGENT = "job-market/0.1 (statistics of the Norwegian job market)"
MAX_ANSWER_BYTES = 32 * 2**20
"""The size of an answer, unpacked, above which it is not read on."""
MAX_DOCUMENT_BYTES = 8 * 2**20
"""The largest ad or record; what is larger is a reject."""
READS_PER_ANSWER = 5
"""An answer as a whole may take this many read timeouts."""
MIN_REQUESTS = 2

Result = TypeVar("Result")
Read = Callable[[aiohttp.ClientResponse], Awaitable[Result]]


class RetryableError(Exception):
    """An attempt that failed and may succeed later. `retry_after` is what the server asks for, in seconds."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class Answer(NamedTuple):
    """What the server sent; `body` is unpacked."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class HttpClient:
    """Asks servers, at most `max_requests` at once; an async context manager.

    The number halves where a server answers 429 or 503, and grows again by one a round of good answers.
    """

    def __init__(self, settings: HttpSettings, max_requests: int = 1) -> None:
        self._settings = settings
        self._max_requests = self._limit = float(max_requests)
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

        async def read(response: aiohttp.ClientResponse) -> Result:
            return parse(await whole_answer(response))

        return await self.request("GET", url, read, headers=headers)

    async def request(self, method: str, url: str, read: Read[Result], **options: Any) -> Result:
        """What `read` makes of an answer, attempted again where it may succeed; `options` are aiohttp's.

        Raises SourceUnavailable after the last attempt, and at once for a redirect and a long Retry-After.
        """
        attempts = AsyncRetrying(
            stop=stop_after_attempt(self._settings.attempts),
            wait=self._backoff,
            retry=retry_if_exception_type(RetryableError),
            reraise=True,
        )
        try:
            async with self._slot():
                async for attempt in attempts:
                    with attempt:
                        return await self._attempt(method, url, read, options)
        except RetryableError as error:
            raise SourceUnavailable(
                f"{_without_query(url)} {error}, in {self._settings.attempts} attempts. What was loaded "
                "before is kept; try later."
            ) from None
        raise AssertionError("tenacity returns or raises")

    async def _attempt(self, method: str, url: str, read: Read[Result], options: dict[str, Any]) -> Result:
        connect, timeout = self._settings.connect_timeout, self._settings.read_timeout
        limits = aiohttp.ClientTimeout(READS_PER_ANSWER * timeout, sock_connect=connect, sock_read=timeout)
        options = {"timeout": limits, **options, "allow_redirects": False}
        try:
            async with self._session.request(method, URL(url, encoded=True), **options) as response:
                self._check(response, url)
                return await read(response)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise RetryableError(_reason(error)) from None

    def _backoff(self, state: RetryCallState) -> float:
        """The seconds that the server asked for, or else more after each attempt."""
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, RetryableError) and error.retry_after is not None:
            return error.retry_after
        return wait_random_exponential(multiplier=0.5, max=self._settings.max_backoff)(state)

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

    def _check(self, response: aiohttp.ClientResponse, url: str) -> None:
        """Change the number of requests at once, and refuse what is no answer.

        Raises RetryableError for 408, 425, 429 and 5xx, SourceUnavailable for a redirect.
        """
        status = response.status
        if status in (301, 302, 303, 307, 308):
            target = urlsplit(urljoin(url, response.headers.get("Location", "")))
            raise SourceUnavailable(
                f"{_without_query(url)} answered {status}, a redirect to {target.hostname}{target.path}, "
                "which is not followed. Nothing was sent there. Try later, or correct the configured address."
            )
        if status not in (408, 425, 429) and status < 500:
            self._limit = min(self._max_requests, self._limit + 1 / self._limit)
            return
        if status in (429, 503):
            self._limit = max(min(MIN_REQUESTS, self._max_requests), self._limit / 2)
        pause = retry_after(response.headers.get("Retry-After"))
        if pause is not None and pause > self._settings.max_backoff:
            raise SourceUnavailable(
                f"{_without_query(url)} asks for a pause of {pause:.0f} s. What was loaded before is kept; "
                "try later."
            )
        raise RetryableError(f"answered {status}", pause)


async def whole_answer(response: aiohttp.ClientResponse) -> Answer:
    """The answer with its body. Raises RetryableError above MAX_ANSWER_BYTES."""
    body = bytearray()
    async for chunk in response.content.iter_chunked(1 << 16):
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise RetryableError(f"sent more than {MAX_ANSWER_BYTES // 2**20} MB")
    return Answer(response.status, response.headers, bytes(body))


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


def _without_query(url: str) -> str:
    """The address without what can hold a key."""
    return url.partition("?")[0]


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
