"""Orders against closed forms, algebra, and logarithmic slopes of random formulas."""

import mpmath
import pytest
import sympy as sp
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mfcheck.claims.model import Constant
from mfcheck.constants._puiseux import Puiseux, UndecidedError
from mfcheck.constants.orders import base_symbols, leading, order, order_texts, orders

n, a, b = sp.symbols("n a b", positive=True)
Q = sp.Rational


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        (a, 0),
        (n, 1),
        (3 * n**2 + n, 2),
        (sp.sqrt(n**3 + a) / n, Q(1, 2)),
        (n / (n + a) ** Q(1, 3), Q(2, 3)),
        (sp.exp(a / n) - 1, -1),
        (sp.exp(sp.sqrt(a / n)) - 1, Q(-1, 2)),
        (sp.sqrt(n + 1) - sp.sqrt(n), Q(-1, 2)),
        (sp.cos(a / n) - 1, -2),
        (sp.log(1 + a / n**2), -2),
        (n * sp.log(n), 1),
        (sp.sqrt(sp.log(n)) / n, -1),
        (sp.Max(n, a * sp.sqrt(n)), 1),
        (sp.Min(n, a * sp.sqrt(n)), Q(1, 2)),
        (sp.Max(0, n), 1),
        (sp.tanh(n) * n**2, 2),
        (sp.tanh(a / n), -1),
        (sp.erf(n) + 1 / n, 0),
        (sp.exp(-1 / n), 0),
        (sp.exp(a) - 1, 0),
        (sp.Abs(a - n), 1),
    ],
)
def test_known_orders(expr: sp.Expr, expected: sp.Rational) -> None:
    assert order(expr, n) == expected


@pytest.mark.parametrize(
    "expr",
    [
        sp.exp(n),
        sp.exp(-n),
        n - a * n,
        (1 - a) * n,
        1 - sp.exp(a) + b,
        sp.sin(n),
        n**a,
        sp.Piecewise((n, n > 1), (1, True)),
        sp.Min(0, n),
        sp.Integer(0),
        sp.cosh(n),
        sp.log(n) - sp.log(n + a),
    ],
)
def test_undecided_orders_say_so(expr: sp.Expr) -> None:
    assert order(expr, n) is None


def test_order_at_zero() -> None:
    assert order(sp.exp(a * n) - 1, n, at_zero=True) == 1
    assert order(1 / sp.sqrt(n) + n, n, at_zero=True) == Q(-1, 2)


def test_leading_term_keeps_the_coefficient() -> None:
    term = leading(sp.exp(a / n) - 1, n)
    assert term is not None
    assert (term.coefficient, term.power) == (a, -1)


def formulas() -> st.SearchStrategy[sp.Expr]:
    atoms = st.sampled_from([n, sp.sqrt(n), a, sp.Integer(2), 1 / n, a / n**2, b * n**2])

    def grow(inner: st.SearchStrategy[sp.Expr]) -> st.SearchStrategy[sp.Expr]:
        small = inner.map(lambda e: 1 / (1 + n * e))
        return st.one_of(
            st.tuples(inner, inner).map(lambda e: e[0] + e[1]),
            st.tuples(inner, inner).map(lambda e: e[0] * e[1]),
            st.tuples(inner, inner).map(lambda e: e[0] / e[1]),
            st.tuples(inner, inner).map(lambda e: sp.Max(*e)),
            inner.map(sp.sqrt),
            small.map(lambda e: sp.exp(e) - 1),
            small.map(sp.tanh),
            inner.map(lambda e: sp.log(2 + e)),
        )

    return st.recursive(atoms, grow, max_leaves=5)


def slope(expr: sp.Expr) -> float:
    """Logarithmic slope between n = 1e100 and 1e140, of an expression with a = 1.3 and b = 0.7.

    The digits rise until they make no difference: `exp(1/(b**2*n**7 + 1)) - 1` needs as many as n**7 has.
    """
    f = sp.lambdify(n, expr.subs({a: Q(13, 10), b: Q(7, 10)}), "mpmath")
    before = None
    for digits in (500, 1000, 2000, 4000, 8000, 16000):
        with mpmath.workdps(digits):
            try:
                low, high = (abs(f(mpmath.mpf(10) ** k)) for k in (100, 140))
            except ZeroDivisionError:
                continue
            if low == 0 or high == 0:
                continue
            found = float((mpmath.log(high) - mpmath.log(low)) / (40 * mpmath.log(10)))
        if before is not None and abs(found - before) < 1e-9:
            return found
        before = found
    raise AssertionError(f"the slope of {expr} does not settle")


@pytest.mark.parametrize("power", [1, 3, 7, 20])
def test_slopes_of_small_differences(power: int) -> None:
    """The yardstick itself: what cancels leaves the slope of the next term."""
    assert slope(sp.exp(1 / (b**2 * n**power + 1)) - 1) == pytest.approx(-power, abs=1e-9)
    assert slope(sp.sqrt(1 + a / n**power) - 1) == pytest.approx(-power, abs=1e-9)


