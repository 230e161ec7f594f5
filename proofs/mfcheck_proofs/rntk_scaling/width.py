"""Finite width: fluctuations of the random network, exactly; the empirical kernel against its limit, sampled."""

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from mfcheck.claims import (
    Check,
    Claim,
    Context,
    Curve,
    Estimate,
    Evidence,
    Kind,
    Note,
    PlantedError,
    Plot,
    Reading,
    Scope,
)
from mfcheck.claims.compare import agrees
from mfcheck.kernels.arccos import cosine
from mfcheck.kernels.rntk import rntk
from mfcheck.symbolic.gaussian import expectation
from mfcheck.symbolic.identity import identities
from mfcheck_proofs.rntk_scaling.proofs import Step, conclude
from mfcheck_proofs.rntk_scaling.symbols import L, alpha, m

Array = NDArray[np.float64]
DEPTH = 8
U = 0.5

# --- the empirical kernel --------------------------------------------------------------------------------------------


def empirical_kernel(
    rng: np.random.Generator, width: int, depth: int, alpha: float, u: float
) -> float:
    """Return the tangent kernel of V and W of one random network over its mean at u = 1, for inputs of cosine u.

    <grad f(x), grad f(x')> = (alpha^2/m) sum_l <delta_l, delta_l'> <phi_l, phi_l'>
    + (2 alpha^2/m^2) sum_l <1 V^T delta_l, 1' V^T delta_l'> <x_(l-1), x_(l-1)'>, delta_L = v.
    """
    x = rng.standard_normal((width, 2)) @ np.array([[1, u], [0, np.sqrt(1 - u**2)]])
    x /= np.sqrt(width)
    states, layers = [x], []
    for _ in range(depth):
        W, V = rng.standard_normal((2, width, width), dtype=np.float32)
        preactivation = np.sqrt(2 / width) * W @ states[-1]
        layers.append((W, V, preactivation))
        states.append(states[-1] + alpha / np.sqrt(width) * V @ np.maximum(preactivation, 0))
    delta = np.repeat(rng.standard_normal((width, 1)), 2, axis=1)
    total = 0.0
    for (W, V, preactivation), below in zip(layers[::-1], states[-2::-1], strict=True):
        phi, back = np.maximum(preactivation, 0), (preactivation > 0) * (V.T @ delta)
        total += alpha**2 / width * (delta[:, 0] @ delta[:, 1]) * (phi[:, 0] @ phi[:, 1])
        total += 2 * alpha**2 / width**2 * (back[:, 0] @ back[:, 1]) * (below[:, 0] @ below[:, 1])
        delta = delta + alpha * np.sqrt(2) / width * W.T @ back
    return float(total / (2 * depth * alpha**2 * (1 + alpha**2) ** (depth - 1)))


SCALINGS = {"L^(-1/2)": -0.5, "1": 0.0, "L^(-1/4)": -0.25, "L^(-3/4)": -0.75}
"""alpha at depth L, by its exponent: the cases of the theorems."""


def width_rate(context: Context) -> Evidence:
    """Median distance of the empirical kernel to r_L against m: fitted exponent, three standard errors, worst alpha.

    The median, since at alpha = 1 the tails are heavy; its relative standard error is 1.17/sqrt(n) for a Gaussian.
    """
    rng, repeats = context.rng(), context.budget.pick(240, 240, 1600)
    widths = np.array(context.budget.pick([24, 72, 200], [24, 72, 200], [24, 72, 216, 648]))
    names = list(SCALINGS)[: context.budget.pick(1, 4, 4)]
    stated = float(context["order"])
    fits, curves = [], []
    for name in names:
        typical = np.median(_errors(rng, widths, repeats, DEPTH ** SCALINGS[name]), axis=1)
        spread = MEDIAN_ERROR / np.sqrt(repeats) * typical
        x = np.log(widths) - np.log(widths).mean()
        weights = x / (x @ x)
        error = 3 * float(np.sqrt(weights**2 @ (spread / typical) ** 2))
        fits.append(Estimate(value=float(weights @ np.log(typical)), error=error))
        points = (
            tuple(map(float, widths)),
            tuple(map(float, typical)),
            tuple(map(float, 3 * spread)),
        )
        curves.append(
            Curve(
                label=f"alpha = {name}", x=points[0], y=points[1], error=points[2], style="points"
            )
        )
    worst = max(fits, key=lambda f: abs(f.value - stated) - f.error)
    passed = agrees(worst, Estimate(value=stated, error=0.0), RESOLUTION / max(abs(stated), 0.5))
    plot = Plot(
        id="width-rate",
        title="Empirical kernel at finite width",
        x_label="width m",
        y_label="median distance to r_L",
        x_log=True,
        y_log=True,
        curves=tuple(curves),
    )
    return Evidence(
        passed=passed,
        lhs=worst,
        rhs=Estimate(value=stated, error=0.0),
        error=worst.error,
        cases=repeats * len(widths) * len(names),
        domain=f"L = {DEPTH}, u = {U}; alpha = {', '.join(names)}; {repeats} networks a width, seed {context.seed}",
        reason="" if passed else f"fitted exponent {worst.value:.3g} +- {worst.error:.2g}",
        plots=(plot,),
    )


