"""Enclosures of lambda_min against exact spectra, and what must be refused or caught."""

import itertools
from collections.abc import Iterator

import mpmath
import numpy as np
import pytest
import sympy as sp
from flint import arb, arb_mat, ctx, fmpq, fmpq_mat
from hypothesis import given, settings
from hypothesis import strategies as st

from mfcheck.errors import InputError
from mfcheck.gaussian.dual import DualKernel
from mfcheck.rigor import _eigen_ball, _eigen_float, eigen
from mfcheck.rigor.eigen import (
    FloatMatrix,
    certified_lambda_min,
    largest_eigenvalue,
    smallest_eigenvalue,
)
from mfcheck.symbolic.activation import LIBRARY

SLOW = settings(deadline=None, max_examples=40)


@pytest.fixture(autouse=True)
def _precision() -> Iterator[None]:
    with ctx.workprec(200):
        yield


def orthogonal(entries: list[int], n: int) -> fmpq_mat:
    """The Cayley transform of a skew matrix: rational and orthogonal."""
    skew = fmpq_mat(n, n)
    for value, (i, j) in zip(entries, itertools.combinations(range(n), 2), strict=True):
        skew[i, j], skew[j, i] = fmpq(value, 4), fmpq(-value, 4)
    one = fmpq_mat([[int(i == j) for j in range(n)] for i in range(n)])
    return (one - skew) * (one + skew).inv()


