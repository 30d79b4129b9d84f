"""A requests.Session that asks with HttpClient, so that its rules hold for declared APIs and their tokens."""

from __future__ import annotations

import asyncio
from typing import Any

import requests
from requests.adapters import BaseAdapter

from extract.hashing import decode_json
from extract.sources.http import USER_AGENT, Answer, HttpClient, HttpSettings, with_retries


class ApiResponse(requests.Response):
    """An answer whose JSON is UTF-8 whatever its Content-Type says, as RFC 8259 has it."""

    def json(self, **_: Any) -> Any:
        """The value; None of an answer without content. Raises ValueError."""
        return decode_json(self.content) if self.content else None


class _ApiAdapter(BaseAdapter):
    """Makes the requests of a session, each on a connection of its own."""

    def __init__(self, settings: HttpSettings) -> None:
        super().__init__()
        self._settings = settings

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        answer = asyncio.run(self._answer(request))
        response = ApiResponse()
        response.status_code = answer.status
        response.headers.update(answer.headers)
        response.url, response.request, response.encoding = request.url or "", request, "utf-8"
        response._content = answer.body
        return response

    async def _answer(self, request: requests.PreparedRequest) -> Answer:
        headers: Any = dict(request.headers)
        method, url = request.method or "GET", request.url or ""
        async with HttpClient(self._settings) as client:
            return await with_retries(
                lambda: client.request(method, url, headers, request.body), self._settings, url
            )

    def close(self) -> None:
        """Nothing is kept open."""


def api_session(settings: HttpSettings) -> requests.Session:
    """A session for dlt's RESTClient and its authentication.

    It raises SourceUnavailable where requests would raise its own errors; statuses below 500 are returned.
    """
    session = requests.Session()
    session.headers["User-Agent"] = USER_AGENT
    session.trust_env = False  # no proxy and no .netrc: what is sent is what is configured
    for scheme in ("http://", "https://"):
        session.mount(scheme, _ApiAdapter(settings))
    return session
