"""What Theorem 6 is worth: test error of the trained flow against the bound."""

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import sympy as sp
from numpy.typing import NDArray
from scipy import stats

from mfcheck.claims import (
    Check,
    Context,
    Curve,
    Data,
    Estimate,
    Evidence,
    Kind,
    Note,
    PlantedError,
    Plot,
    Reading,
    Setting,
)
from mfcheck.dynamics.resnet import Flow, Numerics, Problem, integrate
from mfcheck.statistics.compare import all_hold, at_most, half_width
from mfcheck_proofs._assemble import assembled
from mfcheck_proofs.scaled_resnets.setting import needs_smooth_activation
from mfcheck_proofs.scaled_resnets.values import number, quoted, value_of

Array = NDArray[np.float64]
ASSUMPTIONS = ("assumption-1", "assumption-2", "assumption-3")

DIMENSION = 5
TESTS = 4000


def _sphere(rng: np.random.Generator, count: int) -> Array:
    x = rng.standard_normal((count, DIMENSION))
    unit: Array = x / np.linalg.norm(x, axis=1, keepdims=True)
    return unit


def _sample(setting: Setting, x: Array, y: Array, at: Fraction) -> Setting:
    points = tuple(tuple(Fraction(f"{v:.9f}") for v in row) for row in x)
    labels = tuple(Fraction(int(v)) for v in y)
    data = Data(points, labels, origin="uniform points, sign of a linear map")
    return replace(setting, data=data).with_values(beta=at)


SIZES = Numerics(depth=4, particles=256, loss_factor=1e-4)
COARSER = (
    replace(SIZES, depth=2),
    replace(SIZES, particles=128),
    replace(SIZES, tolerance=8 * SIZES.tolerance),
)
"""Half the depth, half the particles, a coarser time step: each difference enters the error."""
SEEDS = 3


def _wrong_signs(setting: Setting, sizes: Numerics, x: Array, y: Array) -> float:
    """Train one flow on the setting's data and return the share of wrong signs on `x`."""
    start = Problem(
        setting.data.X,
        setting.data.y,
        setting.activation,
        setting.number("alpha"),
        setting.number("beta"),
    )
    state = integrate(start, sizes).final
    probe = Flow(replace(start, X=x, y=y), sizes, state)
    return float(np.mean((probe.residual(state) + y) * y <= 0))


def _test_error(setting: Setting, seed: int, x: Array, y: Array) -> Estimate:
    """Return the probability of a wrong sign; its error covers test points, seeds, depth, particles and time step."""
    shares = [_wrong_signs(setting, replace(SIZES, seed=seed + k), x, y) for k in range(SEEDS)]
    mean = float(np.mean(shares))
    interval = stats.binomtest(round(mean * TESTS), TESTS).proportion_ci(0.999, "exact")
    spread = float(half_width(np.array(shares)))
    coarser = [_wrong_signs(setting, replace(sizes, seed=seed), x, y) for sizes in COARSER]
    resolution = sum(abs(share - shares[0]) for share in coarser)
    sampling = max(interval.high - mean, mean - interval.low)
    return Estimate(value=mean, error=float(sampling + spread + resolution))


def measured_error(context: Context) -> Evidence:
    """Test error of the trained flow for the sign of a linear map, against the bound with explicit constants."""
    rng = context.rng()
    v = np.eye(DIMENSION)[0]
    sizes = context.budget.pick((4, 8), (4, 8, 16), (4, 8, 16, 32))
    x_test = _sphere(rng, TESTS)
    y_test = np.where(x_test @ v >= 0, 1.0, -1.0)
    found, stated, betas = [], [], []
    for size in sizes:
        x = _sphere(rng, size)
        setting = _sample(context.setting, x, np.where(x @ v >= 0, 1, -1), Fraction(1000))
        threshold = value_of(setting, "beta_threshold")
        if not threshold.is_finite():
            return Evidence(passed=None, cases=0, reason="no finite beta is known to be admissible")
        setting = setting.with_values(beta=Fraction(int(float(threshold.upper())) + 1))
        found.append(_test_error(setting, context.seed, x_test, y_test))
        stated.append(number(replace(context, setting=setting), context["bound"]))
        betas.append(setting.number("beta"))
    answers = [
        at_most(error, Estimate(value=bound, error=0.0))
        for error, bound in zip(found, stated, strict=True)
    ]
    passed = all_hold(answers)
    listed = ", ".join(
        rf"$n = {k}$: {quoted(error)} against {bound:.3g}"
        for k, error, bound in zip(sizes, found, stated, strict=True)
    )
    text = (
        rf"Test error of the trained flow (teacher: the sign of a linear map, uniform points, $d = {DIMENSION}$) "
        f"against the bound of Theorem 6 with explicit constants: {listed}.{_looseness(found, stated)}"
    )
    x_axis = tuple(map(float, sizes))
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
                x=x_axis,
                y=tuple(e.value for e in found),
                error=tuple(e.error for e in found),
                style="points",
            ),
            Curve(label="bound with explicit constants", x=x_axis, y=tuple(stated), style="bound"),
        ),
    )
    return Evidence(
        passed=passed,
        lhs=found[-1],
        rhs=Estimate(value=stated[-1], error=1e-9 * stated[-1]),
        slack=stated[-1] / max(found[-1].value, 1e-9),
        error=found[-1].error,
        cases=len(sizes),
        domain=(
            rf"sign of a linear map, $n = {', '.join(map(str, sizes))}$ with $\beta = "
            rf"{', '.join(f'{b:.4g}' for b in betas)}$, {TESTS} test points, {SEEDS} seeds from {context.seed}"
        ),
        reason={
            True: "",
            False: "the measured error exceeds the bound",
            None: "the margin is below the error",
        }[passed],
        notes=(Note(id="theorem-6-measured", severity="minor", text=text),) if passed else (),
        plots=(plot,),
    )


def _looseness(found: list[Estimate], stated: list[float]) -> str:
    """Say by how much the bounds exceed the errors at least, each error at its upper end; nothing if one does not."""
    factor = min(
        bound / (error.value + error.error) for error, bound in zip(found, stated, strict=True)
    )
    vacuous = " All bounds are above one and say nothing." if min(stated) > 1 else ""
    if factor <= 1:
        return vacuous
    return f"{vacuous} The bounds exceed the measured error by a factor of {math.floor(factor)} at least."


bound_symbol = sp.Symbol("B_gen", nonnegative=True)
measured = assembled(
    id="theorem-6-measured",
    title="Theorem 6, measured: test error against the bound",
    statement="The test error of the trained network is at most the bound of Theorem 6 with explicit constants.",
    source="arXiv 2403.09889, Theorem 6",
    assumptions=ASSUMPTIONS,
    readings=(
        Reading(
            "stated",
            "The bound, for independent uniform samples.",
            {"bound": bound_symbol},
            needs=needs_smooth_activation,
        ),
    ),
    checks=(Check("theorem-6-test-error", Kind.SIMULATED, measured_error),),
    planted=(
        PlantedError(
            "theorem-6-test-error-scaled",
            "constant scaled",
            {"bound": bound_symbol / 10**7},
            "With few points on the sphere a wrong sign has a probability of several percent.",
            ("theorem-6-test-error",),
        ),
    ),
)

CLAIMS = (measured,)
