"""Phase diagram of stochastic gradient descent in high-dimensional two-layer neural networks (arXiv 2202.00293).

One-pass SGD of an erf committee closes on overlaps. Q, M, P are the overlaps of students, of students with
teachers, and of teachers; a student weighs g = 1/p and a teacher g = -1/k in the error. `mfcheck.dynamics.overlaps`
integrates the equations for any p and k; the closed forms below are for p = k = 1.
"""

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import product
from typing import cast

import numpy as np
import sympy as sp
from flint import arb
from numpy.typing import NDArray
from scipy.optimize import root
from scipy.special import erf

from mfcheck.checks import (
    At,
    Case,
    Check,
    Claim,
    Context,
    Estimate,
    Evidence,
    Kind,
    Note,
    Paper,
    Reading,
    Setting,
    Standard,
    Step,
    against,
    agree,
    bound,
    constant,
    custom,
    decide,
    encloses,
    evaluate,
    identical,
    identity,
    monotone,
    noted,
    parameter,
    proof,
    rate,
    rows,
    same_squares,
    setting_of,
    wrong,
)
from mfcheck.claims.model import stream
from mfcheck.dynamics import overlaps
from mfcheck.dynamics.ode import System, solve
from mfcheck.errors import InputError
from mfcheck.rigor.newton import Root, solve_system
from mfcheck.statistics import exactly, extrapolated, mean_of
from mfcheck.symbolic.radicals import split_roots

Array = NDArray[np.float64]
Values = dict[sp.Symbol, object]

GAMMA = parameter("gamma", 1, "step size gamma", above=0)
NOISE = parameter("noise", "1/1000", "variance Delta of the label noise", least=0)
P_NORM = parameter("p_norm", 1, "squared norm P of the teacher over d", above=0)
Q0 = parameter("q0", 1, "Q at the start", above=0)
M0 = parameter("m0", "1/5", "M at the start")
HORIZON = parameter("horizon", 5, "time", least=0, most=1000)
KAPPA = parameter("kappa", 0, "width p = p_0 d^kappa")
DELTA = parameter("delta", 0, "step gamma = gamma_0 d^(-delta)")
PARAMETERS = (GAMMA, NOISE, P_NORM, Q0, M0, HORIZON, KAPPA, DELTA)
gamma, Delta, P, q0, m0 = (p.symbol for p in PARAMETERS[:5])
Q, M = sp.symbols("Q M", real=True)


def validate(setting: Setting) -> None:
    """Refuse overlaps that no pair of vectors has."""
    if setting["m0"] ** 2 > setting["q0"] * setting["p_norm"]:
        raise InputError("m0^2 must be at most q0 p_norm: no two vectors have these overlaps")


# --- the integrals, over a generic covariance C --------------------------------------------------------------------

C = sp.Matrix(4, 4, lambda i, j: sp.Symbol(f"C{min(i, j) + 1}{max(i, j) + 1}", real=True))


def i2(A: sp.Matrix) -> sp.Expr:
    """E phi(1) phi(2)."""
    return 2 / sp.pi * sp.asin(A[0, 1] / sp.sqrt((1 + A[0, 0]) * (1 + A[1, 1])))


def i3(A: sp.Matrix) -> sp.Expr:
    """E phi'(1) l_2 phi(3)."""
    own = 1 + A[0, 0]
    return 2 / sp.pi * (A[1, 2] * own - A[0, 1] * A[0, 2]) / own / sp.sqrt(own * (1 + A[2, 2]) - A[0, 2] ** 2)


def j2(A: sp.Matrix) -> sp.Expr:
    """E phi'(1) phi'(2)."""
    return 2 / sp.pi / sp.sqrt((1 + A[0, 0]) * (1 + A[1, 1]) - A[0, 1] ** 2)


def l4(A: sp.Matrix) -> sp.Expr:
    """Determinant of 1 + the covariance of the first two."""
    return (1 + A[0, 0]) * (1 + A[1, 1]) - A[0, 1] ** 2


def l_form(A: sp.Matrix, a: int, b: int) -> sp.Expr:
    """L4 times the covariance of a and b under the weight phi'(1) phi'(2)."""
    cross = A[0, 1] * (A[0, a] * A[1, b] + A[0, b] * A[1, a])
    plain = A[1, a] * A[1, b] * (1 + A[0, 0]) + A[0, a] * A[0, b] * (1 + A[1, 1])
    return l4(A) * A[a, b] - plain + cross


def i4(A: sp.Matrix, L0: sp.Expr | None = None) -> sp.Expr:
    """E phi'(1) phi'(2) phi(3) phi(4)."""
    top = l_form(A, 2, 3) if L0 is None else L0
    L1, L2 = (l4(A) + l_form(A, a, a) for a in (2, 3))
    return 4 / (sp.pi**2 * sp.sqrt(l4(A))) * sp.asin(top / sp.sqrt(L1 * L2))


# --- the equations: symmetric Omega (students, then teachers), step rate = gamma/p, weights g ----------------------


def _at(Omega: sp.Matrix, *units: int) -> sp.Matrix:
    return sp.Matrix(len(units), len(units), lambda i, j: Omega[units[i], units[j]])


