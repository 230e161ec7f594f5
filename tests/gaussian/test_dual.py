from fractions import Fraction

import mpmath as mp
import numpy as np
import pytest
import sympy as sp
from flint import arb, arb_mat, ctx
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mfcheck.errors import InputError
from mfcheck.gaussian.closed_forms import C, closed_dual
from mfcheck.gaussian.dual import DualKernel, apply_D, half_gram, largest_cosine
from mfcheck.gaussian.hermite import totals
from mfcheck.gaussian.series import Block, DualSeries
from mfcheck.rigor.ball import endpoints, exact
from mfcheck.symbolic.activation import LIBRARY, Activation, X, activation


def circle(n: int, digits: int = 40) -> list[list[str]]:
    """n equally spaced points, as decimals."""
    with mp.workdps(digits + 5):
        angles = [2 * mp.pi * k / n for k in range(n)]
        return [[mp.nstr(mp.cos(t), digits), mp.nstr(mp.sin(t), digits)] for t in angles]


def middle(matrix: arb_mat) -> NDArray[np.float64]:
    return np.array([[float(v.mid()) for v in row] for row in matrix.tolist()])


def by_trapezoids(subject: Activation, c: float) -> tuple[float, float]:
    """`A(c)` and `A1(c) = A(c) + c E[phi' phi']` by the trapezoidal rule in two dimensions."""
    step = 1 / 16
    x = np.arange(-12, 12 + step, step)
    weight = step * np.exp(-x * x / 2) / np.sqrt(2 * np.pi)
    other = c * x[:, None] + np.sqrt(1 - c * c) * x[None, :]
    root = np.sqrt(2)
    f, slope = subject.numpy_function(0), subject.numpy_function(1)
    plain = weight @ (f(root * x)[:, None] * f(root * other)) @ weight
    sloped = 2 * weight @ (slope(root * x)[:, None] * slope(root * other)) @ weight
    return plain, plain + c * sloped


@pytest.mark.parametrize("name", LIBRARY)
@pytest.mark.parametrize("c", [0.0, 0.3125, 0.75, -0.5])
def test_against_two_dimensional_integrals(name: str, c: float) -> None:
    kernel = DualKernel(LIBRARY[name], 14)
    plain, linear = by_trapezoids(LIBRARY[name], c)
    assert abs(float(kernel.A(arb(c)).mid()) - plain) < 1e-11
    assert abs(float(kernel.A1(arb(c)).mid()) - linear) < 1e-11


@pytest.mark.parametrize("name", ["erf", "sin", "cos", "exp(x/2)", "relu", "abs"])
@pytest.mark.parametrize("order", [0, 1, 2])
def test_closed_forms_agree_with_the_series(name: str, order: int) -> None:
    kernel = DualKernel(activation(name), 20)
    for text in ("0", "0.25", "0.875", "-0.5"):
        c = arb(text)
        closed, series = kernel.value(c, order), kernel.series.value(c, order)
        assert closed.overlaps(series)
        assert max(closed.rad(), series.rad()) < 1e-19


def test_D_is_the_derivative_of_c_times() -> None:
    assert sp.expand(apply_D(C**3, 1)) == 4 * C**3
    assert sp.expand(apply_D(C**3, 2)) == 16 * C**3


@pytest.mark.parametrize("name", LIBRARY)
def test_at_one_the_kernels_are_the_totals(name: str) -> None:
    kernel = DualKernel(LIBRARY[name], 20)
    total = totals(LIBRARY[name], 25)
    for order, value in enumerate((total.plain, total.linear, total.quadratic)):
        assert kernel.value(arb(1), order).overlaps(value)
        assert kernel.value(arb(1), order).rad() < 1e-19 * value


@pytest.mark.parametrize("name", ["tanh", "softplus", "isru", "erf"])
@settings(deadline=None, max_examples=15)
@given(
    a=st.fractions(-1, 1, max_denominator=1000),
    b=st.fractions(-1, 1, max_denominator=1000),
    t=st.fractions(0, 1, max_denominator=50),
    order=st.integers(0, 2),
)
def test_intervals_hold_their_points(
    name: str, a: Fraction, b: Fraction, t: Fraction, order: int
) -> None:
    kernel = DualKernel(LIBRARY[name], 10)
    wide = kernel.value(exact(a).union(exact(b)), order)
    point = kernel.value(exact(a + t * (b - a)), order)
    ends, inner = endpoints(wide), endpoints(point)
    assert ends is not None
    assert inner is not None
    assert ends[0] <= inner[1]
    assert inner[0] <= ends[1]


def test_intervals_are_tight_on_the_right_half() -> None:
    kernel = DualKernel(LIBRARY["tanh"], 15)
    wide = kernel.A2(arb("0.25").union(arb("0.75")))
    low, high = kernel.A2(arb("0.25")), kernel.A2(arb("0.75"))
    assert abs(wide.lower() - low) < 1e-6
    assert abs(wide.upper() - high) < 1e-6


def test_interval_that_ends_at_one() -> None:
    wide = DualKernel(LIBRARY["tanh"], 12).A1(arb("0.5").union(arb(1)))
    assert wide.contains(totals(LIBRARY["tanh"], 20).linear)
    near = exact(Fraction(1)) - arb(0, 1e-14)
    assert DualKernel(LIBRARY["tanh"], 12).A1(near).contains(totals(LIBRARY["tanh"], 20).linear)


