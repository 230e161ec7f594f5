"""Certified interpolants and kernel matrices: within the stated error of the enclosures, everywhere."""

from fractions import Fraction
from functools import lru_cache

import numpy as np
import pytest
from flint import arb, arb_mat, ctx
from hypothesis import given, settings
from hypothesis import strategies as st

from mfcheck.errors import InputError
from mfcheck.kernels import interpolant, kernel, matrix
from mfcheck.kernels.matrix import FastKernel, enclosed_matrix, smallest_on
from mfcheck.rigor.eigen import FloatMatrix
from mfcheck.symbolic.circle import circle_points

CASES = [(1, "1"), (7, "9"), (37, "1/37"), (60, "1")]
tiny = st.floats(0, 1e-3)
cosines = st.one_of(st.floats(-1, 1), tiny.map(lambda v: 1 - v), tiny.map(lambda v: v - 1))


@lru_cache(maxsize=8)
def fast(depth: int, square: str) -> FastKernel:
    return FastKernel(interpolant(kernel(depth, square)))


@settings(deadline=None, max_examples=200)
@given(cosines, st.sampled_from(CASES))
def test_within_the_stated_error(u: float, case: tuple[int, str]) -> None:
    r = fast(*case)
    distance = abs(kernel(*case)(arb(u)) - float(r(np.array([u]))[0]))
    assert distance < r.error < 1e-15


@pytest.mark.parametrize("case", CASES)
def test_panel_ends(case: tuple[int, str]) -> None:
    """Powers of two are where panels meet; 0, 1 and -1 are handled apart."""
    ends = np.concatenate([[0.0, 1.0, -1.0], *[[1 - 2.0**-k, 2.0**-k - 1] for k in range(1, 54)]])
    exact = np.array([float(kernel(*case)(arb(u)).mid()) for u in ends])
    assert np.abs(fast(*case)(ends) - exact).max() < 1e-15


def test_matrix_is_symmetric_with_unit_diagonal_and_exact_at_close_points() -> None:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((40, 5))
    X[20:] = X[:20] + 1e-7 * rng.standard_normal((20, 5))
    X[0] = -X[1]
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    r = fast(60, "1")
    K = r.matrix(X)
    assert np.array_equal(K, K.T)
    assert np.all(np.diag(K) == 1)
    assert pytest.approx(r.matrix(X, X), abs=0) == K
    k = kernel(60, 1)
    for i, j in ((2, 22), (3, 23), (0, 1), (4, 9)):
        with ctx.workprec(200):
            square = sum(((arb(X[i, m]) - arb(X[j, m])) ** 2 for m in range(5)), arb(0)) / 2
        assert abs(k.at(square) - K[i, j]) < 1e-8  # the rows have norm one up to 1e-16 only


@pytest.mark.parametrize("bad", [1.1, np.nan])
def test_off_the_sphere(bad: float) -> None:
    r = fast(1, "1")
    with pytest.raises(InputError, match="cosines"):
        r(np.array([bad]))
    with pytest.raises(InputError, match="row 1 is off the unit sphere"):
        r.matrix(np.array([[bad, 0.0]]))


def test_a_wrong_table_is_seen() -> None:
    """The test of the error would catch a coefficient off by 1e-14."""
    r = fast(37, "1/37")
    moved = r.table.coefficients.copy()
    moved[..., -1] += 1e-14
    wrong = FastKernel(
        type(r.table)(
            r.table.depth, moved, r.table.centre, r.table.inverse, r.table.at_minus_one, r.error
        )
    )
    assert abs(kernel(37, "1/37")(arb(0.3)) - float(wrong(np.array([0.3]))[0])) > r.error


@pytest.mark.parametrize("square", ["1", "1/40"])
def test_the_matrix_in_double_precision_holds_that_of_balls(
    square: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Points close together, opposite ones and others, by both ways; the bounds stay near the unit roundoff."""
    k, far = kernel(25, square), Fraction(10**9 + 1, 10**9)
    points = (
        *circle_points(5, 3),
        (Fraction(1), Fraction(0), Fraction(0)),
        (Fraction(1), Fraction(1, 10**9), Fraction(0)),
        (-Fraction(1), Fraction(0), Fraction(0)),
        (Fraction(1, 3), far, Fraction(2, 7)),
    )
    balls = enclosed_matrix(points, k, 30)
    assert isinstance(balls, arb_mat)
    monkeypatch.setattr(matrix, "MOST_LAYERS", 0)
    floats = enclosed_matrix(points, k, 30)
    assert isinstance(floats, FloatMatrix)
    assert np.array_equal(floats.mid, floats.mid.T)
    assert floats.rad.max() < 5e-15
    for i, row in enumerate(balls.tolist()):
        for j, entry in enumerate(row):
            assert abs(entry - float(floats.mid[i, j])) <= floats.rad[i, j]
    least = smallest_on(points, k, 30)
    monkeypatch.undo()
    assert least.overlaps(smallest_on(points, k, 30))


def test_points_that_coincide_have_kernel_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matrix, "MOST_LAYERS", 0)
    one = Fraction(1)
    found = enclosed_matrix(((one, one), (2 * one, 2 * one), (one, -one)), kernel(4, 1), 20)
    assert isinstance(found, FloatMatrix)
    assert (found.mid[0, 1], found.rad[0, 1] < 1e-15) == (1.0, True)
