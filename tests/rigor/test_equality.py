"""Equality with three answers: true identities are never refuted, false ones never proved."""

import mpmath
import pytest
import sympy as sp
from flint import acb, arb, fmpq
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mfcheck.checks.identity import identities, matrix_identities
from mfcheck.rigor.equality import equal
from mfcheck.rigor.matrix_equality import _vanishes
from mfcheck.rigor.value_functions import Value
from mfcheck.rigor.values import NotUnderstoodError, Walk, is_finite
from mfcheck.symbolic.generic import s0, s1, s2
from mfcheck.symbolic.identity import difference

x, y = sp.symbols("x y", real=True)
p, a = sp.symbols("p a", positive=True)
q = sp.Symbol("q", negative=True)
z = sp.Symbol("z")
n, k = sp.symbols("n k", integer=True)
m, j = sp.symbols("m j", integer=True, nonnegative=True)
odd = sp.Symbol("odd", odd=True)
N, M = sp.symbols("N M", positive=True, integer=True)
Q = sp.Rational

TRUE = [
    (sp.log(q**2), 2 * sp.log(-q)),
    (sp.sin(sp.pi * n / 2) ** 2, (1 - (-1) ** n) / 2),
    (sp.exp(100) * sp.sin(2 * x), 2 * sp.exp(100) * sp.sin(x) * sp.cos(x)),
    (sp.exp(-100) * sp.sin(2 * x), 2 * sp.exp(-100) * sp.sin(x) * sp.cos(x)),
    (sp.floor(n / 2) + sp.floor((n + 1) / 2), n),
    (sp.floor(n / 3) + sp.floor((n + 1) / 3) + sp.floor((n + 2) / 3), n),
    (sp.Max(x, y) + sp.Min(x, y), x + y),
    (sp.erf(x) + sp.erfc(x), sp.Integer(1)),
    (sp.gamma(x + 1), x * sp.gamma(x)),
    (sp.binomial(m, 2), m * (m - 1) / 2),
    (sp.sqrt(5 + 2 * sp.sqrt(6)), sp.sqrt(2) + sp.sqrt(3)),
    (sp.cosh(x) ** 2 - sp.sinh(x) ** 2, sp.Integer(1)),
    (sp.log(p * a), sp.log(p) + sp.log(a)),
    (sp.sqrt(p) * sp.sqrt(a), sp.sqrt(p * a)),
    ((-1) ** odd, sp.Integer(-1)),
    (sp.cos(sp.pi * n) ** 2, sp.Integer(1)),
    (sp.Sum(k, (k, 1, m)).doit(), m * (m + 1) / 2),
    (s0(x) * (s1(y) + 1) - s0(x), s0(x) * s1(y)),
    (sp.sqrt((x - 1) ** 2), sp.Abs(1 - x)),
    ((sp.exp(x) - sp.exp(-x)) / (sp.exp(x) + sp.exp(-x)), sp.tanh(x)),
    (sp.log(q**4), 4 * sp.log(-q)),
    (sp.ceiling(n / 2), sp.floor((n + 1) / 2)),
    (sp.Mod(n, 2), (1 - (-1) ** n) / 2),
    (sp.Max(x, 0) - sp.Max(-x, 0), x),
    (sp.sign(x) * sp.Abs(x), x),
    (sp.exp(-200) * sp.cos(2 * x), sp.exp(-200) * (2 * sp.cos(x) ** 2 - 1)),
]

