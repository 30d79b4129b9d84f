"""`python -m demo`: serve the mock feed until it is stopped, or while a command runs."""

import argparse
import asyncio
import logging
import os
import signal
import sys
from datetime import datetime
from pathlib import Path

from demo.archive import write_archive
from demo.documents import Documents, NotUnderstood
from demo.feed import Source
from demo.register import PREFIX
from demo.server import HOST, MockFeed, start
from demo.times import parse_timestamp
from demo.world import World

WRONG_USE = 2
# Where the pipeline's configuration looks for the feed's and the business register's address.
URL_VARIABLE = "SOURCES__NAV_FEED__BASE_URL"
REGISTER_VARIABLE = "SOURCES__REGISTER__BASE_URL"

EPILOG = """\
examples:
  python -m demo                                   sixty days of ads, up to this hour
  python -m demo --days 10 --ads-a-day 60 --until 2026-03-01 --clock 2026-02-20
                                                   a small world whose clock stands before its end
  python -m demo --documents captures/*.json       the ads of the given files
  python -m demo --archive data/archive.json.gz    the ads of the two and a half years before, too, in a file
                                                   for `run_pipeline.py import-archive --from`
  python -m demo --port 0 -- COMMAND ...           run COMMAND with the feed's address in
                                                   SOURCES__NAV_FEED__BASE_URL, the business register's in
                                                   SOURCES__REGISTER__BASE_URL, and end as it ends

while it runs (JSON in and out):
  GET    /demo/clock    the mock feed's now           POST {"at": ISO time} or {"advance_seconds": n}
  POST   /demo/faults   [{"path": regex, "status": 503, "body": "", "headers": {}, "times": 2,
                          "delay_seconds": 0}, ...]  DELETE clears them
  GET    /demo/stats    requests by endpoint         DELETE begins at nothing
  POST   /demo/token    a new public token           {"grace_seconds": how long the old one works}
"""


def parser() -> argparse.ArgumentParser:
    """The command line's options."""
    options = argparse.ArgumentParser(
        prog="python -m demo",
        usage="%(prog)s [options] [-- COMMAND ...]",
        description="A mock of NAV's Job Vacancy Feed and the business register, on 127.0.0.1 only.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = options.add_argument
    add("--port", type=int, default=8028, help="port (default %(default)s; 0: any free one)")
    add("--seed", type=int, default=1, help="which world (default %(default)s)")
    add("--days", type=int, default=60, help="days of ads (default %(default)s)")
    add("--ads-a-day", type=int, default=550, help="new ads a day (default %(default)s)")
    add("--until", type=_end, help="the world's end: ISO time or a whole day (default: this hour)")
    add("--clock", type=_time, help="where the clock begins: ISO time or date (default: the world's end)")
    add(
        "--tip",
        choices=("growing", "held-back"),
        default="growing",
        help="how the newest page behaves: it keeps its id and grows, as consumers report, "
        "or holds its newest entry back, as the server's source says (default %(default)s)",
    )
    add(
        "--expired-tokens",
        type=int,
        default=0,
        metavar="N",
        help="let the first N answers of publicToken be an expired token",
    )
    add(
        "--latency-ms",
        type=float,
        default=0,
        metavar="N",
        help="delay of each answer in milliseconds, as over a network (default %(default)s)",
    )
    add(
        "--units",
        type=int,
        default=20_000,
        metavar="N",
        help="units in the business register, the ads' employers among them (default %(default)s)",
    )
    add(
        "--archive",
        type=Path,
        metavar="FILE",
        help="write the world's ads and those of the two and a half years before it into this file, as "
        "mongoexport would (.json.gz)",
    )
    add(
        "--documents",
        type=Path,
        nargs="+",
        metavar="FILE",
        help="serve the ads of these JSON files, all of them active, instead of a world",
    )
    return options


def _time(text: str) -> datetime:
    try:
        return parse_timestamp(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not an ISO date or time") from error


def _end(text: str) -> datetime:
    """A time as it is; of a day its last second."""
    is_day = len(text.strip()) == len("2026-01-31")
    return _time(f"{text.strip()}T23:59:59" if is_day else text)


async def serve(mock_feed: MockFeed, port: int, summary: str, command: list[str]) -> int:
    """Serve until SIGTERM, SIGINT or the command's end; returns the command's exit code, or 0.

    OSError when the port is in use or the command cannot be started.
    """
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    runner, port = await start(mock_feed, port)
    url = f"http://{HOST}:{port}"
    print(f"mock feed on {url}  ({summary})", flush=True)
    try:
        if command:
            return await _run_beside(command, url, stop)
        await stop.wait()
        return 0
    finally:
        await runner.cleanup()


async def _run_beside(command: list[str], url: str, stop: asyncio.Event) -> int:
    """Run the command to its end; when told to stop, tell it so and wait for it."""
    environment = {**os.environ, URL_VARIABLE: url, REGISTER_VARIABLE: url + PREFIX.removesuffix("/api/")}
    child = await asyncio.create_subprocess_exec(*command, env=environment)
    stopping = asyncio.create_task(stop.wait())
    ending = asyncio.create_task(child.wait())
    await asyncio.wait((stopping, ending), return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not ending.done():
        child.terminate()
    code = await ending
    return code if code >= 0 else 128 - code  # ended by a signal: as a shell would say it


def main(argv: list[str] | None = None) -> int:
    """Run the command line; returns its exit code: 0 ended by a signal, 2 wrong use, else the
    command's."""
    try:
        return _run(parser(), argv)
    except KeyboardInterrupt:  # before the server was there to be asked
        return 0


def _run(options: argparse.ArgumentParser, argv: list[str] | None) -> int:
    arguments = sys.argv[1:] if argv is None else argv
    cut = arguments.index("--") if "--" in arguments else len(arguments)
    command = arguments[cut + 1 :]
    given = options.parse_args(arguments[:cut])
    if not 0 <= given.port <= 65_535:
        options.error("--port is a number from 0 to 65535")
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    source: Source
    try:
        if given.documents:
            documents = Documents.read(given.documents)
            source, summary = documents, documents.summary
        else:
            world = World(given.seed, given.days, given.ads_a_day, given.until)
            source, summary = world, world.summary(given.clock or world.until)
            if given.archive:
                write_archive(given.archive, world)
    except NotUnderstood as error:
        print(error, file=sys.stderr)
        return WRONG_USE
    except ValueError as error:
        options.error(str(error))
    mock_feed = MockFeed(source, given.clock or source.until, given.tip, given.expired_tokens, given.units)
    mock_feed.latency_seconds = given.latency_ms / 1000
    try:
        return asyncio.run(serve(mock_feed, given.port, summary, command))
    except OSError as error:
        what = f"run {error.filename}" if error.filename else f"listen on {HOST}:{given.port}"
        print(f"cannot {what}: {error.strerror}", file=sys.stderr)
    return WRONG_USE


if __name__ == "__main__":
    sys.exit(main())
