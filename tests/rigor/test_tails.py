import pytest
import sympy as sp
from flint import arb, ctx
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st

from mfcheck.errors import InputError
from mfcheck.rigor.ball import enclose
from mfcheck.rigor.germs import Germ, Term, UnknownTailError
from mfcheck.rigor.tails import tail
from mfcheck.symbolic.activation import LIBRARY, X
from mfcheck.symbolic.expression import FUNCTIONS, parse

START = 10
POINTS = ["10", "10.5", "13", "29", "111.25"]


def germ_at(germ: Germ, x: arb) -> arb:
    """Evaluate a germ term by term."""
    return sum(
        (
            t.c * x ** (arb(int(t.k.p)) / int(t.k.q)) * (t.a * x * x + t.b * x).exp()
            for t in germ.terms
        ),
        arb(0),
    )


def disagreements(expr: sp.Expr, germ: Germ) -> int:
    """Count the points where the germ excludes the value of the expression."""
    count = 0
    with ctx.workprec(400):
        for text in POINTS:
            x = arb(text)
            value = enclose(expr, {X: x}, 400)
            if value.is_finite():
                count += not germ_at(germ, x).overlaps(value)
                if germ.is_bounded():
                    lower, upper = germ.span()
                    count += bool(
                        value < lower or value > upper or not germ.range().overlaps(value)
                    )
    return count


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("order", range(4))
@pytest.mark.parametrize("name", LIBRARY)
def test_library_tails_hold_the_values(name: str, order: int, side: int) -> None:
    expr = LIBRARY[name].derivative(order).subs(X, side * X)
    assert disagreements(expr, tail(expr, START)) == 0


@pytest.mark.parametrize("name", ["tanh", "erf", "sigmoid", "arctan", "isru"])
@pytest.mark.parametrize("order", [1, 2, 3])
def test_derivatives_of_bounded_activations_are_seen_to_decay(name: str, order: int) -> None:
    germ = tail(LIBRARY[name].derivative(order), START)
    assert all(term.growth() == -1 for term in germ.terms)


def test_a_wrong_germ_is_caught() -> None:
    germ = tail(sp.tanh(X), START)
    wrong = Germ(germ.start, (germ.terms[0], germ.terms[1].scaled(arb(0.5))))
    assert disagreements(sp.tanh(X), germ) == 0
    assert disagreements(sp.tanh(X), wrong) > 0
    assert disagreements(sp.tanh(X), Germ(germ.start, germ.terms[:1])) > 0


_TEXTS = st.recursive(
    st.sampled_from(["x", "x", "1", "0.25", "pi", "-2", "x**2", "x/3"]),
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(sorted(FUNCTIONS)), inner).map(lambda p: f"{p[0]}({p[1]})"),
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda p: f"({p[0]}{p[1]}{p[2]})"),
        inner.map(lambda p: f"({p})**3"),
        inner.map(lambda p: f"(1+({p})**2)**(-1/2)"),
    ),
    max_leaves=6,
)


@settings(deadline=None, max_examples=250)
@given(_TEXTS)
def test_random_expressions(text: str) -> None:
    try:
        expr = parse(text)
        germ = tail(expr, START)
    except (InputError, UnknownTailError):
        reject()
    assume(expr.has(X))
    assert disagreements(expr, germ) == 0


@pytest.mark.parametrize(
    "text",
    [
        "exp(x**4)",
        "tan(x)",
        "1/sin(x)",
        "sqrt(sin(x))",
        "log(sin(x))",
        "1/(sin(x)-x*0)",
    ],
)
def test_what_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(UnknownTailError):
        tail(parse(text), START)


def test_growth_too_large_for_a_range() -> None:
    with pytest.raises(UnknownTailError, match="grows"):
        tail(X**2, START).range()
    with pytest.raises(UnknownTailError):
        tail(X, 4)


def test_piecewise_takes_the_outer_branch() -> None:
    expr = sp.Piecewise((sp.sin(X), X < 1), (sp.exp(-X), X >= 2), (5, True))
    assert disagreements(expr, tail(expr, START)) == 0
    with pytest.raises(UnknownTailError):
        tail(sp.Piecewise((1, sp.sin(X) < 0), (2, True)), START)
    with pytest.raises(UnknownTailError):
        tail(sp.Piecewise((1, (X > 0) & (X < 1)), (2, True)), START)


def test_many_terms_are_put_together() -> None:
    expr = sp.Add(*[sp.exp(-sp.Rational(k, 7) * X) for k in range(1, 40)])
    germ = tail(expr, START)
    assert len(germ.terms) <= 24
    assert disagreements(expr, germ) == 0


def test_terms_with_inexact_exponents_are_not_cancelled() -> None:
    root = sp.sqrt(2)
    germ = tail(sp.exp(-root * X) - sp.exp(-root * X / (1 + sp.exp(-X))), START)
    assert germ.terms
    wide = Term(arb(1), b=arb(-1, 0.5))
    assert not wide.has_growth_of(wide)
    assert Term(arb(1), b=arb(0, 1)).growth() is None


@pytest.mark.parametrize(
    "text",
    [
        "tan(1/x)",
        "asinh(1/x)",
        "2**(-x)",
        "(2+1/x)**(1/x)",
        "exp(-x**2*exp(x/50))",
        "exp(-x*exp(x/8))",
        "exp(-exp(x/50))",
        "exp(-x**(3/2))",
        "exp(-sqrt(x))",
        "erfc(1/x)",
        "erf(2+1/x)",
        "erfc(x)",
        "erfc(-x)",
        "abs(sin(x)+sin(2*x)/x)",
        "relu(sin(x))",
        "step(sin(x))",
        "sign(sin(x)-1/2)",
        "step(x-x)",
        "(1+1/x)**9",
        "log(1/x)",
    ],
)
def test_each_rule_once(text: str) -> None:
    expr = parse(text)
    assert disagreements(expr, tail(expr, START)) == 0


def test_minimum_and_late_branches() -> None:
    expr = sp.Min(X, 1 / X, sp.exp(-X))
    assert disagreements(expr, tail(expr, START)) == 0
    late = sp.Piecewise((1, X < 0), (2, X < 1), (1 / X, X > 3), (4, True))
    assert disagreements(late, tail(late, START)) == 0
    last = sp.Piecewise((1, X < 0), (1 / X, True))
    assert disagreements(last, tail(last, START)) == 0
    with pytest.raises(UnknownTailError, match="branch"):
        tail(sp.Piecewise((1, X < 0)), START)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("tanh(x*sin(x))", "open"),
        ("tanh(x**2*(2+sin(x))-x**2*sin(x))", "sign"),
        ("erf(x/1000)", "too early"),
        ("erf(exp(x)/x**20)", "increase"),
        ("exp(sin(x)*x)*x", "grows"),
        ("cos(exp(x*sin(x)))", "growth of a part is open"),
        ("sqrt(-1/x)", "finite"),
    ],
)
def test_each_refusal_once(text: str, reason: str) -> None:
    with pytest.raises(UnknownTailError, match=reason):
        tail(parse(text), START).range()


def test_sign_of_zero() -> None:
    assert Germ(arb(START), ()).sign() == 0
