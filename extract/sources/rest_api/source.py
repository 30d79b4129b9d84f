"""A JSON API that the configuration declares, as a dlt source: its records in versions.

    pages ──> states of records ──> those that are new ──> records, rejects ──> dlt

A run is one load. The newest time of a record is kept in dlt's resource state, and the next run reads
from `look_back_days` before it, where the query has {since}. dlt's own `incremental` is not used: one record
of the year 9999 would move its cursor for good, and it drops what is older.

A record that is as the warehouse last knew it gives no row, so that A, B and A again are three versions.
The key of a version is the hash of its state; where a record changed and its time did not, of its state and
of the version before: either way the same history makes the same keys, however often it is read.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import dlt
import requests
from dlt.common import jsonpath
from dlt.sources.helpers.rest_client.client import RESTClient
from dlt.sources.helpers.rest_client.paginators import BasePaginator
from dlt.sources.rest_api.config_setup import create_response_hooks, expand_placeholders
from requests.exceptions import InvalidSchema

from extract.errors import SourceUnavailable
from extract.loading.load import prepare, run_load
from extract.schema import RECORDS, new_tables
from extract.sources.load_log import LoadLog, Reject, digest
from extract.sources.rest_api.records import State, state_of, values
from extract.sources.rest_api.settings import Api
from extract.warehouses.base import Warehouse

ROWS = 100_000
"""Of the warehouse, in one answer."""
MAX_PAGES_WITHOUT_NEW = 20
"""Pages that are empty or were shown before, one after the other; then the walk would not end."""

logger = logging.getLogger(__name__)


class LatestVersion(NamedTuple):
    """The latest version of a record (UTC). `read_at` counts where the record has no time."""

    version_id: str
    state_hash: str
    changed_at: datetime | None
    read_at: datetime


class ApiRun:
    """One run: what is known before it, and what it did."""

    def __init__(self, warehouse: Warehouse, api: Api) -> None:
        self.api = api
        rejects = f"select reject_id from {warehouse.raw('rejects')} where source = '{api.name}'"
        self.log = LoadLog(api.name, seen_rejects={key for (key,) in warehouse.query(rejects)})
        self.latest: dict[str, LatestVersion] = {}
        self.versions: set[str] = set()
        known = (
            "select record_id, version_id, state_hash, changed_at, extracted_at "
            f"from {warehouse.raw('records')} where source = '{api.name}' "
            "order by coalesce(changed_at, extracted_at), extracted_at, version_id"
        )
        for table in warehouse.read(known, ROWS):
            for record_id, *version in zip(*(column.to_pylist() for column in table.columns), strict=True):
                self.latest[record_id] = LatestVersion(*version)
                self.versions.add(version[0])

    def __str__(self) -> str:
        log = self.log
        done = f"{log.read:,} records read, {log.submitted:,} new or changed, {log.rejected:,} rejects"
        return f"{log.source}: {done}"

    def row(self, state: State, read_at: datetime) -> tuple[Any, ...] | None:
        """The row of a version that is new; None for one that is known."""
        record_id, state_hash, changed_at, document = state
        version_id, latest = state_hash, self.latest.get(record_id)
        if latest and latest.state_hash == state_hash:
            return None
        if latest and (changed_at is None or latest.changed_at == changed_at):
            version_id = digest([state_hash, latest.version_id])
        if version_id in self.versions:
            return None
        self.versions.add(version_id)
        if latest is None or (changed_at or read_at) >= (latest.changed_at or latest.read_at):
            self.latest[record_id] = LatestVersion(version_id, state_hash, changed_at, read_at)
        return (self.api.name, record_id, version_id, state_hash, changed_at, document, read_at)


class Paginator(BasePaginator):
    """dlt's paginator, whose walk always ends. Raises SourceUnavailable where it would not."""

    def __init__(self, api: Api) -> None:
        super().__init__()
        self._api, self._paginator = api, api.paginator()
        self._pages: set[str] = set()
        self._without_new = 0
        self._is_empty = False
        self.init_request = self._paginator.init_request  # type: ignore[method-assign]

    def update_state(self, response: requests.Response, data: list[Any] | None = None) -> None:
        """As dlt's, and count the pages without a new record."""
        self._paginator.update_state(response, data)
        page, self._is_empty = digest(data), not data
        self._without_new = self._without_new + 1 if self._is_empty or page in self._pages else 0
        self._pages.add(page)

    def update_request(self, request: requests.Request) -> None:
        """As dlt's; an empty page that leads to itself is the end."""
        before = _asked(request)
        self._paginator.update_request(request)
        is_end = self._is_empty and before == _asked(request)
        self._has_next_page = self._paginator.has_next_page and not is_end
        if self._has_next_page and self._without_new >= MAX_PAGES_WITHOUT_NEW:
            asked = _asked(request).replace(self._api.settings.secret or "\0", "***")[:300]
            raise SourceUnavailable(
                f"{self._api.name} shows {self._without_new} pages without a new record and names a next one "
                f"({asked}). Nothing was loaded; try later, or give endpoint.paginator another end."
            )


