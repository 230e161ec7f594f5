"""Means of analytic functions by equidistant nodes: bounds on strips, and values, by mpmath."""

import ast
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath
import pytest

from mfcheck.rigor.certificate import dumps, make
from mfcheck.verify import UnprovedError, integrals, remembering, strips, trapezoid, verify
from mfcheck.verify.formulas import FUNCTIONS, Reader, evaluate, iv, parse
from mfcheck.verify.reading import effort
from mfcheck.verify.reals import REALS

FLAT: list[tuple[str, Callable[[Any], Any]]] = [
    ("x", lambda x: x),
    ("x**2 - 3*x + 1", lambda x: x**2 - 3 * x + 1),
    ("-x**3/7", lambda x: -(x**3) / 7),
    ("tanh(2*x - 1/3)", lambda x: mpmath.tanh(2 * x - mpmath.mpf(1) / 3)),
    ("x*tanh(x)**2", lambda x: x * mpmath.tanh(x) ** 2),
    ("erf(x/2)*(1 - x)", lambda x: mpmath.erf(x / 2) * (1 - x)),
    ("sin(3*x) + cos(x - 1)", lambda x: mpmath.sin(3 * x) + mpmath.cos(x - 1)),
    ("exp(x/3) - exp(-2*x)", lambda x: mpmath.exp(x / 3) - mpmath.exp(-2 * x)),
    ("exp(-x**2/2)", lambda x: mpmath.exp(-(x**2) / 2)),
    ("exp(-2*tanh(x) + 1)", lambda x: mpmath.exp(-2 * mpmath.tanh(x) + 1)),
    ("exp((1 - tanh(x)**2)/2)", lambda x: mpmath.exp((1 - mpmath.tanh(x) ** 2) / 2)),
    ("sqrt(2)*x/log(3) + pi", lambda x: mpmath.sqrt(2) * x / mpmath.log(3) + mpmath.pi),
]
REFUSED = ["max(x, 0)", "step(x)", "sqrt(1+x**2)", "atan(x)", "log(2+tanh(x))", "1/(2+tanh(x))"]
REFUSED += ["exp(x**2)", "exp(exp(x))", "x**(1/2)", "2**x", "x**65", "tanh(x**2)", "erf(x**2)"]
REFUSED += ["sin(x**2)", "normal(y, y*x)", "tanh(100*x)"]
WIDTHS = [Fraction(1, 16), Fraction(1, 4), Fraction(1, 2), Fraction(2)]


@pytest.fixture(autouse=True)
def _precision() -> None:
    iv.prec = 2 * 32 + 100


def on_strip(text: str, a: Fraction) -> strips.Strip:
    names = {**strips.STRIPS.functions, "x": strips.variable_of(a)}
    found: strips.Strip = Reader(text, names, strips.STRIPS).value(parse(text))
    return found


@pytest.mark.parametrize(("text", "f"), FLAT, ids=[text for text, _ in FLAT])
def test_bounds_on_strips(text: str, f: Callable[[Any], Any]) -> None:
    seen = 0
    for a in WIDTHS:
        try:
            found = on_strip(text, a)
        except UnprovedError:
            continue
        seen += 1
        for k in range(-40, 41):
            for j in range(-4, 5):
                x, y = mpmath.mpf(k) / 5, mpmath.mpf(a.numerator) / a.denominator * j / 4
                value = f(mpmath.mpc(x, y))
                unit = (1 + abs(x)) ** int(found.power) * mpmath.exp(float(found.rate) * abs(x))
                slack = 1 + mpmath.mpf(10) ** -9
                assert abs(value) <= mpmath.mpf(found.size.b) * unit * slack
                assert abs(value.real) <= mpmath.mpf(found.along.b) * unit * slack
                near = mpmath.mpf(10) ** -9
                if found.across is not None:
                    assert abs(value.imag) <= mpmath.mpf(found.across.b) + near
                if found.low is not None:
                    assert value.real >= mpmath.mpf(found.low.a) - near
                if found.high is not None:
                    assert value.real <= mpmath.mpf(found.high.b) + near
    assert seen >= 2


@pytest.mark.parametrize("text", REFUSED)
def test_what_has_no_bound_on_a_strip(text: str) -> None:
    with pytest.raises(UnprovedError):
        on_strip(text, Fraction(1, 2))


