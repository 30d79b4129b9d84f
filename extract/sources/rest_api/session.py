"""A requests.Session that asks with HttpClient, so that its rules hold for declared APIs and their tokens."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter

from extract.config import HttpSettings
from extract.hashing import decode_json
from extract.sources.http import USER_AGENT, Answer, HttpClient, whole_answer


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
        response.status_code, response._content = answer.status, answer.body
        response.headers.update(answer.headers)
        response.url, response.request, response.encoding = request.url or "", request, "utf-8"
        return response

    async def _answer(self, request: requests.PreparedRequest) -> Answer:
        method, url, sent = request.method or "GET", request.url or "", dict(request.headers)
        async with HttpClient(self._settings) as client:
            return await client.request(method, url, whole_answer, headers=sent, data=request.body)

    def close(self) -> None:
        """Nothing is kept open."""


def api_session(settings: HttpSettings, address: str) -> requests.Session:
    """A session for dlt's RESTClient and its authentication that asks the host of `address` alone.

    It raises SourceUnavailable where requests would raise its own errors, and InvalidSchema for another host;
    statuses below 500 are returned.
    """
    session = requests.Session()
    session.headers["User-Agent"] = USER_AGENT
    session.trust_env = False  # no proxy and no .netrc: what is sent is what is configured
    session.adapters.clear()  # requests refuses a host for which it has none
    url = urlsplit(address)
    session.mount(f"{url.scheme}://{url.netloc}/", _ApiAdapter(settings))
    return session