@st.composite
def known_spectrum(draw: st.DrawFn) -> tuple[fmpq_mat, fmpq]:
    n = draw(st.integers(1, 6))
    skew = draw(st.lists(st.integers(-8, 8), min_size=n * (n - 1) // 2, max_size=n * (n - 1) // 2))
    scale = fmpq(10) ** draw(st.integers(-30, 12))
    values = [
        fmpq(draw(st.integers(-20, 20)), draw(st.sampled_from([1, 7, 10**8]))) * scale
        for _ in range(n)
    ]
    Q = orthogonal(skew, n)
    diagonal = fmpq_mat([[values[i] if i == j else 0 for j in range(n)] for i in range(n)])
    return Q * diagonal * Q.transpose(), min(values)


def balls(matrix: fmpq_mat) -> arb_mat:
    return arb_mat([[arb(x) for x in row] for row in matrix.tolist()])


def dual(c: arb) -> arb:
    """(cA)' for erf, where A = (2/pi) asin(4c/5)."""
    s = 4 * c / 5
    return 2 / arb.pi() * (s.asin() + s / (1 - s * s).sqrt())


def circle(n: int, prec: int) -> arb_mat:
    with ctx.workprec(prec):
        row = [dual((1 + arb.cos_pi_fmpq(fmpq(2 * k, n))) / 2) for k in range(n)]
    return arb_mat([[row[(i - j) % n] for j in range(n)] for i in range(n)])


def circle_exact(n: int) -> arb:
    """The smallest eigenvalue of the circulant `circle(n)`, from its discrete Fourier transform."""
    with ctx.workprec(600):
        row = circle(n, 600)
        spectrum = (
            sum((row[0, j] * arb.cos_pi_fmpq(fmpq(2 * k * j, n)) for j in range(n)), arb(0))
            for k in range(n)
        )
        return _eigen_ball.largest([-x.mid() for x in spectrum]) * -1


@SLOW
@given(known_spectrum())
def test_both_routes_contain_the_exact_value(case: tuple[fmpq_mat, fmpq]) -> None:
    matrix, exact = case
    by_ball = certified_lambda_min(balls(matrix), rel_bits=60, method="ball")
    assert by_ball.lower <= exact <= by_ball.upper
    assert by_ball.value.contains(exact)
    try:
        by_float = certified_lambda_min(balls(matrix), method="float")
    except InputError:  # the zero matrix is out of range
        assert all(x == 0 for x in matrix.entries())
    else:
        assert by_float.lower <= exact <= by_float.upper


@SLOW
@given(known_spectrum())
def test_nonzero_value_is_reached_with_the_accuracy_asked_for(
    case: tuple[fmpq_mat, fmpq],
) -> None:
    matrix, exact = case
    found = certified_lambda_min(balls(matrix), rel_bits=40)
    assert found.lower <= exact <= found.upper
    if exact != 0:
        assert not found.limit
        assert found.upper - found.lower <= abs(arb(exact)) * arb(2) ** -38


@pytest.mark.parametrize("n", [3, 8, 32, 64])
def test_circle_matches_its_discrete_fourier_transform(n: int) -> None:
    exact = circle_exact(n)
    found = certified_lambda_min(circle(n, 300), rel_bits=60)
    assert not found.limit
    assert found.lower <= exact <= found.upper
    assert abs(found.lower / exact - 1) < 1e-15


def test_radii_of_the_entries_limit_the_width_and_are_named() -> None:
    found = certified_lambda_min(circle(64, 53))
    assert found.limit == "entries"
    assert found.lower <= circle_exact(64) <= found.upper


def test_precision_limit_is_named() -> None:
    found = certified_lambda_min(circle(64, 300), rel_bits=60, max_prec=64, method="ball")
    assert found.limit == "precision"
    assert found.lower <= circle_exact(64) <= found.upper


def test_sympy_agrees() -> None:
    exact = sp.Matrix([[2, 1, 0], [1, sp.Rational(1, 3), 1], [0, 1, -1]])
    reference = min(sp.N(x, 40, chop=True) for x in exact.eigenvals())
    matrix = arb_mat([[arb(fmpq(int(x.p), int(x.q))) for x in exact.row(i)] for i in range(3)])
    found = certified_lambda_min(matrix, rel_bits=90)
    assert found.lower - arb("1e-30") < arb(str(reference)) < found.upper + arb("1e-30")
    assert found.upper - found.lower < arb("1e-26")


@pytest.mark.parametrize("n", [2, 7, 30])
def test_largest_eigenvalue_of_a_chain(n: int) -> None:
    """The matrix with 2 on and -1 beside the diagonal has eigenvalues 2 - 2 cos(k pi/(n + 1))."""
    rows = [[2 if i == j else -int(abs(i - j) == 1) for j in range(n)] for i in range(n)]
    with ctx.workprec(100):
        ends = [2 - 2 * (arb.pi() * k / (n + 1)).cos() for k in (1, n)]
    for matrix in (arb_mat(rows), FloatMatrix(np.array(rows, float), np.zeros((n, n)))):
        largest, smallest = largest_eigenvalue(matrix), smallest_eigenvalue(matrix)
        assert largest.contains(ends[1])
        assert smallest.contains(ends[0])
        assert largest.rad() < 1e-5 * largest


def test_hilbert_matrix_against_mpmath() -> None:
    with mpmath.workdps(60):
        reference = min(mpmath.eigsy(mpmath.hilbert(12), eigvals_only=True))
        text = mpmath.nstr(reference, 40)
    found = certified_lambda_min(
        balls(fmpq_mat(12, 12, [fmpq(1, i + j + 1) for i in range(12) for j in range(12)]))
    )
    assert found.method == "ball"
    assert abs(found.value / arb(text) - 1) < 1e-5


@SLOW
@given(st.integers(0, 2**32), st.integers(2, 12), st.sampled_from([1e-12, 1e-3, 0.3]))
def test_every_matrix_within_the_radii_is_covered(seed: int, n: int, size: float) -> None:
    rng = np.random.default_rng(seed)
    factor = rng.standard_normal((n, n))
    mid = factor @ factor.T
    mid = (mid + mid.T) / 2
    rad = size * rng.random((n, n))
    rad = np.maximum(rad, rad.T)
    found = certified_lambda_min(FloatMatrix(mid, rad))
    for _ in range(5):
        shift = rad * np.where(rng.random((n, n)) < 0.5, -1, 1) * 0.999
        other = mid + np.tril(shift) + np.tril(shift, -1).T
        exact = certified_lambda_min(FloatMatrix(other, np.zeros((n, n))), method="ball")
        assert found.lower <= exact.upper
        assert exact.lower <= found.upper


def near_breakdown(seed: int) -> FloatMatrix:
    """A matrix of rank 1 rounded to doubles: its lambda_min is of the order of rounding errors."""
    v = np.random.default_rng(seed).standard_normal(30)
    return FloatMatrix(np.outer(v, v), np.zeros((30, 30)))


def contained(seed: int) -> bool:
    matrix = near_breakdown(seed)
    exact = certified_lambda_min(matrix, rel_bits=10, method="ball")
    found = certified_lambda_min(matrix, method="float")
    return bool(found.lower <= exact.upper) and bool(exact.lower <= found.upper)


def test_rounding_level_is_handled() -> None:
    assert all(contained(seed) for seed in range(10))


def overshoots(seed: int) -> bool:
    """Shift a matrix by a hair more than its lambda_min: does the route claim too much?"""
    rng = np.random.default_rng(seed)
    half = rng.standard_normal((3, 3))
    mid = (half @ half.T + (half @ half.T).T) / 2
    exact = certified_lambda_min(FloatMatrix(mid, 0 * mid), rel_bits=80, method="ball")
    for push in range(30, 60):
        estimate = float(exact.upper) + push * 1e-17 * np.abs(mid).max()
        found = _eigen_float._shifted_cholesky(mid, estimate)
        if found is not None and not found[0] <= exact.upper:
            return True
    return False


def test_a_shift_above_lambda_min_is_never_claimed() -> None:
    assert not any(overshoots(seed) for seed in range(60))


def test_planted_missing_rounding_bound_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_eigen_float, "cholesky_bound", lambda diagonal: arb(0))
    assert any(overshoots(seed) for seed in range(60))


def test_planted_missing_radii_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_eigen_float, "_row_sum_norm", lambda rad: arb(0))
    eye, rad = np.eye(3), np.full((3, 3), 0.1)
    found = certified_lambda_min(FloatMatrix(eye, rad), method="float")
    assert not found.lower <= 0.7  # eye - rad is in the ball and has lambda_min 0.7


