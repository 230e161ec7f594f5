"""Taylor series of the checker against mpmath, and bounds that are reached at an end, in the middle, at a corner."""

import ast
import json
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import mpmath
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mfcheck import verify
from mfcheck.rigor import certificate
from mfcheck.verify import formulas, inequalities, taylor
from mfcheck.verify.reading import UnprovedError

ORDER = 6
Ends = tuple[str, str]


@pytest.fixture(autouse=True)
def _precision() -> Iterator[None]:
    formulas.iv.prec = 200
    with mpmath.workprec(300):
        yield


def verdict(
    formula: str,
    inputs: dict[str, Any],
    lower: str | None = None,
    upper: str | None = None,
    **hints: Any,
) -> str:
    data = certificate.inequality(formula, inputs, lower, upper, **{"bisect": 14, **hints})
    return verify.verify(json.dumps(data)).status


def number(x: Fraction) -> mpmath.mpf:
    return mpmath.mpf(x.numerator) / x.denominator


FORMULAS = {
    "exp(x)": mpmath.exp,
    "log(2 + x)": lambda x: mpmath.log(2 + x),
    "sqrt(2 + x)": lambda x: mpmath.sqrt(2 + x),
    "sin(1 + x)": lambda x: mpmath.sin(1 + x),
    "cos(2*x)": lambda x: mpmath.cos(2 * x),
    "tanh(x - 1)": lambda x: mpmath.tanh(x - 1),
    "erf(x/2)": lambda x: mpmath.erf(x / 2),
    "atan(3*x)": lambda x: mpmath.atan(3 * x),
    "x**3/(2 + x)": lambda x: x**3 / (2 + x),
    "(2 + x)**(-3)": lambda x: (2 + x) ** -3,
    "(2 + x)**(1/3)": lambda x: mpmath.cbrt(2 + x),
    "(2 + x)**x": lambda x: (2 + x) ** x,
    "max(x, 3)*min(x, -2) - max(x, x - 1, -7)": lambda x: 3 * -2 - x,
    "-exp(-x**2)*pi": lambda x: -mpmath.exp(-(x**2)) * mpmath.pi,
    "7": lambda x: mpmath.mpf(7),
}


@pytest.mark.parametrize("formula", FORMULAS)
@settings(deadline=None, max_examples=12)
@given(st.fractions(-1, 1, max_denominator=7), st.fractions(0, Fraction(1, 2), max_denominator=9))
def test_series_contain_the_exact_coefficients(
    formula: str, start: Fraction, width: Fraction
) -> None:
    expected = mpmath.taylor(FORMULAS[formula], number(start), ORDER)
    rest = [Fraction(1), *[Fraction(0)] * (ORDER - 1)]
    interval = formulas.iv.mpf([formulas.exact(start).a, formulas.exact(start + width).b])
    for at in (start, interval):
        jet = formulas.evaluate(formula, {"x": [at, *rest]}, taylor.jets(ORDER))
        assert len(jet) == ORDER + 1
        for found, value in zip(jet, expected, strict=True):
            ball = taylor.ball(found)
            slack = mpmath.mpf(2) ** -60 * (1 + abs(value))  # of mpmath's differences
            assert mpmath.mpf(ball.a.a) - slack <= value <= mpmath.mpf(ball.b.b) + slack
            if at is start and width:
                assert ball.delta < 1e-40 * max(1, abs(value))


@pytest.mark.parametrize(
    ("formula", "at", "coefficients"),
    [
        ("x - sin(x)", 0, [0, 0, 0, Fraction(1, 6), 0, Fraction(-1, 120), 0]),
        ("log(x)", 1, [0, 1, Fraction(-1, 2), Fraction(1, 3), Fraction(-1, 4), Fraction(1, 5)]),
        ("sqrt(x)", 4, [2, Fraction(1, 4), Fraction(-1, 64)]),
        ("cos(x) + tanh(x) + atan(x)", 0, [1, 2, Fraction(-1, 2), Fraction(-2, 3)]),
        ("exp(x*erf(0))", 5, [1, 0, 0]),
        ("x**0", 0, [1, 0, 0]),
        ("(1 - x)**(-1)", Fraction(1, 2), [2, 4, 8, 16]),
    ],
)
def test_rational_coefficients_stay_exact(
    formula: str, at: Fraction, coefficients: list[Fraction]
) -> None:
    start: list[Any] = [Fraction(at), Fraction(1), *[Fraction(0)] * (ORDER - 1)]
    jet = formulas.evaluate(formula, {"x": start}, taylor.jets(ORDER))
    assert jet[: len(coefficients)] == coefficients
    assert all(isinstance(x, Fraction) for x in jet)


