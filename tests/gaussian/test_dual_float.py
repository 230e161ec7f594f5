import numpy as np
import pytest
from flint import arb, ctx
from numpy.typing import NDArray

from mfcheck.errors import InputError
from mfcheck.gaussian.dual import DualKernel, half_gram
from mfcheck.gaussian.dual_float import float_kernel
from mfcheck.rigor.eigen import FloatMatrix
from mfcheck.symbolic.activation import LIBRARY, activation


def random_points(n: int, d: int, seed: int) -> list[list[str]]:
    rng = np.random.default_rng(seed)
    return [[f"{v:.6f}" for v in row] for row in rng.standard_normal((n, d))]


def errors_over_radii(
    found: FloatMatrix, points: list[list[str]], name: str, order: int
) -> NDArray[np.float64]:
    """Off-diagonal errors against a ball evaluation of 30 digits, in units of the claimed radii."""
    reference = DualKernel(activation(name), 30).value(half_gram(points, 40), order)
    n = len(points)
    ratios = []
    with ctx.workprec(200):
        for i in range(n):
            for j in range(n):
                error = abs(reference[i, j] - arb(found.mid[i, j])).upper()
                ratios.append(float(error / arb(found.rad[i, j])))
    return np.array(ratios).reshape(n, n)


@pytest.mark.parametrize("name", ["tanh", "erf", "softplus", "sin"])
@pytest.mark.parametrize("order", [0, 1, 2])
def test_doubles_hold_the_balls(name: str, order: int) -> None:
    points = random_points(9, 3, order)
    found = float_kernel(DualKernel(LIBRARY[name], 16), points, order)
    ratios = errors_over_radii(found, points, name, order)
    assert ratios.max() <= 1
    assert ratios.max() > 1e-4
    assert found.rad.max() < 1e-11 * found.mid.max()


def test_a_wrong_entry_is_caught() -> None:
    points = random_points(6, 3, 7)
    found = float_kernel(DualKernel(LIBRARY["tanh"], 16), points, 1)
    wrong = FloatMatrix(found.mid + 1e-12 * (1 - np.eye(6)), found.rad)
    assert errors_over_radii(wrong, points, "tanh", 1).max() > 1


def test_large_and_tiny_coordinates() -> None:
    points = [["1e200", "1"], ["1", "1e-200"], ["0", "-3e-90"], ["1", "1"]]
    found = float_kernel(DualKernel(LIBRARY["tanh"], 16), points, 0)
    assert errors_over_radii(found, points, "tanh", 0).max() <= 1


def test_one_point() -> None:
    found = float_kernel(DualKernel(LIBRARY["tanh"], 16), [["1", "2"]], 1)
    assert found.mid.shape == (1, 1)


@pytest.mark.parametrize("points", [[], [["0", "0"]], [["1"], ["1", "2"]]])
def test_bad_points(points: list[list[str]]) -> None:
    with pytest.raises(InputError):
        float_kernel(DualKernel(LIBRARY["tanh"], 16), points, 1)


def test_an_infinite_diagonal_is_refused() -> None:
    with pytest.raises(InputError, match="finite"):
        float_kernel(DualKernel(activation("relu"), 12), random_points(3, 2, 0), 2)