FALSE = [
    (sp.binomial(n, k), sp.binomial(n, n - k)),
    (sp.sqrt(z**2), z),
    (sp.sqrt(x**2), x),
    (sp.sqrt(x * y), sp.sqrt(x) * sp.sqrt(y)),
    (sp.log(x**2), 2 * sp.log(x)),
    ((x**2) ** Q(1, 4), sp.sqrt(x)),
    (sp.sign(x) ** 2, sp.Integer(1)),
    (sp.Heaviside(x - y) + sp.Heaviside(y - x), sp.Integer(1) + sp.KroneckerDelta(n, n + 1) + x),
    (sp.asin(sp.sin(x)), x),
    (sp.atan(x) + sp.atan(1 / x), sp.pi / 2),
    ((-1) ** n, sp.cos(sp.pi * n) * (-1) ** (n * (n + 1) / 2)),
    (sp.floor(x) + sp.floor(-x), sp.Integer(-1)),
    (sp.floor(n / 2), n / 2),
    (x, x + Q(1, 10**40)),
    (sp.exp(100) * sp.sin(2 * x), 2 * sp.exp(100) * sp.sin(x)),
    (sp.exp(-200) * x, 2 * sp.exp(-200) * x),
    (s2(x), -s0(x)),
    (s1(x) ** 2 + s0(x) ** 2, sp.Integer(1)),
    (sp.Function("g", real=True)(x + y), sp.Function("g", real=True)(x)),
    (sp.Integer(3), sp.Integer(3) + Q(1, 10**300)),
    (sp.Max(x, 0) + sp.Max(-x, 0), x),
    (sp.floor(2 * x), 2 * sp.floor(x)),
    (sp.Heaviside(x, 1), sp.Heaviside(x, 0)),
    (sp.exp(sp.pi * sp.sqrt(163)), sp.Integer(262537412640768744)),
    ((-1) ** (n * (n + 1) / 2), sp.Integer(1)),
]

FAR = [
    (sp.Abs(x - 10**9), 10**9 - x),
    (sp.Max(x, y) + sp.Abs(y + 10**12), sp.Max(x, y) + y + 10**12),
    (sp.Piecewise((x, x < Q(1, 10**6)), (x, x > Q(2, 10**6)), (x + 1, True)), x),
    (sp.Heaviside(m - 1000), sp.Integer(0)),
    (sp.sign(p - Q(1, 10**8)), sp.Integer(1)),
]
"""Equal at everything that is drawn without a look at the numbers of the formulas."""


@pytest.mark.parametrize(("lhs", "rhs"), TRUE)
def test_true_identities_are_equal(lhs: sp.Expr, rhs: sp.Expr) -> None:
    assert equal(lhs, rhs).holds is True


@pytest.mark.parametrize(("lhs", "rhs"), TRUE)
def test_true_identities_moved_a_little_are_not(lhs: sp.Expr, rhs: sp.Expr) -> None:
    assert equal(lhs, rhs * (1 + Q(1, 10**50)) + Q(1, 10**60)).holds is False


@pytest.mark.parametrize(("lhs", "rhs"), FALSE + FAR)
def test_false_identities_are_refuted_at_a_point(lhs: sp.Expr, rhs: sp.Expr) -> None:
    found = equal(lhs, rhs)
    assert found.holds is False
    assert identities([(lhs, rhs)], "all").passed is False


@pytest.mark.parametrize(
    ("lhs", "rhs"),
    [
        (x + sp.Float("1e-17") * x, x),
        (sp.Float(1) * x, x),
        (sp.oo + x, sp.oo),
        (sp.Integral(sp.exp(-(x**4)), (x, 0, 1)), Q(21, 25)),
        (sp.sqrt((1 - x) / (1 + x)), sp.sqrt(1 - x**2) / (1 + x)),
    ],
)
def test_what_is_not_exact_or_not_decided_stays_open(lhs: sp.Expr, rhs: sp.Expr) -> None:
    found = equal(lhs, rhs)
    assert found.holds is None
    assert identities([(lhs, rhs)], "all").passed is None
    assert ("floating point" in found.reason) is (lhs.has(sp.Float) or rhs.has(sp.Float))


def test_conditions_narrow_the_domain() -> None:
    turn = (sp.acos(sp.cos(p)), p)
    assert equal(*turn).holds is False
    assert equal(*turn, given=(p <= sp.pi,)).holds is None
    assert equal(sp.sqrt(x**2), x, given=(x > 0,)).holds is not False
    assert equal(x, x + 1, given=(x > 100,)).holds is None


def test_a_zero_from_sympy_alone_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """A simplification that always answers zero makes nothing equal that is not."""
    monkeypatch.setattr("mfcheck.rigor.equality.difference", lambda *_: sp.Integer(0))
    assert equal(x, x + Q(1, 10**30)).holds is False
    assert equal(sp.Integral(sp.exp(-(x**4)), (x, 0, 1)), Q(21, 25)).holds is None
    assert equal(sp.log(-p) / (x - x + 1), sp.log(p)).holds is not True
    nowhere = sp.Symbol("w", positive=True, real=True, integer=False, rational=False)
    assert equal(sp.asin(2 + nowhere**2), sp.acos(2 + nowhere**2)).holds is None


