"""From the job vacancy feed to the dashboard tables: `python run_pipeline.py --help` tells the rest.

Nothing is imported but for the command itself: the processes that a run begins import this module, too.
"""

import gc
import os
import sys

if __name__ == "__main__":
    # Arrow's own allocator would keep 40 MB that it no longer needs, and numpy, which Arrow imports, would
    # begin a thread for each core.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

    gc.disable()  # what is imported stays: there is no use in looking through it for what can go
    from extract.lean import give_back_large_blocks  # isort: skip (what it leaves out, no later import finds)
    from extract.cli import main

    give_back_large_blocks()
    gc.freeze()
    gc.enable()
    exit_code = main()
    gc.freeze()  # nor is there before the process ends with all of it, which takes 0.1 s
    sys.exit(exit_code)
