"""Build what a change touches, in datasets of its own, and drop them afterwards.

  python -m deploy.slim_ci --state FOLDER --name ci_123

FOLDER holds the manifest.json of what production last built. Only the models that differ from it, and what
depends on them, are built and tested; all others are read where production has them. The exit code is 0 if
all passed. Nothing of production is written: the name of every dataset that is made begins with `ci_`.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from extract.config import PROJECT
from extract.dbt import run_dbt
from extract.errors import JobMarketError
from extract.warehouses.base import Warehouse
from extract.warehouses.factory import configured_warehouse


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--state", type=Path, required=True, help="folder of production's manifest.json")
    parser.add_argument("--name", type=_dataset, required=True, help="what the datasets' names begin with")
    options = parser.parse_args(arguments)
    os.chdir(PROJECT)
    try:
        warehouse = configured_warehouse()
        warehouse.settings.dataset = options.name
        checked = check_change(warehouse, options.state)
    except JobMarketError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(f"Built and dropped again: {', '.join(checked.models) or 'nothing, no model is touched'}")
    return 0 if checked.passed else 1


class Checked(NamedTuple):
    """What a change touches, in the order it was built, and whether all of it passed."""

    models: list[str]
    passed: bool


def check_change(warehouse: Warehouse, state: Path) -> Checked:
    """Build and test, in the warehouse's dataset, what differs from the state.

    The datasets are dropped whatever happens; datasets that cannot be dropped are a failure.
    """
    build = ["build", "--select", "state:modified+", "--defer", "--state", str(state.resolve())]
    dropping = ["run-operation", "drop_datasets", "--args", f"{{name: {warehouse.settings.dataset}}}"]
    try:
        built = run_dbt(warehouse, *build)
    finally:
        dropped = run_dbt(warehouse, *dropping)
    results = getattr(built.result, "results", [])
    models = [result.node.name for result in results if result.node.resource_type == "model"]
    return Checked(models, built.success and dropped.success)


def _dataset(text: str) -> str:
    if not re.fullmatch(r"ci_[a-z0-9_]+", text):
        raise argparse.ArgumentTypeError(f"{text!r} must be ci_ and small letters, digits or underscores")
    return text


if __name__ == "__main__":
    sys.exit(main())
