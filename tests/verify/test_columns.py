"""Formulas at many numbers at once, by mpmath at each of them."""

import ast
import random
from fractions import Fraction
from typing import Any

import mpmath
import pytest

from mfcheck.verify import columns as module
from mfcheck.verify import integrals, trapezoid
from mfcheck.verify.columns import Column, Columns, columns, dot, hull, varying
from mfcheck.verify.formulas import FUNCTIONS, Reader, evaluate, iv, parse
from mfcheck.verify.reading import UnprovedError, effort
from mfcheck.verify.reals import REALS

BITS = 120


@pytest.fixture(autouse=True)
def _fresh() -> Any:
    effort.start()
    before, iv.prec = iv.prec, BITS
    with mpmath.workprec(4 * BITS):
        yield
    iv.prec = before


def place(values: Column, text: str, **names: Any) -> Columns:
    known = {**FUNCTIONS, **{k: iv.mpf(x) for k, x in names.items()}, "x": hull(values, BITS)}
    return Columns(Reader(text, known, REALS), BITS, "x", values)


def at(text: str, values: Column, **names: Any) -> Column:
    return place(values, text, **names).of(parse(text))


def holds(found: Column, function: Any, values: Column) -> float:
    """Both ends and the middle of each ball are mapped into the ball of the result; the widest radius is returned."""
    unit = mpmath.mpf(2) ** -BITS
    for m, r, a, s in zip(*found, *values, strict=True):
        for x in (a - s, a, a + s):
            assert abs(function(x * unit) - m * unit) <= r * unit
    return float(max(found[1]) * unit)


def drawn(size: int, low: float, high: float, radius: int = 0) -> Column:
    random.seed(size)
    middles = [
        int(random.uniform(low, high) * 2**BITS) + random.getrandbits(60) for _ in range(size)
    ]
    return middles, [random.randint(0, radius) for _ in middles]


@pytest.mark.parametrize("radius", [0, 1 << 60])
@pytest.mark.parametrize(
    ("text", "function", "low", "high"),
    [
        ("exp(x)", mpmath.exp, -40, 2),
        ("tanh(x)", mpmath.tanh, -30, 30),
        ("sin(x)", mpmath.sin, -9, 9),
        ("cos(3*x)", lambda x: mpmath.cos(3 * x), -9, 9),
        ("erf(x)", mpmath.erf, -3, 3),
        ("x**7 - 2*x**2", lambda x: x**7 - 2 * x**2, -3, 3),
        ("-x/(3 + x**2)", lambda x: -x / (3 + x**2), -5, 5),
        ("x**(-2)", lambda x: x**-2, 0.5, 5),
        ("x**0.5 + sqrt(x)", lambda x: 2 * mpmath.sqrt(x), 0.5, 5),
        ("max(x, 1 - x)*atan(x)", lambda x: max(x, 1 - x) * mpmath.atan(x), -2, 2),
        ("log(x)", mpmath.log, 0.1, 50),
    ],
)
def test_values_lie_in_their_balls(
    text: str, function: Any, low: float, high: float, radius: int
) -> None:
    values = drawn(24, low, high, radius)
    widest = holds(at(text, values), function, values)
    assert widest < (1e-13 if radius else 1e-20)


@pytest.mark.parametrize("text", ["exp(x)", "tanh(x)"])
def test_at_zero_at_multiples_of_the_table_and_far_out(text: str) -> None:
    function = getattr(mpmath, text[:-3])
    steps = [k << BITS - 6 for k in (-200, -64, -45, -44, -1, 0, 1, 44, 45, 64, 200)]
    logs = [int(mpmath.log(2) * k * 2**BITS) + d for k in (-3, -1, 1, 2) for d in (-1, 0, 1)]
    values = [*steps, *logs, 300 << BITS, -300 << BITS, 1, -1]
    holds(at(text, (values, [0] * len(values))), function, (values, [0] * len(values)))


def test_balls_are_as_wide_as_they_are_said_to_be() -> None:
    """A ball of radius r about 1 is mapped by exp to one that is hardly wider than e r."""
    r = 1 << 80
    _, radii = at("exp(x)", ([1 << BITS], [r]))
    assert 2.718 * r < radii[0] < 5.6 * r
    _, radii = at("x*x", ([3 << BITS], [r]))
    assert 6 * r <= radii[0] < 6.001 * r + 9


def test_numbers_that_do_not_vary_are_those_of_the_reader() -> None:
    values = drawn(5, -1, 1)
    found = at("c*x + exp(c)", values, c=iv.mpf("0.5"))
    holds(found, lambda x: x / 2 + mpmath.exp(0.5), values)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1/x", 0),
        ("exp(x)", 1 << 40),
        ("exp(x)", 4000),
        ("tanh(x)", 1 << 40),
        ("log(x)", -1),
        ("normal(y, x*y)", 1),
    ],
)
def test_what_is_not_known_is_refused(text: str, value: int) -> None:
    with pytest.raises(UnprovedError):
        at(text, ([value << BITS], [1]))


def test_what_is_absurdly_large_is_refused() -> None:
    with pytest.raises(UnprovedError, match="absurd"):
        at("(x**64)**64", ([1 << BITS + 40], [1]))
    with pytest.raises(UnprovedError, match="too large"):
        at("exp(x)", ([0], [2 << BITS]))


