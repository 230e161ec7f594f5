"""What Theorem 6 is worth: test error of the trained flow against the bound."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import sympy as sp
from numpy.typing import NDArray
from scipy import stats

from mfcheck.checks import (
    Case,
    Claim,
    Context,
    Curve,
    Estimate,
    Evidence,
    Kind,
    Note,
    Plot,
    Reading,
    Standard,
    custom,
    decide,
    wrong,
)
from mfcheck.claims import Setting
from mfcheck.dynamics.resnet import Flow, Numerics, Problem, integrate
from mfcheck.errors import InputError
from mfcheck.points.data import rounded
from mfcheck.points.sphere import sphere
from mfcheck.statistics import exactly, mean_of
from mfcheck_proofs.scaled_resnets.attacks import BETA, TRAINED, attack, side
from mfcheck_proofs.scaled_resnets.flow import ASSUMPTIONS, problem
from mfcheck_proofs.scaled_resnets.regimes import ABOVE
from mfcheck_proofs.scaled_resnets.setting import needs_smooth_activation
from mfcheck_proofs.scaled_resnets.theorem6 import NEEDED
from mfcheck_proofs.scaled_resnets.values import number, quoted, value_of

Array = NDArray[np.float64]

DIMENSION = 5
TESTS = 4000


def _sample(setting: Setting, x: Array, y: Array, at: Fraction) -> Setting:
    data = rounded(x, y, "uniform points, sign of a linear map", digits=9)
    return replace(setting, data=data).with_values(beta=at)


SIZES = Numerics(depth=4, particles=256, loss_factor=1e-4)
COARSER = (replace(SIZES, depth=2), replace(SIZES, particles=128), replace(SIZES, tolerance=8 * SIZES.tolerance))
"""Half the depth, half the particles, a coarser time step: each difference enters the error."""
DRAWS = 16
"""As many as it takes to tell an error of a quarter from none at the false-alarm rate of a review."""


@dataclass(frozen=True)
class Measured:
    """At one number of points: the mean test error over draws of the data, the bounds of these draws, their beta."""

    size: int
    error: Estimate
    bounds: tuple[float, ...]
    betas: tuple[float, ...]

    @property
    def bound(self) -> Estimate:
        """The bounds of all draws as one number: what is below holds with each of them, what is above with none."""
        least, largest = min(self.bounds), max(self.bounds)
        return exactly((least + largest) / 2, (largest - least) / 2 + 1e-12 * largest)


def _wrong_signs(setting: Setting, sizes: Numerics, x: Array, y: Array) -> float:
    """Train one flow on the setting's data and return the share of wrong signs on `x`."""
    start: Problem = problem(setting, setting.number("beta"))
    state = integrate(start, sizes).final
    probe = Flow(replace(start, X=x, y=y), sizes, state)
    return float(np.mean((probe.residual(state) + y) * y <= 0))


def labels_of(x: Array) -> Array:
    """Return the teacher's labels of unit rows: the sign of the first coordinate.

    The law of the points and of the weights at the start is invariant under rotations, so that every linear teacher
    gives the same law of the test error: no draw of a teacher is missing from the error.
    """
    return np.where(x[:, 0] >= 0, 1.0, -1.0)


def draws(setting: Setting, size: int, rng: np.random.Generator) -> list[Setting]:
    """Return the setting with independent samples of labelled points, beta just above the threshold of each.

    Raises:
        InputError: no finite beta is known to be admissible for one of them.
    """
    found = []
    for _ in range(DRAWS):
        x = sphere(rng, size, DIMENSION)
        drawn = _sample(setting, x, labels_of(x), Fraction(1000))
        threshold = value_of(drawn, "beta_threshold")
        if not threshold.is_finite():
            raise InputError("no finite beta is known to be admissible")
        found.append(drawn.with_values(beta=Fraction(int(float(threshold.upper())) + 1)))
    return found


def mean_error(settings: Sequence[Setting], seed: int, x: Array) -> Estimate:
    """Return the probability of a wrong sign, on average over the draws of the data and of the start.

    Its noise is that of both draws together, its bias covers test points, depth, particles and time step.
    """
    y = labels_of(x)
    shares = [_wrong_signs(s, replace(SIZES, seed=seed + k), x, y) for k, s in enumerate(settings)]
    mean = float(np.mean(shares))
    interval = stats.binomtest(round(mean * len(x)), len(x)).proportion_ci(0.999, "exact")
    coarser = [_wrong_signs(settings[0], replace(sizes, seed=seed), x, y) for sizes in COARSER]
    resolution = sum(abs(share - shares[0]) for share in coarser)
    return mean_of(shares, bias=float(max(interval.high - mean, mean - interval.low) + resolution))


