"""A webhook gets failure and recovery, once for each change, and never a secret."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from demo.server import serving
from demo.world import World
from extract.monitoring.notifications import mask_secrets, read_outcomes, record
from tests.command import Command


class Webhook:
    """What was posted, and which status is answered."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.status = 200
        webhook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                assert set(body) == {"text"} and self.headers["Content-Type"] == "application/json"
                if webhook.status == 200:
                    webhook.texts.append(body["text"])
                self.send_response(webhook.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/services/T0/B0/hushhush"


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    hook = Webhook()
    threading.Thread(target=hook.server.serve_forever, args=(0.05,), daemon=True).start()
    yield hook
    hook.server.shutdown()
    hook.server.server_close()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAREHOUSE__PIPELINES_DIR", str(tmp_path))


def test_each_change_is_posted_once(webhook: Webhook) -> None:
    for step in ("extract", "build", "extract", "build"):
        record(step, None, webhook.url)
    assert webhook.texts == []
    for message in ("the feed is away", "the feed is still away"):
        record("extract", message, webhook.url)
    assert [text.split(": ", 1)[1] for text in webhook.texts] == ["extract failed. the feed is away"]
    for _ in range(2):
        record("extract", None, webhook.url)
    assert [text.split(": ", 1)[1] for text in webhook.texts[1:]] == ["extract recovered."]


def test_the_success_of_another_step_is_no_recovery(webhook: Webhook) -> None:
    record("build", "a test", webhook.url)
    record("extract", None, webhook.url)
    assert len(webhook.texts) == 1


@pytest.mark.parametrize("status", [302, 403, 500])
def test_what_the_webhook_did_not_take_is_posted_by_the_next_run(
    status: int, webhook: Webhook, caplog: pytest.LogCaptureFixture
) -> None:
    webhook.status = status
    record("extract", "away", webhook.url)
    assert f"notification failed: the webhook answered {status}" in caplog.text
    assert "hushhush" not in caplog.text
    webhook.status = 200
    record("extract", "away", webhook.url)
    assert len(webhook.texts) == 1


def test_a_damaged_file_of_outcomes_counts_as_empty(webhook: Webhook, tmp_path: Path) -> None:
    for damaged in ("", "{", "[]", '{"extract": {"unknown": 1}}'):
        (tmp_path / "outcomes.json").write_text(damaged)
        assert read_outcomes(tmp_path) == {}
    record("extract", "away", webhook.url)
    assert read_outcomes(tmp_path)["extract"].message == "away"


def test_no_secret_and_no_call_to_the_channel_is_posted(
    webhook: Webhook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCES__NAV_FEED__TOKEN", "given-token-1")
    message = (
        f"401 for given-token-1 at {webhook.url}, Bearer eyJhbGciOi.eyJzdWIi.c2ln <!channel> "
        "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY----- https://me:pw@host/"
    )
    record("extract", message, webhook.url)
    [text] = webhook.texts
    kept = (tmp_path / "outcomes.json").read_text()
    for secret in ("given-token-1", "hushhush", "eyJ", "MIIE", "me:pw"):
        assert secret not in text and secret not in kept
    assert "&lt;!channel&gt;" in text
    assert mask_secrets("nothing to hide", []) == "nothing to hide"


def test_a_command_posts_failure_and_recovery_and_ends_as_it_would_without(
    webhook: Webhook, tmp_path: Path
) -> None:
    with serving(World(seed=3, days=2, ads_a_day=5)) as feed:
        command = Command(tmp_path, feed.url)
        away = {"SOURCES__NAV_FEED__BASE_URL": "http://127.0.0.1:9"}
        for run in (command, command.here):
            code, printed = run("extract", "--notify", webhook.url, **away)
            assert (code, "try later" in printed) == (75, True), printed
        assert len(webhook.texts) == 1 and "127.0.0.1:9" in webhook.texts[0]
        code, printed = command("extract", NOTIFY__URL=webhook.url)
        assert code == 0, printed
        assert len(webhook.texts) == 2 and "extract recovered" in webhook.texts[1]
        printed = command.here("status")[1]
        for text in ("last success", "rejects", "new fields", "volume", "not compared"):
            assert text in printed
        code, printed = command("extract", NOTIFY__URL="http://127.0.0.1:9/hushhush", **away)
        assert (code, "hushhush" in printed) == (75, False)
        assert "notification failed: the webhook cannot be reached" in printed


@pytest.mark.parametrize(
    "arguments",
    [("build",), ("publish",), ("register",), ("import-archive",), ("source", "nix"), ("dbt", "--", "buidl")],
)
def test_every_job_posts_its_failure(arguments: tuple[str, ...], webhook: Webhook, tmp_path: Path) -> None:
    command = Command(tmp_path, "http://127.0.0.1:9")
    away = {"SOURCES__REGISTER__BASE_URL": "http://127.0.0.1:9", "SOURCES__REGISTER__ATTEMPTS": "1"}
    name, *rest = arguments
    code, printed = command.here(name, "--notify", webhook.url, *rest, **away)
    assert code != 0 and len(webhook.texts) == 1, printed
    assert f"{' '.join(arguments[:2]) if name == 'source' else name} failed. " in webhook.texts[0]
    assert webhook.texts[0].split(" failed. ")[1].strip()[:40] in printed


def test_a_wrong_setting_is_posted_too(webhook: Webhook, tmp_path: Path) -> None:
    command = Command(tmp_path, "http://127.0.0.1:9")
    code, _ = command.here("extract", "--notify", webhook.url, SOURCES__NAV_FEED__BASE_URL="nowhere")
    assert code == 2 and "extract failed. sources.nav_feed.base_url" in webhook.texts[0]
