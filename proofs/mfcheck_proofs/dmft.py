"""Dynamical mean-field theory for SGD in Gaussian mixture classification (arXiv 2006.06098), square loss, two clusters.

With labels absorbed the gradient is `A^T (A w - 1)`, A = 1 u^T-part plus noise: in the direction of the mean of the rows
the matrix `A^T A` has a spike u with |u|^2 = alpha + Delta, and for the rest the Marchenko-Pastur law, independent of u.
In the basis of its orthogonal polynomials all averages over that law are products of vectors: the law is a tridiagonal
matrix J, with diagonal alpha, 1 + alpha, 1 + alpha, ... and sqrt(alpha) beside it (`mfcheck.dynamics.spiked_descent`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache, partial
from itertools import pairwise

import numpy as np
import sympy as sp
from flint import arb, ctx

from mfcheck.checks import (
    At,
    Case,
    Check,
    Claim,
    Context,
    Estimate,
    Kind,
    Note,
    Option,
    Paper,
    Plot,
    Question,
    Reading,
    Setting,
    Simulated,
    Trial,
    ball,
    bound,
    compared,
    constant,
    curve,
    encloses,
    evaluate,
    identity,
    noted,
    parameter,
    pictured,
    setting_of,
    simulation,
    wrong,
)
from mfcheck.claims.model import stream
from mfcheck.dynamics.dmft import Array, Descent, Loss, drawn_descent, logistic, sample_process, square
from mfcheck.dynamics.spiked_descent import SpikedDescent
from mfcheck.errors import InputError
from mfcheck.gaussian import mp_average, mp_expectation, mp_power_means, mp_resolvent, spiked_edge
from mfcheck.rigor.ball import exact
from mfcheck.statistics import extrapolated, mean_of
from mfcheck.symbolic.activation import X

ALPHA = parameter("alpha", 2, "samples per dimension n/d", above=0, most=10_000)
DELTA = parameter("delta", "1/2", "variance Delta within a cluster", above=0)
LAM = parameter("lam", "1/10", "ridge in the gradient", least=0)
ETA = parameter("eta", "1/10", "step", above=0)
R0 = parameter("r0", "1/4", "squared norm of the start over d", least=0)
BATCH = parameter("batch", 1, "probability b that a sample is in a batch", above=0, most=1)
STEPS = parameter("steps", 20, "number of steps", least=0, most=2000, integer=True)
PARAMETERS = (ALPHA, DELTA, LAM, ETA, R0, BATCH, STEPS)
PATH = tuple(p.name for p in PARAMETERS)
DEFAULT = setting_of(PARAMETERS)
alpha, delta, lam, eta, r0, b, _ = (x.symbol for x in PARAMETERS)


def validate(setting: Setting) -> None:
    """Refuse steps for which the weights, or their variance over batches, blow up."""
    ratio, spread, ridge, step, batch = (setting.number(n) for n in ("alpha", "delta", "lam", "eta", "batch"))
    top = ridge + batch * spiked_edge(ratio, spread, ratio + spread)
    if step * top > 2:
        raise InputError(f"the steps blow up: eta must be at most 2/(lam + batch * largest eigenvalue) = {2 / top:.6g}")
    if batch < 1:
        lost = eta * (lam + b * delta * X)
        kicks = ((eta * delta * X) ** 2 / (lost * (2 - lost))).subs({p.symbol: setting[p.name] for p in PARAMETERS})
        with np.errstate(all="ignore"):
            growth = batch * (1 - batch) / ratio * mp_average(kicks, ratio)
        if not growth < 1:
            raise InputError(f"the variance over batches grows by {growth:.3g} in each generation: eta must be smaller")


# --- the closure -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class State:
    """Overlap m, norm C and mean squared residual rho after some steps."""

    m: arb
    c: arb
    rho: arb

    def shown(self) -> dict[str, arb]:
        """Return overlap, norm and training loss by the names of the final quantities."""
        return {"m": self.m, "c": self.c, "train": self.rho / 2}


RULE = {"rank": alpha + delta, "overlap": sp.sqrt(alpha) / (alpha + delta), "noise": b * (1 - b), "scale": sp.S.One}
"""Squared length of the spike, factor from it to m, variance of a sample's presence, factor of the sum over samples."""
Rule = tuple[sp.Expr, ...]
RIGHT: Rule = tuple(RULE.values())


def rule_of(context: Context) -> Rule:
    """The right rule with what the reading states."""
    return tuple(context.formulas.get(name, right) for name, right in RULE.items())


@lru_cache(maxsize=64)
def closure(setting: Setting, digits: int, rule: Rule = RIGHT) -> tuple[State, ...]:
    """Enclose the state after 0, 1, ..., `steps` steps."""
    given = {p.symbol: setting[p.name] for p in PARAMETERS}
    rank, overlap, noise, scale = (expr.subs(given) for expr in rule)
    numbers = [*(setting[n] for n in PATH[:5]), rank, setting["batch"], noise, scale]
    toward = evaluate(overlap, None, setting, given, digits + 20)
    with ctx.workdps(digits + 35):
        states = SpikedDescent(*numbers).run(setting.integer("steps"), digits)
        return tuple(State(toward * s.along, s.norm, s.residual) for s in states)


