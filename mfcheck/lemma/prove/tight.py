"""Where the two sides of an established statement are equal: exact places, looked for where they are likely."""

import itertools
import math
from collections.abc import Iterator, Sequence

from flint import arb

from mfcheck.lemma import terms
from mfcheck.lemma.constants import is_zero
from mfcheck.lemma.evaluate import Program
from mfcheck.lemma.formula import Atom, Formula, atoms
from mfcheck.lemma.pieces import Point, holds
from mfcheck.lemma.problem import Problem, Range, bounded, constant_ball
from mfcheck.lemma.prove.line import Piece
from mfcheck.lemma.prove.rewrite import range_formulas
from mfcheck.lemma.reader import Reader
from mfcheck.lemma.signs import ZERO
from mfcheck.lemma.terms import Term, num, var

_MOST_SIZE = 120
_HIGHEST = 8
_SMALL = 12


def places(problem: Problem, conclusion: Formula, pieces: Sequence[Piece]) -> tuple[str, ...]:
    """Return places where a comparison with `<=` or `>=` holds with equality; none is named without proof."""
    cut = bounded(problem.ranges, problem.hypotheses)
    goals = [a for a in atoms(conclusion) if a.relation == ">=" and a.term.free]
    if cut is None or not goals or any(terms.size(a.term) > _MOST_SIZE for a in goals):
        return ()
    names = sorted(frozenset[str]().union(*[a.term.free for a in goals]))
    one = len(names) == 1
    found = _in_one(cut, names[0], goals, pieces) if one else _in_several(cut, names, goals)
    return tuple(dict.fromkeys(found))[:6]


def _in_one(
    problem: Problem, name: str, goals: Sequence[Atom], pieces: Sequence[Piece]
) -> Iterator[str]:
    tried: dict[Term, None] = dict.fromkeys(_ends(problem, name))
    if name in problem.integers:
        r = problem.ranges[name]
        start = r.low.value() if r.low is not None and r.low.op == "num" else -_SMALL // 2
        tried |= dict.fromkeys(num(math.ceil(start) + k) for k in range(_SMALL))
    else:
        tried |= dict.fromkeys(num(v) for v in (0, 1))
        tried |= {
            Reader({}).expression(p.low): None
            for p in pieces
            if p.kind == "point" and p.low == p.high
        }
    for p in tried:
        place = Point({name: p})
        inside = all(holds(f, place) is True for f in _domain(problem, name))
        for a in goals if inside else ():
            if place.signs(a.term) == ZERO:
                yield f"{name} = {terms.text(p)}{_order(a.term, name, p)}"


def _domain(problem: Problem, name: str) -> list[Formula]:
    own = range_formulas(name, problem.ranges[name])
    return [
        *own,
        *(h for h in problem.hypotheses if {name} >= {n for a in atoms(h) for n in a.term.free}),
    ]


def _order(t: Term, name: str, p: Term) -> str:
    """Return the order of a zero in words, if it is above one and the term has its slopes there."""
    if any(
        n.op in ("abs", "max", "min", "sign", "step", "cbrt", "lgamma") for n in terms.order([t])
    ):
        return ""
    place, slope = Point({name: p}), t
    for k in range(1, _HIGHEST):
        slope = terms.derivative(slope, name)
        if terms.size(slope) > 4 * _MOST_SIZE:
            return ""
        s = place.signs(slope)
        if not s & ZERO:
            return f" (order {k})" if k > 1 else ""
        if s != ZERO:
            return ""
    return ""


def _ends(problem: Problem, name: str) -> list[Term]:
    r = problem.ranges[name]
    ends = [(r.low, r.low_closed), (r.high, r.high_closed)]
    return [e for e, closed in ends if e is not None and closed]


def _in_several(problem: Problem, names: Sequence[str], goals: Sequence[Atom]) -> Iterator[str]:
    """Yield equal variables and ends of single ones that make the sides equal."""
    if problem.hypotheses:
        return
    point = {n: _inside(problem.ranges[n], k) for k, n in enumerate(names)}
    tried = [
        (f"{a} = {b}", a, var(b), point[b])
        for a, b in itertools.combinations(names, 2)
        if problem.ranges[a] == problem.ranges[b]
    ]
    for name in names:
        ends = _ends(problem, name)
        tried += [(f"{name} = {terms.text(e)}", name, e, constant_ball(e)) for e in ends]
    for g in goals:
        code = Program([g.term], names)
        for words, name, value, ball in tried:
            if name in g.term.free and value.free <= g.term.free:
                found = code([ball if n == name else point[n] for n in names])[0]
                if found > 0 or found < 0:
                    continue
                if is_zero(terms.substitute(g.term, {name: value})) is True:
                    yield words


def _inside(r: Range, k: int) -> arb:
    """Return a number of a range, another one for each k, to see at once that sides are not equal."""
    part = arb(2 * k + 3) / (2 * k + 7)
    if r.low is not None and r.high is not None:
        low = constant_ball(r.low)
        return low + part * (constant_ball(r.high) - low)
    if r.low is not None:
        return constant_ball(r.low) + part
    return part if r.high is None else constant_ball(r.high) - part
