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

import requests
from dlt.common import jsonpath
from dlt.sources.helpers.rest_client.client import RESTClient
from dlt.sources.rest_api.config_setup import create_response_hooks, expand_placeholders
from requests.exceptions import InvalidSchema

from extract.errors import SourceUnavailable
from extract.hashing import digest
from extract.loading.load import recover_local_state
from extract.schema import RECORDS
from extract.sources.loads import LoadLog, Reject, Row, known_rejects, load
from extract.sources.rest_api.records import State, state_of, values
from extract.sources.rest_api.settings import Api
from extract.warehouses.base import Warehouse

ROWS = 100_000
"""How many rows of the warehouse are read at once."""
BATCH = 1_000
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
        self.log = LoadLog(api.name, seen_rejects=known_rejects(warehouse, api.name))
        self.newest: datetime | None = None
        self.unmet = set(api.shape.personal)
        """Personal fields that no record had."""
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

    def items(self, stored: dict[str, Any]) -> Iterator[Any]:
        """dlt's items; moves the time to go on from on."""
        if "newest" in stored:
            self.newest = datetime.fromisoformat(stored["newest"])
        yield from self.log.items(self._results(), RECORDS, size=BATCH)
        for path in sorted(self.unmet) if self.log.read else ():
            logger.warning("sources.api.%s.personal: no record had %r in this run", self.api.name, path)
        if self.newest:
            stored["newest"] = min(self.newest, self.log.started_at).isoformat()

    def _results(self) -> Iterator[list[Row] | Reject | None]:
        shape = self.api.shape
        for page in pages(self):
            self.unmet -= {path for path in self.unmet if any(True for _ in values(page, path))}
            read_at = datetime.now(UTC)
            results = [state_of(record, shape, read_at) for record in page]
            # twice on a page with the same time: the last one counts
            last = {one[:3:2]: one for one in results if isinstance(one, State)}
            for one in results:
                if isinstance(one, Reject):
                    yield one
                else:
                    yield self._new_row(one, read_at) if last[one[:3:2]] is one else None

    def _new_row(self, state: State, read_at: datetime) -> list[Row] | None:
        """The row of a version that is new; None for one that is known."""
        record_id, state_hash, changed_at, document = state
        self.newest = max(filter(None, (self.newest, changed_at)), default=None)
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
        return [(self.api.name, record_id, version_id, state_hash, changed_at, document, read_at)]


def load_api(warehouse: Warehouse, api: Api) -> ApiRun:
    """Load what is new. Raises ConfigurationError, SourceUnavailable, JobMarketError: nothing is then loaded.

    Holds some 700 bytes in memory for each version that the warehouse has of this API.
    """
    pipeline = warehouse.pipeline()
    recover_local_state(warehouse, pipeline)
    run = ApiRun(warehouse, api)
    load(pipeline, "api", api.name, run.items)
    logger.info("%s", run)
    return run


def pages(run: ApiRun) -> Iterator[list[Any]]:
    """The pages that have records. Raises ConfigurationError that names the field, SourceUnavailable."""
    api, endpoint = run.api, run.api.endpoint
    since = run.newest - timedelta(days=api.settings.look_back_days) if run.newest else api.start
    ends = {"since": since, "until": run.log.started_at + timedelta(days=1)}  # clocks differ
    written = {name: end.strftime(api.settings.time_format) for name, end in ends.items() if end}
    asked = {
        name: expand_placeholders(endpoint.get(name), written) for name in ("path", "params", "json", "data")
    }
    client = RESTClient(api.base_url, api.client.get("headers"), api.auth, session=api.session)
    try:
        given = client.paginate(
            **asked,
            method=endpoint.get("method", "GET"),
            headers=endpoint.get("headers"),
            paginator=api.paginator(),
            data_selector=api.selector,
            hooks=create_response_hooks(endpoint.get("response_actions")),
        )
        yield from _walk(run, given)
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


def _walk(run: ApiRun, given: Iterator[Any]) -> Iterator[list[Any]]:
    """The pages, until one that is empty leads to itself. Raises SourceUnavailable if there is no end."""
    asked, seen, without_new = "", set[str](), 0
    is_first = not run.latest
    for page in given:
        if is_first:
            _check(run.api, page.response.json(), page)
        is_first = False
        following = " ".join(map(str, (page.request.url, page.request.params, page.request.json or "")))
        key = digest(page)
        if not page and following == asked:
            return
        without_new = 0 if page and key not in seen else without_new + 1
        if without_new >= MAX_PAGES_WITHOUT_NEW and page.paginator.has_next_page:
            shown = following.replace(run.api.settings.secret or "\0", "***")[:300]
            raise SourceUnavailable(
                f"{run.api.name} shows {without_new} pages without a new record and names a next one "
                f"({shown}). Nothing was loaded; try later, or give endpoint.paginator another end."
            )
        seen.add(key)
        asked = following
        yield page


def _check(api: Api, answer: Any, page: list[Any]) -> None:
    """Raise ConfigurationError for a field that the first page does not have."""
    if not jsonpath.find_values(api.selector, answer):
        raise api.wrong("endpoint.data_selector", f"nothing stands at {api.selector!r} of the answer")
    for setting, paths in (("key", api.settings.key or ()), ("time", filter(None, [api.settings.time]))):
        for path in paths:
            if page and not any(True for _ in values(page, path)):
                raise api.wrong(setting, f"no record of the first page has {path!r}")
