"""Sweeps: the checks and constants of a paper over a grid of settings, kept in one file that survives anything.

from mfcheck.sweep import sweep

found = sweep("edge-of-chaos", ["sigma_w=1..2:1/4", "activation=tanh,erf"], claims=["curve"], out="my-sweep")
[summary.sentence for summary in found.readings]
"""

from mfcheck.sweep.merge import merge
from mfcheck.sweep.progress import Progress
from mfcheck.sweep.run import Interrupted, sweep

__all__ = ["Interrupted", "Progress", "merge", "sweep"]
