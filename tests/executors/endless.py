"""A run whose processes never complete their batches: `python -m tests.executors.endless FOLDER`."""

import sys
from functools import partial

from extract.executors.local import LocalExecutor
from tests.executors.functions import stay

if __name__ == "__main__":
    with LocalExecutor(2) as executor:
        list(executor.map_batches(partial(stay, folder=sys.argv[1]), [[1], [2]]))
