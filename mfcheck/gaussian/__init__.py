"""Gaussian expectations of activations, length and correlation maps, Hermite expansions; as balls and as floats.

Names are imported when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mfcheck.gaussian.correlation import CorrelationMap, FixedCorrelation
    from mfcheck.gaussian.edge import critical_variance, first_critical_point
    from mfcheck.gaussian.expectations import Number, expectation, expectation_of
    from mfcheck.gaussian.integrals import (
        J,
        arc_cosine,
        arc_cosine_slope,
        chi_rule,
        erf_I2,
        erf_I3,
        erf_I4,
        erf_I4_float,
        erf_J2,
        ramp,
        sphere_area,
        sphere_marginal,
        sphere_marginals,
        sphere_moment,
    )
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
    from mfcheck.gaussian.marchenko_pastur import (
        moment_polynomial,
        mp_average,
        mp_expectation,
        mp_multiplied,
        mp_power_means,
        mp_resolvent,
        spiked_edge,
    )
    from mfcheck.gaussian.moments import Moment, d2phi, d3phi, dphi, moment, phi
    from mfcheck.gaussian.nodes import E2, E, enclosed, numeric
    from mfcheck.gaussian.pairs import pair
    from mfcheck.gaussian.piecewise_linear import PiecewiseLinear
    from mfcheck.gaussian.powers import (
        power_map,
        power_map_float,
        power_map_slope,
        power_moment,
    )
    from mfcheck.gaussian.products import product_mean, product_variance
    from mfcheck.gaussian.sech import sech_averages

_HOME = {
    "Number": "expectations",
    "expectation": "expectations",
    "expectation_of": "expectations",
    "CriticalPoint": "length",
    "FixedPoint": "length",
    "FixedPoints": "length",
    "LengthMap": "length",
    "critical_line": "length",
    "critical_point": "length",
    "critical_variance": "edge",
    "first_critical_point": "edge",
    "depth_scale": "length",
    "fixed_point": "length",
    "fixed_points": "length",
    "length_map": "length",
    "slopes": "length",
    "CorrelationMap": "correlation",
    "FixedCorrelation": "correlation",
    "J": "integrals",
    "ramp": "integrals",
    "arc_cosine": "integrals",
    "arc_cosine_slope": "integrals",
    "sphere_marginal": "integrals",
    "sphere_marginals": "integrals",
    "sphere_area": "integrals",
    "sphere_moment": "integrals",
    "chi_rule": "integrals",
    "erf_I2": "integrals",
    "erf_I3": "integrals",
    "erf_I4": "integrals",
    "erf_I4_float": "integrals",
    "erf_J2": "integrals",
    "mp_expectation": "marchenko_pastur",
    "mp_average": "marchenko_pastur",
    "moment_polynomial": "marchenko_pastur",
    "mp_multiplied": "marchenko_pastur",
    "mp_power_means": "marchenko_pastur",
    "mp_resolvent": "marchenko_pastur",
    "spiked_edge": "marchenko_pastur",
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
    "PiecewiseLinear": "piecewise_linear",
    "product_mean": "products",
    "product_variance": "products",
    "power_map": "powers",
    "power_map_float": "powers",
    "power_map_slope": "powers",
    "power_moment": "powers",
    "sech_averages": "sech",
}

__all__ = [
    "E2",
    "CorrelationMap",
    "CriticalPoint",
    "E",
    "FixedCorrelation",
    "FixedPoint",
    "FixedPoints",
    "J",
    "LengthMap",
    "Moment",
    "Number",
    "PiecewiseLinear",
    "arc_cosine",
    "arc_cosine_slope",
    "chi_rule",
    "critical_line",
    "critical_point",
    "critical_variance",
    "d2phi",
    "d3phi",
    "depth_scale",
    "dphi",
    "enclosed",
    "erf_I2",
    "erf_I3",
    "erf_I4",
    "erf_I4_float",
    "erf_J2",
    "expectation",
    "expectation_of",
    "first_critical_point",
    "fixed_point",
    "fixed_points",
    "length_map",
    "moment",
    "moment_polynomial",
    "mp_average",
    "mp_expectation",
    "mp_multiplied",
    "mp_power_means",
    "mp_resolvent",
    "numeric",
    "pair",
    "phi",
    "power_map",
    "power_map_float",
    "power_map_slope",
    "power_moment",
    "product_mean",
    "product_variance",
    "ramp",
    "sech_averages",
    "slopes",
    "sphere_area",
    "sphere_marginal",
    "sphere_marginals",
    "sphere_moment",
    "spiked_edge",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value
