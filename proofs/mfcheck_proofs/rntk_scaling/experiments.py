"""Section 5: kernels on a linear target and on images, and small networks trained on the CPU."""

from collections.abc import Mapping, Sequence
from functools import lru_cache, partial

import numpy as np
import sympy as sp

from mfcheck.checks import Plot, curve, picture
from mfcheck.claims.experiment import Cell, Experiment, Numbers, Option, Sweep, curves_by
from mfcheck.claims.record import PointRecord
from mfcheck.kernels.classify import error_on_test
from mfcheck.kernels.enclosure import kernel
from mfcheck.kernels.flow import gradient_flow
from mfcheck.kernels.interpolant import interpolant
from mfcheck.kernels.matrix import FastKernel
from mfcheck.networks import convolutional as blocks
from mfcheck.networks import equal_budget
from mfcheck.networks.training import pytorch, residual, train
from mfcheck.points.images import OPTIONS, Split, on_splits, whole
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
    curves = curves_by(points, "gamma", "risk", "depth", "L = {}".format)
    title = "Linear target: risk of early stopped kernel regression"
    return (picture("synthetic", title, "gamma in alpha = L^-gamma", "risk", curves, "y"),)


SYNTHETIC = Experiment(
    id="synthetic",
    title="Linear target with noise",
    text="Y = <X, b> + 0.1 noise, X and b uniform on the sphere, d = 10, n = 100; kernel gradient flow on r_L with "
    "alpha = L^-gamma, stopped by validation on 100 further points. Error bars of plots: two standard errors. "
    "Equal seeds give equal data to all cells.",
    source="2403.04545, Section 5",
    prepare=lambda _: Sweep(
        tuple({"gamma": g, "depth": L} for L in DEPTHS for g in GAMMAS), synthetic_risks, _synthetic_plots
    ),
    replicates=40,
)

# --- images ----------------------------------------------------------------------------------------------------------


def depth_plot(id: str, title: str, points: Sequence[PointRecord]) -> Plot:
    """Return the plot of the test error against the depth, one curve for each scale."""
    curves = curves_by(points, "depth", "test_error", "alpha", lambda a: str(a) if a == "r_1" else f"alpha = {a}")
    return picture(id, title, "depth L", "test error", curves, "y")


def _prepare_images(options: Mapping[str, str]) -> Sweep:
    def work(parts: Split, cell: Cell, _: np.random.Generator) -> Numbers:
        return {"test_error": error_on_test(fast_kernel(str(cell["alpha"]), int(cell["depth"])), parts, TIMES)}

    def plots(points: Sequence[PointRecord]) -> tuple[Plot, ...]:
        title = f"Kernel regression on {options['data']}, {options['train']} training images"
        return (depth_plot("images", title, points),)

    return on_splits(options, ({"alpha": a, "depth": L} for a in (*ALPHAS, "r_1") for L in DEPTHS), work, plots)


IMAGES = Experiment(
    id="images",
    title="Kernel regression on images",
    text="Images scaled to the unit sphere, kernel gradient flow on r_L with one-hot labels, stopped by validation on "
    "300 images; test error on at most 1000 others, over random splits. r_1 is the kernel of one hidden layer. "
    "Error bars of plots: two standard errors over splits, which share images.",
    source="2403.04545, Section 5",
    prepare=_prepare_images,
    options=OPTIONS,
    replicates=5,
)

# --- residual networks against the prediction of the kernel ----------------------------------------------------------

CELLS = (
    *({"alpha": a, "depth": 50} for a in ("1", "0.1", "0.01")),
    *({"alpha": "1", "depth": L} for L in (20, 100)),
    *({"alpha": f"L^-{g}", "depth": L} for g in (0.4, 0.6, 0.8) for L in (20, 50, 100)),
)

TRAINING = (
    Option("width", "64", "width of the networks"),
    Option("epochs", "20", "passes through the training images"),
)


def _prepare_networks(options: Mapping[str, str]) -> Sweep:
    pytorch()
    width = whole("width", options["width"], 2, 4096)
    epochs = whole("epochs", options["epochs"], 1, 10_000)

    def work(parts: Split, cell: Cell, rng: np.random.Generator) -> Numbers:
        name, depth = str(cell["alpha"]), int(cell["depth"])
        network = residual(parts.train.X.shape[1], parts.classes, width, depth, alpha(name, depth), rng)
        test, trained = train(network, parts, epochs, rng)
        expected = error_on_test(fast_kernel(name, depth), parts, TIMES)
        return {"test_error": test, "training_error": trained, "kernel_test_error": expected}

    def plots(points: Sequence[PointRecord]) -> tuple[Plot, ...]:
        title = f"Residual networks of width {width} on {options['data']}"
        return (depth_plot("networks", title, points), _against_kernel(points))

    return on_splits(options, CELLS, work, plots, width, epochs)


def _against_kernel(points: Sequence[PointRecord]) -> Plot:
    kernels, networks = ([p.values[name] for p in points] for name in ("kernel_test_error", "test_error"))
    x = [k.value for k in kernels]
    ends, bars = [min(x), max(x)], [n.but(error=2 * n.error) for n in networks]
    curves = (curve("one cell", x, bars, "points"), curve("equal", ends, ends, "bound"))
    title = "Trained networks against kernel regression on the same images"
    return picture("networks-kernel", title, "test error of the kernel r_L", "test error of the network", curves)


NETWORKS = Experiment(
    id="networks",
    title="Residual networks at the scalings of the theorems",
    text="The paper's fully connected residual network on images of the unit sphere, scores of variance one at the "
    "start, trained by Adam (rate 0.001, times 0.95 an epoch, batches of 50, cross-entropy); test error at the "
    "epoch that validation on 300 images chooses, beside that of kernel regression with r_L on the same split; "
    "training error at the last epoch. Error bars of plots: two standard errors over splits and initial weights.",
    source="2403.04545, Section 5",
    prepare=_prepare_networks,
    options=(*OPTIONS, *TRAINING),
    replicates=5,
)

# --- blocks of other kinds at equal budget ---------------------------------------------------------------------------

FAMILIES = {
    "residual, alpha = 1": blocks.residual(9, 1.0),
    "residual, alpha = L^-0.8": blocks.residual(9, 9**-0.8),
    "dense": blocks.dense(18, 5),
    "wide residual": blocks.residual(3, 1.0),
}
"""Two convolutions a residual block; each densely connected one adds five channels."""


BLOCKS = Experiment(
    id="blocks",
    title="Residual blocks against those of DenseNet and WideResNet",
    text="Convolutional networks without batch normalisation, with equal numbers of parameters (within five per cent) "
    "and of gradient steps: 9 residual blocks of two convolutions at two scales, 18 densely connected "
    "convolutions, and 3 wide residual blocks. Training as in `networks`. Error bars of plots: two standard "
    "errors over splits and initial weights.",
    source="2403.04545, Section 5, and its comparison with other blocks",
    prepare=partial(equal_budget.at_equal_budget, FAMILIES),
    options=equal_budget.OPTIONS,
    replicates=5,
)
