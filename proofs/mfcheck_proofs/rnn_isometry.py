"""Dynamical isometry and a mean field theory of RNNs (arXiv 1806.05394).

Vanilla: e = W h + V x + b, h' = phi(e). Gated: u = sigmoid(W h + V z + b), h' = u h + (1 - u) z. Fresh weights at every
step (untied) are what the theory describes; the recurrent network has the same ones (tied). Q = E h^2, q = Var e, R = E z^2.
In the untied limit u, h and z of one unit are independent, so that all moments of a step follow from E_{N(mu_b, q)}.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
import sympy as sp
from flint import arb, ctx
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize_scalar
from scipy.special import expit

from mfcheck.checks import (
    At,
    Case,
    Claim,
    Context,
    Estimate,
    Evidence,
    Kind,
    Note,
    Option,
    Paper,
    Reading,
    Scope,
    Setting,
    Simulated,
    Standard,
    Step,
    Trial,
    agree,
    ball,
    choice,
    constant,
    custom,
    decide,
    encloses,
    identical,
    identity,
    monotone,
    noted,
    parameter,
    proof,
    rows,
    setting_of,
    simulation,
    table,
    wrong,
)
from mfcheck.claims.model import stream
from mfcheck.errors import InputError
from mfcheck.gaussian import (
    E2,
    CorrelationMap,
    E,
    J,
    depth_scale,
    dphi,
    expectation,
    fixed_point,
    length_map,
    pair,
    phi,
)
from mfcheck.networks import at_widths, gaussian_images, haar, spectral_moments
from mfcheck.rigor.ball import enclose, exact
from mfcheck.rigor.integrate import parity
from mfcheck.rigor.roots import all_roots, crossing
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


def balance(chosen: Cell):  # type: ignore[no-untyped-def]
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


# --- the vanilla cell ------------------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def vanilla_map(setting: Setting, digits: int) -> CorrelationMap:
    """Return the map of correlations at q*, as if the inputs were equal.

    Raises:
        InputError: no stable q*, or q* = 0.
    """
    weight, bias = setting["sigma_w"] ** 2, cell_of(setting).floor
    q = vanilla_variance(setting, digits + 8)
    if not q > 0:
        raise InputError("q* = 0: without inputs and bias the state dies out, and there are no correlations")
    return CorrelationMap(setting.activation, weight, bias, q)


def vanilla_variance(setting: Setting, digits: int) -> arb:
    """Enclose q*, the largest stable fixed point."""
    weight, bias = setting["sigma_w"] ** 2, cell_of(setting).floor
    if not weight:
        return exact(bias)
    return fixed_point(length_map(setting.activation, weight, bias), digits).value


@lru_cache(maxsize=64)
def vanilla_correlation(setting: Setting, digits: int) -> arb:
    """Enclose c*: the map is convex and ends below 1, so that there is one fixed point; or that of equal inputs."""
    chosen = vanilla_map(setting, digits)
    apart = setting["sigma_v"] ** 2 * setting["input_var"] * (1 - setting["input_corr"])
    if not apart:
        return chosen.fixed_point(digits).value
    if not setting["input_corr"] and not setting["sigma_b"] and parity(setting.activation.expr) == -1:
        return arb(0)

    def value(c: arb) -> arb:
        return chosen.F(c, digits + 6) - exact(apart) / chosen.q - c

    with ctx.workdps(digits + 15):
        return crossing(value, lambda c: chosen.slope(c, 8) - 1, (0, 1), digits)


def vanilla_slope(setting: Setting, digits: int) -> arb:
    """Enclose chi_1, which exists at q* = 0 also, where there are no correlations."""
    if vanilla_variance(setting, digits).is_zero():
        return length_map(setting.activation, setting["sigma_w"] ** 2, 0).chi_1(0, digits)
    return vanilla_map(setting, digits).slope(1, digits)


def vanilla_slope_at(setting: Setting, digits: int) -> arb:
    """Enclose the slope at c*."""
    return vanilla_map(setting, digits).slope(vanilla_correlation(setting, digits + 3), digits)


def vanilla_scale(setting: Setting, digits: int) -> arb:
    """Enclose -1/log of it."""
    with ctx.workdps(digits + 20):
        return depth_scale(vanilla_slope_at(setting, digits + 5))


GATED = ("sigma_w", "sigma_v", "mu_b", "sigma_b", "input_var")
VANILLA = ("sigma_w", "sigma_v", "sigma_b", "input_var", "activation")
PAIRED = (*VANILLA, "input_corr")
GATE_Q = constant("gate_q", lambda v, d: gate_variance(cell_of(v), d), "fixed variance", source="C1", uses=GATED)
gate_q = GATE_Q.symbol
LAW = {"variance": gate_q, "mean": mu_b}
GATE_STATE = constant("gate_Q", R * E(LEFT, **LAW) / E(KEPT, **LAW), "E h^2 there", source="C1")
GATE_U2 = constant("gate_u2", E(GATE**2, **LAW), "E u^2 there", source="C1")
GATE_DU2 = constant("gate_du2", E(BEND, **LAW), "E u'^2 there", source="C1")
CONSTANTS = (
    GATE_Q,
    GATE_STATE,
    GATE_U2,
    GATE_DU2,
    constant(
        "gate_chi",
        GATE_U2.symbol + sigma_w**2 * (GATE_STATE.symbol + R) * GATE_DU2.symbol,
        "mean squared singular value of a step",
        source="C3",
    ),
    constant("gate_sigma_w_critical", critical_of, "sigma_w with gate_chi = 1", source="C3", uses=GATED[1:]),
    constant("vanilla_q", vanilla_variance, "fixed variance", source="C4", uses=VANILLA),
    constant("vanilla_c", vanilla_correlation, "fixed correlation", source="C4", uses=PAIRED),
    constant("vanilla_chi", vanilla_slope, "growth of squared gradients", source="C4", uses=VANILLA),
    constant("vanilla_chi_c", vanilla_slope_at, "slope at the fixed correlation", source="C4", uses=PAIRED),
    constant("vanilla_xi", vanilla_scale, "time scale of correlations", source="C4", uses=PAIRED),
)

# --- simulation ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Run:
    """Gated cells in time, replicate by replicate."""

    Q: Array
    """Mean of h^2, shape (steps, nets)."""
    chi: Array
    """Mean squared singular value of the step, in expectation over the weights, shape (steps, nets)."""
    h: Array
    z: Array


def gated(
    chosen: Cell, width: int, nets: int, steps: int, rng: np.random.Generator, tied: bool = False, batch: int = 1
) -> Run:
    """Run gated cells from a Gaussian state of the stationary variance; tied ones hold one matrix at a time."""
    sw, sv, mean, sb, r = (float(v) for v in (chosen.sigma_w, chosen.sigma_v, chosen.mu_b, chosen.sigma_b, chosen.R))
    start = math.sqrt(float(stationary(chosen)[Q]))
    if tied:
        runs = [_tied(chosen, start, width, steps, rng, batch) for _ in range(nets)]
        return Run(*(np.concatenate([getattr(run, name) for run in runs], axis=-1) for name in ("Q", "chi", "h", "z")))
    h = start * rng.standard_normal((nets, width))
    found, growth = [], []
    for _ in range(steps):
        z = math.sqrt(r) * rng.standard_normal((nets, width))
        spread = np.sqrt(sw**2 * np.mean(h**2, axis=1) + sv**2 * np.mean(z**2, axis=1) + sb**2)
        u = expit(mean + spread[:, None] * rng.standard_normal((nets, width)))
        growth.append(np.mean(u**2, axis=1) + sw**2 * np.mean((u * (1 - u) * (h - z)) ** 2, axis=1))
        h = z + u * (h - z)
        found.append(np.mean(h**2, axis=1))
    return Run(np.array(found), np.array(growth), h.T, z.T)


def _tied(chosen: Cell, start: float, width: int, steps: int, rng: np.random.Generator, batch: int) -> Run:
    """Run one network with the same weights at all steps, on a batch of input sequences."""
    sw, sv, mean, sb, r = (float(v) for v in (chosen.sigma_w, chosen.sigma_v, chosen.mu_b, chosen.sigma_b, chosen.R))
    W = rng.standard_normal((width, width)) * (sw / math.sqrt(width))
    V = rng.standard_normal((width, width)) * (sv / math.sqrt(width))
    b = mean + sb * rng.standard_normal((width, 1))
    squares = np.einsum("ij,ij->i", W, W)[:, None]
    h = start * rng.standard_normal((width, batch))
    found, growth = [], []
    for _ in range(steps):
        z = math.sqrt(r) * rng.standard_normal((width, batch))
        u = expit(W @ h + V @ z + b)
        v = u * (1 - u) * (h - z)
        rows_ = u**2 + 2 * u * v * np.diag(W)[:, None] + v**2 * squares
        growth.append(float(np.mean(rows_)))
        h = z + u * (h - z)
        found.append(float(np.mean(h**2)))
    return Run(np.array(found)[:, None], np.array(growth)[:, None], h, z)


def vanilla(
    setting: Setting, width: int, nets: int, rng: np.random.Generator, steps: int, tied: bool = False
) -> dict[str, Array]:
    """Return time averages over the last half of q and c of pairs of sequences, shapes (nets,)."""
    sw, sv, sb, r, corr = (setting.number(n) for n in ("sigma_w", "sigma_v", "sigma_b", "input_var", "input_corr"))
    f = setting.activation.numpy_function(0)
    mix = math.sqrt(r) * np.array([[1.0, corr], [0.0, math.sqrt(1 - corr**2)]])
    h = rng.standard_normal((nets, width, 2)) @ mix
    weights = rng.standard_normal((2, nets, width, width)) / math.sqrt(width) if tied else None
    fixed = sb * rng.standard_normal((nets, width, 1))
    lengths, correlations_ = [], []
    for step in range(steps):
        x = rng.standard_normal((nets, width, 2)) @ mix
        if weights is not None:
            e = sw * (weights[0] @ h) + sv * (weights[1] @ x) + fixed
        else:
            e = gaussian_images(rng, x, sigma_w=sv, sigma_b=sb)
            e = e + gaussian_images(rng, h, sigma_w=sw)
        h = f(e)
        if step >= steps // 2:
            squares = np.einsum("rnk,rnl->rkl", e, e) / width
            lengths.append((squares[:, 0, 0] + squares[:, 1, 1]) / 2)
            correlations_.append(squares[:, 0, 1] / np.sqrt(squares[:, 0, 0] * squares[:, 1, 1]))
    return {"q": np.mean(lengths, axis=0), "c": np.mean(correlations_, axis=0)}


def run(trial: Trial) -> Simulated:
    """Run cells of the setting at two widths, and average over the last half of the steps."""
    setting, nets = trial.setting, trial.count("nets", 8, 100_000)
    tied, width, steps = setting.choice("weights") == "tied", setting.integer("width"), setting.integer("steps")
    kind = setting.choice("cell")
    if tied and width > 4000:
        raise InputError("tied weights are held as matrices: width at most 4000")
    trial.say(f"{nets} {setting.choice('weights')} cells ({kind}) of widths {width // 4} and {width}, {steps} steps")

    def measure(n: int, rng: np.random.Generator, count: int) -> dict[str, Array]:
        if kind == "gate":
            found = gated(cell_of(setting), n, count, steps, rng, tied, batch=8)
            return {"Q": found.Q[steps // 2 :].mean(axis=0), "chi": found.chi[steps // 2 :].mean(axis=0)}
        return _in_parts(setting, n, count, rng, steps, tied)

    found = at_widths(measure, (width // 4, width), nets, trial.rng())
    words = "Gated cells start at the stationary variance of the untied theory; tied ones need 20/(1 - E u^2) steps."
    return Simulated(found, notes=(words,) if kind == "gate" else ())


def _in_parts(
    setting: Setting, width: int, nets: int, rng: np.random.Generator, steps: int, tied: bool
) -> dict[str, Array]:
    held = max(1, 10**7 // (width * (width if tied else 4)))
    sizes = [min(held, nets - start) for start in range(0, nets, held)]
    with np.errstate(all="ignore"):
        found = [vanilla(setting, width, size, rng, steps, tied) for size in sizes]
    values = {name: np.concatenate([part[name] for part in found]) for name in ("q", "c")}
    if not all(np.all(np.isfinite(v)) for v in values.values()):
        raise InputError("the states die out or grow without bound: there is no stationary variance in this setting")
    return values


OPTIONS = (Option("nets", "40", "networks at each width"),)
OFF_LINE = (cell("2", "1.39", "2", "0.46"), cell("3", "1", "1", "0.5"))


def words_of(chosen: Cell) -> str:
    """A cell in words."""
    return f"sigma_w = {float(chosen.sigma_w):g}, mu_b = {float(chosen.mu_b):g}"


@lru_cache(maxsize=8)
def untied(chosen: Cell, nets: int, seed: int) -> dict[str, Estimate]:
    """Estimates of Q and chi of untied cells away from the critical line."""

    def measure(width: int, rng: np.random.Generator, count: int) -> dict[str, Array]:
        found = gated(chosen, width, count, 60, rng)
        return {"Q": found.Q[20:].mean(axis=0), "chi": found.chi[20:].mean(axis=0)}

    return at_widths(measure, (200, 800), nets, stream(seed, f"untied {chosen}"))


def measured(name: str):  # type: ignore[no-untyped-def]
    """Untied cells against the moments of their fixed points."""

    def cases(context: Context) -> list[At]:
        nets = context.budget.pick(40, 120, 500)
        return [At(untied(k, nets, context.seed)[name], words_of(k), where=stationary(k)) for k in OFF_LINE]

    return cases


UNTIED = "untied cells at (sigma_w, mu_b) = (2, 2) and (3, 1), widths 200 and 800"

# --- C1: the state ---------------------------------------------------------------------------------------------------

u, h, z, tilt, q = sp.symbols("u h z x q", positive=True)
p = sp.Symbol("p", positive=True)


def state_steps(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """E (u h + (1-u) z)^2 with E h z = 0 leaves Q unchanged."""
    after = sp.expand((u * h + (1 - u) * z) ** 2)
    mean = sp.Poly(after, h, z)
    terms = {(2, 0): Q * U2, (0, 2): R * V2, (1, 1): sp.Integer(0)}
    shapes = {(2, 0): u**2, (0, 2): (1 - u) ** 2, (1, 1): 2 * u * (1 - u)}
    same = [(coefficient, sp.expand(shapes[powers])) for powers, coefficient in mean.terms()]
    balance_ = sum(terms[powers] for powers in mean.monoms())
    return [*same, (balance_.subs(Q, context["Q"]), context["Q"])]


def anchor_steps(context: Context) -> Iterable[Step]:
    """At mean q/2 the factor e^-x mirrors the law, and e^-x u(x) = 1 - u(x) = u(-x): so E u(1-u) = E (1-u)^2."""
    real = sp.Symbol("y", real=True)
    density = sp.exp(-((real - q / 2) ** 2) / (2 * q))
    gate = 1 / (1 + sp.exp(-real))
    unknown = sp.solve(U2 + 2 * V2 + V2 - 1, V2)[0]
    return identical(
        {
            "tilt": (sp.exp(-real) * density, density.subs(real, -real)),
            "e^-x u^2 = u (1-u)": (sp.simplify(sp.exp(-real) * gate**2), sp.simplify(gate * (1 - gate))),
            "u(-x) = 1 - u(x)": (sp.simplify(gate.subs(real, -real)), sp.simplify(1 - gate)),
            "E u^2 + 2 E u(1-u) + E (1-u)^2 = 1": (R * unknown / (1 - U2), R * context["third"]),
        }
    )


def in_setting(context: Context) -> list[At]:
    """q* against the balance with the Q of the reading."""
    known = stationary(cell_of(context.setting))
    at = gate_variance(cell_of(context.setting), 25)
    return [At(at, where={Q: ball(context, "Q", known)})]


def anchored(_: Context) -> list[At]:
    """At mu_b = q/2 the state is a third of R."""
    found = []
    for value in (Fraction(1, 2), Fraction(2), Fraction(8), Fraction(20)):
        known = {name: expectation(MOMENTS[name], value, value / 2, 20) for name in (U1, U2, V2)}
        found.append(At(arb(1) / 3, f"q = {value}", where=known | {R: arb(1)}))
    return found


def only_one(context: Context) -> Evidence:
    """All fixed points: they lie between the floor and floor + sigma_w^2 R, as (1-u)^2 <= 1 - u^2."""
    chosen = cell_of(context.setting)
    count = 1
    if chosen.sigma_w:
        value, change = balance(chosen)
        low, top = chosen.floor, chosen.floor + chosen.sigma_w**2 * chosen.R
        low = low * Fraction(999, 1000) if low else top / 10**6
        count = len(all_roots(value, change, (low, top * Fraction(1001, 1000)), 8, geometric=True).values)
    return decide([Case(arb(count), ball(context, "count"))], Standard("=="), "all q, in the setting", Scope.WHOLE)


state = Claim(
    "gated-state",
    title="Fixed point of the gated cell",
    statement=(
        r"$Q' = Q\,E u^2 + R\,E(1-u)^2$, $q = \sigma_w^2 Q + \sigma_v^2 R + \sigma_b^2$, "
        r"$Q^* = R\,E(1-u)^2/(1 - E u^2)$."
    ),
    source="1806.05394, minimalRNN; formulas derived here and simulated",
    known="from memory",
    no_inequality="it states equalities",
    readings=[
        Reading(
            "untied",
            "Fresh weights at every step, width to infinity.",
            {"Q": STATE, "q": sigma_w**2 * Q + sigma_v**2 * R + sigma_b**2},
            checks=[
                identity("balance", "Q", state_steps, domain="all moments of a gate that is independent of h and z"),
                encloses("fixed-point", "q", in_setting, uses=["Q"], digits=12, domain="in the setting"),
                encloses("anchor", "Q", anchored, digits=15, domain="mu_b = q/2, where Q = R/3"),
                agree("networks", "Q", measured("Q"), resolution=0.05, domain=UNTIED, group="untied"),
            ],
            wrong=[
                wrong("symmetric", {"Q": R * U2 / (1 - U2)}, "Right only for mu_b = 0.", checks=["anchor", "networks"]),
                wrong("square-of-mean", {"Q": R * (1 - U1) ** 2 / (1 - U2)}, "E (1-u)^2 is more than (1 - E u)^2."),
                wrong("no-input", {"q": sigma_w**2 * Q + sigma_b**2}, "V z adds sigma_v^2 R."),
            ],
        ),
        Reading(
            "anchor",
            "If mu_b = q/2, then E (1-u)^2 = (1 - E u^2)/3 and Q = R/3 exactly.",
            {"third": ONE / 3, "Q": STATE},
            checks=[
                proof("tilting", "third", anchor_steps, kind=Kind.EXACT, domain="all q > 0"),
                encloses("cases", "Q", anchored, digits=15, domain="q from 1/2 to 20"),
            ],
            wrong=[
                wrong("half", {"third": HALF}, "E u^2 + 3 E (1-u)^2 = 1."),
                wrong("plus", {"Q": R * V2 / (1 + U2)}, "Below R/3."),
            ],
        ),
        Reading(
            "unique",
            "In the setting there is one fixed point.",
            {"count": ONE},
            checks=[custom("exclusion", "count", only_one, kind=Kind.CERTIFIED)],
            wrong=[wrong("two", {"count": sp.Integer(2)}, "The balance changes its sign once here.")],
        ),
    ],
)

# --- C2: tied weights ------------------------------------------------------------------------------------------------

P22, P02 = sp.symbols("P22 P02", positive=True)
TWO_STEPS = Q * P22 + R * P02 + R * V2
"""E h^2 two steps after an independent state of variance Q."""


@lru_cache(maxsize=32)
def two_steps(chosen: Cell) -> Known:
    """The moments of a pair of tied gates: covariance sigma_w^2 Q E u + sigma_b^2, since E h_0 h_1 = Q E u."""
    known, at = stationary(chosen), gate_variance(chosen, 25)
    shift = sp.Rational(chosen.mu_b.numerator, chosen.mu_b.denominator)
    kept, left = (f.subs(X, X + shift) for f in (GATE**2, LEFT))
    with ctx.workdps(35):
        c = (known[w2] * known[Q] * known[U1] + exact(chosen.sigma_b) ** 2) / at
        return known | {P22: pair(kept, kept, at, at, c, 8), P02: pair(left, kept, at, at, c, 8)}


TIED = (cell("6.88", "1.39", "0", "0.46"), cell("5.54", "1.39", "2", "0.46"), cell("6.024", "1.39", "4", "0.46"))


def tied_exact(_: Context) -> list[At]:
    """E h^2 after two steps from the stationary variance of the untied theory."""
    found = []
    for chosen in TIED[:2]:
        known = two_steps(chosen)
        found.append(At(enclose(TWO_STEPS, known), words_of(chosen), float(chosen.mu_b), where=known))
    return found


def expansion(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """E (u_2 (u_1 h + (1-u_1) z_1) + (1-u_2) z_2)^2 with independent h, z_1, z_2 of mean zero."""
    one, two, new = sp.symbols("u_1 u_2 z_2")
    after = sp.expand((two * (one * h + (1 - one) * z) + (1 - two) * new) ** 2)
    gates = {h: one**2 * two**2, z: (1 - one) ** 2 * two**2, new: (1 - two) ** 2}
    found = {symbol: sp.expand(after.coeff(symbol, 2)) for symbol in gates}
    total = Q * P22 + R * P02 + R * V2
    return [*((found[k], sp.expand(gates[k])) for k in gates), (context["two"], total)]


@lru_cache(maxsize=4)
def tied_late(chosen: Cell, nets: int, seed: int) -> Estimate:
    """Q of tied cells, late."""

    def measure(width: int, rng: np.random.Generator, count: int) -> Array:
        return np.asarray(gated(chosen, width, count, 120, rng, True, batch=8).Q[80:].mean(axis=0))

    return at_widths(measure, (75, 300), nets, stream(seed, "tied"))


def recurrent(context: Context) -> list[At]:
    """Late states of the recurrent network at mu_b = 2."""
    nets = context.budget.pick(16, 40, 200)
    return [At(tied_late(TIED[1], nets, context.seed), words_of(TIED[1]), where=stationary(TIED[1]))]


@lru_cache(maxsize=4)
def tied_early(chosen: Cell, nets: int, seed: int) -> Estimate:
    """Q after two steps of tied cells."""

    def measure(width: int, rng: np.random.Generator, count: int) -> Array:
        return np.asarray(gated(chosen, width, count, 2, rng, True, batch=16).Q[1])

    return at_widths(measure, (150, 600), nets, stream(seed, f"two {chosen}"))


def second_step(context: Context) -> list[At]:
    """Two steps of tied networks."""
    nets = context.budget.pick(30, 100, 400)
    chosen = TIED[1]
    return [At(tied_early(chosen, nets, context.seed), words_of(chosen), where=two_steps(chosen))]


WRONG_LAW = Note(
    id="tied.other-law",
    severity="major",
    text="The theory describes fresh weights at every step. For the gated recurrent network it is wrong at infinite width: "
    "gates at different times are correlated through W, and h is a product of gates. In simulations Q is 8 % below the theory "
    "at mu_b = 0, a third at mu_b = 2, and a factor 3 at mu_b = 4. A later paper (1902.04760) proves the difference.",
)
tied = Claim(
    "tied-weights",
    title="The theory describes the recurrent network",
    statement=r"The state of the gated RNN, whose weights are shared over time, obeys the fixed point $Q^*$.",
    source="1806.05394, assumption of the mean field theory",
    known="from memory",
    no_inequality="it states an equality",
    readings=[
        Reading(
            "recurrent",
            "Weights shared over time, width to infinity: a state of variance Q* keeps it.",
            {"Q": STATE},
            checks=[
                noted(
                    encloses(
                        "two-steps",
                        "Q",
                        tied_exact,
                        digits=6,
                        x_label="mu_b",
                        y_label="Q",
                        domain="two exact steps, mu_b = 0 and 2",
                        group="tied-two",
                    ),
                    WRONG_LAW,
                    when=False,
                ),
                agree("late", "Q", recurrent, resolution=0.1, domain="widths 75 and 300, mu_b = 2, late", group="tied"),
            ],
            wrong=[wrong("twice", {"Q": 2 * STATE}, "It is below Q*.")],
        ),
        Reading(
            "second-step",
            "What shared weights give two steps after a state that does not depend on them.",
            {"two": TWO_STEPS},
            checks=[
                agree("networks", "two", second_step, resolution=0.05, domain="widths 150 and 600", group="tied-two"),
                identity(
                    "expansion",
                    "two",
                    expansion,
                    domain="both gates independent of the states and inputs of their units",
                ),
            ],
            wrong=[
                wrong("untied", {"two": Q * U2**2 + R * U2 * V2 + R * V2}, "The gates are correlated."),
                wrong("no-input", {"two": Q * P22 + R * V2}, "z of the first step is still there."),
            ],
        ),
    ],
)

# --- C3: the critical line -------------------------------------------------------------------------------------------

w_ii, v = sp.symbols("w_ii v")
SQUARES = sp.Symbol("S", positive=True)


def row_steps(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """A squared row of diag(u) + diag(v) W, v = u'(h - z); entries of W vanish, squares of a row sum to sigma_w^2."""
    row = sp.expand((u + v * w_ii) ** 2 + v**2 * (SQUARES - w_ii**2)).subs(w_ii, 0)
    gap = sp.expand((h - z) ** 2)
    moved = gap.coeff(h, 2) * Q + gap.coeff(z, 2) * R
    mean = row.coeff(u, 2) * U2 + sp.expand(row).coeff(v, 2).subs(SQUARES, w2) * W2 * moved
    return [(row, u**2 + v**2 * SQUARES), (mean, context["chi"])]


