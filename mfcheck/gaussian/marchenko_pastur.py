"""The Marchenko-Pastur law of `X^T X / N` for X with `ratio N` rows of N independent entries of variance 1.

Its continuous part is, in the angle of `x = 1 + ratio + 2 sqrt(ratio) cos t`, `(2 ratio/pi) sin^2 t / x dt` on
[0, pi]; for ratio < 1 there is an atom of mass `1 - ratio` at 0.
"""

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import sympy as sp
from flint import acb, arb, ctx
from numpy.typing import NDArray

from mfcheck.errors import InputError
from mfcheck.rigor.ball import exact
from mfcheck.rigor.integrate import check_digits
from mfcheck.rigor.program import program
from mfcheck.symbolic.activation import X, float_code

_EVALUATIONS = 100_000


def moment_polynomial(order: int, ratio: sp.Expr) -> sp.Expr:
    """Return the moment of an order k >= 0, `sum_r C(k, r) C(k, r-1)/k ratio^r` (Narayana numbers).

    Raises:
        InputError: the order is negative.
    """
    if order < 0:
        raise InputError("moments of negative order are not polynomials in the ratio")
    if order == 0:
        return sp.Integer(1)
    return sp.Add(
        *(
            sp.Rational(math.comb(order, r) * math.comb(order, r - 1), order) * ratio**r
            for r in range(1, order + 1)
        )
    )


def mp_expectation(f: sp.Expr, ratio: Fraction | int | arb, digits: int = 15) -> arb:
    """Enclose the average of `f`, an expression in `X`, over the law, the atom included.

    Raises:
        InputError: the ratio is not positive; a ball may hold 1; `f` is not finite on the support (at 0 too,
            if there is an atom); or its integral is out of reach.
    """
    check_digits(digits)
    with ctx.workprec(math.ceil((digits + 8) * math.log2(10)) + 32):
        a = ratio if isinstance(ratio, arb) else exact(ratio)
        if not a > 0 or (not a.is_exact() and a.contains(1)):
            raise InputError(
                "the ratio of a Marchenko-Pastur law must be positive, and not a ball around 1"
            )
        plain, analytic = program(f, (X,), "complex"), program(f, (X,), "analytic")
        root = a.sqrt()

        def integrand(t: acb, must_be_analytic: bool) -> acb:
            cosine = t.cos()
            x = 1 + a + 2 * root * cosine
            weight = (1 - cosine) / 2 if a == 1 else a * (1 - cosine * cosine) / x
            return (analytic if must_be_analytic else plain)(x) * weight

        unit = arb(10) ** -(digits + 3)
        value = acb.integral(
            integrand, acb(0), acb.pi(), abs_tol=unit, rel_tol=unit, eval_limit=_EVALUATIONS
        )
        total = 2 * value.real / arb.pi()
        if a < 1:
            total += (1 - a) * program(f, (X,))(arb(0))
        if (
            not total.is_finite()
            or total.rad() > abs(total) * arb(10) ** -digits + unit + a.rad() * 1e6
        ):
            raise InputError(
                f"the average of {str(f)[:60]} over the law is not finite or out of reach"
            )
        return total


def mp_average(f: sp.Expr, ratio: float, nodes: int = 400) -> float:
    """Return the same in double precision, by the midpoint rule in the angle (spectral accuracy).

    `f` is not evaluated at the ends of the support, where it may have a pole: its average is finite.
    """
    t = np.pi * (np.arange(nodes) + 0.5) / nodes
    x: NDArray[np.float64] = 1 + ratio + 2 * np.sqrt(ratio) * np.cos(t)
    weight = (1 - np.cos(t)) / 2 if ratio == 1 else ratio * np.sin(t) ** 2 / x
    code = float_code(f)
    total = 2 * float(code(x) @ weight) / nodes
    return total + ((1 - ratio) * float(code(np.zeros(1))[0]) if ratio < 1 else 0.0)


def mp_resolvent(y: sp.Expr, ratio: sp.Expr) -> sp.Expr:
    """Return the average m of `1/(y + x)`, y > 0, or y = 0 and ratio > 1: `y m^2 + (y + ratio - 1) m = 1`."""
    s = y + ratio - 1
    return 2 / (s + sp.sqrt(s**2 + 4 * y))


def mp_power_means(
    stay: sp.Rational, out: sp.Rational, most: int, ratio: sp.Rational, times: int = 0
) -> list[sp.Rational]:
    """Return the averages of `x^times (stay + out x)^j`, j = 0, ..., most, exactly."""
    moments = [moment_polynomial(i + times, ratio) for i in range(most + 1)]
    return [
        sum(math.comb(j, i) * stay ** (j - i) * out**i * moments[i] for i in range(j + 1))
        for j in range(most + 1)
    ]


def mp_multiplied(v: Sequence[arb], ratio: arb, root: arb) -> list[arb]:
    """Return the coefficients of `x f(x)` in the orthonormal polynomials of the law, from those of f; one more.

    Multiplication is a tridiagonal matrix, with diagonal `ratio, 1 + ratio, 1 + ratio, ...` and `root = sqrt(ratio)`
    beside it; averages of products of polynomials are products of their vectors.
    """
    out, last = [], arb(0)
    for i, entry in enumerate(v):
        after = v[i + 1] if i + 1 < len(v) else 0
        out.append((ratio if i == 0 else 1 + ratio) * entry + root * (last + after))
        last = entry
    return [*out, root * last]


def spiked_edge(ratio: float, variance: float, spike: float) -> float:
    """Return the largest eigenvalue of `variance S + u u^T` in the limit, |u|^2 = spike, u independent of S.

    S follows the law. It is the edge of the bulk, or beyond it where `spike` times the average of `1/(z - variance x)`
    is 1.
    """

    def pull(z: float) -> float:
        s = z / variance + 1 - ratio
        return spike / variance * 2 / (s + math.sqrt(max(s * s - 4 * z / variance, 0.0)))

    low = variance * (1 + math.sqrt(ratio)) ** 2
    high = low + spike
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if pull(middle) > 1 else (low, middle)
    return high
