"""The arithmetic of intervals, with integrals and sums."""

from dataclasses import replace

from .formulas import INTERVALS
from .integrals import integral, normal
from .pairs import pair, series
from .sums import total

REALS = replace(
    INTERVALS,
    binders={
        "normal": normal,
        "integral": integral,
        "pair": pair,
        "series": series,
        "sum": total,
    },
)
