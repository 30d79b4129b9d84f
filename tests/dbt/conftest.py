"""A warehouse that holds the seeds alone, for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dbt.warehouse import Warehouse


@pytest.fixture
def warehouse(tmp_path: Path, seeded: Warehouse) -> Warehouse:
    return seeded.copied_to(tmp_path)
