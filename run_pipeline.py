"""From NAV's job vacancy feed to the dashboard tables: `python run_pipeline.py --help` lists the commands."""

import sys

if __name__ == "__main__":  # worker processes import this file, too
    from extract.cli import main

    sys.exit(main())
