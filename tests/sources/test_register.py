"""Units of the business register: whole downloads only, what changed only, in little memory."""

from __future__ import annotations

import gzip
import random
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import orjson
import pytest

from demo.employers import possible_employers, with_check_digit
from demo.server import Served, serving
from demo.world import World
from extract.config import RegisterSettings
from extract.errors import ConfigurationError, SourceUnavailable
from extract.privacy.redact import is_organisation_number
from extract.sources.brreg.client import RegisterClient
from extract.sources.brreg.load import load_register
from tests.job import Job

END = datetime(2026, 3, 1, 12, tzinfo=UTC)
UNITS = "units"
STATE = "organisation_number, kind, parent_number, industry_code, organisation_form"


@pytest.fixture
def served() -> Iterator[Served]:
    with serving(World(seed=1, days=1, ads_a_day=5, until=END), units=4000) as mock_feed:
        yield mock_feed


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(tmp_path, "http://127.0.0.1:9")


def settings(url: str, **given: Any) -> RegisterSettings:
    configured = RegisterSettings(base_url=url, attempts=2, max_backoff=0.01)
    configured.update(given)
    return configured


def units(job: Job) -> set[tuple[Any, ...]]:
    rows = job.rows(UNITS, STATE)
    assert len(rows) == len({row[0] for row in rows})
    return set(rows)


def test_the_first_run_brings_every_unit_with_the_columns_that_are_needed_and_no_name(
    job: Job, served: Served
) -> None:
    load_register(job.warehouse, settings(served.register_url))
    found = {row[0]: row[1:] for row in units(job)}
    kinds = [row[0] for row in found.values()]
    assert (kinds.count("main_unit"), kinds.count("sub_unit")) == (2000, 2000)
    assert {employer.orgnr for employer in possible_employers()} <= set(found)
    parents = {row[1] for row in found.values() if row[0] == "sub_unit"}
    assert parents <= {number for number, row in found.items() if row[0] == "main_unit"}
    assert not list((job.folder / "dlt" / "register").iterdir())
    columns = next(job.warehouse.read("select * from nav_raw.units", 1)).column_names
    assert not {"navn", "name"} & set(columns)


def test_nothing_new_writes_nothing_on_a_new_machine_either(job: Job, served: Served) -> None:
    load_register(job.warehouse, settings(served.register_url))
    load_register(job.warehouse, settings(served.register_url))  # the updates around the download
    before = job.rows("_dlt_loads"), job.rows("_dlt_pipeline_state"), units(job)
    job.forget_local_state()
    assert "updates followed" in str(load_register(job.warehouse, settings(served.register_url)))
    assert (job.rows("_dlt_loads"), job.rows("_dlt_pipeline_state"), units(job)) == before


def test_updates_bring_what_a_full_reload_brings(job: Job, served: Served, tmp_path: Path) -> None:
    load_register(job.warehouse, settings(served.register_url))
    before = units(job)
    served.clock_to(END + timedelta(hours=12))
    served.reset_stats()
    load_register(job.warehouse, settings(served.register_url, updates_per_load=25))
    assert len(units(job) - before) > 20
    assert served.stats()["requests"]["register"] > 50
    anew = Job(tmp_path / "anew", job.base_url)
    load_register(anew.warehouse, settings(served.register_url))
    assert units(job) == units(anew)


def test_a_full_reload_writes_only_what_changed(job: Job, served: Served) -> None:
    load_register(job.warehouse, settings(served.register_url))
    before = units(job)
    served.clock_to(END + timedelta(hours=5))
    load_register(job.warehouse, settings(served.register_url, reload_days=0))
    changed = units(job) - before
    last = "(select max(_dlt_load_id) from nav_raw.source_loads where load_key like '%{}%')"
    written = [
        job.rows(f"units where _dlt_load_id = {last.format(kind)}", "count(*)")[0][0]
        for kind in ("main_unit", "sub_unit")
    ]
    assert 0 < sum(written) == len(changed)


