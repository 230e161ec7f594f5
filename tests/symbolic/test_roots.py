"""Square roots in one form, and numerators: equal at exact points, of both signs where the symbol allows them."""

import pytest
import sympy as sp

from mfcheck.symbolic.radicals import split_roots
from mfcheck.symbolic.rational import numerator

p = sp.Symbol("p", positive=True)
r = sp.Symbol("r", real=True)
a, b = sp.symbols("a b", real=True)


@pytest.mark.parametrize(
    "expr",
    [
        sp.sqrt(1 + 6 * p + 9 * p**2),
        sp.sqrt(r**2 - 2 * r + 1),
        sp.sqrt(r**2 * (1 + p)),
        sp.sqrt((r - 1) * (r - 3)),
        1 / sp.sqrt(p**3 + p**2),
        (r**2 + r**4) ** sp.Rational(3, 2),
    ],
)
def test_the_value_stays_the_same_on_both_signs(expr: sp.Expr) -> None:
    found = split_roots(expr)
    for at in (sp.Rational(-7, 2), sp.Rational(-1, 3), sp.Rational(1, 2), sp.Integer(5)):
        values = {r: at, p: sp.Rational(2, 3)}
        assert abs(sp.N((found - expr).subs(values), 30)) < 1e-20


def test_a_root_of_a_square_of_unknown_sign_is_not_the_number() -> None:
    assert split_roots(sp.sqrt((r - 1) ** 2)) != r - 1
    assert split_roots(sp.sqrt(1 + 2 * p + p**2)) == 1 + p


def test_numerators_vanish_for_identities_alone() -> None:
    assert numerator(a / (a - b) - b / (a - b) - 1) == 0
    assert numerator(1 / a + 1 / b - (a + b) / (a * b)) == 0
    assert numerator(1 / a - 1 / b) != 0
    assert numerator(sp.log(a) * b - b * sp.log(a)) == 0