@pytest.mark.parametrize(
    ("formula", "low", "high"),
    [
        ("1/x", "-1", "1"),
        ("sqrt(x)", "0", "1"),
        ("log(x)", "-1", "1"),
        ("max(x, 0)", "-1", "1"),
        ("min(x, -x)", "-1", "1"),
        ("x**(1/2)", "0", "1"),
        ("A(x)", "0", "1"),
        ("x**1001", "0", "1"),
    ],
)
def test_what_is_not_smooth_has_no_series(formula: str, low: str, high: str) -> None:
    x = formulas.iv.mpf([low, high])
    names = {"x": [x, Fraction(1), Fraction(0)], "A": taylor.of_constants(lambda c: c)}
    with pytest.raises(UnprovedError):
        formulas.evaluate(formula, names, taylor.jets(2))
    constant = {**names, "x": [formulas.iv.mpf(2), Fraction(0), Fraction(0)]}
    assert len(formulas.evaluate("A(x)", constant, taylor.jets(2))) == 3


def test_long_numbers_become_intervals() -> None:
    start: list[Any] = [Fraction(1, 3), Fraction(1)]
    jet = formulas.evaluate("(x + 1/7)**1000", {"x": start}, taylor.jets(1))
    assert not isinstance(jet[0], Fraction)
    value = mpmath.mpf(10) ** 1000 / mpmath.mpf(21) ** 1000
    assert mpmath.mpf(jet[0].a.a) <= value <= mpmath.mpf(jet[0].b.b)


# --- signs of series ------------------------------------------------------------------------------


@settings(deadline=None, max_examples=300)
@given(
    st.lists(st.fractions(-2, 2, max_denominator=4), min_size=1, max_size=5),
    st.sampled_from([1, -1, 0]),
    st.fractions(Fraction(1, 4), 2, max_denominator=4),
    st.integers(0, 3),
)
def test_a_series_that_is_said_to_be_positive_is(
    f: list[Fraction], side: int, width: Fraction, zeros: int
) -> None:
    f = [Fraction(0)] * zeros + f
    said = taylor.not_negative(f, width, side)
    points = [width * k / 16 * (side or 1) for k in range(17)]
    points += [-h for h in points] if side == 0 else []
    if said:
        assert all(sum(c * h**k for k, c in enumerate(f)) >= 0 for h in points)


def test_signs_at_zeros_of_each_order() -> None:
    one, half = Fraction(1), Fraction(1, 2)
    zero = Fraction(0)
    assert taylor.not_negative([zero, one, -half], one, 1)  # h - h^2/2
    assert not taylor.not_negative([zero, one, -half], one, -1)
    assert not taylor.not_negative([zero, one, -half], one, 0)
    assert taylor.not_negative([zero, -one, -half], one, -1)
    assert taylor.not_negative([zero, zero, one, half], one, 0)
    assert not taylor.not_negative([zero, zero, zero, one], one, 0)
    assert taylor.not_negative([zero], one, 0)
    assert taylor.not_negative([zero, zero], one, 1)
    assert not taylor.not_negative([-one], one, 1)


# --- inequalities ---------------------------------------------------------------------------------

