"""The Prefect flows: deployed and run against a temporary server of Prefect's and a mock feed."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from demo.server import serving
from demo.world import World

PROJECT = Path(__file__).resolve().parents[2]
LONG_AGO = datetime(2019, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A scratch folder for all that Prefect and the job write, and a server of Prefect's meanwhile."""
    folder = tmp_path_factory.mktemp("prefect")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PREFECT_HOME", str(folder / "prefect"))
        patch.setenv("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
        patch.setenv("DO_NOT_TRACK", "1")
        patch.setenv("WAREHOUSE__DUCKDB_PATH", str(folder / "data" / "test.duckdb"))
        patch.setenv("WAREHOUSE__PIPELINES_DIR", str(folder / "data" / "dlt"))
        patch.setenv("DBT_TARGET_PATH", str(folder / "target"))
        patch.setenv("DBT_LOG_PATH", str(folder / "logs"))
        patch.setenv("PUBLISH__SITE_DIR", str(folder / "site"))
        from prefect.testing.utilities import prefect_test_harness

        with prefect_test_harness(server_startup_timeout=120):
            yield folder


def prefect(*arguments: str) -> None:
    from prefect.settings import PREFECT_API_URL

    done = subprocess.run(
        [Path(sys.executable).with_name("prefect"), "--no-prompt", *arguments],
        env={**os.environ, "PREFECT_API_URL": PREFECT_API_URL.value()},
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


async def make_work_pool(name: str) -> None:
    """A managed pool exists in Prefect's cloud only; a deployment looks the same in another kind."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import WorkPoolCreate

    async with get_client() as client:
        await client.create_work_pool(WorkPoolCreate(name=name, type="process"))


async def deployments() -> list[Any]:
    from prefect.client.orchestration import get_client

    async with get_client() as client:
        return await client.read_deployments()


def test_deploying_registers_both_schedules_and_touches_no_state(folder: Path) -> None:
    asyncio.run(make_work_pool("job-market"))
    prefect("deploy", "--prefect-file", "deploy/prefect/prefect.yaml", "--all")
    found = {d.name: d for d in asyncio.run(deployments())}
    assert {name: [s.schedule.cron for s in d.schedules] for name, d in found.items()} == {
        "hourly": ["17 * * * *"],
        "daily": ["41 4 * * *"],
    }
    assert found["daily"].job_variables["env"]["JOB_MARKET_KEY_BLOCK"] == "job-market-bigquery-key"
    assert not (folder / "data").exists()


def test_the_hourly_flow_loads_what_the_feed_holds_and_the_daily_one_builds_and_publishes_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from prefect.blocks.system import Secret

    from deploy.prefect.flows import KEY_BLOCK, daily, hourly

    Secret(value="hush").save("a-key")
    monkeypatch.setenv(KEY_BLOCK, "a-key")
    monkeypatch.setenv("JOB_MARKET_BIGQUERY_KEY", "")
    world = World(seed=3, days=3, ads_a_day=10, until=datetime(2026, 3, 1, 12, tzinfo=UTC))
    with serving(world) as served:
        monkeypatch.setenv("SOURCES__NAV_FEED__BASE_URL", served.url)
        monkeypatch.chdir(folder)
        assert hourly(LONG_AGO).startswith("events: ")
        assert hourly() == "nothing new"
        assert daily().startswith("models: ")
    assert os.environ["JOB_MARKET_BIGQUERY_KEY"] == "hush", "the key comes from the block when a task runs"
    with duckdb.connect(str(folder / "data" / "test.duckdb")) as connection:
        assert connection.execute("select count(*) > 0 from nav_marts.fct_ads").fetchall() == [(True,)]
    assert (folder / "site" / "index.html").exists()


def test_wrong_configuration_is_not_retried(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from deploy.prefect.flows import hourly
    from extract.errors import ConfigurationError

    monkeypatch.setenv("SOURCES__NAV_FEED__BASE_URL", "not an address")
    with pytest.raises(ConfigurationError, match="base_url"):  # a retry would wait five minutes first
        hourly()


def test_a_flow_records_its_outcome_and_refuses_a_build_of_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the command line does: both call the same jobs."""
    from deploy.prefect import flows
    from extract.errors import JobMarketError

    monkeypatch.setenv("WAREHOUSE__DUCKDB_PATH", str(folder / "nothing.duckdb"))
    monkeypatch.setenv("WAREHOUSE__PIPELINES_DIR", str(folder / "nothing"))
    monkeypatch.chdir(folder)
    with pytest.raises(JobMarketError, match="holds nothing yet"):
        flows.build.with_options(retries=0)()
    assert (
        "holds nothing yet"
        in json.loads((folder / "nothing" / "outcomes.json").read_text())["build"]["message"]
    )
