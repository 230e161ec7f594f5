"""What the paper assumes of data and network."""

from fractions import Fraction

import numpy as np

from mfcheck.claims import Answer, Assumption, Data, Setting
from mfcheck.errors import InputError
from mfcheck_proofs.rntk_scaling.setting import DEFAULT, validate


def on_sphere(setting: Setting) -> Answer:
    """Distinct unit points and ReLU."""
    try:
        validate(setting)
    except InputError as error:
        return Answer(False, str(error))
    return Answer(True, f"n = {setting.data.n} distinct unit points of dimension {setting.data.d}")


def random_points(rng: np.random.Generator) -> Setting:
    """Independent uniform points of a sphere; coordinates are rounded to 12 digits."""
    n, dim = int(rng.integers(2, 9)), int(rng.integers(2, 7))
    raw = rng.standard_normal((n, dim))
    raw /= np.linalg.norm(raw, axis=1, keepdims=True)
    points = tuple(tuple(Fraction(f"{x:.12f}") for x in row) for row in raw)
    labels = tuple(Fraction(int(s)) for s in rng.choice([-1, 1], size=n))
    return Setting(Data(points, labels, origin="random sphere"), DEFAULT.activation, DEFAULT.values)


def enough_width(setting: Setting) -> Answer:
    """The width at which |x_L|^2 is within the accuracy asked for."""
    needed = 4 / (float(setting["delta"]) * float(setting["accuracy"]) ** 2)
    return Answer(
        float(setting["width"]) >= needed,
        f"m = {setting['width']}, 4/(delta epsilon^2) = {needed:.4g}",
    )


ASSUMPTIONS = (
    Assumption(
        "sphere",
        "Inputs on the unit sphere",
        "The inputs are distinct points of the unit sphere; the activation is ReLU.",
        "2403.04545, Section 2",
        on_sphere,
        random_points,
    ),
    Assumption(
        "wide",
        "Width",
        "The network is so wide that it is described by its kernel at initialisation.",
        "2403.04545, Section 2",
        enough_width,
        random_points,
    ),
)
