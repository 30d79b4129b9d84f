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
from typing import TypeVar

from extract.config import FeedSettings
from extract.errors import ConfigurationError, SourceUnavailable
from extract.sources.http import MAX_DOCUMENT_BYTES, Answer, HttpClient, RetryableError, quoted
from extract.sources.loads import ParseError, Reject
from extract.sources.nav.parse import Detail, Page, parse_detail, parse_page, rejected

JWT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+")
FIRST_PAGE = "/api/v1/feed"

logger = logging.getLogger(__name__)

Result = TypeVar("Result")


class NotFound(Exception):
    """The feed knows no such page or ad (404)."""


class _Unauthorized(Exception):
    """401."""


class FeedEndpoint:
    """Where the feed is, and the bearer token: the configured one, or the public one once it was fetched.

    One object serves a whole run, so that its parts share what was fetched; workers get copies.
    """

    def __init__(self, settings: FeedSettings) -> None:
        self.settings, self.base_url = settings, settings.base_url.rstrip("/")
        self.token: str | None = settings.token
        self.has_configured_token = settings.token is not None

    def __repr__(self) -> str:  # without the token
        return f"FeedEndpoint({self.base_url})"


class FeedClient(HttpClient):
    """Reads pages and details.

    Every call raises NotFound on 404, ConfigurationError if the configured token is not accepted, and
    SourceUnavailable when the feed does not answer as it should in all attempts.
    """

    def __init__(self, endpoint: FeedEndpoint, max_requests: int = 1) -> None:
        super().__init__(endpoint.settings, max_requests)
        self._feed = endpoint
        self._refreshing = asyncio.Lock()

    async def first_page(self, since: datetime) -> Page | None:
        """The page that begins with the first entry newer than `since` (UTC); None if there is none.

        Raises ConfigurationError where there is no feed at all.
        """
        since_text = format_datetime(since.astimezone(UTC), usegmt=True)
        try:
            return await self._read(FIRST_PAGE, _page, **{"If-Modified-Since": since_text})
        except NotFound:
            pass
        try:  # 404 means nothing newer; but the feed's very first page is always there
            await self._read(FIRST_PAGE, _page)
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

        return await self._read(f"{FIRST_PAGE}/{quoted(page_id)}", parse)

    async def detail(self, ad_id: str) -> Detail | Reject:
        """The ad's state now; a reject where it is above MAX_DOCUMENT_BYTES."""

        def parse(body: bytes) -> Detail | Reject:
            if len(body) <= MAX_DOCUMENT_BYTES:
                return parse_detail(body, datetime.now(UTC))
            size = f"{len(body)} bytes, above {MAX_DOCUMENT_BYTES // 2**20} MB"
            return rejected(ad_id, f"a document of {size}", None)

        return await self._read(f"/api/v1/feedentry/{quoted(ad_id)}", parse)

    async def _read(self, path: str, parse: Callable[[bytes], Result], **headers: str) -> Result:
        refused = None
        for _ in range(2):
            token = await self._fresh_token(refused)
            headers |= {"Accept": "application/json", "Authorization": f"Bearer {token}"}
            try:
                return await self.get(self._feed.base_url + path, lambda one: _parsed(one, parse), headers)
            except _Unauthorized:
                refused = token
        raise SourceUnavailable(
            f"{self._feed.base_url} refuses its own public token: it can be expired for some hours. Try "
            "later, or ask NAV for a private token."
        )

    async def _fresh_token(self, refused: str | None) -> str:
        """A token other than the refused one, fetched once for all requests that wait for it."""
        feed, path = self._feed, "/api/publicToken"
        if feed.has_configured_token and refused:
            raise ConfigurationError(
                f"{feed.base_url} refuses the token in sources.nav_feed.token (401). Correct it in "
                ".dlt/secrets.toml or SOURCES__NAV_FEED__TOKEN, or remove it to use the public one."
            )
        async with self._refreshing:
            if feed.token is None or feed.token == refused:
                try:
                    feed.token = await self.get(feed.base_url + path, lambda one: _parsed(one, _token_in))
                except NotFound:
                    raise self._wrong_address(path) from None
                logger.info("fetched the feed's public token")
            return feed.token

    def _wrong_address(self, path: str) -> ConfigurationError:
        return ConfigurationError(
            f"{self._feed.base_url}{path} does not exist (404): sources.nav_feed.base_url is not the address "
            "of the feed. Nothing was read or written. Correct it in .dlt/config.toml."
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


def _token_in(body: bytes) -> str:
    """The JWT that is the last word of the text that `publicToken` answers."""
    words = body.decode("utf-8", "replace").split()
    if not words or not JWT.fullmatch(words[-1]):
        raise ParseError("a text without a token")
    return words[-1]
