"""`python -m demo` as a process of its own."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.demo.plain_client import Client

ROOT = Path(__file__).parents[2]
SMALL = ("--days", "3", "--ads-a-day", "20", "--until", "2026-11-20")


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "demo", *arguments]


@contextmanager
def _running(*arguments: str, **environment: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    process = subprocess.Popen(
        _command("--port", "0", *arguments),
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **environment},
    )
    try:
        assert process.stdout is not None
        yield process, process.stdout.readline()
    finally:
        process.kill()
        process.communicate()


def _run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(_command(*arguments), cwd=ROOT, text=True, capture_output=True, timeout=30)


def _url(line: str) -> str:
    found = re.search(r"http://127\.0\.0\.1:\d+", line)
    assert found, line
    return found.group()


def test_it_prints_one_line_with_the_url_once_it_answers() -> None:
    with _running(*SMALL) as (_, line):
        assert re.fullmatch(
            r"mock feed on http://127\.0\.0\.1:\d+  \([\d,]+ ads, [\d,]+ events, seed 1\)\n", line
        )
        assert Client(_url(line)).log_in().get("/api/v1/feed").status == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_without_a_trace(number: signal.Signals) -> None:
    with _running(*SMALL) as (process, _):
        process.send_signal(number)
        output, errors = process.communicate(timeout=10)
        assert (process.returncode, output, errors) == (0, "", "")


def test_two_processes_serve_the_same_bytes() -> None:
    bodies = []
    for hash_seed in ("1", "2"):
        with _running(*SMALL, PYTHONHASHSEED=hash_seed) as (_, line):
            client = Client(_url(line)).log_in()
            page = client.get("/api/v1/feed")
            bodies.append([page.body, *(client.get(i["url"]).body for i in page.json["items"][:20])])
    assert bodies[0] == bodies[1]


def test_the_clock_can_begin_before_the_end() -> None:
    with _running(*SMALL, "--clock", "2026-11-19T12:00") as (_, line):
        assert Client(_url(line)).get("/demo/clock").json == {"at": "2026-11-19T11:00:00+00:00"}


def test_documents_are_served_instead_of_a_world() -> None:
    with _running("--documents", *map(str, sorted(ROOT.glob("tests/demo/fixtures/*.json")))) as (_, line):
        assert "(2 ads, 2 events, from documents)" in line


def test_a_document_that_is_not_understood_ends_it_with_2(tmp_path: Path) -> None:
    file = tmp_path / "odd.json"
    file.write_text('{"content": [{}]}')
    ended = _run("--documents", str(file))
    assert ended.returncode == 2
    assert ended.stderr.startswith(f"{file}: $.content[0]") and len(ended.stderr.splitlines()) == 1


def test_a_port_in_use_is_said_in_one_sentence_with_2() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = _run("--port", str(port), *SMALL)
    assert ended.returncode == 2
    assert f"127.0.0.1:{port}" in ended.stderr and len(ended.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        ("--until", "tomorrow"),
        ("--clock", "x"),
        ("--days", "0"),
        ("--ads-a-day", "0"),
        ("--port", "70000"),
        ("--tip", "flat"),
        ("--days", "99999999"),
        ("--until", "1850-01-01"),
    ],
)
def test_wrong_options_end_it_with_2_and_no_trace(wrong: tuple[str, ...]) -> None:
    ended = _run(*wrong)
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr and ended.stderr


def test_the_help_names_every_option_and_control() -> None:
    text = _run("--help").stdout
    options = (
        "--port",
        "--seed",
        "--days",
        "--ads-a-day",
        "--until",
        "--clock",
        "--tip",
        "--documents",
        "--archive",
    )
    for name in options:
        assert name in text
    for control in ("/demo/clock", "/demo/faults", "/demo/stats", "/demo/token"):
        assert control in text


def test_a_command_runs_beside_the_feed_and_gives_its_exit_code() -> None:
    program = (
        "import os, sys, urllib.request;"
        "url = os.environ['SOURCES__NAV_FEED__BASE_URL'] + '/api/publicToken';"
        "sys.stdout.write(urllib.request.urlopen(url).read().decode());"
        "sys.exit(int(sys.argv[1]))"
    )
    ended = _run("--port", "0", *SMALL, "--", sys.executable, "-c", program, "75")
    assert ended.returncode == 75
    assert "Current public token" in ended.stdout and ended.stderr == ""


def test_a_command_that_is_not_there_is_said_in_one_sentence_with_2() -> None:
    ended = _run("--port", "0", *SMALL, "--", "no-such-command")
    assert ended.returncode == 2
    assert "no-such-command" in ended.stderr and len(ended.stderr.splitlines()) == 1


def test_a_signal_ends_the_command_too() -> None:
    program = "import time; print('begun', flush=True); time.sleep(60)"
    with _running(*SMALL, "--", sys.executable, "-c", program) as (process, _):
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=10)
        assert process.returncode == 128 + signal.SIGTERM


def test_each_answer_waits_as_long_as_it_is_told_to() -> None:
    with _running(*SMALL, "--latency-ms", "300") as (_, line):
        started = time.monotonic()
        Client(_url(line)).log_in()
        assert time.monotonic() - started >= 0.3
