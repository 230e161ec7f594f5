"""Convergence of policy gradient for entropy regularized MDPs with neural network approximation in the mean-field regime.

arXiv 2201.07296. A softmax policy pi_nu(a|s) ~ mu(a) exp(int f(theta, s, a) nu(d theta)) is improved by a gradient flow of
the law nu of parameters: J(nu) = V^tau - (sigma^2/2) KL(nu | N(0, 1)) is maximised. The instance has two states and two
actions, and f(theta, s, a) = act(phi_sa theta + psi_sa), theta real; everything depends on nu through z_sa = int f d nu.
"""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache

import numpy as np
import sympy as sp
from flint import arb, arb_mat, ctx
from numpy.typing import NDArray

from mfcheck.checks import (
    At,
    Claim,
    Context,
    Curve,
    Estimate,
    Kind,
    Note,
    Option,
    Paper,
    Plot,
    Question,
    Reading,
    Series,
    Setting,
    Simulated,
    Trial,
    agree,
    constant,
    custom,
    encloses,
    identity,
    monotone,
    noted,
    parameter,
    setting_of,
    simulation,
    wrong,
)
from mfcheck.claims import Evidence, Scope
from mfcheck.dynamics.fokker_planck import FokkerPlanck, free_energy
from mfcheck.dynamics.gibbs import Gibbs, line
from mfcheck.dynamics.gibbs_ball import PREC, GibbsEnclosure, GibbsLine, feature_bound
from mfcheck.errors import InputError
from mfcheck.gaussian import expectation
from mfcheck.rigor.ball import compare, enclose, exact, interval
from mfcheck.rigor.certificate import XI, normal
from mfcheck.rigor.certified_systems import System
from mfcheck.rigor.suprema import derivative_supremum
from mfcheck.statistics import exactly
from mfcheck.symbolic.activation import Activation, X, activation

Array = NDArray[np.float64]

GAMMA = parameter("gamma", "4/5", "discount", least=0, below=1)
TAU = parameter("tau", "3/10", "weight of the policy's entropy", least=0)
SIGMA = parameter("sigma", 1, "noise of the parameters", above=0)
THETA = parameter("theta", "7/10", "where the gradient is given")
HORIZON = parameter("horizon", 4, "end of the flow in simulate", above=0, most=200)
PARAMETERS = (GAMMA, TAU, SIGMA, THETA, HORIZON)
gamma, tau, sigma, theta, _ = (p.symbol for p in PARAMETERS)

# --- the decision process --------------------------------------------------------------------------------------------

S = A = 2
PHI = sp.Matrix([[1, -1], [sp.Rational(1, 2), sp.Rational(3, 2)]])
PSI = sp.Matrix([[sp.Rational(1, 5), -sp.Rational(1, 10)], [0, sp.Rational(3, 10)]])
STAY = sp.Matrix([[sp.Rational(7, 10), sp.Rational(1, 5)], [sp.Rational(2, 5), sp.Rational(9, 10)]])
"""P(0 | s, a)."""
REWARD = sp.Matrix([[1, 0], [sp.Rational(1, 5), sp.Rational(3, 5)]])
HALF = sp.Rational(1, 2)
Z = sp.symbols("z00 z01 z10 z11", real=True)


def policy(z: Sequence[sp.Expr]) -> sp.Matrix:
    """pi(a|s): softmax of the averages of f."""
    weights = sp.Matrix(S, A, lambda s, a: sp.exp(z[A * s + a]))
    return sp.Matrix(S, A, lambda s, a: weights[s, a] / sum(weights[s, :]))


def evaluation(pi: sp.Matrix) -> tuple[sp.Matrix, sp.Matrix, sp.Matrix]:
    """Values V (S), regularised state-action values Q - tau log(pi/mu) (S, A), occupancies d (S) of total mass one."""
    cost = sp.Matrix(S, A, lambda s, a: REWARD[s, a] - tau * sp.log(2 * pi[s, a]))
    move = sp.Matrix(S, S, lambda s, t: sum(pi[s, a] * (STAY[s, a] if t == 0 else 1 - STAY[s, a]) for a in range(A)))
    one = sp.eye(S) - gamma * move
    inverse = one.adjugate() / one.det()
    V = inverse * sp.Matrix(S, 1, lambda s, _: sum(pi[s, a] * cost[s, a] for a in range(A)))
    d = (1 - gamma) * inverse.T * sp.Matrix([HALF, HALF])
    ahead = sp.Matrix(S, A, lambda s, a: STAY[s, a] * V[0] + (1 - STAY[s, a]) * V[1])
    return V, cost + gamma * ahead, d


PI = policy(Z)
V_STATE, Q_VALUE, OCCUPANCY = evaluation(PI)
VALUE = (V_STATE[0] + V_STATE[1]) / 2
_CELLS = [(s, a) for s in range(S) for a in range(A)]


