"""Every term of a bound is needed: for each there is an input whose right answer lies outside without it."""

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy as sp
from flint import acb, arb, arb_mat, arb_poly, ctx, fmpq, fmpq_poly
from hypothesis import given, settings
from hypothesis import strategies as st

from mfcheck.gaussian.series import Block
from mfcheck.kernels.separation import _admissible
from mfcheck.rigor._eigen_float import cholesky_bound, enclose_floats, rayleigh_upper
from mfcheck.rigor.assumption import judge
from mfcheck.rigor.ball import bounds, enclose_complex, interval
from mfcheck.rigor.codes import _proved, gegenbauer_coefficients
from mfcheck.rigor.eigen import FloatMatrix, _to_floats, certified_lambda_min
from mfcheck.rigor.germs import Germ, Term
from mfcheck.rigor.integrate import cut_tails, expectation_sqrt2
from mfcheck.rigor.pieces import pieces
from mfcheck.symbolic.activation import X, activation

UNIT = 2.0**-53


# --- ball ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mid", "rad", "expected"),
    [
        (1, 2, ("-inf", "inf")),
        (-1, 2, ("-inf", "inf")),
        (3, 2, ("0", "inf")),
        (-3, 2, ("-inf", "0")),
    ],
)
def test_signs_of_absurdly_large_balls(mid: int, rad: int, expected: tuple[str, str]) -> None:
    huge = arb(2) ** (1 << 17)
    assert bounds(arb(mid, rad) * huge) == expected


def test_signs_of_absurdly_small_balls() -> None:
    tiny = arb(2) ** -(1 << 17)
    assert bounds(arb(1, 2) * tiny) == ("-1", "1")
    assert bounds(arb(3, 2) * tiny) == ("0", "1")
    assert bounds(arb(-3, 2) * tiny) == ("-1", "0")
    assert interval(arb(1, 2) * tiny).lower == "-1"


# --- cuts of inverse functions ---------------------------------------------------------------------------------------

_Z = sp.Symbol("z")


@pytest.mark.parametrize(
    ("centre", "radius", "analytic"),
    [
        (2j, 0.25, False),
        (-2j, 0.25, False),
        (1.125j, 0.0625, False),
        (1j, 0.5, False),
        (0.5j, 0.25, True),
        (0.5 + 2j, 0.25, True),
        (-0.5 - 2j, 0.25, True),
        (0.125 + 2j, 0.25, False),
        (3 + 0j, 1.0, True),
    ],
)
def test_the_arctangent_is_analytic_off_its_cuts_alone(
    centre: complex, radius: float, analytic: bool
) -> None:
    z = acb(arb(centre.real, radius), arb(centre.imag, radius))
    value = enclose_complex(sp.atan(_Z), {_Z: z}, analytic=True)
    assert value.is_finite() is analytic
    if analytic:
        for dx in (-0.9, 0.0, 0.9):
            for dy in (-0.9, 0.0, 0.9):
                w = mpmath.atan(mpmath.mpc(centre.real + dx * radius, centre.imag + dy * radius))
                assert value.overlaps(acb(arb(float(w.real), 1e-12), arb(float(w.imag), 1e-12)))


# --- germs -----------------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(-5, 5).filter(bool), min_size=26, max_size=34), st.integers(8, 12))
def test_terms_put_together_hold_their_sum_everywhere(coefficients: list[int], start: int) -> None:
    terms = [Term(arb(c), b=arb(-k - 1)) for k, c in enumerate(coefficients)]
    short = Germ(arb(start), ()).of(terms)
    assert len(short.terms) <= 24
    with ctx.workprec(4000):
        for x in (start, start + 1, 2 * start, 5 * start):
            total = sum((t.c * (t.b * x).exp() for t in short.terms), arb(0))
            right = sum((t.c * (t.b * x).exp() for t in terms), arb(0))
            assert total.overlaps(right)
            assert (total - right).abs_lower() <= right.rad() * 2


# --- floating-point eigenvalues --------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 2, 30, 500])
def test_the_bound_of_cholesky_grows_with_the_size(n: int) -> None:
    """gamma(n+4)/(1 - gamma(n+4)) tr M, and 2 u max m_ii for the subtraction (Rump 2006)."""
    diagonal = np.linspace(1.0, 2.0, n)
    gamma = (n + 4) * UNIT / (1 - (n + 4) * UNIT)
    right = gamma / (1 - gamma) * diagonal.sum() + 2 * UNIT * diagonal.max()
    found = float(cholesky_bound(diagonal))
    assert right * (1 - 1e-9) <= found <= right * (1 + 1e-6)