LINE = (-2, 0, 2, 4)


def unit(_: Context) -> list[At]:
    """One, at the enclosed critical sigma_w."""
    return [At(arb(1), f"mu_b = {m}", m, on_line(Fraction(m))) for m in LINE]


def along_line(*means: int):  # type: ignore[no-untyped-def]
    """Critical sigma_w at rising mu_b."""
    return lambda _: [At(on_line(Fraction(m))[w2].sqrt(), f"mu_b = {m}") for m in means]


QUOTED = cell("6.88", "1.39", "0", "0.46")


def quoted(_: Context, row: sp.Expr) -> arb:
    """1: chi at the quoted constants; 2: q* there."""
    return enclose(CHI, stationary(QUOTED)) if int(row) == 1 else gate_variance(QUOTED, 15)


TURNS = Note(
    id="critical-line.not-monotone",
    severity="remark",
    text="The critical sigma_w is not monotone in mu_b: 8.63, 6.89, 5.54, 6.02 at mu_b = -2, 0, 2, 4. And chi_1 = 1 controls "
    "the mean squared singular value, not the spectrum.",
)
line = Claim(
    "critical-line",
    title="Critical line of the gated cell",
    statement=r"$\chi_1 = E u^2 + \sigma_w^2 (Q^* + R)\,E {u'}^2$; $\chi_1 = 1$ is the critical line.",
    source="1806.05394, minimalRNN; derived here",
    known="from memory",
    no_inequality="it states equalities",
    readings=[
        Reading(
            "untied",
            "Mean squared singular value of a step, fresh weights, width to infinity.",
            {"chi": CHI, "before": -ONE, "after": ONE},
            checks=[
                identity("rows", "chi", row_steps, domain="gates independent of h and z; W_ii -> 0"),
                encloses(
                    "line",
                    "chi",
                    unit,
                    digits=12,
                    x_label="mu_b",
                    y_label="chi",
                    domain="critical sigma_w",
                    group="line",
                ),
                agree("networks", "chi", measured("chi"), resolution=0.05, domain=UNTIED, group="untied"),
                monotone("falls", "before", along_line(-2, 0, 2), domain="mu_b = -2, 0, 2", group="line"),
                noted(monotone("rises", "after", along_line(2, 4), domain="mu_b = 2, 4", group="line"), TURNS),
            ],
            wrong=[
                wrong("weights-only", {"chi": CHI - U2}, "Without E u^2 it is .590 at the quoted constants."),
                wrong("state-only", {"chi": U2 + w2 * Q * W2}, "h - z has variance Q + R."),
                wrong("up", {"before": ONE}, "8.63, 6.89, 5.54."),
                wrong("down", {"after": -ONE}, "5.54, 6.02."),
            ],
        ),
        Reading(
            "constants",
            "(sigma_w, sigma_v) = (6.88, 1.39), R = .46, mu_b = 0 lie on it, with q* = 16 (third-party code).",
            {"chi": rows((1, "1.00")), "q": rows((2, "16"))},
            checks=[
                table("chi", "chi", quoted, domain="two decimals"),
                table("variance", "q", quoted, domain="rounded"),
            ],
            wrong=[
                wrong("weights-only", {"chi": rows((1, "0.59"))}, "That leaves out E u^2."),
                wrong("ten", {"q": rows((2, "10"))}, "15.94."),
            ],
        ),
    ],
)

