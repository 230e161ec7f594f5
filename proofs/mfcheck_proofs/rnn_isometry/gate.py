"""The setting, and the gated cell: its state, its slope, its critical line."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
import sympy as sp
from flint import arb, ctx
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize_scalar
from scipy.special import expit

from mfcheck.checks import Setting, choice, parameter
from mfcheck.errors import InputError
from mfcheck.gaussian import expectation
from mfcheck.rigor.ball import enclose, exact
from mfcheck.rigor.roots import crossing
from mfcheck.symbolic.activation import X, activation

Array = NDArray[np.float64]

SIGMA_W = parameter("sigma_w", "172/25", "standard deviation of W times sqrt N", least=0, most=50)
SIGMA_V = parameter("sigma_v", "139/100", "standard deviation of V times sqrt N", least=0, most=50)
MU_B = parameter("mu_b", 0, "mean of the gate's bias", least=-20, most=20)
SIGMA_B = parameter("sigma_b", 0, "standard deviation of the bias", least=0, most=50)
INPUT_VAR = parameter("input_var", "23/50", "variance R of the inputs", above=0, most=1000)
INPUT_CORR = parameter("input_corr", "1/2", "correlation of two sequences of inputs", least=0, most=1)
STEPS = parameter("steps", 60, "steps of a simulation", least=2, most=100_000, integer=True)
WIDTH = parameter("width", 400, "width of simulated cells", least=40, most=20_000, integer=True)
CELL = choice("cell", ("gate", "vanilla"), "cell that is simulated")
WEIGHTS = choice("weights", ("untied", "tied"), "fresh weights at every step, or the same")
PARAMETERS = (SIGMA_W, SIGMA_V, MU_B, SIGMA_B, INPUT_VAR, INPUT_CORR, STEPS, WIDTH, CELL, WEIGHTS)
sigma_w, sigma_v, mu_b, sigma_b, R, Sigma = (p.symbol for p in PARAMETERS[:6])
ONE, HALF = sp.Integer(1), sp.Rational(1, 2)
GATE = activation("sigmoid").expr
SLOPE = sp.diff(GATE, X)

# --- the gated cell --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cell:
    """A gated cell: standard deviations, mean of the bias, variance of the inputs."""

    sigma_w: Fraction
    sigma_v: Fraction
    mu_b: Fraction
    sigma_b: Fraction
    R: Fraction

    @property
    def floor(self) -> Fraction:
        """What inputs and bias add to the variance of the gate's argument."""
        return self.sigma_v**2 * self.R + self.sigma_b**2


def cell_of(setting: Setting) -> Cell:
    """The cell of a setting."""
    return Cell(*(setting[name] for name in ("sigma_w", "sigma_v", "mu_b", "sigma_b", "input_var")))


def cell(sigma: str, sigma_in: str, mean: str, variance: str) -> Cell:
    """A cell from decimals, without noise of the bias."""
    return Cell(Fraction(sigma), Fraction(sigma_in), Fraction(mean), Fraction(0), Fraction(variance))


def average(f: sp.Expr, q: arb, mean: Fraction, digits: int) -> arb:
    """Enclose E f(e), e of variance q around the mean."""
    return expectation(f, q, mean, digits)


LEFT, KEPT, BEND = (1 - GATE) ** 2, 1 - GATE**2, SLOPE**2


def parts(q: arb, mean: Fraction, digits: int) -> tuple[arb, arb, arb]:
    """Enclose A = E (1-u)^2, B = 1 - E u^2 and D = E u'^2."""
    a, b, d = (average(f, q, mean, digits) for f in (LEFT, KEPT, BEND))
    return a, b, d


def slopes_of(q: arb, mean: Fraction, digits: int) -> tuple[arb, arb, arb]:
    """Enclose their derivatives in q: dE f/dq = E f''/2."""
    a, b, d = (average(sp.diff(f, X, 2), q, mean, digits) / 2 for f in (LEFT, KEPT, BEND))
    return a, b, d


