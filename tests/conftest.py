"""What all tests share: Hypothesis profiles, one thread for compiled loops, no constants of earlier runs.

Choose a profile with the environment variable MFCHECK_PROFILE: dev (the default), ci or nightly.
"""

import os

os.environ.setdefault("NUMBA_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("MFCHECK_MEMO", "off")  # the tests of the memo choose a folder

from hypothesis import settings

settings.register_profile("dev", deadline=None, max_examples=30)
settings.register_profile("ci", deadline=None, max_examples=50, derandomize=True)
settings.register_profile("nightly", deadline=None, max_examples=1000, print_blob=True)
settings.load_profile(os.environ.get("MFCHECK_PROFILE", "dev"))