def drift_m(Omega: sp.Matrix, g: Sequence[sp.Expr], rate: sp.Expr, j: int, r: int) -> sp.Expr:
    """dM_jr/dt."""
    return -rate * sum(weight * i3(_at(Omega, j, r, a)) for a, weight in enumerate(g))


def drift_q(Omega: sp.Matrix, g: Sequence[sp.Expr], rate: sp.Expr, j: int, l: int) -> sp.Expr:  # noqa: E741
    """Part of dQ_jl/dt that is linear in the step."""
    return drift_m(Omega, g, rate, j, l) + drift_m(Omega, g, rate, l, j)


def bracket(Omega: sp.Matrix, g: Sequence[sp.Expr], rate: sp.Expr, j: int, l: int) -> sp.Expr:  # noqa: E741
    """Part of dQ_jl/dt that is quadratic in the step, without label noise."""
    pairs = product(enumerate(g), repeat=2)
    return rate**2 * sum(u * v * i4(_at(Omega, j, l, a, b)) for (a, u), (b, v) in pairs)


def risk(Omega: sp.Matrix, g: Sequence[sp.Expr]) -> sp.Expr:
    """(1/2) E (f - f*)^2 without label noise."""
    pairs = product(enumerate(g), repeat=2)
    return sum(u * v * i2(_at(Omega, a, b)) for (a, u), (b, v) in pairs) / 2


OMEGA, G = sp.Matrix([[Q, M], [M, P]]), (sp.Integer(1), sp.Integer(-1))
DRIFT_Q, DRIFT_M = drift_q(OMEGA, G, gamma, 0, 0), drift_m(OMEGA, G, gamma, 0, 1)
SPREAD = bracket(OMEGA, G, gamma, 0, 0)
LABEL = gamma**2 * Delta * j2(_at(OMEGA, 0, 0))
RISK = risk(OMEGA, G)
BLUE = (DRIFT_Q + SPREAD + LABEL, DRIFT_M)
GREEN = (DRIFT_Q, DRIFT_M)
ORANGE = (SPREAD + LABEL, sp.Integer(0))

# --- constants -------------------------------------------------------------------------------------------------------

GAMMA_C = sp.pi * sp.sqrt((1 + 4 * P) / (1 + 2 * P))
PLATEAU = gamma * Delta / (2 * sp.pi * sp.sqrt(1 + 2 * P) * (1 - gamma / GAMMA_C))
AT_ALIGNED = {Q: P, M: P}


def _values(setting: Setting) -> Values:
    return {p.symbol: setting[p.name] for p in PARAMETERS[:5]}


def _below_critical(setting: Setting) -> None:
    p_norm, step = setting["p_norm"], setting["gamma"]
    if step**2 * (1 + 2 * p_norm) >= sp.pi**2 * sp.Rational(*(1 + 4 * p_norm).as_integer_ratio()):
        raise InputError("gamma must be below gamma_c: there is no small plateau at or above it")


@lru_cache(maxsize=1)
def _blue() -> Callable[..., list[float]]:
    return cast(Callable[..., list[float]], sp.lambdify((Q, M, gamma, Delta, P), BLUE))


def _right_sides(x: NDArray[np.float64], *given: float) -> list[float]:
    return _blue()(*x, *given)


def branch(step: float, noise: float, p_norm: float) -> list[float]:
    """Return in floats the point to which the fixed point (P, P) moves while the noise grows from 0.

    A stretch of noise that moves it by more than a fifth is halved, and the next one is doubled.

    Raises:
        InputError: the point cannot be followed so far.
    """
    point, reached, stretch = np.array([p_norm, p_norm]), 0.0, min(noise, 1e-3)
    while reached < noise:
        there = min(noise, reached + stretch)
        with np.errstate(invalid="ignore"):
            found = root(_right_sides, point, (step, there, p_norm), tol=1e-12)
        near = found.success and np.all(np.abs(found.x - point) <= 0.2 * np.abs(point))
        if near:
            point, reached = found.x, there
        elif stretch < 1e-9 * noise:
            raise InputError(
                f"the fixed point is followed to noise {reached:.4g} only, where Q is {point[0]:.3g}: a plateau needs less"
            )
        stretch *= 2 if near else 0.5
    return [float(x) for x in point]


@lru_cache(maxsize=64)
def fixed_point(setting: Setting, digits: int) -> Root:
    """Enclose the fixed point (Q, M) of the full equations that starts at (P, P) where there is no noise."""
    _below_critical(setting)
    if setting["noise"] == 0:
        exact = arb(setting["p_norm"].numerator) / arb(setting["p_norm"].denominator)
        return Root((exact, exact), (exact, exact))
    start = branch(*(setting.number(name) for name in ("gamma", "noise", "p_norm")))
    given = {s: v for s, v in _values(setting).items() if s in (gamma, Delta, P)}
    return solve_system(BLUE, (Q, M), start, given, digits)


def _plateau_full(setting: Setting, digits: int) -> arb:
    where = dict(zip((Q, M), fixed_point(setting, digits + 15).values, strict=True))
    return evaluate(RISK, paper, setting, where, digits)


