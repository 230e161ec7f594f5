"""Enclosures against mpmath, and against each other at two precisions."""

import math
import random
from fractions import Fraction

import mpmath as mp
import pytest
from flint import arb, ctx

from mfcheck.lemma import balls, terms
from mfcheck.lemma.balls import long_series
from mfcheck.lemma.evaluate import Program
from mfcheck.lemma.expectations import Expectation
from mfcheck.lemma.models import Face
from mfcheck.lemma.reader import Reader

DOMAINS = {
    "exp": (-3, 3), "log": (0.1, 5), "sin": (-7, 7), "cos": (-7, 7), "tan": (-1.4, 1.4),
    "asin": (-0.95, 0.95), "acos": (-0.95, 0.95), "atan": (-4, 4), "sinh": (-3, 3), "cosh": (-3, 3),
    "tanh": (-3, 3), "asinh": (-4, 4), "atanh": (-0.9, 0.9), "erf": (-2, 2), "erfc": (-2, 2),
    "cbrt": (0.2, 6), "lgamma": (0.3, 6),
}  # fmt: skip
REFERENCE = {"cbrt": lambda x: mp.cbrt(x), "lgamma": mp.loggamma}


def reference(name):
    return REFERENCE.get(name) or getattr(mp, name)


@pytest.mark.parametrize("name", sorted(DOMAINS))
def test_wide_balls_hold_all_values(name):
    draw = random.Random(3)
    low, high = DOMAINS[name]
    for _ in range(40):
        a, b = sorted(draw.uniform(low, high) for _ in range(2))
        hull = balls.FUNCTIONS[name](arb(a).union(arb(b)))
        for k in range(9):
            x = a + (b - a) * k / 8
            value = balls.FUNCTIONS[name](arb(x))
            assert hull.overlaps(value)
            assert value.overlaps(arb(str(mp.nstr(reference(name)(mp.mpf(x)), 15)) + " +/- 1e-11"))


@pytest.mark.parametrize("name", sorted(set(DOMAINS) - {"lgamma"}))
def test_taylor_coefficients_up_to_high_order(name):
    low, high = DOMAINS[name]
    x = (2 * low + 3 * high) / 5
    code = Program([terms.call(name, terms.var("x"))], ["x"])
    with long_series(), ctx.workprec(200), mp.workdps(60):
        series = code.series([arb(x)], "x", 22)[0]
        wide = code.series([arb(x).union(arb(x) + arb(2) ** -6)], "x", 22)[0]
        expected = mp.taylor(reference(name), mp.mpf(x), 21)
        for k in (0, 1, 2, 5, 9, 10, 11, 15, 21):
            value = arb(mp.nstr(expected[k], 25))
            assert abs(series[k] - value) < 1e-10 * (1 + abs(value)), k
            assert wide[k].overlaps(series[k])


def test_coefficients_beyond_the_cap_are_unknown():
    code = Program([terms.call("exp", terms.var("x"))], ["x"])
    known = ctx.cap
    ctx.cap = 10
    try:
        series = code.series([arb(1)], "x", 14)[0]
    finally:
        ctx.cap = known
    assert all(c.is_nan() for c in series[10:])


@pytest.mark.parametrize(
    ("text", "point", "way"),
    [
        ("sin(x)/x - 1", "0", 1),
        ("log(1 + x) - x + x**2/2", "0", 1),
        ("1/sin(x)**2 - 1/x**2", "0", 1),
        ("exp(x) - e*x", "1", -1),
        ("atan(x)*erf(x)/(x*tanh(x))", "0", 1),
        ("sqrt(1 - cos(x)**2)*asinh(x)", "0", 1),
        ("cos(x)/(pi/2 - x)", "pi/2", -1),
        ("acos(x)**2", "1", -1),
        ("x*log(1 + 1/x)", "inf", 1),
    ],
)
@pytest.mark.parametrize("order", [5, 12, 20])
def test_models_hold_the_function(text, point, way, order):
    reader = Reader({"x": terms.var("x")})
    t = reader.expression(text)
    end = None if point == "inf" else reader.expression(point)
    root = 2 if "acos" in text else 1
    width = arb(2) ** -3
    with long_series(), ctx.workprec(160):
        face = Face("x", end, way, width, root, order)
        model = face.model(t)
        code = Program([t], ["x"])
        for k in (1, 3, 7, 8):
            s = width * k / 8
            x = arb(way) / s if end is None else Program([end], [])([])[0] + way * s**root
            value = model.rest
            for c in reversed(model.c):
                value = value * s + c.ball
            assert (value * s**model.valuation).overlaps(code([x])[0])


BODIES = {
    "_w*tanh(_w)": lambda z: z * mp.tanh(z),
    "tanh(_w/2)**2": lambda z: mp.tanh(z / 2) ** 2,
    "log(1 + exp(_w))": lambda z: mp.log(1 + mp.exp(z)),
    "abs(_w - 1/3)": lambda z: abs(z - mp.mpf(1) / 3),
    "max(0, _w)*exp(_w/2)": lambda z: max(0, z) * mp.exp(z / 2),
    "1/(1 + _w**2)": lambda z: 1 / (1 + z**2),
}


@pytest.mark.parametrize("text", BODIES)
def test_expectations_against_quadrature(text):
    body = Reader({"_w": terms.var("_w")}).expression(text)
    with long_series(), ctx.workprec(96), mp.workdps(25):
        value = Expectation(body, 0)([])
        third = mp.mpf(1) / 3
        nodes = [-14, -6, -3, -1, 0, third, 1, 3, 6, 14]
        expected = mp.quad(lambda z: BODIES[text](z) * mp.npdf(z), nodes)
    assert value.rad() < 1e-6
    assert value.overlaps(arb(mp.nstr(expected, 18)) + arb(0, 1e-14))


def test_a_majorant_is_needed():
    body = terms.call("exp", terms.power(terms.var("_w"), 2))
    with long_series():
        assert not Expectation(body, 0)([]).is_finite()


def test_fractions_are_enclosed():
    assert balls.ball(Fraction(1, 3)).contains(arb(1) / 3)
    assert math.isclose(float(balls.cube_root(arb(-8))), -2)
