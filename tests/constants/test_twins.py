"""Constants that two papers have: the comparison tells agreement from disagreement, and every installed pair agrees."""

from dataclasses import replace

import pytest
import sympy as sp

from mfcheck.catalog import entries, load
from mfcheck.claims.model import Paper, Twin, constant
from mfcheck.claims.setting import parameter, setting_of
from mfcheck.constants.twins import compare_twins
from mfcheck.errors import InputError

WIDTH = parameter("s", "3/2", "a width", above=0)
VARIANCE = parameter("v", 1, "a variance", above=0)


def paper(id: str, value: sp.Expr, parameters: tuple, twins: tuple[Twin, ...] = ()) -> Paper:
    return Paper(
        id=id,
        title=id,
        authors=("A. Author",),
        source="https://example.org",
        parameters=parameters,
        default=setting_of(parameters),
        claims=(),
        constants=(constant("a", value, "a number"),),
        twins=twins,
    )


def compared(where: dict, other: sp.Expr):
    one = paper("one", sp.sqrt(2) * WIDTH.symbol**2, (WIDTH,), (Twin("a", "two", "a", where),))
    two = paper("two", other, (VARIANCE,))
    (found,) = compare_twins(one, one.default, {"two": two}.__getitem__)
    return found


def test_the_inputs_of_the_other_paper_follow_from_ours() -> None:
    found = compared({"v": WIDTH.symbol**2}, sp.sqrt(2) * VARIANCE.symbol)
    assert (found.agree, found.where) == (True, {"v": "9/4"})
    assert found.value is not None
    assert found.value.lower.startswith("3.18198")  # sqrt(2) 9/4


def test_other_inputs_or_another_formula_differ() -> None:
    assert compared({"v": WIDTH.symbol}, sp.sqrt(2) * VARIANCE.symbol).agree is False
    almost = sp.sqrt(2) * VARIANCE.symbol * (1 + sp.Rational(1, 10**9))
    assert compared({"v": WIDTH.symbol**2}, almost).agree is False


def test_an_input_that_is_no_fraction_has_no_answer() -> None:
    found = compared({"v": sp.sqrt(WIDTH.symbol)}, VARIANCE.symbol)
    assert found.agree is None
    assert "no exact fraction" in found.reason


def test_a_paper_that_is_not_installed_has_no_answer() -> None:
    def load_nothing(id: str) -> Paper:
        raise InputError(f"unknown paper {id}")

    one = paper("one", WIDTH.symbol, (WIDTH,), (Twin("a", "two", "a"),))
    (found,) = compare_twins(one, one.default, load_nothing)
    assert (found.agree, found.reason) == (None, "unknown paper two")


def test_a_twin_of_an_unknown_constant_is_refused() -> None:
    one = paper("one", WIDTH.symbol, (WIDTH,))
    with pytest.raises(ValueError, match="unknown constant 'b'"):
        replace(one, twins=(Twin("b", "two", "a"),))


@pytest.mark.slow
@pytest.mark.parametrize("id", sorted(entries()))
def test_installed_papers_agree(id: str) -> None:
    found = load(id)
    assert [t for t in compare_twins(found, found.default, load) if t.agree is not True] == []