@lru_cache(maxsize=64)
def trajectory(right: tuple[sp.Expr, sp.Expr], setting: Setting) -> dict[str, Estimate]:
    """Return Q, M and the risk at the horizon; a student that agrees with its teacher does so until noise moves it."""
    agrees = len({setting[name] for name in ("q0", "m0", "p_norm")}) == 1
    if agrees and (right is GREEN or 0 in (setting["noise"], setting["horizon"])):
        start = exactly(setting.number("p_norm"))
        return {"Q": start, "M": start, "R": exactly(0.0)}
    system = System((Q, M), right, (q0, m0))
    found = solve(system, [0.0, setting.number("horizon")], _values(setting))
    return {"Q": found.final(Q), "M": found.final(M), "R": found.final(RISK)}


def at_horizon(right: tuple[sp.Expr, sp.Expr], name: str) -> Callable[[Setting, int], Estimate]:
    """The leaf of one entry of `trajectory`."""
    return lambda setting, _: trajectory(right, setting)[name]


def regime(setting: Setting, digits: int = 15) -> arb:
    """Return 1 green, 2 blue, 3 orange, 4 red; decided exactly."""
    del digits
    kappa, delta = setting["kappa"], setting["delta"]
    if kappa + delta > 0:
        return arb(1)
    if kappa + delta == 0:
        return arb(2)
    return arb(3 if delta > -(kappa + 1) / 2 else 4)


def _checked_plateau(setting: Setting, digits: int) -> arb:
    _below_critical(setting)
    return evaluate(PLATEAU, None, setting, _values(setting), digits)


POINT, PATH = ("gamma", "noise", "p_norm"), ("gamma", "noise", "p_norm", "q0", "m0", "horizon")
CONSTANTS = (
    constant("gamma_c", GAMMA_C, "critical step size", source="C4", latex=r"\gamma_c"),
    constant("plateau_first", _checked_plateau, "plateau to first order in Delta", source="C4", uses=POINT),
    constant("q_fixed", lambda s, d: fixed_point(s, d).values[0], "Q at the plateau", source="C4", uses=POINT),
    constant("m_fixed", lambda s, d: fixed_point(s, d).values[1], "M at the plateau", source="C4", uses=POINT),
    constant("plateau_full", _plateau_full, "risk at the plateau", source="C4", uses=POINT),
    constant("q_t", at_horizon(BLUE, "Q"), "Q at the horizon", source="C1", uses=PATH),
    constant("m_t", at_horizon(BLUE, "M"), "M at the horizon", source="C1", uses=PATH),
    constant("risk_t", at_horizon(BLUE, "R"), "risk at the horizon", source="C1", uses=PATH),
    constant("orange_slope", (SPREAD + LABEL).subs({Q: q0, M: m0}), "dQ/dt at the start, drift off", source="C6"),
    constant("orange_q_t", at_horizon(ORANGE, "Q"), "Q at the horizon, drift off", source="C6", uses=PATH),
    constant("green_risk_t", at_horizon(GREEN, "R"), "risk at the horizon, bracket off", source="C2", uses=PATH),
    constant("regime", regime, "1 green, 2 blue, 3 orange, 4 red", source="C2", uses=("kappa", "delta")),
)

# --- C1: the drift -------------------------------------------------------------------------------------------------

TILT = sp.Matrix([[1 + C[0, 0], C[0, 1]], [C[0, 1], 1 + C[1, 1]]])


def tilted(a: int, b: int) -> sp.Expr:
    """Covariance of a and b under the weight exp(-(l_1^2 + l_2^2)/2), by conditioning."""
    return C[a, b] - (C[a, :2] * TILT.inv() * C[:2, b])[0, 0]


def integral_steps(context: Context) -> Iterable[Step]:
    """phi'(x) is sqrt(2/pi) exp(-x^2/2): a Gaussian weight; the rest is Price's theorem and Stein's lemma."""
    two, swap = C[:2, :2], sp.Matrix([[C[0, 0], C[0, 2]], [C[0, 2], C[2, 2]]])
    L0, inner = context["L0"], C[0, 2] / (1 + C[0, 0])
    sizes = [l4(C) + l_form(C, a, a) for a in (2, 3)]
    point = {C[i, j]: sp.Rational(1 + (i == j), 2 + abs(i - j)) for i in range(4) for j in range(4)}
    exact = identical(
        {
            "J2 normalises the weight": (context["J2"], 2 / sp.pi / sp.sqrt(TILT.det())),
            "I2 vanishes at C12 = 0": (context["I2"].subs(C[0, 1], 0), sp.Integer(0)),
            "L0 is L4 times the tilted covariance": (L0, l4(two) * tilted(2, 3)),
            "L1 likewise": (sizes[0], l4(two) * (1 + tilted(2, 2))),
            "I4 is J2 times the tilted I2": (
                context["I4"],
                j2(two) * 2 / sp.pi * sp.asin(L0 / sp.sqrt(sizes[0] * sizes[1])),
            ),
        }
    )
    price = {
        "dI2/dC12 = J2": (sp.diff(context["I2"], C[0, 1]), context["J2"]),
        "2 dI2(1,3)/dC11 = -J2(1,3) C13/(1 + C11)": (2 * sp.diff(i2(swap), C[0, 0]), -j2(swap) * inner),
        "I3 by Stein": (context["I3"], j2(swap) * (C[1, 2] - C[0, 1] * inner)),
    }
    return [*exact, *same_squares(price, point)]


