"""Dynamical isometry and a mean field theory of CNNs (arXiv 1806.05393).

Random convolutions on a ring of n positions: the covariance of pre-activations is mapped as in a fully connected network, and
averaged over the taps. Fourier modes k of a deviation decay by chi_c lambda_k, lambda_k the transform of the tap weights. All
modes survive for a delta kernel; with an orthogonal one the convolution is an isometry.
"""

import math
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache, partial
from typing import Any

import numpy as np
import sympy as sp
from flint import arb, fmpq
from numpy.typing import NDArray

from mfcheck.checks import (
    At,
    Case,
    Claim,
    Context,
    Draws,
    Estimate,
    Evidence,
    Kind,
    Note,
    Option,
    Paper,
    Reading,
    Setting,
    Simulated,
    Standard,
    Trial,
    agree,
    bound,
    constant,
    custom,
    decide,
    encloses,
    evaluate,
    identity,
    joined,
    noted,
    parameter,
    setting_of,
    simulation,
    wrong,
)
from mfcheck.checks.values import ball
from mfcheck.claims.model import stream
from mfcheck.errors import InputError
from mfcheck.gaussian import E2, CorrelationMap, E, LengthMap, critical_variance, d2phi, dphi, fixed_point, moment, phi
from mfcheck.gaussian.correlation import FixedCorrelation
from mfcheck.networks import (
    Chain,
    Network,
    at_widths,
    dense,
    dense_orthogonal,
    haar,
    jacobian,
    limits,
    pointwise,
    relative_variance,
    ring,
    ring_delta_orthogonal,
    second_moments,
    spectral_moments,
)
from mfcheck.statistics import mean_of
from mfcheck.symbolic.activation import Activation, X, activation

Array = NDArray[np.float64]

WEIGHT_VAR = parameter("weight_var", "21/20", "variance of the weights times the fan-in", above=0)
BIAS_VAR = parameter("bias_var", "201/10000000", "variance of the biases", least=0)
POSITIONS = parameter("positions", 6, "positions n on the ring", least=2, most=4096, integer=True)
TAPS = parameter("taps", 3, "taps of the kernel, odd", least=1, most=4095, integer=True)
MODE = parameter("mode", 1, "Fourier mode k", least=0, most=4095, integer=True)
DEPTH = parameter("depth", 20, "layers L", least=1, most=10**6, integer=True)
CHANNELS = parameter("channels", 64, "channels in simulate", least=8, most=1000, integer=True)
PARAMETERS = (WEIGHT_VAR, BIAS_VAR, POSITIONS, TAPS, MODE, DEPTH, CHANNELS)
w, b, n, taps, mode, L, _ = (p.symbol for p in PARAMETERS)
ONE = sp.Integer(1)


def validate(setting: Setting) -> None:
    """Refuse kernels and modes that do not fit on the ring."""
    count, size, k = (setting.integer(name) for name in ("taps", "positions", "mode"))
    if count % 2 == 0:
        raise InputError(f"taps must be odd, got {count}")
    if count > size:
        raise InputError(f"taps must not exceed positions: {count} > {size}")
    if k >= size:
        raise InputError(f"mode must be below positions: {k} >= {size}")


# --- constants -------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def stable_variance(setting: Setting, digits: int) -> arb:
    """Enclose the largest stable fixed point of V."""
    return fixed_point(LengthMap(setting.activation, setting["weight_var"], setting["bias_var"]), digits).value


@lru_cache(maxsize=64)
def correlation(setting: Setting, digits: int) -> FixedCorrelation:
    """Return the stable fixed correlation, and F' there."""
    q = stable_variance(setting, 2 * digits + 10)
    chosen = CorrelationMap(setting.activation, setting["weight_var"], setting["bias_var"], q)
    return chosen.fixed_point(digits + 5)


def mode_factor(size: int, count: int, k: int) -> arb:
    """Return lambda_k = (1 + 2 sum cos(2 pi k b/n))/taps, exactly 0 or 1 where it is."""
    if k % size == 0:
        return arb(1)
    if (count * k) % size == 0:
        return arb(0)
    angle = fmpq(k, size)
    return arb(angle * count).sin_pi() / (count * arb(angle).sin_pi())


def lambda_mode(setting: Setting, digits: int) -> arb:
    """Return lambda_k at k = mode."""
    del digits
    return mode_factor(setting.integer("positions"), setting.integer("taps"), setting.integer("mode"))


def xi_mode(setting: Setting, digits: int) -> arb:
    """Enclose -1/log |chi_c lambda_k|."""
    factor = lambda_mode(setting, digits)
    if factor.is_zero():
        raise InputError("lambda_mode != 0 is needed: this mode is gone after one layer")
    rate = abs(correlation(setting, digits + 8).slope * factor)
    if not rate < 1:
        raise InputError("xi_mode needs |rate_mode| < 1")
    return -1 / rate.log()


