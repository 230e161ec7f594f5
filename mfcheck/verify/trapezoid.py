"""Means of a normal variable as sums over equidistant nodes, for functions that are analytic on a strip.

With `|f(x+iy)| <= size (1 + |x|)^power exp(rate |x|)` for |y| <= a and k = power + rate, the product g of f and the
density has `int |g(x+iy)| dx <= M = 2 size exp((a^2 + k^2)/2)`, and the rule with step h on the whole line errs by at
most `2 M/(exp(2 pi a/h) - 1)`. docs/certificates.md has the proof.
"""

import ast
from collections.abc import Hashable
from fractions import Fraction
from functools import lru_cache
from typing import Any

from .columns import Column, Columns, dot, exponential, times, wide
from .columns import constant as repeated
from .formulas import FUNCTIONS, Interval, Reader, exact, iv, sqrt
from .reading import UnprovedError, effort
from .remembering import Remembering, Settled
from .strips import STRIPS, Strip, constant, variable_of

_exp = FUNCTIONS["exp"]
STRIPS_TRIED = tuple(
    Fraction(n, 8) for n in (32, 24, 16, 12, 8, 6, 4, 3, 2, Fraction(3, 2), 1, Fraction(1, 2))
)
"""Half-widths, from the widest on."""
MAX_LEVEL, _KEPT = 7, 4000


def rule(reader: Reader, name: str, body: ast.expr, bits: int) -> tuple[int, Interval] | None:
    """Return the level m of a step 2^-m that errs by at most 2^-bits, and a bound of that; None if none is known."""
    numbers = {k: constant(x) for k, x in reader.names.items() if not callable(x)}
    best: tuple[int, Interval] | None = None
    plain, where = reader.over(STRIPS, numbers), surroundings(reader, name)
    settled = Settled.of(body, name)
    for a in STRIPS_TRIED:
        try:
            size = _at(plain, name, variable_of(a), (where, "strip", a), settled).value(body)
            found = _level(size, a, bits)
        except UnprovedError:
            continue
        if best is not None and (found is None or found[0] >= best[0]):
            return best
        best = found or best
    return best


def _level(f: Strip, a: Fraction, bits: int) -> tuple[int, Interval] | None:
    k = f.power + f.rate
    total = 4 * f.size * _exp(exact((a**2 + k**2) / 2))
    for level in range(MAX_LEVEL + 1):
        error = total / (_exp(2 * iv.pi * exact(a) * 2**level) - 1)
        if error.b <= exact(Fraction(1, 2**bits)).a:
            return level, error.b
    return None


def mean(reader: Reader, name: str, body: ast.expr, level: int, reach: int, sign: int) -> Interval:
    """Return the sum over the nodes k/2^level up to `reach`; `sign` is the parity of the body."""
    effort.spend(100 * (reach << level), once=("weights", level, reach, iv.prec))
    if wide(reader, body):
        return _one_by_one(reader, name, body, level, reach, sign)
    nodes, weights = _nodes(level, reach, sign == 1, iv.prec)
    kept = memory.at((surroundings(reader, name), level, reach, sign == 1))
    place = Columns(reader.at(name, iv.mpf([-reach, reach])), iv.prec, name, nodes, kept=kept)
    return dot(weights, place.of(body), iv.prec)


def _one_by_one(
    reader: Reader, name: str, body: ast.expr, level: int, reach: int, sign: int
) -> Interval:
    """The same sum in intervals."""
    total, where, settled = iv.mpf(0), surroundings(reader, name), Settled.of(body, name)
    for k in range((reach << level) + 1):
        effort.spend(2)
        weight = _exp(-(exact(Fraction(k, 2**level)) ** 2) / 2)
        for side in (1, -1)[: 1 if k == 0 or sign == 1 else 2]:
            x = Fraction(side * k, 2**level)
            value = _at(reader, name, exact(x), (where, "node", x), settled).value(body)
            total += weight * value * (2 if sign == 1 and k else 1)
    return total / sqrt(2 * iv.pi) / 2**level


@lru_cache(maxsize=64)
def _nodes(level: int, reach: int, even: bool, bits: int) -> tuple[Column, Column]:
    """Nodes, and `exp(-x^2/2)/sqrt(2 pi)/2^level` there; of an even function those from 0 on, counted twice beyond."""
    last = reach << level
    steps = range(0 if even else -last, last + 1)
    nodes = [k << bits - level for k in steps], [0] * len(steps)
    squares = [-(k * k << bits - 2 * level - 1) for k in steps], nodes[1]
    bell = times(
        exponential(squares, bits), repeated(1 / sqrt(2 * iv.pi) / 2**level, len(steps), bits), bits
    )
    counted = [2 if even and k else 1 for k in steps]
    middles, radii = ([c * x for c, x in zip(counted, part, strict=True)] for part in bell)
    return nodes, (middles, radii)


# --- what was computed at a node serves again ---------------------------------------------------------


class _Memory:
    """Values at nodes, for one file."""

    def __init__(self) -> None:
        self.file, self.places = effort.file, dict[Hashable, dict[str, Any]]()

    def at(self, key: Hashable) -> dict[str, Any]:
        if self.file != effort.file or len(self.places) >= _KEPT:
            self.file, self.places = effort.file, {}
        return self.places.setdefault(key, {})


memory = _Memory()


def surroundings(reader: Reader, name: str) -> Hashable:
    """All that the value of a text depends on but the variable; kernels are refused in means before."""
    numbers = {k: x for k, x in reader.names.items() if not callable(x)}
    return iv.prec, name, tuple((k, x._mpi_) for k, x in sorted(numbers.items()))


def _at(reader: Reader, name: str, x: Any, place: Hashable, settled: Settled) -> Reader:
    """The reader for which a name has a value, which remembers what it met at that place."""
    names = {**reader.names, name: x}
    return Remembering(reader.text, names, reader.algebra, memory.at(place), settled)
