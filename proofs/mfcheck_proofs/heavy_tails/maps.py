"""C1 to C3: the length map, no quiescent phase, and Cauchy weights in closed form."""

import math
from collections.abc import Iterable
from fractions import Fraction

import numpy as np
import sympy as sp
from flint import arb, ctx

from mfcheck.checks import (
    At,
    Claim,
    Context,
    Estimate,
    Kind,
    Note,
    Reading,
    Step,
    agree,
    encloses,
    identical,
    identity,
    noted,
    proof,
    wrong,
)
from mfcheck.networks import dense_stable, pointwise, symmetric_stable
from mfcheck.networks.stable_averages import ORDERS, ROUNDING
from mfcheck.rigor.ball import exact
from mfcheck.statistics import exactly, mean_of
from mfcheck_proofs.heavy_tails.networks import at_alpha, scales, start_of, under_tanh
from mfcheck_proofs.heavy_tails.values import (
    KAPPA,
    ONE,
    alpha,
    averaged,
    cauchy_mean,
    certified_fixed_point,
    fixed_point,
    log_ratio,
    numbers_of,
    q,
    sigma_b,
    sigma_w,
    zeta_slope,
)

# --- C1: the length map ----------------------------------------------------------------------------------------------

A = sp.Symbol("A", positive=True)
NEXT = sigma_w**alpha * A + sigma_b**alpha


def map_at_fixed_point(context: Context) -> dict[sp.Symbol, arb]:
    """E|phi(h)|^alpha at q*, with the error of its double precision."""
    setting = context.setting
    found = fixed_point(setting, 20)
    middle, error = (found.value, found.error) if isinstance(found, Estimate) else (float(found.mid()), 0.0)
    index = setting.number("alpha")
    value = middle * averaged(setting.activation, index, middle ** (1 / index), ORDERS[-1])
    return {A: arb(value, value * (10 * ROUNDING + 2 * error / middle))}


def network_scales(context: Context) -> list[At]:
    """The scale q of networks of width 400 that start at q*, one and three layers on."""
    nets = context.budget.pick(400, 1000, 4000)
    rows = scales(context.setting, context.rng("scales"), nets, 400, 4)
    where = map_at_fixed_point(context)
    return [At(mean_of(rows[k], 2 / 400 * float(np.mean(rows[k]))), f"layer {k + 1}", k + 1, where) for k in (0, 2)]


def matrix_scales(context: Context) -> list[At]:
    """The same after one layer of explicit matrices, width 200."""
    setting, rng, nets = context.setting, context.rng("matrices"), context.budget.pick(100, 300, 1000)
    index, weight, bias = numbers_of(setting)
    f, found = pointwise(setting.activation), np.empty(nets)
    for net in range(nets):
        layer = dense_stable(rng, 1, 200, alpha=index, sigma_w=weight, sigma_b=bias)
        h = layer.forward(f.forward(start_of(setting, rng, 1, 200)))
        found[net] = weight**index * np.mean(np.abs(f.forward(h)) ** index) + bias**index
    return [At(mean_of(found, 5 / 200 * float(np.mean(found))), "layer 2", None, map_at_fixed_point(context))]


length_claim = Claim(
    "length-map",
    title="The scale of a stable layer",
    statement=r"$q^{l+1} = V(q^l) = \sigma_w^\alpha E|\phi((q^l)^{1/\alpha}z)|^\alpha + \sigma_b^\alpha$.",
    source="2203.12967, mean field section",
    known="official code",
    no_inequality="it states an equality",
    readings=[
        Reading(
            "stated",
            "In the setting, at q*: networks keep the scale, and the next layer has scale V(q*).",
            {"next": NEXT},
            checks=[
                agree("networks", "next", network_scales, domain="300 nets or more of width 400", x_label="layer"),
                agree("matrices", "next", matrix_scales, domain="explicit matrices of width 200", resolution=0.3),
            ],
            wrong=[
                wrong(
                    "no-two",
                    {"next": NEXT + sigma_w**alpha * A},
                    "(N)^(-1/alpha) in place of (2N)^(-1/alpha) doubles it.",
                ),
                wrong("square", {"next": sigma_w**2 * A**2 + sigma_b**2}, "Stable scales add as powers alpha."),
            ],
        )
    ],
)

# --- C2: no quiescent phase ------------------------------------------------------------------------------------------

TAIL = sp.gamma(alpha + 1) * sp.sin(sp.pi * alpha / 2) / (2 * sp.pi)
x, a = sp.symbols("x a", positive=True)


