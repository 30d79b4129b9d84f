"""APIs that are declared in the configuration: the examples of docs/sources.md, each against its stand-in."""

from __future__ import annotations

import re
import threading
import tomllib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson
import pytest
from dlt.common.configuration.container import Container
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext

from extract.cli import main
from extract.errors import ConfigurationError, SourceUnavailable
from extract.monitoring.status import source_loads
from extract.privacy.redact import redact_text
from extract.sources.rest_api.paging import Walks
from extract.sources.rest_api.records import Read, Rejected, Shape, State, convert
from extract.sources.rest_api.settings import Api, ApiSettings, declared_api
from extract.sources.rest_api.source import Reading, load_api
from tests.command import PROJECT, Command
from tests.job import Job

Query = dict[str, str]
Answer = Callable[[Query], Any]
SECRET = "hush-4711"
ONE_BY_ONE = {"type": "offset", "limit": 1, "total_path": "data.total"}
STATE = "record_id, document ->> '$.title'"


class Server:
    """Answers GET by a function of the query; what it gives is JSON, a number is a status."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.asked: list[tuple[str, Query, dict[str, str]]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                url = urlsplit(self.path)
                query = dict(parse_qsl(url.query))
                server.asked.append((url.path, query, dict(self.headers)))
                given = server.answer(query)
                status = given if isinstance(given, int) else 200
                body = orjson.dumps(given)
                if isinstance(given, str):
                    status, body = 302, b""
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", given)
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
    page = (PROJECT / "docs" / "sources.md").read_text(encoding="utf-8")
    blocks = "\n".join(re.findall(r"```toml\n(.*?)```", page, re.S))
    section: dict[str, Any] = tomllib.loads(blocks)["sources"]["api"][name]
    return section


def api(server: Server | None, name: str, declared: dict[str, Any], **given: Any) -> Api:
    settings = ApiSettings(attempts=2, max_backoff=0.01)
    address = {"base_url": server.url} if server else {}
    settings.update({**declared, **address, **given})
    return Api(name, settings)


def read(job: Job, server: Server, name: str = "courses", **given: Any) -> Reading:
    declared = example(name)
    if "auth" in declared:
        given = {"secret": SECRET, **given}
    return load_api(job.warehouse, api(server, name, declared, **given))


def walks(declared: Api) -> Walks:
    return Walks(declared, datetime.now(UTC), None)


def walked(server: Server, name: str, **given: Any) -> list[Any]:
    """What the pages of one run hold, without a warehouse."""
    pages = walks(api(server, name, example(name), **{"secret": SECRET, **given})).pages()
    return [read.record for page in pages for read in page]


def converted(items: list[Any], shape: Shape) -> list[State | Rejected]:
    return convert([Read(0, datetime.now(UTC), item) for item in items], shape).results


def records(job: Job) -> list[tuple[Any, ...]]:
    return sorted(job.rows("records", STATE))


# The retired public-feed


class PublicFeed:
    """At most so many hits of a query, newest first; page numbers are clamped, `last` never comes true."""

    def __init__(self, ads: int, most: int) -> None:
        now = datetime.now(UTC).replace(microsecond=500_000)
        self.most = most
        # three ads share each instant, and walks end between two of them
        self.ads = [
            {"uuid": f"ad-{n}", "title": f"Ad {n}", "published": (now - timedelta(hours=n // 3)).isoformat()}
            for n in range(ads)
        ]

    def __call__(self, query: Query) -> Any:
        begin, end = (datetime.fromisoformat(text) for text in query["published"].strip("[]").split(","))
        size = int(query["size"])
        hits = [ad for ad in self.ads if begin <= datetime.fromisoformat(str(ad["published"])) <= end]
        pages = -(-min(self.most, len(hits)) // size)
        page = min(int(query["page"]), max(pages - 1, 0))
        content = hits[: self.most][page * size : (page + 1) * size]
        return {"content": content, "totalPages": pages, "totalElements": len(hits), "last": False}


def test_the_public_feed_is_walked_back_beyond_what_one_query_shows(
    job: Job, serve: Callable[[Answer], Server]
) -> None:
    feed = PublicFeed(ads=53, most=10)
    server = serve(feed)
    given: dict[str, Any] = {"params": {"size": 5, "published": "[{since},{until}]"}}
    given["paging"] = {**example("public_feed")["paging"], "maximum_page": 2}
    read(job, server, "public_feed", **given)
    assert records(job) == sorted((ad["uuid"], ad["title"]) for ad in feed.ads)
    assert {headers["Authorization"] for _, _, headers in server.asked} == {f"Bearer {SECRET}"}
    server.asked.clear()
    feed.ads.insert(0, {**feed.ads[0], "uuid": "new"})
    done = read(job, server, "public_feed", **given)
    assert (done.handed_over, len(records(job))) == (1, 54)
    begin = datetime.fromisoformat(server.asked[0][1]["published"][1:].split(",")[0])
    newest = datetime.fromisoformat(str(feed.ads[0]["published"]))
    assert timedelta(days=2) <= newest - begin < timedelta(days=2, seconds=1)


def test_a_cut_that_only_the_number_of_records_tells_is_walked_back_too(
    serve: Callable[[Answer], Server],
) -> None:
    feed = PublicFeed(ads=30, most=10)
    params = {"size": 5, "published": "[{since},{until}]"}
    found = walked(serve(feed), "public_feed", params=params, most_records=10)
    assert {ad["uuid"] for ad in found} == {ad["uuid"] for ad in feed.ads}


def test_a_walk_back_that_cannot_be_right_ends_with_the_field(serve: Callable[[Answer], Server]) -> None:
    feed = PublicFeed(ads=30, most=2)
    params = {"size": 5, "published": "[{since},{until}]"}
    with pytest.raises(ConfigurationError, match=r"time_format: one query cannot show"):
        walked(serve(feed), "public_feed", params=params, most_records=2)
    feed = PublicFeed(ads=30, most=10)
    feed.ads.reverse()
    with pytest.raises(ConfigurationError, match=r"params: \{until\} needs .* newest records first"):
        walked(serve(feed), "public_feed", params=params, most_records=10)


def test_pages_that_repeat_end_with_the_field_and_not_never(serve: Callable[[Answer], Server]) -> None:
    feed = PublicFeed(ads=30, most=10)
    with pytest.raises(ConfigurationError, match=r"public_feed\.paging: the same page"):
        walked(serve(feed), "public_feed", paging={"type": "page_number", "page_param": "page"})


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
    with pytest.raises(SourceUnavailable, match="status 500"):
        read(job, server)
    assert job.rows("records") == job.rows("_dlt_loads") == []
    server.answer = courses
    assert read(job, server).handed_over == 120
    before = job.rows("_dlt_loads"), job.rows("_dlt_pipeline_state"), records(job)
    job.forget_local_state()
    assert (read(job, server).read, server.asked[-1][1]["modified_from"]) == (120, "2026-02-15")
    assert (job.rows("_dlt_loads"), job.rows("_dlt_pipeline_state"), records(job)) == before
    courses.items[3] = Courses.course(3, "later", "2026-03-09T12:00:00")
    courses.items.append(Courses.course(500))
    assert read(job, server).handed_over == 2
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
    read(again, serve(lambda query: courses({**query, "limit": "1"})), paging=ONE_BY_ONE)
    assert again.rows("records order by extracted_at", versions) == rows


def test_an_older_state_that_is_read_later_is_kept_once_and_is_not_the_latest(
    job: Job, serve: Callable[[Answer], Server]
) -> None:
    courses = Courses(0)
    new, old = (Courses.course(1, title, f"2026-03-0{day}T12:00") for day, title in ((9, "new"), (2, "old")))
    courses.items = [new, old, new, old]
    read(job, serve(courses), paging=ONE_BY_ONE)
    assert job.rows("records order by changed_at", "document ->> '$.title'") == [("old",), ("new",)]


def test_nothing_personal_is_stored_and_codes_keep_their_digits() -> None:
    broken = {**Courses.course(3), "number": None}
    shape = walks(api(None, "courses", example("courses"), secret=SECRET)).shape
    stored = repr(converted([Courses.course(1), broken], shape))
    assert "State(" in stored and "Rejected(" in stored
    for personal in ("Kari", "Nordmann", "Hansen", "98765432", "kari@"):
        assert personal not in stored
    assert stored.count("00000001") == 2 and "room" in stored


@pytest.mark.parametrize("personal", ["kari@example.no", "Kari Nordmann", "01010112377"])
def test_a_key_that_is_personal_is_stored_as_a_hash(personal: str) -> None:
    shape = Shape("people", ("id",), None, UTC, (), ())
    assert "[identity number]" in redact_text("01010112377")
    one, other = converted([{"id": personal}, {"id": f"{personal}x y"}], shape)
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
    [told] = source_loads(job.warehouse)
    assert (told.source, told.records, told.rows, told.rejects) == ("courses", 6, 3, 2)


# A bare list


def test_a_bare_list_without_a_key_is_kept_by_its_content(
    job: Job, serve: Callable[[Answer], Server]
) -> None:
    stations = [{"title": f"Station {n}"} for n in range(3)]
    server = serve(lambda query: stations)
    read(job, server, "stations")
    stations.append({"title": "Station 3"})
    stations.append(stations[0])
    assert read(job, server, "stations").handed_over == 1
    assert [title for _, title in sorted(records(job), key=lambda row: row[1])] == [
        f"Station {n}" for n in range(4)
    ]


@pytest.mark.parametrize("answer", [[], {"data": {"items": None, "total": 0}}], ids=repr)
def test_an_api_that_has_nothing_gives_nothing(answer: Any, serve: Callable[[Answer], Server]) -> None:
    assert walked(serve(lambda query: answer), "stations" if answer == [] else "courses") == []


# What goes wrong

WRONG = [
    ({"base_url": "courses.example"}, "base_url: 'courses.example' is no http"),
    ({"base_url": f"https://me:{SECRET}@courses.example"}, "base_url: a user and password"),
    ({"path": "https://evil.example/x"}, "path: it begins"),
    ({"paging": {"type": "offsets"}}, "paging: "),
    ({"paging": {"type": "offset"}}, "paging: .*limit"),
    ({"paging": {"type": "auto"}}, "paging: its type must be named"),
    ({"auth": {"type": "basic"}}, "auth: its type is one of"),
    ({"auth": {"type": "api_key"}}, "auth: api_key needs name"),
    ({"auth": {"type": "api_key", "name": "X", "api_key": "x"}}, "auth: put api_key into `secret`"),
    ({"auth": {"type": "api_key", "name": "X", "location": "cookie"}}, "auth: its location"),
    ({"auth": {"type": "bearer", "extra": 1}}, "auth: .*extra"),
    ({"secret": None}, "secret: api_key needs one"),
    ({"start": "soon"}, "start: 'soon' is no date"),
    ({"start": None}, r"params: \{since\} needs"),
    ({"params": {"to": "{until}"}, "time": None}, r"params: \{until\} needs"),
    ({"most_records": 10}, r"most_records: .*\{until\}"),
    ({"look_back_days": -1}, "look_back_days: -1"),
    ({"time_zone": "Europe/Olso"}, "time_zone: 'Europe/Olso'"),
    ({"records": "data["}, r"records: 'data\[' is no JSON path"),
    ({"personal": ["number"]}, "key: 'number' is personal"),
]


@pytest.mark.parametrize(("given", "told"), WRONG, ids=[told for _, told in WRONG])
def test_a_wrong_declaration_is_named_by_its_field(given: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"^sources\.api\.courses\.{told}") as raised:
        api(None, "courses", example("courses"), **{"secret": SECRET, **given})
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize(
    ("given", "answer", "told"),
    [
        ({"records": "data.rows"}, None, "records: no list stands at 'data.rows'"),
        ({"key": ["numer"]}, None, "key: no record of the first page has 'numer'"),
        ({"time": "changed"}, None, "time: no record of the first page has 'changed'"),
        ({"paging": {"type": "offset", "limit": 5, "total_path": "sum"}}, None, "paging: "),
        ({}, 401, r"secret: the API refuses it \(401\)"),
        ({}, 404, "path: the API answers 404"),
        ({}, 400, "params: the API answers 400"),
    ],
)
def test_what_the_answer_shows_to_be_wrong_is_named_by_its_field(
    given: dict[str, Any], answer: int | None, told: str, serve: Callable[[Answer], Server]
) -> None:
    courses = Courses(3)
    server = serve(lambda query: answer or courses(query))
    with pytest.raises(ConfigurationError, match=rf"^sources\.api\.courses\.{told}"):
        walked(server, "courses", **given)


@pytest.mark.parametrize("way", ["link", "redirect"])
def test_no_other_host_is_asked_whatever_an_answer_says(way: str, serve: Callable[[Answer], Server]) -> None:
    other = serve(lambda query: [])
    linked = {"items": [{"title": "x"}], "next": f"{other.url}/all.json"}
    server = serve(lambda query: linked if way == "link" else f"{other.url}/all.json")
    paging = {"type": "json_link", "next_url_path": "next"}
    declared = {"path": "all.json", "records": "items", "paging": paging}
    with pytest.raises(ConfigurationError, match="base_url: an answer leads to another host"):
        list(walks(api(server, "stations", declared, secret=SECRET)).pages())
    assert server.asked and not other.asked


# The command line


def test_an_api_is_read_by_its_name_from_the_environment_alone(
    job: Job, serve: Callable[[Answer], Server]
) -> None:
    server = serve(Courses(3))
    command = Command(job.folder, "http://127.0.0.1:9")
    section = {**example("courses"), "base_url": server.url, "secret": SECRET}
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
    environment["SOURCES__API__COURSES__TIME_ZONE"] = "Olso"
    code, printed = command("source", "courses", **environment)
    assert (code, printed) == (2, "sources.api.courses.time_zone: 'Olso' is no time zone.\n")


@pytest.mark.parametrize("arguments", [["source"], ["status", "courses"]])
def test_the_name_of_an_api_goes_with_the_command_source(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert "`source` and only `source` takes the NAME" in capsys.readouterr().err


def test_a_name_that_is_not_declared_or_cannot_be_is_told() -> None:
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
    page = (PROJECT / "docs" / "sources.md").read_text(encoding="utf-8")
    written = "\n".join(re.findall(r"```toml\n(.*?)```", page, re.S))
    monkeypatch.setenv("SOURCES__API__COURSES__SECRET", SECRET)
    monkeypatch.setattr(file, "_config_doc", tomllib.loads(written))
    assert declared_api("courses").settings.params == {"modified_from": "{since}"}
    assert declared_api("stations").origin == "https://stations.example/"
    with pytest.raises(ConfigurationError, match="declared are: public_feed, courses, stations"):
        declared_api("lessons")
    monkeypatch.setattr(file, "_config_doc", tomllib.loads(written.replace("time_zone", "timezone")))
    with pytest.raises(ConfigurationError, match=r"courses\.timezone: .* Is time_zone meant\?"):
        declared_api("courses")
    monkeypatch.setattr(
        file, "_config_doc", tomllib.loads(written.replace("look_back_days = 14", "look_back_days = 'x'"))
    )
    with pytest.raises(ConfigurationError, match=r"\[sources\.api\.courses\] .*look_back_days"):
        declared_api("courses")
