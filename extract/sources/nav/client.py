"""The client of NAV's Job Vacancy Feed.

    publicToken ──> token ──> GET /api/v1/feed[/{page id}] ──> Page
                         └──> GET /api/v1/feedentry/{uuid} ──> Detail

Addresses are built from the configured base URL and an id, never taken from an answer. Pages are read
unconditionally: the feed's ETag stays the same while entries are appended, so a 304 would hide them.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, NamedTuple, Self, TypeVar

from extract.errors import ConfigurationError, SourceUnavailable
from extract.sources.http import (
    MAX_DOCUMENT_BYTES,
    Answer,
    HttpClient,
    HttpSettings,
    RetryableError,
    quoted,
)
from extract.sources.loads import ParseError
from extract.sources.nav.parse import Detail, Page, parse_detail, parse_page

JWT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+")
FIRST_PAGE = "/api/v1/feed"

logger = logging.getLogger(__name__)

Result = TypeVar("Result")


class NotFound(Exception):
    """The feed knows no such page or ad (404)."""


class DetailTooLarge(Exception):
    """A detail above MAX_DOCUMENT_BYTES."""


class TokenRefused(ConfigurationError):
    """The feed answers 401 to the configured token."""


class _Unauthorized(Exception):
    """401."""


class FeedConnection(NamedTuple):
    """What a worker must know of the settings."""

    base_url: str
    http: HttpSettings

    @classmethod
    def of(cls, settings: Any) -> Self:
        """That of the feed's settings."""
        return cls(settings.base_url.rstrip("/"), HttpSettings.of(settings))


class Token:
    """The bearer token: the configured one, or the public one, fetched when it is first needed.

    One object serves a whole run, so that its parts share what was fetched.
    """

    def __init__(self, configured: str | None = None) -> None:
        self.is_configured = configured is not None
        self.value = configured

    def __repr__(self) -> str:
        return f"Token({'configured' if self.is_configured else 'public'})"


class FeedClient:
    """Reads pages and details; an async context manager.

    Every call raises NotFound on 404, TokenRefused if the configured token is not accepted, and
    SourceUnavailable when the feed does not answer as it should in all attempts.
    """

    def __init__(self, connection: FeedConnection, token: Token, connections: int = 1) -> None:
        self._base_url = connection.base_url
        self._token = token
        self._refreshing = asyncio.Lock()
        self._http = HttpClient(connection.http, connections)

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._http.__aexit__(*error)

    async def first_page(self, since: datetime) -> Page | None:
        """The page that begins with the first entry newer than `since` (UTC); None if there is none.

        Raises ConfigurationError where there is no feed at all.
        """
        since_text = format_datetime(since.astimezone(UTC), usegmt=True)
        try:
            return await self._get(FIRST_PAGE, _page, **{"If-Modified-Since": since_text})
        except NotFound:
            pass
        try:  # 404 means nothing newer; but the feed's very first page is always there
            await self._get(FIRST_PAGE, _page)
        except NotFound:
            raise self._wrong_address(FIRST_PAGE) from None
        return None

    async def page(self, page_id: str) -> Page:
        """The page of that id, with all entries it holds now."""

        def parse(body: bytes) -> Page:
            page = _page(body)
            if page.page_id != page_id:
                raise ParseError(f"page {page.page_id!r} in place of {page_id!r}")
            return page

        return await self._get(f"{FIRST_PAGE}/{quoted(page_id)}", parse)

    async def detail(self, ad_id: str) -> Detail:
        """The ad's state now. Raises DetailTooLarge."""
        return await self._get(f"/api/v1/feedentry/{quoted(ad_id)}", _detail)

    async def _get(self, path: str, parse: Callable[[bytes], Result], **headers: str) -> Result:
        url = self._base_url + path
        refused = None
        for _ in range(2):
            token = await self._fresh_token(refused)
            try:
                return await self._http.get(
                    url,
                    lambda answer: _parsed(answer, parse),
                    {"Accept": "application/json", "Authorization": f"Bearer {token}", **headers},
                )
            except _Unauthorized:
                refused = token
        raise SourceUnavailable(
            f"{self._base_url} refuses its own public token: it can be expired for some hours. Try later, or "
            "ask NAV for a private token."
        )

    async def _fresh_token(self, refused: str | None) -> str:
        """A token other than the refused one, fetched once for all requests that wait for it."""
        if self._token.is_configured and refused:
            raise TokenRefused(
                f"{self._base_url} refuses the token in sources.nav_feed.token (401). Correct it in "
                ".dlt/secrets.toml or SOURCES__NAV_FEED__TOKEN, or remove it to use the public one."
            )
        async with self._refreshing:
            if self._token.value is None or self._token.value == refused:
                path = "/api/publicToken"
                try:
                    self._token.value = await self._http.get(
                        self._base_url + path, lambda answer: _parsed(answer, _token_in)
                    )
                except NotFound:
                    raise self._wrong_address(path) from None
                logger.info("fetched the feed's public token")
            return self._token.value

    def _wrong_address(self, path: str) -> ConfigurationError:
        return ConfigurationError(
            f"{self._base_url}{path} does not exist (404): sources.nav_feed.base_url is not the address of "
            "the feed. Nothing was read or written. Correct it in .dlt/config.toml."
        )


def _parsed(answer: Answer, parse: Callable[[bytes], Result]) -> Result:
    if answer.status == 401:
        raise _Unauthorized
    if answer.status == 404:
        raise NotFound("unknown to the feed (404)")
    if answer.status != 200:
        raise RetryableError(f"answered {answer.status}")
    try:
        return parse(answer.body)
    except ParseError as error:
        raise RetryableError(f"sent {error}") from None


def _page(body: bytes) -> Page:
    return parse_page(body, datetime.now(UTC))


def _detail(body: bytes) -> Detail:
    if len(body) > MAX_DOCUMENT_BYTES:
        raise DetailTooLarge(f"a document of {len(body)} bytes, above {MAX_DOCUMENT_BYTES // 2**20} MB")
    return parse_detail(body, datetime.now(UTC))


def _token_in(body: bytes) -> str:
    """The JWT in the last line of the prose that `publicToken` answers."""
    lines = body.decode("utf-8", "replace").split()
    if not lines or not JWT.fullmatch(lines[-1]):
        raise ParseError("a text without a token")
    return lines[-1]