@settings(deadline=None, max_examples=80)
@given(formulas())
def test_orders_are_logarithmic_slopes(expr: sp.Expr) -> None:
    found = order(expr, n)
    assume(found is not None)
    logs = expr.count(sp.log)
    # A factor log(n)**k shifts the slope by less than k/250 over this range.
    assert slope(expr) == pytest.approx(float(found), abs=1e-6 + 0.01 * logs)


@settings(deadline=None, max_examples=40)
@given(formulas(), formulas())
def test_orders_add_under_products_and_peak_under_sums(f: sp.Expr, g: sp.Expr) -> None:
    p, q = order(f, n), order(g, n)
    assume(p is not None and q is not None)
    assert order(f * g, n) == p + q
    assert order(f + g, n) in (max(p, q), None)  # None: sums of constants of unknown sign
    assert order(1 / f, n) == -p


def constant(id: str, formula: sp.Expr, leaf: bool = False) -> Constant:
    value = (lambda setting, digits: None) if leaf else None
    return Constant(id, sp.Symbol(id, positive=True), formula, "test", value)


x, y, z, top = sp.symbols("x y z top", positive=True)
GRAPH = (
    constant("z", sp.exp(y / n) - 1),
    constant("y", x * sp.sqrt(n)),
    constant("x", sp.Symbol("anything"), leaf=True),
    constant("top", sp.Max(x, a)),
    constant("wild", sp.exp(top * n)),
    constant("after", sp.Symbol("wild", positive=True) + 1),
)


def test_orders_follow_the_graph() -> None:
    table = orders(GRAPH)
    assert base_symbols(GRAPH) == (n, top, x)
    assert table["z"] == {n: Q(-1, 2), x: None}
    assert table["y"] == {n: Q(1, 2), x: 1}
    assert table["wild"] == {n: None, top: None, x: None}
    assert table["after"] == {n: None, top: None, x: None}
    assert table["x"] == {x: 1}
    assert orders(GRAPH, [n], at_zero=True)["y"] == {n: Q(1, 2)}


def test_order_texts_name_the_end() -> None:
    texts = order_texts(GRAPH)
    assert texts["y"] == {"n": "1/2", "x": "1"}
    assert texts["z"] == {"n": "-1/2 (to oo)", "x": "1 (to 0)"}
    assert texts["after"] == {"n": "0 (to 0)", "top": "0 (to 0)", "x": "0 (to 0)"}


@pytest.mark.parametrize(
    ("expr", "right"),
    [
        (sp.Min(0, n - a), None),  # zero for large n
        (sp.Max(0, a - n), None),
        (sp.Max(a - n, b - n**2), 1),
        (sp.Min(a - n, b - n**2), 2),
        (sp.Max(a - n, b), 0),
        (sp.Min(a + n, b - n), 1),
    ],
)
def test_extrema_of_what_is_not_positive(expr: sp.Expr, right: sp.Rational | None) -> None:
    """Derived by hand; an order may stay open, but a wrong one must not come out."""
    found = order(expr, n)
    assert found in (right, None)


@pytest.mark.parametrize("terms", range(1, 6))
def test_series_are_cut_where_their_terms_end(terms: int) -> None:
    """exp(1/n) less its first terms is of the order of the next one, whatever is cut on the way."""
    rest = sp.exp(1 / n) - sum(1 / (sp.factorial(k) * n**k) for k in range(terms))
    assert order(rest, n) in (-terms, None)
    root = sp.sqrt(1 + 1 / n) - sum(sp.binomial(Q(1, 2), k) / n**k for k in range(terms))
    assert order(root, n) in (-terms, None)
    if terms <= 4:
        assert order(rest, n) == -terms


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("function", [sp.exp, sp.cos, sp.sin, sp.cosh, sp.tanh, sp.atan])
def test_a_series_knows_where_it_ends(function: type[sp.Function], size: int) -> None:
    """Below its end a series has every term: those that vanish are counted, too."""
    t = sp.Symbol("t", positive=True)
    for power in (1, 2):
        inner = Puiseux.monomial(sp.Integer(2), sp.Integer(power), size)
        series = inner.apply(function)
        right = sp.series(function(2 * t**power), t, 0, 14).removeO()
        for k in range(int(min(series.end, 13))):
            kept = dict(series.terms).get(sp.Integer(k), sp.Integer(0))
            assert kept == right.coeff(t, k)


def test_powers_of_negative_series() -> None:
    minus = Puiseux.monomial(sp.Integer(-2), sp.Integer(1), 3)
    assert minus.power(sp.Integer(3)).terms == ((3, -8),)
    assert minus.power(sp.Integer(-1)).terms == ((-1, Q(-1, 2)),)
    for exponent in (Q(1, 2), Q(1, 3), Q(-1, 2)):
        with pytest.raises(UndecidedError):
            minus.power(exponent)
    assert order((a - n) ** 2, n) == 2
    assert order(sp.sqrt(a - n), n) is None


@pytest.mark.parametrize(
    ("expr", "right"),
    [
        (n**-3 + 1, -3),
        (n**2 + n, 1),
        (1 / (n + n**2), -1),
        (sp.sqrt(n) * a, Q(1, 2)),
        (n**-2 - n, -2),
    ],
)
def test_orders_at_zero_by_hand(expr: sp.Expr, right: sp.Rational) -> None:
    assert order(expr, n, at_zero=True) == right
