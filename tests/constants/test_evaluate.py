"""Evaluation of a graph of constants: accuracy on demand, infinities, and what is refused."""

import types
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
import sympy as sp
from flint import arb, ctx

from mfcheck import load_paper
from mfcheck.claims.model import Constant
from mfcheck.claims.setting import Data, Parameter, Setting
from mfcheck.constants.evaluate import GUARD_DIGITS, enclose_constant, evaluate_constants
from mfcheck.constants.graph import ConstantGraph
from mfcheck.errors import InputError
from mfcheck.rigor.ball import exact
from mfcheck.symbolic.activation import LIBRARY

x, y, z, p = sp.symbols("x y z p", positive=True)
RATE = Parameter("rate", p, Fraction(1, 3), "a rate")
ONE = (Fraction(1),)
SETTING = Setting(Data((ONE, ONE), ONE * 2), LIBRARY["tanh"], (("rate", Fraction(1, 3)),))
Value = Callable[[Setting, int], arb]


def leaf(value: Value, symbol: sp.Symbol = x) -> Constant:
    return Constant(str(symbol), symbol, sp.Symbol("denoted"), "somewhere", value, ("data",))


def derived(symbol: sp.Symbol, formula: sp.Expr) -> Constant:
    return Constant(str(symbol), symbol, formula, "Step 1", needs="luck")


def evaluate(*constants: Constant, digits: int = 20, **options: bool) -> dict[str, Any]:
    paper: Any = types.SimpleNamespace(constants=constants, parameters=(RATE,))
    records = evaluate_constants(paper, SETTING, digits, **options)
    return {record.id: record for record in records}


def third(_: Setting, digits: int) -> arb:
    return _ball(Fraction(1, 3), digits)


def _ball(value: Fraction, digits: int) -> arb:
    with ctx.workprec(1000):
        return exact(value) + arb(0, 1) * arb(10) ** -digits


def losing(lost: int) -> Value:
    return lambda _, digits: _ball(Fraction(1, 3), digits - lost)


def test_formulas_over_leaves_and_parameters() -> None:
    found = evaluate(derived(y, 6 * x + p), leaf(third))
    lower, upper = found["y"].value.lower, found["y"].value.upper
    assert (lower, upper) == ("2.3333333333333333333", "2.3333333333333333334")
    assert found["y"].depends_on == ("x", "rate")
    assert found["y"].latex == "y = p + 6 x"
    assert found["y"].formula == "p + 6*x"
    assert (found["y"].source, found["y"].needs) == ("Step 1", "luck")
    assert found["y"].orders == {"p": "0 (to 0), 1 (to oo)", "x": "0 (to 0), 1 (to oo)"}
    assert found["x"].evidence == "certified"


@pytest.mark.parametrize("lost", [0, 10, 50, 100])
def test_leaves_are_asked_for_more_digits_until_there_are_enough(lost: int) -> None:
    record = evaluate(leaf(losing(lost)))["x"]
    assert Fraction(record.value.upper) - Fraction(record.value.lower) <= Fraction(1, 10**19)


def test_cancellation_raises_the_precision() -> None:
    record = evaluate(leaf(third), derived(y, sp.exp(x / 10**30) - 1))["y"]
    assert record.evidence == "certified"
    assert record.value.lower.startswith("3.3333333333333333333")


def test_digits_out_of_reach_are_refused_or_owned_up_to() -> None:
    worst = leaf(lambda _, digits: _ball(Fraction(1, 3), 7))
    with pytest.raises(InputError, match="20 digits of x are out of reach: 6 are certain"):
        evaluate(worst, strict=True)
    record = evaluate(worst)["x"]
    assert record.evidence == "certified to 6 of 20 digits"
    assert Fraction(record.value.lower) <= Fraction(1, 3) <= Fraction(record.value.upper)


def test_the_reason_is_told() -> None:
    def limited(_: Setting, digits: int) -> arb:
        if digits > 20 + GUARD_DIGITS[0]:
            raise InputError("too many terms")
        return _ball(Fraction(1, 3), 7)

    with pytest.raises(InputError, match=r"6 are certain \(too many terms\)"):
        evaluate(leaf(limited), strict=True)
    assert evaluate(leaf(limited))["x"].evidence.endswith(": too many terms")


def test_a_leaf_that_needs_more_digits_may_say_nan() -> None:
    def shy(_: Setting, digits: int) -> arb:
        return third(_, digits) if digits > 60 else arb.nan()

    assert evaluate(leaf(shy), derived(y, 3 * x))["y"].value.upper[:3] == "1.0"


