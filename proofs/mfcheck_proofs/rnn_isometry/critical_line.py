"""C3 and C4: the critical line, and time scales."""

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache

import numpy as np
import sympy as sp
from flint import arb, ctx

from mfcheck.checks import (
    At,
    Claim,
    Context,
    Estimate,
    Note,
    Reading,
    Setting,
    agree,
    ball,
    encloses,
    identity,
    monotone,
    noted,
    rows,
    table,
    wrong,
)
from mfcheck.claims.model import stream
from mfcheck.gaussian import E2, E, dphi, phi
from mfcheck.networks import at_widths
from mfcheck.rigor.ball import enclose
from mfcheck_proofs.rnn_isometry.cell_state import h, u, z
from mfcheck_proofs.rnn_isometry.gate import (
    CHI,
    HALF,
    KEPT,
    LEFT,
    MOMENTS,
    ONE,
    STATE,
    U2,
    W2,
    Array,
    Q,
    R,
    Sigma,
    cell,
    gate_variance,
    on_line,
    sigma_b,
    sigma_v,
    sigma_w,
    stationary,
    w2,
)
from mfcheck_proofs.rnn_isometry.networks import UNTIED, measured, vanilla
from mfcheck_proofs.rnn_isometry.vanilla import vanilla_correlation, vanilla_map, vanilla_variance

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


def along_line(*means: int) -> Callable[[Context], list[At]]:
    """Critical sigma_w at rising mu_b."""
    return lambda _: [At(on_line(Fraction(m))[w2].sqrt(), f"mu_b = {m}") for m in means]


QUOTED = cell("6.88", "1.39", "0", "0.46")


AT_GATE = sp.Symbol("q", positive=True)
_SCALE = sp.Rational("6.88") ** 2 * sp.Rational("0.46")
_LAW = {"variance": AT_GATE, "mean": sp.Integer(0)}
QUOTED_ZERO = {
    AT_GATE: _SCALE * E(LEFT, **_LAW) / E(KEPT, **_LAW) + sp.Rational("1.39") ** 2 * sp.Rational("0.46") - AT_GATE
}
"""What vanishes at the variance of the gate's argument at the quoted constants: the balance, mu_b = sigma_b = 0."""
QUOTED_CHI = CHI.xreplace({Q: STATE}).xreplace(
    {**{name: E(f, **_LAW) for name, f in MOMENTS.items()}, w2: sp.Rational("6.88") ** 2, R: sp.Rational("0.46")}
)


def quoted(_: Context, row: sp.Expr) -> At:
    """1: chi at the quoted constants; 2: q* there."""
    where = {AT_GATE: gate_variance(QUOTED, 25)}
    if int(row) == 1:
        return At(enclose(CHI, stationary(QUOTED)), "", None, where, QUOTED_CHI, QUOTED_ZERO)
    return At(gate_variance(QUOTED, 15), "", None, where, AT_GATE, QUOTED_ZERO)


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


def fixed(symbol: sp.Symbol) -> Callable[[Context], list[At]]:
    """The fixed point itself."""
    zeros = {qv: LENGTH - qv, cv: CORRELATION - cv}
    return lambda context: [
        At(places(context.setting)[symbol], where=places(context.setting), formula=symbol, zeros=zeros)
    ]


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


def simple_cells(name: str) -> Callable[[Context], list[At]]:
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
