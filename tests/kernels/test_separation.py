"""Lower bounds of lambda_min over all configurations, and the search for the worst one."""

import math
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
import sympy as sp
from flint import arb, ctx, fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

from mfcheck.errors import InputError
from mfcheck.gaussian.dual import DualKernel, half_gram
from mfcheck.gaussian.hermite import hermite_coefficients
from mfcheck.kernels import separation
from mfcheck.kernels.separation import (
    MULTIPLIERS,
    c_max,
    equal_inner_products,
    k,
    mu,
    n,
    r,
    separation_bound,
    separation_formula,
    weighted,
    weighted_float,
    worst_case,
)
from mfcheck.rigor.ball import enclose
from mfcheck.rigor.eigen import certified_lambda_min
from mfcheck.symbolic.activation import LIBRARY

TANH, ERF = LIBRARY["tanh"], LIBRARY["erf"]
GERSHGORIN, BIPARTITE = MULTIPLIERS["gershgorin"], MULTIPLIERS["bipartite"]


def cosine(size: int) -> arb:
    """The largest inner product of `size` equispaced points of the circle."""
    with ctx.workprec(100):
        return arb.cos_pi_fmpq(fmpq(2, size))


def smallest(points: list[list[Fraction]], order: int = 1) -> arb:
    matrix = DualKernel(TANH, 25).value(half_gram(points, 25), order)
    return certified_lambda_min(matrix).value


@pytest.mark.parametrize(("size", "value"), [(4, 0.227881), (8, 0.00503807)])
def test_gershgorin_on_the_circle(size: int, value: float) -> None:
    found = separation_bound(TANH, size, cosine(size), GERSHGORIN)
    assert float(found.mid()) == pytest.approx(value, rel=3e-6)
    assert float(found.rad()) < 1e-12


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("multiplier", [GERSHGORIN, BIPARTITE])
def test_finite_form_agrees_with_the_series(order: int, multiplier: sp.Expr) -> None:
    size, C, terms = 5, Fraction(1, 3), 60
    coefficients = hermite_coefficients(ERF, terms, 30)
    summand = separation_formula(multiplier).function.subs(
        {n: size, c_max: sp.Rational(2, 3), k: order}
    )
    with ctx.workprec(100):
        series = sum(
            (enclose(summand.subs(r, i).subs(mu[i], 1)) * x**2 for i, x in enumerate(coefficients)),
            arb(0),
        )
        found = separation_bound(ERF, size, C, multiplier, order)
        assert abs(found - series) < 1e-4
        assert float(series.mid()) > 0


def random_points(seed: int, size: int, d: int, width: float) -> list[list[Fraction]]:
    """Rational points whose exact inner products follow; clustered where `width` is small."""
    rng = np.random.default_rng(seed)
    points = width * rng.standard_normal((size, d))
    points[:, 0] += 1
    return [[Fraction(round(x * 1000), 1000) for x in row] for row in points.tolist()]


def largest_cosine(points: list[list[Fraction]]) -> arb:
    half = half_gram(points, 25)
    with ctx.workprec(100):
        pairs = combinations(range(len(points)), 2)
        return max((2 * half[i, j] - 1 for i, j in pairs), key=lambda x: float(x.mid()))


def violated(multiplier: sp.Expr, seed: int, size: int, d: int, width: float) -> bool:
    """Whether the bound is certainly above lambda_min for some random points."""
    points = random_points(seed, size, d, width)
    C = largest_cosine(points)
    if any(all(x == 0 for x in p) for p in points) or not C < 0.999:
        return False
    return bool(separation_bound(TANH, size, C, multiplier) > smallest(points) + 1e-12)


@settings(deadline=None, max_examples=40)
@given(
    st.integers(0, 2**32),
    st.integers(2, 7),
    st.integers(2, 5),
    st.sampled_from([0.2, 1.0, 5.0]),
    st.sampled_from([GERSHGORIN, BIPARTITE]),
)
def test_bounds_hold_for_random_points(
    seed: int, size: int, d: int, width: float, multiplier: sp.Expr
) -> None:
    assert not violated(multiplier, seed, size, d, width)