def test_planted_missing_residual_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_eigen_ball, "residual_bound", lambda mid, shift, factor: shift)
    with ctx.workprec(64):
        factor = [[arb(1)], [arb(1), arb(1)]]  # no factor of the matrix below, which is indefinite
    monkeypatch.setattr(_eigen_ball, "cholesky", lambda rows, shift: factor)
    found = certified_lambda_min(arb_mat([[1, 2], [2, 1]]), method="ball")
    assert not found.lower <= -1


def test_residual_bound_holds_for_any_factor() -> None:
    nonsense = [[arb(3)], [arb(-1), arb(5)]]
    assert _eigen_ball.residual_bound(arb_mat([[1, 2], [2, 1]]), arb(0), nonsense) <= -1


@pytest.mark.parametrize("scale", ["1e-700", "1e-150", "1e150", "1e700"])
def test_scale_does_not_matter(scale: str) -> None:
    matrix = arb_mat([[arb(scale) * x for x in row] for row in [[2, 1], [1, 2]]])
    found = certified_lambda_min(matrix)
    assert abs(found.value / arb(scale) - 1) < 1e-5
    assert not found.limit


@pytest.mark.parametrize(
    ("rows", "exact"),
    [
        ([[3]], 3),
        ([[0]], 0),
        ([[-2]], -2),
        ([[0, 0], [0, 0]], 0),
        ([[1, 1], [1, 1]], 0),
        ([[-1, 0], [0, -1]], -1),
        ([[0, 1], [1, 0]], -1),
        ([[1, 0], [0, 0]], 0),
    ],
)
def test_small_and_singular_matrices(rows: list[list[int]], exact: int) -> None:
    for method in ("auto", "ball"):
        found = certified_lambda_min(arb_mat(rows), method=method)
        assert found.lower <= exact <= found.upper
        assert found.upper - found.lower < 1e-9


def test_float_route_says_when_it_cannot() -> None:
    with pytest.raises(InputError, match="floating point"):
        certified_lambda_min(FloatMatrix(np.zeros((2, 2)), np.zeros((2, 2))), method="float")
    graded = certified_lambda_min(arb_mat([[arb("1e-5000"), 0], [0, 1]]), rel_bits=10)
    assert graded.limit == "precision"
    assert graded.lower <= arb("1e-5000") <= graded.upper
    huge = arb_mat([[arb("1e5000")]])
    assert abs(smallest_eigenvalue(huge) / arb("1e5000") - 1) < 1e-5


