"""Every setting of the project, typed, resolved by dlt.

Sources, strongest first: environment (`SOURCES__NAV_FEED__TOKEN`), `.dlt/secrets.toml`, `.dlt/config.toml`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, TypeVar, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from dlt.common.configuration import configspec, resolve_configuration
from dlt.common.configuration import exceptions as dlt_errors
from dlt.common.configuration.specs import BaseConfiguration
from dlt.common.typing import TSecretStrValue

from extract.errors import ConfigurationError
from extract.setting_names import refuse_unknown_settings

PROJECT = Path(__file__).resolve().parent.parent
OSLO = ZoneInfo("Europe/Oslo")
"""The time zone of every date."""

SpecT = TypeVar("SpecT", bound=BaseConfiguration)


@configspec
class HttpSettings(BaseConfiguration):
    """How long answers are waited for. Times are in seconds."""

    connect_timeout: float = 10
    read_timeout: float = 60
    attempts: int = 5
    """How often a request is sent before the source counts as unavailable."""
    max_backoff: float = 60
    """The longest pause between two attempts; a longer Retry-After ends the run."""


@configspec
class FeedSettings(HttpSettings):
    """How the feed is read."""

    base_url: str = "https://pam-stilling-feed.nav.no"
    token: TSecretStrValue | None = None
    """A private token; without one the public token is asked for."""
    concurrency: int = 16
    """Connections; fewer while the feed answers 429 or 503."""
    since_days: int = 180
    reread_days: int = 7
    """Each open ad's detail is read again once in this number of days."""
    pages_per_load: int = 50
    details_per_load: int = 12_000


@configspec
class ArchiveSettings(BaseConfiguration):
    """Where the archive in MongoDB is, and how much of it is read at once."""

    uri: TSecretStrValue | None = None
    """mongodb:// or mongodb+srv://, with a user who may read."""
    database: str = "nav"
    collection: str = "ads"
    batch_size: int = 500
    """Documents in one answer of the server."""
    documents_per_load: int = 10_000
    timeout: float = 30
    """Seconds to find a server, and for one answer of it."""


@configspec
class RegisterSettings(HttpSettings):
    """How the business register is read."""

    base_url: str = "https://data.brreg.no/enhetsregisteret"
    reload_days: int = 30
    """The bulk files are downloaded again after this number of days; updates are read in between."""
    updates_per_load: int = 2000
    concurrency: int = 8


@configspec
class WarehouseSettings(BaseConfiguration):
    """Where the tables are kept."""

    target: Literal["duckdb", "bigquery"] = "duckdb"
    duckdb_path: str = "data/job_market.duckdb"
    duckdb_memory: str = "400MB"
    bigquery_location: str = "EU"
    staging_bucket: str | None = None
    """bigquery: load through files in this bucket (gs://...), for a large first run."""
    raw_dataset: str = "nav_raw"
    keep_text_days: int = 365
    """After an ad closed; its text is removed at the turn of the month after that."""
    dataset: str = "nav"
    """The prefix of dbt's datasets: nav_staging, nav_marts ..."""
    pipelines_dir: str = "data/dlt"


@configspec
class NotifySettings(BaseConfiguration):
    """Where failure and recovery are posted."""

    url: TSecretStrValue | None = None
    """A webhook that takes Slack's JSON. The address is a secret: who has it can post."""


@configspec
class PublishSettings(BaseConfiguration):
    """Where the page is written, and when its data counts as old."""

    site_dir: str = "site"
    stale_after_hours: float = 36


@configspec
class ExecutorSettings(BaseConfiguration):
    """Where batches run."""

    name: Literal["local", "dask", "coiled"] = "local"
    workers: int = 2
    """Processes here, also of a local Dask cluster; batches at once with dask_address. Coiled ignores it."""
    worker_memory: str = "1GB"
    """dask on this machine: what a process may use before it is replaced."""
    dask_address: str | None = None
    """dask: the scheduler, such as tls://scheduler:8786; without one the run makes a cluster here."""


@configspec
class CoiledSettings(BaseConfiguration):
    """The cluster that a run makes and closes. The token is Coiled's own setting."""

    workspace: str | None = None
    n_workers: int = 4
    worker_memory: str = "8 GiB"
    region: str | None = None
    spot_policy: Literal["on-demand", "spot", "spot_with_fallback"] = "spot_with_fallback"
    software: str | None = None
    """The software environment; without one, that which `coiled-environment` makes of requirements.lock."""


