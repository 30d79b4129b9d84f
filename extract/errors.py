"""What can go wrong, in one sentence for the user, and the exit code of each kind of failure."""

from __future__ import annotations

import errno
import importlib
import sys
from pathlib import Path
from typing import Any

DISK_FULL = "free some space and run again. The warehouse holds every load that was completed."
STOPPED = 130
"""The exit code after SIGTERM or Ctrl-C."""

_PROJECT, _PYTHON = Path(__file__).resolve().parents[1], Path(sys.executable)
PROGRAM = f"{_PYTHON.relative_to(_PROJECT) if _PYTHON.is_relative_to(_PROJECT) else 'python'} run_pipeline.py"
"""How a message names the command: `python` outside of the environment is another Python."""


class JobMarketError(Exception):
    """A failure with a message for the user: what happened, what was kept, what to do next."""

    exit_code = 1


class WarehouseLockedError(JobMarketError):
    """Another run holds the lock of the warehouse. Nothing was read or written."""


class ConfigurationError(JobMarketError):
    """Wrong use or configuration. Nothing was read or written."""

    exit_code = 2


class SourceUnavailable(JobMarketError):
    """A server cannot be reached now, or does not answer as it should; what was loaded before is kept.

    75 is EX_TEMPFAIL of sysexits.h: schedulers that know it run the job again.
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


def describe(error: BaseException) -> tuple[str, int]:
    """The message for the user and the exit code of any exception."""
    if isinstance(error, JobMarketError):
        return str(error) or type(error).__name__, error.exit_code
    if isinstance(error, KeyboardInterrupt):
        return "Stopped. What was loaded is kept; run again to go on.", STOPPED
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return f"{error.strerror}: {DISK_FULL}", 1
    reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return f"{reason}. Run again with --debug to see where.", 1
