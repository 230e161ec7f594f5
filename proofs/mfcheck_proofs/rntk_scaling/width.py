"""Finite width: fluctuations of the random network, exactly; the empirical kernel against its limit, sampled."""

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from mfcheck.checks import (
    Case,
    Check,
    Claim,
    Context,
    Growth,
    Kind,
    Note,
    Reading,
    Step,
    claim,
    compared,
    identical,
    identity,
    number,
    proof,
    rate,
    without_signs,
    wrong,
)
from mfcheck.falsify.variants import of_order
from mfcheck.gaussian.exact import expectation
from mfcheck.kernels.arccos import cosine
from mfcheck.kernels.empirical import empirical_kernels, squared_norms
from mfcheck.kernels.rntk import rntk
from mfcheck.statistics import exactly, mean_of
from mfcheck_proofs.rntk_scaling.setting import NO_SINGLE, SECOND, WIDTH, alpha, m

U = 0.5

# --- the empirical kernel --------------------------------------------------------------------------------------------

SCALINGS = {"L^(-1/2)": -0.5, "1": 0.0, "L^(-1/4)": -0.25, "L^(-3/4)": -0.75}
"""alpha at depth L, by its exponent: the cases of the theorems."""


def _distances(rng: np.random.Generator, count: int, width: int, depth: int, power: float) -> NDArray[np.float64]:
    """Return distances of empirical kernels to r_L, alpha = L^power, shape (count,)."""
    scale = float(depth) ** power
    limit = float(rntk(cosine([U]), depth, scale)[0])
    return np.asarray(np.abs(empirical_kernels(rng, count, width, depth, scale, U) - limit))


def along(
    id: str,
    x_label: str,
    where: str,
    cell: Callable[[int], tuple[int, int]],
    plans: Sequence[tuple[Sequence[str], int, Sequence[int]]],
    relation: Literal["==", "<="] = "==",
) -> Check:
    """The check of the order of typical distances of empirical kernels to r_L in the width or the depth.

    `where` says what is fixed, `cell` gives width and depth from what grows, and `plans` are, of each budget, the
    scalings, how many networks of each size, and the sizes.
    """

    def measure(context: Context) -> list[Growth]:
        names, count, sizes = context.budget.pick(*plans)
        rng, found = context.rng(), []
        for name in names:
            samples = [_distances(rng, count, *cell(size), SCALINGS[name]) for size in sizes]
            found.append(Growth(np.array(sizes), np.stack(samples, axis=1), label=f"alpha = {name}"))
        return found

    def domain(context: Context) -> str:
        names, count, sizes = context.budget.pick(*plans)
        at = f"{x_label} = {', '.join(map(str, sizes))}, {count} networks each"
        return f"{where}, u = {U}, {at}; alpha = {', '.join(names)}"

    return rate(
        id,
        "order",
        measure,
        x_label=x_label,
        y_label="typical distance to r_L",
        kind=Kind.SAMPLED,
        relation=relation,
        typical=True,
        domain=domain,
    )


ALL, FAST = tuple(SCALINGS), ("L^(-1/2)", "L^(-3/4)")
WIDTHS = ((ALL[:2], 600, (32, 128, 512)), (ALL, 1500, (32, 128, 512)), (ALL, 4000, (32, 128, 512, 2048)))
DEPTHS = ((FAST[:1], 1200, (8, 32, 128)), (FAST, 1200, (8, 32, 128)), (FAST, 3000, (8, 32, 128, 512)))

finite_width = claim(
    "finite-width",
    title="The empirical kernel approaches r_L",
    statement=("At fixed depth the tangent kernel of a random network of width m differs from r_L by O(m^(-1/2))."),
    source="2403.04545, Section 3 (limit of infinite width)",
    assumptions=("sphere",),
    no_inequality=NO_SINGLE,
    text="Typical error = O(m^order).",
    formulas={"order": -sp.Rational(1, 2)},
    checks=[along("rate", "width m", "L = 8", lambda width: (width, 8), WIDTHS)],
    wrong=of_order(
        "order", -sp.Rational(1, 2), -0.5, 0.5, why="Averages of m independent terms fluctuate like m^(-1/2)."
    ),
    regimes=[WIDTH],
)

# --- width and depth jointly -----------------------------------------------------------------------------------------


def layer_moments(context: Context) -> dict[str, tuple[sp.Expr, sp.Expr]]:
    """|x_l|^2/|x_(l-1)|^2 = 1 + 2 alpha (Q/m)^(1/2) xi + alpha^2 Q chi/m: independent factors, exact moments.

    Q = (2/m) sum relu(z_i)^2 and chi a chi-square of m degrees: given Q the branch is a Gaussian vector.
    """
    z = sp.Symbol("z", real=True)
    relu_2, relu_4 = (expectation(sp.Max(0, z) ** k, [z]) for k in (2, 4))
    q_1, q_2 = 2 * relu_2, 4 / m**2 * (m * relu_4 + m * (m - 1) * relu_2**2)
    chi_1, chi_2 = m, m * expectation(z**4, [z]) + m * (m - 1)
    mean = 1 + alpha**2 * q_1 * chi_1 / m
    square = 1 + 4 * alpha**2 * q_1 / m + alpha**4 * q_2 * chi_2 / m**2 + 2 * alpha**2 * q_1 * chi_1 / m
    return {"mean": (mean, context["mean"]), "ratio": (square / mean**2, context["ratio"])}


