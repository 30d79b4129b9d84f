"""BigQuery's credentials: found in one of five ways, checked, and given to whoever needs them.

Flow: [bigquery_key] in dlt's configuration -> `resolve` -> Key -> dlt, dbt, workers, key files.
Nothing is read before `resolve` is called, and no message, repr or pickle shows a part of a key.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from extract.warehouses.key_stores import (
    DEFAULT,
    READERS,
    SCOPES,
    CredentialsError,
    KeySettings,
    default_credentials,
    fail,
    google_request,
)

__all__ = ["CredentialsError", "Key", "KeySettings", "resolve", "verify"]

BIGQUERY = "https://bigquery.googleapis.com"
FIELDS = ("project_id", "private_key_id", "private_key", "client_email", "token_uri")
OTHER_KINDS = ("authorized_user", "external_account", "impersonated_service_account")


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
            return default_credentials()[0]
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

    def dlt_storage(self) -> Any:
        """dlt's credentials for a bucket. Those of `dlt` give gcsfs nothing: it would look for others."""
        if self.info is None:
            return self.dlt()
        from dlt.common.configuration.specs import GcpServiceAccountCredentials

        credentials = GcpServiceAccountCredentials()
        credentials.parse_native_representation(json.dumps({**self.info, "project_id": self.project}))
        credentials.resolve()
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
            fail(self.way, "they are no key for a file; set bigquery_key.source to another way")
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
        project = settings.project or default_credentials()[1]
        if not project:
            fail(DEFAULT, "they name no project; set bigquery_key.project")
        return Key(DEFAULT, project, None)
    way, text = READERS[settings.source](settings)
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
    status = google_request(key.google(), key.way, "POST", url, json=query).status_code
    if status in (401, 403):
        fail(
            key.way,
            f"it may not run queries in project {key.project}; give its account the roles "
            "BigQuery Job User and BigQuery Data Editor there",
        )
    if status != 200:
        fail(
            key.way,
            f"BigQuery refused a test query in project {key.project} (HTTP {status}); check "
            "bigquery_key.project, and that the BigQuery API is enabled there",
        )


def _parsed(text: str, way: str) -> dict[str, str]:
    """The key in `text`, checked down to its RSA key. No message quotes the text."""
    again = "download the service account's key again as JSON"
    try:
        info = json.loads(text)
    except ValueError:
        fail(way, f"it does not hold JSON; {again}")
    if not isinstance(info, dict):
        fail(way, f"it does not hold a JSON object; {again}")
    kind = info.get("type")
    if kind in OTHER_KINDS:
        fail(way, f"it holds credentials of type {kind}; use them with bigquery_key.source default")
    wrong = [name for name in FIELDS if not isinstance(info.get(name), str) or not info[name]]
    if kind != "service_account":
        wrong.insert(0, "type")
    if wrong:
        fail(way, f"it is no service-account key (look at {', '.join(wrong)}); {again}")
    key = {name: value for name, value in info.items() if isinstance(value, str)}
    # A key that went through an environment variable often has its newlines escaped once more.
    key["private_key"] = key["private_key"].replace("\\n", "\n")
    try:
        Key(way, key["project_id"], key).google()
    except Exception:  # google-auth and cryptography raise many kinds, and some quote the key
        fail(way, f"its private_key cannot be read; {again}")
    return key
