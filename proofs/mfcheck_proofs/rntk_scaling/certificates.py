"""Certificates of the tables and of the limit: what `mfcheck.kernels.certificates` writes, for the paper's readings."""

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import partial

import sympy as sp
from flint import ctx

from mfcheck.checks import Context
from mfcheck.kernels import certificates as made
from mfcheck.kernels.pairs import PREC, Pair
from mfcheck.rigor import certificate
from mfcheck.rigor.ball import compare, exact
from mfcheck.rigor.certificate import Certificate
from mfcheck_proofs.rntk_scaling.bounds import GRID
from mfcheck_proofs.rntk_scaling.setting import HALF

Parts = Mapping[str, Certificate]
DIGITS = 10


def _rational(x: sp.Rational) -> Fraction:
    return Fraction(int(x.p), int(x.q))


def largest(gamma: Fraction, other: str = "") -> Callable[[Context], Parts]:
    """The largest |r_L - other| over the grid, for the rows of the table; r_1 if no other is named.

    At u = 1 the difference is 0 at every depth, as r_L(1) = 1.
    """
    others = {u: other or made.one_layer(u) for u in GRID}

    def parts(context: Context) -> Parts:
        rows = {int(L): (_rational(x), _rational(unit)) for L, x, unit in context["table"]}
        return made.largest(rows, GRID, gamma, others)

    return parts


def all_layers(gamma: Fraction) -> Callable[[Context], Parts]:
    """The kernel of all layers at the first cosine of the grid, for the rows of the table."""

    def parts(context: Context) -> Parts:
        found: dict[str, Certificate] = {}
        for depth, stated, unit in context["table"]:
            name = f"run_{depth}"
            found[name] = made.all_layers(GRID[0], int(depth), gamma)
            found[f"row_{depth}"] = _near("x", {"x": f"{name}.all"}, stated, unit / 2)
        return found

    return parts


def critical(context: Context) -> Parts:
    """r_L at L = 10000 as it is rounded, and the limit within three units."""
    found: dict[str, Certificate] = {}
    for k, (label, stated, unit) in enumerate(context["table"]):
        u, depth = _rational(label), 10_000
        found[f"run_{k}"] = made.layers(u, [depth], HALF)[depth]
        found[f"row_{k}"] = _near("r", {"r": f"run_{k}.r_{depth}"}, stated, unit / 2)
        angle, formula, name = made.limit(u, f"angle_{k}")
        found |= angle
        found[f"limit_{k}"] = _near(formula, {"x": name}, stated, 3 * unit)
    return found


def _near(formula: str, inputs: Mapping[str, str], stated: sp.Rational, room: sp.Rational) -> Certificate:
    return certificate.inequality(formula, inputs, str(stated - room), str(stated + room), digits=DIGITS)


def apart(u: Fraction, margin: sp.Rational) -> dict[str, Callable[[], Parts]]:
    """The limit at u is farther than the margin from a quarter and from r_1: what makes the parts, by name of the other."""
    others = {"constant": "1/4", "r_1": made.one_layer(u)}
    return {name: partial(_apart, u, margin, name, other) for name, other in others.items()}


def _apart(u: Fraction, margin: sp.Rational, name: str, other: str) -> Parts:
    k = GRID.index(u)
    angle, formula, at = made.limit(u, f"angle_{k}")
    with ctx.workprec(PREC):
        value = Pair(u, 1).one_layer if name == "r_1" else exact(Fraction(1, 4))
        above = compare(Pair(u, 1).limit, value) == ">"
    difference = f"{formula} - {other}" if above else f"{other} - {formula}"
    part = certificate.inequality(difference, {"x": at}, str(margin), digits=DIGITS)
    return angle | {f"{name}_{k}": part}
