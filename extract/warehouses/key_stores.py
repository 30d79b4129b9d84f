"""Where BigQuery's key may be kept: a reader for each store, which gives the key's text.

Flow: KeySettings -> READERS[source] -> (the way in words, the text). Nothing is read before a reader is
called, and each failure is one sentence that names the way and what to do, never a part of the key.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, NoReturn

from dlt.common.configuration import configspec
from dlt.common.configuration.specs import BaseConfiguration

from extract.errors import ConfigurationError, SourceUnavailable

SCOPES = (
    "https://www.googleapis.com/auth/bigquery",
    "https://www.googleapis.com/auth/cloud-platform",
)
GOOGLE_SECRETS = "https://secretmanager.googleapis.com"
TIMEOUT = 15.0
"""Seconds for one request to a secret store or to Google."""
DEFAULT = "application-default credentials"


class CredentialsError(ConfigurationError):
    """No usable key: one sentence with the way that was tried and what to do."""


@configspec
class KeySettings(BaseConfiguration):
    """Section `bigquery_key`: which way, and what that way needs."""

    source: Literal["default", "file", "environment", "aws_secrets_manager", "google_secret_manager"] = (
        "default"
    )
    project: str | None = None
    """The project to use, if not the key's own."""
    path: str | None = None
    """file: the JSON file."""
    variable: str = "JOB_MARKET_BIGQUERY_KEY"
    """environment: the variable that holds the JSON."""
    secret_id: str | None = None
    """aws_secrets_manager: name or ARN of the secret."""
    region: str | None = None
    """aws_secrets_manager: its region; without one AWS's own configuration decides."""
    resource: str | None = None
    """google_secret_manager: projects/P/secrets/S, or .../versions/V."""


def fail(way: str, why: str) -> NoReturn:
    """Raise CredentialsError."""
    raise CredentialsError(f"No BigQuery access with {way}: {why}.") from None


def default_credentials() -> tuple[Any, str | None]:
    """The machine's own credentials and their project, if they name one. Raises CredentialsError."""
    import google.auth
    from google.auth.exceptions import GoogleAuthError

    try:
        return google.auth.default(scopes=SCOPES)
    except (GoogleAuthError, OSError, ValueError):
        fail(
            DEFAULT,
            "there are none, or they cannot be read; run `gcloud auth application-default "
            "login`, or set bigquery_key.source to another way",
        )


def _from_file(settings: KeySettings) -> tuple[str, str]:
    if not settings.path:
        fail("a key file", "set bigquery_key.path to the key's JSON file")
    way = f"the key file {settings.path}"
    try:
        return way, Path(settings.path).expanduser().read_text(encoding="utf-8")
    except FileNotFoundError:
        fail(way, "it does not exist; set bigquery_key.path to the key's JSON file")
    except OSError:
        fail(way, "it cannot be read; check that it is a file that this user may read")
    except UnicodeDecodeError:
        fail(way, "it is not text; download the key again as JSON")


def _from_environment(settings: KeySettings) -> tuple[str, str]:
    way = f"the environment variable {settings.variable}"
    text = os.environ.get(settings.variable, "")
    if not text.strip():
        fail(way, "it is not set; set it to the key's JSON")
    return way, text


def _from_aws(settings: KeySettings) -> tuple[str, str]:
    if not settings.secret_id:
        fail("AWS Secrets Manager", "set bigquery_key.secret_id to the secret's name")
    way = f"AWS Secrets Manager (secret {settings.secret_id})"
    try:
        import boto3  # type: ignore[import-untyped]
        from botocore import exceptions  # type: ignore[import-untyped]
        from botocore.config import Config  # type: ignore[import-untyped]
    except ImportError:
        fail(way, "the extra `aws` is not installed; run `make extras`")
    patience = Config(connect_timeout=5, read_timeout=TIMEOUT, retries={"total_max_attempts": 2})
    try:
        # A session of our own: boto3's shared one keeps the first identity that it ever found.
        session = boto3.Session(region_name=settings.region)
        client = session.client("secretsmanager", config=patience)
        answer = client.get_secret_value(SecretId=settings.secret_id)
    except exceptions.NoRegionError:
        fail(way, "no region is known; set bigquery_key.region")
    except exceptions.ClientError as error:
        fail(way, _AWS_ERRORS.get(error.response["Error"]["Code"], "AWS refused; look at it there"))
    except (exceptions.HTTPClientError, exceptions.ConnectionError):
        raise SourceUnavailable(f"{way} cannot be reached now; try again later.") from None
    except exceptions.BotoCoreError:
        fail(way, "there are no usable AWS credentials; log in to AWS or give this machine a role")
    # A binary secret comes as bytes.
    return way, answer.get("SecretString") or answer["SecretBinary"].decode("utf-8", "replace")


