"""Sweeps over random splits of images."""

import numpy as np
import pytest

from mfcheck.claims.experiment import Cell, Numbers
from mfcheck.errors import InputError
from mfcheck.points import images
from mfcheck.points.images import OPTIONS, Images, Split, on_splits

GIVEN = {option.name: option.default for option in OPTIONS}


def some(count: int) -> Images:
    rng = np.random.default_rng(0)
    pixels = rng.integers(1, 255, (count, 3, 3)).astype(np.uint8)
    return Images(pixels, rng.integers(0, 2, count))


def first_pixel(parts: Split, cell: Cell, rng: np.random.Generator) -> Numbers:
    left = float(rng.random())
    return {"n": len(parts.train.labels), "pixel": parts.train.X[0, 0] * cell["a"], "left": left}


def test_equal_replicates_of_all_cells_get_equal_splits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "read_images", lambda _: some(700))
    cells: list[Cell] = [{"a": 1}, {"a": 2}]
    sweep = on_splits(GIVEN | {"train": "50"}, cells, first_pixel, lambda _: (), 7, "x")
    one, two = (sweep.work(cell, np.random.default_rng(3)) for cell in sweep.cells)
    other = sweep.work(cells[0], np.random.default_rng(4))
    assert one["n"] == 50
    assert two["pixel"] == 2 * one["pixel"] != 2 * other["pixel"]
    assert one["left"] == two["left"]
    assert sweep.context == f"{some(700).digest()} 50 7 x"


def test_images_that_are_too_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "read_images", lambda _: some(400))
    with pytest.raises(InputError, match="400 images are too few"):
        on_splits(GIVEN, [], first_pixel, lambda _: ())