def test_points_respect_what_is_declared() -> None:
    prime = sp.Symbol("prime", prime=True)
    even = sp.Symbol("even", even=True)
    assert equal(sp.Abs(q), -q).holds is True
    assert equal((-1) ** even, sp.Integer(1)).holds is True
    assert equal(sp.sin(sp.pi * prime), sp.Integer(0)).holds is True
    imaginary = sp.Symbol("w", imaginary=True)
    assert equal(imaginary**2, -(sp.Abs(imaginary) ** 2)).holds is not False
    assert (
        equal(sp.conjugate(sp.Symbol("c", complex=True)), sp.Symbol("c", complex=True)).holds
        is False
    )


A, B = sp.MatrixSymbol("A", N, M), sp.MatrixSymbol("B", M, M)


@pytest.mark.parametrize(
    ("lhs", "rhs", "holds"),
    [
        ((1 + sp.sqrt(a)) ** 2 * A, (1 + 2 * sp.sqrt(a) + a) * A, True),
        ((1 + sp.sqrt(a)) ** 2 * A, (1 + 2 * sp.sqrt(a) + 2 * a) * A, False),
        (sp.log(q**2) * A, 2 * sp.log(-q) * A, True),
        (sp.sqrt(x**2) * A, x * A, False),
        (A * (B + sp.Identity(M)) * a, a * A + a * A * B, True),
        (A * B * B.T, A * B.T * B, False),
        ((A * B).T, B.T * A.T, True),
        (sp.sin(2 * a) * A * B, 2 * sp.sin(a) * sp.cos(a) * A * B, True),
        (sp.Float("0.5") * A, Q(1, 2) * A, None),
        (A + 2 * A * B, A + 3 * A * B, False),
    ],
)
def test_matrices_with_scalar_factors(
    lhs: sp.MatrixExpr, rhs: sp.MatrixExpr, holds: bool | None
) -> None:
    assert matrix_identities([(lhs, rhs)], "all", {N: 2, M: 3}).passed is holds


def test_every_product_of_matrices_must_vanish() -> None:
    """The scalar factor of one product is zero, that of the other is not, whatever an example says."""
    rest = (sp.sin(2 * a) - 2 * sp.sin(a) * sp.cos(a)) * A + a * A * B
    assert not _vanishes(rest)
    assert not _vanishes(a * A * B + (sp.log(a**2) - 2 * sp.log(a)) * A)
    assert _vanishes((sp.sin(2 * a) - 2 * sp.sin(a) * sp.cos(a)) * A + (a - a) * A * B)


def test_every_remainder_counts() -> None:
    """Zero for even n, one for odd n: SymPy's part must not be content with the first case."""
    assert difference(sp.sin(sp.pi * n / 2) ** 2, sp.Integer(0)) != 0
    assert difference(n - 2 * sp.floor(n / 2), sp.Integer(0)) != 0
    assert difference(sp.Mod(n, 3) * sp.floor(n), sp.Integer(0)) != 0
    assert difference(n - 2 * sp.floor(n / 2), (1 - (-1) ** n) / 2) == 0


def test_a_true_identity_that_is_not_proved_refutes_nothing() -> None:
    """asinh p = log(p + sqrt(p^2 + 1)) and atan p + atan 1/p = pi/2 for p > 0: true, and SymPy does not see it."""
    for lhs, rhs in (
        (sp.asinh(p), sp.log(p + sp.sqrt(p**2 + 1))),
        (sp.atan(p) + sp.atan(1 / p), sp.pi / 2),
    ):
        assert equal(lhs, rhs).holds is not False
        assert matrix_identities([(lhs * A, rhs * A)], "all", {N: 2, M: 3}).passed is not False


def test_matrices_that_only_look_unequal_are_open() -> None:
    left = sp.HadamardProduct(B, B * B)
    right = sp.HadamardProduct(B * B, B)
    assert matrix_identities([(left, right)], "all", {M: 3}).passed is not False
    power = sp.MatPow(B, 2) * B.T, sp.MatMul(B, B, B.T)
    assert matrix_identities([power], "all", {M: 3}).passed is not False


# --- values at a point, against mpmath ------------------------------------------------------------------------------

