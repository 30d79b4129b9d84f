"""How the tests are shared out between two processes."""

from __future__ import annotations

import pytest

APART = {"test_emulator.py", "test_job_on_bigquery.py", "test_read_in_batches.py"}


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A file's tests stay together, for their fixtures; so do all that share both warehouses."""
    for item in items:
        shares = item.path.parent.name == "bigquery" and item.path.name not in APART
        item.add_marker(pytest.mark.xdist_group("both_warehouses" if shares else item.path.name))
