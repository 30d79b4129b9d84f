"""Kill the job at hundreds of points, run it again, and compare its warehouse with one that was never killed.

For each poll of a growing world: what an undisturbed run makes is kept; then, from what there was before,
run_pipeline.py runs in a process of its own that ends by SIGKILL at its N-th step (bench/_fuse.py), and
runs again. Points in extract, normalize, load and merge are those of `extract`, the others those of `build`
and `publish`. Results are kept in the folder: the same command goes on where it was stopped.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from bench._fuse import PHASES, Fuse
from bench.figures import Figures

END = datetime(2026, 3, 1, 12, tzinfo=UTC)
BETWEEN = timedelta(hours=14)
WORLD = ("--seed", "7", "--days", "4", "--ads-a-day", "10", "--until", END.isoformat())
SHARES = {"extract": 30, "normalize": 20, "load": 60, "merge": 40, "build": 36, "publish": 20}
"""How the points are spread, of 206."""
BUILD_EVERY = 10
"""After every n-th point before the build, a build runs too and all tables are compared."""
RUN_COLUMNS = {
    *("extracted_at", "load_id", "_dlt_load_id", "started_at", "completed_at", "loaded_at"),
    *("finished_at", "load_key", "versions_loaded_at"),
}
"""Columns that say when and by which load a row came."""
TABLES_OF_RUNS = {"feed_loads", "stg_feed_loads", "stg_loads", "pipeline_health"}


class Point(NamedTuple):
    """Where a run is killed: at the `step`-th step of the command in that poll, which is in that phase."""

    poll: int
    phase: str
    step: int

    @property
    def command(self) -> str:
        """The command that has the phase."""
        return self.phase if self.phase in ("build", "publish") else "extract"


def add_options(parser: argparse.ArgumentParser) -> None:
    """How many points, where the work lies and how long to work."""
    parser.add_argument("--points", type=int, default=sum(SHARES.values()))
    parser.add_argument("--polls", type=int, default=4)
    parser.add_argument("--phases", nargs="+", choices=PHASES, default=list(PHASES))
    parser.add_argument("--from-poll", type=int, default=0, help="leave out the points of the polls before")
    parser.add_argument("--folder", type=Path, help="keep the work here, and go on with what lies there")
    parser.add_argument("--seconds", type=float, default=1e9, help="stop after so long; run again to go on")


def run(options: argparse.Namespace) -> list[Figures]:
    """Try the points; fails with the first one after which the tables are not right."""
    with tempfile.TemporaryDirectory(prefix="job-market-crashes-") as scratch:
        folder = options.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        done = _done(folder)
        until = time.monotonic() + options.seconds
        with _mock_feed() as url:
            harness = Harness(folder, url)
            for poll in range(options.polls):
                harness.clock_to(END - BETWEEN * (options.polls - 1 - poll))
                harness.undisturbed(poll, options.phases)
                for number, point in enumerate(harness.points(poll, options)):
                    if point in done or poll < options.from_poll:
                        continue
                    if time.monotonic() > until:
                        return [_table(done)]
                    with_build = "build" in options.phases and number % BUILD_EVERY == 0
                    done[point] = harness.tried(point, with_build=with_build)
                    with (folder / "results.jsonl").open("a") as results:
                        results.write(json.dumps([*point, done[point]]) + "\n")
        return [_table(done)]


def _table(done: dict[Point, str]) -> Figures:
    counts = Counter((point.phase, outcome) for point, outcome in done.items())
    figures = Figures(
        f"Killed at {sum(outcome == 'killed' for outcome in done.values())} points and run again",
        ("phase", "killed", "of them with other tables afterwards", "ended before the point"),
    )
    for phase in PHASES:
        figures.rows.append((phase, counts[phase, "killed"], 0, counts[phase, "ended"]))
    return figures


class Harness:
    """The polls' folders: `before`, `loaded` (before the build) and `after`, of each poll."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = url
        self.work = folder / "work"

    def clock_to(self, at: datetime) -> None:
        """Move the feed on."""
        body = json.dumps({"at": at.isoformat()}).encode()
        request = urllib.request.Request(f"{self.url}/demo/clock", body, method="POST")
        urllib.request.urlopen(request, timeout=10).close()

    def undisturbed(self, poll: int, phases: list[str]) -> None:
        """Make the folders of a poll by runs that nothing disturbs, and note the phase of each step."""
        if (self.kept(poll, "after") / "steps.json").exists():
            return
        steps: dict[str, list[str]] = {}
        self._begin_from(self.kept(poll - 1, "after") if poll else None)
        _copy(self.work, self.kept(poll, "before"))
        for command in ("extract", "build", "publish"):
            if command == "extract" or {"build", "publish"} & set(phases):
                code, steps[command] = self.command(command)
                if code != 0:
                    raise SystemExit((self.work / "log").read_text()[-3000:])
            if command == "extract":
                _copy(self.work, self.kept(poll, "loaded"))
        _copy(self.work, self.kept(poll, "after"))
        (self.kept(poll, "after") / "steps.json").write_text(json.dumps(steps))

    def points(self, poll: int, options: argparse.Namespace) -> Iterator[Point]:
        """The points of a poll, evenly spread over the steps of each phase."""
        steps = json.loads((self.kept(poll, "after") / "steps.json").read_text())
        shares = {phase: SHARES[phase] for phase in options.phases}
        for phase, share in shares.items():
            wanted = options.points * share / sum(shares.values())
            count = round(wanted * (poll + 1) / options.polls) - round(wanted * poll / options.polls)
            of_phase = [
                number
                for number, name in enumerate(steps.get(Point(poll, phase, 0).command, []), 1)
                if name == phase
            ]
            for place in range(min(count, len(of_phase))):
                yield Point(poll, phase, of_phase[(2 * place + 1) * len(of_phase) // (2 * count)])

    def tried(self, point: Point, *, with_build: bool) -> str:
        """Kill a run at the point and run again: `killed`, or `ended` if it came to its end before.

        Raises SystemExit if the run after it fails or leaves other tables than an undisturbed one.
        """
        start = {"extract": "before", "build": "loaded", "publish": "after"}[point.command]
        self._begin_from(self.kept(point.poll, start))
        killed, _ = self.command(point.command, last=point.step)
        again = [point.command] + (["build"] if point.command == "extract" and with_build else [])
        for command in again:
            code, _ = self.command(command)
            if code != 0:
                raise SystemExit(f"{point}: {command} failed\n{(self.work / 'log').read_text()[-3000:]}")
        is_built = again[-1] != "extract"
        wrong = _differences(self.work, self.kept(point.poll, "after" if is_built else "loaded"))
        if wrong:
            raise SystemExit(f"{point}: {wrong}")
        return "killed" if killed == -9 else "ended"

    def command(self, *arguments: str, last: int | None = None) -> tuple[int, list[str]]:
        """Run run_pipeline.py in a process of its own; its exit code and the phase of each of its steps.

        The process is forked from this one, which has imported all of it: that saves four seconds a run.
        """
        import extract.cli  # noqa: F401  (and what the steps import, before the fork)

        _import_all()
        reading, writing = os.pipe()
        process = os.fork()
        if process == 0:
            os.close(reading)
            self._child(arguments, last, writing)
        os.close(writing)
        with os.fdopen(reading) as report:
            phases = report.read().split()
        _, status = os.waitpid(process, 0)
        return os.waitstatus_to_exitcode(status), phases

    def _child(self, arguments: tuple[str, ...], last: int | None, report: int) -> None:
        """Never returns."""
        code: Any = 1
        try:
            os.setsid()
            output = os.open(self.work / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.dup2(output, 1)
            os.dup2(output, 2)
            os.environ.update(self._environment())
            Fuse(last, report).install()
            from extract.cli import main

            code = main([*arguments])
        except SystemExit as error:
            code = error.code
        finally:
            os._exit(code if isinstance(code, int) else 1)

    def _environment(self) -> dict[str, str]:
        return {
            "HOME": str(self.work),
            "SOURCES__NAV_FEED__BASE_URL": self.url,
            "SOURCES__NAV_FEED__SINCE_DAYS": "3000",
            "WAREHOUSE__DUCKDB_PATH": str(self.work / "test.duckdb"),
            "WAREHOUSE__PIPELINES_DIR": str(self.work / "dlt"),
            "DBT_TARGET_PATH": str(self.work / "target"),
            "DBT_LOG_PATH": str(self.work / "logs"),
            "PUBLISH__SITE_DIR": str(self.work / "site"),
        }

    def kept(self, poll: int, name: str) -> Path:
        """A folder of a poll."""
        return self.folder / f"poll-{poll}" / name

    def _begin_from(self, kept: Path | None) -> None:
        shutil.rmtree(self.work, ignore_errors=True)
        if kept is None:
            self.work.mkdir()
        else:
            _copy(kept, self.work)


def _copy(source: Path, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, symlinks=True)


def _import_all() -> None:
    from dbt.adapters.duckdb import impl  # noqa: F401

    import extract.jobs  # noqa: F401


def _differences(folder: Path, expected: Path) -> str:
    """What the two warehouses do not have in common, '' if nothing."""
    here, there = _contents(folder / "test.duckdb"), _undisturbed(expected / "test.duckdb")
    wrong = [name for name in sorted({*here, *there}) if here.get(name) != there.get(name)]
    if (expected / "site").exists() and (folder / "site").exists():
        pages = [{path.name for path in (place / "site").iterdir()} for place in (folder, expected)]
        wrong += [] if pages[0] == pages[1] else ["the page's files"]
    return f"not as after an undisturbed run: {', '.join(wrong)}" if wrong else ""


@cache
def _undisturbed(database: Path) -> dict[str, Any]:
    return _contents(database)


def _contents(database: Path) -> dict[str, Any]:
    """The rows of each table, sorted, without what tells of runs; and that dbt sees each raw row, once."""
    found: dict[str, Any] = {}
    with duckdb.connect(database) as connection:
        connection.execute("set timezone = 'UTC'")
        tables = connection.execute(
            "select table_schema, table_name, list(column_name order by column_name) "
            "from information_schema.columns where table_schema not like '%_staging_%' "
            "and table_schema != 'nav_raw_staging' group by all"
        ).fetchall()
        loads = [row[0] for row in connection.execute("select load_id from nav_raw._dlt_loads").fetchall()]
        found["a load for each row, once"] = len(loads) - len(set(loads))
        for schema, table, columns in tables:
            if schema == "nav_raw" and "_dlt_load_id" in columns and not table.startswith("_dlt"):
                orphans = (
                    f"select count(*) from {schema}.{table} where _dlt_load_id not in (select * from loads)"
                )
                with_loads = f"with loads as (select load_id from nav_raw._dlt_loads) {orphans}"
                found[f"{table}: rows of no load"] = connection.execute(with_loads).fetchall()
            if table.startswith("_dlt") or table in TABLES_OF_RUNS:
                continue
            names = ", ".join(f'"{column}"' for column in columns if column not in RUN_COLUMNS)
            rows = connection.execute(f"select {names} from {schema}.{table}").fetchall()
            found[f"{schema}.{table}"] = sorted(map(repr, rows))
    return found


@contextmanager
def _mock_feed() -> Iterator[str]:
    """The mock feed in a process of its own, its clock at the world's beginning; yields its address."""
    command = [sys.executable, "-m", "demo", "--port", "0", *WORLD]
    command += ["--clock", (END - timedelta(days=2)).isoformat()]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().split()[3]
        finally:
            process.terminate()


def _done(folder: Path) -> dict[Point, str]:
    results = folder / "results.jsonl"
    lines = results.read_text().splitlines() if results.exists() else []
    found = [json.loads(line) for line in lines]
    return {Point(poll, phase, step): outcome for poll, phase, step, outcome in found}
