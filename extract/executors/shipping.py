"""What travels to Dask's workers: this project's code once, then one sealed task a batch.

A scheduler unpickles what it is sent and shows the `repr` of it, so a task consists of nothing that needs the
project to be unpickled, and of nothing that tells its content: the function, the batch and the token in it
are bytes inside an `io.BytesIO`, whose repr is an address. What is nested in a function here is pickled by
value (cloudpickle looks it up nowhere), the rest by reference.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import cloudpickle

from extract.executors.engine import try_batch

PACKAGE = Path(__file__).parents[1]
PLUGIN = "job-market-code"


def sealed(function: Callable[[Any], Any], batch: Any) -> io.BytesIO:
    """A try at the batch, to be opened on a worker."""
    return io.BytesIO(cloudpickle.dumps(partial(try_batch, function, batch)))


def opener() -> Callable[[io.BytesIO], Any]:
    """The function of every task."""

    def open_and_run(task: io.BytesIO) -> Any:
        import pickle

        from distributed import get_worker

        return pickle.loads(task.getvalue())(worker=get_worker().address)

    return open_and_run


def project_code() -> Any:
    """A worker plugin that makes this very version of the package importable.

    Distributed's own UploadDirectory needs a nanny, unpacks over what an earlier run left, and a worker that
    had imported the old code goes on with it. Here each version is a file of its own, named by its hash, and
    the modules of another version are forgotten.
    """
    from distributed import WorkerPlugin

    archive = _archive()
    version = hashlib.blake2b(archive, digest_size=8).hexdigest()
    package, file_prefix = PACKAGE.name, f"{PLUGIN}-"

    class ProjectCode(WorkerPlugin):
        name = PLUGIN

        def setup(self, worker: Any) -> None:
            import importlib
            import os
            import sys

            path = os.path.join(worker.local_directory, f"{file_prefix}{version}.zip")
            with open(path, "wb") as file:
                file.write(archive)
            sys.path[:] = [path, *(entry for entry in sys.path if file_prefix not in entry)]
            importlib.invalidate_caches()
            for module in [name for name in sys.modules if name.partition(".")[0] == package]:
                shipped = getattr(sys.modules[module], "__file__", None) or ""
                if file_prefix in shipped and version not in shipped:
                    del sys.modules[module]

    return ProjectCode()


def _archive() -> bytes:
    """The package's modules as a zip that Python imports from; the same bytes for the same code."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(PACKAGE.rglob("*.py")):
            entry = zipfile.ZipInfo(str(path.relative_to(PACKAGE.parent)))
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return packed.getvalue()
