"""The settings of the extract-load layer, resolved the way dlt resolves its own.

Sources, strongest first: environment (`SOURCES__NAV_FEED__TOKEN`), `.dlt/secrets.toml`, `.dlt/config.toml`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeVar
from urllib.parse import urlsplit

from dlt.common.configuration import configspec, resolve_configuration
from dlt.common.configuration.exceptions import ConfigurationException
from dlt.common.configuration.providers.toml import TomlProviderReadException
from dlt.common.configuration.specs import BaseConfiguration
from dlt.common.typing import TSecretStrValue

from extract.errors import ConfigurationError

PROJECT = Path(__file__).resolve().parent.parent

SpecT = TypeVar("SpecT", bound=BaseConfiguration)


@configspec
class FeedSettings(BaseConfiguration):
    """How the feed is read. Times are in seconds."""

    base_url: str = "https://pam-stilling-feed.nav.no"
    token: TSecretStrValue | None = None
    """A private token; without one the public token is asked for."""
    concurrency: int = 8
    since_days: int = 180
    pages_per_load: int = 50
    details_per_load: int = 12_000
    connect_timeout: float = 10
    read_timeout: float = 60
    attempts: int = 5
    """How often a request is tried before the feed counts as unavailable."""
    longest_wait: float = 60
    """The longest pause between two tries; a longer Retry-After means: not now."""

    def on_resolved(self) -> None:
        """Refuse what cannot work, naming the setting."""
        _need_an_address("sources.nav_feed.base_url", self.base_url)
        if self.token and not (self.token.isascii() and self.token.isprintable() and " " not in self.token):
            # It becomes a part of a header, as it is.
            raise ConfigurationError(
                "sources.nav_feed.token holds a space, a line break or a letter that no token has. "
                "Copy it again."
            )
        _need_one_or_more(
            self, "sources.nav_feed", "concurrency", "since_days", "details_per_load", "attempts"
        )
        if self.pages_per_load < 5:
            # A load reads the last pages again before it comes to new ones.
            raise ConfigurationError("sources.nav_feed.pages_per_load must be at least 5.")


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

    def on_resolved(self) -> None:
        """Refuse what cannot work, naming the setting."""
        _need_one_or_more(self, "sources.mongo_archive", "batch_size", "documents_per_load")


@configspec
class RegisterSettings(BaseConfiguration):
    """How the business register is read. Times are in seconds."""

    base_url: str = "https://data.brreg.no/enhetsregisteret"
    reload_days: int = 30
    """After so many days all of it is downloaded again; what changes in between comes as updates."""
    updates_per_load: int = 2000
    concurrency: int = 8
    connect_timeout: float = 10
    read_timeout: float = 60
    attempts: int = 5
    longest_wait: float = 60

    def on_resolved(self) -> None:
        """Refuse what cannot work, naming the setting."""
        _need_an_address("sources.register.base_url", self.base_url)
        if not 1 <= self.updates_per_load <= 10_000:
            raise ConfigurationError("sources.register.updates_per_load must be 1 to 10000.")
        _need_one_or_more(self, "sources.register", "concurrency", "attempts")


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
    """After an ad closed; at the turn of the month after that its text is removed."""
    dataset: str = "nav"
    """What the names of dbt's datasets begin with: nav_staging, nav_marts ..."""
    pipelines_dir: str = "data/dlt"

    def on_resolved(self) -> None:
        """Refuse what cannot work, naming the setting."""
        if not 1 <= self.keep_text_days <= 36_500:
            raise ConfigurationError("warehouse.keep_text_days must be 1 to 36500.")


@configspec
class ExecutorSettings(BaseConfiguration):
    """Section `executor`: where batches run."""

    name: Literal["local", "dask", "coiled"] = "local"
    workers: int = 2
    """Processes of this machine; with dask_address, the batches that are sent to its workers at once."""
    worker_memory: str = "1GB"
    """dask on this machine: what a process may use before it is replaced."""
    dask_address: str | None = None
    """dask: the scheduler, such as tls://scheduler:8786; without one the run makes a cluster here."""

    def on_resolved(self) -> None:
        """Refuse what cannot work, naming the setting."""
        _need_one_or_more(self, "executor", "workers")


@configspec
class CoiledSettings(BaseConfiguration):
    """Section `executor.coiled`: the cluster that a run makes. The token is Coiled's own setting."""

    workspace: str | None = None
    n_workers: int = 4
    worker_memory: str = "8 GiB"
    region: str | None = None
    spot_policy: Literal["on-demand", "spot", "spot_with_fallback"] = "spot_with_fallback"
    software: str | None = None
    """The software environment; without one, that which `coiled-environment` makes of requirements.lock."""

    def on_resolved(self) -> None:
        """Refuse what cannot work, naming the setting."""
        _need_one_or_more(self, "executor.coiled", "n_workers")


def feed_settings() -> FeedSettings:
    """The settings of section `sources.nav_feed`. Raises ConfigurationError."""
    return resolved(FeedSettings(), "sources", "nav_feed")


def archive_settings() -> ArchiveSettings:
    """The settings of section `sources.mongo_archive`. Raises ConfigurationError."""
    return resolved(ArchiveSettings(), "sources", "mongo_archive")


def register_settings() -> RegisterSettings:
    """The settings of section `sources.register`. Raises ConfigurationError."""
    return resolved(RegisterSettings(), "sources", "register")


def warehouse_settings() -> WarehouseSettings:
    """The settings of section `warehouse`. Raises ConfigurationError."""
    return resolved(WarehouseSettings(), "warehouse")


def executor_settings() -> ExecutorSettings:
    """The settings of section `executor`. Raises ConfigurationError."""
    return resolved(ExecutorSettings(), "executor")


def coiled_settings() -> CoiledSettings:
    """The settings of section `executor.coiled`. Raises ConfigurationError."""
    return resolved(CoiledSettings(), "executor", "coiled")


def _need_an_address(setting: str, url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or not url.isascii():
        raise ConfigurationError(f"{setting} is {url!r}: it must be an http(s) address.")


def _need_one_or_more(settings: BaseConfiguration, section: str, *names: str) -> None:
    for name in names:
        if getattr(settings, name) < 1:
            raise ConfigurationError(f"{section}.{name} must be at least 1.")


def resolved(spec: SpecT, *section: str) -> SpecT:
    """The spec with the values of its section. Raises ConfigurationError that names what is wrong."""
    name = ".".join(section)
    # dlt drops the outer sections of a name one by one, but not this one: without it, PATH or TOKEN of the
    # environment would count as a setting.
    spec.__section__ = section[-1]  # type: ignore[misc]
    try:
        return resolve_configuration(spec, sections=section[:-1])
    except TomlProviderReadException as error:
        raise ConfigurationError(
            f".dlt/{error.file_name} is not valid TOML: {error.__context__ or error!s}. Mend it, run again."
        ) from None
    except ConfigurationException as error:
        raise ConfigurationError(
            f"A setting of [{name}] cannot be used: {' '.join(str(error).split())}. Look at "
            f".dlt/config.toml, and at {name.upper().replace('.', '__')}__* in the environment."
        ) from None
