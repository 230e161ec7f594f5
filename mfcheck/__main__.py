"""`python -m mfcheck`: the command line."""

import sys

from mfcheck.commands import main

if __name__ == "__main__":
    sys.exit(main())