def gradient_weights(entropy: sp.Expr, baseline: sp.Expr, discount: sp.Expr) -> tuple[sp.Expr, ...]:
    """Coefficients of f(., s, a) in the first variation of V; the three arguments are 1, 1 and 1/(1 - gamma)."""
    plain = Q_VALUE + (1 - entropy) * tau * sp.Matrix(S, A, lambda s, a: sp.log(2 * PI[s, a]))
    mean = [sum(PI[s, a] * plain[s, a] for a in range(A)) for s in range(S)]
    return tuple(discount * OCCUPANCY[s] * PI[s, a] * (plain[s, a] - baseline * mean[s]) for s, a in _CELLS)


WEIGHTS = gradient_weights(sp.Integer(1), sp.Integer(1), 1 / (1 - gamma))

# --- laws ------------------------------------------------------------------------------------------------------------


def features(act: Activation) -> tuple[sp.Expr, ...]:
    """f(theta, s, a) with X for theta."""
    return tuple(act.expr.subs(X, PHI[s, a] * X + PSI[s, a]) for s, a in _CELLS)


def exact_values(setting: Setting) -> dict[sp.Symbol, sp.Rational]:
    """Values of the parameters."""
    return {p.symbol: sp.Rational(*setting[p.name].as_integer_ratio()) for p in PARAMETERS}


@lru_cache(maxsize=64)
def prior_averages(act: Activation, digits: int) -> tuple[arb, ...]:
    """Enclose z under N(0, 1)."""
    return tuple(expectation(f, 1, 0, digits) for f in features(act))


def at(setting: Setting, expr: sp.Expr, z: Sequence[arb], prec: int = PREC) -> arb:
    """Enclose an expression in z and the parameters."""
    used = sp.sympify(expr).xreplace(exact_values(setting))
    return enclose(used, dict(zip(Z, z, strict=True)), prec)


@lru_cache(maxsize=32)
def optimum(setting: Setting, strength: sp.Expr = 2 / sigma**2) -> GibbsEnclosure:
    """Prove and enclose the fixed point nu ~ exp(strength dV/dnu) N(0, 1)."""
    bound, act, given = feature_bound(setting.activation), setting.activation, exact_values(setting)
    temperature = 1 / sp.sympify(strength).xreplace(given)
    push = tuple(-w.xreplace(given) for w in WEIGHTS)
    problem = GibbsLine(X, features(act), (bound,) * 4, Z, push, temperature, temperature)
    drive = float(2 * bound * 8 / temperature) ** 0.5
    nodes, logs = line(12 + drive, 6001)
    h = np.array([act.numpy_function()(float(PHI[s, a]) * nodes + float(PSI[s, a])) for s, a in _CELLS])
    code, slopes, value = (
        sp.lambdify(Z, e, cse=True) for e in (push, sp.Matrix(push).jacobian(Z), -VALUE.xreplace(given))
    )
    law = Gibbs(
        logs - nodes**2 / 2,
        0 * nodes,
        h,
        lambda z: np.array(code(*z), float),
        lambda z: np.array(slopes(*z), float),
        float(temperature),
        lambda z: float(value(*z)),
    )
    return problem.enclose(law.solve().z)


def kl_star(setting: Setting, digits: int) -> arb:
    """Enclose KL(nu* | N(0, 1)) = E log nu* + E theta^2/2 + log sqrt(2 pi)."""
    del digits
    found = optimum(setting)
    with ctx.workprec(PREC):
        return found.entropy + found.mean(X**2, (arb(1), 2)) / 2 + (2 * arb.pi()).log() / 2


def soft_value(setting: Setting, digits: int) -> arb:
    """Enclose the optimum over all policies."""
    first, second = soft_values(setting, digits)
    with ctx.workdps(digits + 15):
        return (first + second) / 2


def soft_values(setting: Setting, digits: int) -> tuple[arb, arb]:
    """Enclose the optimum from each state: a contraction by gamma, iterated, with its remainder."""
    if setting["tau"] == 0:
        raise InputError("the soft optimum needs tau > 0")
    with ctx.workdps(digits + 15):
        g, t = exact(setting["gamma"]), exact(setting["tau"])
        r = [[exact(REWARD[s, a]) for a in range(A)] for s in range(S)]
        stay = [[exact(STAY[s, a]) for a in range(A)] for s in range(S)]
        V = [arb(0), arb(0)]
        while True:
            ahead = [
                [(r[s][a] + g * (stay[s][a] * V[0] + (1 - stay[s][a]) * V[1])) / t for a in range(A)] for s in range(S)
            ]
            top = [max(row, key=lambda v: float(v.mid())) for row in ahead]
            new = [
                t * (m + (sum(((v - m).exp() for v in row), arb(0)) / 2).log())
                for row, m in zip(ahead, top, strict=True)
            ]
            change = max((abs(a - b).upper() for a, b in zip(new, V, strict=True)), key=float)
            V = [v.mid() for v in new]
            if change * g / (1 - g) < arb(10) ** -(digits + 3):
                # |V - V_n| <= gamma/(1 - gamma) |V_n - V_{n-1}|, and the midpoints moved by a rounding error.
                slack = (change * g + max((v.rad() for v in new), key=float)) / (1 - g)
                return V[0] + arb(0, slack.upper()), V[1] + arb(0, slack.upper())


