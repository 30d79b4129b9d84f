"""What a benchmark tells: a Markdown table under what is needed to judge it."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("dask", "dlt", "duckdb", "pyarrow")


@dataclass
class Figures:
    """A table; a number is shown with three digits that count."""

    title: str
    columns: Sequence[str]
    rows: list[Sequence[object]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def markdown(self) -> str:
        """The table with its title and notes."""
        lines = [f"### {self.title}", "", _line(self.columns), _line(["---"] * len(self.columns))]
        lines += [_line(row) for row in self.rows]
        return "\n".join([*lines, *([""] if self.notes else []), *self.notes, ""])


def heading(command: str, load_before: tuple[float, float, float]) -> str:
    """The command, the versions and the machine; how busy it was before and is now."""
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return "\n".join(
        [
            f"Command: `{command}`",
            "",
            f"Python {platform.python_version()}, {versions}. {_processor()}, {os.cpu_count()} cores, "
            f"{memory:.0f} GB, {platform.system()}. Load average {load_before[0]:.1f} before, "
            f"{os.getloadavg()[0]:.1f} after.",
            "",
        ]
    )


def _line(cells: Sequence[object]) -> str:
    return f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _cell(cell: object) -> str:
    if isinstance(cell, float):
        return f"{cell:,.0f}" if abs(cell) >= 100 else f"{cell:.3g}"
    return f"{cell:,}" if isinstance(cell, int) else str(cell)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown"
    )
