"""Identities of the arc-cosine functions and of the kernel of one hidden layer, as pairs of equal expressions.

Closed forms are given in u, over `mfcheck.kernels.formulas.u` (Cho, Saul 2009); with others than those of that module
the pairs are not equal.
"""

import sympy as sp

from mfcheck.kernels.formulas import GAP, K0, theta, u

Pair = tuple[sp.Expr, sp.Expr]
_t = sp.Symbol("theta", positive=True)

k = sp.Symbol("k", nonnegative=True)
"""Index of a coefficient."""


def _in_angle(expr: sp.Expr) -> sp.Expr:
    """Put u = cos(theta), 0 < theta < pi."""
    roots = {sp.acos(u): _t, sp.sqrt(1 - u**2): sp.sin(_t)}
    return expr.subs(roots).subs(u, sp.cos(_t))


def gaussian_integrals(k0: sp.Expr, k1: sp.Expr) -> list[Pair]:
    """Return k0 = 2 E[1(g > 0) 1(g' > 0)] and k1 = 2 E[relu(g) relu(g')], the means in polar coordinates.

    Both of two standard Gaussians of correlation cos(theta) are positive on an arc of length pi - theta.
    """
    phi, radius = sp.symbols("phi r", positive=True)
    arc = (phi, _t - sp.pi / 2, sp.pi / 2)
    weight = radius * sp.exp(-(radius**2) / 2) / (2 * sp.pi)
    radial = [sp.integrate(weight * radius**n, (radius, 0, sp.oo)) for n in (0, 2)]
    order_0 = 2 * radial[0] * sp.integrate(sp.Integer(1), arc)
    order_1 = 2 * radial[1] * sp.integrate(sp.expand_trig(sp.cos(phi) * sp.cos(phi - _t)), arc)
    return [(order_0, _in_angle(k0)), (order_1, _in_angle(k1))]


def angle_forms(k0: sp.Expr, k1: sp.Expr) -> list[Pair]:
    """Return the forms in the angle, k1' = k0, and k1(u) - u = k1(-u), on which accuracy near the ends rests."""
    order_0, order_1, gap = _in_angle(k0), _in_angle(k1), GAP.subs(theta, _t)
    return [
        (order_0, K0.subs(theta, _t)),
        (order_1 - sp.cos(_t), gap),
        (order_1, gap.subs(_t, sp.pi - _t)),
        (sp.diff(order_1, _t), -sp.sin(_t) * order_0),
    ]


def central_binomials() -> dict[str, Pair]:
    """Return why (1-x)^(1/2), (1-x)^(-1/2) have the coefficients -b_k/(2k-1) and b_k, b_k = binom(2k, k)/4^k.

    `(1-x) y' = -p y` gives `(k+1) c_(k+1) = (k-p) c_k`, and `b_(k+1)/b_k = (2k+1)/(2k+2)`; both begin with 1. The
    derivative of arcsin(x) is the second function at x^2.
    """
    x, grown, half = sp.Symbol("x", real=True), (2 * k + 1) / (2 * k + 2), sp.Rational(1, 2)
    found = {"arcsine": (sp.diff(sp.asin(x), x), (1 - x**2) ** -half)}
    for name, power, over in (("root", half, -1 / (2 * k - 1)), ("inverse", -half, sp.Integer(1))):
        y = (1 - x) ** power
        found[f"equation of the {name}"] = ((1 - x) * sp.diff(y, x), -power * y)
        ratio = ((k + 1) * over.subs(k, k + 1) * grown, (k - power) * over)
        found[f"recurrence of the {name}"] = ratio
    return found


def odd_part(kernel: sp.Expr) -> sp.Expr:
    """Return f(u) - f(-u) of a function of u and acos(u), from acos(-u) = pi - acos(u)."""
    mirrored = kernel.subs(u, -u).subs(sp.acos(-u), sp.pi - sp.acos(u))
    return sp.expand(kernel - mirrored)


def form_on_opposites(kernel: sp.Expr, count: int) -> dict[str, Pair]:
    """Return why a kernel of inner products is singular on many opposite pairs x, -x if its odd part is linear.

    If f(u) - f(-u) = b u, the form of its matrix at (w, -w) is 2 b sum w_i w_j <x_i, x_j> = 2 b |sum w_i x_i|^2, which
    vanishes for some w where the x_i are linearly dependent. `count` points of the plane stand for them.
    """
    odd = odd_part(kernel)
    slope = odd.coeff(u)
    w = sp.Matrix(sp.symbols(f"w:{count}", real=True))
    x = sp.Matrix(2, count, sp.symbols(f"x:{2 * count}", real=True))
    form, square = 2 * slope * (w.T * x.T * x * w)[0], 2 * slope * (x * w).dot(x * w)
    return {"odd part": (odd, slope * u), "form": (sp.expand(form), sp.expand(square))}