def _asked(request: requests.Request) -> str:
    return " ".join(map(str, (request.url, request.params, request.json or "")))


def load_api(warehouse: Warehouse, api: Api) -> ApiRun:
    """Load what is new. Raises ConfigurationError, SourceUnavailable, JobMarketError: nothing is then loaded.

    Holds some 700 bytes in memory for each version that the warehouse has of this API.
    """
    pipeline = warehouse.pipeline()
    prepare(warehouse, pipeline)
    run = ApiRun(warehouse, api)
    run_load(pipeline, declared(run))
    logger.info("%s", run)
    return run


@dlt.source(name="api")
def declared(run: ApiRun) -> Any:
    """The records of one run, and the time to go on from."""

    @dlt.resource(name=run.api.name)
    def records() -> Iterator[Any]:
        stored = dlt.current.resource_state()
        yield from new_tables(stored)
        newest = datetime.fromisoformat(stored["newest"]) if "newest" in stored else None
        personal: set[str] = set()
        for page in pages(run, newest):
            personal |= {path for path in run.api.shape.personal if any(True for _ in values(page, path))}
            read_at = datetime.now(UTC)
            results = [state_of(record, run.api.shape, read_at) for record in page]
            # twice on a page with the same time: the last one counts
            states = {(one.record_id, one.changed_at): one for one in results if isinstance(one, State)}
            times = [state.changed_at for state in states.values() if state.changed_at]
            newest = max([*times, *([newest] if newest else [])], default=None)
            rows = [row for state in states.values() if (row := run.row(state, read_at))]
            run.log.read += len(page)
            run.log.submitted += len(rows)
            if rows:
                yield RECORDS.item(RECORDS.batch(rows))
            yield from run.log.reject(one for one in results if isinstance(one, Reject))
        for path in sorted(set(run.api.shape.personal) - personal) if run.log.read else ():
            logger.warning("sources.api.%s.personal: no record had %r in this run", run.api.name, path)
        if run.log.submitted or run.log.rejected:
            yield run.log.counts()
        if newest:
            stored["newest"] = min(newest, run.log.started_at).isoformat()

    return records


def pages(run: ApiRun, newest: datetime | None) -> Iterator[list[Any]]:
    """The pages that have records. Raises ConfigurationError that names the field, SourceUnavailable."""
    api, endpoint = run.api, run.api.endpoint
    since = newest - timedelta(days=api.settings.look_back_days) if newest else api.start
    ends = {"since": since, "until": run.log.started_at + timedelta(days=1)}  # clocks differ
    written = {name: end.strftime(api.settings.time_format) for name, end in ends.items() if end}
    asked = {
        name: expand_placeholders(endpoint.get(name), written) for name in ("path", "params", "json", "data")
    }
    client = RESTClient(api.base_url, api.client.get("headers"), api.auth, session=api.session)
    had_list = bool(run.latest)
    try:
        for page in client.paginate(
            **asked,
            method=endpoint.get("method", "GET"),
            headers=endpoint.get("headers"),
            paginator=Paginator(api),
            data_selector=api.selector,
            hooks=create_response_hooks(endpoint.get("response_actions")),
        ):
            if not had_list:
                _check(api, page.response.json(), list(page))
            had_list = True
            if page:
                yield list(page)
    except requests.HTTPError as error:
        status = error.response.status_code if error.response is not None else 0
        field = {401: "secret", 403: "secret", 404: "endpoint.path", 405: "endpoint.path"}
        raise api.wrong(field.get(status, "endpoint.params"), f"the API answers {status}") from None
    except InvalidSchema:
        raise api.wrong("client.base_url", "an answer leads to another host, which is not asked") from None
    except (requests.RequestException, ValueError) as error:
        if str(error).startswith("not "):
            ask = "ask for one JSON text in UTF-8, for example with an Accept header"
            raise api.wrong("endpoint", f"the answer is {error}; {ask}") from None
        raise api.wrong("endpoint.paginator", "the answer does not have what it looks for") from None


def _check(api: Api, answer: Any, page: list[Any]) -> None:
    """Raise ConfigurationError for a field that the first page does not have."""
    if not jsonpath.find_values(api.selector, answer):
        raise api.wrong("endpoint.data_selector", f"nothing stands at {api.selector!r} of the answer")
    for setting, paths in (("key", api.settings.key or ()), ("time", filter(None, [api.settings.time]))):
        for path in paths:
            if page and not any(True for _ in values(page, path)):
                raise api.wrong(setting, f"no record of the first page has {path!r}")