@configspec
class KeySettings(BaseConfiguration):
    """Where BigQuery's key is."""

    source: Literal["default", "file", "environment", "aws_secrets_manager", "google_secret_manager"] = (
        "default"
    )
    project: str | None = None
    """The project to use; without it the key's own."""
    path: str | None = None
    """file: the JSON file."""
    variable: str = "JOB_MARKET_BIGQUERY_KEY"
    """environment: the variable that holds the JSON."""
    secret_id: str | None = None
    """aws_secrets_manager: name or ARN of the secret."""
    region: str | None = None
    """aws_secrets_manager: its region; without it AWS's own configuration decides."""
    resource: str | None = None
    """google_secret_manager: projects/P/secrets/S, or .../versions/V."""


SECTIONS: dict[str, type[BaseConfiguration]] = {
    "warehouse": WarehouseSettings,
    "sources.nav_feed": FeedSettings,
    "sources.mongo_archive": ArchiveSettings,
    "sources.register": RegisterSettings,
    "bigquery_key": KeySettings,
    "executor": ExecutorSettings,
    "executor.coiled": CoiledSettings,
    "notify": NotifySettings,
    "publish": PublishSettings,
}
"""The section of each class. Any other name in these sections is refused."""
BOUNDS: dict[str, tuple[int, int | None]] = {
    "pages_per_load": (5, None),  # a load reads the lookback again before it comes to new pages
    "reload_days": (0, None),
    "updates_per_load": (1, 10_000),
    "keep_text_days": (1, 36_500),
}
"""Least and greatest value; any other whole number must be at least 1, any other number at least 0."""


def configured(spec: type[SpecT], **explicit: str | None) -> SpecT:
    """The settings of a class of SECTIONS; an explicit value that is not None wins over all sources.

    Raises ConfigurationError that names the setting, its value and what it must be.
    """
    [name] = [name for name, known in SECTIONS.items() if known is spec]
    return resolved(spec(), *name.split("."), **explicit)


def resolved(spec: SpecT, *section: str, **explicit: str | None) -> SpecT:
    """As `configured`, for a section that is not in SECTIONS."""
    known = {name: set(one.get_resolvable_fields()) for name, one in SECTIONS.items()}
    refuse_unknown_settings(PROJECT, known)
    name = ".".join(section)
    # dlt drops the outer sections of a name one by one, but not this one: without it, PATH or TOKEN of the
    # environment would count as a setting.
    spec.__section__ = section[-1]  # type: ignore[misc]
    given = {key: value for key, value in explicit.items() if value is not None}
    try:
        settings = resolve_configuration(spec, sections=section[:-1], explicit_value=given or None)
    except dlt_errors.ConfigValueCannotBeCoercedException as error:
        given_is = f"{name}.{error.field_name} is {error.field_value!r}"
        raise ConfigurationError(f"{given_is}: it must be {_expected(error.hint)}.") from None
    except dlt_errors.ConfigurationException as error:
        fields = ", ".join(getattr(error, "fields", ())) or "a value"
        raise ConfigurationError(f"Section [{name}] of the settings lacks {fields}.") from None
    for key in settings.get_resolvable_fields():
        _check(f"{name}.{key}", getattr(settings, key))
    return settings


def check_webhook(setting: str, url: str) -> None:
    """Raise ConfigurationError unless the address can be posted to. It is a secret and is not shown."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigurationError(f"{setting} must be an http(s) address.")


def _check(setting: str, value: Any) -> None:
    key = setting.rpartition(".")[2]
    if key == "base_url" and value is not None:
        parts = urlsplit(value)
        if "@" in parts.netloc:
            raise ConfigurationError(f"{setting} must not hold a user or a password.")
        if parts.scheme not in ("http", "https") or not parts.hostname or not value.isascii():
            raise ConfigurationError(f"{setting} is {value!r}: it must be an http(s) address.")
    elif setting == "notify.url" and value:
        check_webhook(setting, value)
    elif key == "token" and value and not (value.isascii() and value.isprintable() and " " not in value):
        # It becomes a part of a header.
        raise ConfigurationError(
            f"{setting} holds a space, a line break or a letter that no token has. Copy it again."
        )
    elif isinstance(value, int | float) and not isinstance(value, bool):
        least, greatest = BOUNDS.get(key, (1 if isinstance(value, int) else 0, None))
        if value < least:
            raise ConfigurationError(f"{setting} is {value}: it must be at least {least}.")
        if greatest is not None and value > greatest:
            raise ConfigurationError(f"{setting} is {value}: it must be at most {greatest}.")


def _expected(hint: Any) -> str:
    if options := [text for text in get_args(hint) if isinstance(text, str)]:
        return " or ".join(options)
    names = {int: "a whole number", float: "a number", bool: "true or false"}
    return names.get(hint, "of another type (see docs/reference/settings.md)")
