from itertools import pairwise

import pytest
import sympy as sp

from mfcheck.errors import InputError
from mfcheck.gaussian.hermite import totals
from mfcheck.rigor.ball import enclose
from mfcheck.rigor.pieces import continuous_derivatives, pieces
from mfcheck.rigor.suprema import suprema
from mfcheck.symbolic.activation import LIBRARY, Activation, X
from mfcheck.symbolic.expression import parse

KINKED = {
    "relu(x)": 0,
    "abs(x-1/3)": 0,
    "step(x)": -1,
    "sign(x)*x**2": 1,
    "relu(x)**2": 1,
    "abs(x)**3": 2,
    "relu(x)+abs(x-sqrt(2))": 0,
    "abs(abs(x)-1)": 0,
    "relu(relu(x)-1)*tanh(x)": 0,
}


@pytest.mark.parametrize("name", LIBRARY)
def test_smooth_activations_are_one_piece(name: str) -> None:
    (part,) = pieces(LIBRARY[name].expr)
    assert part.expr == LIBRARY[name].expr


@pytest.mark.parametrize("text", KINKED)
def test_pieces_agree_with_the_function(text: str) -> None:
    expr = parse(text)
    parts = pieces(expr)
    assert parts[0].lower == -sp.oo
    assert parts[-1].upper == sp.oo
    assert all(left.upper == right.lower for left, right in pairwise(parts))
    for k in range(-45, 46):
        at = sp.Rational(k, 10)
        inside = [p for p in parts if p.lower < at < p.upper]
        assert not inside or enclose(inside[0].expr, {X: at}).overlaps(enclose(expr, {X: at}))


@pytest.mark.parametrize(("text", "smoothness"), KINKED.items())
def test_smoothness(text: str, smoothness: int) -> None:
    assert continuous_derivatives(pieces(parse(text))) == smoothness


def test_piecewise_and_extrema() -> None:
    elu = sp.Piecewise((X, X > 0), (sp.exp(X) - 1, True))
    assert [p.expr for p in pieces(elu)] == [sp.exp(X) - 1, X]
    assert continuous_derivatives(pieces(elu)) == 1
    hard = sp.Min(1, sp.Max(-1, X))
    assert [(p.lower, p.upper, p.expr) for p in pieces(hard)] == [
        (-sp.oo, -1, -1),
        (-1, 1, X),
        (1, sp.oo, 1),
    ]
    three = sp.Piecewise((0, X < -1), (X + 1, X <= 2), (3, True))
    assert [p.expr for p in pieces(three)] == [0, X + 1, 3]


def test_even_powers_under_abs_need_no_cut() -> None:
    assert len(pieces(sp.Abs(1 + X**2, evaluate=False))) == 1


@pytest.mark.parametrize("text", ["abs(sin(x))", "relu(x**2-2)", "sign(tanh(x)+x)"])
def test_nonlinear_kinks_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="linear"):
        pieces(parse(text))


def test_other_refusals() -> None:
    with pytest.raises(InputError, match="jump"):
        pieces(sp.diff(sp.Heaviside(X), X))
    with pytest.raises(InputError, match="condition"):
        pieces(sp.Piecewise((1, (X > 0) & (X < 1)), (2, True)))
    with pytest.raises(InputError, match="pieces"):
        pieces(sp.Add(*[sp.Abs(X - k) for k in range(40)]))


def test_signs_that_need_no_cut() -> None:
    below = pieces(sp.Abs(-1 - X**2, evaluate=False))
    assert [p.expr for p in below] == [1 + X**2]


def test_what_128_bits_cannot_separate_is_refused() -> None:
    tiny = sp.Rational(1, 10**60)
    irrational = sp.sqrt(2) + tiny * sp.exp(1)
    with pytest.raises(InputError, match="too close"):
        pieces(sp.Abs(X - sp.sqrt(2)) + sp.Abs(X - irrational))
    with pytest.raises(InputError, match="continuity"):
        continuous_derivatives(pieces(sp.Heaviside(X) * (sp.exp(tiny) - 1)))


def test_equal_sides_in_disguise_are_continuous() -> None:
    zero = sp.sqrt(3 + 2 * sp.sqrt(2)) - 1 - sp.sqrt(2)
    assert continuous_derivatives(pieces(sp.Heaviside(X) * zero + sp.tanh(X))) == 3
    assert continuous_derivatives(pieces(sp.tanh(X))) == 3


def test_cuts_that_coincide_in_disguise() -> None:
    expr = sp.Abs(X - sp.sqrt(3 + 2 * sp.sqrt(2))) + sp.Abs(X - 1 - sp.sqrt(2))
    assert len(pieces(expr)) == 2


@pytest.mark.parametrize(
    ("text", "smooth"),
    [
        ("sqrt(abs(x))", 0),
        ("abs(x)**(1/3)", 0),
        ("sqrt(abs(x-1))", 0),
        ("sqrt(relu(x))", 0),
        ("x*sqrt(abs(x))", 1),
        ("abs(x)**(3/2)", 1),
        ("abs(x)**(5/2)*sign(x)", 2),
        ("abs(x)**(7/2)", 3),
        ("sqrt(abs(x)+1)", 0),
    ],
)
def test_a_derivative_that_is_infinite_at_a_kink_is_not_continuous(text: str, smooth: int) -> None:
    assert continuous_derivatives(pieces(parse(text))) == smooth


def test_the_reason_is_given_where_a_root_has_no_moments() -> None:
    activation = Activation("root", parse("sqrt(abs(x))"))
    with pytest.raises(InputError, match="not known to be finite"):
        totals(activation, 10)
    states = [found.state for found in suprema(activation, 8)]
    assert states == ["infinite", "unknown", "undefined", "undefined"]