def _measure(context: Context, size: int, rng: np.random.Generator, x_test: Array) -> Measured:
    """Measure at one number of points.

    Raises:
        InputError: no finite bound, or no admissible beta, is known for this activation.
    """
    settings = draws(context.setting, size, rng)
    bounds = tuple(number(replace(context, setting=s), context["bound"]) for s in settings)
    if not np.isfinite(bounds).all():
        raise InputError(
            "the bound is infinite or not known: Theorem 6 needs a bounded activation with a bounded third derivative"
        )
    betas = tuple(s.number("beta") for s in settings)
    return Measured(size, mean_error(settings, context.seed, x_test), bounds, betas)


def measured_error(context: Context) -> Evidence:
    """Test error of the trained flow for the sign of a linear map, against the bound with explicit constants."""
    rng = context.rng()
    x_test = sphere(rng, TESTS, DIMENSION)
    try:
        found = [_measure(context, n, rng, x_test) for n in context.budget.pick((4, 8), (4, 8, 16), (4, 8, 16, 32))]
    except InputError as error:
        return Evidence(passed=None, cases=0, reason=str(error))
    sizes, errors, bounds = zip(*((f.size, f.error, f.bound) for f in found), strict=True)
    cases = [Case(f.error, f.bound, f"n = {f.size}") for f in found]
    listed = ", ".join(rf"$n = {f.size}$: {quoted(f.error)} against {min(f.bounds):.3g}" for f in found)
    text = (
        rf"Test error of the trained flow (teacher: the sign of a linear map, uniform points, $d = {DIMENSION}$; mean "
        rf"over {DRAWS} draws of data and start, whose spread is in the error) against the bound of Theorem 6 with "
        f"explicit constants, the least over the draws: {listed}.{_looseness(found)}"
    )
    plot = Plot(
        id="measured-error",
        title="Test error of the trained flow, and the bound",
        x_label="$n$",
        y_label="probability of a wrong sign",
        x_log=True,
        y_log=True,
        curves=(
            Curve(
                label="measured",
                x=sizes,
                y=tuple(e.value for e in errors),
                error=tuple(e.error for e in errors),
                style="points",
            ),
            Curve(
                label="bound with explicit constants",
                x=sizes,
                y=tuple(b.value - b.error for b in bounds),
                style="bound",
            ),
        ),
    )
    betas = ", ".join(f"{min(f.betas):.4g} to {max(f.betas):.4g}" for f in found)
    domain = (
        rf"sign of a linear map, $n = {', '.join(map(str, sizes))}$ with $\beta$ from {betas}, {TESTS} test points, "
        rf"{DRAWS} draws of data and start, seed {context.seed}"
    )
    note = Note(id="theorem-6-measured", severity="minor", text=text)
    return decide(cases, Standard("<=", alarm=context.alarm), domain, plot=plot, notes=(note,))


def _looseness(found: Sequence[Measured]) -> str:
    """Say by how much the bounds exceed the errors at least, each error at its upper end; nothing if one does not."""
    least = [min(f.bounds) for f in found]
    factor = min(bound / (f.error.value + f.error.error) for f, bound in zip(found, least, strict=True))
    vacuous = " All bounds are above one and say nothing." if min(least) > 1 else ""
    if factor <= 1:
        return vacuous
    return f"{vacuous} The bounds exceed the measured error by a factor of {math.floor(factor)} at least."


bound_symbol = sp.Symbol("B_gen", nonnegative=True)
measured = Claim(
    "theorem-6-measured",
    title="Theorem 6, measured: test error against the bound",
    statement="The test error of the trained network is at most the bound of Theorem 6 with explicit constants.",
    source="arXiv 2403.09889, Theorem 6",
    known="derived here",
    assumptions=ASSUMPTIONS,
    readings=[
        Reading(
            "stated",
            "The bound, for independent uniform samples.",
            {"bound": bound_symbol},
            checks=[custom("test-error", "bound", measured_error, kind=Kind.SIMULATED)],
            wrong=[
                wrong(
                    "tiny",
                    {"bound": bound_symbol / 10**7},
                    "With few points on the sphere a wrong sign has a probability of several percent, and no bound of "
                    "this kind is below its confidence term.",
                    also=["slack-bound-above-confidence"],
                )
            ],
            attack=[
                attack(
                    "bound-above-confidence",
                    "the confidence term, below which no bound of this kind can be, <= the bound with explicit constants",
                    side(NEEDED),
                    side(lambda f: f["bound"]),
                    varies=TRAINED,
                    ranges=(BETA,),
                )
            ],
            needs=needs_smooth_activation,
            regimes=[ABOVE],
        )
    ],
)