TRUE: list[tuple[str, dict[str, Any], str | None, str | None]] = [
    ("x - sin(x)", {"x": ("0", "1")}, "0", None),
    ("x - sin(x)", {"x": ("-1", "0")}, None, "0"),
    ("log(1 + x) - x + x**2/2", {"x": ("0", "3")}, "0", None),
    ("exp(x) - 1 - x", {"x": ("-1", "1")}, "0", None),
    ("x - tanh(x)", {"x": ("0", "20")}, "0", None),
    ("sqrt(1 + x) - 1", {"x": ("0", "1")}, "0", "1/2"),
    ("atan(x) - x + x**3/3", {"x": ("0", "2")}, "0", None),
    ("x*(1 - x)*y", {"x": ("0", "1"), "y": ("0", "2")}, "0", "1/2"),
    ("x - tanh(x) + y - sin(y)", {"x": ("0", "2"), "y": ("0", "1")}, "0", None),
    ("x/(1 + y)", {"x": ("0", "2"), "y": ("0", "1")}, "0", "2"),
    ("(x - 1/3)**2", {"x": ("0", "1")}, "0", None),
    ("max(x, 1 - x)", {"x": ("0", "1")}, "0.4999", "1"),
    ("sqrt(x)", {"x": ("0", "1")}, "0", "1"),
    ("x - sin(x)", {"x": "0"}, "0", "0"),
    ("sqrt(1/4) - 1/2", {}, "-1e-30", "1e-30"),
]


@pytest.mark.parametrize(("formula", "inputs", "lower", "upper"), TRUE)
def test_bounds_that_are_reached(
    formula: str, inputs: dict[str, Any], lower: str | None, upper: str | None
) -> None:
    assert verdict(formula, inputs, lower, upper) == "accepted"


def test_halving_is_only_done_where_the_certificate_says_so() -> None:
    assert verdict("x - sin(x)", {"x": ("0", "1")}, "0", bisect=0) == "rejected"
    wide = ("x - x**2", {"x": ("0", "1")}, "-1/100", "0.26")
    assert verdict(*wide, bisect=0) == "rejected"
    assert verdict(*wide, bisect=10) == "accepted"
    kink = ("max(x, 2/3 - x)", {"x": ("0", "1")}, "0.33")
    assert [verdict(*kink, bisect=depth) for depth in (1, 9)] == ["rejected", "accepted"]


def test_a_minimum_inside_needs_a_cut() -> None:
    claim = ("1/x + x", {"x": ("1/2", "2")}, "2")
    assert verdict(*claim) == "rejected"
    assert verdict(*claim, cuts={"x": ["1"]}) == "accepted"
    assert verdict(*claim, cuts={"x": ["1.01"]}) == "rejected"
    assert verdict(*claim, cuts={"x": ["7", "1", "-3"]}) == "accepted"
    higher = ("1/x + x", {"x": ("1/2", "2")}, "2.000000001")
    assert verdict(*higher, cuts={"x": ["1"]}) == "rejected"
    corner = ("(x - 1/3)**2 + (y - 1/7)**2*exp(x)", {"x": ("0", "1"), "y": ("0", "1")}, "0")
    assert verdict(*corner, cuts={"x": ["1/3"], "y": ["1/7"]}) == "accepted"


@pytest.mark.parametrize(
    "hints",
    [
        {"bisect": 41},
        {"bisect": -1},
        {"order": 13},
        {"order": 0},
        {"cuts": {"z": ["1"]}},
        {"cuts": {"x": [str(k) for k in range(1000)]}},
    ],
)
def test_hints_out_of_range(hints: dict[str, Any]) -> None:
    assert verdict("x", {"x": ("0", "1")}, "0", **hints) == "malformed"


def test_cuts_that_are_no_lists_or_too_many_pieces() -> None:
    data = certificate.inequality("x + y", {"x": ("0", "1"), "y": ("0", "1")}, "0", bisect=1)
    many = [f"{k}/100" for k in range(100)]
    for cuts, word in (
        ({"x": "1"}, "cut"),
        ({"x": [1]}, "number"),
        ({"x": many, "y": many}, "piece"),
    ):
        data["witness"]["cuts"] = cuts
        found = verify.verify(json.dumps(data))
        assert (found.status, word in found.reason) == ("malformed", True)


