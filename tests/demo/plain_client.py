"""A bare HTTP client for the mock feed: it follows nothing, retries nothing, hides nothing."""

import json
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.request import Request, urlopen


class Answer(NamedTuple):
    """Status, headers and body of an answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


class Client:
    """Requests to one mock feed, with a token once `log_in` was called."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.token = ""

    def log_in(self) -> "Client":
        """Take the public token."""
        self.token = self.get("/api/publicToken").body.decode().splitlines()[-1]
        return self

    def get(self, path: str, **headers: str) -> Answer:
        """GET with the token; header names with _ for -."""
        return self.send("GET", path, **headers)

    def page(self, path: str, **headers: str) -> Any:
        """The JSON of a page that must be there."""
        answer = self.get(path, **headers)
        assert answer.status == 200, answer
        return answer.json

    def send(self, method: str, path: str, given: Any = None, **headers: str) -> Answer:
        """Any request; `given` is sent as JSON."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        data = None if given is None else json.dumps(given).encode()
        request = Request(self.url + path, data=data, headers=sent, method=method)
        try:
            with urlopen(request, timeout=20) as answer:
                return Answer(answer.status, dict(answer.headers), answer.read())
        except HTTPError as error:
            with error:
                return Answer(error.code, dict(error.headers), error.read())

    def walk(self, path: str = "/api/v1/feed", size: int = 1000) -> list[Any]:
        """All pages from `path` to the tip."""
        pages = []
        following: str | None = path
        while following:
            pages.append(self.page(f"{following}?pageSize={size}"))
            following = pages[-1]["next_url"]
        return pages


def without_overlap(pages: list[Any]) -> list[Any]:
    """The entries of pages, each shown once: a page begins with the last entry of the one before."""
    first: list[Any] = pages[0]["items"]
    return first + [item for page in pages[1:] for item in page["items"][1:]]
