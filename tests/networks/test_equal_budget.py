"""Families at equal budget: sizes, options, and the picture."""

from types import SimpleNamespace

import numpy as np
import pytest

from mfcheck.claims.record import Estimate, PointRecord
from mfcheck.errors import InputError
from mfcheck.networks import equal_budget
from mfcheck.networks.convolutional import Family, build, dense, residual
from mfcheck.points import images

FAMILIES = {"residual": residual(3, 1.0), "dense": dense(18, 5)}
GIVEN = {option.name: option.default for option in equal_budget.OPTIONS}


def bright(_: object) -> images.Images:
    """Two classes: bright above, or bright below."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 700)
    pixels = rng.integers(1, 60, (700, 8, 8)).astype(np.uint8)
    for label in (0, 1):
        pixels[labels == label, 4 * label : 4 * label + 4] += 120
    return images.Images(pixels, labels)


def test_each_family_is_trained_on_the_same_split_within_the_budget(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With sizes of the real families, and a training that says what it got."""

    def sized(
        shape: tuple[int, ...], classes: int, family: Family, budget: int, _: object
    ) -> object:
        weights, _forward = build(None, family, shape, classes, budget)  # type: ignore[arg-type]
        return SimpleNamespace(size=sum(int(np.prod(one)) for one, _scale in weights))

    def seen(_: object, parts: images.Split, epochs: int, __: object) -> tuple[float, float]:
        return float(parts.train.X[0, 0]), float(epochs)

    for name, fake in (("pytorch", lambda: None), ("convolutional", sized), ("train", seen)):
        monkeypatch.setattr(equal_budget, name, fake)
    monkeypatch.setattr(images, "read_images", bright)
    sweep = equal_budget.at_equal_budget(FAMILIES, GIVEN | {"train": "100", "epochs": "3"})
    assert [cell["block"] for cell in sweep.cells] == list(FAMILIES)
    found = [sweep.work(cell, np.random.default_rng(1)) for cell in sweep.cells]
    assert found[0]["test_error"] == found[1]["test_error"]
    assert found[0]["parameters"] != found[1]["parameters"]
    for numbers in found:
        assert numbers["training_error"] == 3
        assert abs(numbers["parameters"] / 42_000 - 1) <= 0.05
    assert sweep.context == f"{bright(None).digest()} 100 3 42000"


@pytest.mark.parametrize(("name", "text"), [("epochs", "0"), ("parameters", "999")])
def test_options_that_cannot_be_used(monkeypatch: pytest.MonkeyPatch, name: str, text: str) -> None:
    monkeypatch.setattr(equal_budget, "pytorch", lambda: None)
    with pytest.raises(InputError, match=f"{name} must be a whole number"):
        equal_budget.at_equal_budget(FAMILIES, GIVEN | {name: text})


def test_the_picture_has_two_standard_errors() -> None:
    values = {"test_error": Estimate(value=0.1, error=0.01)}
    points = [PointRecord(cell={"block": b}, values=values, replicates=2) for b in FAMILIES]
    (plot,) = equal_budget.plots(points)
    assert [(c.label, c.x, c.y, c.error) for c in plot.curves] == [
        ("residual", (0.0,), (0.1,), (0.02,)),
        ("dense", (1.0,), (0.1,), (0.02,)),
    ]
