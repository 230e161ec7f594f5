"""Explicit bounds on r_L, with the derivation, and how claims test inequalities between them and kernels of two inputs.

Notation: `theta = arccos rho`, chord `c = |x - x'| = 2 sin(theta/2)` and `s = 1/c`, at layer l after l steps;
`kappa = a/(3 pi)` with `a = alpha^2/(1 + alpha^2) < 1`, `lambda = kappa L`, `t_l = s_0 + kappa l`.

1. `v = 1 - rho = c^2/2` obeys `v+ = v - a g` with `g = k1 - rho = (sin theta - theta cos theta)/pi`. With
   `G = 3 pi g / c^3`: 1 <= G <= 1 + Gamma c^2 (shape), and `s+ = s (1 - 2 kappa c G)^(-1/2)`.
2. `(1 - 2y)^(-1/2) >= 1 + y` gives `s+ - s >= kappa`, so `s_l >= t_l`. On y <= 4/(5 pi) the remainder of
   `((1-2y)^(-1/2) - 1)/y = 1 + 3y/2 + ...` gives `s+ - s <= kappa (1 + (3/2) kappa c + Q c^2)` (increment), so by
   `c_j <= 1/t_j` and the integral test `s_L <= t_L + drift`.
3. B_(l+1) is the product of the slopes `1 - 3 kappa theta`. Since `theta c^2 >= 3 pi g`, a slope is at most
   `(1 - 2 kappa c G)^(3/2) = (s/s+)^3`; and at least `(s/s+)^3 (1 - kappa D c^2)` (slope). So B_(l+1) lies between
   `(s_l/s_L)^3 (1 - D (1 + 2 kappa)/t_l)` and `(s_l/s_L)^3`.
4. `H = (k1 + rho k0)/2` lies between `1 - F c` and 1, and H >= 0 for c <= 3/2 (term).
5. Upper bound: `r_L <= (1/L) sum (s_l/s_L)^3` with `s_l <= s_L - kappa (L - l)`, hence `r_L <= 1/L + s_L/(4 lambda)`.
6. Lower bound: layers with H < 0 have c > 3/2; they are at most `(2/3 - s_0)/kappa + 1`, each worth at least -1. The
   rest is at least `(t_l/s_L)^3 (1 - E/t_l)` with `E = (D + F)(1 + 2 kappa)`; sums against integrals.
"""

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction

import sympy as sp
from flint import arb, ctx

from mfcheck.checks import Case, Check, Context, Kind, Step, compared, positive_on
from mfcheck.kernels.formulas import GAP, HALF_TERM, L, T, c, kappa, lam, s_0, theta
from mfcheck.kernels.formulas import a as share
from mfcheck.kernels.pairs import PREC, Pair, Sides

CONSTANTS = {
    "power": sp.Integer(3),
    "shape": sp.Rational(1, 20),
    "leading": sp.Rational(3, 2),
    "increment": sp.Rational(1, 4),
    "slope": sp.Rational(5, 2),
    "term": sp.Rational(5, 8),
}
"""Power of s in B; Gamma; coefficients of kappa c and c^2 in the increment of s; D; F."""

ANGLE_SLOPE = sp.Rational(2, 3)
"""M: |dH/dtheta| <= M."""

EXCESS = sp.Rational(1, 5)
"""theta - c G <= c^2/5, inside the bound on slopes."""

Constants = Mapping[str, sp.Expr]


def increment(k: Constants = CONSTANTS) -> sp.Expr:
    """Return the bound on s+ - s (step 2)."""
    return kappa * (1 + k["leading"] * kappa * c + k["increment"] * c**2)


DRIFT = CONSTANTS["leading"] * kappa * (kappa / s_0 + sp.log(1 + lam / s_0)) + CONSTANTS["increment"] * (
    kappa / s_0**2 + 1 / s_0
)
"""Bound on s_L - s_0 - lambda (step 2)."""

UPPER = (s_0 + DRIFT + 4 * kappa) / (4 * lam)
"""Bound on r_L - 1/4 from above (step 5)."""


def lower_from(ell: sp.Expr, E: sp.Expr) -> sp.Expr:
    """Return the bound on 1/4 - r_L from above (step 6) for a drift `ell` and a loss `E` of a layer's term."""
    negative = 4 * (sp.Rational(1, 6) + kappa)
    return (3 * ell + E * (sp.Rational(4, 3) + 8 * kappa) + negative) / (4 * lam)


LOWER = lower_from(DRIFT, (CONSTANTS["slope"] + CONSTANTS["term"]) * (1 + 2 * kappa))


def fast_pointwise(slope: sp.Expr = ANGLE_SLOPE) -> sp.Expr:
    """Return the factor of a L in the bound on |r_L - r_1| at an angle theta < pi; `slope` bounds |dH/dtheta|."""
    return theta / sp.pi + slope / 2 * (1 - theta * sp.cos(theta) / sp.sin(theta))


FAST_UNIFORM = T + ANGLE_SLOPE * sp.Rational(2, 3) * sp.pi / sp.sqrt(2) * sp.sqrt(T)
"""Bound on |r_L - r_1| for every u; the symbol T stands for the product a L."""