def quiescent_steps(context: Context) -> Iterable[Step]:
    """V(q)/q = sigma_w^alpha 2 int |phi(rz)/r|^alpha p, and p ~ TAIL z^(-1-alpha): the range 1 < z < 1/r gives the log."""
    kappa, k = context["kappa"], sp.Symbol("k", positive=True)
    yield from identical(
        {
            "both tails, log(1/r) = log(1/q)/alpha": (sp.gammasimp(2 * TAIL / alpha), sp.gammasimp(kappa)),
            "kappa > 0: the sine of an angle above 0, up to pi/2": (
                sp.gamma(alpha) * sp.sin(sp.pi * (2 - alpha) / 2) / sp.pi,
                kappa,
            ),
            "the tail of the Cauchy law of scale 1/2": (
                TAIL.subs(alpha, 1),
                sp.limit(x**2 / (2 * sp.pi * (x**2 + sp.Rational(1, 4))), x, sp.oo),
            ),
        }
    )
    endless = sp.limit(k * sp.log(1 / x), x, 0, "+") == sp.oo
    yield Step("kappa log(1/q) is unbounded for kappa > 0", bool(endless))


def slopes_in_log(context: Context) -> list[At]:
    """Slopes of V(q)/q in log(1/q), far down, at sigma_w = 1 and sigma_b = 0, for three alpha."""
    found = []
    for index in ("11/10", "3/2", "9/5"):
        setting = at_alpha(context.setting, index, "1").with_values(sigma_b=0)
        high, low = (math.exp(log_ratio(setting, k, ORDERS[-1])) for k in (-400.0, -300.0))
        slope, place = exactly((high - low) / 100, 1e-9), Fraction(index)
        found.append(At(slope, f"alpha = {index}", float(place), {alpha: place}))
    return found


def small_weights(context: Context) -> list[At]:
    """q* at sigma_w = .3, .5, .8 and alpha = 1, 3/2, without bias."""
    found = []
    for index, weight in (("1", "3/10"), ("1", "1/2"), ("1", "4/5"), ("3/2", "1/2"), ("3/2", "4/5")):
        value = fixed_point(at_alpha(context.setting, index, weight).with_values(sigma_b=0), 15)
        shown = value if isinstance(value, Estimate) else exactly(float(value.mid()), 1e-15 * float(value.mid()))
        found.append(At(shown, f"alpha = {index}, sigma_w = {weight}"))
    return found


def dying(context: Context) -> list[At]:
    """Factor per layer of q at alpha = 1, sigma_w = 1/4, width 1000, from q = 1e-12: q* is 1.5e-5."""
    nets, rng = context.budget.pick(200, 500, 2000), context.rng("dying")
    size = symmetric_stable(rng, 1.0, (nets, 1000)) * 0.5e-12
    return [At(mean_of(np.log(0.25 * np.mean(np.abs(np.tanh(size)), axis=1) / 1e-12)), "log factor")]


INVISIBLE = Note(
    id="heavy-tails.invisible",
    severity="major",
    text="There is no quiescent phase at infinite width, but q* is about exp(-1/(sigma_w^alpha kappa)). At width N the "
    "typical network sees log N for log(1/q): below sigma_w^alpha kappa log N of about 1 its activity dies out.",
)
quiescent_claim = Claim(
    "no-quiescent-phase",
    title="The transition to quiescence disappears",
    statement=(
        r"For $\alpha < 2$: $V(q)/q \sim \sigma_w^\alpha\kappa_\alpha\log(1/q)$, "
        r"$\kappa_\alpha = \Gamma(\alpha)\sin(\pi\alpha/2)/\pi$, so that $q^* > 0$ for every $\sigma_w > 0$."
    ),
    source="2203.12967; constant derived here",
    known="derived here",
    no_inequality="its inequality q* > 0 has no parameters left that a search could vary in a certified way",
    readings=[
        Reading(
            "limit",
            "Infinite width, tanh, sigma_b = 0, given the tail of the stable density.",
            {"kappa": KAPPA, "least": sp.Integer(0)},
            checks=[
                proof(
                    "divergence", "kappa", quiescent_steps, kind=Kind.EXACT, domain="all 1 <= alpha < 2, sigma_w > 0"
                ),
                under_tanh(agree("slope", "kappa", slopes_in_log, domain="q from e^-400 to e^-300", x_label="alpha")),
                under_tanh(agree("fixed-points", "least", small_weights, relation=">", domain="sigma_w below 1")),
            ],
            wrong=[
                wrong("one-tail", {"kappa": KAPPA / 2}, "Both tails of z count."),
                wrong(
                    "bounded", {"kappa": sp.Integer(0)}, "A cut at |z| < 80 leaves V(q)/q bounded: a false threshold."
                ),
                wrong("order-one", {"least": ONE}, "q* is far below 1 for small sigma_w."),
            ],
        ),
        Reading(
            "practice",
            "At width 1000, alpha = 1 and sigma_w = 1/4, where q* = 1.5e-5, a small activity dies out.",
            {"log": sp.Integer(0)},
            checks=[
                noted(
                    agree(
                        "networks",
                        "log",
                        dying,
                        relation="<",
                        domain="tanh, alpha = 1, sigma_w = 1/4, width 1000, q = 1e-12",
                    ),
                    INVISIBLE,
                )
            ],
            wrong=[wrong("fast", {"log": sp.Integer(-3)}, "It shrinks by less than e^-3 in a layer.")],
        ),
    ],
)

