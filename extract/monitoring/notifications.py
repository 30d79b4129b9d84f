"""Remember how each step ended on this machine, and post a change to a webhook.

    step failed or recovered ──> <pipelines_dir>/outcomes.json ──> POST {"text": ...}, once for each change

Slack's incoming webhooks and many others take this JSON. A notification that fails is a warning and does not
change how the run ends.
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


class Outcomes:
    """The outcomes in `folder`, by step. A file that is missing or damaged counts as empty."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "outcomes.json"

    def read(self) -> dict[str, Outcome]:
        """The outcome of each step that ever ended on this machine."""
        try:
            return {step: Outcome(**stored) for step, stored in json.loads(self.file.read_text()).items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}

    def record(self, step: str, failure: str | None, url: str | None, secrets: Iterable[str] = ()) -> None:
        """Store how a step ended (`failure`: its message), then post each change that the webhook lacks."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        outcomes = self.read()
        outcome = outcomes.setdefault(step, Outcome())
        if failure:
            outcome.failing_since = outcome.failing_since or now
            outcome.message = mask_secrets(failure, [*secrets, url or ""])
        else:
            outcome.succeeded_at, outcome.failing_since, outcome.message = now, None, None
        if url:
            for name, each in outcomes.items():
                _post_change(url, name, each)
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            stored = {name: asdict(each) for name, each in outcomes.items()}
            self.file.write_text(json.dumps(stored, indent=1))
        except OSError as error:
            logger.warning("%s cannot be written: %s", self.file, error.strerror)


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
    """Store how the step ended in the configured folder and post what changed."""
    folder, secrets = WarehouseSettings.pipelines_dir, []
    with suppress(ConfigurationError):  # a wrong setting is the failure that is recorded
        folder = configured(WarehouseSettings).pipelines_dir
        secrets.append(configured(FeedSettings).token or "")
    Outcomes(PROJECT / folder).record(step, failure, webhook, secrets)


def mask_secrets(message: str, secrets: Iterable[str]) -> str:
    """The message without the given secrets and without what looks like a token, a key or a password."""
    for secret in filter(None, secrets):
        message = message.replace(secret, MASK)
    for pattern in SECRETS:
        message = pattern.sub(MASK, message)
    return message


def _post_change(url: str, step: str, outcome: Outcome) -> None:
    host = socket.gethostname()
    if outcome.message and not outcome.posted:
        if _post(url, f"job-market on {host}: {step} failed. {outcome.message}"):
            outcome.posted = outcome.message
    elif outcome.posted and not outcome.message and _post(url, f"job-market on {host}: {step} recovered."):
        outcome.posted = None


def _post(url: str, text: str) -> bool:
    """Whether the webhook took it. The warnings do not show the address."""
    import requests

    try:
        # Escaped as Slack asks for it: a text of the API must mention nobody and link nowhere.
        body = {"text": html.escape(text, quote=False)}
        answer = requests.post(url, json=body, timeout=SECONDS, allow_redirects=False)
    except (requests.RequestException, ValueError) as error:
        logger.warning("notification failed: the webhook cannot be reached (%s)", type(error).__name__)
        return False
    if answer.status_code >= 300:
        logger.warning("notification failed: the webhook answered %d", answer.status_code)
        return False
    return True
