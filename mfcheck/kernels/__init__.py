"""Kernels of residual and fully connected ReLU networks of any depth: fast, accurate, and certified.

`rntk`, `fully_connected`: double precision. `kernel`, `enclose_fully_connected`: balls, at points and on intervals.
`limit_kernel`: the limit along the clock L alpha^2/(1 + alpha^2). `interpolant`, `matrix.FastKernel`: kernel matrices.
"""

from mfcheck.kernels.arccos import Cosine, cosine, from_distance
from mfcheck.kernels.enclosure import Kernel, enclose_fully_connected, kernel
from mfcheck.kernels.interpolant import Interpolant, interpolant
from mfcheck.kernels.limit import LimitValue, limit_kernel
from mfcheck.kernels.rntk import correlation, fully_connected, rntk, rntk_at_depths

__all__ = [
    "Cosine",
    "Interpolant",
    "Kernel",
    "LimitValue",
    "correlation",
    "cosine",
    "enclose_fully_connected",
    "from_distance",
    "fully_connected",
    "interpolant",
    "kernel",
    "limit_kernel",
    "rntk",
    "rntk_at_depths",
]