@pytest.mark.parametrize("sign", ["1", "-1"])
def test_a_factor_of_any_sign(sign: str) -> None:
    """`exp(c x^2)` is bounded for c <= 0 alone; for c of no certain sign nothing is known."""
    names = {**strips.STRIPS.functions, "x": strips.variable_of(Fraction(1, 2))}
    for ends, good in (((-1, 0), True), ((-1, 1), False), ((0, 1), False), ((-2, -1), True)):
        c = strips.constant(iv.mpf(list(ends)))
        reader = Reader("exp(c*x**2)", {**names, "c": c}, strips.STRIPS)
        if good:
            assert reader.value(parse("exp(c*x**2)")).size.b < 2
        else:
            with pytest.raises(UnprovedError):
                reader.value(parse("exp(c*x**2)"))
    assert evaluate(f"normal(t, exp({sign}*t/2))", {}, REALS).delta < 1e-8


def test_a_division_by_what_may_be_zero() -> None:
    names = {**strips.STRIPS.functions, "x": strips.variable_of(Fraction(1, 2))}
    zero = strips.constant(iv.mpf([-1, 1]))
    with pytest.raises(UnprovedError):
        Reader("x/c", {**names, "c": zero}, strips.STRIPS).value(parse("x/c"))


MEANS: list[tuple[str, Callable[[Any], Any]]] = [
    *FLAT,
    (
        "tanh(4*x + 1/2)*exp(-tanh(4*x + 1/2)/5)",
        lambda x: mpmath.tanh(4 * x + 0.5) * mpmath.exp(-mpmath.tanh(4 * x + 0.5) / 5),
    ),
    ("exp(3*x)", lambda x: mpmath.exp(3 * x)),
    ("cos(6*x)", lambda x: mpmath.cos(6 * x)),
]


@pytest.mark.parametrize(("text", "f"), MEANS, ids=[text for text, _ in MEANS])
@pytest.mark.parametrize("bits", [8, 32, 90])
def test_means_against_another_quadrature(text: str, f: Callable[[Any], Any], bits: int) -> None:
    iv.prec = 2 * bits + 100
    found = evaluate(f"normal(x, {text})", {}, REALS)
    with mpmath.workdps(40):
        exact = mpmath.quad(lambda x: f(x) * mpmath.npdf(x), list(range(-22, 23, 2)))
        room = mpmath.mpf(10) ** -30
        assert mpmath.mpf(found.a) - room <= exact <= mpmath.mpf(found.b) + room
        assert mpmath.mpf(found.delta) < mpmath.mpf(2) ** -bits


def test_the_rule_is_used_where_there_is_a_strip(monkeypatch: pytest.MonkeyPatch) -> None:
    """And panels elsewhere; both give the same."""
    both = evaluate("normal(x, tanh(x)**2)", {}, REALS)
    calls: list[str] = []

    def none(*_: Any) -> None:
        calls.append("rule")

    monkeypatch.setattr(trapezoid, "rule", none)
    by_panels = evaluate("normal(x, tanh(x)**2)", {}, REALS)
    assert calls
    assert max(both.a, by_panels.a) <= min(both.b, by_panels.b)
    assert by_panels.delta < 1e-8


