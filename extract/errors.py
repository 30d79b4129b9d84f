"""What can go wrong that its user can mend: each error is one sentence and knows its exit code."""

from __future__ import annotations

import importlib
from typing import Any

DISK_FULL = "free some space and run again. The warehouse is as the last load that was completed left it."


class JobMarketError(Exception):
    """A failure with a message for its user: what happened, what was kept, what to do next."""

    exit_code = 1


class WarehouseLockedError(JobMarketError):
    """Another run holds the warehouse: nothing is wrong, and nothing was done."""


class ConfigurationError(JobMarketError):
    """Wrong use or configuration; nothing was read or written."""

    exit_code = 2


class SourceUnavailable(JobMarketError):
    """The source cannot be reached now; all that was loaded before stays, try later.

    75 is EX_TEMPFAIL of sysexits.h: schedulers that know it try again.
    """

    exit_code = 75


def require(module: str, extra: str, what: str) -> Any:
    """The imported module. Raises ConfigurationError that names the extra with which `what` works."""
    try:
        return importlib.import_module(module)
    except ImportError:
        raise ConfigurationError(
            f"{what} needs the extra `{extra}`, which is not installed: run `make extras`."
        ) from None
