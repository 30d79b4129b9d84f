"""BigQuery's credentials: found in one of five ways, checked, and given to whoever needs them.

Flow: [bigquery_key] in dlt's configuration -> `resolve` -> Key -> dlt, dbt, workers, key files.
Nothing is read before `resolve` is called, and no message, repr or pickle shows a part of a key.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NoReturn

from dlt.common.configuration import configspec
from dlt.common.configuration.specs import BaseConfiguration

from extract.errors import ConfigurationError, SourceUnavailable

SCOPES = (
    "https://www.googleapis.com/auth/bigquery",
    "https://www.googleapis.com/auth/cloud-platform",
)
BIGQUERY = "https://bigquery.googleapis.com"
GOOGLE_SECRETS = "https://secretmanager.googleapis.com"
TIMEOUT = 15.0
"""Seconds for one request to a secret store or to Google."""
FIELDS = ("project_id", "private_key_id", "private_key", "client_email", "token_uri")
OTHER_KINDS = ("authorized_user", "external_account", "impersonated_service_account")


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


@dataclass(frozen=True, repr=False)
class Key:
    """A service-account key, or (without `info`) the machine's default credentials."""

    way: str
    project: str
    info: Mapping[str, str] | None

    def __repr__(self) -> str:
        return f"Key({self.way}, project {self.project})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("A Key is not pickled; give a worker Key.environment() and let it resolve.")

    def google(self) -> Any:
        """google.auth's credentials, for any of Google's clients and for dlt. Does no request."""
        if self.info is None:
            return _default_credentials()[0]
        from google.oauth2 import service_account

        return service_account.Credentials.from_service_account_info(  # type: ignore[no-untyped-call]
            dict(self.info), scopes=SCOPES
        )

    def dlt(self) -> Any:
        """dlt's credentials, to hand to `dlt.destinations.bigquery(credentials=...)`."""
        from dlt.common.configuration.specs import GcpServiceAccountCredentials

        credentials = GcpServiceAccountCredentials()
        credentials.parse_native_representation(self.google())
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

    def environment(self) -> dict[str, str]:
        """With these variables `resolve` finds the same key on a worker, without its store."""
        names = {"BIGQUERY_KEY__PROJECT": self.project}
        if self.info is None:
            return names | {"BIGQUERY_KEY__SOURCE": "default"}
        return names | {
            "BIGQUERY_KEY__SOURCE": "environment",
            "BIGQUERY_KEY__VARIABLE": "JOB_MARKET_BIGQUERY_KEY",
            "JOB_MARKET_BIGQUERY_KEY": json.dumps(dict(self.info)),
        }

    @contextmanager
    def file(self) -> Iterator[Path]:
        """A private file with the key, for a tool that insists on one; gone after the block."""
        if self.info is None:
            _fail(self.way, "they are no key for a file; set bigquery_key.source to another way")
        folder = Path(tempfile.mkdtemp(prefix="job-market-"))  # 0700
        try:
            path = folder / "key.json"
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                json.dump(dict(self.info), file)
            yield path
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def resolve(settings: KeySettings) -> Key:
    """Find the key the one way that is configured; other ways are not tried.

    Raises:
        CredentialsError: missing, malformed, or the store refuses to give it.
        SourceUnavailable: the store cannot be reached now.
    """
    if settings.source == "default":
        project = settings.project or _default_credentials()[1]
        if not project:
            _fail(_DEFAULT, "they name no project; set bigquery_key.project")
        return Key(_DEFAULT, project, None)
    way, text = _READERS[settings.source](settings)
    info = _parsed(text, way)
    return Key(way, settings.project or info["project_id"], info)


def verify(key: Key) -> None:
    """Ask Google for a token and BigQuery for a dry run, which bills nothing.

    Raises:
        CredentialsError: the key is expired, revoked, or may not run queries in its project.
        SourceUnavailable: Google cannot be reached now.
    """
    base = os.environ.get("BIGQUERY_EMULATOR_HOST", BIGQUERY)
    url = f"{base}/bigquery/v2/projects/{key.project}/queries"
    query = {"query": "select 1", "dryRun": True, "useLegacySql": False}
    status = _google_request(key.google(), key.way, "POST", url, json=query).status_code
    if status in (401, 403):
        _fail(
            key.way,
            f"it may not run queries in project {key.project}; give its account the roles "
            "BigQuery Job User and BigQuery Data Editor there",
        )
    if status != 200:
        _fail(
            key.way,
            f"BigQuery refused a test query in project {key.project} (HTTP {status}); check "
            "bigquery_key.project, and that the BigQuery API is enabled there",
        )


_DEFAULT = "application-default credentials"


def _fail(way: str, why: str) -> NoReturn:
    raise CredentialsError(f"No BigQuery access with {way}: {why}.") from None


def _default_credentials() -> tuple[Any, str | None]:
    import google.auth
    from google.auth.exceptions import GoogleAuthError

    try:
        return google.auth.default(scopes=SCOPES)
    except (GoogleAuthError, OSError, ValueError):
        _fail(
            _DEFAULT,
            "there are none, or they cannot be read; run `gcloud auth application-default "
            "login`, or set bigquery_key.source to another way",
        )


