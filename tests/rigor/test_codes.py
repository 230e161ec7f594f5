"""Bounds of spherical codes: kissing numbers, known codes, and proofs that must not pass."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from flint import fmpq, fmpq_poly
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import betainc

from mfcheck.errors import InputError
from mfcheck.rigor import codes
from mfcheck.rigor.codes import Polynomial, n_max, positive_on

HALF = Fraction(1, 2)


@pytest.mark.parametrize(
    ("d", "bound"), [(2, 6), (3, 13.158), (4, 25.558), (5, 46.34), (8, 240), (24, 196560)]
)
def test_kissing_bounds(d: int, bound: float) -> None:
    assert float(n_max(d, HALF).bound) == pytest.approx(bound, abs=8e-3)


@pytest.mark.parametrize(("d", "size"), [(8, 240), (24, 196560)])
def test_kissing_bounds_that_are_exact(d: int, size: int) -> None:
    found = n_max(d, HALF)
    assert found.bound == size
    assert found.polynomial is not None
    assert found.polynomial.ends == (1, 1)


def test_the_roots_of_the_lattice_E8_meet_the_bound() -> None:
    pairs = [
        np.eye(8)[i] * s + np.eye(8)[j] * t
        for i, j in itertools.combinations(range(8), 2)
        for s, t in itertools.product((1, -1), repeat=2)
    ]
    halves = [np.array(v) / 2 for v in itertools.product((1, -1), repeat=8) if np.prod(v) == 1]
    roots = np.array(pairs + halves)
    gram = roots @ roots.T
    assert (np.diag(gram) == 2).all()
    assert gram[~np.eye(len(roots), dtype=bool)].max() == 1
    assert len(roots) == n_max(8, HALF).n_max


@pytest.mark.parametrize("d", [2, 3, 5, 9])
def test_simplex_and_cross_polytope_are_optimal(d: int) -> None:
    assert n_max(d, Fraction(-1, d)).n_max == d + 1
    assert n_max(d, 0).n_max == 2 * d
    assert n_max(d, -1).n_max == 2
    assert n_max(d, Fraction(-1, 2)).n_max == min(3, d + 1)
    assert n_max(1, Fraction(9, 10)).n_max == 2


@settings(deadline=None, max_examples=30)
@given(st.integers(2, 6), st.integers(2, 40), st.integers(0, 2**32))
def test_no_code_exceeds_its_bound(d: int, n: int, seed: int) -> None:
    points = np.random.default_rng(seed).standard_normal((n, d))
    for _ in range(20):  # push the two nearest points apart
        points /= np.linalg.norm(points, axis=1)[:, None]
        gram = points @ points.T - 2 * np.eye(n)
        i, j = np.unravel_index(np.argmax(gram), gram.shape)
        points[i] += 0.1 * (points[i] - points[j])
    points /= np.linalg.norm(points, axis=1)[:, None]
    C = Fraction(float((points @ points.T - 2 * np.eye(n)).max())).limit_denominator(10**6)
    C += Fraction(1, 10**5)
    if C < 1:
        assert n <= n_max(d, C).n_max


@pytest.mark.parametrize("n", [3, 5, 6, 7, 11, 40])
def test_circle_is_exact(n: int) -> None:
    cosine = math.cos(2 * math.pi / n)
    if cosine > 1e-6:
        assert n_max(2, Fraction(cosine) + Fraction(1, 10**9)).n_max == n
        if n != 6:
            assert n_max(2, Fraction(cosine) - Fraction(1, 10**9)).n_max == n - 1
    assert n_max(2, HALF).n_max == 6
    assert n_max(2, HALF - Fraction(1, 10**40)).n_max == 5
    assert n_max(2, Fraction("0.99")).n_max == 44


@pytest.mark.parametrize(("d", "C"), [(2, 0.1), (3, 0.5), (3, 0.99), (8, 0.9), (30, 0.3)])
def test_volume_bound_exceeds_the_exact_ratio_of_areas(d: int, C: float) -> None:
    share = betainc((d - 1) / 2, 0.5, (1 - C) / 2) / 2
    bound = codes.cap_volume(d, Fraction(str(C)))
    assert 1 / share - 1 <= bound <= 6 / share


def test_the_better_of_programme_and_volume_is_taken() -> None:
    assert n_max(10, "0.99").method == "volume"
    assert n_max(3, "0.9").method == "delsarte"
    assert n_max(3, "0.9").bound < codes.cap_volume(3, Fraction("0.9"))


def expanded(d: int, coefficients: codes.Coefficients) -> sp.Expr:
    """`sum_k f_k P_k` from SymPy's Gegenbauer polynomials."""
    t, order = sp.Symbol("t"), sp.Rational(d - 2, 2)
    return sp.expand(
        sum(
            sp.Rational(c.numerator, c.denominator)
            * sp.gegenbauer(k, order, t)
            / sp.gegenbauer(k, order, 1)
            for k, c in enumerate(coefficients)
        )
    )


