"""The command line as its users see it: real processes, exit codes, and one sentence for each error."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
import typer
from typer.testing import CliRunner

from demo.server import Served, serving
from demo.world import World
from extract import jobs
from extract.cli import app
from extract.errors import PROGRAM
from tests.command import PROJECT, Command

SINCE = ("--since", "2019-01-01")
EVERY = {"--target", "--wait", "--notify"}
COMMANDS = {
    "run": EVERY | {"--since", "--executor"},
    "extract": EVERY | {"--since", "--executor"},
    "build": EVERY,
    "publish": EVERY,
    "dbt": EVERY,
    "status": {"--target"},
    "reprocess": EVERY | {"--executor"},
    "import-archive": EVERY | {"--from"},
    "register": EVERY,
    "source": EVERY,
    "recover": EVERY,
    "coiled-environment": set(),
}
"""The commands and their options."""


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


@pytest.fixture(scope="module")
def first_run(tmp_path_factory: pytest.TempPathFactory, feed: Served) -> tuple[Command, dict[str, str]]:
    """A command whose warehouse is loaded and built, and what was printed meanwhile, by command."""
    command, printed = Command(tmp_path_factory.mktemp("built"), feed.url), {}
    for arguments in (("extract", *SINCE), ("status",), ("build",)):
        code, printed[arguments[0]] = command(*arguments, EXECUTOR__WORKERS="2")
        assert code == 0, printed
    return command, printed


@pytest.fixture
def built(first_run: tuple[Command, dict[str, str]]) -> Command:
    return first_run[0]


def test_each_command_does_its_part_and_the_whole_job_ends_with_a_summary_and_what_to_do_next(
    first_run: tuple[Command, dict[str, str]],
) -> None:
    command, printed_before = first_run
    assert "nav_marts" not in printed_before["status"]
    assert not (command.folder / "site").exists()

    code, printed = command()
    assert code == 0, printed
    assert "nothing new" in printed
    assert re.search(r"nav_marts\.fct_ads\W+\d", printed)
    assert printed.rstrip().splitlines()[-2:] == [f"  {PROGRAM} status", f"  {PROGRAM} {jobs.QUERY}"]
    assert (command.folder / "site" / "index.html").exists()

    code, printed = command("status")
    assert code == 0
    for text in ("cursor", "last load", "newest event", "pending details", "new rows", "nav_marts.fct_ads"):
        assert text in printed
    assert "times are UTC" in printed


def test_away_from_a_terminal_the_log_is_a_few_plain_lines(
    first_run: tuple[Command, dict[str, str]],
) -> None:
    printed = first_run[1]["extract"]
    logged = [line.split(" INFO ")[1] for line in printed.splitlines() if " INFO " in line]
    assert len(logged) <= 4, logged
    assert re.match(r"caught up after \d+ pages, \d+ details to fetch", logged[1])
    assert re.match(r"\d+ of \d+ details fetched, \d+ failed; batches: \d+ done", logged[-1])
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


def test_help_names_commands_and_exit_codes_and_each_command_has_options_of_its_own() -> None:
    printed = CliRunner().invoke(app, ["--help"]).output
    for text in ("75", "130", "2 wrong use", *COMMANDS):
        assert text in printed
    for name, options in COMMANDS.items():
        printed = CliRunner().invoke(app, [name, "--help"]).output
        found = set(re.findall(r"^  (--[a-z-]+)", printed, re.M)) - {"--help", "--debug"}
        assert found == options, printed


def test_the_version_is_that_of_the_package(command: Command) -> None:
    packaged = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["version"]
    assert command("--version") == (0, f"{packaged}\n")


def test_status_of_nothing_says_how_to_begin(command: Command) -> None:
    assert command("status") == (
        0,
        f"{command.folder}/test.duckdb holds nothing yet. Next: `{PROGRAM}`.\n",
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("buidl",), "No such command 'buidl'. Did you mean 'build'?"),
        (("--since", "yesterday"), "'yesterday' is neither a date such as 2026-05-01 nor days such as 90d"),
        (("--since", "9999999d"), "neither a date"),
        (("extract", "--since", "2130-01-01"), "'2130-01-01' is not in the past"),
        (("extract", "--since", "0d"), "'0d' is not in the past"),
        (("build", "--since", "2026-01-01"), "No such option: --since"),
        (("--target", "oracle"), "'oracle' is not one of 'duckdb', 'bigquery'"),
        (("--target", "duckdb", "build"), "unexpected extra argument(s) (build)"),
        (("extract", "--executor", "here"), "'here' is not one of 'local', 'dask', 'coiled'"),
        (("build", "--wait", "-1"), "'--wait': Input should be greater than or equal to 0"),
        (("build", "--notify", "notaurl"), "it must be an http(s) address"),
        (("source",), "Missing argument 'NAME'"),
        (("import-archive", "--from", "nowhere.bson"), "'nowhere.bson' does not exist"),
    ],
)
def test_wrong_use_is_named_with_code_2(arguments: tuple[str, ...], message: str) -> None:
    result = CliRunner().invoke(app, arguments, prog_name="run_pipeline.py")
    assert (result.exit_code, message in result.output) == (2, True), result.output


def test_without_a_command_the_whole_job_runs_with_its_options() -> None:
    context = typer.main.get_command(app).make_context("test", ["--since", "2020-01-01"])
    assert context._protected_args + context.args == ["run", "--since", "2020-01-01"]


def test_build_reprocess_and_publish_of_an_empty_warehouse_say_what_to_run_first(command: Command) -> None:
    for name in ("build", "reprocess"):
        code, printed = command.here(name)
        assert (code, one_sentence(printed)) == (
            1,
            f"{command.folder}/test.duckdb holds nothing yet. Run `{PROGRAM} extract` first.",
        )
    code, printed = command.here("publish")
    assert code == 1 and f"Run `{PROGRAM} build` first" in one_sentence(printed)
    assert not (command.folder / "site").exists()


def test_the_target_on_the_command_line_wins_over_the_configured_one(command: Command) -> None:
    code, printed = command.here("status", "--target", "duckdb", WAREHOUSE__TARGET="bigquery")
    assert (code, "test.duckdb holds nothing yet" in printed) == (0, True), printed
    no_key = {"BIGQUERY_KEY__SOURCE": "environment", "JOB_MARKET_BIGQUERY_KEY": ""}
    code, printed = command.here("extract", "--target", "bigquery", **no_key)
    assert (code, "No BigQuery access" in one_sentence(printed)) == (2, True), printed


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("WAREHOUSE__TARGET", "oracle", "warehouse.target is 'oracle': it must be duckdb or bigquery."),
        ("WAREHOUSE__KEEP_TEXT_DAY", "3650", "Did you mean warehouse.keep_text_days?"),
        ("SOURCES__NAV_FEED__DETAILS_PER_LOAD", "many", "per_load is 'many': it must be a whole number."),
        ("SOURCES__NAV_FEED__DETAILS_PER_LOAD", "0", "per_load is 0: it must be at least 1."),
        ("SOURCES__NAV_FEED__BASE_URL", "https://me:hush@nav.no", "must not hold a user or a password"),
        ("NOTIFY__URL", "hush.nowhere", "notify.url must be an http(s) address"),
        ("SOURCES__NAV_FEED__BASE_URL", "ftp://nav.no", "http(s) address"),
        ("SOURCES__NAV_FEED__BASE_URL", "https://næv.no", "http(s) address"),
        ("SOURCES__NAV_FEED__TOKEN", "hush.not.right", "sources.nav_feed.token"),
        ("SOURCES__NAV_FEED__TOKEN", "hush.not.right\nX-Other: hush", "sources.nav_feed.token holds"),
    ],
)
def test_a_wrong_setting_is_named_with_code_2(
    setting: str, value: str, message: str, command: Command
) -> None:
    code, printed = command.here("extract", *SINCE, **{setting: value})
    assert code == 2
    assert message in one_sentence(printed)
    assert "hush" not in printed


def test_a_feed_that_cannot_be_reached_is_code_75(command: Command) -> None:
    code, printed = command.here("extract", SOURCES__NAV_FEED__BASE_URL="http://127.0.0.1:9")
    assert code == 75
    assert "try later" in one_sentence(printed)


def test_a_register_or_an_archive_that_cannot_be_read_is_named(command: Command) -> None:
    nowhere = {"SOURCES__REGISTER__BASE_URL": "http://127.0.0.1:9", "SOURCES__REGISTER__ATTEMPTS": "1"}
    code, printed = command.here("register", **nowhere)
    assert code == 75
    assert "What was loaded before is kept" in one_sentence(printed)
    code, printed = command.here("import-archive")
    assert code == 2
    assert "Set uri of [sources.mongo_archive]" in one_sentence(printed)


def test_a_second_run_names_the_run_that_holds_the_warehouse(command: Command) -> None:
    folder = command.folder / "dlt"
    folder.mkdir()
    (folder / "lock-holder.json").write_text("process 4711 on elsewhere, since 2026-01-01T00:00:00")
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
    code, printed = command.here("extract")
    assert code == 1
    assert "cannot be opened" in one_sentence(printed)
    assert path.read_text() == "dear diary" * 1000


def test_a_place_that_cannot_be_written_is_named(command: Command) -> None:
    (command.folder / "file").write_text("")
    code, printed = command.here("extract", WAREHOUSE__PIPELINES_DIR=str(command.folder / "file" / "dlt"))
    assert code == 2
    assert "cannot be written" in one_sentence(printed)


def test_a_dbt_command_runs_with_the_connection_and_the_lock_of_the_job(built: Command) -> None:
    code, printed = built("dbt", "--", "show", "--inline", "select count(*) as n from {{ ref('fct_ads') }}")
    assert (code, "Previewing inline node" in printed) == (0, True), printed
    with (built.folder / "dlt" / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        code, printed = built.here("dbt", "--", "parse")
    assert (code, "Another run holds" in one_sentence(printed)) == (1, True), printed


def test_a_dbt_command_that_is_wrong_or_fails_ends_with_code_2_or_1(built: Command) -> None:
    code, printed = built.here("dbt", "--", "buidl")
    assert (code, one_sentence(printed)) == (2, "dbt: No such command 'buidl'.")
    code, printed = built("dbt", "--", "run-operation", "no_such_macro")
    assert (code, "`dbt run-operation no_such_macro` failed" in printed) == (1, True), printed


def test_a_model_that_fails_is_named_with_code_1(built: Command) -> None:
    with duckdb.connect(built.environment["WAREHOUSE__DUCKDB_PATH"]) as connection:
        connection.execute("alter table nav_raw.ad_versions rename to put_away")
    code, printed = built("build")
    with duckdb.connect(built.environment["WAREHOUSE__DUCKDB_PATH"]) as connection:
        connection.execute("alter table nav_raw.put_away rename to ad_versions")
    assert code == 1
    assert "dbt build: " in one_sentence(printed)
    log = re.search(r"All of it is in (\S+)\.$", printed.strip())
    assert log and "ad_versions" in Path(log[1]).read_text()


def test_publish_leaves_a_folder_alone_that_holds_other_files(built: Command) -> None:
    before = {file: file.read_bytes() for file in built.folder.iterdir() if file.is_file()}
    code, printed = built.here("publish", PUBLISH__SITE_DIR=str(built.folder))
    assert (code, "holds files that are not of the page" in one_sentence(printed)) == (2, True), printed
    assert before and all(file.read_bytes() == content for file, content in before.items())


def test_debug_shows_the_trace_even_where_the_causes_of_an_error_form_a_cycle(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(options: jobs.RunOptions) -> None:
        first, second = KeyError(), ValueError("second")
        first.__cause__, second.__cause__ = second, first
        raise first

    monkeypatch.setattr(jobs, "status", fail)
    with pytest.raises(SystemExit, match="1"):
        app(["status", "--debug"])
    printed = capsys.readouterr().err
    assert "Traceback" in printed and printed.endswith("KeyError. Run again with --debug to see where.\n")
