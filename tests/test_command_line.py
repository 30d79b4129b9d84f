"""The command line as its users meet it: real processes, exit codes, and one sentence for each trouble."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from demo.server import Served, serving
from demo.world import World
from tests.command import PROJECT, Command

SINCE = ("--since", "2019-01-01")


@pytest.fixture(scope="module")
def feed() -> Iterator[Served]:
    with serving(World(seed=3, days=5, ads_a_day=30, until=datetime(2026, 3, 1, 12, tzinfo=UTC))) as served:
        yield served


@pytest.fixture
def command(tmp_path: Path, feed: Served) -> Command:
    return Command(tmp_path, feed.url)


def one_sentence(printed: str) -> str:
    """The one message; fails if a trace was printed."""
    assert "Traceback" not in printed
    lines = [line for line in printed.splitlines() if " INFO " not in line]
    assert len(lines) == 1, printed
    return lines[0]


def test_each_part_does_its_own_and_the_whole_job_ends_with_what_happened_and_where_to_look_next(
    command: Command,
) -> None:
    assert command("extract", *SINCE)[0] == 0
    assert "nav_marts" not in command("status")[1]
    assert command("build")[0] == 0
    assert not (command.folder / "site").exists()

    code, printed = command()
    assert code == 0, printed
    assert "nothing new" in printed
    assert re.search(r"nav_marts\.fct_ads\W+\d", printed)
    assert "run_pipeline.py status" in printed
    assert (command.folder / "site" / "index.html").exists()

    code, printed = command("status")
    assert code == 0
    for told in ("cursor", "last load", "newest event", "details owed", "rows new", "nav_marts.fct_ads"):
        assert told in printed


def test_away_from_a_terminal_the_log_is_plain_lines(command: Command) -> None:
    _, printed = command("extract", *SINCE)
    logged = [line for line in printed.splitlines() if " INFO " in line]
    assert any("pages read" in line for line in logged)
    assert any("details fetched" in line for line in logged)
    assert "\x1b" not in printed


def test_on_a_terminal_progress_moves(command: Command) -> None:
    parent, child = pty.openpty()
    environment = {**command.environment, "TERM": "xterm"}
    script = [sys.executable, str(PROJECT / "run_pipeline.py"), "extract", *SINCE]
    with subprocess.Popen(script, env=environment, stdout=child, stderr=child, close_fds=True) as process:
        os.close(child)
        printed = b""
        while True:
            try:
                printed += os.read(parent, 65536)
            except OSError:
                break
    os.close(parent)
    assert process.returncode == 0
    assert b"details fetched" in printed
    assert b" INFO " not in printed


def test_help_names_every_command_and_exit_code(command: Command) -> None:
    code, printed = command("--help")
    assert code == 0
    commands = ("extract", "build", "publish", "status", "import-archive", "register")
    for told in (*commands, "--since", "--target", "75", "130"):
        assert told in printed


def test_status_of_nothing_says_how_to_begin(command: Command) -> None:
    assert command("status") == (
        0,
        f"{command.folder}/test.duckdb holds nothing yet: `python run_pipeline.py` fills it.\n",
    )


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("fetch",), "invalid choice: 'fetch'"),
        (("--since", "yesterday"), "neither a date such as"),
        (("build", "--since", "2026-01-01"), "which 'build' does not"),
        (("--target", "oracle"), "invalid choice: 'oracle'"),
    ],
)
def test_wrong_use_is_told_with_code_2(arguments: tuple[str, ...], told: str, command: Command) -> None:
    code, printed = command(*arguments)
    assert (code, told in printed) == (2, True), printed


def test_the_target_on_the_command_line_wins_over_the_configured_one(command: Command) -> None:
    code, printed = command("status", "--target", "duckdb", WAREHOUSE__TARGET="bigquery")
    assert (code, "test.duckdb holds nothing yet" in printed) == (0, True), printed
    no_key = {"BIGQUERY_KEY__SOURCE": "environment", "JOB_MARKET_BIGQUERY_KEY": ""}
    code, printed = command("extract", "--target", "bigquery", **no_key)
    assert (code, "No BigQuery access" in one_sentence(printed)) == (2, True), printed


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("WAREHOUSE__TARGET", "oracle", "`target`"),
        ("SOURCES__NAV_FEED__CONCURRENCY", "many", "`concurrency`"),
        ("SOURCES__NAV_FEED__CONCURRENCY", "0", "sources.nav_feed.concurrency must be at least 1"),
        ("SOURCES__NAV_FEED__BASE_URL", "ftp://nav.no", "http(s) address"),
        ("SOURCES__NAV_FEED__BASE_URL", "https://næv.no", "http(s) address"),
        ("SOURCES__NAV_FEED__TOKEN", "hush.not.right", "sources.nav_feed.token"),
        ("SOURCES__NAV_FEED__TOKEN", "hush.not.right\nX-Other: hush", "sources.nav_feed.token holds"),
    ],
)
def test_a_wrong_setting_is_named_with_code_2(setting: str, value: str, told: str, command: Command) -> None:
    code, printed = command("extract", *SINCE, **{setting: value})
    assert code == 2
    assert told in one_sentence(printed)
    assert "hush" not in printed


def test_a_half_written_configuration_is_named_with_its_line(command: Command) -> None:
    project = command.folder / "project"
    project.mkdir()
    (project / "extract").symlink_to(PROJECT / "extract")
    (project / "run_pipeline.py").symlink_to(PROJECT / "run_pipeline.py")
    (project / ".dlt").mkdir()
    (project / ".dlt" / "config.toml").write_text("[warehouse]\ntarget = \n")
    done = subprocess.run(
        [sys.executable, "-c", _RUN_IN.format(project=str(project))],
        env={**command.environment, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "config.toml is not valid TOML" in one_sentence(done.stderr)
    assert "line 2" in done.stderr


_RUN_IN = """
import sys, pathlib, extract.cli, extract.config
extract.cli.PROJECT = pathlib.Path({project!r})
sys.exit(extract.cli.main(["status"]))
"""


def test_a_feed_that_cannot_be_reached_is_code_75(command: Command) -> None:
    code, printed = command("extract", SOURCES__NAV_FEED__BASE_URL="http://127.0.0.1:9")
    assert code == 75
    assert "try later" in one_sentence(printed)


def test_the_register_and_the_archive_are_told_when_they_cannot_be_read(command: Command) -> None:
    nowhere = {"SOURCES__REGISTER__BASE_URL": "http://127.0.0.1:9", "SOURCES__REGISTER__ATTEMPTS": "1"}
    code, printed = command("register", **nowhere)
    assert code == 75
    assert "Nothing in the warehouse has changed" in one_sentence(printed)
    code, printed = command("import-archive")
    assert code == 2
    assert "Set uri of [sources.mongo_archive]" in one_sentence(printed)


def test_a_second_run_is_told_who_holds_the_warehouse(command: Command) -> None:
    folder = command.folder / "dlt"
    folder.mkdir()
    (folder / "lock-holder.json").write_text(
        '{"pid": 4711, "host": "elsewhere", "since": "2026-01-01T00:00:00"}'
    )
    with (folder / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        code, printed = command("extract")
    assert code == 1
    assert "process 4711 on elsewhere" in one_sentence(printed)


def test_a_database_that_another_program_has_open_is_named(command: Command) -> None:
    with duckdb.connect(command.environment["WAREHOUSE__DUCKDB_PATH"]):
        for arguments in (("extract",), ("status",)):
            code, printed = command(*arguments)
            assert code == 1
            assert "Another program has" in one_sentence(printed)


def test_a_file_that_is_no_database_is_left_alone(command: Command) -> None:
    path = Path(command.environment["WAREHOUSE__DUCKDB_PATH"])
    path.write_text("dear diary" * 1000)
    code, printed = command("extract")
    assert code == 1
    assert "cannot be opened" in one_sentence(printed)
    assert path.read_text() == "dear diary" * 1000


def test_a_place_that_cannot_be_written_is_named(command: Command) -> None:
    (command.folder / "file").write_text("")
    code, printed = command("extract", WAREHOUSE__PIPELINES_DIR=str(command.folder / "file" / "dlt"))
    assert code == 2
    assert "cannot be written" in one_sentence(printed)


def test_a_model_that_fails_is_named_with_code_1(command: Command) -> None:
    code, printed = command("build")
    assert code == 1
    assert "dbt build: " in one_sentence(printed)
    log = re.search(r"All of it is in (\S+)\.$", printed.strip())
    assert log and "ad_versions" in Path(log[1]).read_text()
