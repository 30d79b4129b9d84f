"""Coiled without an account: the requests, what they must not hold, and every failure."""

from __future__ import annotations

import inspect
import platform
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import coiled
import dask.config
import pytest
from distributed import Status

from demo.server import Served
from extract.config import CoiledSettings
from extract.errors import ConfigurationError, JobMarketError, SourceUnavailable
from extract.executors.coiled import (
    LOCK,
    CoiledExecutor,
    cluster_arguments,
    create_environment,
    environment_name,
)
from tests.command import Command
from tests.executors import functions
from tests.executors.coiled_server import MACHINE, NO_QUOTA, TOKEN, WORKSPACE, CoiledServer, coiled_server
from tests.job import Job
from tests.test_command_line import one_sentence

SETTINGS: dict[str, Any] = {
    "workspace": WORKSPACE,
    "n_workers": 3,
    "worker_memory": "8 GiB",
    "region": "eu-north-1",
    "spot_policy": "spot",
    "software": "jobs-lock",
}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[CoiledServer]:
    """The mock of Coiled, and no Coiled configuration but its address."""
    monkeypatch.setenv("HOME", str(tmp_path))
    with coiled_server() as server, dask.config.set({"coiled.server": server.url, "coiled.token": TOKEN}):
        yield server


def test_all_arguments_are_arguments_of_the_installed_client() -> None:
    for settings in (CoiledSettings(), CoiledSettings(**SETTINGS)):
        inspect.signature(coiled.Cluster).bind(**cluster_arguments(settings))
    signature = inspect.signature(coiled.delete_cluster)
    signature.bind(name="n", workspace="w")


def test_two_runs_never_share_a_cluster_and_a_lock_has_an_environment_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = cluster_arguments(CoiledSettings()), cluster_arguments(CoiledSettings())
    assert first["name"] != second["name"]
    assert first["software"] == second["software"] == environment_name()
    changed = tmp_path / "requirements.lock"
    changed.write_bytes(LOCK.read_bytes() + b"\n")
    monkeypatch.setattr("extract.executors.coiled.LOCK", changed)
    assert cluster_arguments(CoiledSettings())["software"] != first["software"]


def test_without_a_token_nothing_is_fetched_and_one_sentence_says_so(feed: Served, tmp_path: Path) -> None:
    code, printed = Command(tmp_path, feed.url)("extract", "--executor", "coiled")
    assert code == 2, printed
    assert "needs a Coiled account" in one_sentence(printed)
    assert not feed.stats()["requests"]


def test_a_token_that_coiled_refuses_is_reported_before_anything_is_read(server: CoiledServer) -> None:
    with (
        dask.config.set({"coiled.token": "coiled-wrong"}),
        pytest.raises(ConfigurationError, match="no such token") as refusal,
        CoiledExecutor(CoiledSettings()),
    ):
        raise AssertionError("it was entered")
    assert "coiled-wrong" not in str(refusal.value)


@pytest.mark.parametrize("memberships, workspace", [([], None), (None, "another")])
def test_a_user_without_the_workspace_is_refused_before_anything_is_read(
    server: CoiledServer, memberships: list[Any] | None, workspace: str | None
) -> None:
    if memberships is not None:
        server.memberships = memberships
    executor = CoiledExecutor(CoiledSettings(workspace=workspace))
    with pytest.raises(ConfigurationError, match="workspace"), executor:
        raise AssertionError("it was entered")


def test_coiled_not_answering_is_a_reason_to_try_later() -> None:
    with dask.config.set({"coiled.server": "http://127.0.0.1:9", "coiled.token": TOKEN}):
        executor = CoiledExecutor(CoiledSettings())
        with pytest.raises(SourceUnavailable, match="does not answer"), executor:
            raise AssertionError("it was entered")


