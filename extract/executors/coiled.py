"""Coiled as an engine: a cluster in the cloud that the run makes for its first batch and always closes.

What is sent to Coiled is in `cluster_arguments` and `environment_arguments`: no token of the feed, no key of
the warehouse, nothing of this machine's Dask configuration or cloud credentials.
"""

from __future__ import annotations

import hashlib
import logging
import uuid
from contextlib import ExitStack, suppress
from typing import Any, Self

import requests

from extract.config import PROJECT
from extract.errors import ConfigurationError, JobMarketError, SourceUnavailable
from extract.executors.dask import DEATHS_ALLOWED, DaskEngine, one_line
from extract.executors.settings import CoiledSettings, EngineSettings

LOCK = PROJECT / "requirements.lock"
TIMEOUT = 15
"""Seconds for one request to Coiled before anything is read."""
WORKER_SECONDS = 900
"""For the first worker to come."""
NO_ACCOUNT = (
    "--engine coiled needs a Coiled account: run `coiled login`, or set DASK_COILED__TOKEN. Nothing was "
    "fetched; --engine here and --engine dask need none."
)

logger = logging.getLogger(__name__)


class CoiledEngine(DaskEngine):
    """Entering asks Coiled whether the token is good; the cluster is made for the first batch."""

    def __init__(self, settings: CoiledSettings) -> None:
        super().__init__(EngineSettings(workers=settings.n_workers * settings.threads_per_worker))
        self._coiled = settings

    def __enter__(self) -> Self:
        check_account(self._coiled)
        return self

    def connect(self, stack: ExitStack) -> Any:
        """Make the cluster, wait for its first worker, ship the code."""
        import coiled
        import dask
        from distributed import Client

        stack.enter_context(dask.config.set({"coiled.token": _token(self._coiled)}))
        arguments = cluster_arguments(self._coiled)
        name = arguments["name"]
        logger.info("making the Coiled cluster %s", name)
        try:
            try:
                cluster = stack.enter_context(coiled.Cluster(**arguments))
            except BaseException:
                # It can exist although its object does not: stopped while it waited, or refused half-way.
                with suppress(Exception):
                    coiled.delete_cluster(name=name, workspace=self._coiled.workspace)
                raise
            client = stack.enter_context(Client(cluster, set_as_default=False))  # type: ignore[no-untyped-call]
            self.ship_code(client)
            client.wait_for_workers(1, timeout=WORKER_SECONDS)
        except Exception as error:
            raise JobMarketError(
                f"Coiled could not make the cluster {name}: {one_line(error)}. It is closed and nothing of "
                "this load is kept; mend it, or use --engine here, and run again."
            ) from error
        return client


def check_account(settings: CoiledSettings) -> None:
    """Ask Coiled about the token, which costs nothing.

    Raises ConfigurationError without a good token or a workspace to use, SourceUnavailable if Coiled does
    not answer. (Coiled's client would open a browser, or ask on the terminal, which no schedule can answer.)
    """
    token = _token(settings)
    if not token:
        raise ConfigurationError(NO_ACCOUNT)
    if (user := _asked("/api/v2/user/me", token)) is None:
        raise ConfigurationError(
            "Coiled refuses the token: run `coiled login` again, or correct DASK_COILED__TOKEN or "
            "engine.coiled.token. Nothing was fetched."
        )
    memberships = _asked("/api/v2/user/me/memberships", token) or []
    accounts = [membership.get("account") or {} for membership in memberships]
    names = {account.get(key) for account in accounts for key in ("slug", "name")}
    if not accounts:
        raise ConfigurationError(
            f"The Coiled user {user.get('username')} has no workspace; make one on Coiled's site. Nothing "
            "was fetched."
        )
    if settings.workspace and settings.workspace not in names:
        raise ConfigurationError(
            f"The Coiled user {user.get('username')} is no member of the workspace {settings.workspace!r}; "
            "correct engine.coiled.workspace. Nothing was fetched."
        )


def cluster_arguments(settings: CoiledSettings) -> dict[str, Any]:
    """What `coiled.Cluster` is given. Each call makes another name: two runs never share a cluster."""
    by_type = settings.worker_vm_types is not None
    return {
        "name": f"{settings.name}-{uuid.uuid4().hex[:8]}",
        "workspace": settings.workspace,
        "software": settings.software or environment_name(settings),
        "n_workers": settings.n_workers,
        "worker_options": {"nthreads": settings.threads_per_worker},
        "worker_memory": None if by_type else settings.worker_memory,
        "worker_vm_types": settings.worker_vm_types,
        "scheduler_vm_types": settings.scheduler_vm_types,
        "region": settings.region,
        "spot_policy": settings.spot_policy,
        "idle_timeout": settings.idle_timeout,
        # Ends with this process, however that ends.
        "shutdown_on_close": True,
        "no_client_timeout": "2 minutes",
        "private_to_creator": True,
        "wait_for_workers": False,
        "tags": {"project": "job-market"},
        # The default sends all of Dask's configuration, Coiled's own token among it.
        "send_dask_config": False,
        "environ": {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": str(DEATHS_ALLOWED)},
        # The default hands this machine's AWS and Google credentials on; no batch needs them.
        "credentials": None,
        "show_widget": False,
    }


def environment_name(settings: CoiledSettings) -> str:
    """The software environment of this very lock: another lock makes another name."""
    return f"{settings.name}-{hashlib.blake2b(LOCK.read_bytes(), digest_size=4).hexdigest()}"


def environment_arguments(settings: CoiledSettings) -> dict[str, Any]:
    """What `coiled.create_software_environment` is given: packages, no code of the project, no secret."""
    return {
        "name": settings.software or environment_name(settings),
        "workspace": settings.workspace,
        "pip": worker_packages(),
        "region_name": settings.region,
        "include_local_code": False,
    }


def worker_packages() -> list[str]:
    """The lines of the lock, with their hashes, without dbt.

    No batch needs dbt, and Coiled would install with dbt-core the parser that the lock leaves out.
    """
    lines = LOCK.read_text(encoding="utf-8").replace("\\\n", "").splitlines()
    return [line for line in lines if "==" in line and not line.startswith("dbt-")]


def create_environment(settings: CoiledSettings) -> str:
    """Have Coiled build the environment; returns its name. Errors are those of `check_account`."""
    check_account(settings)
    import coiled
    import dask

    arguments = environment_arguments(settings)
    with dask.config.set({"coiled.token": _token(settings)}):
        try:
            coiled.create_software_environment(**arguments)
        except Exception as error:
            raise JobMarketError(
                f"Coiled could not make the environment {arguments['name']}: {one_line(error)}."
            ) from error
    return str(arguments["name"])


def _token(settings: CoiledSettings) -> str | None:
    import coiled  # noqa: F401  (its import adds Coiled's section to Dask's configuration)
    import dask

    return settings.token or dask.config.get("coiled.token", None)


def _asked(path: str, token: str) -> Any:
    """Coiled's answer, None if it refuses the token."""
    import dask
    from coiled.utils import get_auth_header_value, normalize_server

    server = normalize_server(dask.config.get("coiled.server"))
    try:
        answer = requests.get(
            f"{server}{path}", headers={"Authorization": get_auth_header_value(token)}, timeout=TIMEOUT
        )
        if answer.status_code in (401, 403):
            return None
        answer.raise_for_status()
        return answer.json()
    except requests.RequestException as error:
        raise SourceUnavailable(
            f"Coiled does not answer at {server} now ({type(error).__name__}). Nothing was fetched; "
            "try later, or use --engine here."
        ) from None