def q_critical(setting: Setting, digits: int) -> arb:
    """Enclose the variance of the critical point at this weight_var.

    Raises:
        InputError: there is none, or only with a negative variance of the biases.
    """
    act, weight = setting.activation, setting["weight_var"]
    q = critical_variance(act, weight, digits)
    bias = -LengthMap(act, weight, 0).V(q, 8) + q
    if bias < 0:
        raise InputError(f"no critical point: chi_1 = 1 at q = {q.mid().str(6, radius=False)} needs bias_var < 0")
    return q


POINT = ("weight_var", "bias_var", "activation")
Q_STAR = constant("q_star", stable_variance, "stable fixed point of V", source="C1", uses=POINT)
CHI_1 = constant("chi_1", w * E(dphi**2, variance=Q_STAR.symbol), "slope of F at 1", source="C1")
Q_SLOPE = constant(
    "q_slope", CHI_1.symbol + w * E(d2phi * phi, variance=Q_STAR.symbol), "slope of V at q*", source="C1"
)
CHI_C = constant("chi_c", lambda s, d: correlation(s, d).slope, "slope of F at c*", source="C2", uses=POINT)
LAMBDA = constant("lambda_mode", lambda_mode, "lambda_k at k = mode", source="C2", uses=("positions", "taps", "mode"))
Q_CRITICAL = constant(
    "q_critical", q_critical, "variance at the critical point", source="C3", uses=("weight_var", "activation")
)
qc = Q_CRITICAL.symbol
RATIO = E(dphi**4, variance=qc) / E(dphi**2, variance=qc) ** 2
CONSTANTS = (
    Q_STAR,
    CHI_1,
    Q_SLOPE,
    constant("c_star", lambda s, d: correlation(s, d).value, "stable fixed point of F", source="C2", uses=POINT),
    CHI_C,
    LAMBDA,
    constant("rate_mode", CHI_C.symbol * LAMBDA.symbol, "factor of a mode per layer", source="C2"),
    constant("xi_mode", xi_mode, "depth scale of the mode", source="C2", uses=(*POINT, "positions", "taps", "mode")),
    Q_CRITICAL,
    constant("bias_var_critical", qc - w * E(phi**2, variance=qc), "bias variance there", source="C3"),
    constant("jacobian_var_orthogonal", L * (RATIO - 1), "variance of the spectrum, orthogonal", source="C5"),
    constant("jacobian_var_gaussian", L * RATIO, "variance of the spectrum, Gaussian", source="C5"),
)

# --- C1: covariances -------------------------------------------------------------------------------------------------

PROFILE = sp.Tuple(*[sp.Rational(1, 3)] * 3)
SIZE = 6


def averaged(matrix: list[list[Any]], profile: Any, wrap: Any, zero: Any) -> list[list[Any]]:
    """Sum_b v_b M_{a+b, a'+b} on a ring of six; terms that leave 0..5 count `wrap` times."""

    def term(i: int, k: int, shift: int) -> Any:
        inside = 0 <= i + shift < SIZE and 0 <= k + shift < SIZE
        return matrix[(i + shift) % SIZE][(k + shift) % SIZE] * (1 if inside else wrap)

    return [
        [sum((v * term(i, k, s) for v, s in zip(profile, (-1, 0, 1), strict=True)), zero) for k in range(SIZE)]
        for i in range(SIZE)
    ]