def error_of(m: arb, c: arb, spread: arb) -> arb:
    """The test error at an overlap and a norm."""
    return (m / (2 * spread * c).sqrt()).erfc() / 2


# --- runs ------------------------------------------------------------------------------------------------------------


def runs_of(
    setting: Setting, marks: Sequence[int], d: int, rng: np.random.Generator, runs: int, loss: Loss = square
) -> Array:
    """Return m, C and the mean loss of independent runs in dimension d at the marks, shape (runs, 3, marks)."""
    rule, batch = Descent(*(setting.number(n) for n in PATH[:5])), setting.number("batch")
    return np.array([drawn_descent(rule, loss, d, marks, own, batch) for own in rng.spawn(runs)])


def limits_of(found: Mapping[int, Array], marks: Sequence[int]) -> list[dict[str, Estimate]]:
    """Return m, c and train at the marks from runs in two dimensions, the correction 1/d removed."""
    sizes, names = tuple(found), ("m", "c", "train")
    return [
        {name: extrapolated(sizes, [mean_of(part[:, i, k]) for part in found.values()]) for i, name in enumerate(names)}
        for k in range(len(marks))
    ]


@lru_cache(maxsize=16)
def simulated(
    setting: Setting, seed: int, runs: int, sizes: tuple[int, int], marks: tuple[int, ...], loss: Loss = square
) -> list[dict[str, Estimate]]:
    """Return m, c and train at the marks, the correction 1/d removed from two dimensions."""
    return limits_of({d: runs_of(setting, marks, d, stream(seed, f"sgd {d}"), runs, loss) for d in sizes}, marks)


MARKS = (1, 5, 10, 20)


def nearby(context: Context, **changes: int | Fraction) -> Setting:
    """The setting under review for 20 steps with some changes; the default one in its place where steps blow up."""
    here = context.setting.with_values(steps=max(MARKS), **changes)
    try:
        validate(here)
    except InputError:
        return DEFAULT.with_values(steps=max(MARKS), **changes)
    return here


def small_batches(setting: Setting) -> Setting:
    """The setting with batches of 3/10 and twice the step."""
    return setting.with_values(batch=Fraction(3, 10), eta=Fraction(1, 5))


def runs_against(tests: Sequence[str], batches: bool) -> Check:
    """The check of the closure with the reading's rule against runs of SGD."""

    def at(context: Context) -> Setting:
        if batches:
            return DEFAULT.with_values(steps=max(MARKS), batch=Fraction(1, 2), eta=Fraction(1, 2))
        if Fraction(1, 10) <= context.setting["alpha"] <= 20:
            return nearby(context, batch=1)
        return DEFAULT.with_values(steps=max(MARKS))

    def found(context: Context) -> list[dict[str, Estimate]]:
        return simulated(at(context), context.seed, context.budget.pick(24, 60, 300), (150, 600), MARKS)

    def cases(context: Context) -> list[Case]:
        states = closure(at(context), 20, rule_of(context))
        return [
            Case(estimates[name], stated, f"{name} after {mark} steps")
            for mark, estimates in zip(MARKS, found(context), strict=True)
            for name, stated in states[mark].shown().items()
        ]

    def draw(context: Context) -> Plot:
        return picture(closure(at(context), 20, rule_of(context)), MARKS, found(context), ("m", "train"))

    def where(context: Context) -> str:
        return f"d = 150 and 600, correction removed: {said(at(context))}"

    return pictured(compared("runs", tests, cases, domain=where, group="runs"), draw)


def said(*settings: Setting) -> str:
    """Settings in words."""
    return "; ".join(", ".join(f"{n} = {setting[n]}" for n in PATH[:-1]) for setting in settings)


def picture(
    states: Sequence[State], marks: Sequence[int], found: Sequence[Mapping[str, Estimate]], names: Sequence[str]
) -> Plot:
    """Quantities along the steps, theory and runs."""
    curves = []
    for name in names:
        curves.append(curve(f"{name}, theory", range(len(states)), [s.shown()[name] for s in states]))
        curves.append(curve(f"{name}, runs", marks, [e[name] for e in found], "points"))
    words = ", ".join({"m": "m", "train": "training loss"}[name] for name in names)
    return Plot(id="path", title="Theory and runs", x_label="step", y_label=words, curves=tuple(curves))


def matched(found: Sequence[State], stated: Sequence[State], where: str) -> list[Case]:
    """Both sides of m, C and rho at the marks."""
    return [
        Case(getattr(one, name), getattr(other, name), f"{name} after {mark} steps, {where}")
        for mark, one, other in zip(MARKS, found, (stated[mark] for mark in MARKS), strict=True)
        for name in ("m", "c", "rho")
    ]


# --- C1: the equations of dynamical mean-field theory ----------------------------------------------------------------


