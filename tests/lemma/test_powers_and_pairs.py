"""Powers of bases of any sign, moments of the Gaussian, two tied Gaussians in closed form: against quadrature."""

import itertools
import math

import numpy as np
import pytest
from scipy import special

from mfcheck.lemma import check

TRUE = ("certified", "proved")
LAW = "u, v ~ N(0, [[2, c], [c, 3]])"
FUNCTIONS = {
    "relu({})": lambda x: np.maximum(x, 0),
    "abs({})": np.abs,
    "sign({})": np.sign,
    "step({})": lambda x: (x > 0) * 1.0,
    "erf(2*{})": lambda x: special.erf(2 * x),
    "Phi({}/3)": lambda x: special.ndtr(x / 3),
    "{}": lambda x: x,
}


def product_mean(f, g, c):
    """Return `E f(u) g(v)` for variances 2, 3 and covariance c, in polar coordinates: kinks lie on rays."""
    low = np.linalg.cholesky([[2, c], [c, 3]])
    # A kink of f is at u = 0, one of g at v = 0: their angles cut the circle.
    tilt = math.atan2(-low[1, 0], low[1, 1])
    angles = [math.pi / 2, 3 * math.pi / 2, *(tilt + k * math.pi for k in (0, 1, 2))]
    cuts = sorted({0.0, 2 * math.pi, *(a % (2 * math.pi) for a in angles)})
    x, wx = np.polynomial.legendre.leggauss(60)
    r, wr = (x + 1) * 5, wx * 5
    total = 0.0
    for a, b in itertools.pairwise(cuts):
        t = a + (x + 1) * (b - a) / 2
        z = r[:, None] * np.cos(t), r[:, None] * np.sin(t)
        u, v = low[0, 0] * z[0], low[1, 0] * z[0] + low[1, 1] * z[1]
        density = (r * np.exp(-r * r / 2) / (2 * math.pi) * wr)[:, None] * wx * (b - a) / 2
        total += float(np.sum(f(u) * g(v) * density))
    return total


@pytest.mark.parametrize("second", FUNCTIONS)
@pytest.mark.parametrize("first", FUNCTIONS)
def test_two_tied_gaussians_against_quadrature(first, second):
    for c in (-1.5, 0.7):
        value = product_mean(FUNCTIONS[first], FUNCTIONS[second], c)
        text = f"E[{first.format('u')}*{second.format('v')}]"
        law = LAW.replace("c", str(c))
        low, high = (f"{value + s * 1e-6:.12f}" for s in (-1, 1))
        assert check(f"{text} > {low} and {text} < {high}", [law]).verdict in TRUE, (text, c)
        assert check(f"{text} < {low}", [law]).verdict == "refuted"


@pytest.mark.parametrize("s", [0, 1 / 2, 1, 5 / 3, 4])
def test_a_power_of_the_absolute_value_against_quadrature(s):
    x = np.linspace(0, 1, 200_001)[1:] - 1 / 400_000
    w = 14 * x**3  # many points near 0
    value = 2 * np.sum(w**s * np.exp(-w * w / 2) * 42 * x * x) / 200_000 / math.sqrt(2 * math.pi)
    text = f"E[abs(z)**s] > {value - 1e-6:.9f} and E[abs(z)**s] < {value + 1e-6:.9f}"
    assert check(text, ["s >= 0; z ~ N(0,1)"], where=[f"s = {s:.20f}"[:18]]).verdict in TRUE


@pytest.mark.parametrize(
    ("text", "domain", "verdict"),
    [
        ("(-1)**n <= 1", "n integer", "certified"),
        ("(-1)**n = 1", "n integer >= 1", "refuted"),
        ("(-2)**n >= -2**n", "n integer >= 1", "certified"),
        ("(-2)**n >= -1.99*2**(n - 1)", "n integer >= 1", "refuted"),
        ("abs(x**n) <= 1", "x in [-1, 1]; n integer >= 1", "certified"),
        ("x**n >= 0", "x in [-1, 1]; n integer >= 1", "refuted"),
        ("(-x)**(2*n + 1) = -x**(2*n + 1)", "x real; n integer >= 1", "proved"),
        ("x**(2*n) >= 0", "x real; n integer >= 0", "certified"),
        ("x**n >= 0", "x real; n integer", "undefined"),
        ("x**n < 1", "x in [0, 1/2]; n integer >= 0", "refuted"),
        ("x**n*x**m = x**(n + m)", "x real; n, m integer >= 1", "proved"),
        ("x**n*x**m = x**(n + m + 1)", "x real; n, m integer >= 1", "refuted"),
        ("E[z**(2*k)] >= k", "k integer >= 0; z ~ N(0,1)", "certified"),
        ("E[z**(2*k)] >= 1.01*k", "k integer >= 0; z ~ N(0,1)", "refuted"),
        ("E[z**(2*k + 1)] = 0", "k integer >= 0; z ~ N(0,1)", "proved"),
        ("E[exp(z**2/4)] = sqrt(2)", "z ~ N(0,1)", "proved"),
        ("E[exp(t*z**2)] <= exp(t + 2*t**2/(1 - 2*t))", "t in [0, 1/2); z ~ N(0,1)", "certified"),
        ("E[exp(t*z**2)] <= exp(t + 0.99*t**2)", "t in [0, 1/4]; z ~ N(0,1)", "refuted"),
        ("E[softplus(s*z)] <= log(2) + s**2/8", "s real; z ~ N(0,1)", "certified"),
        ("E[softplus(s*z)] <= log(2) + 0.124*s**2", "s real; z ~ N(0,1)", "refuted"),
        ("E[sqrt(1 + s**2*z**2)] <= sqrt(1 + s**2)", "s real; z ~ N(0,1)", "certified"),
        ("E[sqrt(1 + s**2*z**2)] <= sqrt(1 + 0.98*s**2)", "s real; z ~ N(0,1)", "refuted"),
        ("(1 - x)**k <= exp(-x*k)", "x in [0, 1]; k integer >= 0", "certified"),
    ],
)  # fmt: skip
def test_powers_and_moments(text, domain, verdict):
    found = check(text, [domain], seconds=20).verdict
    assert found == verdict or {found, verdict} <= set(TRUE)


@pytest.mark.parametrize(
    "text", ["E[exp(z**2/2)] >= 1", "E[exp(t*z**2)] >= 1", "E[exp(cosh(z))] >= 1"]
)
def test_an_expectation_that_does_not_exist_is_not_certified(text):
    assert check(text, ["t in [0, 1/2]; z ~ N(0,1)"], seconds=2).verdict not in TRUE