Answer = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Serves bodies by path; `server.answers` are functions of the handler, the last one stays."""

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers.get("Range")))  # type: ignore[attr-defined]
        missing = [status(404)]
        answers = self.server.answers.get(self.path.partition("?")[0], missing)  # type: ignore[attr-defined]
        (answers.pop(0) if len(answers) > 1 else answers[0])(self)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


def whole(body: bytes) -> Answer:
    """The body."""
    return status(200, body)


def status(code: int, body: bytes = b"{}") -> Answer:
    """The status with a body."""

    def answer(handler: Handler) -> None:
        handler.send_response(code)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def broken_off(body: bytes, at: int) -> Answer:
    """The body's first bytes, and the end of the connection."""

    def answer(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body[:at])
        handler.close_connection = True

    return answer


@contextmanager
def register(
    main: list[Answer],
    sub: list[Answer],
    updates: Sequence[Answer] = (),
    units: Mapping[str, list[Answer]] | None = None,
) -> Iterator[tuple[str, list[tuple[str, str | None]]]]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.answers = {  # type: ignore[attr-defined]
        "/api/enheter/lastned": main,
        "/api/underenheter/lastned": sub,
        "/api/oppdateringer/enheter": list(updates),
        "/api/oppdateringer/underenheter": [whole(b'{"page": {}}')],
        **{f"/api/enheter/{number}": answers for number, answers in (units or {}).items()},
        f"/api/enheter/{MAIN}": [whole(orjson.dumps({"organisasjonsnummer": MAIN}))],
    }
    server.asked = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", server.asked  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def numbers(count: int, first: int = 90_000_000) -> list[str]:
    """Organisation numbers; of two that would follow each other one has a check digit."""
    found = (with_check_digit(str(first + n)) for n in range(2 * count))
    return [number for number in found if number][:count]


MAIN, OTHER, THIRD = numbers(3)
SUB = numbers(1, first=95_000_000)[0]


def bulk(count: int, code: str = "62.010", first: int = 90_000_000) -> bytes:
    dice = random.Random(count)
    array = [
        {"organisasjonsnummer": number, "naeringskode1": {"kode": code}, "note": dice.random()}
        for number in numbers(count, first)
    ]
    return gzip.compress(orjson.dumps(array))


SUBS = bulk(1, first=95_000_000)


def ranges(asked: list[tuple[str, str | None]]) -> list[str | None]:
    return [wanted for path, wanted in asked if path == "/api/enheter/lastned"]


def downloaded(url: str, folder: Path) -> list[dict[str, Any]]:
    return list(RegisterClient(settings(url), "main_unit").download(folder))


def test_a_download_that_breaks_off_is_fetched_again(tmp_path: Path) -> None:
    body = bulk(5000)
    with register([broken_off(body, 20_000), whole(body)], []) as (url, _):
        assert len(downloaded(url, tmp_path)) == 5000


def test_a_download_that_breaks_off_each_time_changes_nothing(job: Job) -> None:
    with register([broken_off(bulk(5000), 20_000)], [whole(SUBS)]) as (url, _):
        with pytest.raises(SourceUnavailable, match="broke the connection off"):
            load_register(job.warehouse, settings(url))
        assert job.rows(UNITS) == []


