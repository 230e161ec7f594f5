from fractions import Fraction

import mpmath as mp
import pytest
import sympy as sp
from flint import arb

from mfcheck.errors import InputError
from mfcheck.gaussian.moments import d2phi, dphi, moment, phi
from mfcheck.gaussian.nodes import E2, E, enclosed, numeric
from mfcheck.symbolic.activation import X

q, s, b = sp.symbols("q s b", positive=True)
LENGTH = s**2 * E(phi**2, variance=q) + b
RELU = sp.Max(0, X)
HARD = sp.Max(-1, sp.Min(1, X))


def by_mpmath(f: object, variance: float) -> mp.mpf:
    root = mp.sqrt(variance)
    ends = sorted({*range(-12, 13, 3), -1 / root, 1 / root})
    return mp.quad(lambda z: f(root * z) * mp.npdf(z), ends)  # type: ignore[operator]


def test_stein_in_symbols() -> None:
    expected = s**2 * (E(dphi**2, variance=q) + E(phi * d2phi, variance=q))
    assert sp.expand(sp.diff(LENGTH, q) - expected) == 0
    assert sp.diff(E(X**4, variance=q), q) == 6 * E(X**2, variance=q)
    assert sp.diff(E(sp.sin(X), variance=1, mean=q), q) == E(sp.cos(X), variance=1, mean=q)


def test_the_variable_of_integration_is_bound() -> None:
    node = E(phi**2, variance=q)
    assert node.free_symbols == {q}
    assert node.subs(q, 2) == E(phi**2, variance=2)
    assert E(3 * phi, variance=q) == 3 * E(phi, variance=q)
    assert E(5, variance=q) == 5


def test_latex() -> None:
    assert sp.latex(E(dphi**2, variance=q)) == r"\mathbb{E}_{q}\left[{\phi'}^{2}\right]"


@pytest.mark.parametrize(
    ("activation", "code"),
    [
        (sp.tanh(X), mp.tanh),
        (RELU, lambda t: max(t, 0)),
        (HARD, lambda t: max(-1, min(1, t))),
        (sp.Max(0, X) + sp.exp(sp.Min(0, X)) - 1, lambda t: t if t > 0 else mp.expm1(t)),
    ],
)
def test_slope_of_the_length_map_is_its_difference_quotient(
    activation: sp.Expr, code: object
) -> None:
    """Point masses of `phi''` at kinks count: without them the slope of hard tanh would be chi_1."""
    values = {q: Fraction(3, 2), s: 2, b: Fraction(1, 10)}
    with mp.workdps(25):
        reference = mp.diff(
            lambda v: 4 * by_mpmath(lambda t: code(t) ** 2, v), mp.mpf(3) / 2, h=mp.mpf("1e-8")
        )
    slope = enclosed(sp.diff(LENGTH, q), values, activation)
    assert abs(float(slope.mid()) - float(reference)) < 1e-10
    assert slope.rad() < 1e-14
    floats = numeric(sp.diff(LENGTH, q), {k: float(v) for k, v in values.items()}, activation)
    assert abs(floats - float(reference)) < 1e-10
    if activation == HARD:
        chi = enclosed(s**2 * E(dphi**2, variance=q), values, activation)
        assert not chi.overlaps(slope)


def test_nested_variance_and_parameters() -> None:
    inner = s**2 * E(phi**2, variance=q) + b
    twice = E(phi**2, variance=inner)
    values = {q: 1, s: Fraction(3, 2), b: Fraction(1, 4)}
    with mp.workdps(25):
        first = mp.mpf(9) / 4 * by_mpmath(lambda t: mp.tanh(t) ** 2, 1) + mp.mpf(1) / 4
        reference = by_mpmath(lambda t: mp.tanh(t) ** 2, first)
    value = enclosed(twice, values, sp.tanh(X), 20)
    assert value.overlaps(arb(mp.nstr(reference, 22), 1e-20))
    leaky = E(sp.Max(b * X, X) ** 2, variance=q)
    assert enclosed(leaky, values).overlaps(arb(17) / 32)
    with pytest.raises(InputError, match="exactly"):
        enclosed(leaky, {q: 1, b: arb(0.25, 0.01)})


@pytest.mark.parametrize("f", [d2phi**2, dphi * d2phi])
def test_a_kink_has_no_second_derivative(f: sp.Expr) -> None:
    with pytest.raises(InputError, match="kink"):
        moment(f, RELU)
    with pytest.raises(InputError):
        moment(f, HARD)


def test_elu_has_a_bounded_second_derivative() -> None:
    elu = sp.Max(0, X) + sp.exp(sp.Min(0, X)) - 1
    # E exp(2x) over x < 0 at variance 1.
    expected = mp.exp(2) * mp.ncdf(-2)
    assert enclosed(E(d2phi**2, variance=1), {}, elu).overlaps(arb(mp.nstr(expected, 15), 1e-14))


def test_a_jump_admits_no_derivative() -> None:
    with pytest.raises(InputError):
        moment(dphi**2, sp.sign(X))
    assert enclosed(E(phi**2, variance=q), {q: 2}, sp.sign(X)).contains(1)


def test_needs_an_activation_and_values() -> None:
    with pytest.raises(InputError, match="activation"):
        enclosed(LENGTH, {q: 1, s: 1, b: 0})
    with pytest.raises(InputError, match="no value"):
        enclosed(LENGTH, {q: 1, s: 1}, sp.tanh(X))


def test_pair_nodes() -> None:
    c = sp.Symbol("c", real=True)
    node = E2(phi, phi, q, q, c)
    slope = sp.diff(node, c)
    assert slope == q * E2(dphi, dphi, q, q, c)
    values = {q: 2, c: Fraction(1, 3)}
    value = enclosed(slope, values, sp.erf(X))
    expected = 2 * 4 / arb.pi() / (arb(25) - 16 / arb(9)).sqrt()
    assert value.overlaps(expected)
    assert abs(numeric(node, {q: 2.0, c: 0.25}, RELU) - 0.4389) < 2e-2


def test_an_ordinary_symbol_of_that_name_is_the_variable() -> None:
    x = sp.Symbol("x")
    assert E(x**4, variance=q) == E(X**4, variance=q)
    assert enclosed(E(x**4, variance=q), {q: 2}).overlaps(arb(12))
    assert E2(x, x, 1, 1, b) == E2(X, X, 1, 1, b)
