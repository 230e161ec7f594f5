"""States that a gate keeps: `h' = u h + (1 - u) z`, `u = sigmoid(e)`, with h, z and e independent and E z = 0.

With `e ~ N(mean, q)`, `q = sigma_w^2 E h^2 + floor` and `R = E z^2`, the second moment of h is kept where
`q = sigma_w^2 R A/B + floor`; `A = E (1-u)^2 < B = 1 - E u^2`. The mean squared singular value of the Jacobian
`diag(u) + diag(u'(h - z)) W` is then `1 - B + sigma_w^2 R (A/B + 1) D`, `D = E u'^2`. Derivatives in q follow Stein:
`d/dq E f = E f''/2`.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
import sympy as sp
from flint import arb, ctx
from scipy.optimize import brentq, minimize_scalar
from scipy.special import expit

from mfcheck.errors import InputError
from mfcheck.gaussian.expectations import expectation
from mfcheck.rigor.ball import exact
from mfcheck.rigor.roots import all_roots, crossing
from mfcheck.symbolic.activation import X, activation

GATE = activation("sigmoid").expr
LEFT, KEPT, BEND = (1 - GATE) ** 2, 1 - GATE**2, sp.diff(GATE, X) ** 2
"""The functions of X whose means are A, B and D."""
_NEAR = Fraction(1, 10**8)


@dataclass(frozen=True)
class GatedCell:
    """The law of a gated cell.

    Attributes:
        sigma_w: standard deviation of the weights of the state, times the root of their number.
        sigma_v: that of the weights of the input z, which the gate sees too.
        mean: mean of the gate's bias.
        sigma_b: its standard deviation.
        input_var: R.
    """

    sigma_w: Fraction
    sigma_v: Fraction
    mean: Fraction
    sigma_b: Fraction
    input_var: Fraction

    @property
    def floor(self) -> Fraction:
        """What inputs and bias add to the variance of e."""
        return self.sigma_v**2 * self.input_var + self.sigma_b**2

    @property
    def bracket(self) -> tuple[Fraction, Fraction]:
        """An interval that holds all kept q inside: they lie between the floor and `floor + gain`, as A < B."""
        low, top = self.floor, self.floor + self.gain
        return (low * Fraction(999, 1000) if low else top / 10**6, top * Fraction(1001, 1000))

    @property
    def gain(self) -> Fraction:
        """`sigma_w^2 R`."""
        return self.sigma_w**2 * self.input_var


@lru_cache(maxsize=256)
def gate_variance(cell: GatedCell, digits: int) -> arb:
    """Enclose the smallest kept q, which is reached from the state 0; that it is the smallest is seen on a grid."""
    with ctx.workdps(digits + 15):
        if not cell.sigma_w:
            return exact(cell.floor)
        guess = Fraction(_reached(float(cell.gain), float(cell.floor), float(cell.mean)))
        ends = (guess * (1 - _NEAR), guess * (1 + _NEAR))
        return crossing(*_balance(cell), ends, digits)


def gate_states(cell: GatedCell) -> int:
    """Return how many q are kept, all of them enclosed on the bracket of the cell.

    Raises:
        InputError: some could not be told apart.
    """
    if not cell.sigma_w:
        return 1
    return len(all_roots(*_balance(cell), cell.bracket, 8, geometric=True).values)


def _balance(cell: GatedCell) -> tuple[Callable[[arb], arb], Callable[[arb], arb]]:
    """Return `sigma_w^2 R A/B + floor - q` and its slope, as functions of q."""

    def value(q: arb) -> arb:
        a, b, _ = _averages(q, cell.mean)
        return exact(cell.gain) * a / b + exact(cell.floor) - q

    def change(q: arb) -> arb:
        (a, b, _), (da, db, _) = (_averages(q, cell.mean, order) for order in (0, 1))
        return exact(cell.gain) * (da - a / b * db) / b - 1

    return value, change


def _averages(q: arb, mean: Fraction, order: int = 0) -> tuple[arb, ...]:
    """Enclose A, B and D, or their derivatives in q, to as many digits as q bears."""
    most = int(ctx.prec / 3.33) + 2
    digits = most if q.is_exact() else max(5, min(most, int(q.rel_one_accuracy_bits() / 3.33) + 4))
    functions = (sp.diff(f, X, 2 * order) for f in (LEFT, KEPT, BEND))
    return tuple(expectation(f, q, mean, digits) / 2**order for f in functions)


@lru_cache(maxsize=4096)
def _floats(q: float, mean: float) -> tuple[float, float, float]:
    """A, B and D in doubles, by the trapezoidal rule."""
    root = math.sqrt(q)
    z = np.linspace(-12, 12, max(400, min(200_000, int(24 * root / 0.1))))
    weight = np.exp(-z * z / 2)
    weight /= weight.sum()
    u, v = expit(mean + root * z), expit(-mean - root * z)
    return float(weight @ v**2), float(weight @ (v * (1 + u))), float(weight @ (u * v) ** 2)


def _reached(gain: float, floor: float, mean: float) -> float:
    """Return the fixed q that is reached from the state 0, in doubles.

    It is the smallest root: between points of a grid that are all positive, a minimum below zero is looked for too.
    """

    def off(q: float) -> float:
        a, b, _ = _floats(q, mean)
        return gain * a / b + floor - q

    grid = [floor, *(floor + gain * np.geomspace(1e-9, 1, 120))]
    values = [off(grid[0])]
    for i in range(1, len(grid)):
        values.append(off(grid[i]))
        if i > 1 and values[i - 2] > values[i - 1] <= values[i]:
            ends = (grid[i - 2], grid[i])
            lowest = minimize_scalar(off, bounds=ends, method="bounded", options={"xatol": 1e-12})
            if lowest.fun < 0:
                return float(brentq(off, grid[i - 2], lowest.x, xtol=1e-14, rtol=1e-14))
        if values[i] < 0:
            return float(brentq(off, grid[i - 1], grid[i], xtol=1e-14, rtol=1e-14))
    return float(grid[-1])


@dataclass(frozen=True)
class CriticalGate:
    """Where the mean squared singular value of a step is one: q and sigma_w."""

    q: arb
    sigma_w: arb


def critical_gate(cell: GatedCell, digits: int) -> CriticalGate:
    """Enclose the sigma_w at which the state reached from 0 has the mean squared singular value 1.

    That of the cell does not matter.

    Then `(q - floor)(A + B) D = A B`; it is the smallest such root above the floor. There is a root, as for large q the
    left side grows like the square root; but where the cell has several states, all roots may belong to other
    states, and the singular value jumps past 1.

    Raises:
        InputError: it does.
    """
    return _critical(cell.mean, cell.floor, cell.input_var, digits)


@lru_cache(maxsize=256)
def _critical(mean: Fraction, floor: Fraction, input_var: Fraction, digits: int) -> CriticalGate:
    def off(q: float) -> float:
        a, b, d = _floats(q, float(mean))
        return (q - float(floor)) * (a + b) * d - a * b

    def value(q: arb) -> arb:
        a, b, d = _averages(q, mean)
        return (q - exact(floor)) * (a + b) * d - a * b

    def change(q: arb) -> arb:
        (a, b, d), (da, db, dd) = (_averages(q, mean, order) for order in (0, 1))
        moved = (da + db) * d + (a + b) * dd
        return (a + b) * d + (q - exact(floor)) * moved - da * b - a * db

    guess = Fraction(_crossed(off, float(floor), float(mean), float(input_var)))
    with ctx.workdps(digits + 15):
        q = crossing(value, change, (guess * (1 - _NEAR), guess * (1 + _NEAR)), digits)
        a, b = (expectation(f, q, mean, digits + 5) for f in (LEFT, KEPT))
        return CriticalGate(q, ((q - exact(floor)) * b / (a * exact(input_var))).sqrt())


def _crossed(off: Callable[[float], float], floor: float, mean: float, input_var: float) -> float:
    """Return, in doubles, the smallest root of `off` that is the state reached from 0 at its sigma_w.

    Raises:
        InputError: there is none for variances up to 10^6.
    """
    seen, last, before = "", floor, off(floor)
    for q in floor + np.geomspace(1e-3, 1e6, 300):
        here = off(float(q))
        if before * here < 0:
            root = float(brentq(off, last, q, xtol=1e-14, rtol=1e-14))
            a, b, _ = _floats(root, mean)
            gain = (root - floor) * b / a
            if abs(_reached(gain, floor, mean) - root) < 1e-6 * root:
                return root
            at = math.sqrt(gain / input_var)
            seen = f": near sigma_w = {at:.6g} there are several states, and it jumps past 1"
        last, before = float(q), here
    raise InputError(
        f"no sigma_w is found where the mean squared singular value at the state reached from 0 is 1{seen}"
    )
