"""Reductions for logarithms, powers, roots and tied Gaussians, where each is needed; false neighbours stay false."""

import math
from fractions import Fraction

import numpy as np
import pytest
from flint import ctx

from mfcheck.lemma import check
from mfcheck.lemma.certificate import accepts
from mfcheck.lemma.gaussians import with_closed_expectations
from mfcheck.lemma.meaning import problem_of
from mfcheck.lemma.problem import constant_ball
from mfcheck.lemma.prove.equations import eliminated
from mfcheck.lemma.prove.tied import tied_form
from mfcheck.lemma.statement import read
from mfcheck.lemma.terms import num, substitute

TRUE = ("certified", "proved")
TIED = "u, v ~ N(0, [[1,c],[c,1]])"

PAIRS = [
    # log u <= u - 1 and log u <= 2 (sqrt u - 1).
    ("KL(p, q) <= {}*(p - q)**2/(q*(1 - q))", "p in (0, 1); q in (0, 1)", "1", "0.9"),
    ("KL(p, q) >= {}*((sqrt(p) - sqrt(q))**2 + (sqrt(1 - p) - sqrt(1 - q))**2)", "p, q in (0, 1)", "1", "2.1"),
    # A power against a product, by logarithms where the other side is positive.
    ("(1 + c/L)**L >= exp(c - {}*c**2/L)", "c >= 0; L >= 1", "0.5", "0.49"),
    ("x*exp(-x**2/2 - y**2) <= {}", "x, y real", "0.607", "0.606"),
    # Roots as variables, squares of both sides.
    ("x + y + z >= {}*cbrt(x*y*z)", "x, y, z >= 0", "3", "3.01"),
    ("sqrt(x) + sqrt(y) <= sqrt({}*(x + y))", "x, y >= 0", "2", "1.99"),
    ("abs(p - 1/2) <= sqrt({}*KL(p, 1/2))", "p in [0, 1]", "0.5", "0.499"),
    # Sums of variables, symmetry, the triangle inequality.
    ("(x**2 + y**2)*exp(-x**2 - y**2) <= {}", "x, y real", "exp(-1)", "0.367"),
    ("exp(-x**2 - y**2)*(x + y) <= {}", "x, y real", "0.607", "0.606"),
    ("(x + y)*exp(-x - y) <= {}", "x, y >= 0", "exp(-1)", "0.367"),
    # A least point that is a power with an exponent that varies.
    ("x*y <= {}*x**p/p + (p - 1)/p*y**(p/(p - 1))", "x, y > 0; p in (1, 4]", "1", "0.99"),
    # A whole power of what may be negative.
    ("(1 - x)**n >= 1 - {}*n*x", "x in [0, 2]; n integer >= 1", "1", "0.99"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "domain", "right", "wrong"), PAIRS, ids=lambda v: str(v)[:40])
def test_true_and_false_by_a_digit(text, domain, right, wrong):
    assert check(text.format(right), [domain], seconds=20).verdict in TRUE
    assert check(text.format(wrong), [domain], seconds=4).verdict == "refuted"


def mean_of_product(f, g, c):
    """Return `E f(u) g(v)` by the trapezoidal rule, which is accurate to all digits for these functions."""
    x = np.linspace(-9, 9, 181)
    w = np.exp(-x * x / 2) / math.sqrt(2 * math.pi) * (x[1] - x[0])
    v = c * x[:, None] + math.sqrt(1 - c * c) * x
    return float(np.sum(f(x)[:, None] * g(v) * np.outer(w, w)))


FUNCTIONS = {
    "tanh({})": np.tanh,
    "sigmoid({})": lambda x: 1 / (1 + np.exp(-x)),
    "atan({})": np.arctan,
    "sin({})": np.sin,
}


@pytest.mark.parametrize(
    ("f", "g"), [(f, f) for f in FUNCTIONS if "sin" not in f] + [("sin({})", "tanh({})")]
)
def test_bounds_of_tied_means_lie_on_both_sides(f, g):
    product = f.replace("{}", "u") + "*" + g.replace("{}", "v")
    for low, high, values in ((-1, 0, (-0.9, -0.5, -0.1)), (0, 1, (0.1, 0.5, 0.9))):
        sides = {}
        for relation in ("<=", ">="):
            statement = read(f"E[{product}] {relation} 7", [f"c in ({low}, {high})", TIED])
            (case,) = eliminated(with_closed_expectations(problem_of(statement)))
            (goal,) = (g for g in tied_form(case).goals if g.term.free and "7" in str(g))
            sides[relation] = goal.term
        for c in values:
            true = mean_of_product(FUNCTIONS[f], FUNCTIONS[g], c)
            put = {"c": num(Fraction(str(c)))}
            with ctx.workprec(96):
                ends = [constant_ball(substitute(sides[r], put)) for r in (">=", "<=")]
            below, above = 7 + float(ends[0].lower()), 7 - float(ends[1].lower())
            assert below - 1e-9 <= true <= above + 1e-9
            assert above - below <= 0.1 + c * c


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("E[tanh(u)*tanh(v)] <= 0.4*c", ["c in [0, 1)", TIED]),
        ("E[sigmoid(u)*sigmoid(v)] >= 1/4", ["c in [0, 1)", TIED]),
        ("cbrt(x*y*z) <= (x + y + z)/3", ["x, y, z >= 0"]),
        ("KL(p, q) <= (p - q)**2/(q*(1 - q))", ["p, q in (0, 1)"]),
        ("(1 - c/L)**L >= 1 - c", ["c in [0, 1); L >= 1"]),
        ("p - 1/2 <= sqrt(KL(p, 1/2)/2)", ["p in [0, 1]"]),
    ],
)
def test_the_checker_takes_these_steps(text, domain):
    answer = check(text, domain, seconds=10, certify=True)
    assert answer.certificate is not None, answer.uncovered
    assert accepts(answer.certificate)


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        # log u against u - 1 would say something at u <= 0, where there is no logarithm.
        ("log(x) <= x - 1", "x real"),
        # x - y stays as it is while the steps jump.
        ("sign(x - y)**2 >= 1", "x, y real"),
        ("cbrt(x)*cbrt(y) <= x + y + 1", "x, y real"),
        ("sqrt(x*y) >= x + y - 1", "x, y > 0"),
        ("sqrt(x) >= x - 2.1", "x, y >= 0"),
        # Squares of both sides say more where a side is negative, and nothing less.
        ("sqrt(1 - exp(-x**2)) >= -1 - x", "x real"),
        ("atan(y) + atan(1/y) + x - x = pi/2", "x real; y real"),
        # Expectations that jump at x = 0, where they are 0: the ends of a range are no limits of its inner points.
        ("E[sign(x*z)*sinh(z)] + y**2 >= y + 0.1", "x, y in [0, 1]; z ~ N(0,1)"),
        ("E[step(x*z)*exp(z)] + y >= 1", "x, y in [0, 1]; z ~ N(0,1)"),
    ],
)
def test_what_these_steps_must_not_show(text, domain):
    assert check(text, [domain], seconds=2).verdict not in TRUE
