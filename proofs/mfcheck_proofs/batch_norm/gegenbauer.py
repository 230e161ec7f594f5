"""Setting, and expansions of the activation in Gegenbauer polynomials with their remainders."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import sympy as sp
from flint import acb, arb, ctx, fmpq
from numpy.typing import NDArray

from mfcheck.checks import Setting, constant, parameter
from mfcheck.errors import InputError
from mfcheck.gaussian import arc_cosine, arc_cosine_slope
from mfcheck.rigor.pieces import pieces
from mfcheck.rigor.program import program
from mfcheck.symbolic.activation import X, activation

Array = NDArray[np.float64]

BATCH = parameter("batch", 8, "inputs B of the batch", least=4, most=10**6, integer=True)
WIDTH = parameter("width", 512, "units of a layer in simulate", least=16, most=4096, integer=True)
DEPTH = parameter("depth", 40, "layers in simulate", least=8, most=400, integer=True)
INDEX = parameter("index", 3, "index k of c_k", least=1, most=2000, integer=True)
PARAMETERS = (BATCH, WIDTH, DEPTH, INDEX)
B, _, _, INDEX_K = (p.symbol for p in PARAMETERS)
HALF, ONE = sp.Rational(1, 2), sp.Integer(1)
RHO = -1 / (B - 1)

# --- Gegenbauer expansions with their remainders ---------------------------------------------------------------------

HEIGHTS = (4.0, 2.4, 1.6, 1.2, 0.8, 0.5, 0.3, 0.15, 0.06)
"""Half-heights of the ellipses in which an activation is tried to be analytic, in units of its argument."""
LARGEST = 1024
"""Largest batch for which series are summed."""


@dataclass(frozen=True)
class Ellipse:
    """`f(x) = phi(sqrt(B-1) x)` is analytic, and at most `size`, in the Bernstein ellipse of parameter `r` > 1.

    Its Chebyshev coefficients are at most `2 size r^-n`.
    """

    r: arb
    size: arb

    def rest(self, degree: int) -> arb:
        """Bound |f - p| for the Chebyshev truncation p."""
        return 2 * self.size * self.r**-degree / (self.r - 1)

    def slope_rest(self, degree: int) -> arb:
        """Bound |sqrt(1-x^2) (f - p)'|, the sum of n times the coefficients beyond."""
        return 2 * self.size * self.r**-degree * (degree * (self.r - 1) + self.r) / (self.r - 1) ** 2

    def degree(self, bound: arb, rest: Callable[[int], arb]) -> int:
        """Return a degree at which the rest is below the bound."""
        degree = 8
        while not rest(degree) < bound:
            degree += max(2, degree // 16)
        return degree


@lru_cache(maxsize=64)
def ellipse(expr: sp.Expr, batch: int) -> Ellipse:
    """Return the best ellipse of the list.

    Raises:
        InputError: the activation is not seen to be analytic in any of them.
    """
    if len(pieces(expr)) > 1:
        raise InputError("q_star, c_star, mu_star and rate need an analytic activation, or relu: this one has a kink")
    with ctx.workprec(64):
        best: tuple[float, Ellipse] | None = None
        for height in HEIGHTS:
            size = _largest(expr, math.sqrt(batch - 1), height)
            if size is None:
                continue
            b = arb(height) / arb(batch - 1).sqrt()
            found = Ellipse((b + (1 + b * b).sqrt()).lower(), size + arb(10) ** -30)
            cost = (60 + float(found.size.log())) / float(found.r.log())
            if best is None or cost < best[0]:
                best = cost, found
    if best is None:
        raise InputError("the activation is not seen to be analytic near the real line")
    return best[1]


def _largest(expr: sp.Expr, radius: float, height: float) -> arb | None:
    """Bound |phi| on a rectangle that holds the ellipse; None where analyticity is not certain."""
    code, reach = program(expr, (X,), "analytic"), math.sqrt(radius**2 + height**2) * (1 + 1e-12)
    across, up = math.ceil(2 * reach / height * 3), 3
    boxes = [
        (-reach + (2 * i + 1) * reach / across, (2 * j + 1) * height / up / 2, reach / across, height / up / 2, 0)
        for i in range(across)
        for j in range(up)
    ]
    largest = arb(0)
    while boxes:
        x, y, dx, dy, level = boxes.pop()
        value = code(acb(arb(x, dx * (1 + 1e-9)), arb(y, dy * (1 + 1e-9))))
        if value.is_finite():
            largest = largest.max(abs(value).upper())
        elif level == 5:
            return None
        else:
            boxes += [(x + s * dx / 2, y + t * dy / 2, dx / 2, dy / 2, level + 1) for s in (-1, 1) for t in (-1, 1)]
    return largest


def nodes(batch: int, exact: int) -> tuple[list[arb], list[arb]]:
    """Return the positive nodes and weights of a symmetric rule, exact for E p(x) up to a degree, x = z/sqrt(B-1)."""
    p = arb(batch - 4) / 2
    norm = arb.pi().sqrt() * (p + 1).gamma() / (p + arb(3) / 2).gamma()
    if batch % 2:
        count = (exact + batch - 4) // 2 + 1
        count += count % 2
        angles = [arb.pi() * j / (count + 1) for j in range(1, count // 2 + 1)]
        return [t.cos() for t in angles], [arb.pi() / (count + 1) * t.sin() ** (batch - 3) / norm for t in angles]
    count = (exact + batch - 3) // 2 + 1
    count += count % 2
    pairs = [arb.legendre_p_root(count, j, True) for j in range(count // 2)]
    return [x for x, _ in pairs], [w * (1 - x * x) ** ((batch - 4) // 2) / norm for x, w in pairs]


def ratios(batch: int, count: int) -> list[fmpq]:
    """Return C_k(rho)/C_k(1) for k = 0..count, exactly; (k + B-3) R_(k+1) = (2k + B-3) x R_k - k R_(k-1)."""
    rho, found = fmpq(-1, batch - 1), [fmpq(1), fmpq(-1, batch - 1)]
    for k in range(1, count):
        found.append(((2 * k + batch - 3) * rho * found[k] - k * found[k - 1]) / (k + batch - 3))
    return found[: count + 1]


@dataclass(frozen=True)
class Symmetric:
    """At the symmetric fixed point: q*, mu* = q* (1 - c*), and the rate of squared gradients."""

    q: arb
    mu: arb
    rate: arb


@lru_cache(maxsize=128)
def by_series(expr: sp.Expr, batch: int, digits: int) -> Symmetric:
    """Enclose the sums over a_k^2, a_k = E phi(z) h_k(z), h_k orthonormal, with their remainders.

    A rule with positive weights that is exact up to degree D + K gives a_k, k <= K, up to twice |f - p_D|. Beyond K the
    sums of a_k^2 and k(k+B-3) a_k^2 are at most the squares of |f - p_K| and |sqrt(1-x^2) (f - p_K)'|.
    """
    if batch > LARGEST:
        raise InputError(f"the series is summed for batch <= {LARGEST}, got {batch}")
    around = ellipse(expr, batch)
    with ctx.workprec(64):
        goal = arb(10) ** -(digits + 8)
        many = around.degree(goal, around.rest)
        few = around.degree(goal.sqrt(), around.slope_rest)
    with ctx.workprec(math.ceil(3.33 * (digits + 12) + 1.35 * few) + 64):
        x, weights = nodes(batch, many + few)
        code, root = program(expr, (X,)), arb(batch - 1).sqrt()
        right, left = ([w * code(sign * root * at) for at, w in zip(x, weights, strict=True)] for sign in (1, -1))
        parts = [[a + s * b for a, b in zip(right, left, strict=True)] for s in (1, -1)]
        squares = _squares(x, parts, batch, few, 2 * around.rest(many))
        rest, slope_rest = (r(few) ** 2 for r in (around.rest, around.slope_rest))
        return _sums(squares, batch, arb(0).union(rest.upper()), arb(0).union(2 * slope_rest.upper()))


def _squares(x: list[arb], values: list[list[arb]], batch: int, count: int, error: arb) -> list[arb]:
    """Return a_0^2, ..., a_count^2 from even and odd part of the weighted values at the positive nodes."""
    before, here, found = [arb(0)] * len(x), [arb(1)] * len(x), []
    norm = arb(1)
    for k in range(count + 1):
        total = sum((v * r for v, r in zip(values[k % 2], here, strict=True)), arb(0))
        # E R_k^2 = (B-3) k!/((2k + B-3) (B-3)_k)
        a = total / (norm * (batch - 3) / (2 * k + batch - 3)).sqrt() + arb(0, error.upper())
        found.append(a * a)
        norm = norm * (k + 1) / (k + batch - 3)
        first, second, last = 2 * k + batch - 3, k, k + batch - 3
        new = [(first * at * r - second * s) / last for at, r, s in zip(x, here, before, strict=True)]
        here, before = new, here
    return found


def _sums(squares: list[arb], batch: int, rest: arb, slope_rest: arb) -> Symmetric:
    r = ratios(batch, len(squares) - 1)
    q = sum(squares, rest)
    weighted = [(1 - arb(r[k])) * s for k, s in enumerate(squares)]
    mu = sum(weighted[1:], 2 * rest)
    top = sum((k * (k + batch - 3) * w for k, w in enumerate(weighted)), slope_rest)
    if not mu > 0:
        raise InputError("mu_star > 0 is needed: the activation is constant where the normalised signal is")
    return Symmetric(q, mu, top / ((batch - 3) * mu))


def is_relu(setting: Setting) -> bool:
    """Whether the activation is the rectifier, for which there are closed forms."""
    return bool(setting.activation.expr == activation("relu").expr)


def fixed(setting: Setting, digits: int) -> Symmetric:
    """Enclose q*, mu* and the rate in a setting."""
    batch = setting.integer("batch")
    if is_relu(setting):
        with ctx.workdps(digits + 15):
            j, slope = (f(arb(-1) / (batch - 1)) for f in (arc_cosine, arc_cosine_slope))
            rate = (slope + batch - 1) / ((batch - 3) * (1 - j)) - arb(1) / (batch - 3)
            return Symmetric(arb(1) / 2, (1 - j) / 2, rate)
    return by_series(setting.activation.expr, batch, digits)


def c_index(setting: Setting, digits: int) -> arb:
    """Return c_k = 1 - C_k(rho)/C_k(1)."""
    del digits
    k = setting.integer("index")
    return arb(1 - ratios(setting.integer("batch"), k)[k])


def c_star(setting: Setting, digits: int) -> arb:
    """Enclose c* = 1 - mu*/q*."""
    found = fixed(setting, digits + 5)
    with ctx.workdps(digits + 15):
        return 1 - found.mu / found.q


ANGLE = sp.acos(RHO)
J_RHO, SLOPE_RHO = (sp.sqrt(1 - RHO**2) + (sp.pi - ANGLE) * RHO) / sp.pi, (sp.pi - ANGLE) / sp.pi
j, p = sp.symbols("J J_prime", positive=True)
"""J(rho) and J'(rho)."""
AT_RHO = {j: J_RHO, p: SLOPE_RHO}
RATE = (p + B - 1) / ((B - 3) * (1 - j)) - 1 / (B - 3)
LAMBDA_M = B * p / ((B + 1) * (1 - j))
LAMBDA_L = ((B - 2) * (1 - j) + B / (B - 1) * p) / ((B + 1) * (1 - j))
BOUND = (B - 2) / (B - 3)
USES = ("batch", "activation")
Q_STAR = constant("q_star", lambda s, d: fixed(s, d).q, "second moment of the activation", source="C2", uses=USES)
C_STAR = constant("c_star", c_star, "correlation within the batch", source="C2", uses=USES)
MU_STAR = constant("mu_star", lambda s, d: fixed(s, d).mu, "q* (1 - c*)", source="C2", uses=USES)
RATE_STAR = constant("rate", lambda s, d: fixed(s, d).rate, "growth of squared gradients", source="C4", uses=USES)
