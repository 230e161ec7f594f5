"""What each claim assumes, and the regimes in which its assumptions have to be met."""

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from math import ceil

from flint import ctx

from mfcheck.claims import Claim, Data, Proof, Regime, Setting
from mfcheck.errors import InputError
from mfcheck.rigor.ball import bounds, exact
from mfcheck.symbolic.circle import IDENTITIES, WORDS, circle_points
from mfcheck_proofs.rntk_scaling.setting import allowed_variance, excess
from mfcheck_proofs.rntk_scaling.symbols import L, m

LEAST_WIDTH = 10
"""From this width on, 7 + 10/m <= 8, which the bound of `width_for_every_depth` uses."""


def wide_enough(setting: Setting) -> int:
    """Return a width that serves for every depth: `4/m <= log(1 + delta epsilon^2)`, `m >= LEAST_WIDTH`."""
    with ctx.workprec(64):
        needed = 4 / exact(1 + allowed_variance(setting)).log()
        return max(LEAST_WIDTH, ceil(Fraction(bounds(needed, 12)[1])))


def deep(setting: Setting, depth: int) -> Setting:
    """Return the setting at another depth, its width enlarged if it does not serve for every depth."""
    width = max(setting["width"], Fraction(wide_enough(setting)))
    return setting.with_values(depth=depth, width=width)


def width_for_every_depth(_: Setting) -> Proof:
    """Bound the relative variance of |x_L|^2 at alpha = L^(-1/2) for all L by `exp(4/m) - 1`."""
    rest = ((1 - 10 / m) * L + 4) / (m * (L + 1) ** 2)
    return Proof(
        r"with $x$ the share that a layer adds (greatest at $\gamma = 1/2$), $(1 + x)^L \le e^{L x}$ and $4/m - L x = "
        r"\frac{(1 - 10/m) L + 4}{m (L + 1)^2} \ge 0$ for $m \ge 10$: the variance is at most $e^{4/m} - 1$ at every "
        r"$L$, and $4/m \le \log(1 + \delta\varepsilon^2)$ for this width",
        ("wide",),
        identities=((4 / m - L * excess(L, m), rest),),
    )


def many_points(setting: Setting, n: int) -> Setting:
    """Return the setting with n rational points of a circle, labels +1, -1 alternating.

    Raises:
        InputError: in one dimension there are two unit points only.
    """
    if setting.data.d == 1:
        raise InputError("the unit sphere of one dimension has two points")
    labels = tuple(Fraction((-1) ** i) for i in range(n))
    points = circle_points(n, setting.data.d)
    return replace(setting, data=Data(points, labels, origin=f"{n} rational points of a circle"))


DEPTH = Regime(
    "depth-grows",
    r"one data set, $L \to \infty$",
    "L",
    indices=(1, 100, 10_000),
    varies=("depth",),
    witness=deep,
)
WIDE = Regime(
    "depth-grows-at-one-width",
    r"one data set, $L \to \infty$ at one width, $\alpha = L^{-\gamma}$ with $\gamma \ge 1/2$",
    "L",
    indices=(1, 100, 10_000),
    varies=("depth",),
    witness=deep,
    every=width_for_every_depth,
    checks=("joint-threshold",),
)
WIDTH = Regime(
    "width-grows",
    r"one data set and depth, $m \to \infty$",
    "m",
    indices=(1024, 2**20),
    varies=("width",),
    witness=lambda setting, width: setting.with_values(width=width),
)
SAMPLES = Regime(
    "samples-grow",
    r"$n \to \infty$ distinct points, width and depth fixed",
    "n",
    varies=("points", "labels"),
    witness=many_points,
    every=lambda _: Proof(WORDS, ("sphere",), identities=IDENTITIES),
)

ASSUMED: Mapping[str, tuple[str, ...]] = {
    "kernel-recursion": ("sphere",),
    "correlation-to-one": ("sphere",),
    "theorem-1-constant": ("sphere",),
    "theorem-2-slow": ("sphere",),
    "critical-scaling": ("sphere",),
    "theorem-3-fast": ("sphere",),
    "positive-definite": ("sphere",),
    "early-stopping": ("sphere", "wide"),
    "rapid-decay": ("sphere", "wide"),
    "finite-width": ("sphere",),
}
"""By claim; those about functions of one variable, or about networks without data, assume nothing."""

REGIMES: Mapping[str, Regime] = {
    "correlation-to-one": DEPTH,
    "theorem-1-constant": DEPTH,
    "theorem-2-slow": DEPTH,
    "critical-scaling": DEPTH,
    "theorem-3-fast": DEPTH,
    "early-stopping": SAMPLES,
    "rapid-decay": WIDE,
    "finite-width": WIDTH,
}
"""By claim, for all its readings; a claim that is not listed speaks about one setting."""


def with_assumptions(claim: Claim) -> Claim:
    """Return the claim with what it assumes, each reading with its regime."""
    assumed = ASSUMED.get(claim.id, claim.assumptions)
    if claim.id not in REGIMES:
        return replace(claim, assumptions=assumed)
    regimes = (REGIMES[claim.id],)
    readings = tuple(replace(reading, regimes=regimes) for reading in claim.readings)
    return replace(claim, assumptions=assumed, readings=readings)
