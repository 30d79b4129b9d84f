"""The pages of a declared API: walk after walk, with dlt's client, paginators and authentication.

A walk is one query, page after page. Where an API shows only so many records of a query, the newest first,
the next walk begins at the oldest time that was seen, which takes the place of {until}.

Only the declared host is asked, whatever an answer links or redirects to: secrets go nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import requests
from dlt.common import jsonpath
from dlt.sources.helpers.rest_client.client import RESTClient
from dlt.sources.helpers.rest_client.paginators import BasePaginator, RangePaginator
from requests.exceptions import InvalidSchema

from extract.errors import SourceUnavailable
from extract.sources.http import client_of
from extract.sources.nav.parse import ParseError
from extract.sources.rest_api.records import Read, Shape, instant_of, values
from extract.sources.rest_api.settings import Api

AHEAD = timedelta(days=1)
"""The first walk reads so far beyond now: clocks differ, and {until} may be written as a day."""


class Walks:
    """The pages of one run. `newest` is the newest time that a record told, though never beyond now."""

    def __init__(self, api: Api, started_at: datetime, newest: datetime | None) -> None:
        self.api, self.started_at, self.newest = api, started_at, newest
        settings = self.api.settings
        self.shape = Shape(
            self.api.name,
            tuple(settings.key or ()),
            settings.time,
            self.api.zone,
            tuple(settings.personal or ()),
            tuple(settings.codes or ()),
        )
        self._since = self.api.start
        if newest:
            self._since = newest - timedelta(days=settings.look_back_days)
        session = client_of(settings).session
        # requests finds no adapter for another host, and refuses it
        adapter = session.get_adapter(self.api.origin)
        session.adapters.clear()
        session.mount(self.api.origin, adapter)
        base_url = str(settings.base_url)
        self._client = RESTClient(base_url, settings.headers, self.api.auth, session=session)

    def pages(self) -> Iterator[list[Read]]:
        """The pages that have records."""
        api, until, number = self.api, self.started_at + AHEAD, 0
        while True:
            query, paginator = api.params(self._since, until), api.paginator()
            count, times = 0, list[datetime]()
            for page in self._walk(dict(query), paginator):
                if not number:
                    self._check(page)
                times += self._times(page)
                count += len(page)
                read_at = datetime.now(UTC)
                yield [Read(number, read_at, record) for record in page]
                number += 1
            if times:
                self.newest = min(self.started_at, max(times + ([self.newest] if self.newest else [])))
            if not (api.asks_for("until") and self._is_cut(paginator, count)):
                return
            if times and times[0] < times[-1]:
                raise api.wrong("params", "{until} needs an API that shows the newest records first")
            # {until} may be written without the fraction of a second
            until = min(times, default=until) + timedelta(seconds=1)
            if api.params(self._since, until) == query:
                raise api.wrong("time_format", f"one query cannot show all that is of {until:%F %T}")

    def _is_cut(self, paginator: BasePaginator, count: int) -> bool:
        """Whether a walk ended where the API shows no more, with so many records."""
        most, end = self.api.settings.most_records, getattr(paginator, "maximum_value", None)
        at_end = isinstance(paginator, RangePaginator) and end is not None and paginator.current_value >= end
        return at_end or (most is not None and count >= most)

    def _walk(self, query: dict[str, Any], paginator: BasePaginator) -> Iterator[list[Any]]:
        """The records of each page of one query."""
        api, settings, before = self.api, self.api.settings, None
        try:
            for page in self._client.paginate(
                settings.path, params=query, paginator=paginator, data_selector=settings.records
            ):
                records = self._records(page.response.json())
                if records and records == before:
                    raise api.wrong("paging", "the same page comes again and again: it needs another end")
                if before := records:
                    yield records
        except requests.HTTPError as error:
            status = error.response.status_code if error.response is not None else 0
            if status in (401, 403):
                raise api.wrong("secret" if api.auth else "auth", f"the API refuses it ({status})") from None
            if 400 <= status < 500 and status not in (408, 429):
                field = "path" if status in (404, 405) else "params"
                raise api.wrong(field, f"the API answers {status}") from None
            raise self._unavailable(f"status {status}") from None
        except InvalidSchema:
            raise api.wrong("base_url", "an answer leads to another host, which is not asked") from None
        except requests.RequestException as error:
            raise self._unavailable(type(error).__name__) from None
        except ValueError:
            raise api.wrong("paging", "the answer does not have what it looks for") from None

    def _records(self, answer: Any) -> list[Any]:
        path = self.api.settings.records
        found = jsonpath.find_values(path, answer)
        if "*" in path:
            return found
        if len(found) == 1 and found[0] is None:
            return []
        if len(found) == 1 and isinstance(found[0], list):
            return found[0]
        raise self.api.wrong("records", f"no list stands at {path!r} of the answer")

    def _check(self, page: list[Any]) -> None:
        """Raise ConfigurationError for a field that no record of the first page has."""
        for setting, paths in (("key", self.shape.key), ("time", (self.shape.time,))):
            for path in filter(None, paths):
                if not any(True for _ in values(page, path)):
                    raise self.api.wrong(setting, f"no record of the first page has {path!r}")

    def _times(self, page: list[Any]) -> list[datetime]:
        times = []
        for record in page:
            try:
                times.append(instant_of(record, self.shape))
            except ParseError:
                continue  # it becomes a reject
        return [time for time in times if time]

    def _unavailable(self, what: str) -> SourceUnavailable:
        # not the error's own text: an address may hold a key
        return SourceUnavailable(
            f"{self.api.name} does not answer as it should ({what}). Nothing was loaded; try later."
        )