# --- C4: time scales -------------------------------------------------------------------------------------------------

qv, cv = sp.symbols("q_v c_v", positive=True)
LENGTH = sigma_w**2 * E(phi**2, variance=qv) + sigma_v**2 * R + sigma_b**2
CORRELATION = (sigma_w**2 * E2(phi, phi, qv, qv, cv) + sigma_v**2 * R * Sigma + sigma_b**2) / qv
CHI_C = sigma_w**2 * E2(dphi, dphi, qv, qv, cv)
CHI_1 = sigma_w**2 * E(dphi**2, variance=qv)
MODEL = {sigma_w: Fraction(13, 10), sigma_v: Fraction(3, 5), sigma_b: Fraction(0), R: Fraction(1), Sigma: HALF}
MODEL_VALUES = {"sigma_w": "13/10", "sigma_v": "3/5", "sigma_b": "0", "input_var": "1", "input_corr": "1/2"}


def model(setting: Setting) -> Setting:
    """The vanilla cell that is compared, with the activation of the setting."""
    return setting.with_values(**{name: Fraction(text) for name, text in MODEL_VALUES.items()})


@lru_cache(maxsize=16)
def places(setting: Setting) -> dict[sp.Symbol, arb | Fraction]:
    """q* and c* of the model cell, and its parameters."""
    chosen = model(setting)
    return {**MODEL, qv: vanilla_variance(chosen, 20), cv: vanilla_correlation(chosen, 20)}


