"""The client of NAV's Job Vacancy Feed: pages and details over HTTP, with tokens and retries.

    publicToken ──> token ──> GET /api/v1/feed[/{page id}] ──> Page
                         └──> GET /api/v1/feedentry/{uuid} ──> Detail

Addresses are built from the configured base URL and an id, never taken from an answer, and redirects
are not followed: the token goes to the configured host alone. Pages are read unconditionally: the feed's
ETag stays the same while entries are appended, so a 304 would hide them.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Self, TypeVar
from urllib.parse import quote

import aiohttp
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt
from tenacity.wait import wait_random_exponential

from extract.errors import ConfigurationError, SourceUnavailable
from extract.parse import Detail, NotUnderstood, Page, parse_detail, parse_page
from extract.settings import FeedSettings

USER_AGENT = "job-market/0.1 (statistics of the Norwegian job market)"
JWT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+")

LARGEST_ANSWER = 32 * 2**20
"""Bytes. The largest page that can be asked for has a few megabytes; more is no answer of this feed."""

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
    """Reads pages and details. Use as an asynchronous context manager, one for each event loop.

    Every call raises SourceUnavailable when the feed does not answer as it should after all tries,
    TokenRefused when it does not take the given token, NotFound on 404.
    """

    def __init__(self, settings: FeedSettings, token: Token) -> None:
        self._settings = settings
        self._token = token
        self._refreshing = asyncio.Lock()
        self._pause = wait_random_exponential(multiplier=0.5, max=settings.longest_wait)

    async def __aenter__(self) -> Self:
        settings = self._settings
        self._session = aiohttp.ClientSession(
            headers={"User-Agent": USER_AGENT, "Accept": "application/json"},
            timeout=aiohttp.ClientTimeout(
                total=None, sock_connect=settings.connect_timeout, sock_read=settings.read_timeout
            ),
            connector=aiohttp.TCPConnector(limit=settings.concurrency),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def first_page(self, since: datetime) -> Page:
        """The page that begins with the first entry newer than `since` (UTC); NotFound if none is."""
        since_text = format_datetime(since.astimezone(UTC), usegmt=True)
        return await self._get("/api/v1/feed", parse_page, {"If-Modified-Since": since_text})

    async def page(self, page_id: str) -> Page:
        """The page of that id, with all entries it holds now."""
        return await self._get(f"/api/v1/feed/{quote(page_id, safe='')}", parse_page)

    async def detail(self, ad_id: str) -> Detail:
        """The ad's state now."""
        return await self._get(f"/api/v1/feedentry/{quote(ad_id, safe='')}", parse_detail)

    async def _get(
        self, path: str, parse: Callable[[bytes], Answer], headers: dict[str, str] | None = None
    ) -> Answer:
        async def authorized() -> Answer:
            token = self._token.value or await self._refresh(None)
            status, body = await self._request(path, {**(headers or {}), **_bearer(token)})
            if status == 401:
                token = await self._refresh(token)
                status, body = await self._request(path, {**(headers or {}), **_bearer(token)})
                if status == 401:
                    raise SourceUnavailable(
                        f"{self._settings.base_url} refuses its own public token: it can be handed out "
                        "expired for some hours. Try later, or ask NAV for a private token."
                    )
            return self._understood(path, parse, body)

        return await self._persistently(path, authorized)

    async def _refresh(self, refused: str | None) -> str:
        """Another token than the refused one, fetched once for all requests that were refused it."""
        if self._token.is_given:
            raise TokenRefused(
                f"{self._settings.base_url} refuses the token in sources.nav_feed.token (401). "
                "Correct it in .dlt/secrets.toml or SOURCES__NAV_FEED__TOKEN, or remove it to use the "
                "public one."
            )
        async with self._refreshing:
            if self._token.value is None or self._token.value == refused:
                _, body = await self._request("/api/publicToken", {})
                self._token.value = self._understood("/api/publicToken", _token_in, body)
                logger.info("fetched the feed's public token")
            return self._token.value

    async def _request(self, path: str, headers: dict[str, str]) -> tuple[int, bytes]:
        """Status 200 or 401 and the body; raises NotFound, or _TryAgain for what may pass."""
        url = self._settings.base_url.rstrip("/") + path
        try:
            async with self._session.get(url, headers=headers, allow_redirects=False) as response:
                if response.status in (200, 401):
                    return response.status, await _bounded(response)
                if response.status == 404:
                    raise NotFound(path)
                raise _TryAgain(f"answered {response.status}", _seconds(response.headers.get("Retry-After")))
        except TimeoutError:
            raise _TryAgain("did not answer in time") from None
        except aiohttp.ClientError as error:
            raise _TryAgain(str(error) or type(error).__name__) from None

    def _understood(self, path: str, parse: Callable[[bytes], Answer], body: bytes) -> Answer:
        try:
            return parse(body)
        except NotUnderstood as error:
            raise _TryAgain(f"sent {error}") from None

    async def _persistently(self, path: str, call: Callable[[], Awaitable[Answer]]) -> Answer:
        settings = self._settings
        try:
            return await call()  # as a rule; what tenacity does for a call costs a tenth of a request
        except _TryAgain as error:
            failed = error
        try:
            async for attempt in AsyncRetrying(
                stop=stop_after_attempt(settings.attempts),
                wait=self._wait,
                retry=retry_if_exception_type(_TryAgain),
                reraise=True,
            ):
                with attempt:
                    if attempt.retry_state.attempt_number == 1:
                        raise failed
                    return await call()
        except _TryAgain as error:
            raise SourceUnavailable(
                f"{settings.base_url}{path}: {error}, tried {settings.attempts} times. "
                "What was read before is kept; try later."
            ) from None
        raise AssertionError("tenacity returns or raises")

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        after = error.after if isinstance(error, _TryAgain) else None
        if after is None:
            return self._pause(state)
        if after > self._settings.longest_wait:
            raise SourceUnavailable(
                f"{self._settings.base_url} asks to be left alone for {after:.0f} s. "
                "What was read before is kept; try later."
            )
        return after


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_chunked(2**16):
        body += chunk
        if len(body) > LARGEST_ANSWER:
            raise _TryAgain(f"sent more than {LARGEST_ANSWER // 2**20} MB")
    return bytes(body)


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _token_in(body: bytes) -> str:
    """The JWT in the last line of the prose that `publicToken` answers."""
    lines = body.decode("utf-8", "replace").split()
    if not lines or not JWT.fullmatch(lines[-1]):
        raise NotUnderstood("a text without a token")
    return lines[-1]


def _seconds(retry_after: str | None) -> float | None:
    """The pause that a Retry-After header asks for, given in seconds or as a date (RFC 9110, 10.2.3)."""
    if retry_after is None:
        return None
    if retry_after.strip().isdigit():
        return float(retry_after)
    try:
        return max(0.0, (parsedate_to_datetime(retry_after) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None
