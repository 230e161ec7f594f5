"""Linear neurons on the line under one-pass SGD: their limit and its fluctuations in closed form, and exact runs.

N neurons `c_i w_i x`, averaged; inputs x uniform on {1, 2}, labels `slope x +- noise` with a fair sign; starts
`c ~ U(0, c_max)` and `w ~ U(0, w_max)`. A step `alpha/N` on a sample multiplies `c + w` of every neuron by `1 + e` and
`c - w` by `1 - e`, with `e = (alpha/N)(y - m x) x` and `m` the mean of `c w`. So a run of any width is two products,
and in the limit a neuron turns by a hyperbolic angle. With `Z` the exponential of twice that angle, `plus = E(c+w)^2`
and `minus = E(c-w)^2` at the start, `m = (plus Z - minus/Z)/4` and Z solves a Riccati equation between its fixed points
`upper` and `lower`. All below is a formula in the parameters; `FORM` holds the same in `upper`, `lower` and the decay
`fall = exp(-rate horizon)`, where identities are rational.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import sympy as sp
from flint import arb
from numba import njit
from numpy.typing import NDArray

from mfcheck.claims.setting import Setting, parameter
from mfcheck.errors import InputError
from mfcheck.rigor.ball import enclose

Array = NDArray[np.float64]

ALPHA = parameter("alpha", "1/2", "step alpha: alpha/N per sample", above=0)
HORIZON = parameter("horizon", 1, "time, N steps a unit", least=0)
SLOPE = parameter("slope", "3/2", "slope of the labels")
NOISE = parameter("noise", "1/2", "size of the label noise", least=0)
C_MAX = parameter("c_max", 1, "c starts uniform on (0, c_max)", above=0)
W_MAX = parameter("w_max", 2, "w starts uniform on (0, w_max)", above=0)
PARAMETERS = (ALPHA, HORIZON, SLOPE, NOISE, C_MAX, W_MAX)
NAMES = tuple(p.name for p in PARAMETERS)
alpha, horizon, slope, noise, c_max, w_max = (p.symbol for p in PARAMETERS)

SECOND, FOURTH = sp.Rational(5, 2), sp.Rational(17, 2)
"""E x^2 and E x^4."""

c, w = sp.symbols("c w", real=True)


def start_mean(quantity: sp.Expr) -> sp.Expr:
    """Return the mean of a polynomial in c and w over the start."""
    terms = sp.Poly(quantity, c, w).terms()
    return sum(a * c_max**i * w_max**j / ((i + 1) * (j + 1)) for (i, j), a in terms)


def start_covariance(first: sp.Expr, second: sp.Expr) -> sp.Expr:
    """Return the covariance of two polynomials in c and w over the start."""
    return sp.expand(start_mean(sp.expand(first * second)) - start_mean(first) * start_mean(second))


# --- closed forms in plus, upper, lower, fall ------------------------------------------------------------------------

plus, fall = sp.symbols("plus fall", positive=True)
upper, lower = sp.Symbol("upper", positive=True), sp.Symbol("lower", negative=True)
RATE = alpha * SECOND * plus * (upper - lower) / 2
_BEGIN = (1 - upper) / (1 - lower)
_U = sp.Symbol("u", real=True)
_NODE = (1 - _U) * (upper - lower * _U)


def _weighted(polynomial: sp.Expr, power: int) -> sp.Expr:
    """Return the integral of `polynomial(u(s)) exp(-power rate (horizon - s))` over s, u = _BEGIN exp(-rate s)."""
    total = sp.Integer(0)
    for (j,), factor in sp.Poly(polynomial, _U).terms():
        same = horizon * fall**power
        part = same if j == power else (fall**j - fall**power) / ((power - j) * RATE)
        total += factor * _BEGIN**j * part
    return total


@dataclass(frozen=True)
class Form:
    """The limit and its linear response at the horizon; a mapping of one is a form of the same kind.

    Attributes:
        Z: exponential of twice the angle.
        m: mean of c w.
        total: mean of c^2 + w^2.
        by_plus: change of the angle with `plus`.
        by_minus: change of the angle with `minus`.
        spread: variance of the angle that the samples cause, times N.
    """

    Z: sp.Expr
    m: sp.Expr
    total: sp.Expr
    by_plus: sp.Expr
    by_minus: sp.Expr
    spread: sp.Expr

    def map(self, change: Callable[[sp.Expr], sp.Expr]) -> "Form":
        """Return the form with each entry changed."""
        return Form(*(change(e) for e in vars(self).values()))


def derivative(expr: sp.Expr) -> sp.Expr:
    """Return the derivative in the horizon of a closed form in `horizon` and `fall`."""
    return sp.diff(expr, horizon) - RATE * fall * sp.diff(expr, fall)


EXCESS = FOURTH - SECOND**2
"""Factor of (slope - m)^2 in the variance of (y - m x) x."""


def form(excess: sp.Expr = EXCESS) -> Form:
    """Return the closed forms; another `excess` makes another, wrong law of the noise."""
    now = _BEGIN * fall
    Z = (upper - lower * now) / (1 - now)
    minus = -plus * upper * lower
    node = _NODE.subs(_U, now)
    # slope - m is this times u over the node, so that its square times the squared propagator does not change in time
    gap = plus * (upper - lower) ** 2 / 4
    quiet = excess * gap**2 * _weighted(_U**2, 2)
    noisy = noise**2 * SECOND * _weighted(sp.expand(_NODE**2), 2)
    return Form(
        Z=Z,
        m=(plus * Z - minus / Z) / 4,
        total=(plus * Z + minus / Z) / 2,
        by_plus=-alpha * SECOND / 4 * _weighted(sp.expand((upper - lower * _U) ** 2), 1) / node,
        by_minus=alpha * SECOND / 4 * _weighted(sp.expand((1 - _U) ** 2), 1) / node,
        spread=alpha**2 * (quiet + noisy) / node**2,
    )


FORM = form()

PLUS, MINUS = start_mean((c + w) ** 2), start_mean((c - w) ** 2)
SPLIT = sp.sqrt(4 * slope**2 + PLUS * MINUS)
DECAY = alpha * SECOND * SPLIT
"""Contraction rate at the fixed point: `RATE` in the parameters."""


@lru_cache(maxsize=256)
def in_parameters(expr: sp.Expr) -> sp.Expr:
    """Return a formula in plus, upper, lower and fall as one in the parameters."""
    roots = {upper: (2 * slope + SPLIT) / PLUS, lower: (2 * slope - SPLIT) / PLUS, plus: PLUS}
    return expr.xreplace({**roots, fall: sp.exp(-DECAY * horizon)})


# --- fluctuations: three of the start, and the angle -----------------------------------------------------------------

STATES = ("a", "m", "b")
"""Means of c^2, c w and w^2."""


def responses(form: Form) -> dict[str, tuple[sp.Expr, sp.Expr, sp.Expr, sp.Expr]]:
    """Return by what each state moves with plus, minus, E(c^2 - w^2) of the start, and the angle's noise."""
    half = sp.Rational(1, 2)
    direct = {
        "m": (form.Z / 4, -1 / (4 * form.Z)),
        "total": (form.Z / 2, 1 / (2 * form.Z)),
    }
    turn = {"m": form.total, "total": 4 * form.m}
    moved = {
        key: (
            sp.sympify(direct[key][0] + turn[key] * form.by_plus),
            sp.sympify(direct[key][1] + turn[key] * form.by_minus),
            turn[key],
        )
        for key in direct
    }
    p, n, g = moved["total"]
    return {
        "a": (p / 2, n / 2, half, g / 2),
        "m": (*moved["m"][:2], sp.Integer(0), moved["m"][2]),
        "b": (p / 2, n / 2, -half, g / 2),
    }


