"""Certified positivity, against functions whose sign is known."""

import pytest
import sympy as sp

from mfcheck.rigor.positivity import positive

x = sp.Symbol("x", real=True)


@pytest.mark.parametrize(
    ("expr", "upper", "order"),
    [
        (sp.sin(x) - x * sp.cos(x), sp.pi, 3),
        (x - sp.sin(x), 10, 3),
        (sp.cos(x) - 1 + x**2 / 2, 5, 4),
        (sp.exp(x), 3, 0),
        (x - sp.Rational(99, 100) * sp.sin(x), 1, 1),
    ],
)
def test_positive(expr: sp.Expr, upper: sp.Expr, order: int) -> None:
    assert positive(expr, x, upper, order).holds is True


@pytest.mark.parametrize(
    ("expr", "upper", "order"),
    [
        (sp.sin(x) - x * sp.cos(x), 5, 3),  # negative beyond 4.49
        (sp.sin(x) - x, 1, 3),
        (x - sp.Rational(101, 100) * sp.sin(x), 1, 1),
        (sp.Rational(1, 100) - x * (1 - x), 1, 0),
    ],
)
def test_not_positive(expr: sp.Expr, upper: sp.Expr, order: int) -> None:
    assert positive(expr, x, upper, order).holds is False


def test_a_wrong_order_is_undecided() -> None:
    assert positive(x - sp.sin(x) + x**2, x, 1, 3).holds is None
    assert positive(sp.sin(x) - x * sp.cos(x), x, 1, 4).holds is None


def test_a_double_zero_inside_is_undecided() -> None:
    found = positive((x - 1) ** 2, x, sp.Rational(19, 10), 0)
    assert found.holds is None


def test_counterexample_is_one() -> None:
    found = positive(sp.cos(x), x, 2)
    assert found.where is not None
    assert sp.cos(found.where) < 0
