import numpy as np
import pytest
import sympy as sp
from flint import arb
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from mfcheck.errors import InputError
from mfcheck.rigor.ball import enclose, endpoints, exact
from mfcheck.rigor.pieces import Piece
from mfcheck.rigor.suprema import Supremum, derivative_supremum, suprema, supremum
from mfcheck.symbolic.activation import LIBRARY, Activation, X, activation
from mfcheck.symbolic.expression import parse

ROOT3 = sp.sqrt(3)
CLOSED = {
    "tanh": (1, 1, 4 / (3 * ROOT3), 2),
    "erf": (
        1,
        2 / sp.sqrt(sp.pi),
        2 * sp.sqrt(2) * sp.exp(-sp.Rational(1, 2)) / sp.sqrt(sp.pi),
        4 / sp.sqrt(sp.pi),
    ),
    "sin": (1, 1, 1, 1),
    "cos": (1, 1, 1, 1),
    "sigmoid": (1, sp.Rational(1, 4), 1 / (6 * ROOT3), sp.Rational(1, 8)),
    "softplus": (None, 1, sp.Rational(1, 4), 1 / (6 * ROOT3)),
    "gelu": (None, "1.128904145185155", sp.sqrt(2 / sp.pi), "0.77876963505573245"),
    "silu": (None, "1.099839320128867", sp.Rational(1, 2), "0.3081815157964792"),
    "arctan": (sp.pi / 2, 1, 3 * ROOT3 / 8, 2),
    "isru": (1, 1, sp.Rational(48, 25) / sp.sqrt(5), 3),
}
"""Suprema of the derivatives of order 0 to 3, by calculus; None is infinite, text was found numerically."""


@pytest.mark.parametrize("name", LIBRARY)
def test_library(name: str) -> None:
    for found, expected in zip(suprema(LIBRARY[name], 13), CLOSED[name], strict=True):
        if expected is None:
            assert found.state == "infinite"
            assert found.value == arb.pos_inf()
            assert "grows like |x|" in found.reason
            continue
        assert found.state == "finite"
        assert found.value.rad() < 1e-12
        reference = (
            enclose(parse(expected), prec=80) + arb(0, 1e-14)
            if isinstance(expected, str)
            else enclose(sp.sympify(expected), prec=80)
        )
        assert found.value.overlaps(reference)


@pytest.mark.parametrize("name", LIBRARY)
@pytest.mark.parametrize("order", range(4))
def test_no_sample_exceeds_the_supremum_and_some_come_close(name: str, order: int) -> None:
    found = derivative_supremum(LIBRARY[name], order, 8)
    samples = np.abs(LIBRARY[name].numpy_function(order)(np.linspace(-30, 30, 60_001)))
    if found.state == "infinite":
        assert samples.max() > 29
        return
    assert samples.max() <= float(found.value.upper()) * (1 + 1e-12)
    assert samples.max() >= float(found.value.lower()) * 0.94


def test_a_wrong_supremum_is_caught() -> None:
    """Samples refute a supremum that is one part in a million too small."""
    found = derivative_supremum(LIBRARY["silu"], 1, 10)
    samples = np.abs(LIBRARY["silu"].numpy_function(1)(np.linspace(2, 3, 20_001)))
    assert samples.max() > float((found.value * (1 - arb("1e-6"))).upper())


_TEXTS = st.sampled_from(
    [
        "sin(x)+tanh(x)",
        "exp(-x**2)*sin(20*x)",
        "1/(1+x**2)",
        "tanh(100*x)",
        "tanh(x/1000)",
        "exp(-x**4)",
        "cos(x)**2",
        "arctan(x)*(2+sin(x))",
        "log(1+x**2)/(1+x**2)",
        "x*exp(-x**2)",
        "abs(x)/(1+x**2)",
        "relu(x)*exp(-x)",
        "sin(x**2)",
    ]
)


@settings(deadline=None, max_examples=40)
@given(text=_TEXTS, at=st.fractions(-50, 50, max_denominator=10**4))
def test_values_stay_below(text: str, at: sp.Rational) -> None:
    found = derivative_supremum(activation(text), 0, 6)
    assert found.state == "finite"
    value = enclose(parse(text), {X: at})
    assert not abs(value) > found.value.upper()


def test_periodic_functions_are_sharp() -> None:
    found = derivative_supremum(activation("sin(3*x)*cos(x)"), 0, 12)
    assert found.state == "finite"
    assert found.value.rad() < 1e-11
    assert derivative_supremum(activation("sin(x)*0+sin(2*x)"), 1, 12).value.contains(2)


@pytest.mark.parametrize("text", ["relu", "abs", "relu(x)+abs(x-sqrt(2))"])
def test_kinks(text: str) -> None:
    states = [found.state for found in suprema(activation(text), 8)]
    assert states == ["infinite", "finite", "undefined", "undefined"]


def test_jumps_and_higher_kinks() -> None:
    assert [s.state for s in suprema(activation("step"), 8)] == ["finite"] + ["undefined"] * 3
    assert [s.state for s in suprema(activation("relu(x)**2"), 8)] == ["infinite"] * 2 + [
        "finite",
        "undefined",
    ]
    cubic = suprema(activation("abs(x)**3"), 8)
    assert cubic[3].state == "finite"
    assert cubic[3].value.contains(6)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x*sin(x)", "grows without bound"),
        ("1/(x-0.3)", "no finite bound is found near x = 0.3"),
        ("exp(x**4)", "faster than"),
        ("log(1+x**2)", "grows without bound"),
    ],
)
def test_unknown_is_not_guessed(text: str, reason: str) -> None:
    found = derivative_supremum(activation(text), 0, 8)
    assert found.state == "unknown"
    assert reason in found.reason
    assert found.value == arb.pos_inf()


