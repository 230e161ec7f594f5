"""Where the two sides of an established statement are equal: exact places, looked for where they are likely."""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction

from flint import arb, fmpq, fmpq_mpoly

from mfcheck.lemma import terms
from mfcheck.lemma.constants import is_zero
from mfcheck.lemma.evaluate import Program
from mfcheck.lemma.formula import Atom, Formula, atoms
from mfcheck.lemma.pieces import Point, holds
from mfcheck.lemma.polynomials.box import is_inside
from mfcheck.lemma.polynomials.goals import is_rational, side_of
from mfcheck.lemma.problem import Problem, Range, bounded, constant_ball
from mfcheck.lemma.prove.factor import TooLargeError, rational_in
from mfcheck.lemma.prove.line import Piece
from mfcheck.lemma.prove.rewrite import range_formulas
from mfcheck.lemma.reader import Reader
from mfcheck.lemma.signs import ZERO
from mfcheck.lemma.terms import Term, num, var

_MOST_SIZE = 120
_HIGHEST = 8
_SMALL = 12
_CORNERS = 64


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
    fractions = {} if name in problem.integers else {a: _fraction(a.term) for a in goals}
    exact = {a: found[1] for a, found in fractions.items() if found is not None}
    for top in exact.values():
        for p, order in _roots(top, problem.ranges[name]):
            place = Point({name: p})
            if all(holds(f, place) is True for f in _domain(problem, name)):
                yield f"{name} = {terms.text(p)}" + (f" (order {order})" if order > 1 else "")
    rest = [a for a in goals if a not in exact]
    for p in tried if rest else ():
        place = Point({name: p})
        inside = all(holds(f, place) is True for f in _domain(problem, name))
        for a in rest if inside else ():
            if place.signs(a.term) == ZERO:
                yield f"{name} = {terms.text(p)}{_order(a.term, name, p)}"


def _fraction(t: Term) -> tuple[Sequence[Term], fmpq_mpoly, fmpq_mpoly] | None:
    """Return the variables of a rational function, its numerator and its denominator; None if it is none."""
    if not is_rational(t):
        return None
    try:
        generators, ((top, bottom),) = rational_in(t)
    except (TooLargeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    return generators, top, bottom


def _roots(p: fmpq_mpoly, r: Range) -> Iterator[tuple[Term, int]]:
    """Yield the rational zeros of a polynomial in one variable on a range with rational ends, and their orders."""
    side = side_of(r)
    for f, e in p.factor()[1] if side is not None else ():
        if side is not None and f.total_degree() == 1:
            root = -f(fmpq(0)) / f.leading_coefficient()
            if is_inside(root, side):
                yield num(Fraction(int(root.p), int(root.q))), int(e)


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
    """Yield equal variables, ends of single ones, and corners, that make the sides equal."""
    if problem.hypotheses:
        return
    known = list(_faces(problem, names, goals))
    known += [place for g in goals for place in _all_equal(g.term, problem.ranges, known)]
    known += [place for g in goals for place in _corners(problem, g.term, known)]
    yield from known


def _faces(problem: Problem, names: Sequence[str], goals: Sequence[Atom]) -> Iterator[str]:
    ranges = problem.ranges
    tried = [(a, var(b)) for a, b in itertools.combinations(names, 2) if ranges[a] == ranges[b]]
    tried += [(name, e) for name in names for e in _ends(problem, name)]
    for g in goals:
        vanishes = _vanishing(g.term, names, ranges)
        for name, value in tried:
            if name in g.term.free and value.free <= g.term.free and vanishes(name, value):
                yield f"{name} = {terms.text(value)}"


def _all_equal(t: Term, ranges: Mapping[str, Range], known: Sequence[str]) -> Iterator[str]:
    """Yield three or more variables of one range that make the sides equal where all of them are equal."""
    first, *others = sorted(t.free)
    if len(others) < 2 or any(ranges[name] != ranges[first] for name in others):
        return
    equal = {f"{a} = {b}" for a, b in itertools.combinations((first, *others), 2)}
    same = terms.substitute(t, dict.fromkeys(others, var(first)))
    if not equal & {*known} and is_zero(same) is True:
        yield " = ".join((first, *others))


def _corners(problem: Problem, t: Term, known: Sequence[str]) -> Iterator[str]:
    """Yield the corners of the box, on none of the places that are known, at which the sides are equal."""
    names = sorted(t.free)
    ends = [[(name, e) for e in _ends(problem, name)] for name in names]
    if math.prod(map(len, ends)) > _CORNERS:
        return
    for corner in itertools.product(*ends):
        said = [f"{name} = {terms.text(e)}" for name, e in corner]
        on = {f"{a} = {b}" for (a, x), (b, y) in itertools.combinations(corner, 2) if x == y}
        if len({e for _, e in corner}) == 1:
            on.add(" = ".join(names))
        if not {*said, *on} & {*known} and Point(dict(corner)).signs(t) == ZERO:
            yield ", ".join(said)


def _vanishing(
    t: Term, names: Sequence[str], ranges: Mapping[str, Range]
) -> Callable[[str, Term], bool]:
    """Return what says whether a term is zero for all values of the other variables if one is put to a value."""
    exact = _fraction(t)
    if exact is not None:
        generators, top, bottom = exact
        gens = top.context().gens()

        def by_polynomials(name: str, value: Term) -> bool:
            if value.op not in ("num", "var"):
                return is_zero(terms.substitute(t, {name: value})) is True
            v = fmpq(*value.value().as_integer_ratio()) if value.op == "num" else None
            new = gens[generators.index(value)] if v is None else top.context().constant(v)
            put = [new if g.data == name else x for g, x in zip(generators, gens, strict=True)]
            return bool(top.compose(*put).is_zero() and not bottom.compose(*put).is_zero())

        return by_polynomials
    point = {n: _inside(ranges[n], k) for k, n in enumerate(names)}
    code = Program([t], names)

    def by_value(name: str, value: Term) -> bool:
        ball = point[str(value.data)] if value.op == "var" else constant_ball(value)
        found = code([ball if n == name else point[n] for n in names])[0]
        if found > 0 or found < 0:
            return False
        return is_zero(terms.substitute(t, {name: value})) is True

    return by_value


def _inside(r: Range, k: int) -> arb:
    """Return a number of a range, another one for each k, to see at once that sides are not equal."""
    part = arb(2 * k + 3) / (2 * k + 7)
    if r.low is not None and r.high is not None:
        low = constant_ball(r.low)
        return low + part * (constant_ball(r.high) - low)
    if r.low is not None:
        return constant_ball(r.low) + part
    return part if r.high is None else constant_ball(r.high) - part
