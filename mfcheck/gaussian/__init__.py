"""Gaussian expectations of activations, length and correlation maps, Hermite expansions; as balls and as floats.

Names are imported when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mfcheck.gaussian.expectation import Number, expectation, expectation_of
    from mfcheck.gaussian.moments import Moment, d2phi, d3phi, dphi, moment, phi
    from mfcheck.gaussian.nodes import E2, E, enclosed, numeric
    from mfcheck.gaussian.pairs import pair

_HOME = {
    "Number": "expectation",
    "expectation": "expectation",
    "expectation_of": "expectation",
    "Moment": "moments",
    "moment": "moments",
    "phi": "moments",
    "dphi": "moments",
    "d2phi": "moments",
    "d3phi": "moments",
    "E": "nodes",
    "E2": "nodes",
    "enclosed": "nodes",
    "numeric": "nodes",
    "pair": "pairs",
}

__all__ = [
    "E2",
    "E",
    "Moment",
    "Number",
    "d2phi",
    "d3phi",
    "dphi",
    "enclosed",
    "expectation",
    "expectation_of",
    "moment",
    "numeric",
    "pair",
    "phi",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value