def test_an_error_that_is_too_small_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a strip that reaches over the poles of tanh(3x)**2 the rule is too coarse."""
    size = strips.constant(iv.mpf(1))
    assert (
        trapezoid._level(size, Fraction(1, 2), 40)[0] > trapezoid._level(size, Fraction(4), 40)[0]
    )  # type: ignore[index]
    monkeypatch.setattr(trapezoid, "rule", lambda *_: (0, iv.mpf(2) ** -40))
    wrong = evaluate("normal(x, tanh(3*x)**2)", {}, REALS)
    with mpmath.workdps(25):
        exact = mpmath.quad(
            lambda x: mpmath.tanh(3 * x) ** 2 * mpmath.npdf(x), list(range(-12, 13))
        )
    assert not mpmath.mpf(wrong.a) <= exact <= mpmath.mpf(wrong.b)


def test_no_step_is_small_enough_for_what_varies_fast() -> None:
    huge = strips.constant(iv.mpf(10) ** 300)
    assert trapezoid._level(huge, Fraction(1, 16), 200) is None


def test_the_widest_step_of_all_strips_is_taken() -> None:
    body = parse("tanh(x)")
    reader = Reader("tanh(x)", dict(FUNCTIONS), REALS)
    found = trapezoid.rule(reader, "x", body, 40)
    assert found is not None
    levels = []
    for a in trapezoid.STRIPS_TRIED:
        try:
            level = trapezoid._level(on_strip("tanh(x)", a), a, 40)
        except UnprovedError:
            continue
        levels.append(level[0] if level else 99)
    assert found[0] == min(levels)
    other = Reader("max(x, 0)", dict(FUNCTIONS), REALS)
    assert trapezoid.rule(other, "x", parse("max(x, 0)"), 40) is None


def test_values_at_nodes_serve_again_in_the_same_surroundings_alone() -> None:
    """Prices fall where they do, values do not change; another name, precision or kernel is another place."""

    def price(text: str, **names: Any) -> tuple[int, Any]:
        before = effort.left
        value = evaluate(text, {k: iv.mpf(x) for k, x in names.items()}, REALS)
        return before - effort.left, value

    first, value = price("normal(x, tanh(x)*exp(c*tanh(x)))", c=1)
    again, same = price("normal(x, tanh(x)*exp(c*tanh(x)))", c=1)
    other, moved = price("normal(x, tanh(x)*exp(c*tanh(x)))", c=2)
    assert again < first / 2
    assert (value.a, value.b) == (same.a, same.b)
    assert other > again
    assert moved.a > value.b
    effort.start()
    assert price("normal(x, tanh(x)*exp(c*tanh(x)))", c=1)[0] == first


def test_with_another_name_bound_nothing_is_kept() -> None:
    names = {**FUNCTIONS, "x": iv.mpf(1), "y": iv.mpf(2)}
    kept: dict[str, Any] = {}
    tree = parse("tanh(x)*tanh(y)")
    settled = remembering.Settled.of(tree, "y")
    reader = remembering.Remembering("tanh(x)*tanh(y)", names, REALS, kept, settled)
    value = reader.value(tree)
    assert set(kept) == {"tanh(y)"}
    (first,) = settled.values.values()
    assert first > 0.7615
    assert first < 0.7616
    moved = reader.at("y", iv.mpf(3)).value(tree)
    assert moved.a > value.b
    assert kept["tanh(y)"].b < moved.b / first.a


def test_what_does_not_vary_is_worked_out_once_and_is_that_of_the_place() -> None:
    """A part with the variable in it is another one at each place, whatever stands beside it; by mpmath."""
    text = "normal(x, (c + x)**2*tanh(c*x + c) + exp(c)*c)"
    for c in (0.5, -1.25):
        found = evaluate(text, {"c": iv.mpf(c)}, REALS)
        value = mpmath.quad(
            lambda x, c=c: (
                ((c + x) ** 2 * mpmath.tanh(c * x + c) + mpmath.exp(c) * c) * mpmath.npdf(x)
            ),
            [-12, -4, 0, 4, 12],
        )
        assert mpmath.mpf(found.a) - 1e-13 <= value <= mpmath.mpf(found.b) + 1e-13


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trapezoid, "_KEPT", 5)
    memory = trapezoid._Memory()
    for k in range(20):
        memory.at(k)["x"] = k
        assert len(memory.places) <= 5


def test_nodes_are_paid_for() -> None:
    effort.start(2000)
    with pytest.raises(Exception, match="too much work"):
        evaluate("normal(x, tanh(x))", {}, REALS)
    assert integrals.precision() == 32
    assert isinstance(parse("x"), ast.Name)


@pytest.mark.parametrize("end", ["1.2", "1.00001"])
def test_over_a_range_a_mean_is_between_those_at_its_ends(end: str) -> None:
    """The mean of tanh(a x)^2 rises with a: intervals see it at each node, where balls would lose much of it."""
    low, high = (
        mpmath.quad(lambda x, a=a: mpmath.npdf(x) * mpmath.tanh(a * x) ** 2, [-12, 0, 12])
        for a in (1, mpmath.mpf(end))
    )
    for margin, status in ((1e-8, "accepted"), (-1e-8, "rejected")):
        ends = {"lower": f"{float(low - margin):.12f}", "upper": f"{float(high + margin):.12f}"}
        claim = {"formula": "normal(x, tanh(a*x)**2)", "inputs": {"a": ["1", end]}, **ends}
        assert verify(dumps(make("inequality", claim, {"bits": 40}))).status == status