@pytest.mark.parametrize(
    "damaged",
    [
        lambda body: body[:-20],
        lambda body: body[:-4],
        lambda body: body[:20_000] + b"\x00" * 200 + body[20_200:],
        lambda body: gzip.compress(gzip.decompress(body)[:-1]),
        lambda body: gzip.compress(b'[{"navn": "' + b"x" * (40 << 20)),
        lambda body: b"<html>busy</html>",
        lambda body: gzip.compress(gzip.decompress(body) + b"x"),
        lambda body: body + b"x",
    ],
    ids=[
        "truncated",
        "without its checksum",
        "corrupt",
        "array not closed",
        "a text without an end",
        "no gzip",
        "something behind the array",
        "something behind it",
    ],
)
def test_a_damaged_download_is_a_failure_and_no_file_stays(
    damaged: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    is_damaged = pytest.raises(SourceUnavailable, match="is damaged")
    with register([whole(damaged(bulk(5000)))], []) as (url, _), is_damaged:
        downloaded(url, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_download_that_is_damaged_at_its_end_changes_nothing(job: Job) -> None:
    with register([whole(bulk(5000))], [whole(bulk(10, first=95_000_000))]) as (url, _):
        load_register(job.warehouse, settings(url))
    before = units(job), job.rows("_dlt_loads")
    changed = bulk(5000, code="47.110")
    not_closed = gzip.compress(gzip.decompress(changed)[:-1])
    with register([whole(not_closed), whole(changed)], [whole(SUBS)]) as (url, _):
        with pytest.raises(SourceUnavailable, match="is damaged"):
            load_register(job.warehouse, settings(url, reload_days=0))
        assert (units(job), job.rows("_dlt_loads")) == before
        load_register(job.warehouse, settings(url, reload_days=0))
    assert sum(row[3] == "47.110" for row in units(job)) == 5000


@pytest.mark.parametrize(
    "packed",
    [
        lambda text: gzip.compress(text[:900]) + gzip.compress(text[900:]),
        lambda text: gzip.compress(text) + bytes(512),
        lambda text: gzip.compress(b" " * (20 << 20) + text, 1),
    ],
    ids=["two members", "zeros after the end", "20 MB of blanks"],
)
def test_a_gzip_that_is_unusual_is_read(packed: Callable[[bytes], bytes], tmp_path: Path) -> None:
    with register([whole(packed(gzip.decompress(bulk(50))))], []) as (url, _):
        assert len(downloaded(url, tmp_path)) == 50


@pytest.mark.parametrize("where", [0, 1, -1], ids=["before the array", "before a unit", "before the end"])
def test_a_gzip_of_400_mb_of_blanks_ends_with_a_sentence(where: int, tmp_path: Path) -> None:
    text = gzip.decompress(bulk(50))
    megabyte = gzip.compress(b" " * (1 << 20))
    body = gzip.compress(text[:where]) + megabyte * 400 + gzip.compress(text[where:])
    is_bounded = pytest.raises(SourceUnavailable, match=r"is damaged \(no unit ends within 32 MB\)")
    with register([whole(body)], []) as (url, _), is_bounded:
        downloaded(url, tmp_path)


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"feilmelding": "no"}'], ids=repr)
def test_a_bulk_file_without_units_changes_nothing(body: bytes, job: Job) -> None:
    is_empty = pytest.raises(SourceUnavailable, match="no units in it")
    with register([whole(gzip.compress(body))], [whole(SUBS)]) as (url, _), is_empty:
        load_register(job.warehouse, settings(url))
    assert job.rows(UNITS) == job.rows("_dlt_loads") == []


def test_an_address_that_answers_404_is_a_matter_of_configuration(job: Job) -> None:
    is_wrong = pytest.raises(ConfigurationError, match=r"answers 404: look at base_url")
    with register([status(404)], [whole(SUBS)]) as (url, _), is_wrong:
        load_register(job.warehouse, settings(url))
    with register([whole(bulk(5))], [whole(SUBS)], [status(404)]) as (url, _):
        load_register(job.warehouse, settings(url))
        with pytest.raises(ConfigurationError, match=r"answers 404: look at base_url"):
            load_register(job.warehouse, settings(url))


@pytest.mark.parametrize(
    "body", [b"{}", b"[]", b"null", b"<html>", b'{"_embedded": {"oppdaterteEnheter": 7}}']
)
def test_an_answer_that_is_no_page_of_updates_is_a_failure_that_moves_nothing_on(
    body: bytes, job: Job
) -> None:
    given = [whole(body), updates({"oppdateringsid": 7, "organisasjonsnummer": MAIN})]
    with register([whole(bulk(5))], [whole(SUBS)], given[:1]) as (url, _):
        load_register(job.warehouse, settings(url))
        before = job.rows("_dlt_pipeline_state"), job.rows("_dlt_loads")
        with pytest.raises(SourceUnavailable):
            load_register(job.warehouse, settings(url))
        assert (job.rows("_dlt_pipeline_state"), job.rows("_dlt_loads")) == before


NOTHING = [{"_embedded": None}, {"page": {"totalElements": 0}}, {"_embedded": {"oppdaterteEnheter": None}}]


@pytest.mark.parametrize("page", NOTHING, ids=repr)
def test_a_page_that_has_no_updates_is_no_failure(page: Any, job: Job) -> None:
    with followed(whole(orjson.dumps(page))) as (url, _):
        load_register(job.warehouse, settings(url))
        done = load_register(job.warehouse, settings(url))
    assert done.startswith("main units: updates followed, 0 read")


@contextmanager
def followed(*given: Answer, **units: list[Answer]) -> Iterator[tuple[str, list[tuple[str, str | None]]]]:
    """The register with these updates of main units, none of sub-units, and these single units."""
    with register([whole(bulk(5))], [whole(SUBS)], given, units) as server:
        yield server


def test_an_update_that_cannot_be_right_is_a_reject_and_the_others_are_followed(job: Job) -> None:
    odd = [
        {"oppdateringsid": 10**18, "organisasjonsnummer": OTHER},
        {"oppdateringsid": 106, "endringstype": "Ukjent"},
        {"oppdateringsid": 107, "organisasjonsnummer": "../../../admin?x=1#"},
        {"oppdateringsid": 108, "organisasjonsnummer": "900000001"},
        {"oppdateringsid": "109", "organisasjonsnummer": MAIN},
        "an update",
    ]
    with followed(updates(*odd, {"oppdateringsid": 105, "organisasjonsnummer": MAIN}), updates()) as (
        url,
        asked,
    ):
        load_register(job.warehouse, settings(url))
        load_register(job.warehouse, settings(url))
        rejects = len(job.rows("rejects"))
        load_register(job.warehouse, settings(url))
    assert "oppdateringsid=109" in asked[-2][0]
    assert not [path for path, _ in asked if "admin" in path or "900000001" in path]
    assert {path for path, _ in asked if "/enheter/9" in path} == {f"/api/enheter/{n}" for n in (MAIN, OTHER)}
    assert rejects == len(odd) and len(job.rows("rejects")) == rejects
    assert (MAIN, "main_unit", None, None, None) in units(job)


def test_a_unit_that_cannot_be_shown_stops_no_others_and_is_asked_for_again(job: Job) -> None:
    given = [
        updates(
            {"oppdateringsid": 7, "organisasjonsnummer": OTHER},
            {"oppdateringsid": 8, "organisasjonsnummer": MAIN},
        ),
        updates(),
    ]
    later = whole(orjson.dumps({"organisasjonsnummer": OTHER, "naeringskode1": {"kode": "47.110"}}))
    with followed(*given, **{OTHER: [status(500), status(500), status(500), status(500), later]}) as (url, _):
        load_register(job.warehouse, settings(url))
        load_register(job.warehouse, settings(url))
        assert (MAIN, "main_unit", None, None, None) in units(job)
        before = job.rows("_dlt_loads")
        load_register(job.warehouse, settings(url))
        assert job.rows("_dlt_loads") == before
        assert (OTHER, "main_unit", None, "47.110", None) not in units(job)
        load_register(job.warehouse, settings(url))
    assert (OTHER, "main_unit", None, "47.110", None) in units(job)
    [(reason, payload)] = job.rows("rejects", "reason, payload")
    assert "cannot be shown" in reason and OTHER in payload


def test_a_register_that_can_show_no_unit_is_unavailable_and_moves_nothing_on(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("extract.sources.brreg.client.MAX_PENDING", 1)
    given = [{"oppdateringsid": n, "organisasjonsnummer": number} for n, number in ((7, OTHER), (8, THIRD))]
    with followed(updates(*given), **{OTHER: [status(500)], THIRD: [status(500)]}) as (url, _):
        load_register(job.warehouse, settings(url))
        before = job.rows("_dlt_pipeline_state")
        with pytest.raises(SourceUnavailable, match="cannot show 2 of 2 units"):
            load_register(job.warehouse, settings(url))
        assert job.rows("_dlt_pipeline_state") == before


def test_another_unit_than_the_one_asked_for_is_a_reject(job: Job) -> None:
    body = whole(orjson.dumps({"organisasjonsnummer": THIRD, "naeringskode1": {"kode": "47.110"}}))
    with followed(updates({"oppdateringsid": 7, "organisasjonsnummer": OTHER}), **{OTHER: [body]}) as (
        url,
        _,
    ):
        load_register(job.warehouse, settings(url))
        before = units(job)
        load_register(job.warehouse, settings(url))
    assert units(job) == before
    assert [reason for (reason,) in job.rows("rejects", "reason")] == ["another unit than the one asked for"]


@pytest.mark.parametrize(
    ("number", "is_one"),
    [
        ("923609016", True),
        ("923609017", False),
        ("92360901", False),
        (923609016, False),
        ("٩٢٣٦٠٩٠١٦", False),
    ],
)
def test_an_organisation_number_has_nine_digits_and_a_check_digit(number: Any, is_one: bool) -> None:
    assert is_organisation_number(number) is is_one


def updates(*given: Any, kind: str = "oppdaterteEnheter") -> Answer:
    return whole(orjson.dumps({"_embedded": {kind: list(given)}}))


def test_updates_that_do_not_go_on_end_the_run_with_a_failure(job: Job) -> None:
    body = updates({"oppdateringsid": 7, "organisasjonsnummer": MAIN})
    with register([whole(bulk(5))], [whole(SUBS)], [body]) as (url, _):
        load_register(job.warehouse, settings(url))
        with pytest.raises(SourceUnavailable, match="up to number 7 where those from 8 on were asked for"):
            load_register(job.warehouse, settings(url, updates_per_load=1))


def test_a_unit_without_a_number_is_rejected_and_one_that_comes_twice_counts_once(job: Job) -> None:
    array = [{"organisasjonsnummer": MAIN}, {"organisasjonsnummer": MAIN}]
    array += [{"organisasjonsnummer": "x"}, {"navn": "Kari Nordmann"}]
    body = gzip.compress(orjson.dumps(array))
    with register([whole(body)], [whole(SUBS)]) as (url, _):
        load_register(job.warehouse, settings(url))
    assert len(units(job)) == 2
    assert len(job.rows("rejects")) == 2
    counts = "records_read, rows_handed_over, repeats, rejects"
    assert job.rows("source_loads where load_key like '%main_unit%'", counts) == [(4, 1, 1, 2)]
    assert "Kari" not in str(job.rows("rejects"))


MEASURE = """
import re, sys
from pathlib import Path
from extract.config import RegisterSettings
from extract.sources.brreg.client import RegisterClient
settings = RegisterSettings(base_url=sys.argv[1])
units = sum(1 for _ in RegisterClient(settings, 'main_unit').download(Path(sys.argv[2])))
# not ru_maxrss: that begins with what the parent of this process held
print(units, int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux tells the peak of a process")
def test_reading_a_download_takes_little_memory(tmp_path: Path) -> None:
    def measured(count: int) -> int:
        unit = {"navn": "X" * 600, "naeringskode1": {"kode": "62.010"}}
        text = orjson.dumps([{"organisasjonsnummer": str(number), **unit} for number in range(count)])
        with register([whole(gzip.compress(text, 1))], []) as (url, _):
            done = subprocess.run(
                [sys.executable, "-c", MEASURE, url, str(tmp_path)],
                capture_output=True,
                text=True,
                check=True,
                cwd=Path(__file__).parents[2],
            )
        read, megabytes = map(int, done.stdout.split())
        assert read == count
        return megabytes

    assert measured(100_000) - measured(1_000) < 20  # of 70 MB of text