def _exact_quotient(matrix: np.ndarray, vector: np.ndarray) -> Fraction:
    rows = [[Fraction(float(x)) for x in row] for row in matrix]
    v = [Fraction(float(x)) for x in vector]
    top = sum(v[i] * rows[i][j] * v[j] for i in range(len(v)) for j in range(len(v)))
    return top / sum(x * x for x in v)


@settings(deadline=None, max_examples=60)
@given(st.integers(2, 9), st.integers(0, 10**6), st.sampled_from([0.0, 1e-9, 0.25]))
def test_the_rayleigh_quotient_bounds_every_matrix(n: int, seed: int, radius: float) -> None:
    rng = np.random.default_rng(seed)
    half = rng.standard_normal((n, n))
    matrix = half + half.T
    vector = rng.standard_normal(n)
    vector /= np.abs(vector).max()
    rad = radius * np.ones((n, n))
    upper = rayleigh_upper(matrix, rad, vector)
    worst = matrix + np.where(np.outer(vector, vector) > 0, rad, -rad)
    exact = _exact_quotient(matrix, vector)
    with ctx.workprec(300):
        assert upper >= arb(fmpq(exact.numerator, exact.denominator))
        if radius:
            moved = _exact_quotient(worst, vector)
            slack = arb(fmpq(moved.numerator, moved.denominator)) - arb(1e-13)
            assert upper >= slack
        assert upper <= arb(fmpq(exact.numerator, exact.denominator)) + radius * n + 1e-12


def test_the_rayleigh_quotient_of_a_singular_matrix() -> None:
    """The quotient is moved to zero, so that nothing but the rounding of its numerator is left."""
    for seed in range(40):
        rng = np.random.default_rng(seed)
        n = 8
        half = rng.standard_normal((n, n))
        vector = rng.standard_normal(n)
        vector /= np.abs(vector).max()
        matrix = half + half.T
        matrix -= np.eye(n) * float(_exact_quotient(matrix, vector))
        exact = _exact_quotient(matrix, vector)
        upper = rayleigh_upper(matrix, np.zeros((n, n)), vector)
        with ctx.workprec(300):
            assert upper >= arb(fmpq(exact.numerator, exact.denominator))


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 6), st.integers(0, 10**6), st.sampled_from([0.0, 1e-3, 0.5]))
def test_eigenvalues_of_members_lie_inside(n: int, seed: int, radius: float) -> None:
    """Radii on one side of the diagonal alone, too: the matrices meant are symmetric."""
    rng = np.random.default_rng(seed)
    half = rng.standard_normal((n, n))
    mid = half + half.T
    rad = radius * np.tril(rng.uniform(0.5, 1.0, (n, n)))
    family = FloatMatrix(mid, rad)
    assert np.array_equal(family.rad, np.maximum(rad, rad.T))
    found = certified_lambda_min(family, method="float")
    for _ in range(8):
        shift = np.tril(rad * rng.choice([-1.0, 1.0], (n, n)))
        member = mid + shift + np.tril(shift, -1).T
        least = float(np.linalg.eigvalsh(member)[0])
        assert float(found.lower) - 1e-12 <= least <= float(found.upper) + 2 * n * radius + 1e-12
        assert float(found.lower) <= least + 1e-12


def test_radii_move_the_lower_bound_by_their_norm() -> None:
    found = enclose_floats(np.eye(3), 0.25 * np.ones((3, 3)))
    assert found is not None
    assert 0.25 - 1e-9 <= float(found.lower) <= 0.25
    assert float(found.upper) >= 1


@pytest.mark.parametrize("n", [1, 2, 5])
def test_radii_move_the_bound_in_balls_too(n: int) -> None:
    """The identity less a quarter everywhere is a member: its least eigenvalue is 1 - n/4."""
    matrix = arb_mat([[arb(int(i == j), 0.25) for j in range(n)] for i in range(n)])
    found = certified_lambda_min(matrix, method="ball")
    assert 1 - n / 4 - 1e-6 <= float(found.lower) <= 1 - n / 4
    assert float(found.upper) >= 1


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.sampled_from([0.0, 1e-30, 1e-3]))
def test_rounded_midpoints_stay_within_the_radii(seed: int, radius: float) -> None:
    rng = np.random.default_rng(seed)
    with ctx.workprec(200):
        entries = [arb(int(x)) / 3 + arb(0, radius) for x in rng.integers(-(10**6), 10**6, 3)]
        matrix = arb_mat([[entries[0], entries[1]], [entries[1], entries[2]]])
        floats = _to_floats(matrix)
        assert floats is not None
        for i in range(2):
            for j in range(2):
                gap = (matrix[i, j] - arb(float(floats.mid[i, j]))).abs_upper()
                assert gap <= arb(float(floats.rad[i, j]))


