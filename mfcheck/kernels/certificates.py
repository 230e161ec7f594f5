"""Certificates of residual ReLU kernels: the recursion over the layers, and the limit at gamma = 1/2.

With `arc0` and `arc1` for k0 and k1, a layer takes rho to `rho + a (k1 - rho)`, the sum S of `mfcheck.kernels.rntk` to
`(1 - a + a k0) S + (k1 + rho k0)/2`, and the product B of the slopes to `(1 - a + a k0) B`.
"""

from collections.abc import Mapping
from fractions import Fraction

import sympy as sp

from mfcheck.kernels.formulas import GAP, HALF_TERM, theta
from mfcheck.kernels.limit import limit_kernel
from mfcheck.kernels.pairs import ALL_LAYERS, KERNEL, LIMIT, Pair
from mfcheck.rigor import certificate
from mfcheck.rigor.ball import decimal_text, endpoints
from mfcheck.rigor.certificate import Certificate
from mfcheck.rigor.certified_recursions import Values, recursion

_FACTOR = "(1 - a + a*arc0(rho))"
STEPS = {
    "rho": "rho + a*(arc1(rho) - rho)",
    "S": f"{_FACTOR}*S + (arc1(rho) + rho*arc0(rho))/2",
}
PRODUCT = {"B": f"{_FACTOR}*B"}
_DIGITS = 10

Enclosed = dict[sp.Symbol, tuple[Certificate, str]]
"""Symbols, each with the certificate that encloses it, and the name of the value there: empty if it has one alone."""


def layers(pair: Pair) -> Certificate:
    """Return the certificate that encloses r_L under the name `kernel`; alpha is L^-gamma."""
    values = {"kernel": (pair.depth, f"S/{pair.depth}", pair.kernel)}
    return _run(pair, {"rho": str(pair.u), "S": "0"}, STEPS, values)


def all_layers(pair: Pair) -> Certificate:
    """Return the certificate that encloses the kernel with all layers trained, under the name `kernel`."""
    formula = f"(rho + {pair.u}*B + 2*a*S)/(2*(1 + {pair.depth}*a))"
    values = {"kernel": (pair.depth, formula, pair.all_layers)}
    return _run(pair, {"rho": str(pair.u), "S": "0", "B": "1"}, STEPS | PRODUCT, values)


def _run(
    pair: Pair, start: Mapping[str, str], steps: Mapping[str, str], values: Values
) -> Certificate:
    share = {"a": f"1/(1 + {pair.depth}**({2 * pair.gamma}))" if pair.gamma else "1/2"}
    return recursion(share, start, steps, values, {"rho": (-1, 1, 1)}, _DIGITS)


def limit(u: Fraction) -> tuple[sp.Expr, sp.Symbol, Certificate]:
    """Return the limit at gamma = 1/2 as a formula in the angle at time 1, that angle, and its certificate.

    The angle x at time 1 has `int_x^acos(u) sin/GAP = 1`, and `R(1) = GAP(x) int_x^acos(u) HALF_TERM sin/GAP^2`.
    """
    x, t = _symbol("angle", u), sp.Symbol("t", real=True)
    gap, half_term = (f.subs(theta, t) for f in (GAP, HALF_TERM))
    path = (t, x, sp.acos(_rational(u)))
    ends = endpoints(limit_kernel(u).angle)
    assert ends is not None
    room = Fraction(1, 10**_DIGITS)
    lower, upper = (
        decimal_text(end + side * room, 15, up=side > 0)
        for end, side in zip(ends, (-1, 1), strict=True)
    )
    passed = sp.Integral(sp.sin(t) / gap, path) - 1
    angle = certificate.root(passed, x.name, lower, upper, digits=_DIGITS + 2)
    return gap.subs(t, x) * sp.Integral(half_term * sp.sin(t) / gap**2, path), x, angle


def written(formula: sp.Expr, pair: Pair) -> tuple[sp.Expr, Enclosed]:
    """Return a formula in the angle and in kernels of a pair over exact numbers and symbols with certificates.

    Kernels are `KERNEL` and `ALL_LAYERS`, at alpha = L^-gamma, and `LIMIT`.
    """
    known: dict[sp.Symbol, sp.Expr] = {theta: sp.acos(_rational(pair.u))}
    enclosed: Enclosed = {}
    if LIMIT in formula.free_symbols:
        known[LIMIT], angle, made = limit(pair.u)
        enclosed[angle] = (made, "")
    for symbol, make in ((KERNEL, layers), (ALL_LAYERS, all_layers)):
        if symbol in formula.free_symbols:
            known[symbol] = _symbol(symbol.name, pair.depth, pair.gamma, pair.u)
            enclosed[known[symbol]] = (make(pair), "kernel")
    return formula.subs(known), enclosed


def at_least(name: str, formula: sp.Expr, pair: Pair, lower: sp.Rational) -> dict[str, Certificate]:
    """Return the parts which state that a formula of a pair, as in `written`, is at least so much; the last by name."""
    expr, enclosed = written(formula, pair)
    inputs = {s.name: f"{s.name}.{value}".rstrip(".") for s, (_, value) in enclosed.items()}
    stated = certificate.inequality(expr, inputs, str(lower), digits=_DIGITS)
    return {**{s.name: part for s, (part, _) in enclosed.items()}, name: stated}


def _symbol(name: str, *numbers: object) -> sp.Symbol:
    text = "_".join([name, *map(str, numbers)])
    return sp.Symbol(text.replace("-", "m").replace("/", "_"), real=True)


def _rational(x: Fraction) -> sp.Rational:
    return sp.Rational(x.numerator, x.denominator)
