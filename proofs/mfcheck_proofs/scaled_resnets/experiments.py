"""Real images in two classes: the Gram matrix along the training of finite networks, test error against the bound."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import Literal

import numpy as np
from flint import arb
from numpy.typing import NDArray

from mfcheck.claims import Curve, Plot, Setting
from mfcheck.claims.experiment import Cell, Experiment, Numbers, Option, Sweep
from mfcheck.claims.record import PointRecord
from mfcheck.dynamics.resnet import Flow, FlowError, Numerics, Trajectory, integrate
from mfcheck.errors import InputError
from mfcheck.points.data import rounded
from mfcheck.points.image_files import on_sphere
from mfcheck.points.images import OPTIONS as FILES
from mfcheck.points.images import TEST, Images, read_images, whole
from mfcheck_proofs.scaled_resnets.flow import problem
from mfcheck_proofs.scaled_resnets.setting import DEFAULT, validate
from mfcheck_proofs.scaled_resnets.theorem6 import least_bound
from mfcheck_proofs.scaled_resnets.values import value_of

Array = NDArray[np.float64]

TIMES = np.geomspace(0.01, 3, 10)
"""Times in units of n/(beta^2 lambda_0): Theorem 5 says that the loss is at most exp(-time) of its start."""
THRESHOLD = "threshold"
OPTIONS = (
    *(option for option in FILES if option.name != "train"),
    Option("train", "16", "number of training images, both classes together"),
    Option("classes", "3,8", "the two classes"),
    Option("widths", "32,128,512", "neurons of each layer, multiples of 4"),
    Option("depths", "2,4,8", "numbers of layers"),
    Option("betas", f"4,40,{THRESHOLD}", f"scales of the output; {THRESHOLD}: the least that Theorem 5 admits"),
    Option("alpha", "1", "scale of the residual branch"),
)
LEAST_TRAIN, MOST_TRAIN, LEAST_TEST = 4, 200, 20

# --- options ---------------------------------------------------------------------------------------------------------


def _positive(name: str, text: str) -> Fraction:
    """Return the decimal that an option states.

    Raises:
        InputError: no decimal such as 0.5, or one that is not positive.
    """
    text = text.strip()
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text) or not Fraction(text):
        raise InputError(f"{name} must be a positive decimal such as 0.5, got {text[:60]!r}")
    return Fraction(text)


def _wholes(name: str, text: str, low: int, high: int) -> tuple[int, ...]:
    return tuple(dict.fromkeys(whole(name, part.strip(), low, high) for part in text.split(",")))


def _betas(text: str) -> tuple[str, ...]:
    """Return the scales as text, each once, in the order given.

    Raises:
        InputError: an entry is neither a positive decimal nor the word `threshold`.
    """
    parts = [part.strip() for part in text.split(",")]
    for part in parts:
        if part != THRESHOLD:
            _positive("betas", part)
    return tuple(dict.fromkeys(parts))


def _widths(text: str) -> tuple[int, ...]:
    found = _wholes("widths", text, 4, 8192)
    if bad := [width for width in found if width % 4]:
        raise InputError(f"widths must be multiples of 4, got {bad[0]}")
    return found


@dataclass(frozen=True)
class TwoClasses:
    """Unit rows X, shape (m, pixels), their labels +1 and -1, shape (m,), and how many of them train."""

    X: Array
    y: Array
    train: int
    origin: str

    def draw(self, rng: np.random.Generator, alpha: Fraction) -> tuple[Setting, Array, Array]:
        """Return the setting of a random training set, and the images and labels of at most 1000 others.

        Raises:
            InputError: two training images are equal, up to a factor.
        """
        order = rng.permutation(len(self.y))
        first, rest = order[: self.train], order[self.train : self.train + TEST]
        setting = replace(DEFAULT, data=rounded(self.X[first], self.y[first], self.origin)).with_values(alpha=alpha)
        validate(setting)
        return setting, self.X[rest], self.y[rest]


def two_classes(images: Images, options: Mapping[str, str]) -> TwoClasses:
    """Return the images of the two classes that the options name.

    Raises:
        InputError: no two classes of the data, too few images, a number that cannot be used, or a black image.
    """
    classes = _wholes("classes", options["classes"], 0, images.classes - 1)
    if len(classes) != 2:
        raise InputError(f"classes must be two different numbers such as 3,8, got {options['classes'][:60]!r}")
    rows = np.flatnonzero(np.isin(images.labels, classes))
    most = min(MOST_TRAIN, len(rows) - LEAST_TEST)
    if most < LEAST_TRAIN:
        raise InputError(f"{len(rows)} images of two classes are too few: {LEAST_TRAIN + LEAST_TEST} are needed")
    train = whole("train", options["train"], LEAST_TRAIN, most)
    X = on_sphere(images.pixels[rows])
    y = np.where(images.labels[rows] == classes[0], 1.0, -1.0)
    return TwoClasses(X, y, train, f"{options['data']}, {classes[0]} against {classes[1]}")


# --- what the theorems say of the data -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stated:
    """What the theorems say of a training set, from certified constants.

    Attributes:
        lambda_0: smallest eigenvalue of the Gram matrix at the start, in the limit of infinite width.
        beta: the least whole beta that is certainly at least the threshold of Theorem 5.
        bound: of the test error, with explicit constants, at that beta.
        any_beta: a number that the bound exceeds at every beta.
        leading: the bound with the limit of beta^2 KL in place of its bound: an approximation.
    """

    lambda_0: float
    beta: Fraction
    bound: float
    any_beta: float
    leading: float


@lru_cache(maxsize=256)
def stated(setting: Setting) -> Stated:
    """Return what the theorems say of a setting's data; its beta does not matter.

    Raises:
        InputError: a constant has no finite value there.
    """
    threshold = value_of(setting, "beta_threshold")
    if not threshold.is_finite():
        raise InputError("no finite beta is known to be admissible for these images: take fewer of them")
    beta = Fraction(int(float(threshold.upper())) + 1)
    at = setting.with_values(beta=beta)
    confidence = 3 * (value_of(at, "confidence") / (2 * at.data.n)).sqrt()
    complexity = 2 * value_of(at, "rademacher_leading") / float(at["gamma"])
    values = (
        value_of(at, "lambda_min_G2"),
        value_of(at, "generalization_bound"),
        least_bound(at),
        value_of(at, "empirical_ramp") + complexity + confidence,
    )
    lambda_0, bound, any_beta, leading = map(_number, values)
    return Stated(lambda_0, beta, bound, any_beta, leading)


def _number(value: arb) -> float:
    return float(value.mid())


# --- one network -----------------------------------------------------------------------------------------------------


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
    unit = setting.data.n / (beta**2 * stated(setting.with_values(beta=DEFAULT["beta"])).lambda_0)
    try:
        return integrate(problem(setting, beta), sizes, times=np.concatenate([[0.0], TIMES]) * unit)
    except FlowError as error:
        raise InputError(f"width {width}, depth {depth}, beta {beta:g}: {error}") from None


def wrong_signs(run: Trajectory, X: Array, y: Array) -> float:
    """Return the share of images whose sign the trained network gets wrong; a score of zero is wrong."""
    probe = Flow(replace(run.problem, X=X, y=y), run.numerics, run.final)
    return float(np.mean((probe.residual(run.final) + y) * y <= 0))


def measure(classes: TwoClasses, alpha: Fraction, cell: Cell, rng: np.random.Generator) -> Numbers:
    """Train one network on one random split; equal generators give equal splits and draws."""
    setting, X, y = classes.draw(rng, alpha)
    seed = int(rng.integers(2**31))
    theory, at_threshold = stated(setting), cell["beta"] == THRESHOLD
    beta = theory.beta if at_threshold else Fraction(str(cell["beta"]))
    used = setting.with_values(beta=beta)
    run = train(used, int(cell["width"]), int(cell["depth"]), seed, at_threshold=at_threshold)
    smallest, loss = run.lambda_min_G / theory.lambda_0, run.loss / run.loss[0]
    return {
        "test_error": wrong_signs(run, X, y),
        "bound": theory.bound,
        "bound_any_beta": theory.any_beta,
        "leading_order": theory.leading,
        "lambda_0": theory.lambda_0,
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


def _only(points: Sequence[PointRecord], free: Axis, *others: Axis) -> list[PointRecord]:
    """Return the points that differ in `free` and `others` alone: the last of each other axis, the first beta."""
    fixed: dict[str, object] = {"width": points[-1].cell["width"], "depth": points[-1].cell["depth"]}
    fixed["beta"] = points[0].cell["beta"]
    return [p for p in points if all(p.cell[k] == v for k, v in fixed.items() if k not in (free, *others))]


def _held(shown: Sequence[PointRecord], *free: Axis) -> str:
    """Say what the points shown have in common, such as `width 512, beta = 4`."""
    return ", ".join(words.format(shown[0].cell[axis]) for axis, words in WORDS.items() if axis not in free)


def _along(points: Sequence[PointRecord], free: Axis, value: str) -> tuple[Curve, ...]:
    """Return a curve over TIMES for each point, with two standard errors."""
    found = []
    for point in _only(points, free):
        estimates = [point.values[f"{value}@{t:.3g}"] for t in TIMES]
        y, error = tuple(e.value for e in estimates), tuple(2 * e.error for e in estimates)
        found.append(Curve(label=WORDS[free].format(point.cell[free]), x=tuple(TIMES), y=y, error=error))
    return tuple(found)


TIME = "time in units of n/(beta^2 lambda_0)"


def _gram_plot(points: Sequence[PointRecord], free: Axis) -> Plot:
    half = Curve(label="half, as Theorem 5 needs it", x=tuple(TIMES), y=(0.5,) * len(TIMES), style="bound")
    return Plot(
        id=f"digits-lambda-{free}",
        title=f"lambda_min(G) along training ({_held(_only(points, free), free)})",
        x_label=TIME,
        y_label="lambda_min(G)/lambda_0",
        x_log=True,
        curves=(*_along(points, free, "lambda"), half),
    )


def _loss_plot(points: Sequence[PointRecord]) -> Plot:
    bound = Curve(label="bound of Theorem 5", x=tuple(TIMES), y=tuple(np.exp(-TIMES)), style="bound")
    return Plot(
        id="digits-loss",
        title=f"Loss along training ({_held(_only(points, 'beta'), 'beta')})",
        x_label=TIME,
        y_label="L(t)/L(0)",
        x_log=True,
        y_log=True,
        curves=(*_along(points, "beta", "loss"), bound),
    )


def _error_plot(points: Sequence[PointRecord], free: Axis) -> Plot:
    """Test error against width or depth, for each beta, below the bound."""
    shown, curves = _only(points, free, "beta"), []
    for beta in dict.fromkeys(p.cell["beta"] for p in shown):
        rows = sorted((float(p.cell[free]), p.values["test_error"]) for p in shown if p.cell["beta"] == beta)
        x, y = tuple(at for at, _ in rows), tuple(e.value for _, e in rows)
        curves.append(Curve(label=WORDS["beta"].format(beta), x=x, y=y, error=tuple(2 * e.error for _, e in rows)))
    x = curves[0].x
    for name, label in (("bound", "bound at the threshold"), ("leading_order", "its leading order")):
        curves.append(Curve(label=label, x=x, y=(shown[0].values[name].value,) * len(x), style="bound"))
    return Plot(
        id=f"digits-error-{free}",
        title=f"Test error and the bound of Theorem 6 ({_held(shown, free, 'beta')})",
        x_label=free,
        y_label="share of wrong signs",
        y_log=all(min(c.y) > 0 for c in curves),
        curves=tuple(curves),
    )


def plots(points: Sequence[PointRecord]) -> tuple[Plot, ...]:
    """Return the six pictures of the finished points."""
    grams = tuple(_gram_plot(points, free) for free in WORDS)
    return (*grams, _loss_plot(points), _error_plot(points, "width"), _error_plot(points, "depth"))


# --- the experiment --------------------------------------------------------------------------------------------------


def prepare(options: Mapping[str, str]) -> Sweep:
    """Return the sweep over beta, width and depth.

    Raises:
        InputError: an option cannot be used, or scikit-learn is missing.
    """
    widths, depths = _widths(options["widths"]), _wholes("depths", options["depths"], 1, 256)
    betas, alpha = _betas(options["betas"]), _positive("alpha", options["alpha"])
    images = read_images(options)
    classes = two_classes(images, options)

    def work(cell: Cell, rng: np.random.Generator) -> Numbers:
        return measure(classes, alpha, cell, rng)

    cells: list[Cell] = [
        {"beta": b, "width": M, "depth": L} for b in betas for M in sorted(widths) for L in sorted(depths)
    ]
    return Sweep(tuple(cells), work, plots, f"{images.digest()} {classes.train} {classes.origin} {alpha}")


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
    options=OPTIONS,
    replicates=4,
)
