"""Signs by logarithms, extremes as alternatives, bounds with slopes that vary: a digit more is not certified."""

import random

import pytest

from mfcheck.lemma.formula import Atom, substitute
from mfcheck.lemma.pieces import Point, holds
from mfcheck.lemma.plain import Plain
from mfcheck.lemma.problem import Problem, Range, constant_ball
from mfcheck.lemma.prove.extremes import by_extremes
from mfcheck.lemma.prove.logsigns import by_log_signs
from mfcheck.lemma.reader import Reader
from mfcheck.lemma.terms import num, var
from mfcheck.lemma.terms import substitute as put

TRUE = ("certified", "proved")
STEPS = "m > 0; L >= m; eta >= 0"

PAIRS = [
    ("max(abs(1 - eta*m), abs(1 - eta*L)) >= {}*(L - m)/(L + m)", STEPS, "", "1", "1.01"),
    ("max(abs(1 - eta*m), abs(1 - eta*L)) <= 1 - {}*eta*m", STEPS, "eta <= 2/(L + m)", "1", "1.01"),
    ("max(abs(1 - eta*m), abs(1 - eta*L)) < {}", STEPS, "eta > 0 and eta < 2/L", "1", "0.99"),
    ("x**p + 1 >= (x + 1)**p*2**({} - p)", "x > 0; p in [1, 3]", "", "1", "1.01"),
    ("((x**p + y**p)/2)**(1/p) >= {}*(x + y)/2", "x, y > 0; p >= 1", "", "1", "1.01"),
    ("(x**p - y**p)*(x - {}*y) >= 0", "x, y, p > 0", "", "1", "1.01"),
    ("min(x, y) <= (x + y)/2 - {}*abs(x - y)", "x, y real", "", "1/2", "0.51"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "domain", "where", "right", "wrong"), PAIRS, ids=lambda v: str(v)[:40]
)
def test_true_and_false_by_a_digit(decided_by_a_digit, text, domain, where, right, wrong):
    renamed = dict.fromkeys(["signs by logarithms", "extremes apart"], "factors")
    decided_by_a_digit(text, domain, where, right, wrong, renamed)


NAMES = {n: var(n) for n in "xyp"}


def values(draw):
    return {n: num(draw.randint(1, 64)) for n in "xyp"}


@pytest.mark.parametrize(
    "text",
    [
        "x**p - y**p",
        "(x - y)*(x**p*y - y**p*x)",
        "(y - x)*(2*exp(-x) - 3*exp(-y))",
        "(x - 3)*(exp(x)*x - exp(y)*y)/(x - y)",
        "(x - y)**2*(exp(p) - exp(x))",
    ],
)
def test_a_goal_of_logarithms_has_the_sign_of_the_first(text):
    goal = Atom(Reader(NAMES).expression(text), ">=")
    problem = Problem({n: Range(num(0)) for n in "xyp"}, (), (goal,))
    step = by_log_signs(problem, goal)
    (new,) = step.parts[0].goals
    draw = random.Random(4)
    for _ in range(60):
        at = values(draw)
        if at["x"] is at["y"]:
            continue
        first, second = (constant_ball(put(f.term, at)) for f in (goal, new))
        assert not first > 0 or second > 0
        assert not first < 0 or second < 0


@pytest.mark.parametrize(
    "text",
    [
        "max(x, y) - p",
        "p - max(x, y)",
        "min(x - p, y) + 1",
        "3 - p*max(x - y, abs(p - 2*y))",
        "abs(x - y) - min(p, 3)",
        "x - abs(y - p)*2 + max(x, p - y)",
        "max(x, y)*(1 - x)*0 + max(x, 2*y) - abs(x - p)",
    ],
)
def test_extremes_apart_are_the_same_statement(text):
    goal = Atom(Reader(NAMES).expression(text), ">=")
    problem = Problem({n: Range(num(0)) for n in "xyp"}, (), (goal,))
    (new,) = by_extremes(problem, goal).parts[0].goals
    draw = random.Random(5)
    for _ in range(80):
        at = values(draw)
        assert holds(substitute(new, at), Point({})) is holds(substitute(goal, at), Point({}))


def test_an_extreme_with_a_factor_of_unknown_sign_stays():
    goal = Atom(Reader(NAMES).expression("(x - y)*max(x, p) + 1"), ">=")
    problem = Problem({n: Range(num(0)) for n in "xyp"}, (), (goal,))
    assert by_extremes(problem, goal) is None
    assert Plain(problem.ranges).signs(Reader(NAMES).expression("x - y")) == 7
