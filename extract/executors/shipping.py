"""What travels to Dask's workers: this project's code once, then one serialized task a batch.

A scheduler unpickles tasks and shows their `repr`. So a task needs no code of the project to be unpickled,
and shows nothing: function, batch and token are bytes inside an `io.BytesIO`, whose repr is an address.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from extract.executors.bounded_map import run_batch

PACKAGE = Path(__file__).parents[1]
PREFIX = "job-market-code-"


def serialize_task(function: Callable[[Any], Any], batch: Any) -> io.BytesIO:
    """The call of `run_batch` for a worker."""
    import cloudpickle

    return io.BytesIO(cloudpickle.dumps(partial(run_batch, function, batch)))


def task_runner() -> Callable[[io.BytesIO], Any]:
    """The function of every task. Nested, so that cloudpickle sends it by value."""

    def run_task(task: io.BytesIO) -> Any:
        import pickle

        return pickle.loads(task.getvalue())()

    return run_task


def project_code() -> Any:
    """A worker plugin that makes this version of the package importable.

    Distributed's UploadDirectory needs a nanny. With it, and with `upload_file`, a worker that has imported
    older code goes on with it; here the modules of another version are dropped.
    """
    from distributed import WorkerPlugin

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path in sorted(PACKAGE.rglob("*.py")):
            archive.writestr(zipfile.ZipInfo(str(path.relative_to(PACKAGE.parent))), path.read_bytes())
    code, package, prefix = packed.getvalue(), PACKAGE.name, PREFIX
    file_name = f"{prefix}{hashlib.blake2b(code, digest_size=8).hexdigest()}.zip"

    class ProjectCode(WorkerPlugin):
        name = "job-market-code"

        def setup(self, worker: Any) -> None:
            import importlib
            import sys

            path = f"{worker.local_directory}/{file_name}"
            if path not in sys.path:
                with open(path, "wb") as file:
                    file.write(code)
                sys.path[:] = [path, *(entry for entry in sys.path if prefix not in entry)]
                importlib.invalidate_caches()
                for module in [name for name in sys.modules if name.split(".")[0] == package]:
                    del sys.modules[module]

    return ProjectCode()
