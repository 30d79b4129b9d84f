"""What is written down twice says the same: the image and the code, the schedules."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from extract.schema import RAW_TABLES
from extract.warehouses.lock import LEASE_SECONDS

PROJECT = Path(__file__).resolve().parents[2]
SCHEDULES = {"17 * * * *", "41 4 * * *"}


def text(path: str) -> str:
    return (PROJECT / path).read_text(encoding="utf-8")


def test_the_image_holds_the_code_that_the_command_line_imports() -> None:
    copied = set(re.findall(r"^COPY (?:--\S+ )?(\w+) /app/", text("Dockerfile"), re.M))
    code = "\n".join(module.read_text(encoding="utf-8") for module in (PROJECT / "extract").rglob("*.py"))
    imported = set(re.findall(r"^\s*(?:from|import) (\w+)", code, re.M))
    ours = {name for name in imported if (PROJECT / name).is_dir()}
    assert ours | {"models", "macros", "dbt_project"} <= copied
    sent = {line[1:] for line in text(".dockerignore").splitlines() if line.startswith("!")}
    assert copied <= sent


def test_every_way_has_the_same_two_schedules() -> None:
    prefect = yaml.safe_load(text("deploy/prefect/prefect.yaml"))
    assert {d["schedules"][0]["cron"] for d in prefect["deployments"]} == SCHEDULES
    workflows = {
        *re.findall(r'- cron: "(.*?)"', text(".github/workflows/hourly.yml")),
        *re.findall(r'- cron: "(.*?)"', text(".github/workflows/daily.yml")),
    }
    assert workflows == SCHEDULES
    assert all(cron.replace(" *", "").strip() in text("deploy/systemd/crontab") for cron in SCHEDULES)
    assert all(cron in text("docs/how-to/schedule/cloud-run.md") for cron in SCHEDULES)


def test_every_action_is_pinned_to_a_commit() -> None:
    for workflow in (PROJECT / ".github/workflows").glob("*.yml"):
        for used in re.findall(r"uses: (\S+)", workflow.read_text(encoding="utf-8")):
            assert used.startswith("./") or re.search(r"@[0-9a-f]{40}$", used), f"{workflow.name}: {used}"


def test_every_retry_outlasts_the_lock_of_a_run_that_died() -> None:
    for job in ("hourly", "daily"):
        spec = yaml.safe_load(text(f"deploy/cloud-run/{job}.yaml"))["spec"]["template"]["spec"]["template"][
            "spec"
        ]
        assert spec["maxRetries"] == 1
        _, option, minutes = spec["containers"][0]["args"]
        assert option == "--wait" and int(minutes) * 60 > LEASE_SECONDS
    assert f'"$command" --wait {minutes}' in text("deploy/coiled/start")
    assert f"**{LEASE_SECONDS / 60:.0f} minutes**" in text("docs/how-to/operations.md")


def test_the_runbook_of_a_restore_names_every_raw_table() -> None:
    named = set(re.findall(r"`(\w+)`", text("docs/how-to/runbooks/restore.md")))
    assert {table.name for table in RAW_TABLES} <= named
    assert {"removed_texts", "_dlt_loads", "_dlt_version", "_dlt_pipeline_state"} <= named