def test_failed_factorisations_leave_the_float_route(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(matrix: object) -> None:
        raise np.linalg.LinAlgError

    monkeypatch.setattr(np.linalg, "cholesky", fail)
    found = certified_lambda_min(FloatMatrix(np.eye(2), np.zeros((2, 2))))
    assert found.method == "ball"
    assert found.lower <= 1 <= found.upper


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (lambda: arb_mat(0, 0), "non-empty"),
        (lambda: arb_mat(2, 3), "square"),
        (lambda: arb_mat([[1, 2], [3, 4]]), "not symmetric"),
        (lambda: arb_mat([[arb.nan()]]), "not finite"),
        (lambda: arb_mat([[arb.pos_inf()]]), "not finite"),
        (lambda: FloatMatrix(np.eye(2), np.zeros(3)), "do not fit"),
        (lambda: FloatMatrix(np.eye(2), -np.eye(2)), "negative radius"),
        (lambda: FloatMatrix(np.eye(2) * np.nan, np.eye(2)), "not finite"),
        (lambda: FloatMatrix(np.eye(2), np.full((2, 2), np.inf)), "not finite"),
        (lambda: FloatMatrix(np.array([[1.0, 2], [3, 4]]), np.eye(2)), "not symmetric"),
        (lambda: FloatMatrix(np.zeros((2, 3)), np.zeros((2, 3))), "square"),
        (lambda: FloatMatrix(np.zeros(3), np.zeros(3)), "square"),
    ],
)
def test_unusable_matrices_are_refused(matrix: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        certified_lambda_min(matrix())  # type: ignore[operator]


def test_vector_is_a_witness_of_the_upper_bound() -> None:
    matrix = circle(12, 200)
    for method in ("float", "ball"):
        found = certified_lambda_min(matrix, method=method)
        quotient = _eigen_ball.rayleigh_upper(matrix, list(found.vector))
        assert found.lower <= quotient
        assert quotient <= found.upper + arb("1e-14")


def test_a_priori_bound_covers_the_true_factorisation_error() -> None:
    rng = np.random.default_rng(5)
    for n in (2, 10, 40):
        half = rng.standard_normal((n, n))
        M = half @ half.T + 1e-3 * np.eye(n)
        M = (M + M.T) / 2
        L = np.linalg.cholesky(M)
        exact = arb_mat(M.tolist()) - arb_mat(L.tolist()) * arb_mat(L.T.tolist())
        assert _eigen_ball.row_sum_norm(exact) < _eigen_float.cholesky_bound(M.diagonal())


def test_same_answer_twice() -> None:
    first, second = (certified_lambda_min(circle(16, 100)) for _ in range(2))
    assert eigen.SmallestEigenvalue is type(first)
    assert first.lower == second.lower
    assert first.upper == second.upper


def test_large_matrices_at_rounding_level_keep_the_quick_enclosure() -> None:
    n = eigen.BALL_SIZE + 1
    matrix = FloatMatrix(np.ones((n, n)), np.zeros((n, n)))
    found = certified_lambda_min(matrix)
    assert (found.method, found.limit) == ("float", "precision")
    assert found.lower <= 0 <= found.upper


def test_no_estimate_costs_no_truth(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(matrix: object) -> None:
        raise np.linalg.LinAlgError

    monkeypatch.setattr(np.linalg, "eigvalsh", fail)
    found = certified_lambda_min(circle(8, 100))
    assert found.method == "ball"
    assert found.lower <= circle_exact(8) <= found.upper


def test_a_wrong_estimate_costs_no_truth(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(np.linalg, "eigvalsh", lambda matrix: np.array([1e3]))
    found = certified_lambda_min(circle(8, 100), method="ball")
    assert found.lower <= circle_exact(8) <= found.upper
    assert not found.limit


def expectation_row(n: int) -> np.ndarray:
    """First row of G2 for tanh on the circle: `E[s0 s0'] + (1 + <x, x'>) E[s0' s0']` by the trapezoidal rule."""
    h = 0.05
    x = np.arange(-10, 10 + h / 2, h)
    weight = np.exp(-x * x / 2) / np.sqrt(2 * np.pi) * h
    row = []
    for k in range(n):
        rho = (1 + np.cos(2 * np.pi * k / n)) / 2
        first, second = (
            np.sqrt(2) * x[:, None],
            np.sqrt(2) * (rho * x[:, None] + np.sqrt(max(0.0, 1 - rho * rho)) * x[None, :]),
        )
        slopes = 2 * rho / np.cosh(first) ** 2 / np.cosh(second) ** 2
        row.append(weight @ (np.tanh(first) * np.tanh(second) + slopes) @ weight)
    return np.array(row)


@pytest.mark.parametrize(
    ("n", "value"),
    [
        (2, 1.21899),
        (3, 0.985895),
        (4, 0.251020),
        (6, 0.120091),
        (8, 0.0446861),
        (12, 0.00773450),
        (16, 0.00141738),
        (24, 5.72168e-5),
        (32, 2.83930e-6),
    ],
)
def test_tanh_on_the_circle(n: int, value: float) -> None:
    kernel = DualKernel(LIBRARY["tanh"], 30)
    row = [kernel.A1((1 + arb.cos_pi_fmpq(fmpq(2 * k, n))) / 2) for k in range(n)]
    found = certified_lambda_min(
        arb_mat([[row[(i - j) % n] for j in range(n)] for i in range(n)]), 30
    )
    assert not found.limit
    assert float(found.value.mid()) == pytest.approx(value, rel=3e-6)
    expected = np.fft.fft(expectation_row(n)).real.min()
    assert float(found.value.mid()) == pytest.approx(expected, rel=1e-8, abs=1e-13)