def _from_file(settings: KeySettings) -> tuple[str, str]:
    if not settings.path:
        _fail("a key file", "set bigquery_key.path to the key's JSON file")
    way = f"the key file {settings.path}"
    try:
        return way, Path(settings.path).expanduser().read_text(encoding="utf-8")
    except FileNotFoundError:
        _fail(way, "it does not exist; set bigquery_key.path to the key's JSON file")
    except OSError:
        _fail(way, "it cannot be read; check that it is a file that this user may read")
    except UnicodeDecodeError:
        _fail(way, "it is not text; download the key again as JSON")


def _from_environment(settings: KeySettings) -> tuple[str, str]:
    way = f"the environment variable {settings.variable}"
    text = os.environ.get(settings.variable, "")
    if not text.strip():
        _fail(way, "it is not set; set it to the key's JSON")
    return way, text


def _from_aws(settings: KeySettings) -> tuple[str, str]:
    if not settings.secret_id:
        _fail("AWS Secrets Manager", "set bigquery_key.secret_id to the secret's name")
    way = f"AWS Secrets Manager (secret {settings.secret_id})"
    try:
        import boto3  # type: ignore[import-untyped]
        from botocore import exceptions  # type: ignore[import-untyped]
        from botocore.config import Config  # type: ignore[import-untyped]
    except ImportError:
        _fail(way, "the package boto3 is missing; install it")
    patience = Config(connect_timeout=5, read_timeout=TIMEOUT, retries={"total_max_attempts": 2})
    try:
        # A session of our own: boto3's shared one keeps the first identity that it ever found.
        session = boto3.Session(region_name=settings.region)
        client = session.client("secretsmanager", config=patience)
        answer = client.get_secret_value(SecretId=settings.secret_id)
    except exceptions.NoRegionError:
        _fail(way, "no region is known; set bigquery_key.region")
    except exceptions.ClientError as error:
        _fail(way, _AWS_ERRORS.get(error.response["Error"]["Code"], "AWS refused; look at it there"))
    except (exceptions.HTTPClientError, exceptions.ConnectionError):
        raise SourceUnavailable(f"{way} cannot be reached now; try again later.") from None
    except exceptions.BotoCoreError:
        _fail(way, "there are no usable AWS credentials; log in to AWS or give this machine a role")
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
        _fail("Google Secret Manager", "set bigquery_key.resource to projects/PROJECT/secrets/NAME")
    way = f"Google Secret Manager ({name})"
    version = name if len(parts) == 6 else f"{name}/versions/latest"
    url = f"{GOOGLE_SECRETS}/v1/{version}:access"
    answer = _google_request(_default_credentials()[0], way, "GET", url)
    if answer.status_code >= 500 or answer.status_code == 429:
        raise SourceUnavailable(f"{way} cannot answer now; try again later.")
    if answer.status_code != 200:
        _fail(way, _GOOGLE_ERRORS.get(answer.status_code, "Google refused; look at it there"))
    try:
        return way, base64.b64decode(answer.json()["payload"]["data"]).decode("utf-8", "replace")
    except (ValueError, KeyError, TypeError):
        _fail(way, "the answer holds no secret; check the secret's version")


_GOOGLE_ERRORS = {
    400: "that version is disabled or destroyed; enable it or name another",
    401: "the application-default credentials were not accepted; log in again",
    403: "the application-default credentials may not read it; give their account the role "
    "Secret Manager Secret Accessor",
    404: "there is no such secret or version; check bigquery_key.resource",
}

_READERS: dict[str, Callable[[KeySettings], tuple[str, str]]] = {
    "file": _from_file,
    "environment": _from_environment,
    "aws_secrets_manager": _from_aws,
    "google_secret_manager": _from_google,
}


def _google_request(credentials: Any, way: str, method: str, url: str, **arguments: Any) -> Any:
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
        _fail(
            way,
            "Google gives no token for it, so it is expired or revoked, or this machine's clock "
            "is wrong; check the clock, then make a new key or log in again",
        )


def _parsed(text: str, way: str) -> dict[str, str]:
    """The key in `text`, checked down to its RSA key. No message quotes the text."""
    again = "download the service account's key again as JSON"
    try:
        info = json.loads(text)
    except ValueError:
        _fail(way, f"it does not hold JSON; {again}")
    if not isinstance(info, dict):
        _fail(way, f"it does not hold a JSON object; {again}")
    kind = info.get("type")
    if kind in OTHER_KINDS:
        _fail(way, f"it holds credentials of type {kind}; use them with bigquery_key.source default")
    wrong = [name for name in FIELDS if not isinstance(info.get(name), str) or not info[name]]
    if kind != "service_account":
        wrong.insert(0, "type")
    if wrong:
        _fail(way, f"it is no service-account key (look at {', '.join(wrong)}); {again}")
    key = {name: value for name, value in info.items() if isinstance(value, str)}
    # A key that went through an environment variable often has its newlines escaped once more.
    key["private_key"] = key["private_key"].replace("\\n", "\n")
    try:
        Key(way, key["project_id"], key).google()
    except Exception:  # google-auth and cryptography raise many kinds, and some quote the key
        _fail(way, f"its private_key cannot be read; {again}")
    return key
