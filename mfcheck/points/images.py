"""Images with labels, from files or from scikit-learn's digits, and their split into parts."""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mfcheck.claims.experiment import Cell, Numbers, Option, Sweep
from mfcheck.claims.record import Plot, PointRecord
from mfcheck.errors import InputError
from mfcheck.points.image_files import Bytes, on_sphere, read_cifar, read_idx

Array = NDArray[np.float64]
Labels = NDArray[np.int64]

VALIDATION, TEST = 300, 1000
"""Images that choose when to stop, and images that the error is measured on, at most."""

LEAST_TRAIN, LEAST_TEST = 10, 100

OPTIONS = (
    Option("data", "digits", "digits (of scikit-learn), idx, cifar10 or cifar100"),
    Option("images", "", "file of images: IDX, or the binary form of CIFAR"),
    Option("labels", "", "IDX file of labels"),
    Option("train", "500", "number of training images"),
)


@dataclass(frozen=True)
class Images:
    """Images, shape (n, h, w) or (n, channels, h, w), and their classes."""

    pixels: Bytes
    labels: Labels

    @property
    def classes(self) -> int:
        """Number of classes."""
        return int(self.labels.max()) + 1

    def digest(self) -> str:
        """Return a SHA-256 of everything."""
        found = hashlib.sha256(str(self.pixels.shape).encode())
        found.update(self.pixels.tobytes())
        found.update(self.labels.tobytes())
        return found.hexdigest()


@dataclass(frozen=True)
class Part:
    """Unit rows, shape (n, pixels), and their classes."""

    X: Array
    labels: Labels


@dataclass(frozen=True)
class Split:
    """Disjoint parts of a data set; `shape` is (channels, h, w)."""

    train: Part
    validation: Part
    test: Part
    classes: int
    shape: tuple[int, int, int]


def digits() -> Images:
    """Return the 1797 digits, 8 x 8, that scikit-learn ships.

    Raises:
        InputError: scikit-learn is not installed.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise InputError(
            "the digits need scikit-learn: pip install 'mfcheck[experiments]'"
        ) from None
    bunch: Any = load_digits()
    return Images(bunch.images.astype(np.uint8), bunch.target.astype(np.int64))


def read_images(options: Mapping[str, str]) -> Images:
    """Return the images that the options name.

    Raises:
        InputError: unknown kind of data, a file that is missing, damaged or of another size than its labels.
    """
    kind, files = options["data"], (options["images"], options["labels"])
    if kind == "digits":
        if any(files):
            raise InputError("the digits take no files: set data to idx, cifar10 or cifar100")
        return digits()
    if kind in ("cifar10", "cifar100"):
        if not files[0] or files[1]:
            raise InputError(f"{kind} needs one file: --set images=FILE, which holds its labels")
        pixels, labels = read_cifar(Path(files[0]), "cifar10" if kind == "cifar10" else "cifar100")
        return Images(pixels, labels.astype(np.int64))
    if kind != "idx":
        raise InputError(f"data must be digits, idx, cifar10 or cifar100, got {kind[:60]!r}")
    if not all(files):
        raise InputError("idx needs two files: --set images=FILE --set labels=FILE")
    return _idx(*map(Path, files))


def _idx(images: Path, labels: Path) -> Images:
    pixels, classes = read_idx(images), read_idx(labels)
    if pixels.ndim not in (3, 4) or classes.ndim != 1:
        raise InputError(f"{images.name} must hold images and {labels.name} one label for each")
    if len(pixels) != len(classes):
        raise InputError(
            f"{images.name} holds {len(pixels)} images, {labels.name} {len(classes)} labels"
        )
    return Images(pixels, classes.astype(np.int64))


def train_size(options: Mapping[str, str], images: Images) -> int:
    """Return the number of training images.

    Raises:
        InputError: no whole number, or one that leaves too few images to validate and test.
    """
    largest = len(images.labels) - VALIDATION - LEAST_TEST
    if largest < LEAST_TRAIN:
        needed = LEAST_TRAIN + VALIDATION + LEAST_TEST
        raise InputError(f"{len(images.labels)} images are too few: {needed} are needed at least")
    return whole("train", options["train"], LEAST_TRAIN, largest)


def whole(name: str, text: str, low: int, high: int) -> int:
    """Return the whole number that an option states.

    Raises:
        InputError: no whole number, or out of range.
    """
    if not (text.isascii() and text.isdigit() and low <= int(text[:12]) <= high):
        raise InputError(f"{name} must be a whole number from {low} to {high}, got {text[:60]!r}")
    return int(text)


def wholes(name: str, text: str, low: int, high: int) -> tuple[int, ...]:
    """Return the whole numbers that an option states between commas, each once, in the order given; see `whole`."""
    return tuple(dict.fromkeys(whole(name, part.strip(), low, high) for part in text.split(",")))


def positive(name: str, text: str) -> Fraction:
    """Return the decimal that an option states.

    Raises:
        InputError: no decimal such as 0.5, or one that is not positive.
    """
    text = text.strip()
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text) or not Fraction(text):
        raise InputError(f"{name} must be a positive decimal such as 0.5, got {text[:60]!r}")
    return Fraction(text)


def split(images: Images, train: int, rng: np.random.Generator) -> Split:
    """Return a random split.

    Raises:
        InputError: an image is zero everywhere.
    """
    order = rng.permutation(len(images.labels))
    ends = np.cumsum([train, VALIDATION, TEST])
    first, second, third = (
        _part(images, order[a:b]) for a, b in zip((0, *ends), ends, strict=False)
    )
    h, w = images.pixels.shape[-2:]
    channels = 1 if images.pixels.ndim == 3 else images.pixels.shape[1]
    return Split(first, second, third, images.classes, (channels, h, w))


def on_splits(
    options: Mapping[str, str],
    cells: Iterable[Cell],
    work: Callable[[Split, Cell, np.random.Generator], Numbers],
    plots: Callable[[Sequence[PointRecord]], tuple[Plot, ...]],
    *depends: object,
) -> Sweep:
    """Return the sweep whose work gets a random split of the images that options name, one for each replicate.

    Args:
        options: as `OPTIONS`.
        cells: the points.
        work: `(split, cell, rng) -> numbers` of one replicate.
        plots: pictures of the finished points.
        depends: what the numbers depend on beside images, cell and seed.

    Raises:
        InputError: images that cannot be read, or are too few.
    """
    images = read_images(options)
    size = train_size(options, images)

    def on_split(cell: Cell, rng: np.random.Generator) -> Numbers:
        return work(split(images, size, rng), cell, rng)

    context = " ".join(map(str, (images.digest(), size, *depends)))
    return Sweep(tuple(cells), on_split, plots, context)


def _part(images: Images, rows: NDArray[np.int64]) -> Part:
    return Part(on_sphere(images.pixels[rows]), images.labels[rows])
