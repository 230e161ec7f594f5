"""C1 to C3: the equations, the test error, and full batches."""

import math
from fractions import Fraction
from functools import lru_cache

import sympy as sp
from flint import arb, ctx

from mfcheck.checks import (
    At,
    Case,
    Claim,
    Context,
    Evidence,
    Kind,
    Note,
    Reading,
    Setting,
    Standard,
    bound,
    custom,
    decide,
    encloses,
    evaluate,
    identity,
    noted,
    wrong,
)
from mfcheck.gaussian.marchenko_pastur import moment_polynomial, mp_expectation
from mfcheck.rigor.ball import exact
from mfcheck.symbolic.activation import X
from mfcheck_proofs.dmft.closure import DEFAULT, DELTA, PARAMETERS, State, Vector, alpha, b, closure, delta
from mfcheck_proofs.dmft.ridge import PATH
from mfcheck_proofs.dmft.runs import MARKS, nearby, runs_against, said, small_batches

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
    e: Vector = []
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


def solved(context: Context) -> Evidence:
    """Equations of the reading against the closure: full batch, and batches of 3/10."""
    cases, settings = [], (nearby(context), small_batches(DEFAULT))
    for setting in settings:
        with ctx.workprec(300):
            found = equations(context, setting, max(MARKS))
        states = closure(setting.with_values(steps=max(MARKS)), 30)
        for mark in MARKS:
            for name in ("m", "c", "rho"):
                label = f"{name} after {mark} steps, b = {setting['batch']}"
                cases.append(Case(getattr(found[mark], name), getattr(states[mark], name), label))
    return decide(cases, Standard(digits=15), f"up to 20 steps: {said(*settings)}")


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
                    custom(
                        "random-matrix", ("memory", "self", "dlam", "square", "diagonal"), solved, kind=Kind.CERTIFIED
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
def averages(setting: Setting, most: int, times_x: int) -> list[arb]:
    """Averages of x^times_x (1 - eta (lam + Delta x))^j over the law, j = 0..most, from its integer moments."""
    ratio, spread, ridge, step = (sp.Rational(str(setting[n])) for n in ("alpha", "delta", "lam", "eta"))
    moments = [moment_polynomial(i + times_x, ratio) for i in range(most + 1)]
    stay, out = 1 - step * ridge, -step * spread
    sums = [sum(math.comb(j, i) * stay ** (j - i) * out**i * moments[i] for i in range(j + 1)) for j in range(most + 1)]
    return [exact(v) for v in sums]


def by_moments(context: Context, setting: Setting, steps: int) -> State:
    """The formulas of the claim, double sums over averages of powers."""
    k, k1 = averages(setting, 2 * steps, 0), averages(setting, 2 * steps, 1)
    ratio, spread, _, step, start, *_ = (exact(setting[n]) for n in PATH)
    values = {alpha: setting["alpha"], delta: setting["delta"]}
    rank, overlap = (evaluate(context[n], None, setting, values, 60) for n in ("rank", "overlap"))
    f: Vector = []
    for t in range(steps + 1):
        phi = step * rank * sum((k[t - 1 - s] * f[s] for s in range(t)), arb(0))
        f.append(ratio.sqrt() - phi)
    pairs = [(f[s] * f[u], 2 * steps - 2 - s - u) for s in range(steps) for u in range(steps)]
    weighted = [sum((c * power[j] for c, j in pairs), arb(0)) for power in (k, k1)]
    c, shared = (start * power[2 * steps] + step**2 * rank * w for power, w in zip((k, k1), weighted, strict=True))
    return State(overlap * phi, c, (f[-1] ** 2 + spread * shared) / ratio)


def moments_match(context: Context) -> Evidence:
    """Double sums with integer moments against products of vectors, at two ratios."""
    cases, settings = [], (nearby(context, batch=1), DEFAULT.with_values(alpha=Fraction(1, 2), steps=max(MARKS)))
    for setting in settings:
        states = closure(setting, 30)
        for mark in MARKS:
            with ctx.workprec(400):
                found = by_moments(context, setting, mark)
            pairs = ((getattr(found, n), getattr(states[mark], n), n) for n in ("m", "c", "rho"))
            cases += [
                Case(one, other, f"{n} after {mark} steps, alpha = {setting['alpha']}") for one, other, n in pairs
            ]
    return decide(cases, Standard(digits=15), f"up to 20 steps, exact moments: {said(*settings)}")


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
                custom("moments", ("rank", "overlap"), moments_match, kind=Kind.CERTIFIED),
                encloses("atom", "k", atoms, digits=12, domain="alpha = 1/2, powers 1, 4 and 9"),
                runs_against("runs", ("rank", "overlap", "scale"), batches=False),
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
