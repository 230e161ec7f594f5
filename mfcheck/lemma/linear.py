"""Linear hypotheses that contradict each other, by Fourier and Motzkin's elimination in fractions. Trusted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from mfcheck.lemma import terms
from mfcheck.lemma.formula import Atom, Formula

_MOST = 60
"""The most inequalities that are kept; beyond, nothing is said."""


@dataclass(frozen=True)
class _Line:
    """`sum of slopes x + start >= 0`, or `> 0` if strict."""

    slopes: tuple[tuple[str, Fraction], ...]
    start: Fraction
    strict: bool

    def at(self, name: str) -> Fraction:
        return dict(self.slopes).get(name, Fraction(0))


def contradictory(formulas: Sequence[Formula]) -> bool:
    """Say whether no real numbers satisfy the linear ones, with rational slopes, among some formulas."""
    lines = {line for f in formulas if isinstance(f, Atom) for line in _lines(f)}
    while lines:
        if any(not x.slopes and (x.start < 0 or (x.start == 0 and x.strict)) for x in lines):
            return True
        lines = {x for x in lines if x.slopes}
        names = sorted({n for x in lines for n, _ in x.slopes})
        if not names:
            return False
        lines = _without(min(names, key=lambda n: _size(lines, n)), lines)
        if len(lines) > _MOST:
            return False
    return False


def _lines(f: Atom) -> list[_Line]:
    if f.relation == "!=":
        return []
    constant, slopes = Fraction(0), dict[str, Fraction]()
    for k, x in _summands(f):
        if x.op == "num":
            constant += k * x.value()
        elif x.op == "var":
            slopes[str(x.data)] = slopes.get(str(x.data), Fraction(0)) + k
        else:
            return []
    one = _line(slopes, constant, f.relation == ">")
    if f.relation != "==":
        return [one]
    return [one, _line({n: -k for n, k in slopes.items()}, -constant, False)]


def _summands(f: Atom) -> list[tuple[Fraction, terms.Term]]:
    if f.term.op != "add":
        return [(Fraction(1), f.term)]
    c = f.term.coefficients()
    return [(c[0], terms.num(1)), *zip(c[1:], f.term.args, strict=True)]


def _line(slopes: Mapping[str, Fraction], start: Fraction, strict: bool) -> _Line:
    kept = tuple(sorted((n, k) for n, k in slopes.items() if k))
    size = abs(kept[0][1]) if kept else Fraction(1)
    return _Line(tuple((n, k / size) for n, k in kept), start / size, strict)


def _size(lines: set[_Line], name: str) -> int:
    signs = [x.at(name) for x in lines]
    return sum(k > 0 for k in signs) * sum(k < 0 for k in signs)


def _without(name: str, lines: set[_Line]) -> set[_Line]:
    """Eliminate a variable: every lower bound is at most every upper one, strictly if one of the two is strict."""
    found = {x for x in lines if not x.at(name)}
    for low in (x for x in lines if x.at(name) > 0):
        for high in (x for x in lines if x.at(name) < 0):
            a, b = -high.at(name), low.at(name)
            slopes = {n: a * k for n, k in low.slopes}
            for n, k in high.slopes:
                slopes[n] = slopes.get(n, Fraction(0)) + b * k
            start = a * low.start + b * high.start
            found.add(_line(slopes, start, low.strict or high.strict))
    return found
