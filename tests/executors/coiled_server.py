"""A mock of Coiled's API: the account, and a refusal of every cluster; it keeps the requests."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "coiled-hush"
WORKSPACE = "statistics"
MEMBERSHIPS = [
    {
        "account": {"id": 1, "slug": WORKSPACE, "name": WORKSPACE, "active": True},
        "is_default_account": True,
        "is_admin": True,
    }
]
BACKEND = {"backend": "vm_aws", "options": {"provider_name": "aws", "region": "eu-north-1"}}
MACHINE = {"name": "m6i.large", "cores": 2, "memory": 8192, "gpus": 0, "backend_type": "vm_aws"}
NO_QUOTA = "You have no credits left"


@dataclass
class CoiledServer:
    """Its address, and the requests in their order."""

    url: str = ""
    memberships: list[dict[str, Any]] = field(default_factory=lambda: MEMBERSHIPS)
    requests: list[tuple[str, str, str]] = field(default_factory=list)
    """Method, path and body."""

    def body_of(self, method: str, path: str) -> Any:
        """The JSON of the one request of that method whose path ends so."""
        bodies = [
            body for verb, at, body in self.requests if verb == method and at.rstrip("/").endswith(path)
        ]
        assert len(bodies) == 1, self.requests
        return json.loads(bodies[0])

    def answer(self, method: str, path: str, authorization: str) -> tuple[int, Any]:
        if authorization not in (f"ApiToken {TOKEN}", f"Token {TOKEN}"):
            return 401, {"detail": "Invalid token."}
        if path.endswith("/user/me"):
            return 200, {
                "id": 1,
                "username": "ola",
                "email": "ola@example.no",
                "membership_set": self.memberships,
            }
        if path.endswith("/memberships"):
            return 200, self.memberships
        if path.endswith("/backend_options"):
            return 200, BACKEND
        if "/name/" in path:
            return 404, {"detail": "Not found."}
        if method == "POST" and "/clusters/" in path:
            return 402, {"message": NO_QUOTA}
        if path.endswith("/vm-types"):
            return 200, {"results": [MACHINE], "count": 1, "next": None}
        return 200, {}


@contextmanager
def coiled_server() -> Iterator[CoiledServer]:
    """Serve on loopback while the block runs."""
    server = CoiledServer()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length).decode("utf-8", "replace")
            path = self.path.partition("?")[0]
            server.requests.append((self.command, path, body))
            status, answer = server.answer(
                self.command, path.rstrip("/"), self.headers.get("Authorization") or ""
            )
            encoded = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(encoded)))
            self.end_headers()
            self.wfile.write(encoded)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _answer

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing to the terminal."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{http.server_address[1]}"
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        thread.join()
        http.server_close()
