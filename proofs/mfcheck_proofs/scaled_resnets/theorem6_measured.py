"""What Theorem 6 is worth: test error of the trained flow against the bound."""

import math
from dataclasses import replace
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
from mfcheck.points.data import rounded
from mfcheck.points.sphere import sphere
from mfcheck.statistics import mean_of
from mfcheck_proofs.scaled_resnets.attacks import BETA, TRAINED, attack, side
from mfcheck_proofs.scaled_resnets.flow import ASSUMPTIONS, problem
from mfcheck_proofs.scaled_resnets.regimes import ABOVE
from mfcheck_proofs.scaled_resnets.setting import needs_smooth_activation
from mfcheck_proofs.scaled_resnets.theorem6 import NEEDED
from mfcheck_proofs.scaled_resnets.values import number, quoted, stated, value_of

Array = NDArray[np.float64]

DIMENSION = 5
TESTS = 4000


def _sample(setting: Setting, x: Array, y: Array, at: Fraction) -> Setting:
    data = rounded(x, y, "uniform points, sign of a linear map", digits=9)
    return replace(setting, data=data).with_values(beta=at)


SIZES = Numerics(depth=4, particles=256, loss_factor=1e-4)
COARSER = (replace(SIZES, depth=2), replace(SIZES, particles=128), replace(SIZES, tolerance=8 * SIZES.tolerance))
"""Half the depth, half the particles, a coarser time step: each difference enters the error."""
SEEDS = 5


def _wrong_signs(setting: Setting, sizes: Numerics, x: Array, y: Array) -> float:
    """Train one flow on the setting's data and return the share of wrong signs on `x`."""
    start: Problem = problem(setting, setting.number("beta"))
    state = integrate(start, sizes).final
    probe = Flow(replace(start, X=x, y=y), sizes, state)
    return float(np.mean((probe.residual(state) + y) * y <= 0))


def _test_error(setting: Setting, seed: int, x: Array, y: Array) -> Estimate:
    """Return the probability of a wrong sign; its bias covers test points, depth, particles and time step."""
    shares = [_wrong_signs(setting, replace(SIZES, seed=seed + k), x, y) for k in range(SEEDS)]
    mean = float(np.mean(shares))
    interval = stats.binomtest(round(mean * TESTS), TESTS).proportion_ci(0.999, "exact")
    coarser = [_wrong_signs(setting, replace(sizes, seed=seed), x, y) for sizes in COARSER]
    resolution = sum(abs(share - shares[0]) for share in coarser)
    return mean_of(shares, bias=float(max(interval.high - mean, mean - interval.low) + resolution))


def measured_error(context: Context) -> Evidence:
    """Test error of the trained flow for the sign of a linear map, against the bound with explicit constants."""
    rng = context.rng()
    v = np.eye(DIMENSION)[0]
    sizes = context.budget.pick((4, 8), (4, 8, 16), (4, 8, 16, 32))
    x_test = sphere(rng, TESTS, DIMENSION)
    y_test = np.where(x_test @ v >= 0, 1.0, -1.0)
    found, limits, betas = [], [], []
    for size in sizes:
        x = sphere(rng, size, DIMENSION)
        setting = _sample(context.setting, x, np.where(x @ v >= 0, 1, -1), Fraction(1000))
        threshold = value_of(setting, "beta_threshold")
        if not threshold.is_finite():
            return Evidence(passed=None, cases=0, reason="no finite beta is known to be admissible")
        setting = setting.with_values(beta=Fraction(int(float(threshold.upper())) + 1))
        found.append(_test_error(setting, context.seed, x_test, y_test))
        limits.append(number(replace(context, setting=setting), context["bound"]))
        betas.append(setting.number("beta"))
    cases = [Case(error, stated(limit), f"n = {size}") for size, error, limit in zip(sizes, found, limits, strict=True)]
    listed = ", ".join(
        rf"$n = {k}$: {quoted(error)} against {bound:.3g}" for k, error, bound in zip(sizes, found, limits, strict=True)
    )
    text = (
        rf"Test error of the trained flow (teacher: the sign of a linear map, uniform points, $d = {DIMENSION}$) "
        f"against the bound of Theorem 6 with explicit constants: {listed}.{_looseness(found, limits)}"
    )
    y, error = tuple(e.value for e in found), tuple(e.error for e in found)
    plot = Plot(
        id="measured-error",
        title="Test error of the trained flow, and the bound",
        x_label="$n$",
        y_label="probability of a wrong sign",
        x_log=True,
        y_log=True,
        curves=(
            Curve(label="measured", x=sizes, y=y, error=error, style="points"),
            Curve(label="bound with explicit constants", x=sizes, y=tuple(limits), style="bound"),
        ),
    )
    domain = (
        rf"sign of a linear map, $n = {', '.join(map(str, sizes))}$ with $\beta = "
        rf"{', '.join(f'{b:.4g}' for b in betas)}$, {TESTS} test points, {SEEDS} seeds from {context.seed}"
    )
    note = Note(id="theorem-6-measured", severity="minor", text=text)
    return decide(cases, Standard("<=", alarm=context.alarm), domain, plot=plot, notes=(note,))


def _looseness(found: list[Estimate], stated: list[float]) -> str:
    """Say by how much the bounds exceed the errors at least, each error at its upper end; nothing if one does not."""
    factor = min(bound / (error.value + error.error) for error, bound in zip(found, stated, strict=True))
    vacuous = " All bounds are above one and say nothing." if min(stated) > 1 else ""
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
