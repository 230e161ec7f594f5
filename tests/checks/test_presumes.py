"""The check of what a reading leaves out of the theorem behind it."""

import pytest
import sympy as sp

from mfcheck.checks import Context, presumes, setting_of
from mfcheck.claims.model import Budget
from mfcheck.claims.verdict import Kind, Question

CHECK = presumes(
    "limit", "left_out", "a limit", "nothing", domain="Theorem 1", reason="none exists"
)


def context(left_out: int) -> Context:
    return Context(setting_of(()), Budget.QUICK, 0, "limit", {"left_out": sp.Integer(left_out)})


@pytest.mark.parametrize(("left_out", "passed"), [(0, True), (1, False), (2, False)])
def test_a_claim_follows_where_nothing_is_left_out(left_out: int, passed: bool) -> None:
    found = CHECK.run(context(left_out))
    assert found.passed is passed
    assert (found.lhs, found.rhs, found.domain) == ("a limit", "nothing", "Theorem 1")
    assert found.reason == ("" if passed else "none exists")
    assert (CHECK.kind, CHECK.question, CHECK.tests) == (
        Kind.EXACT,
        Question.FOLLOWS,
        ("left_out",),
    )


def test_fewer_than_none_is_a_mistake_of_the_paper() -> None:
    with pytest.raises(ValueError, match="fewer"):
        CHECK.run(context(-1))