@pytest.mark.parametrize("wrong", [n - 2, BIPARTITE / 2, sp.sqrt(n - 1) / 2])
def test_planted_wrong_multipliers_are_caught(wrong: sp.Expr) -> None:
    assert any(violated(wrong, seed, size, 2, 1.0) for seed in range(8) for size in (2, 3, 4))


def test_planted_cosine_for_c_is_caught() -> None:
    """With C_max in the place of (1 + C_max)/2 the bound for two points exceeds lambda_min."""
    half = Fraction(1, 2)
    wrong = separation_bound(TANH, 2, 2 * half - 1)  # c = 1/2 instead of 3/4
    assert wrong > equal_inner_products(TANH, half)


@settings(deadline=None, max_examples=100)
@given(st.integers(2, 9), st.integers(0, 2**32), st.booleans())
def test_smallest_eigenvalue_of_nonnegative_matrices(size: int, seed: int, binary: bool) -> None:
    """Constantine's bound `-sqrt(floor(n^2/4))` for entries in [0, 1] and zero diagonal."""
    rng = np.random.default_rng(seed)
    B = np.triu(rng.random((size, size)), 1)
    B = np.round(B) if binary else B
    limit = float(BIPARTITE.subs(n, size))
    assert np.linalg.eigvalsh(B + B.T)[0] >= -limit - 1e-12
    assert limit <= size - 1


@pytest.mark.parametrize("size", [2, 3, 6, 7])
def test_complete_bipartite_graphs_attain_it(size: int) -> None:
    side = np.arange(size) < size // 2
    B = (side[:, None] != side[None, :]).astype(float)
    assert np.linalg.eigvalsh(B)[0] == pytest.approx(-float(BIPARTITE.subs(n, size)))


def test_two_points_attain_the_bound() -> None:
    C = Fraction(3, 5)
    points = [[Fraction(1), Fraction(0)], [Fraction(3, 5), Fraction(4, 5)]]
    for multiplier in (GERSHGORIN, BIPARTITE):
        bound = separation_bound(TANH, 2, C, multiplier)
        assert bound.overlaps(smallest(points))
        assert bound.overlaps(equal_inner_products(TANH, C))


def test_two_orthogonal_pairs_attain_the_sharper_bound() -> None:
    points = [[Fraction(x), Fraction(y)] for x, y in ((1, 0), (-1, 0), (0, 1), (0, -1))]
    assert separation_bound(TANH, 4, 0).overlaps(smallest(points))
    assert separation_bound(TANH, 4, 0, GERSHGORIN) < smallest(points)


@pytest.mark.parametrize("order", [0, 1, 2])
def test_equal_inner_products(order: int) -> None:
    points = [[Fraction(int(i == j)) for j in range(4)] for i in range(4)]  # C = 0
    found = equal_inner_products(TANH, 0, order)
    assert found.overlaps(smallest(points, order))
    assert float(found.rad()) < 1e-12


def test_one_point() -> None:
    assert separation_bound(TANH, 1, Fraction(1, 2)).overlaps(DualKernel(TANH).total(1))


@pytest.mark.parametrize(
    ("size", "C", "message"),
    [
        (0, Fraction(0), "one point"),
        (3, Fraction(1), "C_max"),
        (3, Fraction(-2), "C_max"),
        (3, arb(0.9, 0.2), "C_max"),
        (3, 1 - Fraction(1, 10**6), "too near 1"),
    ],
)
def test_bad_input_of_the_bound(size: int, C: Fraction | arb, message: str) -> None:
    with pytest.raises(InputError, match=message):
        separation_bound(TANH, size, C)