RESOLUTION = 0.2
"""An exponent whose error is larger cannot tell neighbouring half-integers apart."""

MEDIAN_ERROR = 1.25
"""Relative standard error of a median of absolute values, times the root of their number, rounded up."""


def _errors(rng: np.random.Generator, widths: Array, repeats: int, scale: float) -> Array:
    """Return distances of empirical kernels to r_L, shape (widths, repeats)."""
    limit = float(rntk(cosine([U]), DEPTH, scale)[0])
    kernels = [
        [empirical_kernel(rng, int(w), DEPTH, scale, U) for _ in range(repeats)] for w in widths
    ]
    return np.asarray(np.abs(np.array(kernels) - limit))


finite_width = Claim(
    id="finite-width",
    title="The empirical kernel approaches r_L",
    statement="At fixed depth the tangent kernel of a random network of width m differs from r_L by O(m^(-1/2)).",
    source="2403.04545, Section 3 (limit of infinite width)",
    readings=(Reading("stated", "Typical error = O(m^order).", {"order": -sp.Rational(1, 2)}),),
    checks=(Check("width-rate", Kind.SAMPLED, width_rate),),
    planted=tuple(
        PlantedError(
            f"width-order-{name}",
            "exponent off",
            {"order": sp.Rational(text)},
            "Averages of m independent tetypical fluctuate like m^(-1/2).",
            ("width-rate",),
        )
        for name, text in (("one", "-1"), ("zero", "0"))
    ),
)

# --- width and depth jointly -----------------------------------------------------------------------------------------

SECOND = 1 + (4 * alpha**2 + alpha**4 * (7 + 10 / m)) / (m * (1 + alpha**2) ** 2)


def layer_moments(context: Context) -> Evidence:
    """|x_l|^2/|x_(l-1)|^2 = 1 + 2 alpha (Q/m)^(1/2) xi + alpha^2 Q chi/m: independent factors, exact moments.

    Q = (2/m) sum relu(z_i)^2 and chi a chi-square of m degrees: given Q the branch is a Gaussian vector.
    """
    z = sp.Symbol("z", real=True)
    relu_2, relu_4 = (
        sp.integrate(z**k * sp.exp(-(z**2) / 2) / sp.sqrt(2 * sp.pi), (z, 0, sp.oo)) for k in (2, 4)
    )
    q_1, q_2 = 2 * relu_2, 4 / m**2 * (m * relu_4 + m * (m - 1) * relu_2**2)
    fourth = expectation(z**4, [z])
    chi_1, chi_2 = m, m * fourth + m * (m - 1)
    mean = 1 + alpha**2 * q_1 * chi_1 / m
    square = (
        1 + 4 * alpha**2 * q_1 / m + alpha**4 * q_2 * chi_2 / m**2 + 2 * alpha**2 * q_1 * chi_1 / m
    )
    pairs = [(mean, context["mean"]), (square / mean**2, context["ratio"])]
    return identities(
        pairs, "every alpha and m; the moments of |x_L|^2 are L-th powers", Scope.WHOLE
    )