def fixed(symbol: sp.Symbol):  # type: ignore[no-untyped-def]
    """The fixed point itself."""
    return lambda context: [At(places(context.setting)[symbol], where=places(context.setting))]


def by_difference(context: Context) -> list[At]:
    """Slope of the map at c* by a difference quotient: convexity puts it between those to both sides."""
    known = places(context.setting)
    step = arb(10) ** -6
    with ctx.workdps(40):
        up, down = (ball(context, "c", known | {cv: known[cv] + sign * step}, 25) for sign in (1, -1))
        here = ball(context, "c", known, 25)
        return [At(((up - here) / step).union((here - down) / step), where=known)]


@lru_cache(maxsize=8)
def simple(setting: Setting, nets: int, seed: int, tied_: bool) -> dict[str, Estimate]:
    """Estimates of q and c of simple cells."""

    def measure(width: int, rng: np.random.Generator, count: int) -> dict[str, Array]:
        return vanilla(model(setting), width, count, rng, 40, tied_)

    return at_widths(measure, (75, 300), nets, stream(seed, f"simple {tied_}"))


def simple_cells(name: str):  # type: ignore[no-untyped-def]
    """Untied and tied simple cells."""

    def cases(context: Context) -> list[At]:
        nets = context.budget.pick(30, 100, 400)
        found = [(word, simple(context.setting, nets, context.seed, word == "tied")) for word in ("untied", "tied")]
        return [At(values[name], word, where=places(context.setting)) for word, values in found]

    return cases