def uniform_in_depth(context: Context) -> list[Step]:
    """Moments of one layer, and: E |x_L|^4/(E |x_L|^2)^2 is bounded in L at fixed m iff gamma >= the stated threshold.

    With q = alpha^2 in (0, 1] the excess e of one layer lies between q/m and (11 + 10/m) q/m. So at q = L^(-2 gamma)
    1 + L^(1-2 gamma)/m <= 1 + L e <= (1 + e)^L <= exp(L e) <= exp((11 + 10/m) L^(1-2 gamma)/m).
    """
    q, t = sp.symbols("q t", positive=True)
    excess = m * (context["ratio"] - 1).subs(alpha, sp.sqrt(q))
    return [
        *identical(layer_moments(context)),
        without_signs("excess, above", (11 + 10 / m) * q - excess, q, m),
        without_signs("excess, below", (excess - q).subs(q, 1 / (1 + t)), t, m),
        *identical({"L^(1 - 2 gamma) is bounded iff gamma >= 1/2": (context["threshold"], sp.Rational(1, 2))}),
    ]


JOINT = Note(
    id="open-question-joint-uniformity",
    severity="remark",
    text=(
        "The open question of convergence uniform in width and depth is answered for the second moment of the hidden "
        "state. |x_L|^2 is a product of L independent factors; its relative second moment is exactly (1 + (4 alpha^2 + "
        "alpha^4 (7 + 10/m))/(m (1+alpha^2)^2))^L. At alpha = L^-gamma with gamma >= 1/2 it is at most "
        "exp((11 + 10/m)/m) for every L; with gamma < 1/2 it is at least 1 + L^(1-2 gamma)/m, so that m must grow like "
        "L^(1-2 gamma) to keep it bounded, and faster to bring it near one. That a second moment diverges does not "
        "exclude convergence in a weaker sense. Nothing is proved here of the kernel itself."
    ),
)


NETWORKS = (4000, 16_000, 64_000)


def second_moment(context: Context) -> list[Case]:
    """Second moment of |x_L|^2 over (1 + alpha^2)^L: sampled, and the power of that of one layer."""
    squares = squared_norms(context.rng(), context.budget.pick(*NETWORKS), 16, 6, 0.7) / (1 + 0.7**2) ** 6
    return [Case(mean_of(squares**2), exactly(number(context, "ratio", {alpha: sp.Rational(7, 10), m: 16}) ** 6))]


joint_stated = Reading(
    "stated",
    "Moments of one layer, and the smallest gamma at which the second moment is bounded in L.",
    {"mean": 1 + alpha**2, "ratio": SECOND, "threshold": sp.Rational(1, 2)},
    checks=[
        identity(
            "moments",
            ["mean", "ratio"],
            lambda context: layer_moments(context).values(),
            domain="every alpha and m; the moments of |x_L|^2 are L-th powers",
            whole=False,
        ),
        proof(
            "threshold",
            ["mean", "ratio", "threshold"],
            uniform_in_depth,
            kind=Kind.EXACT,
            domain="every alpha and m; every gamma >= 0 and L",
            lhs="bounded in L",
            rhs="gamma >= {threshold}",
            notes=[JOINT],
        ),
        compared(
            "sampled",
            "ratio",
            second_moment,
            kind=Kind.SAMPLED,
            resolution=0.2,
            domain=lambda context: f"alpha = 0.7, m = 16, L = 6; {context.budget.pick(*NETWORKS)} networks",
        ),
    ],
    wrong=[
        wrong("mean-no-square", {"mean": 1 + alpha}, "The branch has mean square alpha^2.", checks=["moments"]),
        wrong("ratio-doubled", {"ratio": 2 * SECOND - 1}, "The second moment is exact.", checks=["moments", "sampled"]),
        wrong(
            "threshold-quarter",
            {"threshold": sp.Rational(1, 4)},
            "At gamma = 1/4 the exponent of the second moment grows like L^(1/2).",
        ),
    ],
)
joint_kernel = Reading(
    "kernel",
    "For gamma >= 1/2 the distance of the empirical kernel to r_L at fixed width stays bounded in L.",
    {"order": sp.Integer(0)},
    checks=[along("depth", "depth L", "m = 64", lambda depth: (64, depth), DEPTHS, "<=")],
    wrong=of_order(
        "order", sp.Integer(0), -0.5, why="At gamma = 1/2 depth does not average the fluctuations of a layer out."
    ),
)
joint = Claim(
    "width-and-depth",
    title="Width and depth jointly",
    statement=(
        "E|x_L|^2 = (1 + alpha^2)^L |x_0|^2, and the relative second moment of |x_L|^2 is the L-th power of "
        "1 + (4 alpha^2 + alpha^4 (7 + 10/m))/(m (1+alpha^2)^2); for alpha = L^-gamma it is bounded in L at fixed m, "
        "by exp((11 + 10/m)/m), iff gamma >= 1/2."
    ),
    source="2403.04545, open question on uniformity in m and L",
    known="derived here",
    no_inequality=NO_SINGLE,
    readings=[joint_stated, joint_kernel],
)
