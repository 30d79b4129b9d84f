"""A server that speaks MongoDB's protocol, for tests and benchmarks: a process of its own."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pymongo
from pymongo.errors import PyMongoError

from tests.servers import program


@contextmanager
def mongo_server(folder: Path, *, on_disk: bool = False) -> Iterator[str]:
    """Run the server while the block runs, in memory or with its data in the folder; gives its URI."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [program("nx-27017"), "--host", "127.0.0.1"]
    command += ["--data-dir", str(folder / "data") if on_disk else "memory"]
    command += ["-p", str(port), "--log-file", str(folder / "log"), "--pid-file", str(folder / "pid")]
    uri = f"mongodb://127.0.0.1:{port}/?directConnection=true"
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _wait_for(uri, process)
            yield uri
        finally:
            process.kill()  # asked to end, it sometimes does not, and nobody reads its data again


def _wait_for(uri: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(60):
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with code {process.returncode}")
        try:
            with pymongo.MongoClient[dict[str, object]](uri, serverSelectionTimeoutMS=500) as client:
                client.admin.command("ping")
                return
        except PyMongoError:
            continue
    raise RuntimeError("the server does not answer")