def gradient_at(setting: Setting, digits: int) -> arb:
    """Enclose dV/dnu at theta for nu = N(0, 1), centred."""
    z = prior_averages(setting.activation, digits + 10)
    point = exact(setting["theta"])
    with ctx.workdps(digits + 15):
        f = [enclose(h, {X: point}, ctx.prec) for h in features(setting.activation)]
        weights = [at(setting, w, z, ctx.prec) for w in WEIGHTS]
        return sum((w * (a - b) for w, a, b in zip(weights, f, z, strict=True)), arb(0))


def value_prior(setting: Setting, digits: int) -> arb:
    """Enclose V at nu = N(0, 1)."""
    with ctx.workdps(digits + 15):
        return at(setting, VALUE, prior_averages(setting.activation, digits + 10), ctx.prec)


def spread(setting: Setting, digits: int) -> arb:
    """Enclose the variance of nu*."""
    del digits
    found = optimum(setting)
    with ctx.workprec(PREC):
        return found.mean(X**2, (arb(1), 2)) - found.mean(X, (arb(1), 1)) ** 2


BASE, LAW = ("gamma", "tau", "activation"), ("gamma", "tau", "sigma", "activation")
VALUE_STAR = constant("value_star", lambda s, _: at(s, VALUE, optimum(s).z), "V at the optimum", source="C3", uses=LAW)
KL_STAR = constant("kl_star", kl_star, "KL of the optimum from N(0, 1)", source="C3", uses=LAW)
PRIOR = constant("value_prior", value_prior, "V at N(0, 1)", source="C3", uses=BASE)
SOFT = constant("soft_value", soft_value, "optimum over all policies", source="C6", uses=BASE[:2])
J_STAR = constant("j_star", VALUE_STAR.symbol - sigma**2 / 2 * KL_STAR.symbol, "J at the optimum", source="C3")
MEAN_STAR = constant(
    "mean_star", lambda s, _: optimum(s).mean(X, (arb(1), 1)), "mean of the optimum", source="C3", uses=LAW
)
CONSTANTS = (
    PRIOR,
    constant("grad_at", gradient_at, "dV/dnu at theta for N(0, 1), centred", source="C1", uses=(*BASE, "theta")),
    VALUE_STAR,
    J_STAR,
    KL_STAR,
    MEAN_STAR,
    constant("var_star", spread, "variance of the optimum", source="C3", uses=LAW),
    SOFT,
)

# --- the same as equations, for certificates ---------------------------------------------------------------------------

P, V, D, U, P0, V0 = (sp.symbols(f"{name}_0 {name}_1", real=True) for name in ("P", "V", "D", "U", "Q", "W"))
"""Probability of the first action, value and occupancy of each state; soft value; policy and value at N(0, 1)."""
C = sp.symbols("c_00 c_01 c_10 c_11", real=True)


def _ahead(V: Sequence[sp.Symbol]) -> list[sp.Expr]:
    return [gamma * (STAY[s, a] * V[0] + (1 - STAY[s, a]) * V[1]) for s, a in _CELLS]


def _acting(P: Sequence[sp.Symbol]) -> list[sp.Expr]:
    return [P[s] if a == 0 else 1 - P[s] for s, a in _CELLS]


def bellman(P: Sequence[sp.Symbol], V: Sequence[sp.Symbol]) -> tuple[list[sp.Expr], list[sp.Expr]]:
    """Return the regularised state-action values of a policy, and what vanishes if V are its values."""
    acting = _acting(P)
    Q = [REWARD[s, a] - tau * sp.log(2 * acting[A * s + a]) + _ahead(V)[A * s + a] for s, a in _CELLS]
    return Q, [V[s] - sum(acting[A * s + a] * Q[A * s + a] for a in range(A)) for s in range(S)]


