"""Suprema, integrals, floors: against numbers worked out another way."""

import mpmath as mp
import pytest

from mfcheck.errors import InputError
from mfcheck.lemma import check

SURE = ("certified", "proved")


@pytest.mark.parametrize(
    ("text", "declared"),
    [
        ("sup(x*exp(-x); x in [0, 5]) <= 0.3679", []),
        ("sup(s*x - x**2/2; x in (-inf, inf)) <= s**2/2", ["s real"]),
        ("sup(x*y; x in [0, 1], y in [0, 1]) <= 1", []),
        ("sup(t**2; t in [0, 1]) <= x", ["x >= 1"]),
        ("int(exp(-t); t, 0, x) <= x", ["x in [0, 2]"]),
        ("int(t*sin(t); t, 0, pi) = pi", []),
        ("int(t**2*exp(-3*t); t, 0, 1) = 2/27 - 17*exp(-3)/27", []),
        ("int(s*t; t, a, b) = s*(b**2 - a**2)/2", ["a, b, s real"]),
        ("sum(1/k**2; k, 1, 10) <= 1.5498", []),
        ("floor(x) <= x", ["x real"]),
        ("floor(x) + floor(y) <= floor(x + y)", ["x, y real"]),
        ("floor(-5/2) = -3", []),
    ],
)
def test_true(text, declared):
    assert check(text, declared, seconds=20).verdict in SURE


@pytest.mark.parametrize(
    ("text", "declared"),
    [
        ("sup(x*exp(-x); x in [0, 5]) <= 0.3678", []),
        ("sup(s*x - x**2/2; x in (-inf, inf)) <= s**2/2.01", ["s real"]),
        ("int(t*sin(t); t, 0, pi) <= 3.14159", []),
        ("floor(x) >= x - 1/2", ["x real"]),
        ("floor(x) + floor(y) >= floor(x + y)", ["x, y real"]),
    ],
)
def test_false(text, declared):
    assert check(text, declared).verdict == "refuted"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("tanh(t)", lambda: mp.quad(mp.tanh, [0, 2])),
        ("1/(1 + t**2)", lambda: mp.atan(2)),
        ("log(1 + t)*exp(t)", lambda: mp.quad(lambda t: mp.log(1 + t) * mp.exp(t), [0, 2])),
    ],
)
def test_integrals_without_a_primitive_lie_where_quadrature_says(text, value):
    v = value()
    low, high = mp.nstr(v * (1 - mp.mpf("1e-5")), 15), mp.nstr(v * (1 + mp.mpf("1e-5")), 15)
    assert check(f"{low} <= int({text}; t, 0, 2) <= {high}").verdict in SURE
    assert check(f"int({text}; t, 0, 2) <= {low}").verdict == "refuted"


@pytest.mark.parametrize(
    ("text", "declared", "said"),
    [
        ("sup(x; x in (0, 1)) < 1", [], "write <="),
        ("exp(sup(x; x in [0, 1])) <= 3", [], "only bounds"),
        ("E[sup(z*x; x in [0, 1])] <= 1", ["z ~ N(0,1)"], "random"),
        ("E[floor(z)] <= 1", ["z ~ N(0,1)"], "random"),
        ("d(floor(x), x) = 0", ["x real"], "no derivative"),
        ("d(sup(x*t; t in [0, 1]), x) <= 1", ["x real"], "no derivative"),
        ("int(floor(t); t, 0, 1) = 0", [], "not read"),
        ("int(t; t, 0, inf) <= 1", [], "must be numbers"),
        ("sup(x; x >= 1) <= 1", [], "x in"),
        ("x <= 1", ["x in [2, 1]"], "empty"),
        ("sup(x; x in [2, 1]) <= 1", [], "empty"),
        ("sup(sign(x); x in [-1, 0]) < 1", [], "write <="),
        ("d(sup(t; t in [0, x]), x) = 0", ["x >= 0"], "no derivative"),
        ("int(sup(x; x in [0, t]); t, 0, 1) <= 0.4", [], "not read"),
        ("E[sup(x; x in [0, z**2])] <= 0.5", ["z ~ N(0,1)"], "random"),
        ("floor(log(x)) <= x", ["x real"], "undefined"),
    ],
)
def test_refused(text, declared, said):
    with pytest.raises(InputError, match=said):
        check(text, declared)


@pytest.mark.parametrize("text", ["int(1/t; t, -1, 1) <= 5", "sup(1/x; x in [-1, 1]) <= 5"])
def test_a_pole_inside_the_range_is_undefined(text):
    assert check(text).verdict == "undefined"


def test_an_integral_that_does_not_exist_is_not_bounded():
    assert check("int(1/t; t, 0, 1) <= 5").verdict not in (*SURE, "refuted")


def test_undefined_comes_before_false():
    answer = check("1/(x - 1) > 0", ["x in [0, 2]"])
    assert answer.verdict == "undefined"
    assert answer.place == "1/(x - 1)"


def test_both_sides_are_enclosed_at_a_counterexample():
    answer = check("abs(d(silu(x), x)) <= 1.09", ["x real"])
    x = mp.mpf(2)
    s = 1 / (1 + mp.exp(-x))
    value = s + x * s * (1 - s)
    assert answer.counterexample == {"x": "2"}
    assert mp.mpf(answer.sides["left"][0]) <= value <= mp.mpf(answer.sides["left"][1])


def test_a_range_that_may_be_empty_hides_nothing():
    assert check("s >= 0 and sup(x; x in [0, s]) <= s", ["s real"]).verdict in (
        "refuted",
        "undefined",
    )
    assert check("sup(x; x in [0, s]) <= s", ["s >= 0"], seconds=2).verdict != "refuted"
    assert check("sup(x; x in [0, s]) <= s - 1/100", ["s >= 1"]).verdict == "refuted"
    assert check("sup(log(x); x in [s, 2]) <= 1", ["s in [0, 1]"]).verdict == "undefined"


def test_what_is_known_of_eigenvalues_hides_no_undefined_entry():
    answer = check("lambda_max(log(A)) <= 10**9", ["A symmetric(3)"], seconds=3)
    assert answer.verdict == "undefined"