def test_matrix_is_elementwise() -> None:
    kernel = DualKernel(LIBRARY["tanh"], 15)
    c = half_gram(circle(5))
    matrix = kernel.A1(c)
    for i in range(5):
        for j in range(5):
            assert matrix[i, j].overlaps(kernel.A1(c[i, j]))


@pytest.mark.parametrize(
    ("n", "expected"),
    [
        (2, 1.21899),
        (3, 0.985895),
        (4, 0.251020),
        (6, 0.120091),
        (8, 0.0446861),
        (12, 0.00773449),
        (16, 0.00141737),
        (24, 5.72168e-5),
        (32, 2.83930e-6),
    ],
)
def test_smallest_eigenvalue_on_the_circle(n: int, expected: float) -> None:
    gram = middle(DualKernel(LIBRARY["tanh"], 16).A1(half_gram(circle(n))))
    assert np.linalg.eigvalsh(gram)[0] == pytest.approx(expected, rel=1e-5)


def test_more_digits_overlap_and_are_sharper() -> None:
    with ctx.workprec(400):
        c = exact("0.97")
    low, high = DualKernel(LIBRARY["tanh"], 10).A2(c), DualKernel(LIBRARY["tanh"], 35).A2(c)
    assert low.overlaps(high)
    assert high.rad() < 1e-34 * high


def test_a_wrong_coefficient_is_caught() -> None:
    """The same comparison with the closed form fails if one coefficient is off by 1e-15."""
    series = DualSeries(LIBRARY["erf"], 25)
    c = arb("0.5")
    with ctx.workprec(150):
        exact_value = DualKernel(LIBRARY["erf"], 25).A(c)
        assert series.value(c, 0).overlaps(exact_value)
        polynomial = series._blocks[-1].polynomials[0]
        polynomial[3] = polynomial[3] * (1 + arb(10) ** -15)
        series._blocks = [Block(256, (polynomial,) * 3, series._blocks[-1].tails)]
        assert not series.value(c, 0).overlaps(exact_value)


def test_a_forgotten_tail_is_caught() -> None:
    series = DualSeries(LIBRARY["erf"], 5)
    c = arb("0.9")
    with ctx.workprec(150):
        series.value(c, 0)
        short = series._blocks[0]
        full = DualKernel(LIBRARY["erf"], 25).A(c)
        rest = short.remainder(c, 0)
        assert full.overlaps(short.polynomials[0](c) + arb(0).union(rest))
        assert not full.overlaps(short.polynomials[0](c))


def test_divergent_orders() -> None:
    relu = DualKernel(activation("relu"), 12)
    assert relu.A2(arb(1)) == arb.pos_inf()
    assert relu.A2(arb("0.5")).is_finite()
    assert DualKernel(activation("step"), 12).A1(arb(1)) == arb.pos_inf()


def test_infinite_totals_still_bound_the_series_inside() -> None:
    kernel = DualKernel(activation("2*relu(x)+tanh(x)"), 12)
    assert closed_dual(kernel.activation.expr) is None
    value = kernel.A2(arb("0.75"))
    assert value.is_finite()
    assert value.rad() < 1e-11 * value


def test_too_many_terms_are_refused() -> None:
    with pytest.raises(InputError, match="terms"):
        DualKernel(activation("relu(x)+tanh(x)"), 10).A1(exact("0.9999"))


@pytest.mark.parametrize("c", [arb(2), arb(-1.5), arb.nan(), arb.pos_inf()])
def test_outside_the_domain(c: arb) -> None:
    with pytest.raises(InputError, match=r"\[-1, 1\]"):
        DualKernel(LIBRARY["tanh"], 10).A(c)


def test_half_gram_is_exact_where_it_can_be() -> None:
    c = half_gram([["3", "4"], ["0.6", "0.8"], ["-3/5", "-0.8"], [1, 0], [Fraction(0), 2]], 40)
    assert all(c[i, i] == 1 for i in range(5))
    assert c[0, 1] == 1
    assert c[0, 2] == 0
    assert c[3, 4].overlaps(arb(0.5))
    with ctx.workprec(200):
        assert abs(c[0, 3] - arb(4) / 5) < arb(10) ** -39


@pytest.mark.parametrize(
    "points",
    [[], [[]], [["1", "0"], ["1"]], [["0", "0"]], [["x", "1"]], [["nan", "1"]], [["inf", "0"]]],
)
def test_bad_points_are_refused(points: list[list[str]]) -> None:
    with pytest.raises(InputError):
        half_gram(points)


def test_constant_activation() -> None:
    kernel = DualKernel(Activation("zero", X - X), 10)
    assert kernel.A1(arb(0.5)).is_zero()


@given(st.lists(st.tuples(*3 * [st.integers(-9, 9)]).filter(any), min_size=2, max_size=6))
@settings(max_examples=40, deadline=None)
def test_largest_cosine_by_brute_force(rows: list[tuple[int, ...]]) -> None:
    """In 40 digits of mpmath, over all pairs."""
    with mp.workdps(40):
        best = max(
            mp.fdot(x, y) / mp.norm(x) / mp.norm(y) for i, x in enumerate(rows) for y in rows[:i]
        )
        found = largest_cosine(rows, 25)
        assert abs(mp.mpf(str(found.mid().str(35, radius=False))) - best) < mp.mpf(10) ** -25
        assert float(found.rad()) < 1e-25


def test_a_single_point_has_no_cosine_above_minus_one() -> None:
    assert largest_cosine([["1", "2"]]) == -1
