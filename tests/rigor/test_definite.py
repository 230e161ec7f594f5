import pytest
import sympy as sp
from flint import arb, ctx
from mpmath import mp

from mfcheck.errors import InputError
from mfcheck.rigor.definite import definite

x = sp.Symbol("x", real=True)


@pytest.mark.parametrize(
    ("f", "code"),
    [
        (sp.exp(-4 * sp.log(sp.cosh(x))), lambda t: mp.cosh(t) ** -4),
        (sp.exp(sp.cos(2 * x) / 3) * x, lambda t: t * mp.exp(mp.cos(2 * t) / 3)),
        (sp.atan(x) / (1 + x**2), lambda t: mp.atan(t) / (1 + t * t)),
    ],
)
def test_integrals_agree_with_another_quadrature(f: sp.Expr, code: object) -> None:
    value = definite(f, x, 0, 5, 25)
    with mp.workdps(35), ctx.workdps(40):
        other = arb(mp.nstr(mp.quad(code, [0, 1, 2, 3, 4, 5]), 32))
        assert abs(value - other) < arb(10) ** -24


def test_kinks_and_jumps_between_exact_ends_are_cut_out() -> None:
    f = sp.Abs(2 * x - 1) * sp.exp(x) + sp.Heaviside(x - sp.Rational(1, 3))
    with ctx.workdps(30):
        # int |2x - 1| e^x over [0, 1] by parts is 4 e^(1/2) - 3 - e
        exact = 4 * (arb(1) / 2).exp() - 3 - arb(1).exp() + 1 - arb(1) / 3
        value = definite(f, x, 0, 1, 25)
        assert value.overlaps(exact)
        assert value.rad() < arb(10) ** -20


def test_a_pole_in_the_interval_is_refused() -> None:
    with pytest.raises(InputError):
        definite(1 / (x - 1) ** 2, x, 0, 2)