SAMPLED = ((c + w) ** 2, (c - w) ** 2, c**2 - w**2)


def limit_covariance(
    first: str, second: str, form: Form, start: float = 1, samples: float = 1
) -> sp.Expr:
    """Return the limit of `N Cov` of two states, the parts of the start and of the samples times a factor each."""
    moved = responses(form)
    x, y = moved[first], moved[second]
    initial = sum(
        x[i] * y[j] * start_covariance(SAMPLED[i], SAMPLED[j]) for i in range(3) for j in range(3)
    )
    return start * initial + samples * x[3] * y[3] * form.spread


def sample_variance(excess: sp.Expr = EXCESS) -> sp.Expr:
    """Return the integral over time of the variance of (y - m x) x, in closed form.

    As `d(angle) = alpha q (slope - m) dt`, the integral of `(slope - m)^2` is one over the angle.
    """
    begin = (plus - plus * upper * lower) / 2
    turned = sp.log(FORM.Z) / 2
    steep = plus * (upper + lower) / 4 * turned - (FORM.total - begin) / 4
    return excess * steep / (alpha * SECOND) + noise**2 * SECOND * horizon


def cw_variance(form: Form) -> sp.Expr:
    """Return the variance of c w over the limit law."""
    fourths = [start_mean(sp.expand(e)) for e in ((c + w) ** 4, (c - w) ** 4, (c**2 - w**2) ** 2)]
    return (fourths[0] * form.Z**2 + fourths[1] / form.Z**2 - 2 * fourths[2]) / 16 - form.m**2


