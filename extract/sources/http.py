"""The HTTP client of the sources besides the feed: dlt's, with retries and backoff, Retry-After honoured."""

from __future__ import annotations

from typing import Protocol

from dlt.sources.helpers import requests

from extract.sources.nav.client import USER_AGENT


class Patience(Protocol):
    """How long an answer is waited for. Times are in seconds."""

    connect_timeout: float
    read_timeout: float
    attempts: int
    longest_wait: float


def client_of(settings: Patience) -> requests.Client:
    """A client that tries again what may pass; the last answer is returned whatever its status."""
    return requests.Client(
        request_timeout=(settings.connect_timeout, settings.read_timeout),
        request_max_attempts=settings.attempts,
        request_max_retry_delay=settings.longest_wait,
        request_backoff_factor=min(1.0, settings.longest_wait),
        session_attrs={"headers": {"User-Agent": USER_AGENT}},
        raise_for_status=False,
    )
