import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from mfcheck.checks.identity import identities, matrix_identities
from mfcheck.claims.verdict import Scope
from mfcheck.symbolic.generic import opaque, s0, s1, s2, specialise
from mfcheck.symbolic.identity import difference

x, y = sp.symbols("x y", real=True)
n, m = sp.symbols("n m", positive=True, integer=True)


@pytest.mark.parametrize(
    ("lhs", "rhs"),
    [
        ((x + y) ** 2, x**2 + 2 * x * y + y**2),
        (sp.sin(x) ** 2 + sp.cos(x) ** 2, sp.Integer(1)),
        (sp.diff(s0(x * y), x), y * s1(x * y)),
        (s0(x) * (s1(y) + 1) - s0(x), s0(x) * s1(y)),
    ],
)
def test_true_identities_pass_and_shifted_ones_do_not(lhs: sp.Expr, rhs: sp.Expr) -> None:
    assert identities([(lhs, rhs)], "all").passed is True
    shifted = identities([(lhs, rhs + sp.Rational(1, 10**6) * (1 + x**2))], "all")
    assert shifted.passed is False
    assert "differ" in shifted.reason


def test_no_pairs_cannot_pass() -> None:
    assert identities([], "nothing").passed is None
    assert matrix_identities([], "nothing", {}).passed is None


def test_scope_is_kept_only_as_given() -> None:
    assert identities([(x, x)], "all").scope is Scope.CASES
    assert identities([(x, x)], "all", Scope.WHOLE).scope is Scope.WHOLE


def test_a_difference_of_any_size_refutes() -> None:
    tiny = sp.Rational(1, 10**40)
    assert identities([(x, x + tiny)], "all").passed is False
    assert identities([(sp.exp(x), sp.exp(x) + tiny**5)], "all").passed is False


def test_every_pair_counts() -> None:
    true, false = (x + y, y + x + sp.Integer(0) * n), (x, 2 * x)
    open_ = (sp.Integral(sp.exp(-(x**4)), (x, 0, 1)), sp.Integral(sp.exp(-(y**4)), (y, 0, 1)) + 0)
    assert identities([true, false], "all").passed is False
    assert identities([true, open_, false], "all").passed is False
    assert identities([true, open_], "all").passed is None
    assert identities([true, true], "all").passed is True
    A = sp.MatrixSymbol("A", n, n)
    assert matrix_identities([(A, A), (A, 2 * A)], "all", {n: 2}).passed is False


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=5))
@settings(deadline=None, max_examples=25)
def test_polynomial_identities_are_decided(coefficients: list[int]) -> None:
    nested = sp.Integer(0)
    for a in reversed(coefficients):
        nested = nested * x + a
    flat = sum((a * x**k for k, a in enumerate(coefficients)), sp.Integer(0))
    assert difference(nested, flat) == 0
    assert identities([(nested, flat + x**7)], "all").passed is False


def test_matrix_identities_of_symbolic_size() -> None:
    A, v = sp.MatrixSymbol("A", n, m), sp.MatrixSymbol("v", n, 1)
    square = (A.T * v).T * (A.T * v)
    assert matrix_identities([(v.T * A * A.T * v, square)], "all", {n: 2, m: 3}).passed is True
    wrong = matrix_identities([(v.T * A * A.T * v, 2 * square)], "all", {n: 2, m: 3})
    assert wrong.passed is False


def test_generic_activation_differentiates_and_specialises() -> None:
    second = sp.diff(s0(x**2), x, 2)
    assert sp.expand(second - 2 * s1(x**2) - 4 * x**2 * s2(x**2)) == 0
    assert specialise(s0(x) + s1(y) + s2(x), sp.sin) == sp.cos(y)


def test_opaque_values_keep_equal_calls_equal() -> None:
    assert sp.expand(opaque(s0(x + y) * 2 - s0(x + y) - s0(x + y))) == 0
    assert opaque(s0(x) - s0(y)) != 0


def test_sides_are_shown_as_tex_while_they_can_be_read() -> None:
    turned = sp.Symbol(r"\omega", real=True)
    found = identities([(turned**2 / n, turned**2 / n)], "all")
    assert (found.lhs, found.rhs) == (r"$\frac{\omega^{2}}{n}$", r"$\frac{\omega^{2}}{n}$")
    differ = identities([(s0(x * y), s0(x * y) + x)], "all")
    assert differ.reason.startswith("the sides differ by $- x$: at $x = ")
    A = sp.MatrixSymbol("A", n, n)
    assert matrix_identities([(A * A, A * A)], "all", {n: 2}).lhs == "$A^{2}$"


def test_long_sides_are_described_by_their_size() -> None:
    long = sp.expand((x + y + 1) ** 12)
    assert (
        identities([(long, long)], "all").lhs == f"an expression with {long.count_ops()} operations"
    )
    v = sp.MatrixSymbol("v", n, 1)
    chain = v.T
    for k in range(40):
        chain = chain * sp.MatrixSymbol(f"B_{k}", n, n)
    found = matrix_identities([(chain * v, chain * v)], "all", {n: 2})
    assert str(found.lhs).startswith("an expression with ")


def test_powers_of_derivatives_stand_behind_the_argument() -> None:
    assert sp.latex(sp.diff(s0(x), x, 3) ** 2) == r"\sigma_0^{(3)}\left(x\right)^{2}"
    assert sp.latex(s2(x) ** 2) == r"\sigma_0''\left(x\right)^{2}"