def value(expr: sp.Expr, setting: Setting, digits: int) -> arb:
    """Enclose a formula, in any of the symbols of this module, in a setting."""
    prec = int(3.33 * (digits + 25)) + 20
    known = {p.symbol: setting[p.name] for p in PARAMETERS}
    first = {plus: PLUS, upper: (2 * slope + SPLIT) / PLUS, lower: (2 * slope - SPLIT) / PLUS}
    first[fall] = sp.exp(-DECAY * horizon)
    own = {s: enclose(e, known, prec) for s, e in first.items() if expr.has(s)}
    return enclose(expr, {**known, **own}, prec)


# --- runs ------------------------------------------------------------------------------------------------------------

_ROOM = 1 << 21
_LARGEST = 1e60
"""Fourth powers of larger numbers, which errors of variances need, leave the range."""


@dataclass(frozen=True)
class Runs:
    """Statistics of independent runs at each mark, shape (R, marks).

    Attributes:
        a: means of c^2 over the neurons.
        m: means of c w.
        b: means of w^2.
        squares: means of (c w)^2.
    """

    a: Array
    m: Array
    b: Array
    squares: Array


@njit(cache=True, nogil=True)
def _multiply(first, second, coins, marks, rate, slope, noise, out):  # type: ignore[no-untyped-def]
    """Write both products at each mark; a coin of 0 to 3 holds the input and the sign of the noise."""
    for r in range(coins.shape[0]):
        up, down, k = 1.0, 1.0, 0
        for step in range(coins.shape[1] + 1):
            while k < marks.size and marks[k] == step:
                out[r, k, 0], out[r, k, 1] = up, down
                k += 1
            if step == coins.shape[1]:
                break
            coin = coins[r, step]
            x = 1.0 + (coin & 1)
            y = slope * x + (noise if coin & 2 else -noise)
            m = (first[r] * up * up - second[r] * down * down) / 4
            e = rate * (y - m * x) * x
            up *= 1 + e
            down *= 1 - e


def runs(
    setting: Setting,
    width: int,
    replicates: int,
    rng: np.random.Generator,
    times: Sequence[float] = (),
) -> Runs:
    """Return exact runs of N neurons at `times`, or at the horizon, at a cost of one multiplication a step.

    Args:
        setting: the parameters of this module.
        width: number of neurons N.
        replicates: number of runs.
        rng: of the starts and of the samples.
        times: increasing; the number of steps is floor(N t).

    Raises:
        InputError: a step is so large that a run leaves the numbers, or the runs would take minutes.
    """
    marks = np.array([math.floor(width * t + 1e-9) for t in times or [setting.number("horizon")]])
    if float(marks[-1] + width) * replicates > 4e9:
        raise InputError(
            f"{replicates} runs of {marks[-1]} steps and {width} neurons are too many: lower width or horizon"
        )
    length = max(1, int(_ROOM // (2 * width + marks[-1] // 8 + 1)))
    parts = [
        _chunk(setting, width, min(length, replicates - k), rng, marks)
        for k in range(0, replicates, length)
    ]
    found = [np.concatenate(column) for column in zip(*parts, strict=True)]
    if not all(np.all(np.abs(x) < _LARGEST) for x in found):
        raise InputError(
            f"steps alpha/N = {setting.number('alpha') / width:.3g} blow up at width {width}: "
            "a larger width, or a smaller alpha, would be needed"
        )
    return Runs(*found)


def _chunk(
    setting: Setting, width: int, count: int, rng: np.random.Generator, marks: NDArray[np.int64]
) -> tuple[Array, Array, Array, Array]:
    alpha_, slope_, noise_ = (setting.number(name) for name in ("alpha", "slope", "noise"))
    c0 = setting.number("c_max") * rng.random((count, width))
    w0 = setting.number("w_max") * rng.random((count, width))
    u, v = (c0 + w0) ** 2, (c0 - w0) ** 2
    first, second, mixed = u.mean(axis=1), v.mean(axis=1), (c0**2 - w0**2).mean(axis=1)
    fourths = [(e * f).mean(axis=1)[:, None] for e, f in ((u, u), (u, v), (v, v))]
    coins = rng.integers(0, 4, (count, int(marks[-1])), dtype=np.uint8)
    out = np.empty((count, len(marks), 2))
    with np.errstate(all="ignore"):
        _multiply(first, second, coins, marks, alpha_ / width, slope_, noise_, out)
        up, down = out[:, :, 0], out[:, :, 1]
        big, small = first[:, None] * up**2, second[:, None] * down**2
        both = mixed[:, None] * up * down
        squares = fourths[0] * up**4 - 2 * fourths[1] * (up * down) ** 2 + fourths[2] * down**4
        total, m = (big + small) / 2, (big - small) / 4
        return (total + both) / 2, m, (total - both) / 2, squares / 16
