"""Gaussian expectations of activations, length and correlation maps, Hermite expansions; as balls and as floats.

Names are imported when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mfcheck.gaussian.correlation import CorrelationMap, FixedCorrelation
    from mfcheck.gaussian.expectation import Number, expectation, expectation_of
    from mfcheck.gaussian.length import (
        CriticalPoint,
        FixedPoint,
        FixedPoints,
        LengthMap,
        critical_line,
        critical_point,
        depth_scale,
        fixed_point,
        fixed_points,
        length_map,
        slopes,
    )
    from mfcheck.gaussian.moments import Moment, d2phi, d3phi, dphi, moment, phi
    from mfcheck.gaussian.nodes import E2, E, enclosed, numeric
    from mfcheck.gaussian.pairs import pair

_HOME = {
    "Number": "expectation",
    "expectation": "expectation",
    "expectation_of": "expectation",
    "CriticalPoint": "length",
    "FixedPoint": "length",
    "FixedPoints": "length",
    "LengthMap": "length",
    "critical_line": "length",
    "critical_point": "length",
    "depth_scale": "length",
    "fixed_point": "length",
    "fixed_points": "length",
    "length_map": "length",
    "slopes": "length",
    "CorrelationMap": "correlation",
    "FixedCorrelation": "correlation",
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
    "CorrelationMap",
    "CriticalPoint",
    "E",
    "FixedCorrelation",
    "FixedPoint",
    "FixedPoints",
    "LengthMap",
    "Moment",
    "Number",
    "critical_line",
    "critical_point",
    "d2phi",
    "d3phi",
    "depth_scale",
    "dphi",
    "enclosed",
    "expectation",
    "expectation_of",
    "fixed_point",
    "fixed_points",
    "length_map",
    "moment",
    "numeric",
    "pair",
    "phi",
    "slopes",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value
