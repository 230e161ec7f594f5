"""Real images in two classes: the Gram matrix along the training of finite networks, test error against the bound."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from itertools import product
from typing import Literal

import numpy as np
from flint import arb
from numpy.typing import NDArray

from mfcheck.checks import Curve, Option, Plot, Setting, curve, picture
from mfcheck.claims.experiment import Cell, Experiment, Numbers, Sweep, curves_by
from mfcheck.claims.record import PointRecord
from mfcheck.dynamics.resnet import FlowError, Numerics, Trajectory, integrate
from mfcheck.dynamics.resnet.classify import wrong_signs
from mfcheck.errors import InputError
from mfcheck.points.data import rounded
from mfcheck.points.images import positive, read_images, wholes
from mfcheck.points.two_classes import OPTIONS, TwoClasses, two_classes
from mfcheck_proofs.scaled_resnets.flow import problem
from mfcheck_proofs.scaled_resnets.setting import DEFAULT, validate
from mfcheck_proofs.scaled_resnets.theorem6 import least_bound
from mfcheck_proofs.scaled_resnets.values import finite

Array = NDArray[np.float64]

TIMES = np.geomspace(0.01, 3, 10)
"""Times in units of n/(beta^2 lambda_0): Theorem 5 says that the loss is at most exp(-time) of its start."""
THRESHOLD = "threshold"

# --- what the theorems say of the data -------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def stated(setting: Setting) -> tuple[Fraction, Mapping[str, float]]:
    """Return what the theorems say of a setting's data, whose beta does not matter, from certified constants.

    The least whole beta that is certainly at least the threshold of Theorem 5, and by name: the smallest eigenvalue of
    the Gram matrix at the start, in the limit of infinite width; the bound of the test error, with explicit constants,
    at that beta; a number that the bound exceeds at every beta; the bound with the limit of beta^2 KL in place of its
    bound, an approximation.

    Raises:
        InputError: a constant has no finite value there.
    """
    nothing = "no finite beta is known to be admissible for these images: take fewer of them"
    beta = Fraction(int(float(finite(setting, "beta_threshold", nothing).upper())) + 1)
    at = setting.with_values(beta=beta)

    def constant(id: str) -> arb:
        return finite(at, id, f"{id} has no finite value for these images")

    confidence = 3 * (constant("confidence") / (2 * at.data.n)).sqrt()
    leading = constant("empirical_ramp") + 2 * constant("rademacher_leading") / float(at["gamma"]) + confidence
    values = {
        "bound": constant("generalization_bound"),
        "bound_any_beta": least_bound(at),
        "leading_order": leading,
        "lambda_0": constant("lambda_min_G2"),
    }
    return beta, {name: float(value.mid()) for name, value in values.items()}


# --- one network -----------------------------------------------------------------------------------------------------


def draw(classes: TwoClasses, alpha: Fraction, rng: np.random.Generator) -> tuple[Setting, Array, Array]:
    """Return the setting of a random training set, and the images and labels of at most 1000 others.

    Raises:
        InputError: two training images are equal, up to a factor.
    """
    X, y, X_test, y_test = classes.split(rng)
    setting = replace(DEFAULT, data=rounded(X, y, classes.origin)).with_values(alpha=alpha)
    validate(setting)
    return setting, X_test, y_test


def train(setting: Setting, width: int, depth: int, seed: int, *, at_threshold: bool) -> Trajectory:
    """Train a residual network of that width and depth by gradient flow on all images, from an antithetic start.

    At the threshold the encoder is held still: it would move by less than double precision resolves.

    Raises:
        InputError: the flow cannot be followed, in one line.
    """
    beta = setting.number("beta")
    sizes = Numerics(
        depth=depth,
        particles=width,
        decoder_particles=width,
        scheme="euler",
        layer_draws="independent",
        seed=seed,
        tolerance=1e-3,
        frozen=frozenset({"nu"} if at_threshold else ()),
    )
    unit = setting.data.n / (beta**2 * stated(setting.with_values(beta=DEFAULT["beta"]))[1]["lambda_0"])
    try:
        return integrate(problem(setting, beta), sizes, times=np.concatenate([[0.0], TIMES]) * unit)
    except FlowError as error:
        raise InputError(f"width {width}, depth {depth}, beta {beta:g}: {error}") from None


def measure(classes: TwoClasses, alpha: Fraction, cell: Cell, rng: np.random.Generator) -> Numbers:
    """Train one network on one random split; equal generators give equal splits and draws."""
    setting, X, y = draw(classes, alpha, rng)
    seed = int(rng.integers(2**31))
    (least, theory), at_threshold = stated(setting), cell["beta"] == THRESHOLD
    used = setting.with_values(beta=least if at_threshold else Fraction(str(cell["beta"])))
    run = train(used, int(cell["width"]), int(cell["depth"]), seed, at_threshold=at_threshold)
    smallest, loss = run.lambda_min_G / theory["lambda_0"], run.loss / run.loss[0]
    return {
        "test_error": wrong_signs(run, X, y),
        **theory,
        "lambda_start": float(smallest[0]),
        "lambda_least": float(smallest.min()),
        "loss_over_bound": float((loss[1:] * np.exp(TIMES)).max()),
        "encoder_moved": float(run.movement_nu[-1]),
        **{f"lambda@{t:.3g}": float(v) for t, v in zip(TIMES, smallest[1:], strict=True)},
        **{f"loss@{t:.3g}": float(v) for t, v in zip(TIMES, loss[1:], strict=True)},
    }


# --- pictures --------------------------------------------------------------------------------------------------------

Axis = Literal["width", "depth", "beta"]
WORDS: Mapping[Axis, str] = {"width": "width {}", "depth": "depth {}", "beta": "beta = {}"}


IN_TIME = {
    "lambda": ("digits-lambda-{}", "lambda_min(G)", "lambda_min(G)/lambda_0"),
    "loss": ("digits-loss", "Loss", "L(t)/L(0)"),
}
"""Id, title and axis of the pictures over time."""


def _only(points: Sequence[PointRecord], free: Axis, *others: Axis) -> tuple[list[PointRecord], str]:
    """Return the points that differ in `free` and `others` alone: the last of each other axis, the first beta.

    And what they have in common in words, such as `width 512, beta = 4`.
    """
    fixed = {axis: points[0 if axis == "beta" else -1].cell[axis] for axis in WORDS if axis not in (free, *others)}
    shown = [p for p in points if all(p.cell[axis] == value for axis, value in fixed.items())]
    return shown, ", ".join(WORDS[axis].format(value) for axis, value in fixed.items())


def _over_time(points: Sequence[PointRecord], free: Axis, value: str, bound: Curve) -> Plot:
    """A value over TIMES for each entry of an axis, with two standard errors, and the bound of Theorem 5."""
    shown, held = _only(points, free)
    curves = []
    for point in shown:
        found = [point.values[f"{value}@{t:.3g}"] for t in TIMES]
        bars = [e.but(error=2 * e.error) for e in found]
        curves.append(curve(WORDS[free].format(point.cell[free]), TIMES, bars))
    id, title, label = IN_TIME[value]
    return picture(
        id.format(free),
        f"{title} along training ({held})",
        "time in units of n/(beta^2 lambda_0)",
        label,
        (*curves, bound),
        "xy" if value == "loss" else "x",
    )


def _error_plot(points: Sequence[PointRecord], free: Axis) -> Plot:
    """Test error against width or depth, for each beta, below the bound."""
    shown, held = _only(points, free, "beta")
    curves = list(curves_by(shown, free, "test_error", "beta", WORDS["beta"].format))
    x = curves[0].x
    for name, label in (("bound", "bound at the threshold"), ("leading_order", "its leading order")):
        curves.append(curve(label, x, [shown[0].values[name].value] * len(x), "bound"))
    log = "y" if all(min(c.y) > 0 for c in curves) else ""
    title = f"Test error and the bound of Theorem 6 ({held})"
    return picture(f"digits-error-{free}", title, free, "share of wrong signs", curves, log)


def plots(points: Sequence[PointRecord]) -> tuple[Plot, ...]:
    """Return the six pictures of the finished points."""
    half = curve("half, as Theorem 5 needs it", TIMES, [0.5] * len(TIMES), "bound")
    decay = curve("bound of Theorem 5", TIMES, np.exp(-TIMES), "bound")
    return (
        *(_over_time(points, free, "lambda", half) for free in WORDS),
        _over_time(points, "beta", "loss", decay),
        _error_plot(points, "width"),
        _error_plot(points, "depth"),
    )


# --- the experiment --------------------------------------------------------------------------------------------------


def prepare(options: Mapping[str, str]) -> Sweep:
    """Return the sweep over beta, width and depth.

    Raises:
        InputError: an option cannot be used, or scikit-learn is missing.
    """
    widths, depths = (wholes("widths", options["widths"], 4, 8192), wholes("depths", options["depths"], 1, 256))
    if bad := [width for width in widths if width % 4]:
        raise InputError(f"widths must be multiples of 4, got {bad[0]}")
    betas, alpha = [part.strip() for part in options["betas"].split(",")], positive("alpha", options["alpha"])
    for beta in betas:
        if beta != THRESHOLD:
            positive("betas", beta)
    images = read_images(options)
    classes = two_classes(images, options)

    def work(cell: Cell, rng: np.random.Generator) -> Numbers:
        return measure(classes, alpha, cell, rng)

    grid = product(dict.fromkeys(betas), sorted(widths), sorted(depths))
    cells = tuple({"beta": beta, "width": width, "depth": depth} for beta, width, depth in grid)
    return Sweep(cells, work, plots, f"{images.digest()} {classes.train} {classes.origin} {alpha}")


DIGITS = Experiment(
    id="digits",
    title="Trained residual networks on images in two classes",
    text=(
        "Images scaled to the unit sphere, labels +1 and -1; a scaled residual network of finite width and depth with "
        "tanh, independent layers and an antithetic start (f = 0), trained by gradient flow. Along training: "
        "lambda_min of its Gram matrix G over lambda_0, the certified value of infinite width, and the loss; "
        "loss_over_bound is the largest ratio to exp(-beta^2 lambda_0 t/n). Then the test error on at most 1000 other "
        "images of the two classes, the bound of Theorem 6 with explicit constants at the least beta that Theorem 5 "
        "admits (95 per cent, ramp of margin 1), a number that this bound exceeds at every beta, and its leading order "
        "(an approximation). At the threshold the encoder is held still, "
        "at the identity, where it starts. Equal replicates have equal images in all "
        "cells; errors are standard errors over random splits and starts, which share images; bars of plots are two."
    ),
    source="2403.09889, Theorems 5 and 6",
    prepare=prepare,
    options=(
        *OPTIONS,
        Option("widths", "32,128,512", "neurons of each layer, multiples of 4"),
        Option("depths", "2,4,8", "numbers of layers"),
        Option("betas", f"4,40,{THRESHOLD}", f"scales of the output; {THRESHOLD}: the least that Theorem 5 admits"),
        Option("alpha", "1", "scale of the residual branch"),
    ),
    replicates=4,
)