def fixed_steps(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """A matrix with one value on the diagonal and one off it is mapped to such a one."""
    A, C = sp.symbols("A C", positive=True)
    matrix = [[A if i == k else C for k in range(SIZE)] for i in range(SIZE)]
    image = averaged(matrix, context["profile"], context["wrap"], sp.Integer(0))
    return [(image[i][k], matrix[i][k]) for i in range(SIZE) for k in range(SIZE)]


SPREAD = 1 + np.cos(2 * np.pi * np.arange(SIZE) / SIZE) / 2
VARIANCES = [sp.Rational(9, 4), sp.Rational(25, 16), sp.Rational(9, 16), sp.Rational(1, 4)]
VARIANCES = [*VARIANCES, VARIANCES[2], VARIANCES[1]]


@lru_cache(maxsize=4)
def one_layer(setting: Setting, seed: int, nets: int) -> Array:
    """Covariances (nets, 6, 6) after one layer of 32 channels; inputs are Gaussian, variances (1 + cos/2)^2, c = 1/2."""
    rng = stream(seed, "one layer")
    shared, own = rng.standard_normal((nets, 32, 1)), rng.standard_normal((nets, 32, SIZE))
    h = SPREAD * (shared + own) / np.sqrt(2)
    scale = np.sqrt([setting.number("weight_var"), setting.number("bias_var")])
    layer = ring(rng, nets, 32, taps=3, sigma_w=scale[0], sigma_b=scale[1])
    h = Chain([pointwise(setting.activation), layer]).forward(h[..., None])[..., 0]
    return np.asarray(h.swapaxes(1, 2) @ h / 32)


def images(context: Context) -> Evidence:
    """Five entries of the covariance after one layer, exact in expectation at any number of channels."""
    where = [(0, 0), (0, 1), (2, 3), (1, 4), (0, 5)]
    found, cases = one_layer(context.setting, context.seed, context.budget.pick(4000, 10_000, 40_000)), []
    stated = averaged(entries(context.setting), context["profile"], context["wrap"], sp.Integer(0))
    for i, k in where:
        value = evaluate(w * sp.sympify(stated[i][k]) + context["bias"], paper, context.setting, digits=8)
        cases.append(Case(mean_of(found[:, i, k]), value, f"positions {i}, {k}"))
    return decide(cases, Standard(resolution=0.1, alarm=context.alarm), "one layer of 32 channels, n = 6, three taps")


def entries(setting: Setting) -> list[list[sp.Expr]]:
    """E phi(u_a) phi(u_a') of the inputs, to seven digits, as exact numbers."""
    return [
        [product_of(setting, *sorted((VARIANCES[i], VARIANCES[m])), i == m) for m in range(SIZE)] for i in range(SIZE)
    ]


@lru_cache(maxsize=64)
def product_of(setting: Setting, u: sp.Rational, v: sp.Rational, same: bool) -> sp.Rational:
    """E phi(u)^2, or E phi(u) phi(v) at correlation 1/2."""
    node = E(phi**2, variance=u) if same else E2(phi, phi, u, v, sp.Rational(1, 2))
    return sp.Rational(str(round(float(evaluate(node, None, setting, digits=8)), 7)))


covariance = Claim(
    "covariance",
    title="Covariances: the map of a dense network, averaged over taps",
    statement=r"$\Sigma'_{a,a'} = \sigma_b^2 + \sigma_w^2\sum_b v_b\,C(\Sigma)_{a+b,a'+b}$, fixed at $q^*[(1-c^*)\delta + c^*]$.",
    source="1806.05393; restated in 1902.04760, Appendix D.6",
    known="follow-up",
    no_inequality="it states an equality",
    readings=[
        Reading(
            "stated",
            "On a ring with three taps: matrices constant on and off the diagonal are mapped to such, with the q* and c* of a "
            "dense network; one layer is exact in expectation at any number of channels.",
            {"profile": PROFILE, "wrap": ONE, "bias": b},
            checks=[
                identity("fixed", ("profile", "wrap"), fixed_steps, domain="every C, n = 6, three taps"),
                custom("networks", ("profile", "wrap", "bias"), images, kind=Kind.SIMULATED),
            ],
            wrong=[
                wrong("padding", {"wrap": sp.Integer(0)}, "The ring is closed: with zero padding ends lose a third."),
                wrong("shares", {"profile": sp.Tuple(*[sp.Rational(1, 2)] * 3)}, "Shares have sum one."),
                wrong("delta", {"profile": sp.Tuple(0, 1, 0)}, "Three taps average three places.", checks=["networks"]),
                wrong("no-weight", {"bias": b + 1}, "Biases have variance sigma_b^2.", checks=["networks"]),
            ],
        )
    ],
)

# --- C2: modes -------------------------------------------------------------------------------------------------------

k = sp.Symbol("k", integer=True, nonnegative=True)
THREE = (1 + 2 * sp.cos(2 * sp.pi * k / SIZE)) / 3


def transforms(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """The average of exp(2 pi i k a/6) over three taps, for each mode, by its value at a = 0."""
    waves = [[sp.exp(2 * sp.pi * sp.I * c * s / SIZE) for s in (-1, 0, 1)] for c in range(SIZE)]
    return [(sp.expand_complex(sum(wave) / 3), context["factor"].subs(k, c)) for c, wave in enumerate(waves)]


def measure_mode(setting: Setting, size: int, count: int, c: int, channels: int, law: str) -> Callable[..., Array]:
    """Return `(rng, nets) ->` factors of the mode in one layer: deviations of both signs with common random numbers.

    Inputs are Gaussian with covariance q[(1-c) 1 + c 11'] +- eps cos(2 pi k a/n) at a' = a + 1. As variances do not change,
    the deviation is read off the mean squares of h(a) - h(a+1), which are small where c is near 1.
    """
    q = float(stable_variance(setting, 15))
    gap = max(float(correlation(setting, 15).gap), 1e-3)
    base = q * ((1 - gap) + gap * np.eye(size))
    wave = np.cos(2 * np.pi * c * np.arange(size) / size)
    shape = np.zeros((size, size))
    for a in range(size):
        shape[a, (a + 1) % size] += wave[a]
        shape[(a + 1) % size, a] += wave[a]
    eps = q * gap / 50
    roots = [np.linalg.cholesky(base + sign * eps * shape) for sign in (1, -1)]
    act, scale = pointwise(setting.activation), np.sqrt([setting.number("weight_var"), setting.number("bias_var")])

    def measure(rng: np.random.Generator, nets: int) -> Array:
        g = rng.standard_normal((nets, channels, size))
        layer = kernel(rng, nets, channels, count, scale, law)
        found = []
        for root in roots:
            h = layer.forward(act.forward((g @ root.T)[..., None]))[..., 0]
            found.append(-((h - np.roll(h, -1, axis=2)) ** 2).mean(axis=1) / 2)
        return np.asarray((found[0] - found[1]) @ wave / (2 * eps * (wave @ wave)))

    return measure


def kernel(rng: np.random.Generator, nets: int, channels: int, count: int, scale: Array, law: str) -> Any:
    """Draw convolutions of a law: gaussian, or delta-orthogonal (one tap)."""
    if law == "gaussian":
        return ring(rng, nets, channels, taps=count, sigma_w=scale[0], sigma_b=scale[1])
    return ring_delta_orthogonal(rng, nets, channels, sigma_w=scale[0], sigma_b=scale[1])


@lru_cache(maxsize=16)
def mode_ratio(setting: Setting, seed: int, c: int, nets: int) -> Estimate:
    """The factor of mode c, n = 6, three taps."""
    return mean_of(measure_mode(setting, SIZE, 3, c, 32, "gaussian")(stream(seed, f"mode {c}"), nets))


def mode_ratios(context: Context) -> list[At]:
    """The factors of the modes 0, 1, 3."""
    nets = context.budget.pick(600, 4000, 20_000)
    return [At(mode_ratio(context.setting, context.seed, c, nets), f"mode {c}", c, {k: c}) for c in (0, 1, 3)]


def zero_mode(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """lambda_0 for uniform taps of any odd number."""
    half, s = sp.Symbol("m", integer=True, nonnegative=True), sp.Symbol("s", integer=True)
    return [(sp.summation(1 / (2 * half + 1), (s, -half, half)), context["zero"])]


def second_mode(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """Lambda_1 and lambda_3 for three taps, n = 6, against one common factor."""
    return [(THREE.subs(k, c), context["one"]) for c in (1, 3)]


SCALES = Note(
    id="modes.zero-mode",
    severity="minor",
    text="The single depth scale of dense networks is that of the mode k = 0. For an averaging kernel all other modes decay "
    "faster by lambda_k, whatever the criticality; lambda_k can be zero or negative (three taps, n = 6: 0 at k = 2, -1/3 at "
    "k = 3).",
)
chi_c = CHI_C.symbol
modes = Claim(
    "modes",
    title="Each Fourier mode has a depth scale of its own",
    statement=r"Deviations of momentum $k$ decay like $(\chi_c\lambda_k)^l$, $\lambda_k = \sum_b v_b e^{2\pi ikb/n}$.",
    source="1806.05393, Section 2",
    known="from memory",
    readings=[
        Reading(
            "stated",
            "Off the diagonal, at the fixed point of the setting, for three uniform taps and n = 6.",
            {"factor": THREE, "rate": chi_c * THREE},
            checks=[
                noted(identity("transform", "factor", transforms, domain="n = 6, three taps, all k"), SCALES),
                agree(
                    "networks",
                    "rate",
                    mode_ratios,
                    resolution=0.15,
                    domain="one layer of 32 channels, modes 0, 1, 3",
                    x_label="mode",
                    y_label="factor of a mode",
                ),
            ],
            wrong=[
                wrong("one", {"factor": ONE, "rate": chi_c}, "At k = 1 it is 2/3."),
                wrong(
                    "squares",
                    {"factor": sp.Rational(1, 3), "rate": chi_c / 3},
                    "Phases are summed, not squares of shares.",
                ),
                wrong("half", {"rate": chi_c * THREE / 2}, "At k = 0 the factor is chi_c.", checks=["networks"]),
                wrong("above", {"factor": THREE * 2}, "Shares have sum one.", also=["slack-largest"]),
            ],
            attack=[bound("largest", "factor", "<=", ONE, over={k: (0, 5)}, integers=["k"], text="lambda_k <= 1")],
        ),
        Reading(
            "one-scale",
            "All modes decay with one scale.",
            {"one": ONE},
            checks=[noted(identity("second", "one", second_mode, domain="n = 6, k = 1, 3"), SCALES, when=False)],
            wrong=[wrong("third", {"one": sp.Rational(1, 3)}, "lambda_1 = 2/3, lambda_3 = -1/3.")],
        ),
        Reading(
            "zero-mode",
            "The mode k = 0 decays as in a dense network, lambda_0 = 1, for every odd number of taps.",
            {"zero": ONE},
            checks=[identity("sum", "zero", zero_mode, domain="all odd numbers of taps")],
            wrong=[wrong("third", {"zero": sp.Rational(1, 3)}, "Shares have sum one.")],
        ),
    ],
)

# --- C3: criticality -------------------------------------------------------------------------------------------------

PRINTED = sp.Rational(201, 10_000_000)
e = sp.Symbol("e", positive=True)
Q_SERIES = e / 2 + 3 * e**2 / 8 - 7 * e**3 / 48
BIAS_SERIES = e**3 / 6 - e**4 / 8 + 31 * e**5 / 160


@lru_cache(maxsize=32)
def printed_variance(bias: Fraction) -> arb:
    """The fixed point of tanh at weight_var = 21/20."""
    return fixed_point(LengthMap(activation("tanh"), Fraction(21, 20), bias), 25).value


@lru_cache(maxsize=32)
def chi_at(bias: Fraction) -> arb:
    """chi_1 there."""
    return LengthMap(activation("tanh"), Fraction(21, 20), bias).chi_1(printed_variance(bias), 20)


PRINTED_Q = sp.Symbol("q", positive=True)
PRINTED_CHI = sp.Rational(21, 20) * E((1 - sp.tanh(X) ** 2) ** 2, variance=PRINTED_Q)


def printed(bias: sp.Rational, value: Callable[[arb], arb], formula: sp.Expr) -> list[At]:
    """A number that depends on chi_1 at weight_var = 21/20, with its formula at the fixed point q."""
    exact_bias = Fraction(int(bias.p), int(bias.q))
    vanishes = sp.Rational(21, 20) * E(sp.tanh(X) ** 2, variance=PRINTED_Q) + bias - PRINTED_Q
    where = {PRINTED_Q: printed_variance(exact_bias)}
    return [At(value(chi_at(exact_bias)), "", None, where, formula, {PRINTED_Q: vanishes})]


def printed_gap(context: Context) -> list[At]:
    """|chi_1 - 1| at the printed pair."""
    return printed(context["bias"], lambda chi: abs(chi - 1), sp.Abs(PRINTED_CHI - 1))


def printed_scale(context: Context) -> list[At]:
    """1/|log chi_1| there."""
    return printed(context["bias"], lambda chi: 1 / abs(chi.log()), 1 / sp.Abs(sp.log(PRINTED_CHI)))


ORDER = 5


@lru_cache(maxsize=1)
def cusp() -> tuple[sp.Expr, sp.Expr]:
    """Series of q and sigma_b^2 in e on the critical line of tanh, by Gaussian moments of Taylor series."""
    q = sp.Symbol("q")

    def average(f: sp.Expr) -> sp.Expr:
        series = sp.expand(f)
        return sum(series.coeff(X, 2 * i) * sp.factorial2(2 * i - 1) * q**i for i in range(ORDER + 1))

    def cut(f: sp.Expr) -> sp.Expr:
        return sum(sp.expand(f).coeff(e, i) * e**i for i in range(ORDER + 1))

    tanh = sp.series(sp.tanh(X), X, 0, 2 * ORDER + 2).removeO()
    slope, square = average((1 - tanh**2) ** 2), average(tanh**2)
    found = e / 2
    for _ in range(ORDER):
        # (1 + e) E phi'^2 = 1, and E phi'^2 = 1 - 2q + ...
        found = cut(found + ((1 + e) * slope.subs(q, found) - 1) / 2)
    return found, cut(found - (1 + e) * square.subs(q, found))


def cusp_steps(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """Coefficients up to e^3 of q and e^5 of sigma_b^2."""
    q, bias = cusp()
    pairs = [(q, context["q"], 3), (bias, context["line"], 5)]
    return [(f.coeff(e, i), sp.expand(g).coeff(e, i)) for f, g, top in pairs for i in range(top + 1)]


def with_bias(_: Context) -> arb:
    """chi_1 at weight_var = 21/20 and bias_var = 1/1000."""
    return chi_at(Fraction(1, 1000))


critical = Claim(
    "criticality",
    title="The critical point of the experiment",
    statement=r"tanh at $\sigma_w^2 = 1.05$, $\sigma_b^2 = 2.01\cdot10^{-5}$ is critical.",
    source="1806.05393, official notebook",
    known="official code",
    no_inequality="it is about one point",
    readings=[
        Reading(
            "stated",
            "Up to |chi_1 - 1| < 2e-7, and a depth scale far above 10,000 layers.",
            {"bias": PRINTED, "gap": sp.Rational(2, 10**7), "depth": sp.Integer(10_000)},
            checks=[
                encloses("gap", "gap", printed_gap, relation="<", whole=True, uses=["bias"], domain="the printed pair"),
                encloses(
                    "scale", "depth", printed_scale, relation=">", whole=True, uses=["bias"], domain="the printed pair"
                ),
            ],
            wrong=[
                wrong("deviation", {"bias": PRINTED**2}, "As a standard deviation chi_1 - 1 is 7.5e-4: 1330 layers."),
                wrong("exact", {"gap": sp.Rational(1, 10**8)}, "chi_1 - 1 = 1.92e-7."),
            ],
        ),
        Reading(
            "cusp",
            "With e = sigma_w^2 - 1 the critical line of tanh is sigma_b^2 = e^3/6 - e^4/8 + 31 e^5/160 + O(e^6).",
            {"q": Q_SERIES, "line": BIAS_SERIES},
            checks=[identity("series", ("q", "line"), cusp_steps, domain="formal power series in e")],
            wrong=[
                wrong("third", {"line": e**3 / 3}, "At e = 1/20 it would be 4.17e-5, against 2.01e-5."),
                wrong("double", {"q": e}, "E phi'^2 = 1 - 2q + ..., so that q = e/2 + ..."),
            ],
        ),
        Reading(
            "any-bias",
            "sigma_w^2 = 1.05 is critical whatever sigma_b: chi_1 = 1 at sigma_b^2 = 1/1000 too.",
            {"one": ONE},
            checks=[encloses("other", "one", with_bias, digits=6, domain="sigma_b^2 = 1/1000")],
            wrong=[wrong("chaos", {"one": sp.Rational(3, 2)}, "Biases saturate: chi_1 falls below 1.")],
        ),
    ],
)

# --- C4: isometry ----------------------------------------------------------------------------------------------------


def gram(kernel_taps: dict[int, sp.Matrix], size: int) -> sp.Matrix:
    """The Gram matrix of the rows of the block-circulant operator."""
    channels = next(iter(kernel_taps.values())).rows
    operator = sp.zeros(size * channels, size * channels)
    for a in range(size):
        for shift, block in kernel_taps.items():
            col = (a + shift) % size
            operator[a * channels : (a + 1) * channels, col * channels : (col + 1) * channels] += block
    return operator * operator.T


def delta_steps(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """Entries (a, a') of the Gram matrix in blocks: sum of K_b K_b'^T over a + b = a' + b'; products stay symbols."""
    products = {(i, m): sp.Symbol(f"K{i}K{m}", commutative=False) for i in (-1, 0, 1) for m in (-1, 0, 1)}
    scale = context["scale"]
    spread = {products[i, m]: scale if (i, m) == (0, 0) else context["side"] for i, m in products}
    found = []
    for size in range(3, 9):
        for a in range(size):
            block = sum(products[i, m] for i, m in products if (i - m - a) % size == 0)
            found.append((sp.sympify(block).subs(spread), w if a == 0 else sp.Integer(0)))
    return found


def projector(context: Context) -> list[tuple[sp.Expr, sp.Expr]]:
    """The kernel (0, P, 1-P) sigma_w: its Gram matrix is sigma_w^2, and the side tap is not zero."""
    P = sp.Matrix([[9, 12], [12, 16]]) / 25
    root = sp.sqrt(w)
    found = gram({0: root * P, 1: root * (sp.eye(2) - P)}, 5)
    pairs = [(sp.expand(found[i, m]), w if i == m else sp.Integer(0)) for i in range(10) for m in range(10)]
    return [*pairs, ((sp.eye(2) - P).trace(), context["side"])]


def smallest_squares(context: Context) -> list[At]:
    """Least and largest squared singular value of convolutions with `spread` orthogonal taps, eight channels, n = 6."""
    count, rng = int(context["spread"]), context.rng("operator")
    scale = np.sqrt(context.setting.number("weight_var") / count)
    blocks = [scale * haar(rng, 20, 8) for _ in range(count)]
    phases = np.exp(2j * np.pi * np.outer(np.arange(SIZE), np.arange(count)) / SIZE)
    fourier = sum(phases[:, i, None, None] * blocks[i][:, None] for i in range(count))
    squares = np.linalg.svd(np.asarray(fourier), compute_uv=False).reshape(20, -1) ** 2
    where = {"least": squares.min(axis=1), "largest": squares.max(axis=1)}
    return [At(mean_of(v, bias=1e-12), name) for name, v in where.items()]


CLASSES = Note(
    id="isometry.classes",
    severity="remark",
    text="The convolution is sigma_w times an isometry iff each Fourier block is sigma_w times unitary. Kernels with more taps "
    "are isometric too, such as (0, P, 1-P) with an orthogonal projector P.",
)
isometry = Claim(
    "isometry",
    title="Delta-orthogonal kernels are isometries",
    statement=r"$K(0) = \sigma_wH$, $H$ orthogonal, all other taps 0: every singular value of the convolution is $\sigma_w$.",
    source="1806.05393, Section 3",
    known="from memory",
    no_inequality="it states an equality",
    readings=[
        Reading(
            "stated",
            "Rows a and a' have the product sum K_b K_b'^T over a + b = a' + b': only K(0)K(0)^T = sigma_w^2 is left.",
            {"scale": w, "side": sp.Integer(0), "spread": ONE},
            checks=[
                identity("gram", ("scale", "side"), delta_steps, domain="any number of channels, n = 3 to 8"),
                agree(
                    "singular-values", "scale", smallest_squares, uses=["spread"], resolution=1e-6, domain="8 channels"
                ),
            ],
            wrong=[
                wrong("every-tap", {"spread": sp.Integer(3)}, "Sums of orthogonal matrices are not orthogonal."),
                wrong("deviation", {"scale": sp.sqrt(w)}, "Squared singular values are sigma_w^2."),
                wrong("sides", {"side": w / 3}, "Taps beside the centre couple positions."),
            ],
        ),
        Reading(
            "only-delta",
            "An isometry needs a delta kernel: the side taps of every isometric kernel vanish.",
            {"side": sp.Integer(0)},
            checks=[noted(identity("projector", "side", projector, domain="(0, P, 1-P), n = 5"), CLASSES, when=False)],
            wrong=[wrong("two", {"side": sp.Integer(2)}, "The side tap has trace 1.")],
        ),
    ],
)

# --- C5 and C6: spectra ----------------------------------------------------------------------------------------------


@lru_cache(maxsize=8)
def spectra(act: Activation, weight: Fraction, seed: int, nets: int, orthogonal: bool) -> Estimate:
    """Relative variance of the spectrum of J J^T: dense networks of five layers at the critical point, two widths."""
    q = critical_variance(act, weight, 15)
    bias = float(q) - float(weight) * float(moment(phi**2, act).enclosed(q, 0, 12))
    draw = dense_orthogonal if orthogonal else dense
    scales = {"sigma_w": float(weight) ** 0.5, "sigma_b": max(bias, 0.0) ** 0.5}

    def measure(width: int, rng: np.random.Generator, count: int) -> Array:
        blocks = [Chain([pointwise(act), draw(rng, count, width, **scales)]) for _ in range(5)]
        start = rng.standard_normal((count, width, 1))
        start *= np.sqrt(float(q) * width) / np.linalg.norm(start, axis=1, keepdims=True)
        return relative_variance(spectral_moments(jacobian(Network(blocks).run(start))))

    return at_widths(measure, (64, 160), nets, stream(seed, f"spectra {orthogonal}"))


def variance_of_spectrum(orthogonal: bool) -> Callable[[Context], list[At]]:
    """The relative variance of five layers."""

    def measure(context: Context) -> list[At]:
        nets = context.budget.pick(24, 60, 200)
        act, weight = context.setting.activation, context.setting["weight_var"]
        return [At(spectra(act, weight, context.seed, nets, orthogonal), "L = 5", where={L: 5})]

    return measure


def deepest(context: Context) -> arb:
    """Variance of 10,000 orthogonal layers at the critical point of the setting."""
    return ball(context, L * (RATIO - 1), {L: 10_000})


NEARLY = Note(
    id="jacobian.depth",
    severity="major",
    text="Isometry is reached for q* -> 0 only, in the nearly linear regime: the variance L (mu_2/mu_1^2 - 1) is small for q* "
    "much below 1/L. At weight_var 1.05 and 10,000 layers it is 43: exact isometry is not what the deepest network has.",
)
spectrum = Claim(
    "jacobian-variance",
    title="The spread of the Jacobian's spectrum",
    statement=r"At $\chi_1 = 1$: $\mathrm{Var}/\mathrm{mean}^2 = L(\mu_2/\mu_1^2 - 1 - s_1)$, $s_1 = 0$ orthogonal, $-1$ Gaussian.",
    source="1711.04735, dense networks; used in 1806.05393",
    known="from memory",
    no_inequality="it is about a limit of infinite width",
    readings=[
        Reading(
            "stated",
            "At the critical point of weight_var, five layers.",
            {"orthogonal": L * (RATIO - 1), "gaussian": L * RATIO},
            checks=[
                agree("orthogonal", "orthogonal", variance_of_spectrum(True), domain="widths 64, 160, five layers"),
                agree("gaussian", "gaussian", variance_of_spectrum(False), domain="widths 64, 160, five layers"),
            ],
            wrong=[
                wrong("sign", {"gaussian": L * (RATIO - 2)}, "It would be negative at small q."),
                wrong(
                    "one-power",
                    {"orthogonal": L * (E(dphi**4, variance=qc) / E(dphi**2, variance=qc) - 1)},
                    "It would be negative.",
                ),
                wrong("no-depth", {"orthogonal": RATIO - 1, "gaussian": RATIO}, "Variances of layers add."),
            ],
        ),
        Reading(
            "depth-free",
            "Isometry at 10,000 layers: the variance stays below 1.",
            {"most": ONE},
            checks=[
                noted(
                    encloses("deepest", "most", deepest, relation="<=", whole=True, domain="10,000 layers"),
                    NEARLY,
                    when=False,
                )
            ],
            wrong=[wrong("ten", {"most": sp.Integer(10)}, "It is 43 at weight_var 1.05.")],
        ),
    ],
)
training = Claim(
    "training",
    title="10,000 layers train",
    statement="Vanilla convolutional networks of 10,000 layers can be trained with delta-orthogonal kernels.",
    source="1806.05393, abstract",
    known="text read",
    no_inequality="it is an experiment",
    readings=[Reading("experiment", "Out of scope: training runs are not repeated here.")],
)

# --- the paper -------------------------------------------------------------------------------------------------------


def deep_convolutions(
    setting: Setting, law: str, depth: int
) -> Callable[[int, np.random.Generator, int], dict[str, Array]]:
    """Return the measurement of the variance after `depth` layers, and of the Jacobian's relative variance."""
    size, count = setting.integer("positions"), setting.integer("taps")
    scale = np.sqrt([setting.number("weight_var"), setting.number("bias_var")])
    q, gap = float(stable_variance(setting, 15)), float(correlation(setting, 12).gap)

    def measure(channels: int, rng: np.random.Generator, nets: int) -> dict[str, Array]:
        act = pointwise(setting.activation)
        blocks = [Chain([act, kernel(rng, nets, channels, count, scale, law)]) for _ in range(depth)]
        shared, own = rng.standard_normal((nets, channels, 1)), rng.standard_normal((nets, channels, size))
        start = np.sqrt(q) * (np.sqrt(1 - gap) * shared + np.sqrt(gap) * own)
        trace = Network(blocks).run(start[..., None])
        found = relative_variance(spectral_moments(jacobian(trace)))
        return {"deep_variance": second_moments(trace.states[-1:])[0].mean(axis=(1, 2)), "jacobian_variance": found}

    return measure


ENOUGH = 0.07
"""The relative error of the Jacobian's variance above which more networks are drawn."""


def simulate(trial: Trial) -> Simulated:
    """A network of convolutions on a ring, from the fixed point of the setting; one layer for the factor of the mode."""
    setting, law = trial.setting, trial.options["kernel"]
    if law not in ("gaussian", "delta-orthogonal"):
        raise InputError(f"kernel is gaussian or delta-orthogonal, got {law[:60]!r}")
    channels, size, depth = (setting.integer(name) for name in ("channels", "positions", "depth"))
    if size < 3:
        raise InputError("positions >= 3 is needed in simulate: pairs of two positions have no mode of their own")
    if channels * size > 2000 or depth > 200:
        raise InputError("simulate draws at most 2000 channels times positions, and 200 layers")
    nets = trial.count("replicates", 8, 10_000)
    trial.say(f"{nets} networks of {channels} and of {channels // 2} channels, {depth} layers, {law} kernels")
    measure, widths = deep_convolutions(setting, law, depth), (channels // 2, channels)
    one = measure_mode(setting, size, setting.integer("taps"), setting.integer("mode"), channels, law)
    kinds = {f"networks of {n} channels": Draws(nets, partial(measure, n)) for n in widths} | {
        "layers": Draws(3000, lambda rng, count: {"mode_ratio": one(rng, count)}),
        "other layers": Draws(2000, lambda rng, count: {"variance": variances(setting, law, channels, rng, count)}),
    }
    found = trial.samples(kinds)
    drawn = {n: found[f"networks of {n} channels"] for n in widths}
    final = limits(drawn)
    scatter = final["jacobian_variance"].error / abs(final["jacobian_variance"].value)
    if scatter > ENOUGH and not trial.cut:
        # As many again as the error asks for, and some ten seconds allow.
        most = int((5e10 if law == "gaussian" else 1.5e11) / (depth * setting.integer("taps") * channels**3 * size**2))
        wanted = min(most, math.ceil(nets * (scatter / ENOUGH) ** 2)) - nets
        more = trial.at_sizes("further networks of channels", widths, max(0, wanted), measure, least=0)
        final = limits({n: joined([drawn[n], more[n]]) if n in more else drawn[n] for n in widths})
    final["mode_ratio"] = mean_of(found["layers"]["mode_ratio"])
    final["variance"] = mean_of(found["other layers"]["variance"])
    return Simulated(final, notes=(NOTE,))


def variances(setting: Setting, law: str, channels: int, rng: np.random.Generator, count: int) -> Array:
    """Variances after one layer, from Gaussian inputs at the fixed point of the setting, shape (count,)."""
    q, scale = float(stable_variance(setting, 15)), np.sqrt([setting.number("weight_var"), setting.number("bias_var")])
    size = setting.integer("positions") if law == "gaussian" else 1
    start = np.sqrt(q) * rng.standard_normal((count, channels, size, 1))
    layer = kernel(rng, count, channels, setting.integer("taps"), scale, law)
    found = layer.forward(pointwise(setting.activation).forward(start)) ** 2
    return np.asarray(found.mean(axis=(1, 2, 3)))


NOTE = (
    "variance and mode_ratio are those of one layer from the fixed point, exact in expectation; deep_variance and the Jacobian "
    "are those after `depth` layers, with the correction in 1/channels removed."
)
OPTIONS = (
    Option("kernel", "gaussian", "law of the kernels: gaussian or delta-orthogonal"),
    Option("replicates", "40", "networks at each number of channels; more if their Jacobians scatter"),
)
paper = Paper(
    id="cnn-isometry",
    title="Dynamical isometry and a mean field theory of CNNs: how to train 10,000-layer vanilla convolutional neural networks",
    summary=(
        "Signals in wide random convolutional networks propagate as in fully connected ones, each Fourier "
        "mode with a depth scale of its own; delta-orthogonal kernels give dynamical isometry, and with them "
        "vanilla networks of 10,000 layers train."
    ),
    authors=("Lechao Xiao", "Yasaman Bahri", "Jascha Sohl-Dickstein", "Samuel S. Schoenholz", "Jeffrey Pennington"),
    source="https://arxiv.org/abs/1806.05393",
    parameters=PARAMETERS,
    default=setting_of(PARAMETERS, activation("tanh")),
    claims=(covariance, modes, critical, isometry, spectrum, training),
    constants=CONSTANTS,
    validate=validate,
    simulate=simulation(simulate, OPTIONS),
    verdicts={
        "covariance/stated": "proved",
        "modes/stated": "proved",
        "modes/one-scale": "refuted",
        "modes/zero-mode": "proved",
        "criticality/stated": "certified",
        "criticality/cusp": "proved",
        "criticality/any-bias": "refuted",
        "isometry/stated": "proved",
        "isometry/only-delta": "refuted",
        "jacobian-variance/stated": "supported",
        "jacobian-variance/depth-free": "refuted",
        "training/experiment": "unchecked",
    },
    references=(
        "Xiao, Bahri, Sohl-Dickstein, Schoenholz, Pennington: Dynamical isometry and a mean field theory of CNNs. ICML 2018, "
        "arXiv:1806.05393",
        "Pennington, Schoenholz, Ganguli: Resurrecting the sigmoid in deep learning through dynamical isometry. NIPS 2017, "
        "arXiv:1711.04735",
    ),
)
