"""The settings of the engines: section `engine`, and `engine.coiled` for the cluster of its own."""

from __future__ import annotations

from typing import Literal

from dlt.common.configuration import configspec
from dlt.common.configuration.specs import BaseConfiguration
from dlt.common.typing import TSecretStrValue

from extract.config import resolved
from extract.errors import ConfigurationError
from extract.executors.engine import Engine
from extract.executors.local import Here

NAMES = ("here", "dask", "coiled")


@configspec
class EngineSettings(BaseConfiguration):
    """Section `engine`: where batches are worked on."""

    name: Literal["here", "dask", "coiled"] = "here"
    workers: int = 2
    """here: threads, or processes for many batches. dask: processes, or with an address the batches sent to
    its workers at once."""
    worker_memory: str = "1GB"
    """dask without an address: what a process may use before it is replaced."""
    dask_address: str | None = None
    """dask: the scheduler to use, such as tls://scheduler:8786; without one a cluster is made here."""

    def on_resolved(self) -> None:
        """Refuse what cannot work, naming the setting."""
        if self.workers < 1:
            raise ConfigurationError("engine.workers must be at least 1.")


@configspec
class CoiledSettings(BaseConfiguration):
    """Section `engine.coiled`: the cluster that a run makes and closes."""

    token: TSecretStrValue | None = None
    """Of Coiled; without one Coiled's own configuration (`coiled login`, DASK_COILED__TOKEN) is used."""
    workspace: str | None = None
    name: str = "job-market"
    """What the cluster's name begins with; a run adds its own ending."""
    n_workers: int = 4
    threads_per_worker: int = 2
    """While one waits for the network, the other redacts."""
    worker_memory: str | None = "8 GiB"
    worker_vm_types: list[str] | None = None
    """Takes the place of worker_memory (Coiled looks for types with 4 GiB a processor)."""
    scheduler_vm_types: list[str] | None = None
    region: str | None = None
    spot_policy: Literal["on-demand", "spot", "spot_with_fallback"] = "spot_with_fallback"
    idle_timeout: str = "10 minutes"
    software: str | None = None
    """The software environment; without one, the one that `coiled-environment` makes of requirements.lock."""

    def on_resolved(self) -> None:
        """Refuse what cannot work, naming the setting."""
        for name in ("n_workers", "threads_per_worker"):
            if getattr(self, name) < 1:
                raise ConfigurationError(f"engine.coiled.{name} must be at least 1.")


def engine_settings() -> EngineSettings:
    """The settings of section `engine`. Raises ConfigurationError."""
    return resolved(EngineSettings(), "engine")


def coiled_settings() -> CoiledSettings:
    """The settings of section `engine.coiled`. Raises ConfigurationError."""
    return resolved(CoiledSettings(), "engine", "coiled")


def configured_engine(settings: EngineSettings, name: str | None = None) -> Engine:
    """The engine of that name, or the configured one; it opens nothing yet."""
    name = name or settings.name
    if name == "dask":
        from extract.executors.dask import DaskEngine

        return DaskEngine(settings)
    if name == "coiled":
        from extract.executors.coiled import CoiledEngine

        return CoiledEngine(coiled_settings())
    return Here(settings.workers)