def needs_vanilla(setting: Setting) -> None:
    """Refuse activations for which the model cell has no fixed point."""
    places(setting)
    vanilla_map(model(setting), 10)


SCALES = Note(
    id="time-scales.two",
    severity="minor",
    text="There are two time scales: that of memory, from chi_c, and that of gradients, from chi_1. They differ unless "
    "c* = 1, which needs equal inputs; with different inputs chi_1 > 1 is compatible with a finite memory.",
)
CELLS = "simple cells, untied and tied, widths 75 and 300"
scales = Claim(
    "time-scales",
    title="Fixed points and time scale of the vanilla cell",
    statement=(
        r"$q^* c^* = \sigma_w^2 E\phi(u_1)\phi(u_2) + \sigma_v^2 R\Sigma + \sigma_b^2$; correlations relax in "
        r"$\xi = -1/\log\chi_{c^*}$ steps, $\chi_{c} = \sigma_w^2 E\phi'(u_1)\phi'(u_2)$."
    ),
    source="1806.05394, abstract (maximum timescale); formulas from memory",
    known="from memory",
    no_inequality="it states equalities",
    readings=[
        Reading(
            "stated",
            "At sigma_w = 1.3, sigma_v = .6, R = 1, Sigma = 1/2, with the activation of the setting.",
            {"q": LENGTH, "c": CORRELATION, "chi_c": CHI_C, "chi_1": CHI_1},
            checks=[
                encloses("variance", "q", fixed(qv), digits=12, whole=True, domain="q*, enclosed"),
                encloses("correlation", "c", fixed(cv), digits=12, whole=True, domain="c*, enclosed"),
                encloses("slope", "chi_c", by_difference, uses=["c"], digits=5, domain="difference quotients at c*"),
                noted(
                    encloses(
                        "scales",
                        "chi_1",
                        lambda k: [At(ball(k, "chi_c", places(k.setting)), where=places(k.setting))],
                        relation="<",
                        uses=["chi_c"],
                        domain="chi_c below chi_1",
                    ),
                    SCALES,
                ),
                agree("networks-q", "q", simple_cells("q"), resolution=0.05, domain=CELLS, group="simple"),
                agree("networks-c", "c", simple_cells("c"), resolution=0.1, domain=CELLS, group="simple"),
            ],
            wrong=[
                wrong(
                    "equal-inputs",
                    {"c": CORRELATION + sigma_v**2 * R * (1 - Sigma) / qv},
                    "c* would be 1.",
                    checks=["correlation", "networks-c"],
                ),
                wrong("no-input", {"q": LENGTH - sigma_v**2 * R}, "Inputs add sigma_v^2 R."),
                wrong(
                    "at-one",
                    {"chi_c": CHI_1, "chi_1": CHI_C},
                    "The slope at 1 is that of gradients.",
                    checks=["slope", "scales"],
                ),
            ],
            needs=needs_vanilla,
        )
    ],
)

