"""Suprema bounded from below: by a point of the range where the value is large enough, or near an end. Trusted.

`sup f >= c` holds if `f(v) >= c` for one v of the range, a term in the other names. It also holds if, for all t in
(0, 1], `f >= c - t` at a point that t names: at `a + t (b - a)/2` next to an open end, or far out, at `1/t`.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from flint import arb, ctx

from mfcheck.lemma import terms
from mfcheck.lemma.evaluate import Program
from mfcheck.lemma.formula import Atom, Formula, free, join, negate, transform
from mfcheck.lemma.library import nonnegative, positive
from mfcheck.lemma.problem import Range, bounded, linear_in
from mfcheck.lemma.prove.factor import factored
from mfcheck.lemma.prove.minima import solve
from mfcheck.lemma.prove.reduce import needs
from mfcheck.lemma.reader import Bound, Reader
from mfcheck.lemma.terms import Term, add, num, power, scale, sub, var

_GAP = Fraction(1, 10**9)
"""By how much a supremum is shown to stay below what is asked for."""
_MOST = 3
_GRID = 400


def without_suprema(formula: Formula, reader: Reader) -> tuple[Formula, bool]:
    """Return a formula for all numbers in place of one with suprema, and whether it says no more than that.

    Raises:
        InputError: a supremum stands where no bound of it is asked for.
    """
    exact = True
    for name, one in reversed(list(reader.bound.items())):
        if one.stands == "sup" and one.term is not None:
            formula, says_the_same = _without(formula, name, one, reader)
            exact = exact and says_the_same
    return formula, exact


def _without(formula: Formula, name: str, one: Bound, reader: Reader) -> tuple[Formula, bool]:
    if isinstance(formula, Atom):
        return (
            _of_atom(formula, name, one, reader) if name in formula.term.free else (formula, True)
        )
    parts = [_without(p, name, one, reader) for p in formula.parts]
    return join(formula.connective, [p for p, _ in parts]), all(same for _, same in parts)


def _of_atom(atom: Atom, name: str, one: Bound, reader: Reader) -> tuple[Formula, bool]:
    inner = one.term or num(0)
    line = linear_in(atom.term, name)
    slope = line[0].value() if line is not None and line[0].op == "num" else Fraction(0)
    if not slope or atom.relation == "!=":
        raise reader.refuse("of a supremum only bounds are read, as in sup(...) <= c", one.at)
    if atom.relation == "==":
        halves = [Atom(terms.scale(k, atom.term), ">=") for k in (1, -1)]
        read = [_of_atom(h, name, one, reader) for h in halves]
        return join("and", [f for f, _ in read]), False
    if slope > 0:
        return _from_below(atom, name, one, reader), False
    if atom.relation == ">" and not one.attained:
        raise reader.refuse("sup(...) < c over an open range: write <=", one.at)
    bare = transform(atom, lambda t: terms.substitute(t, {name: inner}))
    return join("or", [*map(negate, one.guards), bare]), True


def _from_below(atom: Atom, name: str, one: Bound, reader: Reader) -> Formula:
    inner = one.term or num(0)
    over = sorted(n for n in inner.free if n in reader.bound and reader.bound[n].stands == "free")
    if len(over) != 1 or name in inner.free:
        raise reader.refuse("a supremum over one number alone is bounded from below", one.at)
    (x,) = over
    inside = [*reader.bound[x].premises, *(g for g in one.guards if x in free(g))]
    t = reader.bring_in("near", Bound("free"))
    bounds = (positive(t), nonnegative(sub(num(1), t)))
    reader.bound[str(t.data)] = Bound("free", bounds, num(1))
    return witnessed(atom, name, inner, x, inside, t)


def against(formula: Formula, reader: Reader) -> Formula | None:
    """Return a formula that, where it holds for all numbers, shows that the supremum is below what is asked for."""
    sups = [n for n, one in reader.bound.items() if one.stands == "sup"]
    if not isinstance(formula, Atom) or len(sups) != 1 or sups[0] not in formula.term.free:
        return None
    one = reader.bound[sups[0]]
    line = linear_in(formula.term, sups[0])
    if one.term is None or one.guards or line is None or line[0].op != "num":
        return None
    slope = line[0].value()
    if slope < 0 and formula.relation == "==":
        slope, formula = -slope, Atom(scale(-1, formula.term), "==")
    if slope <= 0 or formula.relation == "!=":
        return None
    value = terms.substitute(formula.term, {sups[0]: add(one.term, num(_GAP))})
    return Atom(scale(-1, value), ">=")


def witnessed(
    atom: Atom, name: str, inner: Term, x: str, inside: Sequence[Formula], t: Term
) -> Formula:
    """Return a formula that implies a comparison `sup f >= rest` or `sup f > rest`, the supremum called `name`.

    The range of x is `inside`; t is a number of (0, 1] of its own.
    """
    names = frozenset[str]().union(*map(free, inside)) | {x}
    cut = bounded({n: Range() for n in names}, inside)
    r = Range() if cut is None else cut.ranges[x]
    options: list[Formula] = []
    for v, extra in _points(inner, x, r):
        options.append(
            join("and", [*extra, *needs(v), *_put(inside, x, v), _at(atom, name, inner, x, v)])
        )
    if atom.relation == ">=":
        for v in _ends(r, t):
            low = terms.substitute(atom.term, {name: add(var(name), t)})
            far = Atom(low, ">=")
            options.append(
                join("and", [*needs(v), *_put(inside, x, v), _at(far, name, inner, x, v)])
            )
    return join("or", options)


def _put(formulas: Sequence[Formula], x: str, v: Term) -> list[Formula]:
    return [transform(f, lambda t: terms.substitute(t, {x: v})) for f in formulas]


def _at(atom: Atom, name: str, inner: Term, x: str, v: Term) -> Atom:
    value = terms.substitute(inner, {x: v})
    return Atom(terms.substitute(atom.term, {name: value}), atom.relation)


def _points(inner: Term, x: str, r: Range) -> Iterator[tuple[Term, list[Formula]]]:
    """Yield points at which the value may be the largest: zeros of the slope, closed ends, the best of a grid."""
    if inner.free <= {x}:
        best = _best(inner, x, r)
        if best is not None:
            yield num(best), []
    slope = terms.derivative(inner, x)
    if any(n.op in ("sin", "cos") for n in terms.order([inner])):
        yield scale(Fraction(1, 2), terms.pi()), []
    found = 0
    for part in (slope, *(f for f, e in factored(slope) or () if e > 0)):
        extra: list[Formula] = []
        v = solve(part, x, extra) if x in part.free else None
        if v is not None and x not in v.free and found < _MOST:
            found += 1
            yield v, extra
    for end, closed in ((r.low, r.low_closed), (r.high, r.high_closed)):
        if end is not None and closed:
            yield end, []


def _best(inner: Term, x: str, r: Range) -> Fraction | None:
    """Return a short number near which a function of one variable is largest on a grid, by halving steps from there."""
    code = Program([inner], [x])

    def value(v: float) -> float:
        y = code([arb(v)])[0]
        return float(y.mid()) if y.is_finite() else float("-inf")

    with ctx.workprec(64):
        low = None if r.low is None else float(Program([r.low], ())(())[0].mid())
        high = None if r.high is None else float(Program([r.high], ())(())[0].mid())
        grid = [_placed((k + 0.5) / _GRID, low, high) for k in range(_GRID)]
        best = max(grid, key=value)
        step = max(abs(best), 1.0) / 50
        for _ in range(60):
            near = [
                v
                for v in (best - step, best + step)
                if (low is None or v > low) and (high is None or v < high)
            ]
            better = max(near, key=value, default=best)
            if value(better) > value(best):
                best = better
            else:
                step /= 2
    return Fraction(best).limit_denominator(10**9)


def _placed(part: float, low: float | None, high: float | None) -> float:
    """Return the place of a part of a range, which may be infinite."""
    if low is not None and high is not None:
        return low + part * (high - low)
    far = part / (1 - part)
    if low is not None:
        return low + far
    return high - far if high is not None else (2 * part - 1) / (part * (1 - part))


def _ends(r: Range, t: Term) -> Iterator[Term]:
    """Yield points that tend to an end that does not belong to the range, as t tends to 0."""
    if r.high is None:
        yield power(t, -1) if r.low is None else add(r.low, power(t, -1))
    if r.low is None:
        yield scale(-1, power(t, -1)) if r.high is None else sub(r.high, power(t, -1))
    if r.low is not None and r.high is not None:
        part = scale(Fraction(1, 2), terms.mul(t, sub(r.high, r.low)))
        if not r.low_closed:
            yield add(r.low, part)
        if not r.high_closed:
            yield sub(r.high, part)