@pytest.mark.parametrize(("d", "C"), [(3, HALF), (4, Fraction(1, 3)), (8, HALF), (24, HALF)])
def test_polynomials_prove_their_bounds(d: int, C: Fraction) -> None:
    t = sp.Symbol("t")
    proof = n_max(d, C).polynomial
    assert proof is not None
    assert proof.gegenbauer[0] > 0
    assert min(proof.gegenbauer) >= 0
    f = sp.Poly(expanded(d, proof.gegenbauer), t)
    square, rest = (
        sp.Poly([sp.Rational(c.numerator, c.denominator) for c in reversed(part)], t)
        for part in (proof.square, proof.rest)
    )
    i, j = proof.ends
    limit = sp.Rational(C.numerator, C.denominator)
    assert f == sp.Poly((t + 1) ** i * (t - limit) ** j, t) * square**2 * rest
    assert rest.count_roots(-1, limit) == 0
    assert (rest.eval(0) > 0) == (j == 1)


def test_planted_wrong_polynomials_are_not_proofs() -> None:
    one, t = fmpq_poly([1]), fmpq_poly([0, 1])
    assert codes._proved(8, HALF, t * (t + fmpq(1, 2)), one, (1, 1)) is not None
    assert codes._proved(9, HALF, t * (t + fmpq(1, 2)), one * -1, (1, 1)) is None  # f >= 0
    assert codes._proved(8, HALF, t * (t - fmpq(9, 10)), one, (1, 1)) is None  # f_k < 0
    assert codes._proved(8, HALF, one, t, (0, 0)) is None  # changes its sign


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(-6, 6), min_size=1, max_size=6), st.integers(-4, 3), st.integers(1, 5))
def test_positivity_agrees_with_sympy(coefficients: list[int], low: int, width: int) -> None:
    t = sp.Symbol("t")
    f = sp.Poly([*reversed(coefficients)], t)
    high = low + width
    expected = not f.is_zero and f.count_roots(low, high) == 0 and f.eval(low) > 0
    assert positive_on(fmpq_poly(coefficients), Fraction(low), Fraction(high)) is bool(expected)


def test_bound_of_a_polynomial_is_its_ratio() -> None:
    proof = Polynomial((HALF, Fraction(3)), (HALF,), (HALF,), (0, 0))
    assert proof.bound == 7


def test_unsolvable_programmes_leave_the_volume_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    assert codes.delsarte(3, Fraction(99, 100), degree=2) is None
    monkeypatch.setattr(codes, "_touching", lambda d, C, weights: None)
    monkeypatch.setattr(codes, "positive_on", lambda f, low, high: False)
    assert n_max(3, HALF).method == "volume"


@pytest.mark.parametrize(
    ("d", "C", "message"),
    [(0, HALF, "dimension"), (10**5, HALF, "dimension"), (3, 1, "C_max"), (3, -2, "C_max")],
)
def test_bad_input(d: int, C: Fraction, message: str) -> None:
    with pytest.raises(InputError, match=message):
        n_max(d, C)
