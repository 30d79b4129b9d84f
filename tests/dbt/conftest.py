"""The dbt project parsed once, and for each test a warehouse that holds the seeds alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from dbt.contracts.graph.manifest import Manifest

from tests.dbt.warehouse import Warehouse


@pytest.fixture(scope="package")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    return Warehouse(tmp_path_factory.mktemp("parse")).parsed()


@pytest.fixture(scope="package")
def seeded(tmp_path_factory: pytest.TempPathFactory, manifest: Manifest) -> Warehouse:
    """Not to be changed, but copied."""
    warehouse = Warehouse(tmp_path_factory.mktemp("seeded"), manifest)
    warehouse.dbt("seed")
    return warehouse


@pytest.fixture
def warehouse(tmp_path: Path, seeded: Warehouse) -> Warehouse:
    return seeded.copied_to(tmp_path)