def law(setting: Setting, strength: sp.Expr = 2 / sigma**2) -> tuple[GibbsLine, System]:
    """Return the stationary law with the weights of f as unknowns, and all its equations: averages, policy, values."""
    found = optimum(setting, strength)
    problem = replace(found.problem, coefficients=tuple(-c for c in C))
    acting, (Q, values) = _acting(P), bellman(P, V)
    softmax = [P[s] * (1 + sp.exp(Z[A * s + 1] - Z[A * s])) - 1 for s in range(S)]
    flow = [
        D[t]
        - (1 - gamma) / 2
        - gamma
        * sum(D[s] * p * (STAY[s, a] if t == 0 else 1 - STAY[s, a]) for (s, a), p in zip(_CELLS, acting, strict=True))
        for t in range(S)
    ]
    weights = [c - D[s] * p * (q - V[s]) / (1 - gamma) for (s, _), c, p, q in zip(_CELLS, C, acting, Q, strict=True)]
    averages = [problem.average(z - h) for z, h in zip(Z, problem.features, strict=True)]
    known = [at(setting, e, found.z) for e in (PI[0, 0], PI[1, 0], *V_STATE, *OCCUPANCY, *WEIGHTS)]
    push = sum((c * h for c, h in zip(C, problem.features, strict=True)), sp.Integer(0)) / problem.temperature
    kl = problem.mean(push) - sp.log(problem.average(sp.Integer(1)))
    return problem, System(
        (*Z, *P, *V, *D, *C),
        (*averages, *softmax, *values, *flow, *weights),
        (*found.z, *known),
        {VALUE_STAR.symbol: (V[0] + V[1]) / 2, KL_STAR.symbol: kl},
    )


def soft_law(setting: Setting) -> System:
    """Return the soft Bellman equation."""
    reward = [REWARD[s, a] + ahead for (s, a), ahead in zip(_CELLS, _ahead(U), strict=True)]
    equations = [U[s] - tau * sp.log(sum(sp.exp(r / tau) for r in reward[A * s : A * s + A]) / 2) for s in range(S)]
    return System(U, tuple(equations), soft_values(setting, 25), {SOFT.symbol: (U[0] + U[1]) / 2})


def prior_law(setting: Setting) -> System:
    """Return the policy and the values at N(0, 1)."""
    z = prior_averages(setting.activation, 25)
    f = [normal(XI, h.subs(X, XI)) for h in features(setting.activation)]
    softmax = [P0[s] * (1 + sp.exp(f[A * s + 1] - f[A * s])) - 1 for s in range(S)]
    known = [at(setting, e, z) for e in (PI[0, 0], PI[1, 0], *V_STATE)]
    equations = (*softmax, *bellman(P0, V0)[1])
    return System((*P0, *V0), equations, tuple(known), {PRIOR.symbol: (V0[0] + V0[1]) / 2})


def objective(problem: GibbsLine) -> sp.Expr:
    """J = V - c . z + (sigma^2/2) log int exp((2/sigma^2) c . f) dN(0, 1), in the unknowns."""
    pull = sum((c * z for c, z in zip(C, Z, strict=True)), sp.Integer(0))
    return (V[0] + V[1]) / 2 - pull + sigma**2 / 2 * sp.log(problem.average(sp.Integer(1)))


# --- C1: the gradient ------------------------------------------------------------------------------------------------

RATIONAL_POINTS: tuple[tuple[int | Fraction, ...], ...] = (
    (0, 0, 0, 0),
    (Fraction(1, 2), -1, 2, Fraction(1, 3)),
    (-2, 1, Fraction(1, 4), Fraction(3, 2)),
)


def derivative_of_value(context: Context) -> list[At]:
    """dV/dz by differentiating the value itself, at exact z; the formula is dotted with fixed weights."""
    dot = sum(weight * sp.diff(VALUE, z) for weight, z in zip((1, 2, -3, 5), Z, strict=True))
    given = exact_values(context.setting)
    cases = []
    for point in RATIONAL_POINTS:
        where = {z: sp.Rational(*Fraction(v).as_integer_ratio()) for z, v in zip(Z, point, strict=True)}
        cases.append(At(enclose(dot.xreplace(given), where, 160), f"z = {tuple(map(str, point))}", where=where))
    return cases


def dotted(entropy: sp.Expr | int = 1, baseline: sp.Expr | int = 1, discount: sp.Expr = 1 / (1 - gamma)) -> sp.Expr:
    """The stated gradient, dotted with (1, 2, -3, 5)."""
    stated = gradient_weights(sp.sympify(entropy), sp.sympify(baseline), discount)
    return sum(weight * w for weight, w in zip((1, 2, -3, 5), stated, strict=True))


u, v = sp.symbols("u v", positive=True)


