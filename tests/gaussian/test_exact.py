import mpmath
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from mfcheck.checks.identity import identities
from mfcheck.errors import InputError
from mfcheck.gaussian.exact import (
    correlated,
    dirichlet,
    expectation,
    generating,
    hermite,
    ornstein_uhlenbeck,
)

x, z = sp.symbols("x z", real=True)
c = sp.Symbol("c", real=True)


@given(st.integers(0, 6), st.fractions(-2, 2, max_denominator=5))
@settings(deadline=None, max_examples=20)
def test_moments_agree_with_quadrature(power: int, rate: object) -> None:
    q = sp.Rational(str(rate))
    exact = expectation(x**power * sp.exp(q * x), [x])
    with mpmath.workdps(25):
        density = lambda v: mpmath.exp(-(v**2) / 2) / mpmath.sqrt(2 * mpmath.pi)  # noqa: E731
        found = mpmath.quad(
            lambda v: v**power * mpmath.exp(mpmath.mpf(q.p) / q.q * v) * density(v),
            [-mpmath.inf, -2, 0, 2, mpmath.inf],
        )
        assert abs(mpmath.mpf(str(sp.N(exact, 25))) - found) < mpmath.mpf("1e-15") * (
            1 + abs(found)
        )


def test_other_integrands_are_integrated() -> None:
    assert sp.simplify(expectation(sp.exp(-(x**2) / 2), [x]) - 1 / sp.sqrt(2)) == 0


@pytest.mark.parametrize(("r", "s"), [(0, 0), (1, 1), (2, 3), (4, 4), (5, 3)])
def test_mehler_identity(r: int, s: int) -> None:
    eta = correlated(c, x, z)
    mean = expectation(sp.expand(hermite(r, x) * hermite(s, eta)), [z, x])
    assert sp.simplify(mean - (c**r if r == s else 0)) == 0


@pytest.mark.parametrize("degree", [0, 1, 2, 5])
def test_hermite_polynomials_are_eigenfunctions(degree: int) -> None:
    h = hermite(degree, x)
    assert sp.expand(ornstein_uhlenbeck(h, [x]) - degree * h) == 0


a = sp.Symbol("a", positive=True)
t = sp.Symbol("t", real=True)
H = sp.Heaviside


def by_quadrature(f: sp.Expr, cuts: tuple[float, ...] = (0,)) -> mpmath.mpf:
    """E f by mpmath, on intervals that end at the cuts."""
    code = sp.lambdify(x, f, "mpmath")
    with mpmath.workdps(25):
        ends = sorted({-12, -4, -2, 0, 2, 4, 12, *cuts})
        density = lambda v: mpmath.exp(-(v**2) / 2) / mpmath.sqrt(2 * mpmath.pi)  # noqa: E731
        return mpmath.quad(lambda v: code(v) * density(v), ends)


@pytest.mark.parametrize(
    ("f", "cuts"),
    [
        (H(x - 1) * H(2 - x), (1, 2)),
        (sp.exp(-sp.Abs(x)), (0,)),
        (sp.exp(sp.Abs(x)), (0,)),
        (sp.Max(0, x - 1), (1,)),
        (sp.Max(0, x) ** 3 * sp.exp(-x), (0,)),
        (sp.Piecewise((x**2, x < sp.Rational(1, 2)), (x - 10, True)), (0.5,)),
        (sp.exp(x**2 / 4 + x), ()),
        (x**4 * sp.exp(-(x**2) + x), ()),
        (x**3 * sp.exp(x**2 / 8 - x / 3), ()),
        (sp.sign(x - 1) * x, (1,)),
        (1 / (1 + x**2), ()),
        (x * sp.sin(x), ()),
        (x * sp.erf(x), ()),
        (sp.Abs(x) ** 3 + H(x) * x, (0,)),
        (H(x + 2) * sp.exp(2 * x) * x**2, (-2,)),
    ],
)
def test_expectations_agree_with_quadrature(f: sp.Expr, cuts: tuple[float, ...]) -> None:
    found = mpmath.mpf(str(sp.N(expectation(f, [x]), 25)))
    assert mpmath.almosteq(found, by_quadrature(f, cuts), rel_eps=mpmath.mpf("1e-12"))


def test_values_from_outside() -> None:
    assert abs(float(expectation(H(x - 1) * H(2 - x), [x])) - 0.1359051219832778) < 1e-15
    assert abs(float(expectation(sp.exp(-sp.Abs(x)), [x])) - 0.5231565837302468) < 1e-15
    gamma = sp.gamma(sp.Rational(1, 4)) / (2 ** sp.Rational(1, 4) * sp.sqrt(sp.pi))
    assert abs(float(expectation(1 / sp.sqrt(sp.Abs(x)), [x]) - gamma)) < 1e-14


