"""Remember how each step ended on this machine, and post a change to a webhook.

    step failed or recovered ──> <pipelines_dir>/outcomes.json ──> POST {"text": ...}, once for each change

Slack's incoming webhooks take this JSON. A notification that fails does not change how the run ends.
"""

from __future__ import annotations

import html
import json
import logging
import re
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from extract.config import PROJECT, FeedSettings, WarehouseSettings, configured
from extract.errors import ConfigurationError, WarehouseLockedError, describe

SECONDS = 10
MASK = "***"
SECRETS = (
    re.compile(r"eyJ[\w-]*\.[\w-]+\.[\w-]*"),
    re.compile(r"-----BEGIN[^-]*-----.*?(-----END[^-]*-----|$)", re.S),
    re.compile(r"(?i)(bearer|token|password|secret)[=: ]+\S{8,}"),
    re.compile(r"(?<=://)[^/\s@]+@"),
)

logger = logging.getLogger(__name__)


@dataclass
class Outcome:
    """How a step ended last. Times are ISO 8601 texts in UTC."""

    succeeded_at: str | None = None
    failing_since: str | None = None
    message: str | None = None
    posted: str | None = None
    """The failure that the webhook has and whose recovery it has not."""


@contextmanager
def recorded(step: str, webhook: str | None) -> Iterator[None]:
    """Record how the step ends. A run that found the warehouse locked, or was stopped, has not failed."""
    try:
        yield
    except WarehouseLockedError:
        raise
    except Exception as error:
        record(step, describe(error)[0], webhook)
        raise
    record(step, None, webhook)


def record(step: str, failure: str | None, webhook: str | None) -> None:
    """Store how a step ended (`failure`: its message) and post each change that the webhook lacks."""
    folder, secrets = WarehouseSettings.pipelines_dir, [webhook or ""]
    with suppress(ConfigurationError):  # a wrong setting is the failure that is recorded
        folder = configured(WarehouseSettings).pipelines_dir
        secrets.append(configured(FeedSettings).token or "")
    outcomes = read_outcomes(PROJECT / folder)
    outcome = outcomes.setdefault(step, Outcome())
    now = datetime.now(UTC).isoformat(timespec="seconds")
    if failure:
        outcome.failing_since = outcome.failing_since or now
        outcome.message = mask_secrets(failure, secrets)
    else:
        outcome.succeeded_at, outcome.failing_since, outcome.message = now, None, None
    for name, each in outcomes.items():
        if webhook and bool(each.message) != bool(each.posted):
            change = f"failed. {each.message}" if each.message else "recovered."
            if _post(webhook, f"job-market on {socket.gethostname()}: {name} {change}"):
                each.posted = each.message
    file = PROJECT / folder / "outcomes.json"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({name: asdict(each) for name, each in outcomes.items()}, indent=1))
    except OSError as error:
        logger.warning("%s cannot be written: %s", file, error.strerror)


def read_outcomes(folder: Path) -> dict[str, Outcome]:
    """The outcome of each step that ever ended on this machine; none if the file is missing or damaged."""
    try:
        stored = json.loads((folder / "outcomes.json").read_text())
        return {step: Outcome(**outcome) for step, outcome in stored.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def mask_secrets(message: str, secrets: Iterable[str]) -> str:
    """The message without the given secrets and without what looks like a token, a key or a password."""
    for secret in filter(None, secrets):
        message = message.replace(secret, MASK)
    for pattern in SECRETS:
        message = pattern.sub(MASK, message)
    return message


def _post(webhook: str, text: str) -> bool:
    """Whether the webhook took it. The warnings do not show the address."""
    import requests

    try:
        # Escaped as Slack asks for it: a text of the API must mention nobody and link nowhere.
        body = {"text": html.escape(text, quote=False)}
        answer = requests.post(webhook, json=body, timeout=SECONDS, allow_redirects=False)
        problem = f"the webhook answered {answer.status_code}" if answer.status_code >= 300 else ""
    except (requests.RequestException, ValueError) as error:
        problem = f"the webhook cannot be reached ({type(error).__name__})"
    if problem:
        logger.warning("notification failed: %s", problem)
    return not problem
