from dataclasses import replace
from fractions import Fraction

from mfcheck import load_paper
from mfcheck.claims import Case, Data, Inequality, Variable
from mfcheck.falsify.shrink import cost, shrink
from mfcheck.points import configurations as conf
from mfcheck.symbolic.activation import LIBRARY

DEFAULT = load_paper("scaled-resnets").default
INEQUALITY = Inequality(
    "q",
    "",
    ("points", "labels", "activation", "beta"),
    lambda s, f: (0.0, 1.0),
    lambda c, f: (0, 1),
    reading="stated",
    own=(Variable("x", Fraction(-1), Fraction(1)),),
)
START = Case(
    replace(
        DEFAULT,
        data=Data(
            (*conf.circle(5), *conf.pair(2, Fraction(1, 97))),
            tuple(Fraction(k, 7) for k in range(7)),
        ),
        activation=LIBRARY["sin"],
    ).with_values(beta=Fraction(123, 7)),
    (("x", Fraction(17, 31)),),
)


def test_whatever_is_not_needed_goes() -> None:
    def any_two(case: Case) -> bool:
        return case.setting.data.n >= 2 and conf.distinct(case.setting.data.points)

    found = shrink(START, DEFAULT, INEQUALITY, any_two, any_two)
    assert found.setting.data.n == 2
    assert found.setting.activation == DEFAULT.activation
    assert found.setting["beta"] == DEFAULT["beta"]
    assert found["x"] == 0
    assert all(v.denominator == 1 for p in found.setting.data.points for v in p)
    assert cost(found, DEFAULT) < cost(START, DEFAULT)


def test_what_is_needed_stays() -> None:
    def near(case: Case) -> bool:
        data = case.setting.data
        return conf.distinct(data.points) and data.C_max > 0.999 and case["x"] > Fraction(1, 2)

    found = shrink(START, DEFAULT, INEQUALITY, near, near)
    assert near(found)
    assert found.setting.data.n == 2
    assert all(conf.inner(p, p) == 1 for p in found.setting.data.points)
    assert found["x"] == 1


def test_only_certified_steps_are_taken() -> None:
    assert shrink(START, DEFAULT, INEQUALITY, lambda c: True, lambda c: False) == START


def test_points_that_do_not_matter_are_not_touched() -> None:
    fixed = replace(INEQUALITY, varies=())
    found = shrink(START, DEFAULT, fixed, lambda c: True, lambda c: True)
    assert found.setting.data.points == START.setting.data.points
    assert found["x"] == 0


def test_own_variables_become_simple_and_stay_in_range() -> None:
    size = Variable("k", Fraction(2), Fraction(10**6), log=True, integer=True)
    rate = Variable("p", Fraction(1, 10**6), Fraction(999, 1000), log=True)
    wide = replace(INEQUALITY, varies=(), own=(size, rate))
    start = replace(START, own=(("k", Fraction(999_983)), ("p", Fraction(271828, 10**6))))
    found = shrink(start, DEFAULT, wide, lambda c: True, lambda c: c["k"] >= 50)
    assert found["k"].denominator == 1
    assert 50 <= found["k"] <= 100
    assert Fraction(1, 10**6) <= found["p"] <= Fraction(999, 1000)
    assert found["p"].numerator < 10
    free = shrink(start, DEFAULT, wide, lambda c: True, lambda c: True)
    assert free["k"] == 2
