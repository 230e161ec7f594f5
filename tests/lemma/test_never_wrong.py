"""False statements are never certified, true ones never refuted: random statements with a known least value."""

import contextlib
import random

import mpmath as mp
import pytest
import sympy as sp

from mfcheck.errors import InputError
from mfcheck.lemma import check

UNARY = ["exp({})", "sin({})", "cos({})", "tanh({})", "atan({})", "log(2 + ({})**2)", "sqrt(1 + ({})**2)",
         "abs({})", "erf({})", "sigmoid({})", "softplus({})", "cbrt({})", "1/(1 + ({})**2)", "max({}, 0)"]  # fmt: skip
SPACE = {
    "sigmoid": lambda u: 1 / (1 + sp.exp(-u)),
    "softplus": lambda u: sp.log(1 + sp.exp(u)),
    "cbrt": lambda u: sp.sign(u) * sp.Abs(u) ** sp.Rational(1, 3),
    "max": sp.Max,
    "abs": sp.Abs,
}


def function(text, names):
    """Return float code of an expression, made by SymPy."""
    symbols = [sp.Symbol(n, real=True) for n in names]
    known = {**SPACE, **dict(zip(names, symbols, strict=True))}
    return sp.lambdify(symbols, sp.sympify(text, locals=known), "math")


def expression(draw, names, depth):
    if depth == 0:
        return draw.choice([*names, *names, str(draw.randint(1, 3)), f"{draw.randint(1, 9)}/7"])
    kind = draw.random()
    if kind < 0.4:
        return draw.choice(UNARY).format(expression(draw, names, depth - 1))
    a, b = (expression(draw, names, depth - 1) for _ in range(2))
    return f"({a}){draw.choice('+-*')}({b})"


def least(text, names, low, high):
    """Return the least value on a fine grid, sharpened at the best point."""
    value = function(text, names)

    count = 4001 if len(names) == 1 else 81
    grid = [low + (high - low) * k / (count - 1) for k in range(count)]
    points = [(x,) for x in grid] if len(names) == 1 else [(x, y) for x in grid for y in grid]
    return min(value(*p) for p in points)


@pytest.mark.parametrize("seed", range(60))
def test_random_statements(seed):
    draw = random.Random(seed)
    names = ["x"] if draw.random() < 0.6 else ["x", "y"]
    text = expression(draw, names, draw.choice([2, 3]))
    low, high = draw.choice([(-2, 2), (0, 1), (-1, 3)])
    domain = [f"{n} in [{low}, {high}]" for n in names]
    m = least(text, names, low, high)
    shift = draw.choice([1e-1, 1e-3])
    try:
        false = check(f"{text} >= {mp.nstr(mp.mpf(m + shift), 12)}", domain, seconds=0.5)
        true = check(f"{text} >= {mp.nstr(mp.mpf(m - 0.5), 12)}", domain, seconds=0.5)
    except InputError:
        return
    assert false.verdict not in ("certified", "proved", "vacuous"), (text, domain, m)
    assert true.verdict not in ("refuted", "vacuous", "undefined"), (text, domain, m)


DOMAINS = {
    "x > 0; y > x": lambda d: (lambda a: (a, a + 10 ** d.uniform(-3, 1.5)))(
        10 ** d.uniform(-3, 1.5)
    ),
    "x, y > 0": lambda d: (10 ** d.uniform(-3, 1.5), 10 ** d.uniform(-3, 1.5)),
    "x, y real": lambda d: (d.uniform(-8, 8), d.uniform(-8, 8)),
    "0 <= x; x <= y; y <= 2": lambda d: tuple(sorted((2 * d.random(), 2 * d.random()))),
    "x in (0, 1); y in (0, 1)": lambda d: (d.random(), d.random()),
    "abs(x + y) <= 1; x in [-2, 2]": lambda d: (lambda a, u: (a, u - a))(
        d.uniform(-2, 2), d.uniform(-1, 1)
    ),
}
SCALED = [
    "log({})",
    "sqrt({})",
    "1/({})",
    "({})**2",
    "cbrt({})",
    "exp(-({}))",
    "max({}, 1/2)",
    "abs({})",
]


def scaled_expression(draw, depth, positive):
    """Return expressions that lead to scales, corners, diagonals and inner minima."""
    if depth == 0:
        return draw.choice(["x", "y", "x + y", "x*y", "x - y", "y/2", "2*x"])
    if draw.random() < 0.45:
        inner = draw.choice(["x", "y", "x + y", "x*y"]) if positive else "1 + x**2 + y**2"
        return draw.choice(SCALED).format(inner)
    a, b = (scaled_expression(draw, depth - 1, positive) for _ in range(2))
    return f"({a}){draw.choice('+-*-')}({b})"


@pytest.mark.parametrize("seed", range(60))
def test_a_statement_with_a_known_counterexample(seed):
    draw = random.Random(seed)
    domain = draw.choice(list(DOMAINS))
    text = scaled_expression(
        draw, draw.choice([1, 2, 2, 3]), "real" not in domain and "abs" not in domain
    )
    value = function(text, ["x", "y"])
    values = []
    for _ in range(300):
        x, y = DOMAINS[domain](draw)
        with contextlib.suppress(ArithmeticError, ValueError):
            values.append(value(x, y))
    below = min(values)
    bound = mp.nstr(mp.mpf(below + 1e-6 + abs(below) * 1e-6), 17)
    strict = draw.choice([">=", ">"])
    answer = check(f"{text} {strict} {bound}", [domain], seconds=0.6)
    assert answer.verdict not in ("certified", "proved", "vacuous"), (text, domain, bound)
