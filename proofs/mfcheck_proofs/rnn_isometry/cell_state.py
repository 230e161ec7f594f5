"""C1 and C2: the state of the gated cell, with untied and with tied weights."""

import math
from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache

import numpy as np
import sympy as sp
from flint import arb, ctx

from mfcheck.checks import (
    At,
    Case,
    Claim,
    Context,
    Estimate,
    Evidence,
    Kind,
    Note,
    Reading,
    Scope,
    Standard,
    Step,
    agree,
    ball,
    custom,
    decide,
    encloses,
    identical,
    identity,
    noted,
    proof,
    wrong,
)
from mfcheck.checks.certify import counted
from mfcheck.claims.model import stream
from mfcheck.gaussian import E, expectation, pair
from mfcheck.networks import at_widths
from mfcheck.rigor import certificate
from mfcheck.rigor.ball import enclose, exact
from mfcheck.rigor.certificate import Certificate
from mfcheck.rigor.roots import all_roots
from mfcheck.symbolic.activation import X
from mfcheck_proofs.rnn_isometry.gate import (
    GATE,
    HALF,
    KEPT,
    LEFT,
    MOMENTS,
    ONE,
    STATE,
    U1,
    U2,
    V2,
    Array,
    Cell,
    Known,
    Q,
    R,
    balance,
    cell,
    cell_of,
    gate_variance,
    mu_b,
    sigma_b,
    sigma_v,
    sigma_w,
    stationary,
    w2,
)
from mfcheck_proofs.rnn_isometry.networks import UNTIED, gated, measured, words_of

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
        top *= Fraction(1001, 1000)
        count = len(all_roots(value, change, (low, top), 8, geometric=True).values)
    found = decide([Case(arb(count), ball(context, "count"))], Standard("=="), "all q, in the setting", Scope.WHOLE)
    if not found.passed or not chosen.sigma_w:
        return found
    return found.but(certificate=counted_states(context, chosen, low, top, count))


def counted_states(context: Context, chosen: Cell, low: Fraction, top: Fraction, count: int) -> Certificate | None:
    """The count for the checker, in s = sqrt q, and why all states are on the interval."""
    s = sp.Symbol("s", positive=True)
    left, kept = (E(f, variance=s**2, mean=mu_b) for f in (LEFT, KEPT))
    scale, floor = (sp.Rational(*x.as_integer_ratio()) for x in (chosen.sigma_w**2 * chosen.R, chosen.floor))
    below = certificate.inequality("1-u**2-(1-u)**2", {"u": ("0", "1")}, lower="0", bisect=1)
    ends = Fraction(math.isqrt(int(low * 10**12)), 10**6), Fraction(math.isqrt(int(top * 10**12)) + 1, 10**6)
    return counted(context, scale * left + (floor - s**2) * kept, s, ends, count, more={"below": below})


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
