"""Arc-cosine functions in double precision, against mpmath and the SymPy formulas."""

import mpmath
import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from mfcheck.errors import InputError
from mfcheck.kernels import formulas as f
from mfcheck.kernels.arccos import cosine, from_distance, gap, half_term, k0, k1

mpmath.mp.dps = 60
ULP = 2.0**-52


def exact(expr: sp.Expr, u: float) -> mpmath.mpf:
    return sp.lambdify(f.u, expr, "mpmath")(mpmath.mpf(u))


near_one = st.floats(0, 1e-3).map(lambda v: 1 - v)
cosines = st.one_of(st.floats(-1, 1), near_one, near_one.map(lambda u: -u))


@given(cosines)
def test_relative_error_is_a_few_ulps(u: float) -> None:
    x = cosine([u])
    pairs = [(k0, f.K0_U), (k1, f.K1_U), (gap, f.K1_U - f.u)]
    for function, expr in pairs:
        true = exact(expr, u)
        assert abs(mpmath.mpf(float(function(x)[0])) - true) <= 16 * ULP * abs(true)
    r1 = exact((f.K1_U + f.u * f.K0_U) / 2, u)
    assert abs(mpmath.mpf(float(half_term(x)[0])) - r1) <= 4 * ULP


@given(st.floats(1e-12, 2))
def test_distance_and_angle_forms_agree(c: float) -> None:
    x = from_distance([c])
    angle = float(x.angle[0])
    assert angle == pytest.approx(2 * float(mpmath.asin(mpmath.mpf(c) / 2)), rel=4 * ULP)
    expected = sp.lambdify(f.theta, f.GAP, "mpmath")(2 * mpmath.asin(mpmath.mpf(c) / 2))
    assert float(gap(x)[0]) == pytest.approx(float(expected), rel=1e-14)


def test_ends() -> None:
    x = cosine([-1, 1])
    assert k0(x) == pytest.approx([0, 1], abs=0)
    assert k1(x) == pytest.approx([0, 1], abs=0)
    assert gap(x) == pytest.approx([1, 0], abs=0)


@pytest.mark.parametrize("bad", [1.0000001, -1.5, np.nan])
def test_off_the_sphere(bad: float) -> None:
    with pytest.raises(InputError, match="cosines must lie"):
        cosine([bad])


def test_distances_beyond_two() -> None:
    with pytest.raises(InputError, match="distances"):
        from_distance([2.1])


@given(st.integers(1, 40), st.integers(2, 60), st.integers(0, 10**6))
def test_gram_matrices_of_unit_rows_are_cosines(rows: int, d: int, seed: int) -> None:
    points = np.random.default_rng(seed).standard_normal((rows, d))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    gram = points @ points.T
    pair = cosine(gram)
    assert np.all((pair.v >= 0) & (pair.w >= 0))
    assert np.diag(k1(pair)) == pytest.approx(1, abs=1e-6)
    assert np.diag(k1(cosine(-gram))) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("end", [1.0000000000000002, 1 + 5e-14, -1.0000000000000002])
def test_a_cosine_rounded_beyond_the_end_is_the_end(end: float) -> None:
    assert float(gap(cosine([end]))[0]) == float(gap(cosine([np.sign(end)]))[0])


@pytest.mark.parametrize("bad", [1 + 1e-11, -1 - 1e-9, np.inf])
def test_beyond_rounding_is_refused(bad: float) -> None:
    with pytest.raises(InputError, match="cosines must lie"):
        cosine([0.5, bad])