# --- C3: Cauchy ------------------------------------------------------------------------------------------------------

ZETA = sp.Symbol("zeta_prime_2", real=True)
CONSTANT = sp.log(sp.pi) - sp.log(2) / 3 - 6 * ZETA / sp.pi**2


def cauchy_pairs(context: Context) -> Iterable[tuple[sp.Expr, sp.Expr]]:
    """One term of tanh x = sum 8x/(a^2 + 4x^2) against the Cauchy density; then sums over a = (2k-1) pi."""
    integrand = 8 * q * x / (a**2 + 4 * q**2 * x**2) / (sp.pi * (x**2 + sp.Rational(1, 4)))
    primitive = 4 * q / (sp.pi * (a**2 - q**2)) * sp.log((x**2 + sp.Rational(1, 4)) / (a**2 + 4 * q**2 * x**2))
    yield sp.simplify(sp.diff(primitive, x) - integrand), sp.Integer(0)
    at_ends = 4 * q / (sp.pi * (a**2 - q**2)) * (-2 * sp.log(2 * q) - 2 * sp.log(sp.Rational(1, 2)) + 2 * sp.log(a))
    yield sp.expand_log(at_ends - q / sp.pi * context["term"], force=True).simplify(), sp.Integer(0)
    # Odd integers: sum (2k-1)^-s = (1 - 2^-s) zeta(s), and minus its derivative at 2 sums log(2k-1)/(2k-1)^2.
    odd = 1 - 2**-x
    square = odd.subs(x, 2) * sp.pi**2 / 6
    logs = -(sp.diff(odd, x).subs(x, 2) * sp.pi**2 / 6 + odd.subs(x, 2) * ZETA)
    yield 8 * square / sp.pi**2, ONE
    yield sp.expand(8 / sp.pi**2 * (sp.log(sp.pi) * square + logs)), sp.expand(context["constant"])


def expansions(context: Context) -> list[At]:
    """Pi V/(sigma_w q) - log(1/q) at q = 1e-12, where the rest is below q^2 (1 + log(1/q)); the integral, not the series."""
    with ctx.workdps(60):
        at = exact(Fraction(1, 10**12))
        rest = at * at * (1 - at.log())
        value = arb.pi() * cauchy_mean(at, 30, False) / at + at.log()
        return [At(value - rest.union(arb(0)), "q = 1e-12", where={ZETA: zeta_slope()})]


def small_fixed_points(context: Context) -> list[At]:
    """pi/sigma_w + log q*, certified, which tends to C."""
    found = []
    for weight in ("1/5", "1/8", "1/10"):
        value = certified_fixed_point(at_alpha(context.setting, "1", weight).with_values(sigma_b=0), 20)
        with ctx.workdps(40):
            low = value * value * (1 - value.log())
            left = value.log() + arb.pi() / exact(Fraction(weight)) - low.union(arb(0))
            found.append(At(left, f"sigma_w = {weight}", where={ZETA: zeta_slope()}))
    return found


cauchy_claim = Claim(
    "cauchy",
    title="Cauchy weights: a series, and the fixed point of small weights",
    statement=(
        r"$\alpha = 1$: $V(q) = \sigma_w\frac q\pi\sum_k\frac{8\log(a_k/q)}{a_k^2 - q^2}$, $a_k = (2k-1)\pi$; "
        r"$q^* \sim \exp(C - \pi/\sigma_w)$, $C = \log\pi - \frac13\log 2 - 6\zeta'(2)/\pi^2$."
    ),
    source="derived here",
    known="derived here",
    no_inequality="it states equalities",
    readings=[
        Reading(
            "stated",
            "tanh, sigma_b = 0; the rest of the expansion of pi V/(sigma_w q) is between 0 and q^2 (1 + log(1/q)).",
            {"term": 8 * sp.log(a / q) / (a**2 - q**2), "constant": CONSTANT},
            checks=[
                identity("series", ("term", "constant"), cauchy_pairs, domain="all q, a"),
                under_tanh(
                    encloses("expansion", "constant", expansions, digits=15, domain="q = 1e-12, by the integral")
                ),
                under_tanh(encloses("fixed-points", "constant", small_fixed_points, digits=10, domain="three sigma_w")),
            ],
            wrong=[
                wrong(
                    "no-log-2", {"constant": CONSTANT + sp.log(2) / 3}, "Odd integers alone occur: the factor 1 - 2^-s."
                ),
                wrong("log-q", {"term": 8 * sp.log(a) / (a**2 - q**2)}, "At small q it must contain log(1/q)."),
                wrong("all", {"constant": CONSTANT - sp.log(sp.pi) + ONE}, "log pi = 1.14."),
            ],
        )
    ],
)
