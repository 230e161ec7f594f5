"""`python -m mfcheck.verify FILE_OR_FOLDER...`"""

import sys

from .checker import main

sys.exit(main(sys.argv[1:]))
