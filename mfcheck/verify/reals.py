"""The arithmetic of intervals, with integrals."""

from dataclasses import replace

from .formulas import INTERVALS
from .integrals import integral, normal
from .pairs import pair, series

REALS = replace(
    INTERVALS, binders={"normal": normal, "integral": integral, "pair": pair, "series": series}
)
