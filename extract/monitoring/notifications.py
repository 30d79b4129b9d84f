"""Remember how each step ended last on this machine, and tell a webhook when that changes.

    step done or failed ──> <pipelines_dir>/outcomes.json ──> POST {"text": ...}, once for each change

The text is what Slack's incoming webhooks take, and what many others understand. Nothing that goes wrong here
changes how the run itself ends.
"""

from __future__ import annotations

import html
import json
import logging
import re
import socket
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import requests
from dlt.common.configuration import configspec
from dlt.common.configuration.specs import BaseConfiguration
from dlt.common.typing import TSecretStrValue

from extract.config import resolved

SECONDS = 10
MASK = "***"
SECRETS = (
    re.compile(r"eyJ[\w-]*\.[\w-]+\.[\w-]*"),
    re.compile(r"-----BEGIN[^-]*-----.*?(-----END[^-]*-----|$)", re.S),
    re.compile(r"(?i)(bearer|token|password|secret)[=: ]+\S{8,}"),
    re.compile(r"(?<=://)[^/\s@]+@"),
)

logger = logging.getLogger(__name__)


@configspec
class NotifySettings(BaseConfiguration):
    """Who is told of failure and recovery."""

    url: TSecretStrValue | None = None
    """A webhook that takes Slack's JSON; the address itself is a secret."""


@dataclass
class Outcome:
    """How a step ended last. Times are ISO 8601 texts in UTC."""

    succeeded_at: str | None = None
    failing_since: str | None = None
    message: str | None = None
    told: str | None = None
    """The message that was posted and not yet taken back."""


def notify_settings() -> NotifySettings:
    """The settings of section `notify`. Raises ConfigurationError."""
    return resolved(NotifySettings(), "notify")


class Outcomes:
    """The outcomes kept in a folder; reading a missing or broken file gives none."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "outcomes.json"

    def read(self) -> dict[str, Outcome]:
        """By step."""
        try:
            return {step: Outcome(**kept) for step, kept in json.loads(self.file.read_text()).items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}

    def ended(
        self, failures: dict[str, str], successes: Iterable[str], url: str | None, secrets: Iterable[str] = ()
    ) -> None:
        """Take in how steps ended (failed: with its message) and tell the webhook what has changed."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        kept = self.read()
        hidden = [*secrets, *([url] if url else [])]
        for step in successes:
            outcome = kept.setdefault(step, Outcome())
            outcome.succeeded_at, outcome.failing_since, outcome.message = now, None, None
        for step, message in failures.items():
            outcome = kept.setdefault(step, Outcome())
            outcome.failing_since, outcome.message = outcome.failing_since or now, without(message, hidden)
        for step, outcome in kept.items():
            if url and outcome.message and not outcome.told:
                if _post(url, f"job-market on {socket.gethostname()}: {step} failed. {outcome.message}"):
                    outcome.told = outcome.message
            elif url and outcome.told and not outcome.message:
                is_told = _post(url, f"job-market on {socket.gethostname()}: {step} is well again.")
                outcome.told = None if is_told else outcome.told
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            self.file.write_text(
                json.dumps({step: asdict(outcome) for step, outcome in kept.items()}, indent=1)
            )
        except OSError as error:
            logger.info("how the run ended cannot be remembered: %s", error.strerror)


def without(message: str, secrets: Iterable[str]) -> str:
    """The message with secrets masked: those given, and all that looks like one."""
    for secret in secrets:
        if secret:
            message = message.replace(secret, MASK)
    for pattern in SECRETS:
        message = pattern.sub(MASK, message)
    return message


def _post(url: str, text: str) -> bool:
    """Whether the webhook took it. Its address is in no message: who knows it can post."""
    try:
        # Escaped as Slack asks for it, so that a text of the API calls nobody and links nowhere.
        body = {"text": html.escape(text, quote=False)}
        answer = requests.post(url, json=body, timeout=SECONDS, allow_redirects=False)
        if answer.status_code < 300:
            return True
        logger.warning("the webhook of notify.url answered %d; the next run tries again", answer.status_code)
    except (requests.RequestException, ValueError) as error:
        logger.warning("the webhook of notify.url cannot be reached (%s)", type(error).__name__)
    return False
