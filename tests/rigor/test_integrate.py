import mpmath as mp
import pytest
import sympy as sp
from flint import arb

from mfcheck.errors import InputError
from mfcheck.rigor.ball import bounds, enclose
from mfcheck.rigor.integrate import cut_tails, expectation_sqrt2, parity
from mfcheck.rigor.pieces import pieces
from mfcheck.symbolic.activation import LIBRARY, X
from mfcheck.symbolic.expression import parse

TANH = "0.519975745663948623531815773545"
"""E[tanh(sqrt2 xi)^2] to 30 digits."""


def test_tanh_to_thirty_digits() -> None:
    lower, upper = bounds(expectation_sqrt2(sp.tanh(X) ** 2, 30), 34)
    assert lower.startswith(TANH[:-1])
    assert mp.mpf(upper) - mp.mpf(lower) < mp.mpf(10) ** -30
    with mp.workdps(40):
        assert (
            mp.mpf(lower)
            <= mp.quad(lambda x: mp.tanh(mp.sqrt(2) * x) ** 2 * mp.npdf(x), [-mp.inf, 0, mp.inf])
            <= mp.mpf(upper)
        )


@pytest.mark.parametrize("x", [sp.Symbol("x"), sp.Symbol("t", positive=True), X])
def test_any_symbol_is_the_variable(x: sp.Symbol) -> None:
    """E (sqrt2 xi)^4 = 4 * 3 = 12, by the moments of a Gaussian."""
    assert expectation_sqrt2(x**4, 20).overlaps(arb(12))
    with pytest.raises(InputError, match="a function of one variable is needed, got one of "):
        expectation_sqrt2(x * sp.Symbol("other"))


@pytest.mark.parametrize("name", LIBRARY)
def test_two_precisions_overlap_and_agree_with_mpmath(name: str) -> None:
    square = LIBRARY[name].expr ** 2
    coarse, fine = expectation_sqrt2(square, 12), expectation_sqrt2(square, 40)
    assert coarse.overlaps(fine)
    assert fine.rad() < fine * arb(10) ** -40
    code = sp.lambdify(X, square, "mpmath")
    with mp.workdps(20):
        reference = mp.quad(
            lambda x: code(x) * mp.exp(-x * x / 4) / (2 * mp.sqrt(mp.pi)),
            [-20, -8, -3, -1, 0, 1, 3, 8, 20],
        )
    assert abs(float(fine.mid()) - float(reference)) < 1e-13 * float(reference)


@pytest.mark.parametrize(
    ("text", "exact"),
    [
        ("1", sp.Integer(1)),
        ("x**2", sp.Integer(2)),
        ("x**6", sp.Integer(120)),
        ("exp(x)", sp.E),
        ("cos(x)", sp.exp(-1)),
        ("relu(x)", 1 / sp.sqrt(sp.pi)),
        ("abs(x)**3", 8 / sp.sqrt(sp.pi)),
        ("step(x-1)", sp.erfc(sp.Rational(1, 2)) / 2),
        ("exp(-x**2/4)", 1 / sp.sqrt(2)),
        ("exp(x**2/8)", sp.sqrt(2)),
        ("x**3", sp.Integer(0)),
        (
            "abs(x-sqrt(2))",
            2 * (sp.exp(-sp.Rational(1, 2)) / sp.sqrt(sp.pi)) + sp.sqrt(2) * sp.erf(1 / sp.sqrt(2)),
        ),
    ],
)
def test_exact_values(text: str, exact: sp.Expr) -> None:
    value = expectation_sqrt2(parse(text), 25)
    assert value.overlaps(enclose(exact, prec=200))
    assert value.rad() < 1e-24 * (1 + abs(value))


@pytest.mark.parametrize("text", ["exp(x**2/4)", "exp(x**2)", "exp(x**4)", "tan(x)", "tan(x)**2"])
def test_infinite_or_unknown_expectations_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="tail"):
        expectation_sqrt2(parse(text), 15)


def test_poles_are_refused() -> None:
    with pytest.raises(InputError, match="not known to be finite"):
        expectation_sqrt2(1 / (X - sp.Rational(1, 3)) ** 2, 10)


@pytest.mark.parametrize("digits", [0, -3, 10**6])
def test_digits_out_of_range(digits: int) -> None:
    with pytest.raises(InputError, match="digits"):
        expectation_sqrt2(sp.tanh(X) ** 2, digits)


@pytest.mark.parametrize("name", LIBRARY)
def test_cut_tails_bound_the_outside(name: str) -> None:
    """At few digits the cut matters: the mass outside, integrated numerically, lies within the bound."""
    square = LIBRARY[name].expr ** 2
    cutoff, outside = cut_tails(pieces(square), 3)
    code = sp.lambdify(X, square, "mpmath")
    with mp.workdps(15):
        weighted = [
            mp.quad(lambda x, s=s: code(s * x) * mp.exp(-x * x / 4), [cutoff, 2 * cutoff])
            for s in (1, -1)
        ]
        mass = sum(weighted) / (2 * mp.sqrt(mp.pi))
    assert float(mass) <= float(outside.abs_upper())
    assert float(outside.abs_upper()) < 1e-3


def test_parity() -> None:
    assert parity(sp.tanh(X)) == -1
    assert parity(sp.cos(X) * sp.Abs(X)) == 1
    assert parity(sp.exp(X)) == 0


@pytest.mark.parametrize(
    ("f", "cuts"),
    [
        (sp.Piecewise((X, sp.Rational(1, 2) > X), (X - 10, True)), [0.5]),
        (sp.Heaviside(X - 1) * sp.Heaviside(2 - X), [1, 2]),
        (sp.sign(X - sp.Rational(1, 3)) * sp.tanh(X), [1 / mp.mpf(3)]),
        (sp.Max(X, 3 * X - 1) * sp.sign(X + 2), [-2, 0.5]),
        (sp.sqrt(sp.Abs(X - 1) + 1) / sp.sqrt(1 + sp.Abs(X)), [0, 1]),
    ],
)
def test_jumps_and_kinks_against_quadrature_between_them(f: sp.Expr, cuts: list[float]) -> None:
    found = expectation_sqrt2(f, 12)
    code = sp.lambdify(X, f, "mpmath")
    with mp.workdps(25):
        ends = sorted([-22, -9, -3, 0, 3, 9, 22, *cuts])
        right = mp.quad(lambda x: code(x) * mp.exp(-x * x / 4) / (2 * mp.sqrt(mp.pi)), ends)
        assert abs(mp.mpf(found.mid().str(20, radius=False)) - right) < mp.mpf("1e-11")


@pytest.mark.parametrize("f", [sp.floor(X), sp.Mod(X, 1), sp.frac(X) * X, sp.ceiling(X**2)])
def test_jumps_that_are_not_understood_are_not_integrated(f: sp.Expr) -> None:
    with pytest.raises(InputError):
        expectation_sqrt2(f, 10)