u = sp.Symbol("u", real=True)
_ONE_ARGUMENT = [sp.sin, sp.cos, sp.tanh, sp.exp, sp.erf, sp.Abs, sp.sign, sp.floor, sp.ceiling]
_MORE = [sp.sqrt, sp.log, sp.atan, sp.asinh, sp.gamma, sp.factorial, sp.erfc, sp.cot, sp.sinh]
_EXPRESSIONS = st.recursive(
    st.sampled_from([u, u, sp.Integer(2), Q(-3, 2), sp.pi, u / 3, u**2]),
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(_ONE_ARGUMENT + _MORE), inner).map(lambda e: e[0](e[1])),
        st.tuples(inner, inner).map(lambda e: e[0] + e[1]),
        st.tuples(inner, inner).map(lambda e: e[0] * e[1]),
        inner.map(lambda e: 1 / (1 + e**2)),
        inner.map(lambda e: e**3),
        st.tuples(inner, inner).map(lambda e: sp.Max(*e)),
    ),
    max_leaves=4,
)


@settings(deadline=None, max_examples=150)
@given(_EXPRESSIONS, st.fractions(-4, 4, max_denominator=7))
def test_values_hold_what_another_library_computes(expr: sp.Expr, at: object) -> None:
    point = Q(str(at))
    assume(not expr.has(sp.zoo, sp.nan, sp.oo, sp.I) and expr.has(u))
    value = Walk({u: fmpq(int(point.p), int(point.q))}).value(expr)
    assume(is_finite(value))
    f = sp.lambdify(u, expr, "mpmath")
    with mpmath.workdps(30):
        try:
            other = mpmath.mpc(f(mpmath.mpf(int(point.p)) / int(point.q)))
        except (ZeroDivisionError, ValueError, OverflowError):
            assume(False)
        assume(mpmath.isfinite(other))
        assert _close(value, other)


def _close(value: Value, other: mpmath.mpc) -> bool:
    whole = value if isinstance(value, acb) else acb(value.p) / acb(value.q)
    mid = mpmath.mpc(
        *(mpmath.mpf(part.mid().str(30, radius=False)) for part in (whole.real, whole.imag))
    )
    radius = float(whole.real.rad()) + float(whole.imag.rad())
    return abs(mid - other) <= radius + 1e-12 * (1 + abs(other))


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        (sp.binomial(n, k), {(5, 2): 10, (-3, 2): 6, (4, -1): 0, (2, 5): 0}),
        (sp.RisingFactorial(n, k), {(3, 2): 12, (-1, 3): 0}),
        (sp.FallingFactorial(n, k), {(5, 2): 20, (1, 3): 0}),
        (sp.Mod(n, k), {(7, 3): 1, (-7, 3): 2}),
        (sp.KroneckerDelta(n, k), {(1, 1): 1, (1, 2): 0}),
        (sp.Heaviside(n - k), {(1, 2): 0, (2, 1): 1}),
        (sp.Heaviside(n - k, Q(1, 3)), {(2, 2): Q(1, 3)}),
        (
            sp.Piecewise((n, n < k), (7, sp.Or(n > 9, sp.Eq(n, k))), (0, True)),
            {(1, 2): 1, (2, 2): 7},
        ),
        (sp.Sum(u * k, (u, 1, n)), {(4, 2): 20, (0, 5): 0}),
        (sp.Product(u + k, (u, 1, n)), {(2, 1): 6}),
    ],
)
def test_integer_functions(expr: sp.Expr, expected: dict[tuple[int, int], sp.Rational]) -> None:
    for (first, second), right in expected.items():
        found = Walk({n: fmpq(first), k: fmpq(second)}).value(expr)
        assert found == fmpq(int(sp.Rational(right).p), int(sp.Rational(right).q))


def test_parts_without_a_value_say_so() -> None:
    with pytest.raises(NotUnderstoodError):
        Walk({}).value(sp.Symbol("nothing"))
    assert not is_finite(Walk({u: fmpq(0)}).value(1 / u))
    assert not is_finite(Walk({u: fmpq(2)}).value(sp.asin(u)))
    assert not is_finite(Walk({u: fmpq(0)}).value(sp.log(u)))
    assert not is_finite(Walk({u: fmpq(0)}).value(sp.log(sp.sin(u))))
    around = Walk({u: acb(arb(0, 1))}).value(sp.log(u))
    assert not is_finite(around)
