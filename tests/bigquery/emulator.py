"""A BigQuery to test against: emulator process, OAuth token endpoint and a fake key.

Everything listens on free ports of 127.0.0.1 and is gone when the `with` block ends.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from unittest import mock

from tests.servers import program

PROJECT = "job-market-test"
LOCATION = "EU"
START_SECONDS = 60.0
STOP_SECONDS = 10.0
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class BigQueryEmulator:
    """Where the emulator answers, and a key that its token endpoint accepts."""

    project: str
    location: str
    endpoint: str
    key: dict[str, str]
    buckets: Path
    """Where it looks for what a load job names by `gs://BUCKET/NAME`: BUCKET/NAME under this folder."""

    def environment(self) -> dict[str, str]:
        """What Google's client needs in its environment to come here.

        dlt writes its own state table as jsonl and gzips it; the emulator cannot unpack that.
        """
        return {
            "BIGQUERY_EMULATOR_HOST": self.endpoint,
            "NORMALIZE__DATA_WRITER__DISABLE_COMPRESSION": "true",
        }

    def environment_of_the_job(self) -> dict[str, str]:
        """What `run_pipeline.py` needs besides its settings: the key, from the environment."""
        return self.environment() | {
            "BIGQUERY_KEY__SOURCE": "environment",
            "JOB_MARKET_BIGQUERY_KEY": json.dumps(self.key),
        }

    def client(self) -> Any:
        """A google.cloud.bigquery client with the fake key."""
        from google.cloud import bigquery
        from google.oauth2 import service_account

        credentials = service_account.Credentials.from_service_account_info(  # type: ignore[no-untyped-call]
            self.key, scopes=["https://www.googleapis.com/auth/bigquery"]
        )
        return bigquery.Client(
            project=self.project,
            credentials=credentials,
            location=self.location,
            client_options={"api_endpoint": self.endpoint},
        )


@contextmanager
def running(folder: Path) -> Iterator[BigQueryEmulator]:
    """Run emulator and token endpoint; `folder` is theirs for files.

    Raises:
        FileNotFoundError: the test servers are not installed.
        RuntimeError: it did not start.
    """
    with (
        no_calls_to_google(),
        token_endpoint() as token_uri,
        _emulator_process(folder) as endpoint,
    ):
        yield BigQueryEmulator(PROJECT, LOCATION, endpoint, fake_key(token_uri), folder / "buckets")


@contextmanager
def _emulator_process(folder: Path) -> Iterator[str]:
    # A HOME of its own: DuckDB keeps extensions under it, and the user's are none of our business.
    environment = {
        "HOME": str(folder),
        "PATH": os.environ.get("PATH", ""),
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
    }
    log = folder / "emulator.log"
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [program("python"), "-m", "tests.bigquery.emulator_server", PROJECT, str(folder)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            cwd=folder,
        )
        try:
            ports = _ports(process)
            if ports is None:
                said = log.read_text(errors="replace").strip().splitlines()
                raise RuntimeError(f"the emulator did not start in {START_SECONDS:.0f} s: {said[-1:]}")
            yield f"http://127.0.0.1:{ports['rest']}"
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _ports(process: subprocess.Popen[str]) -> dict[str, int] | None:
    """The ports that the server prints once it listens; None if it dies or takes too long.

    One thread reads its output to the end, since a full pipe would stop the server.
    """
    found: queue.Queue[dict[str, int] | None] = queue.Queue()

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith('{"rest"'):
                found.put(json.loads(line))
        found.put(None)

    threading.Thread(target=read, daemon=True).start()
    try:
        return found.get(timeout=START_SECONDS)
    except queue.Empty:
        return None


@contextmanager
def no_calls_to_google() -> Iterator[None]:
    """Keep google-auth from asking Google, in the background, for the account's regions.

    It does so with every token since 2.62 and has no switch for it. In another process this only
    makes log lines, and only where there is no network.
    """
    from google.auth.credentials import CredentialsWithRegionalAccessBoundary as Credentials

    name = "_is_regional_access_boundary_lookup_required"
    with mock.patch.object(Credentials, name, return_value=False):
        yield


@contextmanager
def token_endpoint() -> Iterator[str]:
    """An OAuth token endpoint that hands out a token for anything; yields its address."""

    class Token(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            answer = json.dumps(
                {"access_token": "t0ken", "expires_in": 3600, "token_type": "Bearer"}
            ).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with loopback_server(Token) as address:
        yield f"{address}/token"


@contextmanager
def loopback_server(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Serve `handler` on a free port of 127.0.0.1; yields http://127.0.0.1:PORT."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def fake_key(token_uri: str) -> dict[str, str]:
    """A service-account key with the shape of Google's and an RSA key made just now."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return {
        "type": "service_account",
        "project_id": PROJECT,
        "private_key_id": "0123456789abcdef0123456789abcdef01234567",
        "private_key": pem.decode(),
        "client_email": f"loader@{PROJECT}.iam.gserviceaccount.com",
        "client_id": "100000000000000000001",
        "token_uri": token_uri,
    }
