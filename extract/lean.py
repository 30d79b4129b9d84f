"""Makes a process that imports this first take less time and memory.

Left out, as if they were not installed, are libraries that are of no use here: where they are, pyarrow and
DuckDB import pandas to make an array or to take a parameter, and dlt SQLAlchemy to name where it loads to.
"""

import ctypes
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder

LEFT_OUT = ("pandas", "sqlalchemy")
M_MMAP_THRESHOLD = -3
"""What glibc calls the size from which on a block of memory is the system's own."""


class _Without(MetaPathFinder):
    def find_spec(self, name: str, path: Sequence[str] | None, target: object = None) -> None:
        if name in LEFT_OUT:
            raise ModuleNotFoundError(f"{name} is left out of this process", name=name)


def give_back_large_blocks() -> None:
    """Let blocks of 2 MB and more go back to the system, as they else do until the first of them is freed.

    dlt copies its state a dozen times a load, up to 7 MB of it, and glibc would keep such blocks, in pieces.
    """
    if hasattr(ctypes.CDLL(None), "mallopt"):
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, 2**21)


sys.meta_path.insert(0, _Without())
