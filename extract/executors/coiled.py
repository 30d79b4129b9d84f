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
from extract.executors.shipping import project_code

LOCK = PROJECT / "requirements.lock"
REQUEST_TIMEOUT = 15
FIRST_WORKER_TIMEOUT = 900
THREADS_PER_WORKER = 2
"""While one waits for the network, the other redacts."""

logger = logging.getLogger(__name__)


class CoiledExecutor(DaskExecutor):
    """Entering the block checks the account."""

    def __init__(self, settings: CoiledSettings) -> None:
        super().__init__(ExecutorSettings(workers=settings.n_workers * THREADS_PER_WORKER))
        self._coiled = settings

    def __enter__(self) -> Self:
        """Raises ConfigurationError or SourceUnavailable, as `check_account`."""
        check_account(self._coiled)
        return self

    def _connect(self) -> Any:
        import coiled
        import dask
        from distributed import Client

        self._resources.enter_context(dask.config.set({"coiled.token": _token(self._coiled)}))
        arguments = cluster_arguments(self._coiled)
        name = arguments["name"]
        logger.info("creating the Coiled cluster %s", name)
        try:
            try:
                cluster = self._resources.enter_context(coiled.Cluster(**arguments))
            except BaseException:  # it can exist although its object does not
                with suppress(Exception):
                    coiled.delete_cluster(name=name, workspace=self._coiled.workspace)
                raise
            client = self._resources.enter_context(Client(cluster, set_as_default=False))  # type: ignore[no-untyped-call]
            client.register_plugin(project_code())
            client.wait_for_workers(1, timeout=FIRST_WORKER_TIMEOUT)
        except Exception as error:
            raise JobMarketError(
                f"Coiled could not create the cluster {name}: {one_line(error)}. It is closed and nothing of "
                "this load is kept; fix it, or use --executor local, and run again."
            ) from error
        return client


def check_account(settings: CoiledSettings) -> None:
    """Ask Coiled about the token, for Coiled's client would ask on the terminal.

    Raises ConfigurationError without a good token or a workspace, SourceUnavailable if Coiled does not answer.
    """
    import dask
    from coiled.utils import get_auth_header_value, normalize_server

    if not (token := _token(settings)):
        raise ConfigurationError(
            "--executor coiled needs a Coiled account: run `coiled login`, or set DASK_COILED__TOKEN. Nothing "
            "was fetched; --executor local and --executor dask need none."
        )
    server = normalize_server(dask.config.get("coiled.server"))
    try:
        answer = requests.get(
            f"{server}/api/v2/user/me/memberships",
            headers={"Authorization": get_auth_header_value(token)},
            timeout=REQUEST_TIMEOUT,
        )
        if answer.status_code in (401, 403):
            raise ConfigurationError(
                "Coiled refuses the token: run `coiled login` again, or correct DASK_COILED__TOKEN or "
                "executor.coiled.token. Nothing was fetched."
            )
        answer.raise_for_status()
        accounts = [membership["account"] for membership in answer.json()]
    except requests.RequestException as error:
        raise SourceUnavailable(
            f"Coiled does not answer at {server} now ({type(error).__name__}). Nothing was fetched; try "
            "later, or use --executor local."
        ) from None
    names = {account.get(key) for account in accounts for key in ("slug", "name")}
    if not names or (settings.workspace and settings.workspace not in names):
        raise ConfigurationError(
            f"The Coiled user has no workspace {settings.workspace or ''!r}; correct "
            "executor.coiled.workspace, or make one on Coiled's site. Nothing was fetched."
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
        # Ends with this process, however that ends.
        "shutdown_on_close": True,
        "no_client_timeout": "2 minutes",
        "private_to_creator": True,
        "wait_for_workers": False,
        # The defaults send Dask's configuration, Coiled's token in it, and this machine's cloud credentials.
        "send_dask_config": False,
        "credentials": None,
        "environ": {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": str(ALLOWED_FAILURES)},
        "show_widget": False,
    }


def environment_name() -> str:
    """The name of the software environment: another lock makes another name."""
    return f"job-market-{hashlib.blake2b(LOCK.read_bytes(), digest_size=4).hexdigest()}"


def environment_arguments(settings: CoiledSettings) -> dict[str, Any]:
    """The arguments of `coiled.create_software_environment`: the lock, no code, no secret."""
    return {
        "name": settings.software or environment_name(),
        "workspace": settings.workspace,
        "pip": LOCK,
        "region_name": settings.region,
        "include_local_code": False,
    }


def create_environment(settings: CoiledSettings) -> str:
    """Have Coiled build the environment; returns its name. Raises as `check_account`, and JobMarketError."""
    check_account(settings)
    import coiled
    import dask

    arguments = environment_arguments(settings)
    with dask.config.set({"coiled.token": _token(settings)}):
        try:
            coiled.create_software_environment(**arguments)
        except Exception as error:
            raise JobMarketError(
                f"Coiled could not create the environment {arguments['name']}: {one_line(error)}."
            ) from error
    return str(arguments["name"])


def _token(settings: CoiledSettings) -> str | None:
    import coiled  # noqa: F401  (its import adds Coiled's section to Dask's configuration)
    import dask

    return settings.token or dask.config.get("coiled.token", None)
