"""From the job vacancy feed to the dashboard tables: `python run_pipeline.py --help` tells the rest.

Nothing is imported but for the command itself: the processes that a run begins import this module, too.
"""

import sys

if __name__ == "__main__":
    from extract.command_line import main

    sys.exit(main())
