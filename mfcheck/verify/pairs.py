"""Two Gaussians: `pair(x, c, f, g)`, the mean of f(X) g(Y) for standard normals X, Y of correlation c.

By Mehler's formula it is `sum_r c^r E[f h_r] E[g h_r]`, h_r the orthonormal Hermite polynomials; the terms with r >= N
sum to at most `|c|^N (E f^2 E g^2)^(1/2)`. The coefficients are sums over panels as in `integrals`, all r at once.
docs/certificates.md has the proof.
"""

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

from .formulas import (
    FUNCTIONS,
    Interval,
    Reader,
    cost_of,
    exact,
    finite,
    iv,
    parse,
    sqrt,
    variable,
)
from .growth import GROWTH, VARIABLE, beyond_half, constant
from .integrals import (
    MAX_PANELS,
    RHO,
    continued,
    ellipse,
    hull,
    nodes,
    parity,
    precision,
    rule,
)
from .reading import UnprovedError, effort, need, prove
from .rectangles import Rectangle
from .slopes import slope

_exp = FUNCTIONS["exp"]
MAX_TERMS, SERIES_TERMS, _FEW = 200, 184, 16


@dataclass(frozen=True)
class _Coefficients:
    """`E[f h_r]` for r < terms."""

    value: Callable[[Interval], Interval]
    around: Callable[[Interval, Rectangle], Rectangle]
    price: float
    terms: int

    def over(self, low: Fraction, high: Fraction) -> list[Interval]:
        """Enclose the part of the integrals between two numbers."""
        tiny, lost = Fraction(1, 1 << precision()), iv.mpf(0)
        totals, panels = [iv.mpf(0)] * self.terms, [(low, high)]
        for _ in range(MAX_PANELS):
            if not panels:
                return [finite(total + iv.mpf([-1, 1]) * lost) for total in totals]
            a, b = panels.pop()
            effort.spend(5 * self.price)
            crude, error = self._crude(a, b), self._error(a, b)
            if crude is not None and crude.b <= exact(tiny / 64).a:
                lost += crude
            elif error is not None and error.b <= exact(tiny * (b - a)).a:
                lost += error
                self._add(totals, a, b)
            else:
                panels += [(a, (a + b) / 2), ((a + b) / 2, b)]
        raise UnprovedError("the integrand is not known to be bounded, or varies too much")

    def _error(self, a: Fraction, b: Fraction) -> Interval | None:
        """As for one integral, with `|h_r(x+iy)| <= 1.65 r^(1/4) exp(x^2/4 + |y| sqrt r)`."""
        box = ellipse(a, b)
        near = iv.mpf(0) if 0 in box.re else abs(box.re).a
        y = box.im.b
        n = iv.mpf(max(1, self.terms))
        polynomial = iv.mpf(2) * sqrt(sqrt(n)) * _exp(y**2 / 2 + y * sqrt(n) - near**2 / 4)
        try:
            size = self.around(hull(a, b), box).size() * polynomial / sqrt(2 * iv.pi)
        except UnprovedError:
            return None
        return 8 * size * exact((b - a) / 2) / ((RHO - 1) * RHO ** (2 * nodes() - 1))

    def _crude(self, a: Fraction, b: Fraction) -> Interval | None:
        """`|f| 1.09 exp(-x^2/4)/sqrt(2 pi)` times the length (Cramér)."""
        x = hull(a, b)
        near = iv.mpf(0) if 0 in x else abs(x).a
        try:
            return abs(self.value(x)) * _exp(-(near**2) / 4) / 2 * exact(b - a)
        except UnprovedError:
            return None

    def _add(self, totals: list[Interval], a: Fraction, b: Fraction) -> None:
        effort.spend(200 * nodes() ** 2, once=("rule", iv.prec))
        effort.spend(nodes() * (self.price + 60 * self.terms))
        for at, polynomials in _weighted(a, b, self.terms, nodes(), iv.prec):
            value = self.value(at)
            for r, mass in enumerate(polynomials):
                totals[r] += mass * value


@lru_cache(maxsize=256)
def _weighted(
    a: Fraction, b: Fraction, terms: int, n: int, prec: int
) -> list[tuple[Interval, list[Interval]]]:
    """Nodes of a panel, with the weight, times the density, times each polynomial there."""
    middle, half = exact((a + b) / 2), exact((b - a) / 2)
    found, roots = [], [iv.mpf(0), *(sqrt(iv.mpf(r)) for r in range(1, terms + 1))]
    for x, weight in rule(n, prec):
        at = middle + half * x
        mass = half * weight * _exp(-(at**2) / 2) / sqrt(2 * iv.pi)
        before, here, polynomials = iv.mpf(0), iv.mpf(1), []
        for r in range(terms):
            polynomials.append(mass * here)
            before, here = here, (at * here - roots[r] * before) / roots[r + 1]
        found.append((at, polynomials))
    return found