FALSE: list[tuple[str, dict[str, Any], str | None, str | None]] = [
    ("x - sin(x)", {"x": ("-1/1000", "1")}, "0", None),
    ("x - sin(x)", {"x": ("0", "1")}, "1e-30", None),
    ("x - sin(x) - x**3/6", {"x": ("0", "1")}, "0", None),
    ("exp(x) - 1 - x - x**2/2", {"x": ("-1", "1")}, "0", None),
    ("1/x", {"x": ("-1", "1")}, "-2", None),
    ("max(x, 1 - x)", {"x": ("0", "1")}, "0.5001", None),
    ("x*y", {"x": ("-1", "1"), "y": ("0", "1")}, "0", None),
    ("x - tanh(x) + y - sin(y) - x*y/1000", {"x": ("0", "2"), "y": ("0", "1")}, "0", None),
    ("log(x) - log(x)", {"x": ("-1", "1")}, "0", "0"),
    ("x**4 - x**5", {"x": ("0", "1.001")}, "0", None),
]


@pytest.mark.parametrize(("formula", "inputs", "lower", "upper"), FALSE)
def test_false_bounds_are_rejected(
    formula: str, inputs: dict[str, Any], lower: str | None, upper: str | None
) -> None:
    for depth in (1, 12):
        assert verdict(formula, inputs, lower, upper, bisect=depth) == "rejected"


@pytest.mark.parametrize("order", [1, 2, 3, 6])
def test_the_last_coefficient_is_that_of_the_whole_piece(order: int) -> None:
    """At the end 0 all coefficients up to the order look as if the bound held."""
    for sign, ends in ((1, ("0", "1")), (-1, ("-1", "0"))):
        claim = (f"({sign}*x)**{order}*(1/2 - {sign}*x)", {"x": ends}, "0")
        for depth in (1, 6):
            assert verdict(*claim, bisect=depth, order=order) == "rejected"


# Two arguments are equal at the end where a series begins, and the smaller one beyond has a constant as series there.
TIES: list[tuple[str, tuple[str, str], str | None, str | None]] = [
    ("max(1, x)", ("1", "2"), None, "1"),
    ("max(1, x**2, x)", ("1", "2"), None, "3/2"),
    ("-min(-1, -x)", ("1", "2"), None, "1"),
    ("min(x, 0)", ("-1", "0"), "0", None),
    ("min(0, x)", ("-1", "0"), "0", None),
    ("max(-x, x)", ("0", "1"), None, "0"),
    ("x + min(0, -x, -3*x)", ("0", "1"), "0", None),
    ("exp(max(0, x)) - 1", ("0", "1"), None, "0"),
]


@pytest.mark.parametrize(("formula", "ends", "lower", "upper"), TIES)
def test_a_maximum_is_the_same_argument_at_the_end_and_beyond(
    formula: str, ends: tuple[str, str], lower: str | None, upper: str | None
) -> None:
    for order in (1, 2, 3, 6):
        for depth in (1, 5):
            hints = {"order": order, "bisect": depth}
            assert verdict(formula, {"x": ends}, lower, upper, **hints) == "rejected"


def test_a_maximum_that_touches_its_bound_at_a_tie() -> None:
    for formula in ("max(0, x) - sin(x)", "max(x, 0) - sin(x)", "-min(-x, 0) - sin(x)"):
        assert verdict(formula, {"x": ("0", "1")}, "0", bisect=0) == "rejected"
        assert verdict(formula, {"x": ("0", "1")}, "0", bisect=1, order=4) == "accepted"


