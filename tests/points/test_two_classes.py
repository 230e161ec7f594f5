"""Two classes of images: which rows, which labels, which split, and what is refused."""

from fractions import Fraction

import numpy as np
import pytest

from mfcheck.errors import InputError
from mfcheck.points.images import Images, positive, wholes
from mfcheck.points.two_classes import OPTIONS, two_classes

DEFAULTS = {option.name: option.default for option in OPTIONS} | {"classes": "2,0", "train": "4"}


def images(n: int = 90) -> Images:
    """Three classes in turn; the first pixel is the number of the image."""
    pixels = np.full((n, 2, 2), 100, dtype=np.uint8)
    pixels[:, 0, 0] = np.arange(n)
    return Images(pixels, np.arange(n) % 3)


def test_rows_are_the_images_of_both_classes_in_order() -> None:
    found = two_classes(images(), DEFAULTS)
    number = np.rint(100 * found.X[:, 0] / found.X[:, 1]).astype(int)
    assert np.array_equal(number, [k for k in range(90) if k % 3 != 1])
    assert np.array_equal(found.y, np.where(number % 3 == 2, 1, -1))
    assert np.linalg.norm(found.X, axis=1) == pytest.approx(1)
    assert (found.train, found.origin) == (4, "digits, 2 against 0")


def test_a_split_uses_each_image_once() -> None:
    found = two_classes(images(), DEFAULTS)
    X, y, X_test, y_test = found.split(np.random.default_rng(0))
    assert (len(X), len(y), len(X_test), len(y_test)) == (4, 4, 56, 56)
    rows = {tuple(row): label for row, label in zip(found.X, found.y, strict=True)}
    seen = [tuple(row) for row in (*X, *X_test)]
    assert len(set(seen)) == 60
    assert [rows[row] for row in seen] == [*y, *y_test]
    other = found.split(np.random.default_rng(1))
    assert not np.array_equal(X, other[0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"classes": "0"}, "two different numbers"),
        ({"classes": "1,1"}, "two different numbers"),
        ({"classes": "0,3"}, "classes must be a whole number from 0 to 2"),
        ({"train": "3"}, "train must be a whole number from 4 to 40"),
        ({"train": "41"}, "train must be a whole number from 4 to 40"),
    ],
)
def test_bad_options(change: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        two_classes(images(), DEFAULTS | change)


def test_too_few_images() -> None:
    with pytest.raises(InputError, match="20 images of two classes are too few: 24 are needed"):
        two_classes(images(30), DEFAULTS)


def test_numbers_of_options() -> None:
    assert wholes("sizes", "8, 4,8", 1, 9) == (8, 4)
    assert positive("scale", " 0.25 ") == Fraction(1, 4)
    for text in ("0", "-1", "1e3", "", "1/2", "0.0", "nan", "1_0"):
        with pytest.raises(InputError, match="scale must be a positive decimal"):
            positive("scale", text)
