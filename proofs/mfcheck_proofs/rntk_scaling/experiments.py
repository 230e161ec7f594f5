"""Section 5: the experiments with kernels, on a linear target and on images."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from mfcheck.claims import Curve, Plot
from mfcheck.claims.experiment import Cell, Experiment, Numbers, Sweep
from mfcheck.claims.record import PointRecord
from mfcheck.kernels.enclosure import kernel
from mfcheck.kernels.flow import gradient_flow
from mfcheck.kernels.interpolant import interpolant
from mfcheck.kernels.matrix import FastKernel
from mfcheck.points.images import OPTIONS, Array, Labels, Split, read_images, split, train_size
from mfcheck.points.sphere import sphere

DEPTHS = (20, 50, 100)
ALPHAS = ("1", "0.1", "0.01", "L^-0.4", "L^-0.6", "L^-0.8")
TIMES = np.geomspace(1, 1e6, 60)
NOISE = 0.1


def alpha(text: str, depth: int) -> float:
    """Return the scale that `0.1` or `L^-0.4` names at a depth.

    >>> alpha("L^-0.5", 100), alpha("0.1", 100)
    (0.1, 0.1)
    """
    head, _, exponent = text.partition("^")
    return float(depth) ** float(exponent) if head == "L" else float(text)


@lru_cache(maxsize=64)
def fast_kernel(scale: str, depth: int) -> FastKernel:
    """Return r_L at that scale, as a certified interpolant; `r_1` names the kernel of one hidden layer."""
    if scale == "r_1":
        return FastKernel(interpolant(kernel(1, 0)))
    return FastKernel(interpolant(kernel(depth, sp.Rational(repr(alpha(scale, depth) ** 2)))))


def curves(
    points: Sequence[PointRecord], x: str, value: str, series: str, label: Callable[[object], str]
) -> tuple[Curve, ...]:
    """Return a curve for each entry `series` of the cells, labelled in words, with two standard errors."""
    found = []
    for name in dict.fromkeys(p.cell[series] for p in points):
        rows = sorted((float(p.cell[x]), p.values[value]) for p in points if p.cell[series] == name)
        found.append(
            Curve(
                label=label(name),
                x=tuple(at for at, _ in rows),
                y=tuple(v.value for _, v in rows),
                error=tuple(2 * v.error for _, v in rows),
            )
        )
    return tuple(found)


# --- Y = <X, b> + 0.1 noise ------------------------------------------------------------------------------------------

GAMMAS = (0.0, 0.25, 0.4, 0.5, 0.6, 0.8, 1.0)
POINTS, DIMENSION = 100, 10


def synthetic_risks(cell: Cell, rng: np.random.Generator) -> Numbers:
    """Risk of kernel gradient flow, stopped by validation on as many noisy points, and at the best time of all."""
    r = fast_kernel(f"L^-{cell['gamma']}", int(cell["depth"]))
    X, held, test = (sphere(rng, n, DIMENSION) for n in (POINTS, POINTS, 400))
    b = sphere(rng, 1, DIMENSION)[0]
    y, seen = (Z @ b + NOISE * rng.standard_normal(len(Z)) for Z in (X, held))
    paths = gradient_flow(r.matrix(X), y, r.matrix(np.vstack([held, test]), X), TIMES)
    chosen = int(np.argmin(np.mean((paths[:, :POINTS] - seen) ** 2, axis=1)))
    risks = np.mean((paths[:, POINTS:] - test @ b) ** 2, axis=1)
    return {"risk": float(risks[chosen]), "risk_at_best_time": float(risks.min())}


def _synthetic_plots(points: Sequence[PointRecord]) -> tuple[Plot, ...]:
    return (
        Plot(
            id="synthetic",
            title="Linear target: risk of early stopped kernel regression",
            x_label="gamma in alpha = L^-gamma",
            y_label="risk",
            y_log=True,
            curves=curves(points, "gamma", "risk", "depth", "L = {}".format),
        ),
    )


def _prepare_synthetic(_options: Mapping[str, str]) -> Sweep:
    cells = [{"gamma": g, "depth": L} for L in DEPTHS for g in GAMMAS]
    return Sweep(tuple(cells), synthetic_risks, _synthetic_plots)


SYNTHETIC = Experiment(
    id="synthetic",
    title="Linear target with noise",
    text=(
        "Y = <X, b> + 0.1 noise, X and b uniform on the sphere, d = 10, n = 100; kernel gradient flow on r_L with "
        "alpha = L^-gamma, stopped by validation on 100 further points. Error bars of plots: two standard errors. "
        "Equal seeds give equal data to all cells."
    ),
    source="2403.04545, Section 5",
    prepare=_prepare_synthetic,
    replicates=40,
)

# --- images ----------------------------------------------------------------------------------------------------------


def kernel_scores(r: FastKernel, parts: Split) -> tuple[Array, Array]:
    """Return class scores along the flow on one-hot labels: validation and test, shape (times, n, classes)."""
    X = parts.train.X
    onehot = np.eye(parts.classes)[parts.train.labels] - 1 / parts.classes
    both = np.vstack([parts.validation.X, parts.test.X])
    scores = gradient_flow(r.matrix(X), onehot, r.matrix(both, X), TIMES)
    held = len(parts.validation.labels)
    return scores[:, :held], scores[:, held:]


def wrong(scores: Array, labels: Labels) -> NDArray[np.float64]:
    """Return the share of wrong classes at each time, shape (times,)."""
    return np.asarray((scores.argmax(axis=-1) != labels).mean(axis=-1))


def kernel_error(r: FastKernel, parts: Split) -> float:
    """Return the test error of kernel gradient flow at the time that validation chooses."""
    held, test = kernel_scores(r, parts)
    chosen = int(np.argmin(wrong(held, parts.validation.labels)))
    return float(wrong(test, parts.test.labels)[chosen])


def depth_plot(id: str, title: str, points: Sequence[PointRecord], value: str) -> Plot:
    """Return the plot of an error against the depth, one curve for each scale."""
    return Plot(
        id=id,
        title=title,
        x_label="depth L",
        y_label="test error",
        y_log=True,
        curves=curves(points, "depth", value, "alpha", _scale_in_words),
    )


def _scale_in_words(name: object) -> str:
    return "r_1" if name == "r_1" else f"alpha = {name}"


def _prepare_images(options: Mapping[str, str]) -> Sweep:
    images = read_images(options)
    train = train_size(options, images)

    def work(cell: Cell, rng: np.random.Generator) -> Numbers:
        r = fast_kernel(str(cell["alpha"]), int(cell["depth"]))
        return {"test_error": kernel_error(r, split(images, train, rng))}

    def plots(points: Sequence[PointRecord]) -> tuple[Plot, ...]:
        title = f"Kernel regression on {options['data']}, {train} training images"
        return (depth_plot("images", title, points, "test_error"),)

    cells: list[Cell] = [{"alpha": a, "depth": L} for a in (*ALPHAS, "r_1") for L in DEPTHS]
    return Sweep(tuple(cells), work, plots, f"{images.digest()} {train}")


IMAGES = Experiment(
    id="images",
    title="Kernel regression on images",
    text=(
        "Images scaled to the unit sphere, kernel gradient flow on r_L with one-hot labels, stopped by validation on "
        "300 images; test error on at most 1000 others, over random splits. r_1 is the kernel of one hidden layer. "
        "Error bars of plots: two standard errors over splits, which share images."
    ),
    source="2403.04545, Section 5",
    prepare=_prepare_images,
    options=OPTIONS,
    replicates=5,
)
