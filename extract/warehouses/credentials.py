"""BigQuery's credentials: found in one of five places, checked, and given to dlt, dbt and Google's client.

Nothing is read before `resolve` is called, and no message, repr or pickle shows a part of a key.
"""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from extract.config import KeySettings
from extract.errors import ConfigurationError, SourceUnavailable, require

SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
GOOGLE_SECRETS = "https://secretmanager.googleapis.com"
TIMEOUT = 15.0
"""Seconds for one request to a secret manager."""
DEFAULT = "application-default credentials"
FIELDS = ("project_id", "private_key_id", "private_key", "client_email", "token_uri")


class CredentialsError(ConfigurationError):
    """No usable key: one sentence with the source that was tried and what to do."""


@dataclass(frozen=True, repr=False)
class Key:
    """A service-account key, or (without `info`) the machine's default credentials."""

    credential_source: str
    """In words, for messages."""
    project: str
    info: Mapping[str, str] | None

    def __repr__(self) -> str:
        return f"Key({self.credential_source}, project {self.project})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("A Key is not pickled: it never leaves this machine.")

    def google(self) -> Any:
        """google.auth's credentials, for any of Google's clients and for dlt. Does no request."""
        if self.info is None:
            return _default_credentials()[0]
        from google.oauth2 import service_account

        return service_account.Credentials.from_service_account_info(  # type: ignore[no-untyped-call]
            dict(self.info), scopes=SCOPES
        )

    def dlt(self) -> Any:
        """For dlt's destinations `bigquery` and `filesystem`."""
        from dlt.common.configuration.specs.gcp_credentials import (
            GcpDefaultCredentials,
            GcpServiceAccountCredentials,
        )

        credentials = GcpServiceAccountCredentials()
        if self.info is None:
            # The class's own method takes a service account's credentials only, not a machine's or a user's.
            GcpDefaultCredentials.parse_native_representation(credentials, self.google())
        else:
            credentials.parse_native_representation(json.dumps(dict(self.info)))
            credentials.resolve()
        credentials.project_id = self.project
        return credentials

    def dbt_environment(self) -> dict[str, str]:
        """What profiles.example.yml reads. dbt masks DBT_ENV_SECRET_* in all that it writes."""
        names = {"JOB_MARKET_BIGQUERY_PROJECT": self.project}
        if self.info is None:
            return names | {"JOB_MARKET_BIGQUERY_METHOD": "oauth"}
        return names | {
            "JOB_MARKET_BIGQUERY_METHOD": "service-account-json",
            "JOB_MARKET_BIGQUERY_CLIENT_EMAIL": self.info["client_email"],
            "JOB_MARKET_BIGQUERY_TOKEN_URI": self.info["token_uri"],
            "DBT_ENV_SECRET_BIGQUERY_PRIVATE_KEY_ID": self.info["private_key_id"],
            "DBT_ENV_SECRET_BIGQUERY_PRIVATE_KEY": self.info["private_key"],
        }


def resolve(settings: KeySettings) -> Key:
    """The key from the configured source; no other is tried. Raises CredentialsError, SourceUnavailable."""
    if settings.source == "default":
        project = settings.project or _default_credentials()[1]
        if not project:
            _fail(DEFAULT, "they name no project; set bigquery_key.project")
        return Key(DEFAULT, project, None)
    source, text = READERS[settings.source](settings)
    info = _parsed(text, source)
    return Key(source, settings.project or info["project_id"], info)


def _fail(source: str, why: str) -> NoReturn:
    raise CredentialsError(f"No BigQuery access with {source}: {why}.") from None


def _default_credentials() -> tuple[Any, str | None]:
    """The machine's own credentials and their project, if they name one."""
    import google.auth
    from google.auth.exceptions import GoogleAuthError

    try:
        return google.auth.default(scopes=SCOPES)
    except (GoogleAuthError, OSError, ValueError):
        _fail(
            DEFAULT, "there are none; run `gcloud auth application-default login`, or set bigquery_key.source"
        )


def _from_file(settings: KeySettings) -> tuple[str, str]:
    source = f"the key file {settings.path or ''}"
    try:
        return source, Path(settings.path or "").expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        _fail(source, f"{reason}; set bigquery_key.path to the key's JSON file, which this user may read")