def clock(slope: sp.Expr = ANGLE_SLOPE) -> sp.Expr:
    """Return the bound on |r_L - R(T)/T| for every u, T = a L, R the solution of the pair of `limits.py`.

    Euler's method of step a. With |rho''| <= 1 and slopes 1 - a theta/pi in [0, 1], rho_l is within a T/2 of rho(l a),
    so theta_l within (pi/2) (a T)^(1/2) of theta(l a), since |cos - cos'| >= 2 sin^2(half the difference of angles).
    R and a R_l stay below T, |R'| <= 1 + T, and theta decreases along the flow, by at most pi in all. So a R_L is
    within `T (a T)^(1/2) (pi slope/2 + T/2)` (other angles in H and in the damping) plus
    `a (pi slope + T (1 + T)/2 + T)` (changes of H, R and theta within the steps) of R(T); all divided by T.
    """
    root = sp.sqrt(share * T) * (sp.pi / 2 * slope + T / 2)
    return root + share * (sp.pi * slope / T + (1 + T) / 2 + 1)


def critical(slope: sp.Expr = ANGLE_SLOPE) -> sp.Expr:
    """Return the bound on |r_L - R(1)| for alpha = L^(-1/2): the above at a = 1/(L+1), T = 1 - a, and 3/L.

    The last since |d/dT (R/T)| <= (2 + T)/T <= 3/T.
    """
    a = 1 / (L + 1)
    return clock(slope).subs({share: a, T: L * a}) + 3 / L


_chord = 2 * sp.sin(theta / 2)
_cubed = sp.expand(3 * sp.pi * GAP)

Positive = tuple[sp.Expr, sp.Expr, int]
"""A function of the angle that is positive up to an end, and the order of its zero at 0."""


def certified(named: Mapping[str, Positive]) -> list[Step]:
    """Return the steps of inequalities in the angle."""
    return [positive_on(name, expr, theta, upper, order) for name, (expr, upper, order) in named.items()]


def inequalities(k: Constants = CONSTANTS) -> dict[str, Positive]:
    """Return functions of theta, positive on (0, upper], with upper and the order of the zero at 0 (steps 1, 3, 4)."""
    return {
        "shape, lower": (_cubed - _chord**3, sp.pi, 5),
        "shape, upper": (_chord**3 * (1 + k["shape"] * _chord**2) - _cubed, sp.pi, 5),
        "slope, upper": (theta * _chord**2 - _cubed, sp.pi, 5),
        "slope, excess": (EXCESS * _chord**4 - theta * _chord**2 + _cubed, sp.pi, 4),
        "term, upper": (1 - HALF_TERM, sp.pi, 1),
        "term, lower": (k["term"] * _chord - 1 + HALF_TERM, sp.pi, 1),
        "term, sign": (HALF_TERM, 2 * sp.asin(sp.Rational(3, 4)), 0),
    }


def comparisons(k: Constants = CONSTANTS) -> dict[str, tuple[sp.Expr, sp.Expr]]:
    """Return pairs smaller, larger (or equal) of numbers that finish steps 2 and 3.

    Each bounds a power series with coefficients >= 0 by its value at kappa = 1/(3 pi), c = 2, G = 1 + 4 Gamma.
    """
    top_kappa, top_G = 1 / (3 * sp.pi), 1 + 4 * k["shape"]
    y = 2 * top_kappa * top_G
    tail = ((1 - 2 * y) ** sp.Rational(-1, 2) - 1 - y - sp.Rational(3, 2) * y**2) / y**3
    curve = ((1 - 2 * y) ** sp.Rational(3, 2) - 1 + 3 * y) / y**2
    linear = 2 * sp.Rational(3, 2) * top_kappa * (2 * k["shape"] + 4 * k["shape"] ** 2)
    return {
        "increment": (k["shape"] + linear + top_kappa**2 * top_G**3 * tail, k["increment"]),
        "leading": (sp.Rational(3, 2), k["leading"]),
        "slope": (3 * EXCESS + curve * top_kappa * top_G**2, k["slope"] * (1 - 3 * y + curve * y**2)),
    }


# --- inequalities about two inputs -----------------------------------------------------------------------------------

GRID = (Fraction(-9, 10), Fraction(0), Fraction(1, 2), Fraction(9, 10))
"""The cosines at which tables are given."""
COSINES = (Fraction(-1), *GRID, Fraction(999, 1000))


def below(
    tests: str | Iterable[str],
    pairs: Callable[[Context], Iterable[Pair]],
    *sides: Sides,
    domain: str | Callable[[Context], str],
    group: str = "",
) -> Check:
    """Return the certified check `enclosed`: lhs <= rhs for each of the pairs and each of the inequalities."""

    def cases(context: Context) -> list[Case]:
        with ctx.workprec(PREC):
            return [Case(*side(pair, context.formulas), str(pair)) for pair in pairs(context) for side in sides]

    return compared("enclosed", tests, cases, kind=Kind.CERTIFIED, relation="<=", domain=domain, group=group)


def largest(gap: Callable[[Pair], arb], gamma: Fraction) -> Callable[[Context, sp.Integer], arb]:
    """Return what encloses the largest value of a function of pairs over the grid, against the depth."""

    def at(_: Context, depth: sp.Integer) -> arb:
        worst = arb(0)
        with ctx.workprec(PREC):
            for u in GRID:
                worst = worst.max(gap(Pair(u, int(depth), gamma)))
        return worst

    return at
