"""A run whose processes never end their batches: `python -m tests.executors.endless FOLDER`."""

import sys
from functools import partial

from extract.executors.local import MANY, Here
from tests.executors.functions import stayed

if __name__ == "__main__":
    with Here(2) as engine:
        list(engine.map(partial(stayed, folder=sys.argv[1]), [[1], [2]], expected=MANY))