def test_the_request_for_a_cluster_holds_the_settings_and_no_secret(
    server: CoiledServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "aws-hush")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "aws-hush")
    monkeypatch.setenv("SOURCES__NAV_FEED__TOKEN", "nav-hush")
    with dask.config.set({"own.secret": "dask-hush"}), CoiledExecutor(CoiledSettings(**SETTINGS)) as executor:
        with pytest.raises(JobMarketError, match=NO_QUOTA):
            list(executor.map_batches(functions.double, [[1]]))
        body = server.body_of("POST", f"/clusters/account/{WORKSPACE}")
    assert body["name"].startswith("job-market-")
    assert (body["workers"], body["worker_options"]) == (3, {"nthreads": 2})
    assert (body["env_name"], body["worker_instance_types"]) == ("jobs-lock", [MACHINE["name"]])
    assert body["scheduler_options"] == {"idle_timeout": "10 minutes"}
    assert body["private_to_creator"] is True
    assert body["dask_config"] == {}
    options = {"region_name": "eu-north-1", "spot": True, "spot_on_demand_fallback": False}
    assert options.items() <= body["options"].items()
    assert "hush" not in str([body for _, _, body in server.requests])


def test_the_environment_is_the_lock_with_every_version_and_nothing_else(server: CoiledServer) -> None:
    name = create_environment(CoiledSettings(**SETTINGS))
    body = server.body_of("POST", f"/software-environment/account/{WORKSPACE}")
    assert (body["name"], name) == ("jobs-lock", "jobs-lock")
    pins = dict(re.findall(r"^([\w.-]+)(?:\[.*\])?==([^ ;\n]+)", LOCK.read_text(), re.MULTILINE))
    asked = {package["name"]: package["specifier"] for package in body["packages"]}
    assert asked.pop("python") == f"=={platform.python_version()}"
    del asked["pip"], pins["pip"]  # Coiled brings its own
    assert asked == {name: f"=={version}" for name, version in pins.items()}
    assert "hush" not in str([body for _, _, body in server.requests])


class _Cluster:
    """Stands for coiled.Cluster: the machines are the bare workers, the rest is what was asked."""

    made: list[_Cluster] = []  # noqa: RUF012
    status = Status.running

    def __init__(self, address: str, **arguments: Any) -> None:
        self.scheduler_address = address
        self.arguments = arguments
        self.is_closed = False
        self.made.append(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.is_closed = True

    def wait_for_workers(self, n_workers: int, timeout: float) -> None:
        """They are there."""


@pytest.fixture
def machines(server: CoiledServer, bare_address: str, monkeypatch: pytest.MonkeyPatch) -> list[_Cluster]:
    """The clusters that were made."""
    _Cluster.made.clear()
    monkeypatch.setattr(coiled, "Cluster", lambda **arguments: _Cluster(bare_address, **arguments))
    return _Cluster.made


@pytest.mark.usefixtures("small_batches")
def test_a_run_on_a_cluster_loads_the_same_rows_and_closes_it(
    machines: list[_Cluster], feed: Served, tmp_path: Path
) -> None:
    local, remote = Job(tmp_path / "local", feed.url), Job(tmp_path / "remote", feed.url)
    local.poll()
    with CoiledExecutor(CoiledSettings(**SETTINGS)) as executor:
        remote.poll(executor=executor)
    assert remote.facts() == local.facts()
    assert [cluster.is_closed for cluster in machines] == [True]


def test_a_run_with_nothing_to_fetch_makes_no_cluster(machines: list[_Cluster]) -> None:
    with CoiledExecutor(CoiledSettings(**SETTINGS)) as executor:
        assert list(executor.map_batches(functions.double, [])) == []
    assert machines == []


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_the_cluster_is_closed_when_the_run_is_stopped(
    machines: list[_Cluster], error: type[BaseException]
) -> None:
    with pytest.raises(error), CoiledExecutor(CoiledSettings(**SETTINGS)) as executor:
        for _ in executor.map_batches(functions.double, [[1], [2], [3]]):
            raise error
    assert [cluster.is_closed for cluster in machines] == [True]


@pytest.mark.parametrize("error", [RuntimeError("no machines"), KeyboardInterrupt()])
def test_a_cluster_that_is_stopped_while_it_comes_up_is_deleted(
    server: CoiledServer, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    asked: list[str] = []
    deleted: list[str] = []

    def cluster(**arguments: Any) -> None:
        asked.append(arguments["name"])
        raise error

    monkeypatch.setattr(coiled, "Cluster", cluster)
    monkeypatch.setattr(coiled, "delete_cluster", lambda name, workspace: deleted.append(name))
    with (
        pytest.raises((JobMarketError, KeyboardInterrupt)),
        CoiledExecutor(CoiledSettings(**SETTINGS)) as executor,
    ):
        list(executor.map_batches(functions.double, [[1]]))
    assert deleted == asked != []
