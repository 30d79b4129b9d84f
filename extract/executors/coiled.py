"""Run batches on a Coiled cluster, which the run makes for its first batch and closes.

No request to Coiled holds a token of a source, a key of the warehouse or a credential of this machine.
"""

from __future__ import annotations

import hashlib
import logging
import uuid
from contextlib import suppress
from typing import Any, Self

import requests

from extract.config import PROJECT, CoiledSettings, ExecutorSettings
from extract.errors import ConfigurationError, JobMarketError, SourceUnavailable
from extract.executors.dask import ALLOWED_FAILURES, DaskExecutor, one_line

LOCK = PROJECT / "requirements.lock"
THREADS_PER_WORKER = 2
"""While one waits for the network, the other redacts."""

logger = logging.getLogger(__name__)


class CoiledExecutor(DaskExecutor):
    """Entering the block checks the account, the first batch makes the cluster."""

    def __init__(self, settings: CoiledSettings) -> None:
        super().__init__(ExecutorSettings(workers=settings.n_workers * THREADS_PER_WORKER))
        self._coiled = settings

    def __enter__(self) -> Self:
        """Raises ConfigurationError or SourceUnavailable, as `check_account`."""
        check_account(self._coiled)
        return self

    def _connect(self) -> Any:
        import coiled
        from distributed import Client

        arguments = cluster_arguments(self._coiled)
        name = arguments["name"]
        logger.info("creating the Coiled cluster %s", name)
        try:
            cluster = self._resources.enter_context(coiled.Cluster(**arguments))
            return Client(cluster)  # type: ignore[no-untyped-call]
        except BaseException as error:
            with suppress(Exception):  # it can exist although its object does not
                coiled.delete_cluster(name=name, workspace=self._coiled.workspace)
            if not isinstance(error, Exception):
                raise
            raise JobMarketError(
                f"Coiled could not create the cluster {name}: {one_line(error)}. It is deleted. Nothing of "
                "this load is kept; fix it, or use --executor local, and run again."
            ) from error


def check_account(settings: CoiledSettings) -> None:
    """Check the token and the workspace, since Coiled's client would ask on the terminal for others.

    Raises ConfigurationError if they cannot be used, SourceUnavailable if Coiled does not answer.
    """
    import dask
    from coiled.utils import get_auth_header_value, normalize_server

    server, token = normalize_server(dask.config.get("coiled.server")), dask.config.get("coiled.token", None)
    memberships = []
    try:
        if token:
            header = {"Authorization": get_auth_header_value(token)}
            answer = requests.get(f"{server}/api/v2/user/me/memberships", headers=header, timeout=15)
            if answer.status_code not in (401, 403):
                answer.raise_for_status()
                memberships = answer.json()
    except requests.RequestException as error:
        raise SourceUnavailable(
            f"Coiled does not answer at {server} now ({type(error).__name__}). Nothing was fetched; try "
            "later, or use --executor local."
        ) from None
    workspaces = {membership["account"][key] for membership in memberships for key in ("slug", "name")}
    if not workspaces or (settings.workspace and settings.workspace not in workspaces):
        raise ConfigurationError(
            "--executor coiled needs a Coiled account: a token (`coiled login`, or DASK_COILED__TOKEN) and a "
            f"workspace (executor.coiled.workspace is {settings.workspace!r}). Coiled knows no such token or "
            "workspace. Nothing was fetched; --executor local and --executor dask need neither."
        )


def cluster_arguments(settings: CoiledSettings) -> dict[str, Any]:
    """The arguments of `coiled.Cluster`. Each call makes another name: two runs never share a cluster."""
    return {
        "name": f"job-market-{uuid.uuid4().hex[:8]}",
        "workspace": settings.workspace,
        "software": settings.software or environment_name(),
        "n_workers": settings.n_workers,
        "worker_options": {"nthreads": THREADS_PER_WORKER},
        "worker_memory": settings.worker_memory,
        "region": settings.region,
        "spot_policy": settings.spot_policy,
        "idle_timeout": "10 minutes",
        "wait_for_workers": 1,
        "timeout": 900,
        # Ends with this process, however that ends.
        "shutdown_on_close": True,
        "no_client_timeout": "2 minutes",
        "private_to_creator": True,
        # The defaults send Dask's configuration, Coiled's token in it, and this machine's cloud credentials.
        "send_dask_config": False,
        "credentials": None,
        "environ": {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": str(ALLOWED_FAILURES)},
        "show_widget": False,
    }


def environment_name() -> str:
    """The name of the software environment: another lock makes another name."""
    return f"job-market-{hashlib.blake2b(LOCK.read_bytes(), digest_size=4).hexdigest()}"


def worker_packages() -> list[str]:
    """The lines of the lock, with their hashes, without dbt.

    No batch needs dbt, and Coiled would install with dbt-core the parser that the lock leaves out.
    """
    lines = LOCK.read_text(encoding="utf-8").replace("\\\n", "").splitlines()
    return [line for line in lines if "==" in line and not line.startswith("dbt-")]


def create_environment(settings: CoiledSettings) -> str:
    """Have Coiled build an environment of the lock; returns its name. Raises as `check_account`."""
    import coiled

    check_account(settings)
    name = settings.software or environment_name()
    try:
        coiled.create_software_environment(
            name=name,
            workspace=settings.workspace,
            pip=worker_packages(),
            region_name=settings.region,
            include_local_code=False,
        )
    except Exception as error:
        raise JobMarketError(f"Coiled could not create the environment {name}: {one_line(error)}.") from error
    return name