@pytest.mark.parametrize(
    ("f", "infinite"),
    [
        (sp.exp(x**2), sp.oo),
        (sp.exp(x**2 / 2), sp.oo),
        (-3 * sp.exp(2 * x**2 - x), -sp.oo),
        (x**2 * sp.exp(x**2), sp.oo),
        (x**-2, sp.oo),
        (1 / sp.Abs(x), sp.oo),
        (sp.Abs(x) ** sp.Rational(-3, 2), sp.oo),
        (-(x**-4), -sp.oo),
        (H(x) * sp.exp(x**2) * x, sp.oo),
        (1 + 1 / sp.Abs(x), sp.oo),
    ],
)
def test_what_diverges_to_one_side_is_infinite(f: sp.Expr, infinite: sp.Expr) -> None:
    assert expectation(f, [x]) == infinite


@pytest.mark.parametrize(
    "f",
    [
        1 / x,
        x**-3,
        x**3 * sp.exp(x**2),
        x**-2 - sp.exp(x**2),
        sp.Abs(x) ** (-a),
        sp.exp(a * x**2),
        sp.exp(t * x**2),
        1 / (x - 1),
        sp.tan(x),
        sp.exp(x**4),
        sp.sqrt(x),
        sp.DiracDelta(x),
        sp.Float("0.5") * x**2,
        sp.Function("f")(x),
        x * sp.exp(z**2 * a),
    ],
)
def test_what_does_not_exist_is_refused(f: sp.Expr) -> None:
    with pytest.raises(InputError):
        expectation(f, [x, z])


def test_a_mean_of_zero_does_not_hide_a_factor_without_one() -> None:
    with pytest.raises(InputError, match="infinite"):
        expectation(x * sp.exp(z**2), [x, z])
    assert expectation(x * sp.exp(z), [x, z]) == 0


def test_parameters_are_covered_as_they_are_declared() -> None:
    for right in (sp.Rational(1, 3), sp.Integer(2)):
        assert (
            sp.simplify(
                expectation(sp.exp(-a * x**2), [x]).subs(a, right) - 1 / sp.sqrt(1 + 2 * right)
            )
            == 0
        )
        f = H(x - t).subs(t, right)
        assert (
            abs(
                sp.N(expectation(H(x - t), [x]).subs(t, right), 20)
                - sp.N(sp.erfc(right / sp.sqrt(2)) / 2, 20)
            )
            < 1e-18
        )
        assert abs(float(expectation(f, [x])) - float(by_quadrature(f, (float(right),)))) < 1e-12
    assert sp.simplify(expectation(sp.cos(t * x), [x]) - sp.exp(-(t**2) / 2)) == 0


def test_a_wrong_integral_is_not_confirmed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever SymPy integrates to counts only where quadrature agrees."""
    monkeypatch.setattr("mfcheck.gaussian.exact._by_sympy", lambda _: sp.Rational(6359051, 10**7))
    with pytest.raises(InputError, match="confirmed"):
        expectation(1 / (1 + x**2), [x])
    with pytest.raises(InputError, match="confirmed"):
        expectation(sp.cos(t * x), [x])


def test_identities_with_infinite_sides_are_not_proved() -> None:
    assert identities([(expectation(1 / sp.Abs(x), [x]), sp.oo)], "all").passed is not True


def test_the_dirichlet_form_of_hermite_polynomials_is_their_degree() -> None:
    for r in range(4):
        for s in range(4):
            product = dirichlet(z * hermite(r, x), z * hermite(s, x), [x, z])
            assert product == (r + 1 if r == s else 0)


def test_the_generating_function_has_hermite_coefficients() -> None:
    t = sp.Symbol("t", real=True)
    terms = sp.series(generating(t, x), t, 0, 5).removeO()
    for r in range(5):
        assert sp.expand(terms.coeff(t, r) - hermite(r, x) / sp.sqrt(sp.factorial(r))) == 0


@pytest.mark.parametrize("f", [sp.exp(1 / x), sp.exp(1 / x**2)])
def test_what_has_no_end_is_given_up(f: sp.Expr, monkeypatch: pytest.MonkeyPatch) -> None:
    """SymPy would not end; neither mean exists as a finite number, as the integrand is not bounded at zero."""
    monkeypatch.setattr("mfcheck.gaussian.exact._CALLS", 100_000)
    with pytest.raises(
        InputError, match="no closed form is confirmed, or it is not known to exist"
    ):
        expectation(f, [x])