_AWS_ERRORS = {
    "ResourceNotFoundException": "it does not exist in that region; check bigquery_key.secret_id "
    "and bigquery_key.region",
    "InvalidRequestException": "it is marked for deletion; restore it or name another",
    "AccessDeniedException": "this AWS identity may not read it; allow it secretsmanager:GetSecretValue",
    "DecryptionFailure": "its KMS key cannot be used; allow this AWS identity kms:Decrypt",
    "ExpiredTokenException": "the AWS session has expired; log in to AWS again",
    "UnrecognizedClientException": "AWS does not know these AWS credentials; log in to AWS again",
}


def _from_google(settings: KeySettings) -> tuple[str, str]:
    name = (settings.resource or "").strip("/")
    parts = name.split("/")
    if parts[::2] not in (["projects", "secrets"], ["projects", "secrets", "versions"]):
        fail("Google Secret Manager", "set bigquery_key.resource to projects/PROJECT/secrets/NAME")
    way = f"Google Secret Manager ({name})"
    version = name if len(parts) == 6 else f"{name}/versions/latest"
    url = f"{GOOGLE_SECRETS}/v1/{version}:access"
    answer = google_request(default_credentials()[0], way, "GET", url)
    if answer.status_code >= 500 or answer.status_code == 429:
        raise SourceUnavailable(f"{way} cannot answer now; try again later.")
    if answer.status_code != 200:
        fail(way, _GOOGLE_ERRORS.get(answer.status_code, "Google refused; look at it there"))
    try:
        return way, base64.b64decode(answer.json()["payload"]["data"]).decode("utf-8", "replace")
    except (ValueError, KeyError, TypeError):
        fail(way, "the answer holds no secret; check the secret's version")


_GOOGLE_ERRORS = {
    400: "that version is disabled or destroyed; enable it or name another",
    401: "the application-default credentials were not accepted; log in again",
    403: "the application-default credentials may not read it; give their account the role "
    "Secret Manager Secret Accessor",
    404: "there is no such secret or version; check bigquery_key.resource",
}

READERS: dict[str, Callable[[KeySettings], tuple[str, str]]] = {
    "file": _from_file,
    "environment": _from_environment,
    "aws_secrets_manager": _from_aws,
    "google_secret_manager": _from_google,
}


def google_request(credentials: Any, way: str, method: str, url: str, **arguments: Any) -> Any:
    """Google's answer, whatever its status. Raises CredentialsError, SourceUnavailable."""
    from google.auth.exceptions import GoogleAuthError, TransportError
    from google.auth.transport.requests import AuthorizedSession
    from requests import RequestException

    try:
        session: Any = AuthorizedSession(credentials)  # type: ignore[no-untyped-call]
        with session:
            return session.request(method, url, timeout=TIMEOUT, **arguments)
    except (TransportError, RequestException):
        raise SourceUnavailable(f"Google cannot be reached with {way}; try again later.") from None
    except GoogleAuthError as error:
        if error.retryable:
            raise SourceUnavailable(f"Google gives no token now for {way}; try later.") from None
        fail(
            way,
            "Google gives no token for it, so it is expired or revoked, or this machine's clock "
            "is wrong; check the clock, then make a new key or log in again",
        )