def _coefficients(reader: Reader, name: str, body: ast.expr, terms: int) -> list[Interval]:
    numbers = {k: constant(x) for k, x in reader.names.items() if not callable(x)}
    growth = reader.over(GROWTH, {**numbers, name: VARIABLE}).value(body)
    reach, rest = beyond_half(growth, precision() + 6)
    found = _Coefficients(
        lambda x: reader.at(name, x).value(body),
        lambda x, z: continued(reader, name, body, x, z),
        cost_of(body, iv.prec) + 150,
        terms,
    )
    sign = parity(reader, name, body)
    totals = [iv.mpf(0)] * terms
    for a, b in pairwise(map(Fraction, range(0 if sign else -reach, reach + 1))):
        totals = [x + y for x, y in zip(totals, found.over(a, b), strict=True)]
    if sign:  # h_r has the parity of r
        totals = [2 * x if (-1) ** r == sign else iv.mpf(0) for r, x in enumerate(totals)]
    return [x + iv.mpf([-1, 1]) * rest for x in totals]


def _size(reader: Reader, name: str, bodies: Sequence[str]) -> Interval:
    """Bound `(E f^2 E g^2)^(1/2)`, f and g by their text; a few digits of it are enough."""
    prec, plain = iv.prec, reader.over(reader.algebra, reader.names)
    iv.prec = 2 * _FEW + 100
    try:
        texts = [f"normal({name}, ({x})**2)" for x in bodies]
        squares = [replace(plain, text=text).value(parse(text)) for text in texts]
        return sqrt(squares[0] * squares[-1]).b
    finally:
        iv.prec = prec


def pair(reader: Reader, args: list[ast.expr]) -> Interval:
    """The mean of f(X) g(Y)."""
    need(len(args) == 4, "pair takes a variable, a correlation and two formulas")
    name, c, (f, g) = variable(reader, args[0]), finite(reader.value(args[1])), args[2:]
    prove(abs(c) < 1, "a correlation that may be 1")
    size = abs(c).b
    # By their text: Python's tree holds 1e-400 and 1e-500 as one float.
    texts = [reader.written(body) for body in (f, g)]
    bodies = (f,) if texts[0] == texts[1] else (f, g)
    rest = _size(reader, name, texts[: len(bodies)])
    goal, terms = exact(Fraction(1, 1 << precision())).a, 1
    while rest.b > goal:
        rest, terms = rest * size, terms + 1
        prove(terms <= MAX_TERMS, "a correlation so near 1 that too many terms are needed")
    terms = (terms + 6) // 8 * 8  # few numbers of terms, so that the same polynomials serve again
    sums = [_coefficients(reader, name, x, terms) for x in bodies]
    total, power = iv.mpf([-1, 1]) * rest, iv.mpf(1)
    for x, y in zip(sums[0], sums[-1], strict=True):
        total, power = total + x * y * power, power * c
    return finite(total)


def series(reader: Reader, args: list[ast.expr]) -> Interval:
    """`sum_k k E[f h_k]^2`, the slope at c = 1 of the mean of f(X) f(Y) in their correlation c.

    As `E[f'' h_k]^2 = (k+1)(k+2) E[f h_(k+2)]^2`, the terms with k >= n sum to at most
    `(E f''^2 - sum_(k<n) k (k-1) E[f h_k]^2)/(n-1)`, and to at least 0.
    """
    need(len(args) == 2, "series takes a variable and a formula")
    name, body = variable(reader, args[0]), args[1]
    second = slope(slope(reader.written(body), name), name)
    text = f"normal({name}, ({second})**2)"
    whole, prec, total = reader.over(reader.algebra, reader.names), iv.prec, iv.mpf(0)
    iv.prec = prec + 16  # squares of degrees multiply errors
    try:
        size = replace(whole, text=text).value(parse(text))
        for k, a in enumerate(_coefficients(reader, name, body, SERIES_TERMS)):
            total, size = total + k * a**2, size - k * (k - 1) * a**2
    finally:
        iv.prec = prec
    rest = iv.mpf([0, max(size.b, iv.mpf(0).b)]) / (SERIES_TERMS - 1)
    return finite(total + rest)