PAIR = sp.Matrix(3, 3, lambda i, j: C[i, j])
"""Two students and one teacher."""
HALF = sp.Rational(1, 2)
PAIR_G, PAIR_RATE = (HALF, HALF, -sp.Integer(1)), gamma / 2
ROOT = sp.Matrix([[10, 0, 0], [4, 9, 0], [3, -2, 8]]) / 10
STEP, NOISE_HERE = sp.Rational(3, 2), sp.Rational(3, 10)


@lru_cache(maxsize=8)
def _one_step(seed: int, count: int) -> dict[str, Estimate]:
    """Mean changes of overlaps in one step, in units of 1/d, and the risk: over samples at a generic covariance."""
    rng = stream(seed, "one step")
    z = rng.standard_normal((count, 3)) @ np.array(ROOT.T, dtype=float)
    phi, slope = erf(z / np.sqrt(2)), np.sqrt(2 / np.pi) * np.exp(-(z**2) / 2)
    error = phi[:, 2] - phi[:, :2].mean(axis=1)
    seen = error + np.sqrt(float(NOISE_HERE)) * rng.standard_normal(count)
    moves = float(STEP) / 2 * seen[:, None] * slope[:, :2]
    change = moves[:, 0] * z[:, 1] + moves[:, 1] * z[:, 0] + moves[:, 0] * moves[:, 1]
    found = {"dM": moves[:, 0] * z[:, 2], "dQ": change, "R": error**2 / 2}
    return {name: mean_of(values) for name, values in found.items()}


def _where() -> dict[sp.Symbol, sp.Expr]:
    covariance = ROOT * ROOT.T
    entries = {PAIR[i, j]: covariance[i, j] for i in range(3) for j in range(3)}
    return {**entries, gamma: STEP, Delta: NOISE_HERE}


def one_step(name: str) -> Check:
    """The check of one equation against the mean over samples."""

    def measure(context: Context) -> list[At]:
        count = context.budget.pick(400_000, 2_000_000, 10_000_000)
        return [At(_one_step(context.seed, count)[name], where=_where())]

    domain = "two students, one teacher, one generic covariance, gamma = 3/2, Delta = 3/10"
    return agree(name, name, measure, kind=Kind.SAMPLED, domain=domain, group="one-step")


def equation(**changes: sp.Expr) -> sp.Expr:
    """dQ_12/dt for two students and one teacher, with wrong parts in the place of right ones."""
    parts = {
        "linear": drift_q(PAIR, PAIR_G, PAIR_RATE, 0, 1),
        "square": bracket(PAIR, PAIR_G, PAIR_RATE, 0, 1),
        "label": PAIR_RATE**2 * Delta * j2(PAIR),
    }
    return sum((parts | changes).values())


WRONG_SIGN = (HALF, HALF, sp.Integer(1))
CROSS = C[0, 1] * (C[0, 2] * C[1, 3] + C[0, 3] * C[1, 2])
drift = Claim(
    "drift",
    title="One-pass SGD closes on overlaps",
    statement=(
        r"$dM_{jr}/dt = -\frac{\gamma_0}{p}\sum_a g_a I_3(j,r,a)$ and $dQ_{jl}/dt = -\frac{\gamma_0}{p}\sum_a g_a "
        r"[I_3(j,l,a)+I_3(l,j,a)] + (\gamma_0/p)^2[\sum_{ab} g_a g_b I_4(j,l,a,b) + \Delta J_2(j,l)]$."
    ),
    source="2202.00293, equations of Saad and Solla",
    known="official code",
    no_inequality="its statement is a set of identities",
    readings=[
        Reading(
            "integrals",
            "The four Gaussian integrals in closed form, for every covariance.",
            {"I2": i2(C), "I3": i3(C), "J2": j2(C), "I4": i4(C), "L0": l_form(C, 2, 3)},
            checks=[
                proof(
                    "derivation",
                    ("I2", "I3", "J2", "I4", "L0"),
                    integral_steps,
                    kind=Kind.EXACT,
                    domain="every positive semi-definite covariance of four preactivations",
                )
            ],
            wrong=[
                wrong(
                    "cross-sign",
                    {"L0": l_form(C, 2, 3) - 2 * CROSS},
                    "The tilted covariance has this term with a plus.",
                ),
                wrong("cross-once", {"L0": l_form(C, 2, 3) - C[0, 1] * C[0, 2] * C[1, 3]}, "Both products occur."),
                wrong("i3-scale", {"I3": 2 * i3(C)}, "At C12 = 0 it is C23 J2(1,3)."),
                wrong("i2-scale", {"I2": i2(C) / 2}, "Its derivative in C12 is J2."),
            ],
        ),
        Reading(
            "equations",
            "The right sides are the mean changes of the overlaps in one step; the risk has the factor 1/2.",
            {"dM": drift_m(PAIR, PAIR_G, PAIR_RATE, 0, 2), "dQ": equation(), "R": risk(PAIR, PAIR_G)},
            checks=[one_step("dM"), one_step("dQ"), one_step("R")],
            wrong=[
                wrong(
                    "label-power",
                    {"dQ": equation(label=PAIR_RATE * Delta * j2(PAIR))},
                    "Label noise enters squared steps.",
                ),
                wrong("once", {"dQ": equation(linear=drift_m(PAIR, PAIR_G, PAIR_RATE, 0, 1))}, "Both weights move."),
                wrong("no-half", {"R": 2 * risk(PAIR, PAIR_G)}, "The risk is half of the squared error."),
                wrong(
                    "teacher-sign",
                    {"dM": drift_m(PAIR, WRONG_SIGN, PAIR_RATE, 0, 2), "R": risk(PAIR, WRONG_SIGN)},
                    "The teacher enters the error with the other sign.",
                ),
            ],
        ),
    ],
)

