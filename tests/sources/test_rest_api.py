"""Declared APIs: the examples of docs/how-to/api.md, each against a mock server."""

from __future__ import annotations

import re
import threading
import tomllib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import orjson
import pytest
from dlt.common.configuration.container import Container
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext

from extract.errors import ConfigurationError, JobMarketError, SourceUnavailable
from extract.privacy.redact import redact_text
from extract.sources.loads import Reject
from extract.sources.rest_api.records import Shape, State, parse_time, state_of
from extract.sources.rest_api.settings import Api, ApiSettings, declared_api
from extract.sources.rest_api.source import ApiRun, load_api
from tests.command import PROJECT, Command
from tests.job import Job

Query = dict[str, str]
Answer = Callable[[Query], Any]
SECRET = "hush-4711"
ONE_BY_ONE = {"paginator": {"type": "offset", "limit": 1, "total_path": "data.total"}}
STATE = "record_id, document ->> '$.title'"


class Server:
    """Answers by a function of the query; what it gives is JSON, a number is a status, bytes are a body."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.content_type = ""
        self.asked: list[tuple[str, Query, dict[str, str]]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self.do_GET()

            def do_GET(self) -> None:
                url = urlsplit(self.path)
                query = dict(parse_qsl(url.query))
                server.asked.append((url.path, query, dict(self.headers)))
                given = server.answer(query)
                status = given if isinstance(given, int) else 200
                body = given if isinstance(given, bytes) else orjson.dumps(given)
                if isinstance(given, str):
                    status, body = 307, b""
                self.send_response(status)
                if status == 307:
                    self.send_header("Location", given)
                if status == 204:
                    body = b""
                if server.content_type:
                    self.send_header("Content-Type", server.content_type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def close(self) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


@pytest.fixture
def serve() -> Iterator[Callable[[Answer], Server]]:
    servers: list[Server] = []

    def start(answer: Answer) -> Server:
        servers.append(Server(answer))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def job(tmp_path: Any) -> Job:
    return Job(tmp_path, "http://127.0.0.1:9")


def example(name: str) -> dict[str, Any]:
    """The section as the docs show it."""
    page = (PROJECT / "docs" / "how-to" / "api.md").read_text(encoding="utf-8")
    blocks = "\n".join(re.findall(r"```toml\n(.*?)```", page, re.S))
    section: dict[str, Any] = tomllib.loads(blocks)["sources"]["api"][name]
    return section


def api(server: Server | None, name: str, declared: dict[str, Any], **given: Any) -> Api:
    """The declared API at the server; `client` and `endpoint` are merged into what is declared."""
    settings = ApiSettings(attempts=2, max_backoff=0.01, read_timeout=5)
    client = {**declared["client"], **({"base_url": server.url} if server else {}), **given.pop("client", {})}
    endpoint = {**declared["endpoint"], **given.pop("endpoint", {})}
    settings.update({**declared, **given, "client": client, "endpoint": endpoint})
    return Api(name, settings)


def read(job: Job, server: Server, name: str = "courses", **given: Any) -> ApiRun:
    declared = example(name)
    if "auth" in declared["client"]:
        given = {"secret": SECRET, **given}
    return load_api(job.warehouse, api(server, name, declared, **given))


def states(items: list[Any], shape: Shape) -> list[State | Reject]:
    return [state_of(item, shape, datetime.now(UTC)) for item in items]


def records(job: Job) -> list[tuple[Any, ...]]:
    return sorted(job.rows("records", STATE))


# Offset paging, overlapping windows, records that change later


class Courses:
    """An offset, a limit, a total; shows what was modified since a day."""

    def __init__(self, count: int) -> None:
        self.items = [self.course(n) for n in range(count)]

    @staticmethod
    def course(n: int, title: str = "as it was", modified: str = "2026-03-01T12:00:00") -> dict[str, Any]:
        return {
            "provider": {"id": 7},
            "number": f"{n:08}",
            "title": title,
            "modified": modified,
            "contact": {"name": "Kari Nordmann", "reach": 98765432},
            "teachers": [{"name": "Per Hansen", "room": "A"}],
            "text": "Ask Kari Nordmann or Per Hansen, kari@example.no",
        }

    def __call__(self, query: Query) -> Any:
        begin, limit = int(query["offset"]), int(query["limit"])
        items = [item for item in self.items if item["modified"] >= query["modified_from"]]
        return {"data": {"items": items[begin : begin + limit], "total": len(items)}}


def test_a_run_that_fails_loads_nothing_windows_overlap_and_what_changes_later_is_a_new_version(
    job: Job, serve: Callable[[Answer], Server]
) -> None:
    courses = Courses(120)
    server = serve(lambda query: 500 if query["offset"] == "100" else courses(query))
    with pytest.raises(SourceUnavailable, match="answered 500"):
        read(job, server)
    assert job.rows("records") == job.rows("_dlt_loads") == []
    server.answer = courses
    assert read(job, server).log.submitted == 120
    before = job.rows("_dlt_loads"), job.rows("_dlt_pipeline_state"), records(job)
    job.forget_local_state()
    assert (read(job, server).log.read, server.asked[-1][1]["modified_from"]) == (120, "2026-02-15")
    assert (job.rows("_dlt_loads"), job.rows("_dlt_pipeline_state"), records(job)) == before
    courses.items[3] = Courses.course(3, "later", "2026-03-09T12:00:00")
    courses.items.append(Courses.course(500))
    assert read(job, server).log.submitted == 2
    changed = job.rows("records", "record_id, changed_at")
    assert len(changed) == 122
    assert ('["7","00000003"]', datetime(2026, 3, 9, 11, tzinfo=UTC)) in changed
    assert {headers["X-Api-Key"] for _, _, headers in server.asked} == {SECRET}


def test_a_record_that_goes_back_to_what_it_was_has_three_versions_and_the_same_keys_again(
    job: Job, serve: Callable[[Answer], Server], tmp_path: Any
) -> None:
    versions = "version_id, document ->> '$.title'"
    courses = Courses(0)
    for title in ("A", "B", "A"):
        courses.items = [Courses.course(1, title)]
        read(job, serve(courses))
    rows = job.rows("records order by extracted_at", versions)
    assert [title for _, title in rows] == ["A", "B", "A"]
    again = Job(tmp_path / "again", job.base_url)
    courses.items = [Courses.course(1, title) for title in ("A", "B", "A")]
    read(again, serve(lambda query: courses({**query, "limit": "1"})), endpoint=ONE_BY_ONE)
    assert again.rows("records order by extracted_at", versions) == rows


def test_an_older_state_that_is_read_later_is_kept_once_and_is_not_the_latest(
    job: Job, serve: Callable[[Answer], Server]
) -> None:
    courses = Courses(0)
    new, old = (Courses.course(1, title, f"2026-03-0{day}T12:00") for day, title in ((9, "new"), (2, "old")))
    courses.items = [new, old, new, old]
    read(job, serve(courses), endpoint=ONE_BY_ONE)
    assert job.rows("records order by changed_at", "document ->> '$.title'") == [("old",), ("new",)]


def test_nothing_personal_is_stored_and_codes_keep_their_digits() -> None:
    broken = {**Courses.course(3), "number": None}
    shape = api(None, "courses", example("courses"), secret=SECRET).shape
    stored = repr(states([Courses.course(1), broken], shape))
    assert "State(" in stored and "Reject(" in stored
    for personal in ("Kari", "Nordmann", "Hansen", "98765432", "kari@"):
        assert personal not in stored
    assert stored.count("00000001") == 2 and "room" in stored


def test_a_code_is_a_path_and_its_name_elsewhere_is_none() -> None:
    record = {"provider": {"number": "99887766"}, "contact": {"number": "99887766"}, "text": "Ring 99887766"}
    [state] = states([record], Shape(codes=["provider.number"]))
    assert isinstance(state, State)
    stored = orjson.loads(state.document)
    assert stored["provider"] == {"number": "99887766"}
    assert "99887766" not in str(stored["contact"]) + stored["text"]


@pytest.mark.parametrize("personal", ["kari@example.no", "Kari Nordmann", "01010112377"])
def test_a_key_that_is_personal_is_stored_as_a_hash(personal: str) -> None:
    shape = Shape(key=("id",))
    assert "[identity number]" in redact_text("01010112377")
    one, other = states([{"id": personal}, {"id": f"{personal}x y"}], shape)
    assert isinstance(one, State) and isinstance(other, State)
    assert len(one.record_id) == 32 and one.record_id != other.record_id


def test_what_is_no_record_is_rejected_once_the_counts_add_up_and_a_misspelt_field_is_warned_of(
    job: Job, serve: Callable[[Answer], Server], caplog: pytest.LogCaptureFixture
) -> None:
    courses = Courses(3)
    courses.items += [{**Courses.course(4), "modified": "2026-soon"}, {**Courses.course(5), "number": ""}]
    courses.items.append(courses.items[0])
    server = serve(courses)
    read(job, server)
    read(job, server, personal=["contact", "teachers.name", "teachers.nam"])
    assert [r.getMessage() for r in caplog.records if r.levelname == "WARNING"] == [
        "sources.api.courses.personal: no record had 'teachers.nam' in this run"
    ]
    reasons = sorted(row[0] for row in job.rows("rejects", "reason"))
    assert reasons == ["no text or whole number in the key field 'number'", "no time in the field 'modified'"]
    counts = "records_read, rows_handed_over, repeats, rejects"
    assert job.rows("source_loads", counts) == [(6, 3, 1, 2)]


# A bare list


def test_a_bare_list_without_a_key_is_kept_by_its_content(
    job: Job, serve: Callable[[Answer], Server]
) -> None:
    stations = [{"title": f"Station {n}"} for n in range(3)]
    server = serve(lambda query: stations)
    read(job, server, "stations")
    stations.append({"title": "Station 3"})
    stations.append(stations[0])
    assert read(job, server, "stations").log.submitted == 1
    assert [title for _, title in sorted(records(job), key=lambda row: row[1])] == [
        f"Station {n}" for n in range(4)
    ]


# What an answer can be


@pytest.mark.parametrize("answer", [[], {"data": {"items": None, "total": 0}}], ids=repr)
def test_an_api_that_has_nothing_gives_nothing(
    answer: Any, job: Job, serve: Callable[[Answer], Server]
) -> None:
    name = "stations" if answer == [] else "courses"
    assert read(job, serve(lambda query: answer), name).log.read == 0


NOTHING_NEW = [{"page": {"totalElements": 0}}, {"_embedded": None}, 204, {"data": {"total": 0}}]


@pytest.mark.parametrize("answer", NOTHING_NEW, ids=repr)
def test_an_answer_without_the_list_is_an_empty_page_once_there_was_one(
    answer: Any, job: Job, serve: Callable[[Answer], Server]
) -> None:
    courses = Courses(3)
    server = serve(lambda query: courses(query) if query["offset"] == "0" else answer)
    without_total = {"endpoint": {"paginator": {"type": "offset", "limit": 3}}}
    assert read(job, server, **without_total).log.read == 3
    before = job.rows("_dlt_loads")
    server.answer = lambda query: answer
    assert read(job, server, **without_total).log.read == 0
    assert job.rows("_dlt_loads") == before


def test_a_last_page_without_the_list_ends_the_walk(job: Job, serve: Callable[[Answer], Server]) -> None:
    def answer(query: Query) -> Any:
        return {"next": None} if "after" in query else {"users": [{"title": "x"}], "next": "z"}

    cursor = {"type": "cursor", "cursor_path": "next", "cursor_param": "after"}
    endpoint = {"data_selector": "users", "paginator": cursor}
    assert read(job, serve(answer), "stations", endpoint=endpoint).log.read == 1


@pytest.mark.parametrize("content_type", ["", "text/plain", "text/json", "application/json; charset=latin-1"])
def test_json_is_utf8_whatever_its_content_type_says(
    content_type: str, job: Job, serve: Callable[[Answer], Server]
) -> None:
    server = serve(lambda query: '[{"title": "Ålesund blåbær"}]'.encode())
    server.content_type = content_type
    read(job, server, "stations")
    assert [title for _, title in records(job)] == ["Ålesund blåbær"]


def test_nan_and_infinity_are_null_and_a_lone_surrogate_costs_its_character(
    job: Job, serve: Callable[[Answer], Server]
) -> None:
    server = serve(lambda query: b'[{"title": "a\\ud800", "v": NaN, "w": -Infinity, "x": 1e999}]')
    read(job, server, "stations")
    [(document,)] = job.rows("records", "document")
    assert orjson.loads(document) == {"title": "a\ufffd", "v": None, "w": None, "x": None}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"id": 1}\n{"id": 2}\n', "not JSON"),
        ('[{"title": "Ålesund"}]'.encode("latin-1"), "not UTF-8"),
        (b"<html>", "not JSON"),
    ],
    ids=["NDJSON", "Latin-1", "HTML"],
)
def test_an_answer_that_is_no_json_is_a_matter_of_configuration(
    body: bytes, said: str, job: Job, serve: Callable[[Answer], Server]
) -> None:
    with pytest.raises(ConfigurationError, match=said):
        read(job, serve(lambda query: body), "stations")
    assert job.rows("records") == []


def test_a_record_above_8_megabytes_is_a_reject_and_the_others_are_stored(
    job: Job, serve: Callable[[Answer], Server]
) -> None:
    server = serve(lambda query: [{"id": "a", "title": "x" * (9 << 20)}, {"id": "b", "title": "b"}])
    run = read(job, server, "stations", key=["id"])
    assert (run.log.submitted, run.log.rejected) == (1, 1)
    [(reason, payload)] = job.rows("rejects", "reason, payload")
    assert "above 8 MB" in reason and len(payload) < 200


OSLO = ZoneInfo("Europe/Oslo")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-04-03T10:00:00", datetime(2026, 4, 3, 8, tzinfo=UTC)),
        ("2026-04-03T10:00:00Z", datetime(2026, 4, 3, 10, tzinfo=UTC)),
        ("2026-04-03", datetime(2026, 4, 2, 22, tzinfo=UTC)),
        ("20260403", datetime(2026, 4, 2, 22, tzinfo=UTC)),
        ("1712121212345", datetime(2024, 4, 3, 5, 13, 32, 345000, tzinfo=UTC)),
        (1712121212345, datetime(2024, 4, 3, 5, 13, 32, 345000, tzinfo=UTC)),
        (1712121212, datetime(2024, 4, 3, 5, 13, 32, tzinfo=UTC)),
        (1712121212.5, datetime(2024, 4, 3, 5, 13, 32, 500000, tzinfo=UTC)),
        ("1712121212", datetime(2024, 4, 3, 5, 13, 32, tzinfo=UTC)),
    ],
)
def test_a_time_is_iso_8601_or_seconds_or_milliseconds(value: Any, expected: datetime) -> None:
    assert parse_time(value, OSLO) == expected


@pytest.mark.parametrize(
    "value", [20260403, "17121212123", 0, -1, True, "soon", "", {}, [1], "0001-01-01T00:00"]
)
def test_a_time_of_another_form_is_a_reject(value: Any) -> None:
    [result] = states([{"id": "1", "t": value}], Shape(key=("id",), time="t", zone=OSLO))
    assert isinstance(result, Reject) and result.reason == "no time in the field 't'"


def test_a_time_that_is_far_ahead_is_a_reject_and_does_not_move_the_start_of_the_next_run(
    job: Job, serve: Callable[[Answer], Server]
) -> None:
    courses = Courses(2)
    courses.items.append(Courses.course(9, "of the future", "9999-12-31T23:59:59"))
    server = serve(courses)
    read(job, server)
    read(job, server)
    assert server.asked[-1][1]["modified_from"] == "2026-02-15"
    assert [reason for (reason,) in job.rows("rejects", "reason")] == [
        "a time more than a day ahead in the field 'modified'"
    ]


def test_a_removal_without_the_declared_time_counts_as_read_last_and_once(
    job: Job, serve: Callable[[Answer], Server]
) -> None:
    ad = {"id": "1", "publication_date": "2025-11-10T08:00:00", "headline": "Larare"}
    removal = {"id": "1", "removed": True, "removed_date": "2026-11-20T09:00:00"}
    given = {"key": ["id"], "time": "publication_date"}
    stream: list[Any] = [ad]
    server = serve(lambda query: stream)
    read(job, server, "stations", **given)
    stream[:] = [removal]
    assert read(job, server, "stations", **given).log.submitted == 1
    before = job.rows("_dlt_loads")
    assert read(job, server, "stations", **given).log.submitted == 0
    assert job.rows("_dlt_loads") == before
    stream[:] = [{**ad, "publication_date": datetime.now(UTC).isoformat()}]
    assert read(job, server, "stations", **given).log.submitted == 1
    stream[:] = [removal]
    assert read(job, server, "stations", **given).log.submitted == 1
    latest = "records order by coalesce(changed_at, extracted_at)"
    assert [row[0] for row in job.rows(latest, "document ->> '$.removed'")] == [None, "true", None, "true"]


# Walks that would not end


def cursor_walk(pages: Callable[[str], Any]) -> tuple[Answer, dict[str, Any]]:
    cursor = {"type": "cursor", "cursor_path": "next", "cursor_param": "cursor"}
    return lambda query: pages(query.get("cursor", "")), {"data_selector": "items", "paginator": cursor}


def test_a_cursor_that_is_never_null_ends_at_the_empty_page_that_leads_to_itself(
    job: Job, serve: Callable[[Answer], Server]
) -> None:
    shown = {"": ([1, 2], "a"), "a": ([3], "b"), "b": ([], "b")}

    def pages(cursor: str) -> Any:
        numbers, following = shown[cursor]
        return {"items": [{"title": str(number)} for number in numbers], "next": following}

    answer, endpoint = cursor_walk(pages)
    server = serve(answer)
    assert read(job, server, "stations", endpoint=endpoint).log.submitted == 3
    assert [query.get("cursor") for _, query, _ in server.asked] == [None, "a", "b"]


def ever_new_and_empty(cursor: str) -> Any:
    return {"items": [], "next": f"{cursor}x"}


def a_and_b_in_turn(cursor: str) -> Any:
    return {"items": [{"title": cursor}], "next": "b" if cursor == "a" else "a"}


def page_1_for_all(cursor: str) -> Any:
    return {"items": [{"title": "1"}], "next": f"{cursor}x"}


@pytest.mark.parametrize("pages", [ever_new_and_empty, a_and_b_in_turn, page_1_for_all])
def test_a_walk_without_an_end_is_given_up_and_loads_nothing(
    pages: Callable[[str], Any], job: Job, serve: Callable[[Answer], Server]
) -> None:
    answer, endpoint = cursor_walk(pages)
    with pytest.raises(SourceUnavailable, match=r"20 pages without a new record .*'cursor': "):
        read(job, serve(answer), "stations", endpoint=endpoint)
    assert job.rows("_dlt_loads") == []


# What goes wrong

API = r"sources\.api\.courses\."
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"client": {"base_url": "courses.example"}}, "client.base_url: 'courses.example' is no http"),
    (
        {"client": {"base_url": f"https://me:{SECRET}@courses.example"}},
        "client.base_url: a user and password",
    ),
    ({"client": {"base_ulr": "x"}}, "client.base_ulr: there is no such setting. Is client.base_url meant"),
    ({"endpoint": {"param": {}}}, "endpoint.param: there is no such setting. Is endpoint.params meant"),
    ({"endpoint": {"incremental": {}}}, "endpoint.incremental: there is no such setting"),
    ({"endpoint": {"path": "https://evil.example/x"}}, "endpoint.path: it begins"),
    ({"endpoint": {"paginator": {"type": "offsets"}}}, "endpoint.paginator: "),
    ({"endpoint": {"paginator": {"type": "offset"}}}, "endpoint.paginator: .*limit"),
    ({"endpoint": {"paginator": "auto"}}, "endpoint.paginator: name its type"),
    ({"endpoint": {"data_selector": "data["}}, r"endpoint.data_selector: 'data\[' is no JSON path"),
    ({"client": {"auth": {"type": "basic"}}}, "client.auth: its type is one of"),
    (
        {"client": {"auth": {"type": "api_key", "api_key": "x"}}},
        "secret: it is the api_key of api_key: put it into",
    ),
    ({"client": {"auth": {"type": "bearer", "extra": 1}}}, "client.auth: .*extra"),
    (
        {"client": {"auth": {"type": "oauth2_client_credentials", "client_id": "x"}}},
        "client.auth.access_token_url: 'None' is no http",
    ),
    ({"secret": None}, "secret: it is the api_key of api_key"),
    ({"start": "soon"}, "start: 'soon' cannot be read"),
    ({"start": None}, r"endpoint: \{since\} needs"),
    ({"look_back_days": -1}, "look_back_days: -1"),
    ({"time_zone": "Europe/Olso"}, "time_zone: 'Europe/Olso'"),
    ({"personal": ["number"]}, "key: 'number' is personal"),
]


@pytest.mark.parametrize(("given", "said"), WRONG, ids=[said for _, said in WRONG])
def test_a_wrong_declaration_is_named_by_its_field(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"^{API}{said}") as raised:
        api(None, "courses", example("courses"), **{"secret": SECRET, **given})
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize(
    ("given", "answer", "said"),
    [
        ({"endpoint": {"data_selector": "data.rows"}}, None, "endpoint.data_selector: nothing stands at"),
        ({"key": ["numer"]}, None, "key: no record of the first page has 'numer'"),
        ({"time": "changed"}, None, "time: no record of the first page has 'changed'"),
        (
            {"endpoint": {"paginator": {"type": "offset", "limit": 5, "total_path": "sum"}}},
            None,
            "endpoint.paginator: ",
        ),
        ({}, 401, r"secret: the API answers 401"),
        ({}, 404, "endpoint.path: the API answers 404"),
        ({}, 400, "endpoint.params: the API answers 400"),
    ],
)
def test_what_the_answer_shows_to_be_wrong_is_named_by_its_field(
    given: dict[str, Any], answer: int | None, said: str, job: Job, serve: Callable[[Answer], Server]
) -> None:
    courses = Courses(3)
    server = serve(lambda query: answer or courses(query))
    with pytest.raises(ConfigurationError, match=rf"^{API}{said}"):
        read(job, server, **given)


@pytest.mark.parametrize("way", ["link", "redirect"])
def test_no_other_host_is_asked_whatever_an_answer_says(
    way: str, job: Job, serve: Callable[[Answer], Server]
) -> None:
    other = serve(lambda query: [])
    elsewhere = f"{other.url}/all.json".replace("127.0.0.1", "localhost")
    linked = {"items": [{"title": "x"}], "next": elsewhere}
    server = serve(lambda query: linked if way == "link" else elsewhere)
    endpoint = {"data_selector": "items", "paginator": {"type": "json_link", "next_url_path": "next"}}
    with pytest.raises(JobMarketError, match=r"another host, which is not asked|a redirect to localhost"):
        read(job, server, "stations", endpoint=endpoint, secret=SECRET)
    assert server.asked and not other.asked


def test_a_token_request_that_is_redirected_gives_the_secret_to_nobody(
    job: Job, serve: Callable[[Answer], Server]
) -> None:
    other = serve(lambda query: {"access_token": "x"})
    tokens = serve(lambda query: f"{other.url}/token".replace("127.0.0.1", "localhost"))
    server = serve(lambda query: [])
    auth = {"type": "oauth2_client_credentials", "access_token_url": f"{tokens.url}/token", "client_id": "me"}
    with pytest.raises(SourceUnavailable, match="a redirect to localhost"):
        read(job, server, "stations", client={"auth": auth}, secret=SECRET)
    assert tokens.asked and not other.asked and not server.asked


# The command line


def test_an_api_is_read_by_its_name_from_the_environment_alone_and_no_file_keeps_how_it_is_asked(
    job: Job, serve: Callable[[Answer], Server]
) -> None:
    server = serve(Courses(3))
    command = Command(job.folder, "http://127.0.0.1:9")
    section = {**example("courses"), "base_url": server.url, "secret": SECRET}
    section["client"] |= {"base_url": section.pop("base_url"), "headers": {"X-Team": "a-team-of-ours"}}
    section["endpoint"]["params"] |= {"who": "a-query-of-ours"}
    environment = {
        f"SOURCES__API__COURSES__{name.upper()}": value
        if isinstance(value, str)
        else orjson.dumps(value).decode()
        for name, value in section.items()
    }
    code, printed = command("source", "courses", **environment)
    assert (code, printed.splitlines()[-1]) == (0, "courses: 3 records read, 3 new or changed, 0 rejects")
    assert SECRET not in printed
    assert len(records(job)) == 3
    kept = b"".join(file.read_bytes() for file in job.folder.rglob("*") if file.is_file())
    assert not [word for word in (SECRET, "a-team-of-ours", "a-query-of-ours") if word.encode() in kept]
    environment["SOURCES__API__COURSES__TIME_ZONE"] = "Olso"
    code, printed = command.here("source", "courses", **environment)
    assert (code, printed) == (2, "sources.api.courses.time_zone: 'Olso' cannot be read.\n")


def test_a_name_that_is_not_declared_or_cannot_be_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"no section \[sources\.api\.courses\] .*none is declared"):
        declared_api("courses")
    for name in ("register", "Two Words"):
        with pytest.raises(ConfigurationError, match="cannot be called"):
            declared_api(name)


def test_a_section_of_the_file_is_read_and_a_setting_that_does_not_exist_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    providers = Container()[PluggableRunContext].providers.providers
    [file] = [provider for provider in providers if provider.name == "config.toml"]
    page = (PROJECT / "docs" / "how-to" / "api.md").read_text(encoding="utf-8")
    written = "\n".join(re.findall(r"```toml\n(.*?)```", page, re.S))
    monkeypatch.setenv("SOURCES__API__COURSES__SECRET", SECRET)
    monkeypatch.setattr(file, "_config_doc", tomllib.loads(written))
    assert declared_api("courses").endpoint["params"] == {"modified_from": "{since}"}
    assert declared_api("stations").base_url == "https://stations.example"
    with pytest.raises(ConfigurationError, match="declared are: jobs, courses, stations"):
        declared_api("lessons")
    monkeypatch.setattr(file, "_config_doc", tomllib.loads(written.replace("time_zone", "timezone")))
    with pytest.raises(ConfigurationError, match=r"courses\.timezone: .* Is time_zone meant\?"):
        declared_api("courses")
    monkeypatch.setattr(
        file,
        "_config_doc",
        tomllib.loads(written.replace("[sources.api.stations.client]\n", "[sources.api.stations]\n")),
    )
    with pytest.raises(ConfigurationError, match=r"stations\.base_url: .* Is client\.base_url meant\?"):
        declared_api("stations")
    monkeypatch.setattr(
        file, "_config_doc", tomllib.loads(written.replace("look_back_days = 14", "look_back_days = 'x'"))
    )
    with pytest.raises(ConfigurationError, match=r"sources\.api\.courses\.look_back_days"):
        declared_api("courses")