@pytest.mark.parametrize(
    ("size", "d", "C", "value"),
    [(2, 3, "1/2", 0.43644459), (4, 2, "0", 0.25102017), (3, 3, "1/2", 0.22273107)],
)
def test_worst_cases(size: int, d: int, C: str, value: float) -> None:
    found = worst_case(TANH, size, d, C, starts=3)
    assert float(found.eigenvalue.upper) == pytest.approx(value, rel=1e-6)
    assert separation_bound(TANH, size, C).lower() <= found.eigenvalue.upper
    half = half_gram(found.points)
    limit = enclose((1 + sp.Rational(C)) / 2)
    assert all(half[i, j] <= limit for i, j in combinations(range(size), 2))
    again = smallest([list(p) for p in found.points])
    assert again.overlaps(found.eigenvalue.value)


def test_search_beats_equispaced_points_of_the_circle() -> None:
    """Five points crowded as close as C_max allows are worse than five spread over the circle."""
    found = worst_case(TANH, 5, 2, "1/2", starts=2)
    assert found.eigenvalue.upper < 0.1471
    assert found.eigenvalue.lower > separation_bound(TANH, 5, "1/2")


def test_gradients_of_the_search() -> None:
    search = separation._Search(TANH, 4, 3, 0.5, 1)
    x = np.random.default_rng(3).standard_normal(12)
    value, gradient = search.objective(x)
    step = 1e-6
    for i in range(12):
        e = np.eye(12)[i] * step
        slope = (search.objective(x + e)[0] - search.objective(x - e)[0]) / (2 * step)
        assert slope == pytest.approx(gradient[i], abs=1e-7)
        moved = (search.gaps(x + e) - search.gaps(x - e)) / (2 * step)
        assert moved == pytest.approx(search.gaps_jacobian(x)[:, i], abs=1e-7)
    assert value > 0


def test_same_seed_same_points() -> None:
    first, second = (worst_case(ERF, 3, 2, "1/4", starts=2, seed=5) for _ in range(2))
    assert first.points == second.points


def test_impossible_configurations_are_refused() -> None:
    with pytest.raises(InputError, match=r"at most 6 points .* \(circle\)"):
        worst_case(TANH, 7, 2, "1/2")
    with pytest.raises(InputError, match="the search takes"):
        worst_case(TANH, 400, 3, "1/2")
    with pytest.raises(InputError, match="the search takes"):
        worst_case(TANH, 1, 3, "1/2")


def test_a_search_without_success_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(separation._Search, "minimise", lambda self, start: None)
    with pytest.raises(InputError, match="found no 3 points"):
        worst_case(TANH, 3, 2, "1/2", starts=1)
    monkeypatch.setattr(separation._Search, "minimise", lambda self, start: (0.0, np.eye(3)[:, :2]))
    with pytest.raises(InputError, match="found no 3 points"):  # one row is zero, two coincide
        worst_case(TANH, 3, 2, "1/2", starts=1)


def test_tiny_eigenvalues_are_still_enclosed() -> None:
    found = worst_case(
        TANH, 14, 2, str(math.floor(1e4 * math.cos(2 * math.pi / 60)) / 1e4), starts=1
    )
    assert not found.eigenvalue.limit
    assert found.eigenvalue.upper < 1e-8


@pytest.mark.parametrize("order", [0, 1, 2])
def test_weighted_sums_of_a_geometric_factor_are_kernels(order: int) -> None:
    """With t_r = c^r the sum is A_k(c), from the two-dimensional integral or closed form; few terms leave it wide."""
    c = sp.Symbol("c")
    found = weighted(ERF, c**r, {c: Fraction(2, 5)}, 60, order)
    expected = DualKernel(ERF, 20).value(enclose(sp.Rational(2, 5)), order)
    assert found.overlaps(expected)
    assert float(found.rad()) < 0.3
    few = weighted(ERF, sp.Rational(2, 5) ** r, {}, 2, order)
    assert few.overlaps(expected)
    assert float(few.rad()) > float(found.rad())
    middle = float(expected.mid())
    assert weighted_float(ERF, c**r, {c: 0.4}, order) == pytest.approx(middle, rel=1e-12)
    total = DualKernel(ERF, 20).total(order)
    assert weighted_float(ERF, sp.Integer(1), {}, order) == pytest.approx(
        float(total.mid()), rel=1e-5
    )
