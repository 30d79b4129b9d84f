"""Leaves libraries out of a process that imports this first, as if they were not installed.

Where they are, pyarrow and DuckDB import pandas to make an array or to take a parameter, and dlt SQLAlchemy
to name where it loads to: half a second and some 50 MB, for nothing that is done here.
"""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder

LEFT_OUT = ("pandas", "sqlalchemy")


class _Without(MetaPathFinder):
    def find_spec(self, name: str, path: Sequence[str] | None, target: object = None) -> None:
        if name in LEFT_OUT:
            raise ModuleNotFoundError(f"{name} is left out of this process", name=name)


sys.meta_path.insert(0, _Without())