def _from_environment(settings: KeySettings) -> tuple[str, str]:
    source = f"the environment variable {settings.variable}"
    text = os.environ.get(settings.variable, "")
    if not text.strip():
        _fail(source, "it is not set; set it to the key's JSON")
    return source, text


def _from_aws(settings: KeySettings) -> tuple[str, str]:
    source = f"AWS Secrets Manager (secret {settings.secret_id})"
    if not settings.secret_id:
        _fail(source, "set bigquery_key.secret_id to the secret's name")
    boto3 = require("boto3", "aws", source)
    from botocore import exceptions  # type: ignore[import-untyped]
    from botocore.config import Config  # type: ignore[import-untyped]

    limits = Config(connect_timeout=5, read_timeout=TIMEOUT, retries={"total_max_attempts": 2})
    try:
        # A session of our own: boto3's shared one keeps the first identity that it ever found.
        client = boto3.Session(region_name=settings.region).client("secretsmanager", config=limits)
        return source, client.get_secret_value(SecretId=settings.secret_id).get("SecretString", "")
    except exceptions.ClientError as error:
        _fail(
            source,
            f"AWS answers {error.response['Error']['Code']}; check bigquery_key.secret_id and "
            "bigquery_key.region, and allow this AWS identity secretsmanager:GetSecretValue and kms:Decrypt",
        )
    except (exceptions.HTTPClientError, exceptions.ConnectionError):
        raise SourceUnavailable(f"{source} cannot be reached now; try again later.") from None
    except exceptions.BotoCoreError as error:
        _fail(source, f"{str(error).rstrip('.')}; log in to AWS, and set bigquery_key.region")


def _from_google(settings: KeySettings) -> tuple[str, str]:
    from google.auth.exceptions import GoogleAuthError, TransportError
    from google.auth.transport.requests import AuthorizedSession
    from requests import RequestException

    name = (settings.resource or "").strip("/")
    source = f"Google Secret Manager ({name})"
    if not re.fullmatch(r"projects/[^/]+/secrets/[^/]+(/versions/[^/]+)?", name):
        _fail(source, "set bigquery_key.resource to projects/PROJECT/secrets/NAME")
    version = name if "/versions/" in name else f"{name}/versions/latest"
    try:
        session: Any = AuthorizedSession(_default_credentials()[0])  # type: ignore[no-untyped-call]
        with session:
            answer = session.get(f"{GOOGLE_SECRETS}/v1/{version}:access", timeout=TIMEOUT)
    except (TransportError, RequestException):
        raise SourceUnavailable(f"{source} cannot be reached now; try again later.") from None
    except GoogleAuthError:
        _fail(source, "the application-default credentials get no token; log in again")
    if answer.status_code >= 500 or answer.status_code == 429:
        raise SourceUnavailable(f"{source} cannot answer now; try again later.")
    try:
        answer.raise_for_status()
        return source, base64.b64decode(answer.json()["payload"]["data"]).decode("utf-8", "replace")
    except (RequestException, ValueError, KeyError, TypeError):
        _fail(
            source,
            f"Google's answer (HTTP {answer.status_code}) has no secret; check bigquery_key.resource and its "
            "version, and give the application-default account the role Secret Manager Secret Accessor",
        )


READERS: dict[str, Callable[[KeySettings], tuple[str, str]]] = {
    "file": _from_file,
    "environment": _from_environment,
    "aws_secrets_manager": _from_aws,
    "google_secret_manager": _from_google,
}


def _parsed(text: str, source: str) -> dict[str, str]:
    """The key in `text`, checked down to its RSA key. No message quotes the text."""
    again = "download the service account's key again as JSON"
    try:
        info = dict(json.loads(text))
    except (ValueError, TypeError):
        _fail(source, f"it does not hold a JSON object; {again}")
    wrong = [name for name in FIELDS if not isinstance(info.get(name), str) or not info[name]]
    if wrong or info.get("type") != "service_account":
        look = f"it is no service-account key (look at {', '.join(wrong) or 'type'}); {again}"
        _fail(source, f"{look}, or set bigquery_key.source to default")
    key = {name: value for name, value in info.items() if isinstance(value, str)}
    # A key that went through an environment variable often has its newlines escaped once more.
    key["private_key"] = key["private_key"].replace("\\n", "\n")
    try:
        Key(source, key["project_id"], key).google()
    except Exception:  # google-auth and cryptography raise many kinds, and some quote the key
        _fail(source, f"its private_key cannot be read; {again}")
    return key
