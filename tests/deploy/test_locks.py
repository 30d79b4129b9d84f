"""The locks: what pyproject.toml asks for, pinned with hashes, the same version wherever it is installed."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).resolve().parents[2]
PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
RUN: list[str] = PYPROJECT["project"]["dependencies"]
EXTRAS: list[str] = [one for extra in PYPROJECT["project"]["optional-dependencies"].values() for one in extra]
GROUPS: dict[str, list[str]] = PYPROJECT["dependency-groups"]
LOCKS = {
    "requirements.lock": RUN,
    "requirements-extras.lock": [*RUN, *EXTRAS],
    "requirements-dev.lock": [*RUN, *EXTRAS, *GROUPS["dev"]],
    "requirements-docs.lock": GROUPS["docs"],
    "requirements-servers.lock": GROUPS["servers"],
    "requirements-uv.lock": GROUPS["installer"],
}


class Pin(NamedTuple):
    """One package of a lock."""

    name: str
    version: str
    has_hash: bool
    is_direct: bool


def pins(lock: str) -> list[Pin]:
    """The packages of a lock; each is a line of its own with its hashes and who needs it below."""
    found = []
    for block in re.split(r"^(?=\S)", (PROJECT / lock).read_text(encoding="utf-8"), flags=re.M)[1:]:
        requirement = Requirement(block.split("\\")[0])
        (pin,) = requirement.specifier
        found.append(
            Pin(
                requirement.name,
                pin.version,
                "--hash=sha256:" in block,
                "(pyproject.toml" in block,
            )
        )
    return found


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_what_pyproject_asks_for_and_nothing_that_it_asked_for_before(lock: str) -> None:
    asked = [Requirement(text) for text in LOCKS[lock]]
    direct = [pin for pin in pins(lock) if pin.is_direct]
    assert {canonicalize_name(one.name) for one in asked} == {pin.name for pin in direct}, "run `make lock`"
    versions = {(pin.name, pin.version) for pin in direct}
    for one in asked:
        held = {version for name, version in versions if name == canonicalize_name(one.name)}
        assert all(one.specifier.contains(version) for version in held), f"{one}, not {held}: run `make lock`"


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_of_a_lock_has_a_hash_and_no_address(lock: str) -> None:
    assert all(pin.has_hash for pin in pins(lock))
    assert "://" not in (PROJECT / lock).read_text(encoding="utf-8")


def test_what_runs_is_pinned_as_what_was_tested() -> None:
    running, with_extras, tested = (
        {(pin.name, pin.version) for pin in pins(lock)}
        for lock in ("requirements.lock", "requirements-extras.lock", "requirements-dev.lock")
    )
    assert running < with_extras < tested


def test_what_writes_the_docs_is_pinned_as_what_was_tested() -> None:
    tested = {pin.name: pin.version for pin in pins("requirements-dev.lock")}
    writing = [pin for pin in pins("requirements-docs.lock") if pin.name in tested]
    assert [pin for pin in writing if pin.version != tested[pin.name]] == []


def test_no_lock_holds_the_parser_that_downloads_while_it_is_installed() -> None:
    assert not [lock for lock in LOCKS for pin in pins(lock) if pin.name == "dbt-core-experimental-parser"]
