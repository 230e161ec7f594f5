"""What a user may choose in this paper: data on the sphere, the scalings, depth and width; the activation is ReLU."""

from fractions import Fraction
from typing import Any

import sympy as sp
from flint import arb, ctx

from mfcheck.claims import Data, Parameter, Setting
from mfcheck.errors import InputError
from mfcheck.rigor.ball import compare, exact
from mfcheck.symbolic.activation import Activation, X
from mfcheck_proofs.rntk_scaling import symbols as s

RELU = Activation("relu", sp.Max(0, X))

HALF = Fraction(1, 2)

PARAMETERS = (
    Parameter(
        "alpha",
        s.alpha,
        Fraction(1),
        "scale of the residual branch where it is constant",
        Fraction(0),
        open_minimum=True,
    ),
    Parameter(
        "gamma_slow",
        s.gamma_slow,
        Fraction(1, 4),
        "exponent below 1/2 in alpha = L^-gamma",
        Fraction(0),
        HALF,
    ),
    Parameter(
        "gamma_fast",
        s.gamma_fast,
        Fraction(3, 4),
        "exponent above 1/2 in alpha = L^-gamma",
        HALF,
        Fraction(8),
        open_minimum=True,
    ),
    Parameter("depth", s.L, Fraction(200), "layers", Fraction(1), Fraction(10_000), integer=True),
    Parameter("width", s.m, Fraction(1024), "width", Fraction(2), Fraction(2**20), integer=True),
    Parameter(
        "accuracy",
        s.epsilon,
        Fraction(1, 2),
        "relative error allowed for |x_L|^2 at finite width",
        Fraction(0),
        open_minimum=True,
    ),
    Parameter(
        "delta",
        s.delta,
        Fraction(1, 10),
        "probability with which that error may be exceeded",
        Fraction(0),
        Fraction(1),
        open_minimum=True,
    ),
)

# Rational points of the sphere: every inner product is exact.
DEFAULT = Setting(
    data=Data(
        points=(
            (Fraction(1), Fraction(0), Fraction(0)),
            (Fraction(0), Fraction(3, 5), Fraction(4, 5)),
            (Fraction(-2, 3), Fraction(-2, 3), Fraction(1, 3)),
            (Fraction(2, 7), Fraction(3, 7), Fraction(-6, 7)),
        ),
        labels=(Fraction(1), Fraction(-1), Fraction(1), Fraction(-1)),
    ),
    activation=RELU,
    values=tuple((p.name, p.default) for p in PARAMETERS),
)


def validate(setting: Setting) -> None:
    """Refuse a setting that no claim of the paper speaks about.

    Raises:
        InputError: another activation than ReLU, gamma_slow = 1/2, or a width too small for the confidence asked for.
    """
    if setting.activation != RELU:
        raise InputError(f"the paper is about ReLU networks, not {setting.activation.name[:60]}")
    if setting["gamma_slow"] >= HALF:
        raise InputError("gamma_slow must be < 1/2; gamma = 1/2 is the critical case")
    _require_width(setting)


def excess(depth: Fraction | sp.Expr, width: Fraction | sp.Expr) -> Any:
    """What one layer at alpha = L^(-1/2) adds to the relative second moment of |x|^2, exactly."""
    return (4 * depth + 7 + 10 / width) / (width * (depth + 1) ** 2)


def variance_of_norm(setting: Setting) -> arb:
    """Enclose the relative variance of |x_L|^2 at alpha = L^(-1/2): about 4/m."""
    with ctx.workprec(128):
        layer: arb = 1 + exact(excess(setting["depth"], setting["width"]))
        power: arb = layer ** int(setting["depth"])
        return power - 1


def allowed_variance(setting: Setting) -> Fraction:
    """Return what Chebyshev's inequality allows for the accuracy and the confidence that are asked for."""
    return setting["delta"] * setting["accuracy"] ** 2


def _require_width(setting: Setting) -> None:
    variance, allowed = variance_of_norm(setting), allowed_variance(setting)
    if compare(variance, exact(allowed)) == ">":
        raise InputError(
            f"width {setting['width']} is too small for a relative error of {float(setting['accuracy']):g} with "
            f"probability {1 - float(setting['delta']):g}: the relative variance of |x_L|^2 is "
            f"{float(variance.mid()):.3g}, at most {float(allowed):.3g} is allowed (alpha = L^(-1/2))"
        )