def bandit(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """One state, two actions of rewards r_1, r_2, weights u = e^z1 and v = e^z2: u d/du of the value."""
    r1, r2 = sp.symbols("r1 r2", real=True)
    p1, p2 = u / (u + v), v / (u + v)
    q1, q2 = (r - tau * sp.log(2 * p) for r, p in ((r1, p1), (r2, p2)))
    value = (p1 * q1 + p2 * q2) / (1 - gamma)
    stated = context["bandit"].subs({sp.Symbol("q1"): q1, sp.Symbol("q2"): q2})
    return [(sp.expand_log(u * sp.diff(value, u)), sp.expand_log(stated))]


q1, q2 = sp.symbols("q1 q2")
BANDIT = u / (u + v) * (q1 - (u * q1 + v * q2) / (u + v)) / (1 - gamma)


def iterated_value(context: Context) -> arb:
    """V at N(0, 1) by the Bellman iteration of the policy, with its remainder."""
    z = prior_averages(context.setting.activation, 25)
    given = exact_values(context.setting)
    with ctx.workdps(40):
        pi = [at(context.setting, PI[s, a], z, 160) for s, a in _CELLS]
        g, t = (exact(given[k]) for k in (gamma, tau))
        V = arb_mat(S, 1, [arb(0), arb(0)])
        move = arb_mat(
            [
                [
                    sum((pi[A * s + a] * exact(STAY[s, a] if n == 0 else 1 - STAY[s, a]) for a in range(A)), arb(0))
                    for n in range(S)
                ]
                for s in range(S)
            ]
        )
        pay = [
            sum((pi[A * s + a] * (exact(REWARD[s, a]) - t * (2 * pi[A * s + a]).log()) for a in range(A)), arb(0))
            for s in range(S)
        ]
        steps = 60 if g == 0 else int(60 / max(1e-3, -float(g.log().mid())))
        for _ in range(min(steps, 4000)):
            V = arb_mat(S, 1, pay) + g * move * V
        remainder = g ** min(steps, 4000) / (1 - g) * (abs(pay[0]) + abs(pay[1]))
        return (V[0, 0] + V[1, 0]) / 2 + arb(0, remainder.upper())


gradient = Claim(
    "policy-gradient",
    title="Policy gradient in the space of laws",
    statement=(
        r"$\frac{\delta V}{\delta\nu}(\theta) = \frac{1}{1-\gamma}\sum_s d(s)\sum_a \pi(a|s)(Q - \tau\log\frac{\pi}{\mu})(s,a)"
        r"[f(\theta,s,a) - \sum_{a'}\pi(a'|s)f(\theta,s,a')]$ up to a constant."
    ),
    source="2201.07296, policy gradient",
    known="from memory",
    no_inequality="it states an equality",
    readings=[
        Reading(
            "stated",
            "Exact for one state and two actions; at exact averages of the instance the derivative of the value itself.",
            {"gradient": dotted(), "bandit": BANDIT, "prior": PRIOR.symbol},
            checks=[
                identity("bandit", "bandit", bandit, domain="one state, two actions, every policy", whole=False),
                encloses("instance", "gradient", derivative_of_value, digits=12, domain="three exact z"),
                encloses(
                    "evaluation", "prior", lambda c: iterated_value(c), digits=10, domain="the value by iteration"
                ),
            ],
            wrong=[
                wrong("q-alone", {"gradient": dotted(entropy=0)}, "The policy's entropy has a gradient too."),
                wrong(
                    "no-baseline",
                    {"gradient": dotted(baseline=0), "bandit": u / (u + v) * q1 / (1 - gamma)},
                    "Policies are normalised.",
                ),
                wrong(
                    "no-discount",
                    {"gradient": dotted(discount=sp.Integer(1)), "bandit": BANDIT * (1 - gamma)},
                    "Occupancies have mass one.",
                ),
                wrong(
                    "log-pi",
                    {"prior": PRIOR.symbol + tau * sp.log(2) / (1 - gamma)},
                    "tau log pi in place of tau log(pi/mu) shifts the value by tau log 2/(1 - gamma), and no gradient.",
                ),
            ],
        )
    ],
)


# --- C2 and C4: the flow ---------------------------------------------------------------------------------------------


class Flow:
    """The gradient flow of J on a grid, by exponential fitting; `sign` -1 minimises instead."""

    def __init__(self, setting: Setting, sign: float = 1.0, cells: int = 901) -> None:
        given = {k: float(n) for k, n in exact_values(setting).items()}
        self.sigma, act = setting.number("sigma"), setting.activation
        reach = 9 + 3 / self.sigma
        self.x = np.linspace(-reach, reach, cells)
        self.value = sp.lambdify(Z, VALUE.subs(given), cse=True)
        weights = sp.lambdify(Z, [w.subs(given) for w in WEIGHTS], cse=True)
        phi, psi = (np.array(m, float).reshape(4, 1) for m in (PHI, PSI))
        f, df = act.numpy_function(), act.numpy_function(1)

        def drift(x: Array, z: Array) -> Array:
            c = np.array(weights(*z), float).reshape(4, *[1] * x.ndim)
            shape, shift = phi.reshape(c.shape), psi.reshape(c.shape)
            return np.asarray(sign * np.sum(c * shape * df(shape * x + shift), axis=0) - self.sigma**2 / 2 * x)

        self.equation = FokkerPlanck(self.x, drift, lambda x: np.full_like(x, self.sigma), lambda x: f(phi * x + psi))
        start = np.exp(-(self.x**2) / 2)
        self.start = start / (start.sum() * self.equation.h)

    def objective(self, g: Array) -> float:
        """J of a density."""
        potential = self.sigma**2 / 2 * (self.x**2 / 2 + np.log(2 * np.pi) / 2)
        z = self.equation.averages(g)
        return -free_energy(g, self.equation.h, potential, self.sigma**2 / 2, -float(self.value(*z)))


@lru_cache(maxsize=8)
def flow(
    setting: Setting, times: tuple[float, ...], sign: float = 1.0, steps: int = 40
) -> tuple[Array, Array, Array, Array]:
    """Objectives and means at the times, each with an error for the step."""
    run = Flow(setting, sign)
    found = run.equation.evolve_to(run.start, list(times), steps=steps)
    J = np.array([run.objective(g) for g in found.density])
    less = np.array([run.objective(g) for g in found.checked])
    mean, error = found.mean(run.x)
    cell = run.equation.h**2
    return J, np.abs(J - less) + cell, mean, error + cell


TIMES = (0.25, 0.5, 1.0, 2.0, 4.0)


def objectives(context: Context) -> list[At]:
    """J along the flow."""
    J, error, _, _ = flow(context.setting, TIMES, float(context["ascent"]))
    return [At(exactly(float(a), float(e) / 50), f"t = {t:g}", t) for t, a, e in zip(TIMES, J, error, strict=True)]


def late_mean(context: Context) -> Estimate:
    """Mean of the flow at t = 12 beside that of the optimum."""
    _, _, mean, error = flow(context.setting, (4.0, 12.0), float(context["ascent"]))
    return exactly(float(mean[-1]), float(error[-1]) + 1e-3)


ascent = Claim(
    "energy",
    title="J increases along the flow",
    statement=r"$\frac{d}{dt}J(\nu_t) = \int|\nabla\frac{\delta J}{\delta\nu}|^2 d\nu_t \ge 0$, and $\nu_t \to \nu^*$.",
    source="2201.07296, abstract",
    known="text read",
    no_inequality="it is about a solution in time",
    readings=[
        Reading(
            "stated",
            "From N(0, 1) in the setting, by an implicit scheme on a grid.",
            {"up": sp.Integer(1), "ascent": sp.Integer(1), "mean": MEAN_STAR.symbol},
            checks=[
                monotone(
                    "objective",
                    "up",
                    objectives,
                    kind=Kind.SIMULATED,
                    uses=["ascent"],
                    domain="t = 1/4 to 4",
                    x_label="time t",
                    y_label="objective J",
                ),
                agree("limit", "mean", late_mean, resolution=0.05, uses=["ascent"], domain="t = 12"),
            ],
            wrong=[
                wrong("descent", {"ascent": -sp.Integer(1)}, "The value is maximised."),
                wrong("down", {"up": -sp.Integer(1)}, "J grows."),
            ],
        )
    ],
)

# --- C3: stationary laws ---------------------------------------------------------------------------------------------


def virial(context: Context) -> list[At]:
    """E theta (grad dV/dnu - (sigma^2/2) theta) + sigma^2/2 = 0 by parts, under the law of the formula."""
    setting = context.setting
    found = optimum(setting, context["strength"])
    slopes = [sp.diff(f, X) for f in features(setting.activation)]
    size = max(derivative_supremum(setting.activation, 1).value.upper(), arb(1)) * 2
    with ctx.workprec(PREC):
        pulls = [found.mean(X * f, (size, 1)) for f in slopes]
        weights = [at(setting, w, found.z) for w in WEIGHTS]
        pull = sum((a * b for a, b in zip(weights, pulls, strict=True)), arb(0))
        noise = exact(setting["sigma"]) ** 2 / 2
        value = noise * found.mean(X**2, (arb(1), 2)) - pull
    problem, system = law(setting, context["strength"])
    drift = sigma**2 / 2 * X - sp.Add(*(c * f for c, f in zip(C, slopes, strict=True)))
    return [At(value, formula=problem.mean(X * drift), systems=(system,))]


def j_by_partition(context: Context) -> list[At]:
    """The objective, from the partition function."""
    setting, found = context.setting, optimum(context.setting)
    with ctx.workprec(PREC):
        pull = sum((at(setting, w, found.z) * z for w, z in zip(WEIGHTS, found.z, strict=True)), arb(0))
        free = (found.partition / (2 * arb.pi()).sqrt()).log() * exact(setting["sigma"]) ** 2 / 2
        value = at(setting, VALUE, found.z) - pull + free
    problem, system = law(setting)
    return [At(value, formula=objective(problem), systems=(system, prior_law(setting)))]


stationary = Claim(
    "stationary-laws",
    title="Stationary laws are Gibbs laws",
    statement=r"$\nu^* \propto \exp(\frac{2}{\sigma^2}\frac{\delta V}{\delta\nu}(\nu^*,\cdot) - U)$.",
    source="2201.07296, optimality condition",
    known="from memory",
    no_inequality="it states a fixed point",
    readings=[
        Reading(
            "stated",
            "In the setting: one fixed point is enclosed in four averages, and obeys the virial identity; J by two formulas.",
            {"strength": 2 / sigma**2, "virial": sigma**2 / 2, "j": J_STAR.symbol},
            checks=[
                encloses(
                    "virial", "virial", virial, digits=9, whole=True, uses=["strength"], domain="the enclosed law"
                ),
                encloses("objective", "j", j_by_partition, digits=9, whole=True, domain="the enclosed law"),
            ],
            wrong=[
                wrong("half", {"strength": 1 / sigma**2}, "The noise sigma dW has the exponent 2/sigma^2."),
                wrong(
                    "unnormalised",
                    {"j": J_STAR.symbol - sigma**2 * sp.log(2 * sp.pi) / 4},
                    "KL is from the normalised reference.",
                ),
                wrong("twice", {"virial": sigma**2}, "The diffusion is sigma^2/2."),
            ],
        )
    ],
)

# --- C4: exponential convergence -------------------------------------------------------------------------------------


def bound_of_rate(context: Context) -> Evidence:
    """Is beta = sigma^2/2 - L positive? L is at least |d^2/dtheta^2 dV/dnu| anywhere, here at N(0, 1) and 61 points."""
    setting, steepest = context.setting, arb(0)
    z = prior_averages(setting.activation, 15)
    weights = [at(setting, w, z) for w in WEIGHTS]
    curved = [sp.diff(f, X, 2) for f in features(setting.activation)]
    for k in range(-30, 31):
        values = (enclose(f, {X: Fraction(k, 10)}) for f in curved)
        size = abs(sum((w * f for w, f in zip(weights, values, strict=True)), arb(0)))
        steepest = steepest.max(size.lower())
    room = at(setting, context["kappa"], z)
    empty = compare(room, steepest) == "<"
    return Evidence(
        passed=False if empty else None,
        scope=Scope.WHOLE,
        lhs=interval(steepest),
        rhs=interval(room),
        domain="curvature of dV/dnu at N(0, 1), a lower bound of L",
        reason="beta = sigma^2/2 - L is negative for every L that bounds the slope"
        if empty
        else "L may be small enough",
    )


def decay(context: Context) -> list[At]:
    """Rate at which the mean approaches that of the optimum, for t from 3 to 6."""
    _, _, mean, error = flow(context.setting, (3.0, 6.0, 30.0), 1.0, 60)
    apart = np.abs(mean[:2] - mean[2])
    value = float(np.log(apart[0] / apart[1]) / 3)
    return [At(exactly(value, float(error[:2].sum() / apart[1] / 3) + 0.02))]


CONDITION = Note(
    id="exponential.condition",
    severity="major",
    text="The rate beta = (sigma^2/2) kappa - L needs sigma^2 > 2 L/kappa. In this setting the curvature of dV/dnu at N(0, 1) alone "
    "exceeds sigma^2/2, so that beta is negative for every admissible L: the theorem says nothing here, though the flow converges.",
)
GAP = Note(
    id="ceiling.gap",
    severity="minor",
    text="The regularised optimum stays below the best policy (3.033 against 3.470 in the default setting), by an amount that the "
    "theorem does not quantify; uniqueness comes from sigma, not from tau.",
)
exponential = Claim(
    "exponential",
    title="Exponential convergence under sufficient regularisation",
    statement=r"$W_2(\nu_t, \nu^*) \le e^{-\beta t}W_2(\nu_0, \nu^*)$ with $\beta = \frac{\sigma^2}{2}\kappa - L$.",
    source="2201.07296, abstract",
    known="text read",
    no_inequality="L is not given",
    readings=[
        Reading(
            "stated",
            "With any L that bounds the slope of grad dV/dnu: does beta > 0 hold in the setting?",
            {"kappa": sigma**2 / 2},
            checks=[
                noted(
                    custom("condition", "kappa", bound_of_rate, kind=Kind.CERTIFIED, question=Question.APPLIES),
                    CONDITION,
                    when=False,
                )
            ],
            wrong=[
                wrong("zero", {"kappa": sp.Integer(0)}, "Without noise there is no contraction.", checks=["condition"])
            ],
        ),
        Reading(
            "charitable",
            "In the setting the mean converges exponentially.",
            {"least": sp.Rational(1, 10)},
            checks=[agree("mean", "least", decay, relation=">=", domain="t = 3 to 6")],
            wrong=[wrong("fast", {"least": sp.Integer(5)}, "The rate is near 0.9 in the default setting.")],
        ),
    ],
)

# --- C6: ceiling -----------------------------------------------------------------------------------------------------


def below_ceiling(context: Context) -> list[At]:
    """value_star."""
    setting = context.setting
    system = law(setting)[1]
    return [At(at(setting, VALUE, optimum(setting).z), formula=VALUE_STAR.symbol, systems=(system, soft_law(setting)))]


ceiling = Claim(
    "ceiling",
    title="Between the prior and the soft optimum",
    statement=r"$V(\nu_0) \le J(\nu^*) \le V(\nu^*) \le V^{soft}$.",
    source="derived here",
    known="derived here",
    no_inequality="its sides are optima, which the search does not follow",
    readings=[
        Reading(
            "stated",
            "In the setting: KL is not negative, the prior is admissible, and the soft Bellman equation is a contraction.",
            {"soft": SOFT.symbol, "value": VALUE_STAR.symbol, "prior": PRIOR.symbol},
            checks=[
                noted(encloses("soft", "soft", below_ceiling, relation="<=", whole=True, domain="value_star"), GAP),
                encloses("value", "value", j_by_partition, relation="<=", whole=True, domain="j_star"),
                encloses("prior", "prior", j_by_partition, relation=">=", whole=True, domain="j_star"),
            ],
            wrong=[
                wrong("soft", {"soft": SOFT.symbol - sp.Rational(1, 2)}, "The gap is 0.437 here."),
                wrong("value", {"value": VALUE_STAR.symbol - sigma**2 / 2}, "sigma^2/2 KL is 0.191 here."),
                wrong("prior", {"prior": PRIOR.symbol + 1}, "J gains 0.417 here."),
            ],
        )
    ],
)
unregularised = Claim(
    "no-noise",
    title="Without noise the flow reaches the optimum as well",
    statement=r"For $\sigma = 0$ the particle flow converges to a maximiser (an over-reading of the abstract).",
    source="2201.07296",
    known="derived here",
    no_inequality="no witness is known",
    readings=[
        Reading(
            "over-reading",
            "Stationary Dirac masses may stall the flow; no pair of starts with different limits was built.",
            claimed=False,
        )
    ],
)


def simulate(trial: Trial) -> Simulated:
    """The flow from N(0, 1) to the horizon."""
    end = trial.setting.number("horizon")
    times = tuple(float(t) for t in np.linspace(0, end, 9)[1:])
    trial.say(f"flow to t = {end:g} on 901 cells, three step sizes")
    J, rough, mean, error = flow(trial.setting, times, 1.0, max(10, int(10 * end)))
    final = {"objective": exactly(float(J[-1]), float(rough[-1])), "mean": exactly(float(mean[-1]), float(error[-1]))}
    series = {
        name: Series(value=tuple(map(float, v)), error=tuple(map(float, e)))
        for name, v, e in (("objective", J, rough), ("mean", mean, error))
    }
    curve = Curve(label="J", x=times, y=tuple(map(float, J)), error=tuple(map(float, rough)))
    plot = Plot(id="objective", title="J along the flow", x_label="t", y_label="J", curves=(curve,))
    return Simulated(final, times, series, (plot,), ("Errors cover the time step and the cells.",))


OPTIONS: tuple[Option, ...] = ()
paper = Paper(
    id="policy-gradient",
    title="Convergence of policy gradient for entropy regularized MDPs with neural network approximation in the mean-field regime",
    summary=(
        "For entropy-regularised decision processes and networks in the mean-field regime, policy gradient is "
        "a gradient flow of laws: it increases the objective, its stationary laws are Gibbs laws, and under "
        "sufficient regularisation it converges exponentially."
    ),
    authors=("Bekzhan Kerimkulov", "James-Michael Leahy", "David Šiška", "Lukasz Szpruch"),
    source="https://arxiv.org/abs/2201.07296",
    parameters=PARAMETERS,
    default=setting_of(PARAMETERS, activation("tanh")),
    claims=(gradient, ascent, stationary, exponential, ceiling, unregularised),
    constants=CONSTANTS,
    simulate=simulation(simulate, OPTIONS),
    verdicts={
        "policy-gradient/stated": "supported",
        "energy/stated": "supported",
        "stationary-laws/stated": "certified",
        "exponential/stated": "vacuous",
        "exponential/charitable": "supported",
        "ceiling/stated": "certified",
        "no-noise/over-reading": "unchecked",
    },
    references=(
        "Kerimkulov, Leahy, Šiška, Szpruch: Convergence of policy gradient for entropy regularized MDPs with neural network "
        "approximation in the mean-field regime. ICML 2022, arXiv:2201.07296",
    ),
)