# --- C5: isometry ----------------------------------------------------------------------------------------------------


def fourth_steps(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """E (u h + (1-u) z)^4 keeps E h^4 = K; odd powers of z vanish, E z^4 = 3 R^2. Then E (h - z)^4."""
    kept = sp.Symbol("K", positive=True)
    value = {(4, 0): kept, (2, 2): Q * R, (0, 4): 3 * R**2, (3, 1): 0, (1, 3): 0}
    gate = {(4, 0): U4, (2, 2): 6 * UV, (0, 4): V4, (3, 1): 0, (1, 3): 0}
    a, b = sp.symbols("a b")
    powers = sp.Poly((a * h + b * z) ** 4, h, z)
    weights = {(4, 0): a**4, (2, 2): 6 * a**2 * b**2, (0, 4): b**4, (3, 1): 4 * a**3 * b, (1, 3): 4 * a * b**3}
    same = [(coefficient, weights[key]) for key, coefficient in powers.terms()]
    after = sum(gate[key] * value[key] for key in gate)
    gap = sp.Poly((h - z) ** 4, h, z)
    moved = sum(coefficient * value[key] for key, coefficient in gap.terms())
    root = sp.solve(after - kept, kept)[0]
    return [*same, (moved.subs(kept, root), context["gap4"])]


def in_matrices(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """Average of the trace of (J J^T)^2 over Gaussian W in dimension 3, by Wick's rule, and its leading order in N.

    J = diag(a) + diag(b) W with W_ij of variance t/n: all monomials of degree at most four are averaged exactly.
    """
    n = 2
    entries = sp.Matrix(n, n, lambda i, j: sp.Symbol(f"W{i}{j}"))
    a, b = sp.symbols("a0:2"), sp.symbols("b0:2")
    t = sp.Symbol("t", positive=True)
    jac = sp.diag(*a) + sp.diag(*b) * entries
    gram = jac * jac.T
    total = sp.Poly(sp.expand((gram * gram).trace()), *entries)
    double = {0: 1, 2: t / n, 4: 3 * (t / n) ** 2}
    mean = sum(
        coefficient * sp.prod(double.get(k, 0) for k in powers) if all(k % 2 == 0 for k in powers) else 0
        for powers, coefficient in total.terms()
    )
    sums_ = {
        "u4": sum(x**4 for x in a) / n,
        "u2": sum(x**2 for x in a) / n,
        "v2": sum(x**2 for x in b) / n,
        "uv": sum(x**2 * y**2 for x, y in zip(a, b, strict=True)) / n,
        "v4": sum(y**4 for y in b) / n,
    }
    stated = context["second"].subs(
        {U4: sums_["u4"], v4: sums_["v4"], uv: sums_["uv"], s: ONE, w2: t}, simultaneous=True
    )
    stated = stated.subs({U2: sums_["u2"], v2: sums_["v2"]}, simultaneous=True)
    # Terms of order 1/n: (W W^T)_ii^2 and the product of W_ii W_ii in the cross terms.
    beyond_ = t / n * 2 * sums_["uv"] + t**2 / n * sums_["v4"]
    return [(sp.expand(mean / n), sp.expand(stated + beyond_))]


@lru_cache(maxsize=16)
def spectra(chosen: Cell, orthogonal: bool, nets: int, seed: int) -> dict[str, Estimate]:
    """First and second spectral moment of one step of untied cells, with matrices."""

    def measure(width: int, rng: np.random.Generator, count: int) -> dict[str, Array]:
        before = gated(chosen, width, count, 40, rng).h.T[..., None]
        W = (
            haar(rng, count, width, width)
            if orthogonal
            else rng.standard_normal((count, width, width)) / math.sqrt(width)
        )
        W = W * float(chosen.sigma_w)
        new = math.sqrt(float(chosen.R)) * rng.standard_normal((count, width, 1))
        e = W @ before + gaussian_images(rng, new, sigma_w=float(chosen.sigma_v)) + float(chosen.mu_b)
        gate = expit(e)
        jac = gate * (1 - gate) * (before - new) * W + gate * np.eye(width)
        first, second = spectral_moments(jac)
        return {"first": first, "second": second}

    return at_widths(measure, (60, 240), nets, stream(seed, f"spectra {orthogonal}"))


def spectral(name: str):  # type: ignore[no-untyped-def]
    """Spectral moments of Gaussian and orthogonal cells."""

    def cases(context: Context) -> list[At]:
        nets, found = context.budget.pick(40, 100, 400), []
        for orthogonal in (False, True):
            known = stationary(OFF_LINE[0]) | {s: arb(0 if orthogonal else 1)}
            word = "orthogonal" if orthogonal else "Gaussian"
            found.append(At(spectra(OFF_LINE[0], orthogonal, nets, context.seed)[name], word, where=known))
        return found

    return cases


def certified_variance(mean: int, independent: int) -> arb:
    """Relative variance of a step on the critical line; `independent` is 1 for Gaussian W, 0 for orthogonal."""
    return enclose(VARIANCE, on_line(Fraction(mean)) | {s: arb(independent)})


def variances(independent: int, *means: int) -> Callable[[Context], list[At]]:
    """Relative variances along the critical line."""
    return lambda _: [At(certified_variance(m, independent), f"mu_b = {m}", m) for m in means]


def state_fades(_: Context) -> list[At]:
    """Q* on the critical line."""
    return [At(on_line(Fraction(m))[Q], f"mu_b = {m}") for m in (0, 2, 4, 6)]


GATE_DOES_IT = Note(
    id="isometry.gate-bias",
    severity="minor",
    text="What makes a step nearly isometric is the bias of the gate: along the critical line the relative variance of squared "
    "singular values falls from 3.44 at mu_b = 0 to .33 at mu_b = 4 and .05 at 6 (Gaussian); orthogonal weights "
    "change it from 3.44 to 3.09 at mu_b = 0. The price is Q* -> 0, and relaxation in 1/(1 - E u^2) steps.",
)
ON_THE_LINE = "critical line, sigma_v = 1.39, R = .46"
isometry = Claim(
    "gating",
    title="Gating gives isometry",
    statement="Gating makes the Jacobian of a step well conditioned over a broad range of initialisations.",
    source="1806.05394, abstract; second moment derived here",
    known="text read",
    no_inequality="it is about moments that are enclosed",
    readings=[
        Reading(
            "gate-bias",
            "Along the critical line the relative variance of squared singular values of an untied step falls as mu_b grows.",
            {"down": -ONE},
            checks=[
                noted(
                    monotone(
                        "gaussian",
                        "down",
                        variances(1, 0, 1, 2, 3, 4, 6),
                        domain=f"{ON_THE_LINE}, mu_b = 0 to 6",
                        group="line",
                    ),
                    GATE_DOES_IT,
                ),
                monotone(
                    "orthogonal",
                    "down",
                    variances(0, 0, 1, 2, 3, 4, 6),
                    domain=f"{ON_THE_LINE}, mu_b = 0 to 6",
                    group="line",
                ),
                monotone("state", "down", state_fades, domain="Q* at mu_b = 0, 2, 4, 6", group="line"),
            ],
            wrong=[wrong("up", {"down": ONE}, "3.44 at mu_b = 0, .33 at 4.")],
        ),
        Reading(
            "orthogonality",
            "On the critical line at mu_b = 0 orthogonal weights make the step isometric: a relative variance below 1/10.",
            {"small": ONE / 10},
            checks=[
                encloses(
                    "orthogonal",
                    "small",
                    variances(0, 0),
                    relation="<=",
                    whole=True,
                    domain=f"{ON_THE_LINE}, mu_b = 0",
                    group="line",
                )
            ],
            wrong=[wrong("zero", {"small": sp.Rational(1, 100)}, "It is 3.09.")],
        ),
        Reading(
            "moments",
            "The first two moments of a step of an untied cell, s = 1 for Gaussian W and 0 for orthogonal.",
            {"first": FIRST, "second": SECOND, "gap4": GAP4},
            checks=[
                identity("fourth", "gap4", fourth_steps, domain="gates independent of h and z"),
                identity("matrices", "second", in_matrices, domain="Gaussian W, width 2, with terms 1/N", whole=False),
                agree("m1", "first", spectral("first"), resolution=0.05, domain="widths 60 and 240", group="spectra"),
                agree("m2", "second", spectral("second"), resolution=0.1, domain="widths 60 and 240", group="spectra"),
            ],
            wrong=[
                wrong("vanilla", {"second": FIRST**2 * (v4 / v2**2 + s)}, "The gate's own part is left out."),
                wrong("no-cross", {"second": SECOND - 2 * w2 * uv}, "Rows have norm u^2 + v^2."),
                wrong("gaussian-state", {"gap4": 3 * (Q + R) ** 2}, "h is a mixture, not Gaussian."),
                wrong("no-gate", {"first": w2 * v2}, "The gate passes h on."),
            ],
        ),
    ],
)

# --- C6: both cells --------------------------------------------------------------------------------------------------

a1, a3 = sp.symbols("a1 a3", positive=True)


def near_linear(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """Relative variance of phi'(e)^2 for phi = a1 x - a3 x^3 to second order in q: J = diag(phi') W, W orthogonal."""
    slope = a1 - 3 * a3 * X**2
    means = []
    for power in (2, 4):
        poly = sp.Poly(sp.expand(slope**power), X)
        means.append(sum(k * sp.factorial2(n - 1) * q ** (n // 2) for (n,), k in poly.terms()))
    variance = sp.series(means[1] / means[0] ** 2 - 1, q, 0, 3).removeO()
    return [(variance, context["vanilla"])]


CLOSED = Note(
    id="both-cells.approximate",
    severity="minor",
    text="For the gated cell isometry is approximate at every finite bias that was tried: the relative variance of a "
    "step is .32 at mu_b = 4 on the critical line, and adds up over steps. Only the vanilla cell with orthogonal weights "
    "has the limit, as q -> 0, where it is linear.",
)
both = Claim(
    "both-cells",
    title="Critical initialisations with dynamical isometry in both cells",
    statement="There is a closed-form critical initialisation that achieves dynamical isometry in both cells.",
    source="1806.05394, abstract",
    known="text read",
    no_inequality="it is about variances that are enclosed",
    readings=[
        Reading(
            "exact",
            "On the critical line a step of the gated cell has relative variance zero.",
            {"variance": sp.Integer(0)},
            checks=[
                noted(
                    encloses(
                        "gated",
                        "variance",
                        variances(0, 0, 2, 4),
                        domain=ON_THE_LINE,
                        x_label="mu_b",
                        y_label="relative variance",
                        group="line",
                    ),
                    CLOSED,
                    when=False,
                )
            ],
            wrong=[wrong("one", {"variance": ONE}, "3.09, 1.26, .32.")],
        ),
        Reading(
            "vanilla",
            "For orthogonal W and phi smooth and odd the relative variance of a step is 72 (a_3/a_1)^2 q^2 to leading order, "
            "phi = a_1 x - a_3 x^3 + ...: it vanishes as q -> 0.",
            {"vanilla": 72 * a3**2 / a1**2 * q**2},
            checks=[identity("taylor", "vanilla", near_linear, domain="q -> 0, four derivatives of polynomial growth")],
            wrong=[wrong("first-order", {"vanilla": 6 * a3 / a1 * q}, "phi'^2 varies by x^2 around its mean.")],
        ),
    ],
)

# --- C7: the smallest counterexample ---------------------------------------------------------------------------------

m_ = sp.Symbol("m", positive=True)
K_tied = sp.Symbol("K")


def tied_kernel(depth: int, factor: arb | None = None) -> list[arb]:
    """Enclose K(l, l), l = 0..depth, of h + W relu(h) with one W of variance 1: sums of G over all pairs of layers."""
    c = next(iter(J.free_symbols))
    kernel: dict[tuple[int, int], arb] = {(k, n): arb(1) for k in range(depth + 1) for n in range(depth + 1)}

    def g(k: int, n: int) -> arb:
        one, two = kernel[k - 1, k - 1], kernel[n - 1, n - 1]
        if k == n:
            return one / 2
        return (one * two).sqrt() / 2 * enclose(J, {c: kernel[k - 1, n - 1] / (one * two).sqrt()}) * (factor or 1)

    total: dict[tuple[int, int], arb] = {}
    for level in range(1, depth + 1):
        for other in range(1, level + 1):
            total[level, other] = total[other, level] = g(level, other)
            left, down, corner = (kernel[level - 1, other], kernel[level, other - 1], kernel[level - 1, other - 1])
            kernel[level, other] = kernel[other, level] = left + down - corner + total[level, other]
    return [kernel[k, k] for k in range(depth + 1)]


def layers_exact(_: Context) -> list[At]:
    """The tied kernel, layer by layer."""
    with ctx.workdps(30):
        return [At(value, f"layer {k}", k, {m_: arb(k)}) for k, value in enumerate(tied_kernel(6)) if k >= 1]


@lru_cache(maxsize=4)
def residual(nets: int, seed: int) -> dict[str, Estimate]:
    """K(l, l) of random networks, l = 1, 2, 3."""

    def measure(width: int, rng: np.random.Generator, count: int) -> dict[str, Array]:
        W = rng.standard_normal((count, width, width)) / math.sqrt(width)
        state_ = rng.standard_normal((count, width, 8))
        found = {}
        for k in (1, 2, 3):
            state_ = state_ + W @ np.maximum(state_, 0)
            found[str(k)] = np.mean(state_**2, axis=(1, 2))
        return found

    return at_widths(measure, (75, 300), nets, stream(seed, "residual"))


def residual_networks(context: Context) -> list[At]:
    """Simulated kernels against the recursion."""
    found = residual(context.budget.pick(60, 200, 800), context.seed)
    exact_ = tied_kernel(3)
    return [At(found[str(k)], f"layer {k}", k, {K_tied: exact_[k], m_: arb(k)}) for k in (1, 2, 3)]


counter = Claim(
    "tied-residual",
    title="Tied and untied laws differ already for a residual recurrence",
    statement=r"For $h^m = W\phi(h^{m-1}) + h^{m-1}$ with one $W$: $K(l,m) = K(0,0) + \sum_{j\le l,k\le m} G(j,k)$.",
    source="1902.04760, Theorem D.14 (text read); re-derived and simulated",
    known="follow-up",
    no_inequality="it states equalities",
    readings=[
        Reading(
            "untied-law",
            "The untied law K(l,l) = (3/2)^l of ReLU with sigma_w = 1 holds for one W as well.",
            {"law": sp.Rational(3, 2) ** m_},
            checks=[
                encloses("layers", "law", layers_exact, x_label="layer", y_label="K", log="y", domain="layers 1 to 6")
            ],
            wrong=[wrong("double", {"law": 2**m_}, "1.5, 3.279, 8.119.")],
        ),
        Reading(
            "tied-law",
            "The double sum is the limit of wide networks with one W.",
            {"kernel": K_tied},
            checks=[
                agree(
                    "networks", "kernel", residual_networks, resolution=0.1, x_label="layer", domain="widths 75 and 300"
                )
            ],
            wrong=[wrong("untied", {"kernel": sp.Rational(3, 2) ** m_}, "3.279 and not 2.25 at layer 2.")],
        ),
    ],
)

paper = Paper(
    id="rnn-isometry",
    title="Dynamical isometry and a mean field theory of RNNs: gating enables signal propagation in recurrent neural networks",
    authors=("Minmin Chen", "Jeffrey Pennington", "Samuel S. Schoenholz"),
    source="https://arxiv.org/abs/1806.05394",
    parameters=PARAMETERS,
    default=setting_of(PARAMETERS, activation("tanh")),
    claims=(state, tied, line, scales, isometry, both, counter),
    constants=CONSTANTS,
    simulate=simulation("rnn-isometry", run, OPTIONS),
    simulation_options=OPTIONS,
    verdicts={
        "gated-state/untied": "proved",
        "gated-state/anchor": "proved",
        "gated-state/unique": "certified",
        "tied-weights/recurrent": "refuted",
        "tied-weights/second-step": "proved",
        "critical-line/untied": "proved",
        "critical-line/constants": "certified",
        "time-scales/stated": "certified",
        "gating/gate-bias": "supported",
        "gating/orthogonality": "refuted",
        "gating/moments": "proved",
        "both-cells/exact": "refuted",
        "both-cells/vanilla": "proved",
        "tied-residual/untied-law": "refuted",
        "tied-residual/tied-law": "supported",
    },
    references=(
        "Chen, Pennington, Schoenholz: Dynamical isometry and a mean field theory of RNNs. ICML 2018, arXiv:1806.05394",
        "Yang: Scaling limits of wide neural networks with weight sharing. arXiv:1902.04760",
    ),
)