@lru_cache(maxsize=4096)
def float_parts(q: float, mean: float) -> tuple[float, float, float]:
    """A, B and D in doubles, by the trapezoidal rule."""
    root = math.sqrt(q)
    z = np.linspace(-12, 12, max(400, min(200_000, int(24 * root / 0.1))))
    weight = np.exp(-z * z / 2)
    weight /= weight.sum()
    u = expit(mean + root * z)
    v = expit(-mean - root * z)
    return float(weight @ v**2), float(weight @ (v * (1 + u))), float(weight @ (u * v) ** 2)


def digits_of(q: arb) -> int:
    """Digits that a ball, at the working precision, can bear."""
    most = int(ctx.prec / 3.33) + 2
    return most if q.is_exact() else max(5, min(most, int(q.rel_one_accuracy_bits() / 3.33) + 4))


def balance(chosen: Cell) -> tuple[Callable[[arb], arb], Callable[[arb], arb]]:
    """Return sigma_w^2 R A/B + floor - q and its slope, as functions of q; A/B < 1, so that all roots are below the top."""
    scale = exact(chosen.sigma_w**2 * chosen.R)

    def value(q: arb) -> arb:
        digits = digits_of(q)
        a, b = (average(f, q, chosen.mu_b, digits) for f in (LEFT, KEPT))
        return scale * a / b + exact(chosen.floor) - q

    def change(q: arb) -> arb:
        digits = digits_of(q)
        a, b = (average(f, q, chosen.mu_b, digits) for f in (LEFT, KEPT))
        da, db = (average(sp.diff(f, X, 2), q, chosen.mu_b, digits) / 2 for f in (LEFT, KEPT))
        return scale * (da - a / b * db) / b - 1

    return value, change


def reached(gain: float, floor: float, mean: float) -> float:
    """Return the fixed q that is reached from Q = 0, in doubles; `gain` is sigma_w^2 R.

    It is the smallest root: between points of a grid that are all positive, a minimum below zero is looked for too.
    """

    def off(q: float) -> float:
        a, b, _ = float_parts(q, mean)
        return gain * a / b + floor - q

    grid = [floor, *(floor + gain * np.geomspace(1e-9, 1, 120))]
    values = [off(grid[0])]
    for i in range(1, len(grid)):
        values.append(off(grid[i]))
        if i > 1 and values[i - 2] > values[i - 1] <= values[i]:
            lowest = minimize_scalar(off, bounds=(grid[i - 2], grid[i]), method="bounded", options={"xatol": 1e-12})
            if lowest.fun < 0:
                return float(brentq(off, grid[i - 2], lowest.x, xtol=1e-14, rtol=1e-14))
        if values[i] < 0:
            return float(brentq(off, grid[i - 1], grid[i], xtol=1e-14, rtol=1e-14))
    return float(grid[-1])


@lru_cache(maxsize=256)
def gate_variance(chosen: Cell, digits: int) -> arb:
    """Enclose q*, the smallest fixed point."""
    with ctx.workdps(digits + 15):
        if not chosen.sigma_w:
            return exact(chosen.floor)
        guess = Fraction(reached(float(chosen.sigma_w**2 * chosen.R), float(chosen.floor), float(chosen.mu_b)))
        near = guess / 10**8
        value, change = balance(chosen)
        return crossing(value, change, (guess - near, guess + near), digits)


@dataclass(frozen=True)
class Critical:
    """The point of the critical line: q and sigma_w."""

    q: arb
    sigma_w: arb


def crossed(off: Callable[[float], float], floor: float, mean: float, variance: float) -> float:
    """Return, in doubles, the smallest root of `off` that is the state reached from Q = 0 at its sigma_w.

    Raises:
        InputError: there is none for variances up to 10^6.
    """
    seen, last, before = "", floor, off(floor)
    for q in floor + np.geomspace(1e-3, 1e6, 300):
        here = off(float(q))
        if before * here < 0:
            root = float(brentq(off, last, q, xtol=1e-14, rtol=1e-14))
            a, b, _ = float_parts(root, mean)
            gain = (root - floor) * b / a
            if abs(reached(gain, floor, mean) - root) < 1e-6 * root:
                return root
            seen = f": near sigma_w = {math.sqrt(gain / variance):.6g} there are several states, and it jumps past 1"
        last, before = float(q), here
    raise InputError(f"no sigma_w is found where chi_1 of the state reached from Q = 0 is 1{seen}")