def equations(context: Context, setting: Setting, steps: int) -> list[State]:
    """Solve the two-time equations for the square loss, with the coefficients of the reading.

    The one-sample process is linear given the batches, so that its averages close: p = s Lambda' has <p p>, and its
    products with the Gaussian part of Lambda', which a sample has without its own influence. No Monte Carlo is needed.
    """
    ratio, spread, ridge, step, start, batch = (exact(setting[n]) for n in PATH[:-1])
    values = {p.symbol: setting[p.name] for p in PARAMETERS}
    memory, own, extra, square, diagonal = (
        evaluate(context[n], None, setting, values, 60) for n in ("memory", "self", "dlam", "square", "diagonal")
    )
    zero = [[arb(0)] * (steps + 1) for _ in range(steps + 1)]
    G, G0, Q, R = ([list(row) for row in zero] for _ in range(4))
    S, m = [arb(1)], [arb(0)]
    e: list[arb] = []
    states = []
    for t in range(steps + 1):
        base = []
        for u in range(t + 1):
            field = sum((G0[t][i] * G0[u][j] * Q[i][j] for i in range(t) for j in range(u)), arb(0))
            base.append(
                (m[t] - 1) * (m[u] - 1) + spread * m[t] * m[u] + spread * (start * S[t] * S[u] + ratio * spread * field)
            )
        e.append(m[t] - 1 + spread * m[t] - own * sum((G0[t][u] * batch * e[u] for u in range(t)), arb(0)))
        for u in range(t + 1):
            R[t][u] = batch * (base[u] - own * sum((G0[u][i] * R[t][i] for i in range(u)), arb(0)))
        for u in range(t):
            Q[t][u] = batch * (R[t][u] - own * sum((G0[t][i] * Q[i][u] for i in range(t)), arb(0)))
            Q[u][t] = Q[t][u]
        cross = sum((G0[t][i] * R[t][i] for i in range(t)), arb(0))
        again = sum((G0[t][i] * G0[t][j] * Q[i][j] for i in range(t) for j in range(t)), arb(0))
        rho = base[t] - 2 * own * cross + own**2 * again
        Q[t][t] = diagonal * rho
        field = sum((G0[t][i] * G0[t][j] * Q[i][j] for i in range(t) for j in range(t)), arb(0))
        states.append(State(m[t], start * S[t] ** 2 + ratio * spread * field + square * m[t] ** 2, rho))
        if t == steps:
            break
        for u in range(t + 1):
            kick = step if u == t else arb(0)
            past = [(memory * G[t][i], G[i][u], G0[i][u]) for i in range(u + 1, t)]
            G[t + 1][u] = (
                (1 - step * (ridge + extra + batch * own)) * G[t][u]
                + step * sum((k * g for k, g, _ in past), arb(0))
                + kick
            )
            G0[t + 1][u] = (
                (1 - step * (ridge + extra)) * G0[t][u] + step * sum((k * g for k, _, g in past), arb(0)) + kick
            )
        S.append((1 - step * (ridge + extra)) * S[t] + step * sum((memory * G[t][u] * S[u] for u in range(t)), arb(0)))
        m.append(m[t] - step * (ridge * m[t] + ratio * batch * e[t]))
    return states


def solved(context: Context) -> list[Case]:
    """Equations of the reading against the closure: full batch, and batches of 3/10."""
    cases = []
    for setting in (nearby(context), small_batches(DEFAULT)):
        with ctx.workprec(300):
            found = equations(context, setting, max(MARKS))
        states = closure(setting.with_values(steps=max(MARKS)), 30)
        cases += matched([found[mark] for mark in MARKS], states, f"b = {setting['batch']}")
    return cases


SOLVER = Note(
    id="solver",
    severity="minor",
    text=(
        "For losses other than the square the equations are solved by Monte Carlo with a response read off "
        "trajectories: no part of that is rigorous. For the square loss they close on second moments, for every batch "
        "size, and agree with random-matrix theory to all digits that were asked for."
    ),
)
mean_field = Claim(
    "mean-field",
    title="The equations of dynamical mean-field theory",
    statement=(
        r"$\mu = \alpha\langle s(c+\sqrt\Delta h_0)\Lambda'\rangle$, $M_C = \alpha\Delta\langle "
        r"ss'\Lambda'\Lambda'\rangle$, $M_R = \alpha\Delta\,\delta\langle s\Lambda'\rangle/\delta Y$, $\delta\lambda "
        r"= \alpha\Delta\langle s\Lambda''\rangle$."
    ),
    source="2006.06098, Section 3",
    no_inequality="it states equations",
    readings=[
        Reading(
            "square-loss",
            "For the square loss: memory alpha Delta^2 b^2 G, self term Delta, shift alpha Delta b, and C with m^2.",
            {
                "memory": alpha * delta**2 * b**2,
                "self": delta,
                "dlam": alpha * delta * b,
                "square": sp.Integer(1),
                "diagonal": b,
            },
            checks=[
                noted(
                    compared(
                        "random-matrix",
                        ("memory", "self", "dlam", "square", "diagonal"),
                        solved,
                        kind=Kind.CERTIFIED,
                        digits=15,
                        domain=lambda context: f"up to 20 steps: {said(nearby(context), small_batches(DEFAULT))}",
                    ),
                    SOLVER,
                )
            ],
            wrong=[
                wrong("no-memory", {"memory": sp.Integer(0)}, "Right for three steps only."),
                wrong("diagonal", {"diagonal": b**2}, "s^2 = s: the diagonal has b."),
                wrong(
                    "no-self", {"self": sp.Integer(0)}, "A sample acts on itself: the training loss of step 1 is wrong."
                ),
                wrong("no-square", {"square": sp.Integer(0)}, "The overlap is a part of the norm."),
                wrong("sign", {"dlam": -alpha * delta * b}, "The samples hold the weights back."),
                wrong(
                    "memory-b",
                    {"memory": alpha * delta**2 * b},
                    "Both ends of a response need the sample in the batch.",
                ),
            ],
        )
    ],
)

