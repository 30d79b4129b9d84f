"""`python -m bench [NAME] [options]`: run one benchmark, or all with their defaults, and print Markdown."""

from __future__ import annotations

import argparse
import os
import pkgutil
import shlex
import sys
from importlib import import_module
from typing import Any

import bench
from bench.figures import heading


def main() -> int:
    """Run the command line; returns its exit code."""
    benchmarks = _benchmarks()
    parser = argparse.ArgumentParser(prog="python -m bench", description=bench.__doc__)
    names = parser.add_subparsers(dest="name", metavar="NAME", help=", ".join(benchmarks))
    for name, module in benchmarks.items():
        module.add_options(names.add_parser(name, description=module.__doc__))
    given = parser.parse_args()
    for name in [given.name] if given.name else benchmarks:
        options = given if given.name else parser.parse_args([name])
        load = os.getloadavg()
        tables = benchmarks[name].run(options)
        command = shlex.join(["python", "-m", "bench", *(sys.argv[1:] or [name])])
        sys.stdout.write(f"## {name}\n\n{heading(command, load)}\n")
        sys.stdout.write("\n".join(table.markdown() for table in tables) + "\n")
        sys.stdout.flush()
    return 0


def _benchmarks() -> dict[str, Any]:
    """The modules of the package that have a `run`, by name."""
    names = (module.name for module in pkgutil.iter_modules(bench.__path__) if module.name[0] != "_")
    modules = {name: import_module(f"bench.{name}") for name in names}
    return {name: module for name, module in modules.items() if hasattr(module, "run")}


if __name__ == "__main__":
    sys.exit(main())
