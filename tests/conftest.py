"""Which process runs which test: a folder's tests share what is dear to make, so one runs them all."""

from __future__ import annotations

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling


class ByFolder(LoadScopeScheduling):
    """tests/bigquery/... is one piece of work, and so is tests/test_docs.py."""

    def _split_scope(self, nodeid: str) -> str:
        return "/".join(nodeid.split("::")[0].split("/")[:2])


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFolder:
    return ByFolder(config, log)