# --- C2: regimes -----------------------------------------------------------------------------------------------------

kappa, delta, w = sp.symbols("kappa delta w", real=True)
"""w: power of 1/d in the time of one step."""


def counting(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """Drift per step is d^-(1+kappa+delta), the bracket its square times d: powers that a time unit must cancel."""
    linear, square = -(1 + kappa + delta), -(1 + 2 * (kappa + delta))
    return [
        (context["green_time"], -linear),
        (context["orange_time"], -square),
        (context["ratio"], square - linear),
        (context["red_edge"], sp.solve(sp.Eq(context["orange_time"] - kappa, 0), delta)[0]),
    ]


def plateau_of_green(context: Context) -> tuple[Array, Array, Array]:
    """Plateau at gamma = d^-delta, from the certified fixed point: it falls like d^-(kappa+delta)."""
    sizes = np.array([10.0, 100.0, 1000.0, 10_000.0])
    settings = [
        context.setting.with_values(gamma=Fraction(1, int(d)), noise=Fraction(1, 1000), p_norm=1) for d in sizes
    ]
    values = [_plateau_full(s, 15) for s in settings]
    return (sizes, np.array([float(v.mid()) for v in values]), np.array([float(v.rad()) for v in values]))


def risks(right: sp.Tuple, start: tuple[sp.Expr, ...], values: Values, times: Sequence[float]) -> list[At]:
    """Risk at growing times under equations dQ/dt, dM/dt."""
    found = solve(System((Q, M), right, start), list(map(float, times)), values).estimates(RISK)
    return [At(r, f"t = {t}", t) for t, r in zip(times, found, strict=True)]


def green_risk(context: Context) -> list[At]:
    """Risk of the equations without bracket, from the setting's start."""
    return risks(context["green"], (q0, m0), _values(context.setting), (0, 10, 40, 160))


PERFECT = Note(
    id="regimes.perfect-learning",
    severity="minor",
    text="Perfect learning in the green regime is a limit d -> infinity: at finite d the risk has a plateau of order "
    "d^-(kappa+delta), which can be computed.",
)
regimes = Claim(
    "regimes",
    title="Four regimes of width and step size",
    statement=(
        r"For $p = p_0 d^\kappa$, $\gamma = \gamma_0 d^{-\delta}$: green ($\kappa+\delta>0$), time "
        r"$d^{1+\kappa+\delta}$ steps, no bracket, $R \to 0$; blue ($\kappa+\delta=0$), a plateau of order $\Delta$; "
        r"orange ($-(\kappa+1)/2 < \delta < -\kappa$), only the bracket; red below, no equation."
    ),
    source="2202.00293, phase diagram",
    known="official code",
    no_inequality="it compares powers of the dimension",
    readings=[
        Reading(
            "stated",
            "Powers of d of the time scales and of the boundaries.",
            {
                "green_time": 1 + kappa + delta,
                "orange_time": 1 + 2 * (kappa + delta),
                "ratio": -(kappa + delta),
                "red_edge": -(kappa + 1) / 2,
            },
            checks=[
                identity(
                    "counting",
                    ("green_time", "orange_time", "ratio", "red_edge"),
                    counting,
                    domain="all kappa and delta",
                )
            ],
            wrong=[
                wrong("red-edge", {"red_edge": -sp.Rational(1, 2)}, "It depends on kappa: the width helps."),
                wrong("time", {"orange_time": 1 + kappa + delta}, "The bracket is of second order in the step."),
            ],
        ),
        Reading(
            "perfect-learning",
            "In the green regime the risk falls to zero; at finite d the plateau is of order d^-(kappa+delta).",
            {
                "green": sp.Tuple(*GREEN),
                "order": -sp.Integer(1),
                "down": -sp.Integer(1),
                "small": sp.Rational(1, 10**5),
            },
            checks=[
                monotone(
                    "green-risk",
                    "down",
                    green_risk,
                    kind=Kind.SIMULATED,
                    uses=["green"],
                    domain="risk at t = 0, 10, 40, 160, bracket off, from the setting's start",
                ),
                agree(
                    "vanishes",
                    "small",
                    lambda c: green_risk(c)[-1:],
                    relation="<=",
                    uses=["green"],
                    domain="risk at t = 160",
                ),
                noted(
                    rate(
                        "plateau",
                        "order",
                        plateau_of_green,
                        x_label="d",
                        y_label="plateau",
                        domain="kappa = 0, delta = 1, d = 10 to 10^4",
                    ),
                    PERFECT,
                ),
            ],
            wrong=[
                wrong(
                    "bracket-kept",
                    {"green": sp.Tuple(*BLUE)},
                    "With the bracket the risk has a plateau.",
                    checks=("vanishes",),
                ),
                wrong("order", {"order": -sp.Rational(1, 2)}, "The plateau is linear in gamma."),
                wrong("up", {"down": sp.Integer(1)}, "The risk falls."),
            ],
        ),
    ],
)

# --- C3: concentration -----------------------------------------------------------------------------------------------

SIZES = (100, 400, 1600, 6400)
TIME = 3
START = (1.0, 0.2, 1.0)
"""Q, M and P of the runs, with one student and one teacher."""


_risk = sp.lambdify((Q, M), RISK.subs(P, 1), "numpy")


@lru_cache(maxsize=4)
def _deviations(seed: int, replicates: int) -> Array:
    """Largest distances of Q and M from the equations up to TIME, shape (replicates, sizes)."""
    found = []
    for d in SIZES:
        marks = [TIME * d * k // 12 for k in range(13)]
        runs = overlaps.one_student(*START, d, replicates, stream(seed, f"deviations {d}"), marks, 1.0, 0.01)
        rule = overlaps.rule(1, 1, 1.0, 0.01)
        path = overlaps.evolve(*START, rule, 1 / (8 * d), [8 * m for m in marks], "rk4")
        exact = np.stack([path.Q[:, 0, 0], path.M[:, 0, 0]], axis=1)
        found.append(np.abs(runs - exact).max(axis=(1, 2)))
    return np.array(found).T


concentration = Claim(
    "concentration",
    title="Overlaps stay near the equations",
    statement=r"$|\Omega(\nu) - \bar\Omega(\nu\,dt)|_\infty \le e^{C\nu dt}\sqrt{\gamma/(pd)}$ for $dt = \gamma/(pd)$.",
    source="2202.00293, Theorem; restated by two of the authors in 2023",
    known="follow-up",
    no_inequality="its constant C is not given",
    readings=[
        Reading(
            "stated",
            "The largest distance up to a fixed time falls like d^(-1/2); the constant is not known.",
            {"order": -HALF},
            checks=[
                rate(
                    "sgd",
                    "order",
                    lambda c: (np.array(SIZES, float), _deviations(c.seed, c.budget.pick(64, 128, 512))),
                    x_label="dimension d",
                    y_label="largest deviation",
                    domain="p = k = 1, gamma = 1, Delta = 1/100, t <= 3, d = 100 to 6400",
                )
            ],
            wrong=[
                wrong(
                    "one", {"order": -sp.Integer(1)}, "Fluctuations of a mean over d coordinates fall like d^(-1/2)."
                ),
                wrong("quarter", {"order": -sp.Rational(1, 4)}, "The martingale part has variance of order 1/d."),
            ],
        )
    ],
)

# --- C4: plateau and critical step -----------------------------------------------------------------------------------


def _tidy(expr: sp.Expr) -> sp.Expr:
    return sp.factor(sp.together(split_roots(sp.together(expr))))


@lru_cache(maxsize=1)
def aligned() -> tuple[sp.Matrix, sp.Expr, sp.Expr]:
    """Jacobian at Q = M = P without noise, its determinant, and that times the response of R to Delta."""
    quiet = sp.Matrix(BLUE).subs(Delta, 0)
    J = quiet.jacobian([Q, M]).subs(AT_ALIGNED).applyfunc(_tidy)
    force = sp.Matrix([LABEL.subs(Delta, 1).subs(AT_ALIGNED), 0])
    slope = sp.Matrix([[sp.diff(RISK, x) for x in (Q, M)]]).subs(AT_ALIGNED).applyfunc(split_roots)
    return J, sp.factor(J.det()), -(slope * J.adjugate() * force)[0, 0]


def linear_response(context: Context) -> Iterable[Step]:
    """Stationarity, one linear solve, the gradient of R; the plateau is compared after clearing denominators."""
    _, determinant, response = aligned()
    rest = sp.fraction(sp.together(context["plateau"] * determinant - response * Delta))[0]
    still = sp.Matrix(BLUE).subs(Delta, 0).subs(AT_ALIGNED)
    return identical(
        {
            "Q = M = P is stationary without noise": (sum(map(_tidy, still)), sp.Integer(0)),
            "the determinant vanishes at gamma_c": (
                split_roots(determinant.subs(gamma, context["gamma_c"])),
                sp.Integer(0),
            ),
            "the plateau to first order": (split_roots(rest), sp.Integer(0)),
        }
    )


@lru_cache(maxsize=16)
def _plateau_of_sgd(step: sp.Rational, d: int, replicates: int, seed: int) -> Estimate:
    """Time average of the risk over t = 100..200 at Delta = 1/1000, from independent runs."""
    rng, marks = stream(seed, f"plateau {step} {d}"), [d * t for t in range(100, 201)]
    runs = overlaps.one_student(*START, d, replicates, rng, marks, float(step), 1e-3)
    return mean_of(_risk(runs[:, :, 0], runs[:, :, 1]).mean(axis=1))


def sgd_plateau(context: Context) -> list[At]:
    """Plateaus of SGD at two dimensions, the correction 1/d removed."""
    count, sizes, cases = context.budget.pick(24, 96, 400), (75, 300), []
    for step in (HALF, sp.Integer(1), sp.Integer(2)):
        found = [_plateau_of_sgd(step, d, count, context.seed) for d in sizes]
        where = {gamma: step, Delta: sp.Rational(1, 1000), P: sp.Integer(1)}
        cases.append(At(extrapolated(sizes, found), f"gamma = {step}", float(step), where))
    return cases


def full_plateau(context: Context) -> list[At]:
    """Certified plateau of the full equations at small Delta, over that of first order: 1 + O(Delta)."""
    cases = []
    for step, norm in ((HALF, 1), (1, 1), (2, 2)):
        setting = context.setting.with_values(gamma=Fraction(str(step)), noise=Fraction(1, 10**9), p_norm=norm)
        ball = _plateau_full(setting, 15)
        where = {gamma: step, Delta: sp.Rational(1, 10**9), P: sp.Integer(norm)}
        cases.append(At(ball + arb(0, float(ball.mid()) * 1e-6), f"gamma = {step}, P = {norm}", where=where))
    return cases


SECOND_THRESHOLD = Note(
    id="plateau.second-threshold",
    severity="minor",
    text="At gamma >= gamma_c the blue regime has no small plateau: the phase diagram in (kappa, delta) hides this "
    "second threshold, in gamma_0.",
)
plateau = Claim(
    "plateau",
    title="Noise plateau and critical step size, p = k = 1",
    statement=(
        r"At $\Delta = 0$ the point $Q = M = P$ loses stability at $\gamma_c = \pi\sqrt{(1+4P)/(1+2P)}$; below, "
        r"$R_\infty = \gamma\Delta/(2\pi\sqrt{1+2P}\,(1-\gamma/\gamma_c)) + O(\Delta^2)$."
    ),
    source="derived from the equations",
    known="derived here",
    no_inequality="it states equalities",
    readings=[
        Reading(
            "stated",
            "By linear response at Q = M = P, for all gamma and P.",
            {"gamma_c": GAMMA_C, "plateau": PLATEAU},
            checks=[
                noted(
                    proof(
                        "linear-response",
                        ("gamma_c", "plateau"),
                        linear_response,
                        kind=Kind.EXACT,
                        domain="all gamma < gamma_c and P > 0",
                    ),
                    SECOND_THRESHOLD,
                ),
                encloses(
                    "fixed-point",
                    "plateau",
                    full_plateau,
                    digits=5,
                    domain="fixed points of the full equations at Delta = 10^-9, to 1e-6",
                ),
                agree(
                    "sgd",
                    "plateau",
                    sgd_plateau,
                    resolution=0.05,
                    x_label="gamma",
                    y_label="plateau",
                    domain="SGD at d = 75 and 300, Delta = 1/1000, averaged over t = 100..200",
                    group="sgd",
                ),
            ],
            wrong=[
                wrong(
                    "one-p", {"gamma_c": GAMMA_C.subs(P, 1)}, "At P = 2 it is pi sqrt(9/5).", checks=["linear-response"]
                ),
                wrong(
                    "prefactor",
                    {"plateau": PLATEAU * sp.sqrt(1 + 2 * P) / sp.sqrt(1 + P)},
                    "At P = 1 it is sqrt(3)/(6 pi).",
                ),
                wrong(
                    "no-gamma",
                    {"plateau": PLATEAU / gamma},
                    "Without step there is no noise.",
                    checks=["linear-response", "sgd"],
                ),
                wrong("twice", {"plateau": 2 * PLATEAU}, "The risk is half of the squared error."),
            ],
        )
    ],
)

# --- C5: the reference trajectory ------------------------------------------------------------------------------------

TRAJECTORY = rows(
    (0, "0.0612152926"),
    (1, "0.0374764319"),
    (2, "0.0234154435"),
    (3, "0.0151774653"),
    (5, "0.0075004966"),
    (10, "0.0036082684"),
)


@lru_cache(maxsize=2)
def reference_run() -> dict[int, float]:
    """Risk of the authors' example: p = 8, k = 4, gamma_0 = 8, Delta = 1e-3, d = 2000, Euler steps of 1/2000."""
    legacy = np.random.RandomState(0)
    students, teachers = legacy.randn(8, 2000), legacy.randn(4, 2000)
    students *= np.sqrt(2000) / np.linalg.norm(students, axis=1, keepdims=True)
    start = overlaps.overlaps_of(students, teachers)
    times = [int(t) for t, *_ in TRAJECTORY]
    path = overlaps.evolve(*start, overlaps.rule(8, 4, 8, 1e-3), 1 / 2000, [2000 * t for t in times])
    return dict(zip(times, map(float, path.risk), strict=True))


def reference_risks(context: Context) -> list[At]:
    """The same numbers; rounding in 20,000 Euler steps moves them by less than 1e-11."""
    return [At(exactly(reference_run()[int(t)], 1e-11), f"t = {t}", float(t)) for t, *_ in context["table"]]


def printed(context: Context) -> Evidence:
    """Each printed decimal is the rounding of the value."""
    cases = [
        Case(at.value, exactly(float(row[1]), float(row[2]) / 2), at.label, at.x)
        for at, row in zip(reference_risks(context), context["table"], strict=True)
    ]
    standard = Standard(resolution=1e-6, alarm=context.alarm)
    picture = against(cases, "trajectory", "Risk of the authors' example", "t", "risk", "y")
    return decide(cases, standard, "p = 8, k = 4, d = 2000, gamma_0 = 8, Delta = 1e-3", plot=picture)


example = Claim(
    "reference-trajectory",
    title="The authors' example",
    statement=(
        r"The risk of the equations at $p = 8$, $k = 4$, $\gamma_0 = 8$, $\Delta = 10^{-3}$, $d = 2000$ for $t = 0$ to "
        "$10$, as their code gives it."
    ),
    source="2202.00293, official code",
    known="official code",
    no_inequality="it is a table of numbers",
    readings=[
        Reading(
            "stated",
            "The printed decimals, by Euler's method with step 1/2000 from their random weights.",
            {"table": TRAJECTORY},
            checks=[custom("values", "table", printed, kind=Kind.SIMULATED)],
            wrong=[wrong("digit", {"table": rows((10, "0.0036082784"))}, "The value at t = 10 is 0.0036082684.")],
        )
    ],
)

# --- C6: orange ------------------------------------------------------------------------------------------------------


SLOPE = 4 / (sp.sqrt(3) * sp.pi**2) * (sp.asin(sp.Rational(1, 4)) + sp.pi / 6)


def orange_slope(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """The bracket at Q = P = 1, M = 0, gamma = 1, Delta = 0."""
    here = {Q: 1, M: 0, P: 1, gamma: 1, Delta: 0}
    return [((SPREAD + LABEL).subs(here), context["slope"])]


def orange_risks(context: Context) -> list[At]:
    """Q without drift from Q = P = 1, M = 0; the risk grows with it."""
    return risks(context["right"], (sp.Integer(1), sp.Integer(0)), {gamma: 1, Delta: 0, P: 1}, (0, 1, 3, 10))


orange = Claim(
    "orange",
    title="Orange regime: no learning",
    statement=(
        r"Without drift $M$ is frozen, $dQ/dt = \gamma^2[\sum g_a g_b I_4 + \Delta J_2]$ and $R$ increases; at "
        r"$Q=P=1$, $M=0$, $\gamma=1$, $\Delta=0$ the slope is $\frac{4}{\sqrt3\pi^2}(\arcsin\frac14 + \frac\pi6)$."
    ),
    source="derived from the equations",
    known="derived here",
    readings=[
        Reading(
            "stated",
            "The slope in closed form; the risk at growing times.",
            {
                "slope": SLOPE,
                "up": sp.Integer(1),
                "right": sp.Tuple(*ORANGE),
                "dQ": (SPREAD + LABEL).subs(M, 0),
                "zero": sp.Integer(0),
            },
            checks=[
                identity("slope", "slope", orange_slope, domain="Q = P = 1, M = 0, gamma = 1, Delta = 0", whole=False),
                monotone("risk", "up", orange_risks, kind=Kind.SIMULATED, uses=["right"], domain="t = 0, 1, 3, 10"),
            ],
            wrong=[
                wrong("half", {"slope": SLOPE / 2}, "I4 has the factor 4/pi^2."),
                wrong("down", {"up": -sp.Integer(1)}, "Q grows without bound."),
                wrong("drift-kept", {"right": sp.Tuple(*BLUE)}, "With the drift it learns."),
                wrong(
                    "no-label",
                    {"dQ": -SPREAD.subs(M, 0)},
                    "A squared error has a positive mean.",
                    checks=["slack-growth"],
                ),
            ],
            attack=[
                bound(
                    "growth",
                    "zero",
                    "<=",
                    "dQ",
                    over={GAMMA: ("1/100", 10), NOISE: (0, 1), Q: ("1/10", 10)},
                    text="0 <= dQ/dt at M = 0",
                )
            ],
        )
    ],
)


paper = Paper(
    id="sgd-phases",
    title="Phase diagram of Stochastic Gradient Descent in high-dimensional two-layer neural networks",
    summary=(
        "One-pass SGD of a two-layer network in high dimension follows equations of overlaps; how width and "
        "step size scale with the dimension decides between regimes that reach from perfect learning, over a "
        "plateau, to none."
    ),
    authors=("Rodrigo Veiga", "Ludovic Stephan", "Bruno Loureiro", "Florent Krzakala", "Lenka Zdeborová"),
    source="https://arxiv.org/abs/2202.00293",
    parameters=PARAMETERS,
    default=setting_of(PARAMETERS),
    claims=(drift, regimes, concentration, plateau, example, orange),
    validate=validate,
    constants=CONSTANTS,
    verdicts={
        "drift/integrals": "proved",
        "drift/equations": "supported",
        "regimes/stated": "proved",
        "regimes/perfect-learning": "supported",
        "concentration/stated": "supported",
        "plateau/stated": "proved",
        "reference-trajectory/stated": "supported",
        "orange/stated": "supported",
    },
    references=(
        "Veiga, Stephan, Loureiro, Krzakala, Zdeborová: Phase diagram of Stochastic Gradient Descent in "
        "high-dimensional two-layer neural networks. NeurIPS 2022, arXiv:2202.00293",
        "Saad, Solla: On-line learning in soft committee machines. Phys. Rev. E 52 (1995) 4225-4243",
    ),
)