TERMS = ["x", "sin(x)", "exp(x)", "tanh(x)", "x**2", "cos(x)", "1/(2+x)", "sqrt(2+x)", "atan(x)"]


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.tuples(st.integers(-3, 3), st.sampled_from(TERMS)), min_size=1, max_size=3),
    st.fractions(-1, 1, max_denominator=3),
    st.fractions(0, 1, max_denominator=3),
    st.sampled_from([1, 3, 6]),
)
def test_what_is_accepted_is_true(
    terms: list[tuple[int, str]], low: Fraction, width: Fraction, order: int
) -> None:
    """The lower bound is the value at an end: it holds only if the minimum is there."""
    assume(width > 0)
    formula = "+".join(f"({c})*{t}" for c, t in terms)
    bound = f"-({formula.replace('x', f'({low})').replace(f'e({low})p', 'exp')})"
    whole = formula + bound
    if (
        verdict(whole, {"x": (str(low), str(low + width))}, "0", order=order, bisect=4)
        == "accepted"
    ):
        function = _python(whole)
        for k in range(33):
            assert function(number(low + width * k / 32)) >= -(mpmath.mpf(2) ** -250)


def _python(formula: str) -> Any:
    """The formula in mpmath's numbers, by way of Python's own grammar."""
    tree = ast.parse(formula, mode="eval")

    def value(node: ast.AST, x: mpmath.mpf) -> mpmath.mpf:
        match node:
            case ast.Constant(value=v):
                return mpmath.mpf(v)
            case ast.Name():
                return x
            case ast.UnaryOp(operand=operand):
                return -value(operand, x)
            case ast.Call(func=ast.Name(id=name), args=[inner]):
                return getattr(mpmath, name)(value(inner, x))
            case ast.BinOp(left=left, op=op, right=right):
                a, b = value(left, x), value(right, x)
                operators = {ast.Add: a + b, ast.Sub: a - b, ast.Mult: a * b}
                return (
                    operators[type(op)]
                    if type(op) in operators
                    else (a / b if isinstance(op, ast.Div) else a**b)
                )
        raise AssertionError

    return lambda x: value(tree.body, x)


def test_goals_are_proved_for_the_whole_box() -> None:
    """A goal is split until each part is proved; one bad corner is enough to refuse it."""
    goal = inequalities.Goal("x + y", {}, Fraction(0), 1, 2)
    ends = (Fraction(0), Fraction(1))
    assert goal.why_not({"x": ends, "y": ends}, 3) == ""
    bad = {"x": (Fraction(-1, 1000), Fraction(1)), "y": ends}
    assert goal.why_not(bad, 20) == "the lower bound is not proved"
    assert (
        inequalities.Goal("x + y", {}, Fraction(2), -1, 2).why_not({"x": ends, "y": ends}, 3) == ""
    )
    assert "upper" in inequalities.Goal("x + y", {}, Fraction(2), -1, 2).why_not(
        {"x": ends, "y": (Fraction(0), Fraction(1001, 1000))}, 12
    )


@pytest.mark.parametrize(
    "formula", ["3 - 2*x", "2*x - 1", "(x - 1)**2*4 - 1/9", "1/9 - (x - 1)**2"]
)
def test_every_piece_of_a_cut_counts(formula: str) -> None:
    """Each is negative on one or two of the three pieces."""
    claim = (formula, {"x": ("0", "2")}, "0")
    assert verdict(*claim, cuts={"x": ["2/3", "4/3"]}, bisect=6) == "rejected"


@pytest.mark.parametrize(
    ("formula", "low", "high", "status"),
    [
        ("x - sin(x)", "0", "1", "accepted"),
        ("exp(x) - 1 - x", "-1", "1", "accepted"),
        ("x - tanh(x)", "0", "2", "accepted"),
        ("x - log(1 + x)", "0", "1", "accepted"),
        ("1 - x - sin(1 - x)", "0", "1", "accepted"),
        ("(1 - x)**3*(1 + x)", "0", "1", "accepted"),
        ("x - sin(x)", "-1/1000", "1", "rejected"),
        ("x - tanh(x) - x**3/2", "0", "1/100", "rejected"),
        ("x - sin(x) - 1e-30", "0", "1", "rejected"),
    ],
)
def test_inequalities_that_touch_at_an_end(formula: str, low: str, high: str, status: str) -> None:
    """Equality at 0 or 1; the false ones fail by a billionth, by the next order, or by 1e-30 at the end."""
    made = certificate.inequality(formula, {"x": (low, high)}, "0", bisect=8)
    assert verify.verify(json.dumps(made)).status == status