@pytest.mark.parametrize(
    ("text", "growth"), [("x**2", "|x|^2"), ("exp(x)", "exp(1.000*x)"), ("x*exp(x/2)", "|x| exp")]
)
def test_infinite_suprema_say_how(text: str, growth: str) -> None:
    found = derivative_supremum(activation(text), 0, 8)
    assert found.state == "infinite"
    assert growth in found.reason


def test_constants_and_pieces() -> None:
    assert suprema(Activation("zero", sp.Integer(0)), 5)[0].value.is_zero()
    found = supremum(
        [
            Piece(sp.Integer(-1), sp.Rational(1, 2), X**3),
            Piece(sp.Rational(1, 2), sp.Integer(2), -X),
        ],
        9,
    )
    assert found.value.overlaps(arb(2))
    assert found.value.rad() < 1e-8


def test_slow_convergence_ends_with_a_wide_enclosure() -> None:
    """The supremum 3 pi/2 is only approached, without a limit: the enclosure holds it but stays wide."""
    found = derivative_supremum(activation("arctan(x)*(2+sin(x))"), 0, 12)
    assert found.state == "finite"
    assert found.value.overlaps(3 * arb.pi() / 2)
    assert found.value.rad() < 0.2


@settings(deadline=None, max_examples=25)
@given(
    coefficients=st.lists(st.integers(-5, 5), min_size=2, max_size=5),
    ends=st.tuples(st.integers(-3, 0), st.integers(1, 3)),
)
def test_polynomials_on_intervals(coefficients: list[int], ends: tuple[int, int]) -> None:
    polynomial = sum((c * X**k for k, c in enumerate(coefficients)), sp.Integer(0))
    if polynomial == 0:
        reject()
    found = supremum([Piece(sp.Integer(ends[0]), sp.Integer(ends[1]), polynomial)], 9)
    grid = np.linspace(ends[0], ends[1], 4001)
    largest = np.abs(np.polynomial.polynomial.polyval(grid, coefficients)).max()
    bounds = endpoints(found.value)
    assert bounds is not None
    assert largest <= float(bounds[1]) * (1 + 1e-12) + 1e-12
    assert largest >= float(bounds[0]) - 1e-3
    assert found.value.rad() <= 1e-9 * found.value.upper() + exact("1e-12")


def test_too_few_boxes_leave_a_wide_but_true_enclosure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mfcheck.rigor.suprema._MAX_BOXES", 3)
    found = derivative_supremum(LIBRARY["tanh"], 2, 12)
    assert found.state == "finite"
    assert found.value.contains(enclose(4 / (3 * ROOT3)))
    assert found.value.rad() > 1e-6


def test_cuts_far_from_the_origin() -> None:
    found = derivative_supremum(activation("tanh(abs(x-30))"), 0, 8)
    assert found.state == "finite"
    assert found.value.overlaps(arb(1))


def test_bad_digits() -> None:
    with pytest.raises(InputError, match="digits"):
        suprema(LIBRARY["tanh"], 0)


def test_the_record_is_plain() -> None:
    assert Supremum("finite", arb(1), "r") == Supremum("finite", arb(1), "r")


@pytest.mark.parametrize(
    ("expr", "ends", "expected"),
    [
        (sp.Piecewise((X, sp.Rational(1, 2) > X), (X - 10, True)), (0, 1), sp.Rational(19, 2)),
        (X - 10 * sp.Heaviside(X - sp.Rational(1, 2)), (0, 1), sp.Rational(19, 2)),
        (sp.sign(X - sp.Rational(1, 3)) * 4 + X, (0, 1), sp.Integer(5)),
        (sp.Abs(X - sp.Rational(2, 3)) - 3, (0, 1), sp.Integer(3)),
        (sp.Max(X, 3 * X - 1) * sp.sign(X - sp.Rational(3, 4)), (0, 1), sp.Integer(2)),
        (
            5 * sp.Heaviside(X - sp.Rational(1, 8)) * sp.Heaviside(sp.Rational(1, 7) - X),
            (0, 1),
            sp.Integer(5),
        ),
    ],
)
def test_pieces_with_jumps_inside_are_cut(
    expr: sp.Expr, ends: tuple[int, int], expected: sp.Rational
) -> None:
    found = supremum([Piece(sp.Integer(ends[0]), sp.Integer(ends[1]), expr)], 9)
    assert found.state == "finite"
    assert found.value.overlaps(enclose(expected))
    assert found.value.rad() < 1e-7


@pytest.mark.parametrize("expr", [X - sp.floor(X), sp.ceiling(X) * X, sp.Mod(X, 1), sp.frac(X)])
def test_jumps_that_are_not_understood_are_refused(expr: sp.Expr) -> None:
    with pytest.raises(InputError, match="jumps"):
        supremum([Piece(sp.Integer(0), sp.Integer(1), expr)], 9)


def test_a_derivative_that_hides_a_jump_bounds_nothing() -> None:
    """The derivative of atan(tan x) is 1 for SymPy, the function jumps at pi/2."""
    found = supremum([Piece(sp.Integer(1), sp.Integer(2), sp.atan(sp.tan(X)))], 6)
    assert found.state == "unknown" or found.value.upper() >= 1.57