# --- expectations ----------------------------------------------------------------------------------------------------


def test_tails_are_cut_behind_the_last_kink() -> None:
    """E[exp(3 sqrt2 xi); sqrt2 xi < 12] = e^9 Phi((12 - 6)/sqrt2); a twelfth of it lies beyond 8."""
    found = expectation_sqrt2(sp.Piecewise((sp.exp(3 * X), sp.Integer(12) > X), (0, True)), 12)
    right = mpmath.exp(9) * mpmath.ncdf(6 / mpmath.sqrt(2))
    assert abs(float(found.mid()) - float(right)) < 1e-8
    mirrored = sp.Piecewise((0, sp.Integer(-12) > X), (sp.exp(-3 * X), True))
    assert abs(float(expectation_sqrt2(mirrored, 12).mid()) - float(right)) < 1e-8
    assert cut_tails(pieces(sp.Abs(X - 30)), 5)[0] > 30


@pytest.mark.parametrize(
    "expr",
    [
        sp.Max(-1, X, 2 * X - 3),
        sp.Min(4, X + 1, 3 - 2 * X),
        sp.Max(X, -X, sp.Integer(2)) * X,
        sp.Max(0, X - 1, 3 * X - 7, 10 * X - 40),
    ],
)
def test_maxima_of_several_functions(expr: sp.Expr) -> None:
    parts = pieces(expr)
    for k in range(-60, 61):
        at = sp.Rational(2 * k + 1, 9) + sp.Rational(1, 100)
        (part,) = [p for p in parts if p.lower < at < p.upper]
        assert part.expr.subs(X, at) == expr.subs(X, at)


def test_growth_to_the_left_counts() -> None:
    square = judge(activation("relu(-x)**2"))
    assert square.answer == "fails"
    assert square.growth.state == "infinite"
    line = judge(activation("relu(-x)*3+tanh(x)"))
    assert 3 <= float(line.growth.value.mid()) <= 4.1


# --- series, codes, separation ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("peak", "size"), [(20, 0.9), (5, 0.75), (60, 0.97)])
def test_remainders_hold_where_the_weights_still_rise(peak: int, size: float) -> None:
    """One coefficient at r = peak, of which the block knows the plain sum alone: (1+r)^2 s^r is beyond it."""
    block = Block(1, (arb_poly([0]),) * 3, (arb(1), arb.pos_inf(), arb.pos_inf()))
    for order in (1, 2):
        right = (1 + peak) ** order * size**peak
        assert float(block.remainder(arb(size), order)) >= right
    known = Block(1, (arb_poly([0]),) * 3, (arb(1), arb(1 + peak), arb((1 + peak) ** 2)))
    for order in (0, 1, 2):
        assert float(known.remainder(arb(size), order)) >= (1 + peak) ** order * size**peak


def test_remainders_are_finite_where_the_weights_fall() -> None:
    block = Block(64, (arb_poly([0]),) * 3, (arb(1), arb.pos_inf(), arb.pos_inf()))
    found = float(block.remainder(arb(0.5), 2))
    assert 65**2 * 0.5**64 <= found < 1e-15


def test_all_gegenbauer_coefficients_must_be_nonnegative() -> None:
    """f = (t + 1/2)(1 - 9t/10) is at most 0 on [-1, -1/2] and has f_0 = 1/5, but f_2 < 0: it proves nothing."""
    C = Fraction(-1, 2)
    rest = fmpq_poly([fmpq(1), fmpq(-9, 10)])
    coefficients = gegenbauer_coefficients(3, fmpq_poly([fmpq(1, 2), 1]) * rest)
    assert coefficients[0] > 0
    assert coefficients[1] > 0
    assert coefficients[2] < 0
    assert _proved(3, C, fmpq_poly([1]), rest, (0, 1)) is None
    assert _proved(3, C, fmpq_poly([1]), fmpq_poly([1]), (0, 1)) is not None


@pytest.mark.parametrize("excess", [Fraction(1, 10**8), Fraction(1, 10**10), Fraction(1, 10**14)])
def test_inner_products_above_the_limit_by_anything_are_not_admissible(excess: Fraction) -> None:
    t = Fraction(1, 3)
    rows = ((Fraction(1), Fraction(0)), ((1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)))
    C = rows[1][0]
    assert _admissible(rows, C + excess)
    assert not _admissible(rows, C - excess)


def test_pythagoras() -> None:
    """The rows above are on the circle: cosine 4/5."""
    assert math.isclose((1 - 1 / 9) / (1 + 1 / 9), 0.8)
