import pytest
import sympy as sp
from flint import arb, ctx

from mfcheck.gaussian.closed_forms import C, closed_coefficients, closed_dual
from mfcheck.rigor.ball import enclose
from mfcheck.rigor.pieces import pieces
from mfcheck.rigor.quadrature import hermite_integrals
from mfcheck.symbolic.activation import LIBRARY, X
from mfcheck.symbolic.expression import parse
from mfcheck.symbolic.polynomial import as_polynomial

CLOSED = [
    "1",
    "x",
    "x**3-x",
    "exp(x/2)",
    "exp(-x+1)",
    "sin(x)",
    "cos(2*x)",
    "sin(1-x/3)",
    "erf(x)",
    "erf(-x/3)",
    "gelu(x)",
    "x**2*sin(x/2+1)+3*x",
    "x*erf(-x/3)+cos(2-x)",
    "2*exp(x/4)*x**2-5",
]


@pytest.mark.parametrize("text", CLOSED)
def test_closed_coefficients_agree_with_integration(text: str) -> None:
    expr = parse(text)
    with ctx.workprec(150):
        closed = closed_coefficients(expr, 14)
    assert closed is not None
    integrated = hermite_integrals(pieces(expr), 14, 26, 20)
    slack = arb(0, 1e-15)
    assert all((a + slack).overlaps(b) for a, b in zip(closed, integrated, strict=True))
    assert all(b.rad() < 1e-15 for b in integrated)


def test_a_wrong_closed_coefficient_is_caught() -> None:
    """Integration tells a relative error of 1e-18 in one coefficient apart."""
    integrated = hermite_integrals(pieces(sp.erf(X)), 8, 26, 22)
    with ctx.workprec(150):
        closed = closed_coefficients(sp.erf(X), 8)
        assert closed is not None
        wrong = closed[5] * (1 + arb(10) ** -18)
        tail = arb(0, 1e-21)
        assert (closed[5] + tail).overlaps(integrated[5])
        assert not (wrong + tail).overlaps(integrated[5])


@pytest.mark.parametrize(
    "text",
    ["tanh(x)", "sigmoid(x)", "erf(x+1)", "x*tanh(x)", "sin(x**2)", "exp(x)/x", "sqrt(x**2+1)"],
)
def test_no_closed_form(text: str) -> None:
    assert closed_coefficients(parse(text), 4) is None


def test_huge_expansions_are_not_tried() -> None:
    assert closed_coefficients((sp.sin(X) + sp.cos(X) + X + 1) ** 40, 3) is None


def test_vanishing_coefficients_are_exact() -> None:
    closed = closed_coefficients(sp.sin(X), 6)
    assert closed is not None
    assert all(closed[r].is_zero() for r in (0, 2, 4))
    assert all(value.is_zero() for value in closed_coefficients(X**2, 6)[3:])


@pytest.mark.parametrize(
    "text",
    [
        "1",
        "x**3-2*x+1",
        "erf(x)",
        "2*erf(x/3)",
        "sin(x)",
        "cos(2*x)",
        "exp(-x/2)",
        "relu(x)",
        "3*abs(x)",
        "step(x)",
        "sign(x)",
    ],
)
def test_closed_duals_agree_with_their_series(text: str) -> None:
    expr = parse(text)
    dual = closed_dual(expr)
    assert dual is not None
    count = 60
    mu = hermite_integrals(pieces(expr), count, 30, 25)
    for c in (arb("0.5"), arb("-0.375"), arb(0)):
        series = sum((m * m * c**r for r, m in enumerate(mu)), arb(0))
        # The coefficients sum to A(1), so what is left out is at most |c|^count A(1).
        rest = abs(c) ** count * enclose(dual.subs(C, 1), prec=100).abs_upper()
        assert enclose(dual, {C: c}, 100).overlaps(series + arb(0, rest.upper()))


@pytest.mark.parametrize("name", ["tanh", "sigmoid", "softplus", "gelu", "silu", "arctan", "isru"])
def test_no_closed_dual(name: str) -> None:
    assert closed_dual(LIBRARY[name].expr) is None


@pytest.mark.parametrize(
    "text", ["exp(-abs(x))", "erf(abs(x))", "sin(x**2)", "exp(x+1)", "cos(sign(x)*x)", "x*exp(x)"]
)
def test_arguments_that_only_look_linear_have_no_closed_dual(text: str) -> None:
    assert closed_dual(parse(text)) is None


@pytest.mark.parametrize("text", ["3", "x", "x**3-2*x+1", "(x+1)**3*(x-sqrt(2))", "2*(x**2+pi)**2"])
def test_multiplying_out(text: str) -> None:
    expr = parse(text)
    assert sp.expand(as_polynomial(expr).as_expr() - expr) == 0


def test_multiplying_out_is_quick() -> None:
    assert as_polynomial(((X + 1) ** 10 + 1) ** 10).degree() == 100


def test_paper_examples() -> None:
    assert sp.simplify(closed_dual(sp.erf(X)) - 2 * sp.asin(4 * C / 5) / sp.pi) == 0
    assert sp.simplify(closed_dual(sp.sin(X)) - sp.exp(-2) * sp.sinh(2 * C)) == 0
