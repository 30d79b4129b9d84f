"""Leaves pandas out of a process that imports this first, as if it were not installed.

pyarrow imports it, if it is there, to make an array. To work on batches it is of no use, and in a process
that does nothing else it would hold more memory than all else together.
"""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder


class _WithoutPandas(MetaPathFinder):
    def find_spec(self, name: str, path: Sequence[str] | None, target: object = None) -> None:
        if name == "pandas":
            raise ModuleNotFoundError("pandas is left out of this process", name=name)


sys.meta_path.insert(0, _WithoutPandas())