def uniform_in_depth(context: Context) -> Evidence:
    """L log E X^2/(E X)^2 stays bounded as L grows at fixed m iff gamma >= the stated threshold."""
    steps = []
    for exponent in (
        sp.Integer(0),
        sp.Rational(1, 4),
        sp.Rational(49, 100),
        sp.Rational(1, 2),
        sp.Rational(3, 4),
        sp.Integer(1),
    ):
        excess = L * (SECOND - 1).subs(alpha, L**-exponent)
        top = sp.limit(excess.subs(m, 7), L, sp.oo)
        bounded = bool(top.is_finite)
        stated = bool(exponent >= context["threshold"])
        steps.append(
            Step(f"gamma = {exponent}", bounded == stated, f"L (ratio - 1) tends to {top}")
        )
    text = (
        "The open question of convergence uniform in width and depth is answered in part. |x_L|^2 is a product of "
        "L independent "
        "factors; its relative second moment is exactly (1 + (4 alpha^2 + alpha^4 (7 + 10/m))/(m "
        "(1+alpha^2)^2))^L. It is "
        "1 + O(1/m) uniformly in L iff L alpha^2 stays bounded (gamma >= 1/2); for gamma < 1/2 it is near "
        "exp(4 L^(1-2 gamma)/m), and no limit uniform in L exists at any width: m must grow faster than L^(1-2 "
        "gamma). Uniform "
        "convergence of the kernel itself for gamma >= 1/2 is not proved here; samples at fixed depth agree with it."
    )
    note = Note(id="open-question-joint-uniformity", severity="remark", text=text)
    return conclude(
        steps,
        "gamma = 0, 1/4, 0.49, 1/2, 3/4, 1; fixed m",
        "bounded in L",
        f"gamma >= {context['threshold']}",
        (note,),
        scope=Scope.CASES,
    )


def norm_sampled(context: Context) -> Evidence:
    """Sampled |x_L|^2 of networks of width 16 against the exact second moment."""
    rng, width, depth = context.rng(), 16, 6
    count = context.budget.pick(4000, 16_000, 64_000)
    x = np.zeros((count, width))
    x[:, 0] = 1.0
    for _ in range(depth):
        W, V = rng.standard_normal((2, count, width, width))
        phi = np.maximum(np.sqrt(2 / width) * np.einsum("nij,nj->ni", W, x), 0)
        x = x + 0.7 / np.sqrt(width) * np.einsum("nij,nj->ni", V, phi)
    squares = np.einsum("ni,ni->n", x, x) / (1 + 0.49) ** depth
    mean, error = float((squares**2).mean()), 4 * float((squares**2).std(ddof=1)) / np.sqrt(count)
    exact = float(context["ratio"].subs({alpha: sp.Rational(7, 10), m: width})) ** depth
    agree = abs(mean - exact) <= error
    return Evidence(
        passed=agree if error < 0.2 * exact else None,
        lhs=Estimate(value=mean, error=error),
        rhs=Estimate(value=exact, error=0.0),
        error=error,
        cases=count,
        domain=f"alpha = 0.7, m = 16, L = 6; {count} networks, four standard errors",
        reason="" if agree else "the sampled second moment differs",
    )


CHECKS = ("joint-moments", "joint-threshold", "joint-sampled")
joint = Claim(
    id="width-and-depth",
    title="Width and depth jointly",
    statement=(
        "E|x_L|^2 = (1 + alpha^2)^L |x_0|^2, and the relative second moment of |x_L|^2 is the L-th power of "
        "1 + (4 alpha^2 + alpha^4 (7 + 10/m))/(m (1+alpha^2)^2); it stays near one uniformly in L iff gamma >= 1/2."
    ),
    source="2403.04545, open question on uniformity in m and L",
    readings=(
        Reading(
            "stated",
            "Moments of one layer, and the smallest gamma with bounded fluctuations.",
            {"mean": 1 + alpha**2, "ratio": SECOND, "threshold": sp.Rational(1, 2)},
        ),
    ),
    checks=(
        Check(CHECKS[0], Kind.EXACT, layer_moments),
        Check(CHECKS[1], Kind.EXACT, uniform_in_depth),
        Check(CHECKS[2], Kind.SAMPLED, norm_sampled),
    ),
    planted=(
        PlantedError(
            "joint-mean-no-square",
            "exponent off",
            {"mean": 1 + alpha},
            "The branch has mean square alpha^2.",
            CHECKS[:1],
        ),
        PlantedError(
            "joint-ratio-doubled",
            "constant scaled",
            {"ratio": 2 * SECOND - 1},
            "The second moment is exact.",
            (CHECKS[0], CHECKS[2]),
        ),
        PlantedError(
            "joint-threshold-quarter",
            "exponent off",
            {"threshold": sp.Rational(1, 4)},
            "At gamma = 1/4 the exponent of the second moment grows like L^(1/2).",
            CHECKS[1:2],
        ),
    ),
)

CLAIMS = (finite_width, joint)
