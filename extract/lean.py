"""Makes a process that imports this first take less memory and time.

Left out, as if they were not installed, are libraries that are of no use here: where they are, pyarrow and
DuckDB import pandas to make an array or to take a parameter, and dlt SQLAlchemy to name where it loads to.
And memory goes back to the system: dlt copies its state a dozen times a load, up to 7 MB of it, and glibc
would keep such blocks, in pieces.
"""

import ctypes
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder

LEFT_OUT = ("pandas", "sqlalchemy")
M_MMAP_THRESHOLD = -3
"""A number of glibc's: from so many bytes on a block is the system's own, and stays so where it is set."""


class _Without(MetaPathFinder):
    def find_spec(self, name: str, path: Sequence[str] | None, target: object = None) -> None:
        if name in LEFT_OUT:
            raise ModuleNotFoundError(f"{name} is left out of this process", name=name)


sys.meta_path.insert(0, _Without())
if hasattr(ctypes.CDLL(None), "mallopt"):
    ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, 2**20)