def test_a_leaf_that_always_says_nan_has_no_value() -> None:
    record = evaluate(leaf(lambda _, digits: arb.nan()))["x"]
    assert record.value is None
    assert record.evidence == "no value: it is undefined here, or needs more digits than were tried"


def test_infinite_constants() -> None:
    endless = leaf(lambda _, digits: arb.pos_inf())
    found = evaluate(endless, derived(y, 2 * x + 1), derived(z, x - y))
    for id in ("x", "y"):
        assert (found[id].value.lower, found[id].value.upper) == ("inf", "inf")
        assert found[id].evidence == "certified: infinite"
    assert found["z"].value is None
    assert found["z"].evidence == "no value: x is infinite"


def test_a_formula_may_survive_an_infinite_constant() -> None:
    endless = leaf(lambda _, digits: arb.pos_inf())
    record = evaluate(endless, derived(y, sp.Min(x, 2)))["y"]
    assert (record.value.lower, record.value.upper, record.evidence) == ("2", "2", "certified")


def test_a_leaf_without_a_value_passes_its_reason_on() -> None:
    def broken(_: Setting, digits: int) -> arb:
        raise InputError("the kernel is infinite")

    found = evaluate(leaf(broken), derived(y, x + 1), derived(z, p * 3))
    assert found["x"].evidence == found["y"].evidence == "no value: the kernel is infinite"
    assert found["z"].evidence == "certified"


@pytest.mark.parametrize("digits", [0, -3, 201, 10**9])
def test_absurd_numbers_of_digits_are_refused(digits: int) -> None:
    with pytest.raises(InputError, match="digits must be between 1 and 200"):
        evaluate(leaf(third), digits=digits)


def test_one_constant_alone() -> None:
    def never(_: Setting, digits: int) -> arb:
        raise AssertionError("not asked for")

    graph = ConstantGraph((leaf(third), derived(y, 3 * x), leaf(never, z)), (RATE,))
    assert enclose_constant(graph, SETTING, "y", 20).contains(1)
    with pytest.raises(StopIteration):
        enclose_constant(graph, SETTING, "nothing", 20)


def test_one_constant_alone_without_a_value() -> None:
    graph = ConstantGraph((leaf(lambda _, digits: arb.nan()),))
    with pytest.raises(InputError, match="x has no value"):
        enclose_constant(graph, SETTING, "x", 20)
    graph = ConstantGraph((leaf(lambda _, digits: arb.pos_inf()),))
    assert not enclose_constant(graph, SETTING, "x", 20).is_finite()


def test_parameters_are_read_from_the_setting() -> None:
    paper: Any = types.SimpleNamespace(constants=(derived(y, p**2),), parameters=(RATE,))
    setting = replace(SETTING, values=(("rate", Fraction(3)),))
    assert evaluate_constants(paper, setting, 5)[0].value.lower == "9"


def test_chosen_constants_are_those_of_the_whole() -> None:
    paper = load_paper("edge-of-chaos")
    whole = {record.id: record for record in evaluate_constants(paper, paper.default, 10)}
    ids = list(whole)[2:4]
    found = evaluate_constants(paper, paper.default, 10, only=ids)
    assert {record.id: record for record in found} == {id: whole[id] for id in ids}


@pytest.mark.parametrize(
    ("rate", "formula"),
    [(Fraction(0), (1 + p) ** 2 - 1 - 2 * p), (Fraction(1, 7), p**2 / 3 - x**2 / 3)],
)
def test_what_cancels_in_the_parameters_is_exactly_zero(rate: Fraction, formula: sp.Expr) -> None:
    other = Parameter("other", x, Fraction(1, 7), "another rate")
    setting = replace(SETTING, values=(("rate", rate), ("other", Fraction(1, 7))))
    paper: Any = types.SimpleNamespace(constants=(derived(y, formula),), parameters=(RATE, other))
    assert evaluate_constants(paper, setting, 15)[0].value.upper == "0"


def test_a_small_difference_is_not_zero() -> None:
    setting = replace(SETTING, values=(("rate", Fraction(1, 10**40)),))
    formula = sp.exp(p) - 1 - p
    paper: Any = types.SimpleNamespace(constants=(derived(y, formula),), parameters=(RATE,))
    found = evaluate_constants(paper, setting, 15)[0].value
    assert float(found.lower) == pytest.approx(5e-81, rel=1e-12)
