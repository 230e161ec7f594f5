"""What the paper assumes of data and network."""

from fractions import Fraction

import numpy as np

from mfcheck.claims import Answer, Assumption, Data, Setting
from mfcheck.rigor.ball import compare, exact
from mfcheck_proofs.rntk_scaling.setting import (
    DEFAULT,
    RELU,
    allowed_variance,
    variance_of_norm,
)


def on_sphere(setting: Setting) -> Answer:
    """Distinct unit points and ReLU."""
    if setting.activation != RELU:
        return Answer(False, f"the activation is {setting.activation.name[:60]}, not ReLU")
    if setting.data.repeated is not None:
        i, j = setting.data.repeated
        return Answer(False, f"rows {i + 1} and {j + 1} are the same point")
    n, d = setting.data.n, setting.data.d
    return Answer(True, f"$n = {n}$ distinct unit points of dimension {d}, ReLU")


def random_points(rng: np.random.Generator) -> Setting:
    """Independent uniform points of a sphere; coordinates are rounded to 12 digits."""
    n, dim = int(rng.integers(2, 9)), int(rng.integers(2, 7))
    raw = rng.standard_normal((n, dim))
    raw /= np.linalg.norm(raw, axis=1, keepdims=True)
    points = tuple(tuple(Fraction(f"{x:.12f}") for x in row) for row in raw)
    labels = tuple(Fraction(int(s)) for s in rng.choice([-1, 1], size=n))
    return Setting(Data(points, labels, origin="random sphere"), DEFAULT.activation, DEFAULT.values)


def enough_width(setting: Setting) -> Answer:
    """Whether |x_L|^2 is as accurate as asked for with the probability asked for, by Chebyshev's inequality."""
    variance, allowed = variance_of_norm(setting), allowed_variance(setting)
    met = {"<": True, ">": False}.get(compare(variance, exact(allowed)))
    return Answer(
        met,
        rf"at $m = {setting['width']}$ the relative variance of $|x_L|^2$ is {float(variance.mid()):.4g}; at most "
        rf"$\delta\varepsilon^2 = {float(allowed):.4g}$ is allowed",
    )


ASSUMPTIONS = (
    Assumption(
        "sphere",
        "Inputs on the unit sphere",
        "The inputs are distinct points of the unit sphere; the activation is ReLU.",
        "2403.04545, Section 2",
        on_sphere,
        random_points,
        reads=("points", "activation"),
    ),
    Assumption(
        "wide",
        "Width",
        "The network is so wide that it is described by its kernel at initialisation.",
        "2403.04545, Section 2",
        enough_width,
        random_points,
        reads=("depth", "width", "accuracy", "delta"),
    ),
)
