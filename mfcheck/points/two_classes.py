"""Images of two classes on the sphere, labelled +1 and -1, split at random into some to train on and others."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mfcheck.claims.experiment import Option
from mfcheck.errors import InputError
from mfcheck.points.image_files import on_sphere
from mfcheck.points.images import OPTIONS as FILES
from mfcheck.points.images import TEST, Images, whole, wholes

Array = NDArray[np.float64]

OPTIONS = (
    *(option for option in FILES if option.name != "train"),
    Option("train", "16", "number of training images, both classes together"),
    Option("classes", "3,8", "the two classes"),
)
LEAST_TRAIN, MOST_TRAIN, LEAST_TEST = 4, 200, 20


@dataclass(frozen=True)
class TwoClasses:
    """Unit rows X, shape (m, pixels), their labels +1 and -1, shape (m,), and how many of them train."""

    X: Array
    y: Array
    train: int
    origin: str

    def split(self, rng: np.random.Generator) -> tuple[Array, Array, Array, Array]:
        """Return rows and labels of a random training set, and of at most 1000 others."""
        order = rng.permutation(len(self.y))
        first, rest = order[: self.train], order[self.train : self.train + TEST]
        return self.X[first], self.y[first], self.X[rest], self.y[rest]


def two_classes(images: Images, options: Mapping[str, str]) -> TwoClasses:
    """Return the images of the two classes that the options name.

    Raises:
        InputError: no two classes of the data, too few images, a number that cannot be used, or a black image.
    """
    classes = wholes("classes", options["classes"], 0, images.classes - 1)
    if len(classes) != 2:
        raise InputError(
            f"classes must be two different numbers such as 3,8, got {options['classes'][:60]!r}"
        )
    rows = np.flatnonzero(np.isin(images.labels, classes))
    most = min(MOST_TRAIN, len(rows) - LEAST_TEST)
    if most < LEAST_TRAIN:
        needed = LEAST_TRAIN + LEAST_TEST
        raise InputError(f"{len(rows)} images of two classes are too few: {needed} are needed")
    train = whole("train", options["train"], LEAST_TRAIN, most)
    y = np.where(images.labels[rows] == classes[0], 1.0, -1.0)
    origin = f"{options['data']}, {classes[0]} against {classes[1]}"
    return TwoClasses(on_sphere(images.pixels[rows]), y, train, origin)