@lru_cache(maxsize=256)
def critical(mean: Fraction, floor: Fraction, variance: Fraction, digits: int) -> Critical:
    """Enclose the point with chi_1 = 1 at the state reached from Q = 0: (q - floor)(A + B) D = A B.

    The smallest such root above the floor. There is a root, as for large q the left side grows like the square root;
    but where the cell has several states, all roots may belong to other states, and chi_1 jumps past 1.

    Raises:
        InputError: it does.
    """

    def off(q: float) -> float:
        a, b, d = float_parts(q, float(mean))
        return (q - float(floor)) * (a + b) * d - a * b

    def value(q: arb) -> arb:
        a, b, d = parts(q, mean, digits_of(q))
        return (q - exact(floor)) * (a + b) * d - a * b

    def change(q: arb) -> arb:
        n = digits_of(q)
        (a, b, d), (da, db, dd) = parts(q, mean, n), slopes_of(q, mean, n)
        return (a + b) * d + (q - exact(floor)) * ((da + db) * d + (a + b) * dd) - da * b - a * db

    guess = Fraction(crossed(off, float(floor), float(mean), float(variance)))
    with ctx.workdps(digits + 15):
        found = crossing(value, change, (guess * (1 - Fraction(1, 10**8)), guess * (1 + Fraction(1, 10**8))), digits)
        a, b, _ = parts(found, mean, digits + 5)
        return Critical(found, ((found - exact(floor)) * b / (a * exact(variance))).sqrt())


def critical_of(setting: Setting, digits: int) -> arb:
    """Enclose the critical sigma_w of a setting."""
    chosen = cell_of(setting)
    return critical(chosen.mu_b, chosen.floor, chosen.R, digits).sigma_w


U1, U2, U4, V2, W2, W4, UW, UV, V4, Q, w2, s = sp.symbols("U1 U2 U4 V2 W2 W4 UW UV V4 Q w2 s", positive=True)
v2, v4, uv = sp.symbols("v2 v4 uv", positive=True)
MOMENTS = {
    U1: GATE,
    U2: GATE**2,
    U4: GATE**4,
    V2: LEFT,
    V4: (1 - GATE) ** 4,
    UV: GATE**2 * LEFT,
    W2: BEND,
    W4: SLOPE**4,
    UW: GATE**2 * BEND,
}
"""Moments of a gate by their symbols."""
STATE = R * V2 / (1 - U2)
FOURTH = (6 * UV * Q * R + 3 * R**2 * V4) / (1 - U4)
"""E h^4 at the fixed point."""
GAP4 = FOURTH + 6 * Q * R + 3 * R**2
"""E (h - z)^4."""
CHI = U2 + w2 * (Q + R) * W2
FIRST = U2 + w2 * v2
SECOND = U4 + 2 * w2 * U2 * v2 + 2 * w2 * uv + w2**2 * (v4 + s * v2**2)
VARIANCE = SECOND / FIRST**2 - 1

Known = dict[sp.Symbol, arb]


def moments_at(chosen: Cell, q: arb, weight: arb, digits: int = 20) -> Known:
    """Enclose all moments of a gated cell at a variance, with sigma_w^2 = weight."""
    with ctx.workdps(digits + 15):
        found: Known = {name: average(f, q, chosen.mu_b, digits) for name, f in MOMENTS.items()}
        found |= {R: exact(chosen.R), w2: weight}
        found[Q] = enclose(STATE, found, ctx.prec)
        gap4 = enclose(GAP4, found, ctx.prec)
        found[v2] = (found[Q] + found[R]) * found[W2]
        return found | {v4: gap4 * found[W4], uv: (found[Q] + found[R]) * found[UW]}


@lru_cache(maxsize=64)
def stationary(chosen: Cell) -> Known:
    """The moments at the fixed point."""
    return moments_at(chosen, gate_variance(chosen, 25), exact(chosen.sigma_w) ** 2)


@lru_cache(maxsize=64)
def on_line(mean: Fraction) -> Known:
    """The moments on the critical line with the inputs of the paper's constants."""
    chosen = cell("1", "1.39", str(mean), "0.46")
    at = critical(mean, chosen.floor, chosen.R, 16)
    return moments_at(chosen, at.q, at.sigma_w**2, 13)
