"""What Theorem 6 is worth: test error of the trained flow against the bound."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import sympy as sp
from numpy.typing import NDArray
from scipy import stats

from mfcheck.claims import (
    Check,
    Claim,
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
from mfcheck.claims.compare import at_most
from mfcheck.particles import Flow, Numerics, Problem, integrate
from mfcheck_proofs.scaled_resnets.setting import needs_smooth_activation
from mfcheck_proofs.scaled_resnets.values import number, value_of

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
    data = Data(points, labels, origin="uniform points, linear teacher")
    return replace(setting, data=data).with_values(beta=at)


def _test_error(setting: Setting, seed: int, x: Array, y: Array) -> float:
    """Train one flow on the setting's data and return the share of wrong signs on `x`."""
    start = Problem(
        setting.data.X,
        setting.data.y,
        setting.activation,
        setting.number("alpha"),
        setting.number("beta"),
    )
    sizes = Numerics(depth=4, particles=256, seed=seed, loss_factor=1e-4)
    state = integrate(start, sizes).final
    probe = Flow(replace(start, X=x, y=y), sizes, state)
    return float(np.mean((probe.residual(state) + y) * y <= 0))


def measured_error(context: Context) -> Evidence:
    """Test error of the trained flow for a linear teacher, against the bound with explicit constants."""
    rng = context.rng()
    v = np.eye(DIMENSION)[0]
    sizes = context.budget.pick((4, 8), (4, 8, 16), (4, 8, 16, 32))
    x_test = _sphere(rng, TESTS)
    y_test = np.where(x_test @ v >= 0, 1.0, -1.0)
    errors, widths, stated = [], [], []
    for size in sizes:
        x = _sphere(rng, size)
        setting = _sample(context.setting, x, np.where(x @ v >= 0, 1, -1), Fraction(1000))
        threshold = value_of(setting, "beta_threshold")
        if not threshold.is_finite():
            return Evidence(passed=None, cases=0, reason="no finite beta is known to be admissible")
        setting = setting.with_values(beta=Fraction(int(float(threshold.upper())) + 1))
        seeds = [_test_error(setting, context.seed + k, x_test, y_test) for k in range(2)]
        wrong = round(float(np.mean(seeds)) * TESTS)
        interval = stats.binomtest(wrong, TESTS).proportion_ci(0.999, "exact")
        errors.append(wrong / TESTS)
        widths.append(interval.high - interval.low + abs(seeds[0] - seeds[1]))
        stated.append(number(replace(context, setting=setting), context["bound"]))
    answers = [
        at_most(Estimate(value=e, error=w), Estimate(value=s, error=0.0))
        for e, w, s in zip(errors, widths, stated, strict=True)
    ]
    passed = False if False in answers else None if None in answers else True
    listed = ", ".join(
        f"n = {k}: {e:.3f} ± {w:.3f} against {s:.3g}"
        for k, e, w, s in zip(sizes, errors, widths, stated, strict=True)
    )
    factor = min(s / max(e, 1e-9) for e, s in zip(errors, stated, strict=True))
    text = (
        f"Test error of the trained flow (linear teacher on the sphere of $R^{DIMENSION}$) against the bound of "
        f"Theorem 6 with explicit constants: {listed}. A bound above one is vacuous; it exceeds the "
        f"measured error by a factor of {factor:.3g} at least."
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
            Curve(label="measured", x=x_axis, y=tuple(errors), error=tuple(widths), style="points"),
            Curve(label="bound with explicit constants", x=x_axis, y=tuple(stated), style="bound"),
        ),
    )
    return Evidence(
        passed=passed,
        lhs=Estimate(value=errors[-1], error=widths[-1]),
        rhs=Estimate(value=stated[-1], error=1e-9 * stated[-1]),
        slack=stated[-1] / max(errors[-1], 1e-9),
        error=widths[-1],
        cases=len(sizes),
        domain=f"linear teacher, n = {', '.join(map(str, sizes))}, {TESTS} test points, two seeds from {context.seed}",
        reason="" if passed else "the measured error exceeds the bound",
        notes=(Note(id="theorem-6-measured", severity="minor", text=text),) if passed else (),
        plots=(plot,),
    )


bound_symbol = sp.Symbol("B_gen", nonnegative=True)
measured = Claim(
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
            needs_smooth_activation,
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
