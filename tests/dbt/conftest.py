"""The dbt project parsed once, and an empty warehouse for each test."""

from __future__ import annotations

from pathlib import Path

import pytest
from dbt.contracts.graph.manifest import Manifest

from tests.dbt.warehouse import Warehouse


@pytest.fixture(scope="package")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    result = Warehouse(tmp_path_factory.mktemp("parse")).invoke("parse")
    assert isinstance(result.result, Manifest), result.exception
    return result.result


@pytest.fixture
def warehouse(tmp_path: Path, manifest: Manifest) -> Warehouse:
    return Warehouse(tmp_path, manifest)