def test_parts_are_kept_and_paid_once() -> None:
    values = drawn(50, -1, 1)
    here = place(values, "tanh(x)*exp(tanh(x))")
    before = effort.left
    first = here.of(parse("tanh(x)*exp(tanh(x))"))
    price = before - effort.left
    assert price >= 50 * 3
    assert set(here.kept) == {"x", "tanh(x)", "exp(tanh(x))", "tanh(x)*exp(tanh(x))"}
    assert here.of(parse("tanh(x)*exp(tanh(x))")) == first
    assert before - effort.left == price


def test_what_varies() -> None:
    tree = parse("c*x + exp(c)")
    assert isinstance(tree, ast.BinOp)
    assert id(tree) in varying(tree, "x")
    assert id(tree.right) not in varying(tree, "x")
    assert id(tree.right) in varying(tree, "c")


def test_sums_of_products_hold_all_of_their_terms() -> None:
    weights, values = (
        columns([iv.mpf([1, 1.5]), iv.mpf(-2)], BITS),
        columns([iv.mpf(3), iv.mpf([-1, 1])], BITS),
    )
    found = dot(weights, values, BITS)
    assert found.a <= 1
    assert found.b >= 6.5
    assert found.delta < 5.6


@pytest.mark.parametrize(
    ("text", "function"),
    [
        ("integral(t, 0, x, cos(t))", mpmath.sin),
        ("x*integral(t, x, 2*x, exp(t))", lambda x: x * (mpmath.exp(2 * x) - mpmath.exp(x))),
        ("integral(t, 0, 1, integral(s, 0, t, x*exp(x*s)))", lambda x: (mpmath.exp(x) - 1) / x - 1),
        ("integral(t, 0, 4, 1/(1 + x**2*t**2))", lambda x: mpmath.atan(4 * x) / x),
    ],
)
def test_integrals_that_depend_on_the_column(text: str, function: Any) -> None:
    """By their antiderivatives; the error of the rule is part of the radius."""
    values = drawn(6, 0.5, 0.75)
    here = place(values, text)
    here.binders = integrals._BINDERS
    widest = holds(here.of(parse(text)), function, values)
    assert widest < 1e-3


def test_an_integral_inside_with_a_kink_is_left_to_intervals() -> None:
    text = "integral(t, 0, 1, max(t, x))"
    here = place(drawn(6, 0.5, 0.75), text)
    here.binders = integrals._BINDERS
    with pytest.raises(UnprovedError, match="many panels"):
        here.of(parse(text))
    found = evaluate(f"integral(x, 1/2, 3/4, {text})", {}, REALS)
    right = Fraction(1, 8) + (Fraction(27, 64) - Fraction(1, 8)) / 6
    assert found.a <= iv.mpf(right.numerator) / right.denominator
    assert found.b >= iv.mpf(right.numerator) / right.denominator


@pytest.mark.parametrize("level", [0, 1, 3])
def test_nodes_of_the_line_carry_the_density(level: int) -> None:
    """By symmetry the sum for an even function is that over both sides."""
    nodes, weights = trapezoid._nodes(level, 3, False, BITS)
    assert len(nodes[0]) == 2 * (3 << level) + 1
    unit = mpmath.mpf(2) ** -BITS
    for m, w, r in zip(nodes[0], *weights, strict=True):
        assert abs(mpmath.npdf(m * unit) / 2**level - w * unit) <= r * unit < 1e-30
    half = trapezoid._nodes(level, 3, True, BITS)
    assert half[0][0] == [m for m in nodes[0] if m >= 0]
    assert sum(half[1][0]) == sum(weights[0])


def test_middles_alone_are_not_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """The radius of an exponential counts: with an input of width 2 the value has no narrow bounds."""
    values = ([0], [1 << BITS - 1])
    wide = at("exp(x)", values)
    monkeypatch.setattr(module, "_exp_at", lambda x, bits, known: (1 << bits, 0))
    assert at("exp(x)", values)[1][0] >= 1 << BITS
    holds(wide, mpmath.exp, values)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("integral(t, 0, 1, exp(x*t))", lambda x: (mpmath.exp(x) - 1) / x),
        ("integral(t, 0, x, tanh(t))", lambda x: mpmath.log(mpmath.cosh(x))),
        ("normal(t, max(t, 0)*exp(x*t)*exp(-max(t, 0)**2))", None),
        ("normal(t, tanh(t)**2*exp(x*tanh(t)**2))", None),
    ],
)
def test_over_a_range_of_an_input_bounds_stay_those_of_intervals(text: str, right: Any) -> None:
    """Where the integrand rises in the input, its integral over a range is enclosed by those at the ends."""
    iv.prec = 180
    ranged = evaluate(text, {"x": iv.mpf([1, 1.5])}, REALS)
    ends = [evaluate(text, {"x": iv.mpf(x)}, REALS) for x in (1, 1.5)]
    assert ends[0].a - 1e-9 < ranged.a <= ends[0].b
    assert ends[1].a <= ranged.b < ends[1].b + 1e-9
    if right is not None:
        for x, end in zip((1, 1.5), ends, strict=True):
            assert mpmath.mpf(end.a) <= right(mpmath.mpf(x)) <= mpmath.mpf(end.b)
