"""Expectations of random products against quadrature: no closed form and no enclosure is wrong."""

import math
import random
from fractions import Fraction

import mpmath as mp
import pytest
from flint import arb

from mfcheck.lemma import check
from mfcheck.lemma.expectations import Majorant

CUTS = [
    -mp.inf,
    -9,
    -6,
    -4,
    -3,
    -2,
    -1.5,
    -1,
    -0.5,
    0,
    0.25,
    0.5,
    0.75,
    1,
    1.5,
    2,
    3,
    4,
    6,
    9,
    mp.inf,
]
FACTORS = [
    ("relu({})", lambda u, w: max(u, 0)),
    ("abs({})", lambda u, w: abs(u)),
    ("min({}, 1)", lambda u, w: min(u, 1)),
    ("max({}, w)", lambda u, w: max(u, w)),
    ("exp({}/2)", lambda u, w: mp.exp(u / 2)),
    ("tanh({})", lambda u, w: mp.tanh(u)),
    ("erf({})", lambda u, w: mp.erf(u)),
    ("Phi({})", lambda u, w: mp.ncdf(u)),
    ("sigmoid({})", lambda u, w: 1 / (1 + mp.exp(-u))),
    ("cosh({}/2)", lambda u, w: mp.cosh(u / 2)),
    ("cos({})", lambda u, w: mp.cos(u)),
    ("sign({})", lambda u, w: mp.sign(u)),
    ("w**2", lambda u, w: w * w),
]


def product(draw):
    """Return the text of a product of random factors at random lines, and its code."""
    parts = []
    for _ in range(draw.choice([1, 2, 2, 3])):
        a, b = draw.choice([-2, -1, -0.5, 0.5, 1, 2]), draw.choice([-1.5, -1, 0, 0.5, 1])
        text, code = draw.choice(FACTORS)
        parts.append((text.format(f"({a}*w + ({b}))"), a, b, code))
    return "*".join(p[0] for p in parts), [p[1:] for p in parts]


@pytest.mark.parametrize("seed", range(40))
def test_random_products(seed):
    text, parts = product(random.Random(seed))

    def value(w):
        total = mp.npdf(w)
        for a, b, code in parts:
            total *= code(a * w + b, w)
        return total

    v = mp.quad(value, CUTS)
    gap = mp.mpf(10) ** -4 * (1 + abs(v))
    low, high = (mp.nstr(v + s * gap, 14) for s in (-1, 1))
    found = check(f"E[{text}] > {low} and E[{text}] < {high}", ["w ~ N(0,1)"], seconds=2)
    assert found.verdict not in ("refuted", "vacuous", "undefined"), (text, found)


@pytest.mark.parametrize(
    ("text", "declared"),
    [
        ("E[relu(m - s*z)] = m*Phi(m/s) + s*phi(m/s)", "m real; s > 0; z ~ N(0,1)"),
        ("E[relu(m + s*z)] = m*Phi(-m/s) - s*phi(m/s)", "m real; s < 0; z ~ N(0,1)"),
        ("E[abs(s*z)] = -s*sqrt(2/pi)", "s < 0; z ~ N(0,1)"),
        ("E[exp(abs(z))] = 2*exp(1/2)*Phi(1)", "z ~ N(0,1)"),
        ("E[relu(1 - z)] = Phi(1) + phi(1)", "z ~ N(0,1)"),
        ("E[erf(s*z)**2] = 2/pi*asin(2*s**2/(1 + 2*s**2))", "s real; z ~ N(0,1)"),
    ],
)
def test_known_closed_forms(text, declared):
    assert check(text, [declared], seconds=10).verdict in ("proved", "certified")


@pytest.mark.parametrize(
    ("text", "declared"),
    [
        ("E[relu(m + s*z)] = m*Phi(m/s) + s*phi(m/s)", "m real; s < 0; z ~ N(0,1)"),
        ("E[relu(1 - z)] = 1 - Phi(1) + phi(1)", "z ~ N(0,1)"),
        ("E[exp(abs(z))] = 2*exp(1/2)*Phi(0.999)", "z ~ N(0,1)"),
    ],
)
def test_false_closed_forms(text, declared):
    assert check(text, [declared], seconds=10).verdict == "refuted"


def majorant_at(m, w):
    return sum(float(c) * w**k * math.exp(float(b) * w) for c, k, b in m.parts)


def test_bounds_of_growth_stay_short():
    line = Majorant([(arb(1), 0, arb(0)), (arb(2), 1, arb(0))])
    power = line
    for _ in range(29):
        power = power.times(line)
    assert len(power.parts) == 31
    assert majorant_at(power, 2.0) == pytest.approx(5.0**30, rel=1e-12)  # (1 + 2w)^30
    rates = [Fraction(1, 2**n) for n in range(1, 11)]
    product, value = Majorant([(arb(1), 0, arb(0))]), 1.0
    for b in rates:
        product = product.times(
            Majorant([(arb(1), 0, arb(0)), (arb(3), 1, arb(b.numerator) / b.denominator)])
        )
        value *= 1 + 3 * 1.5 * math.exp(float(b) * 1.5)
    assert len(product.parts) <= 64
    assert majorant_at(product, 1.5) >= value