# --- C2: the test error ----------------------------------------------------------------------------------------------

M, C, part = sp.symbols("M C part", positive=True)


def gaussian_tail(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """A new sample has w.x/sqrt d = m + N(0, Delta C) times its label: minus the density, one half at 0, 0 far out."""
    error = context["error"]
    density = sp.exp(-(M**2) / (2 * delta * C)) / sp.sqrt(2 * sp.pi * delta * C)
    return [
        (sp.diff(error, M), -density),
        (error.subs(M, 0), sp.Rational(1, 2)),
        (sp.limit(error.subs({delta: 1, C: 1}), M, sp.oo), sp.Integer(0)),
    ]


def _error(factor: sp.Expr) -> dict[str, sp.Expr]:
    error = sp.erfc(M / sp.sqrt(factor * delta * C)) / 2
    return {"error": error, "aligned": error.subs({M: part, C: 1})}


test_error = Claim(
    "test-error",
    title="Test error",
    statement=r"$\epsilon = \frac12\mathrm{erfc}(m/\sqrt{2\Delta C})$, two clusters.",
    source="2006.06098, Section 2",
    known="derived here",
    readings=[
        Reading(
            "stated",
            "The probability that a new sample is on the wrong side, for all m > 0.",
            _error(sp.Integer(2)),
            checks=[identity("tail", "error", gaussian_tail, domain="all m, C and Delta > 0")],
            wrong=[
                wrong("no-two", _error(sp.Integer(1)), "The variance is Delta C.", also=["slack-best"]),
                wrong("four", _error(sp.Integer(4)), "The variance is Delta C."),
            ],
            attack=[
                bound(
                    "best",
                    "aligned",
                    ">=",
                    sp.erfc(1 / sp.sqrt(2 * delta)) / 2,
                    over={part: ("1/10", 1), DELTA: ("1/10", 10)},
                    text="no test error is below that of the mean direction, since m^2 <= C",
                )
            ],
        )
    ],
)

# --- C3: full batch --------------------------------------------------------------------------------------------------

continuous, at_zero = sp.symbols("continuous at_zero", real=True)


@lru_cache(maxsize=8)
def averages(setting: Setting, most: int, times: int) -> list[arb]:
    """Averages of x^times (1 - eta (lam + Delta x))^j over the law, j = 0..most, from its integer moments."""
    ratio, spread, ridge, step = (sp.Rational(setting[n]) for n in PATH[:4])
    return [exact(v) for v in mp_power_means(1 - step * ridge, -step * spread, most, ratio, times)]


def by_moments(context: Context, setting: Setting, steps: int) -> State:
    """The formulas of the claim, double sums over averages of powers."""
    k, k1 = averages(setting, 2 * steps, 0), averages(setting, 2 * steps, 1)
    ratio, spread, _, step, start, *_ = (exact(setting[n]) for n in PATH)
    values = {alpha: setting["alpha"], delta: setting["delta"]}
    rank, overlap = (evaluate(context[n], None, setting, values, 60) for n in ("rank", "overlap"))
    f: list[arb] = []
    for t in range(steps + 1):
        phi = step * rank * sum((k[t - 1 - s] * f[s] for s in range(t)), arb(0))
        f.append(ratio.sqrt() - phi)
    pairs = [(f[s] * f[u], 2 * steps - 2 - s - u) for s in range(steps) for u in range(steps)]
    weighted = [sum((c * power[j] for c, j in pairs), arb(0)) for power in (k, k1)]
    c, shared = (start * power[2 * steps] + step**2 * rank * w for power, w in zip((k, k1), weighted, strict=True))
    return State(overlap * phi, c, (f[-1] ** 2 + spread * shared) / ratio)


HALF_RATIO = DEFAULT.with_values(alpha=Fraction(1, 2), steps=max(MARKS))


def moments_match(context: Context) -> list[Case]:
    """Double sums with integer moments against products of vectors, at two ratios."""
    cases = []
    for setting in (nearby(context, batch=1), HALF_RATIO):
        with ctx.workprec(400):
            found = [by_moments(context, setting, mark) for mark in MARKS]
        cases += matched(found, closure(setting, 30), f"alpha = {setting['alpha']}")
    return cases


def atoms(_: Context) -> list[At]:
    """Averages of powers at alpha = 1/2: integer moments against the integral over the continuous part and the atom."""
    setting, cases = DEFAULT.with_values(alpha=Fraction(1, 2)), []
    for j in (1, 4, 9):
        power = (1 - sp.Rational(1, 10) * (sp.Rational(1, 10) + X / 2)) ** j
        stay = exact(power.subs(X, 0))
        rest = mp_expectation(power, setting["alpha"], 20) - stay / 2
        where = {continuous: rest, at_zero: stay, alpha: setting["alpha"]}
        cases.append(At(averages(setting, j, 0)[j], f"j = {j}", where=where))
    return cases


full_batch = Claim(
    "full-batch",
    title="Full batch: random-matrix theory",
    statement=(
        r"$\phi_t = \eta(\alpha+\Delta)\sum_{s<t}k(t-1-s)f_s$, $f_t = \sqrt\alpha - \phi_t$, "
        r"$m_t = \frac{\sqrt\alpha}{\alpha+\Delta}\phi_t$, $k(j) = \int(1-\eta(\lambda+\Delta x))^j\,dMP_\alpha$."
    ),
    source="derived here",
    known="derived here",
    no_inequality="it states equalities",
    readings=[
        Reading(
            "stated",
            "In the limit of large d at fixed steps, b = 1.",
            {
                "rank": alpha + delta,
                "overlap": sp.sqrt(alpha) / (alpha + delta),
                "scale": sp.Integer(1),
                "k": continuous + (1 - alpha) * at_zero,
            },
            checks=[
                compared(
                    "moments",
                    ("rank", "overlap"),
                    moments_match,
                    kind=Kind.CERTIFIED,
                    digits=15,
                    domain=lambda context: (
                        f"up to 20 steps, exact moments: {said(nearby(context, batch=1), HALF_RATIO)}"
                    ),
                ),
                encloses("atom", "k", atoms, digits=12, domain="alpha = 1/2, powers 1, 4 and 9"),
                runs_against(("rank", "overlap", "scale"), batches=False),
            ],
            wrong=[
                wrong("no-spread", {"rank": alpha}, "The noise of the samples' mean is a part of the spike."),
                wrong(
                    "mean", {"scale": 1 / alpha}, "The sum over samples is not divided by n/d: m(1) = 2/10, not 1/10."
                ),
                wrong("no-atom", {"k": continuous}, "For alpha < 1 the matrix has zero eigenvalues."),
                wrong("overlap", {"overlap": 1 / sp.sqrt(alpha)}, "The spike is not along the mean."),
            ],
        )
    ],
)

# --- C4: batches -----------------------------------------------------------------------------------------------------


def equivalent(context: Context) -> list[Case]:
    """Overlaps of SGD against full batch with another step and ridge, exact settings."""
    setting = small_batches(DEFAULT).with_values(steps=max(MARKS))
    at = {p.symbol: sp.Rational(str(setting[p.name])) for p in PARAMETERS}
    step, ridge = (ETA.read(str(context[n].subs(at))) for n in ("step", "ridge"))
    other = closure(setting.with_values(batch=1, eta=step, lam=ridge), 30)
    states = closure(setting, 30)
    return [Case(states[k].m, other[k].m, f"m after {k} steps") for k in MARKS]


FLOOR = Note(
    id="floor",
    severity="remark",
    text=(
        "For the square loss batches change the mean dynamics only by eta to b eta and lam to lam/b, and add a floor "
        "of order eta (1 - b) to norm and loss: there is no other effect of the noise to explain."
    ),
)
batches = Claim(
    "batches",
    title="Bernoulli SGD closes exactly",
    statement=(
        r"$m$ is that of full batch at $(b\eta, \lambda/b)$; $\rho_t = \rho^0_t + "
        r"\eta^2b(1-b)\sum_{s<t}\rho_s\frac1\alpha\int(\Delta x)^2g^{2(t-1-s)}$, $C_t = C^0_t + "
        r"\eta^2b(1-b)\sum_{s<t}\rho_s\int\Delta x\,g^{2(t-1-s)}$."
    ),
    source="derived here",
    known="derived here",
    readings=[
        Reading(
            "stated",
            "In the limit of large d at fixed steps; noise b (1-b) per sample.",
            {"noise": b * (1 - b), "step": b * eta, "ridge": lam / b},
            checks=[
                noted(
                    compared(
                        "equivalence",
                        ("step", "ridge"),
                        equivalent,
                        kind=Kind.CERTIFIED,
                        digits=20,
                        domain="alpha = 2, Delta = 1/2, eta = 1/5, b = 3/10 against b = 1",
                    ),
                    FLOOR,
                ),
                runs_against(("noise",), batches=True),
            ],
            wrong=[
                wrong("noise-b", {"noise": b}, "At b = 1 there is no noise.", also=["slack-coin"]),
                wrong("no-noise", {"noise": sp.Integer(0)}, "The norm has a floor.", checks=["runs"]),
                wrong("ridge", {"ridge": lam}, "Only the gradient is thinned, not the ridge."),
                wrong("step", {"step": eta}, "A share b of the samples acts."),
            ],
            attack=[bound("coin", "noise", "<=", sp.Rational(1, 4), over={BATCH: ("1/100", 1)}, text="b (1-b) <= 1/4")],
        )
    ],
)

# --- C5: the ridge limit ---------------------------------------------------------------------------------------------

k_one, k_two, f_inf = sp.symbols("k1 k2 f", positive=True)
shift = lam / delta
STIELTJES = mp_resolvent(shift, alpha)
"""Average of 1/(lam/Delta + x)."""
K1 = STIELTJES / delta
K2 = STIELTJES * (1 + STIELTJES) / (2 * shift * STIELTJES + shift + alpha - 1) / delta**2
F_RIDGE = sp.sqrt(alpha) / (1 + (alpha + delta) * K1)
M_RIDGE = sp.sqrt(alpha) * (sp.sqrt(alpha) - F_RIDGE) / (alpha + delta)
C_RIDGE = F_RIDGE**2 * (alpha + delta) * K2
TEST_RIDGE = sp.erfc(M_RIDGE / sp.sqrt(2 * delta * C_RIDGE)) / 2


def fixed_point(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """The part along the spike is f (lam + Delta S)^-1 u, with f = sqrt(alpha) - u.w; nothing is left of the start."""
    f = context["f"]
    rank, overlap = alpha + delta, sp.sqrt(alpha) / (alpha + delta)
    return [
        (sp.simplify(f + rank * k_one * f), sp.sqrt(alpha)),
        (sp.simplify(context["m"].subs(f_inf, f)), sp.simplify(overlap * rank * k_one * f)),
        (context["c"], f_inf**2 * rank * k_two),
    ]


def stieltjes(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """With y = lam/Delta and the average m of 1/(y + x): y m^2 + (y + alpha - 1) m = 1; K2 = -dK1/dlam."""
    m = context["K1"] * delta
    return [
        (sp.simplify(shift * m**2 + (shift + alpha - 1) * m), sp.Integer(1)),
        (sp.simplify(sp.diff(context["K1"], lam) + context["K2"]), sp.Integer(0)),
    ]


def inverse_averages(power: int) -> Callable[[Context], list[At]]:
    """Averages of (lam + Delta x)^-power by integration, with and without an atom."""

    def measure(_: Context) -> list[At]:
        cases = []
        for ratio, ridge in (("2", "1/10"), ("1/2", "1/10"), ("3", "2")):
            expr = (sp.Rational(ridge) + X / 2) ** -power
            where = {alpha: sp.Rational(ratio), lam: sp.Rational(ridge), delta: sp.Rational(1, 2)}
            cases.append(
                At(mp_expectation(expr, ALPHA.read(ratio), 20), f"alpha = {ratio}, lam = {ridge}", where=where)
            )
        return cases

    return measure


LONG = DEFAULT.with_values(steps=120)


def errors_along() -> list[arb]:
    """Test errors along the steps at the default parameters."""
    return [error_of(s.m, s.c, exact(LONG["delta"])) for s in closure(LONG, 15)]


def overfits(context: Context) -> list[Case]:
    """Test errors in the stated order, the ridge solution last, and all others above the stated best."""
    errors, order, best = errors_along(), [int(t) for t in context["order"]], int(context["best"])
    chain = [*((errors[t], f"{t} steps") for t in order), (ball(context, "last"), "ridge")]
    cases = [Case(one, other, f"{here} to {there}") for (one, here), (other, there) in pairwise(chain)]
    return cases + [Case(errors[best], e, f"{best} to {t} steps") for t, e in enumerate(errors) if t != best]


def early(context: Context) -> Plot:
    """Test error along the steps, and that of the ridge solution."""
    errors, last = errors_along(), ball(context, "last")
    found = curve("test error", range(len(errors)), errors)
    limit = curve("ridge", (0, len(errors) - 1), (last, last), "bound")
    return Plot(id="early", title="Early stopping", x_label="step", y_label="test error", curves=(found, limit))


EARLY = Note(
    id="early-stopping",
    severity="remark",
    text=(
        "The test error has its least value at 10 steps and then rises to that of the ridge solution: "
        "stopping early is better than converging at this ridge."
    ),
)
AT_DEFAULT = {alpha: 2, delta: sp.Rational(1, 2), lam: sp.Rational(1, 10)}
limit = Claim(
    "ridge-limit",
    title="The limit is ridge regression",
    statement=(
        r"$t\to\infty$, $b = 1$: $f = \sqrt\alpha/(1+(\alpha+\Delta)K_1)$, $m = "
        r"\sqrt\alpha(\sqrt\alpha-f)/(\alpha+\Delta)$, $C = f^2(\alpha+\Delta)K_2$, $K_j = \int(\lambda+\Delta "
        r"x)^{-j}\,dMP_\alpha$."
    ),
    source="derived here",
    known="derived here",
    readings=[
        Reading(
            "stated",
            "For stable steps and lam > 0, or alpha > 1; K1 and K2 in closed form.",
            {
                "f": sp.sqrt(alpha) / (1 + (alpha + delta) * k_one),
                "m": sp.sqrt(alpha) * (sp.sqrt(alpha) - f_inf) / (alpha + delta),
                "c": f_inf**2 * (alpha + delta) * k_two,
                "K1": K1,
                "K2": K2,
                "squared": M_RIDGE**2,
                "norm": C_RIDGE,
            },
            checks=[
                identity("fixed-point", ("f", "m", "c"), fixed_point, domain="all alpha, Delta, K1 and K2"),
                identity("stieltjes", ("K1", "K2"), stieltjes, domain="all alpha, Delta and lam > 0"),
                encloses("K1", "K1", inverse_averages(1), digits=12, domain="three settings, by integration"),
                encloses("K2", "K2", inverse_averages(2), digits=12, domain="three settings, by integration"),
            ],
            wrong=[
                wrong("no-atom", {"K1": K1 - (1 - alpha) / lam}, "For alpha < 1 zero eigenvalues count."),
                wrong("rank", {"f": sp.sqrt(alpha) / (1 + alpha * k_one)}, "The spike has the length alpha + Delta."),
                wrong("overlap", {"m": (sp.sqrt(alpha) - f_inf) / sp.sqrt(alpha)}, "The spike is not along the mean."),
                wrong("square", {"K2": K1**2}, "The law is not a point.", checks=["stieltjes", "K2"]),
                wrong(
                    "no-rank",
                    {"c": f_inf**2 * k_two, "norm": F_RIDGE**2 * K2},
                    "u has the length alpha + Delta.",
                    checks=["fixed-point", "slack-overlap"],
                ),
            ],
            attack=[
                bound(
                    "overlap",
                    "squared",
                    "<=",
                    "norm",
                    log=["lam"],
                    over={ALPHA: ("6/5", 10), DELTA: ("1/10", 4), LAM: ("1/10", 5)},
                    text="m^2 <= C",
                )
            ],
        ),
        Reading(
            "early-stopping",
            "At the default parameters the test error is least at 10 steps, and rises to that of the limit.",
            {"best": sp.Integer(10), "order": sp.Tuple(10, 20, 40, 60, 120), "last": TEST_RIDGE.subs(AT_DEFAULT)},
            checks=[
                pictured(
                    noted(
                        compared(
                            "errors",
                            ("best", "order", "last"),
                            overfits,
                            kind=Kind.CERTIFIED,
                            relation="<",
                            domain="default parameters, b = 1",
                        ),
                        EARLY,
                    ),
                    early,
                )
            ],
            wrong=[
                wrong("later", {"best": sp.Integer(15)}, "It has risen again since 10 steps."),
                wrong("falls", {"order": sp.Tuple(5, 20, 60)}, "The test error at 5 steps is above that at 20."),
                wrong("limit", {"last": TEST_RIDGE.subs({**AT_DEFAULT, lam: 5})}, "A large ridge errs less."),
            ],
        ),
    ],
)

# --- C6: what is not checked -----------------------------------------------------------------------------------------

tau = sp.Symbol("tau", positive=True)


def stationary(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """Flows into and out of the batch balance at a share b."""
    return [((1 - b) * context["enter"], b * context["leave"])]


LATER = (2, 5, 9)


LOGISTIC = DEFAULT.with_values(delta=1, eta=1)


def logistic_runs(context: Context) -> list[Case]:
    """The solver, as the mean over independent solutions, against runs at the same setting."""
    values, factors = (LOGISTIC.number(n) for n in PATH[:5]), (float(context[n]) for n in ("memory", "self", "dlam"))
    rule, size = Descent(*values, *factors), context.budget.pick(4000, 8000, 20_000)
    draws = stream(context.seed, "solver").spawn(24)
    runs = [sample_process(rule, logistic, max(LATER), size, own) for own in draws]
    found = simulated(LOGISTIC, context.seed, context.budget.pick(24, 60, 300), (150, 600), LATER, logistic)
    return [
        Case(estimates[name], mean_of(np.array([run[k, mark] for run in runs])), f"{name} after {mark} steps")
        for mark, estimates in zip(LATER, found, strict=True)
        for k, name in enumerate(("m", "c", "train"))
    ]


other_losses = Claim(
    "other-losses",
    title="Logistic loss, three clusters, persistent SGD",
    statement="The same equations hold for the logistic loss, three clusters, and batches that persist for a time tau.",
    source="2006.06098, Sections 2 to 4",
    no_inequality="its equations are solved by Monte Carlo only",
    readings=[
        Reading(
            "stated",
            "Three clusters and persistent batches: nothing but the rates is looked at, which keep a share b in the batch.",
            {"enter": 1 / tau, "leave": (1 - b) / (b * tau)},
            checks=[
                replace(
                    identity("rates", ("enter", "leave"), stationary, domain="all b and tau"), question=Question.APPLIES
                )
            ],
            wrong=[wrong("rates", {"leave": b / ((1 - b) * tau)}, "That keeps a share 1-b.", checks=["rates"])],
        ),
        Reading(
            "logistic",
            "Logistic loss, two clusters, full batch: the solver's averages are those of runs, at some settings.",
            {"memory": sp.Integer(1), "self": sp.Integer(1), "dlam": sp.Integer(1)},
            checks=[
                compared(
                    "runs",
                    ("memory", "self", "dlam"),
                    logistic_runs,
                    group="logistic",
                    domain=f"logistic loss, two clusters, b = 1, up to 9 steps, d = 150 and 600: {said(LOGISTIC)}",
                )
            ],
            wrong=[
                wrong("no-self", {"self": sp.Integer(0)}, "A sample acts on itself."),
                wrong("sign", {"dlam": -sp.Integer(1)}, "Convex losses hold the weights back."),
                wrong("no-memory", {"memory": sp.Integer(0)}, "Samples remember the weights."),
            ],
        ),
    ],
)

# --- constants and simulation ----------------------------------------------------------------------------------------


def last_of(name: str) -> Callable[[Setting, int], arb]:
    """Return the leaf of one quantity after the steps of the setting."""

    def value(setting: Setting, digits: int) -> arb:
        validate(setting)
        state = closure(setting, digits)[-1]
        with ctx.workdps(digits + 15):
            if name != "test":
                return state.shown()[name]
            if not state.c > 0:
                raise InputError("the start is zero and no step was taken: r0 must be positive, or steps at least 1")
            return error_of(state.m, state.c, exact(setting["delta"]))

    return value


def settled(expr: sp.Expr) -> Callable[[Setting, int], arb]:
    """Return the leaf of a quantity of the ridge solution."""

    def value(setting: Setting, digits: int) -> arb:
        if setting["lam"] == 0 and setting["alpha"] <= 1:
            raise InputError("lam must be positive for alpha <= 1: the limit depends on the start otherwise")
        return evaluate(expr, paper, setting, None, digits)

    return value


LIMIT = ("alpha", "delta", "lam")
CONSTANTS = (
    constant("m_t", last_of("m"), "overlap m after the steps", source="C3, C4", uses=[n for n in PATH if n != "r0"]),
    constant("c_t", last_of("c"), "squared norm C after the steps", source="C3, C4", uses=PATH),
    constant("train_t", last_of("train"), "mean of (r - c)^2/2", source="C4", uses=PATH),
    constant("test_t", last_of("test"), "test error after the steps", source="C2", uses=PATH),
    constant("m_ridge", settled(M_RIDGE), "overlap at the ridge solution", source="C5", uses=LIMIT),
    constant("c_ridge", settled(C_RIDGE), "squared norm at the ridge solution", source="C5", uses=LIMIT),
    constant("test_ridge", settled(TEST_RIDGE), "test error of the ridge solution", source="C5", uses=LIMIT),
)


def simulate(trial: Trial) -> Simulated:
    """Runs of SGD at dimensions d/4 and d, the correction 1/d removed, with the way there."""
    setting, d, runs = trial.setting, trial.count("d", 40, 20_000), trial.count("runs", 4, 10_000)
    validate(setting)
    small, steps = d // 4, setting.integer("steps")
    if setting["alpha"] * small < 1 or setting["alpha"] * d * d > 10**9:
        raise InputError("alpha d must be at least 4, and alpha d^2 at most 10^9, for the samples to be drawn")
    marks = tuple(sorted({round(steps * k / 10) for k in range(11)}))
    found = limits_of(trial.at_sizes("runs in dimension", (small, d), runs, partial(runs_of, setting, marks)), marks)
    plot = picture(closure(setting, 15), marks, found, ("m",))
    return Simulated(found[-1], plots=(plot,), notes=("The correction 1/d is removed, from d/4 and d.",))


OPTIONS = (Option("d", "1000", "dimension of the larger runs"), Option("runs", "16", "runs at each dimension"))
paper = Paper(
    id="dmft",
    title="Dynamical mean-field theory for stochastic gradient descent in Gaussian mixture classification",
    summary=(
        "Closed self-consistent equations describe SGD on high-dimensional Gaussian mixtures, with full "
        "batches, mini-batches and persistent ones, and with them the test error at every time."
    ),
    authors=("Francesca Mignacco", "Florent Krzakala", "Pierfrancesco Urbani", "Lenka Zdeborová"),
    source="https://arxiv.org/abs/2006.06098",
    parameters=PARAMETERS,
    default=DEFAULT,
    claims=(mean_field, test_error, full_batch, batches, limit, other_losses),
    validate=validate,
    constants=CONSTANTS,
    simulate=simulation(simulate, OPTIONS),
    verdicts={
        "mean-field/square-loss": "supported",
        "test-error/stated": "proved",
        "full-batch/stated": "supported",
        "batches/stated": "supported",
        "ridge-limit/stated": "proved",
        "ridge-limit/early-stopping": "supported",
        "other-losses/stated": "unchecked",
        "other-losses/logistic": "supported",
    },
    references=(
        "Mignacco, Krzakala, Urbani, Zdeborová: Dynamical mean-field theory for stochastic gradient descent in "
        "Gaussian mixture classification. NeurIPS 2020, arXiv:2006.06098",
        "Marchenko, Pastur: Distribution of eigenvalues for some sets of random matrices. Mathematics of the USSR 1 (1967)",
    ),
)
