"""The programs of the test servers' own environment, which `make test` installs in .venv-servers."""

from __future__ import annotations

from pathlib import Path

PROGRAMS = Path(__file__).resolve().parents[1] / ".venv-servers" / "bin"


def program(name: str) -> str:
    """The path of a program there, such as `python`. Raises FileNotFoundError with what to do."""
    path = PROGRAMS / name
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing. `make .venv-servers/.done` installs the test servers.")
    return str(path)
