"""Sentences for the report around a check."""

from fractions import Fraction
from typing import Any, Literal

import pytest
import sympy as sp

from mfcheck.checks import (
    Claim,
    Context,
    Evidence,
    Kind,
    Note,
    Plot,
    Reading,
    Scope,
    Setting,
    Step,
    bound,
    claim,
    custom,
    identity,
    noted,
    pictured,
    proof,
    setting_of,
    wrong,
    wrongs,
)
from mfcheck.claims.inequality import Case
from mfcheck.claims.model import Budget

NOTE = Note(id="one", severity="minor", text="A sentence.")
CONTEXT = Context(setting_of(()), Budget.QUICK, 0, "check")


@pytest.mark.parametrize("when", [True, False])
@pytest.mark.parametrize("passed", [True, False, None])
def test_a_note_comes_with_its_answer_only(when: bool, passed: bool | None) -> None:
    check = custom("check", "formula", lambda _: Evidence(passed=passed), kind=Kind.EXACT)
    found = noted(check, NOTE, when=when).run(CONTEXT)
    assert found.notes == ((NOTE,) if passed is when else ())
    assert found.passed is passed


@pytest.mark.parametrize("holds", [True, False, None])
def test_a_proof_has_sentences_for_a_yes_and_for_a_no(holds: bool | None) -> None:
    steps, no = [Step("one", holds)], NOTE.but(id="no")
    check = proof("p", "f", lambda _: steps, domain="all", notes=[NOTE], otherwise=[no])
    assert check.run(CONTEXT).notes == {True: (NOTE,), False: (no,), None: ()}[holds]


def test_braces_around_a_name_give_the_formula() -> None:
    words = r"{bound} T, not {other}, in $\sum_{i}$"
    check = proof("p", "bound", lambda _: [Step("one", True)], domain=words, rhs="{bound}")
    formulas = {"bound": sp.Symbol("x") ** 2}
    found = check.run(Context(setting_of(()), Budget.QUICK, 0, "p", formulas))
    assert (found.domain, found.rhs) == (r"x**2 T, not {other}, in $\sum_{i}$", "x**2")


def test_notes_of_the_check_itself_stay() -> None:
    own = NOTE.but(id="own")
    check = custom(
        "check", "formula", lambda _: Evidence(passed=True, notes=(own,)), kind=Kind.EXACT
    )
    assert noted(check, NOTE).run(CONTEXT).notes == (own, NOTE)


@pytest.mark.parametrize(("relation", "small", "large"), [("<=", 2.0, 8.0), (">=", 8.0, 2.0)])
def test_a_bound_has_its_smaller_side_first(
    relation: Literal["<=", ">="], small: float, large: float
) -> None:
    """x against x^3 at x = 2: the side that is to be smaller comes first, in both arithmetics."""
    x = sp.Symbol("x", positive=True)
    found = bound("power", "line", relation, x**3, over={x: (1, 3)})
    case = Case(setting_of(()), (("x", Fraction(2)),))
    assert found.fast(case.sample(), {"line": x}) == (small, large)
    balls = found.enclosed(case, {"line": x})
    assert [float(ball.mid()) for ball in balls] == [small, large]
    assert found.text == f"line {relation} x**3"


def test_notes_may_be_made_from_the_context() -> None:
    """They are made only where the answer is the one that they belong to."""
    made: list[str] = []

    def sentence(context: Context) -> Note:
        made.append(context.check)
        return Note(id="seed", severity="remark", text=f"seed {context.seed}")

    for passed, wanted in ((True, ["seed 0"]), (False, [])):
        check = custom("c", "f", lambda _, p=passed: Evidence(passed=p), kind=Kind.SAMPLED)  # type: ignore[misc]
        found = noted(check, sentence).run(CONTEXT)
        assert [note.text for note in found.notes] == wanted
    assert made == ["check"]


@pytest.mark.parametrize("passed", [True, False, None])
def test_a_picture_comes_with_every_answer(passed: bool | None) -> None:
    check = custom("c", "f", lambda _: Evidence(passed=passed), kind=Kind.SAMPLED)
    drawn = Plot(id="one", title="One", x_label="x", y_label="y", curves=())
    assert pictured(check, lambda _: drawn).run(CONTEXT).plots == (drawn,)


def test_planted_errors_of_one_formula_are_those_written_one_by_one() -> None:
    x = sp.Symbol("x")
    found = wrongs("f", {"one": (x, "Why."), "two": (x**2, "Why not.")}, also=["slack-a"])
    one = wrong("one", {"f": x}, "Why.", also=["slack-a"])
    assert found == (one, wrong("two", {"f": x**2}, "Why not.", also=["slack-a"]))
    (named,) = wrongs("f", {"one": (x, "Why.")}, kind="factor dropped", checks=["check"])
    assert (named.kind, named.rejected_by) == ("factor dropped", ("check",))


def test_a_claim_with_one_reading_is_that_claim() -> None:
    def accept(_: Setting) -> None:
        """Refuse nothing."""

    check = custom("check", "value", lambda _: Evidence(passed=True), kind=Kind.EXACT)
    false = wrong("half", {"value": sp.Rational(1, 2)}, "One is one.")
    words: dict[str, Any] = {
        "title": "One",
        "statement": "It is one.",
        "source": "Section 1",
        "known": "text read",
    }
    parts: dict[str, Any] = {"checks": [check], "wrong": [false], "needs": accept}
    short = claim("one", **words, text="The value.", formulas={"value": sp.Integer(1)}, **parts)
    stated = Reading("stated", "The value.", {"value": sp.Integer(1)}, **parts)
    assert short == Claim("one", **words, readings=[stated])
    other = claim(
        "one", **words, text="", formulas={"value": sp.Integer(1)}, reading="else", **parts
    )
    assert [c.id for c in other.checks] == ["one/else/check"]


def test_an_identity_of_matrices_of_symbolic_size() -> None:
    n = sp.Symbol("n", integer=True, positive=True)
    A = sp.MatrixSymbol("A", n, n)
    for factor, passed in ((1, True), (2, False)):
        check = identity(
            "c",
            "f",
            lambda context: [(A * A, context["f"] * A * A)],
            domain="all A",
            sizes={n: 2},
            notes=[NOTE],
        )
        found = check.run(
            Context(setting_of(()), Budget.QUICK, 0, "check", {"f": sp.Integer(factor)})
        )
        assert (found.passed, found.scope, found.domain) == (passed, Scope.WHOLE, "all A")
        assert found.notes == ((NOTE,) if passed else ())
