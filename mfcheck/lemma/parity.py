"""Whole powers of bases that may be negative: `x**n` is `|x|**n`, times the sign of x where n is odd. Trusted.

Whether n is odd is `n - 2 floor(n/2)`; a problem is split into one for `n = 2h` and one for `n = 2h + 1`.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from mfcheck.lemma import terms
from mfcheck.lemma.formula import TRUE, Atom, Formula, settle, substitute
from mfcheck.lemma.pieces import Point, holds
from mfcheck.lemma.plain import Plain
from mfcheck.lemma.problem import Problem, Range, bounded, constant_ball
from mfcheck.lemma.ranged import floor_of
from mfcheck.lemma.reader import Reader
from mfcheck.lemma.signs import NEGATIVE
from mfcheck.lemma.terms import Term, add, call, mul, num, scale, sub, var

_MOST_POINTS = 300
_MOST_SPLIT = 3
_TRIED = (1, -1, Fraction(1, 2), Fraction(-1, 2), 2, -2, Fraction(3, 2), 0, 10, -10)


def is_linear(exponent: Term, integers: frozenset[str]) -> bool:
    """Say whether a term is a sum of whole multiples of whole numbers."""
    if exponent.op == "var":
        return exponent.data in integers
    return (
        exponent.op == "add"
        and all(k.denominator == 1 for k in exponent.coefficients())
        and all(x.op == "var" and x.data in integers for x in exponent.args)
    )


def is_even(exponent: Term) -> bool:
    """Say whether a sum of whole multiples of whole numbers is even whatever they are."""
    return exponent.op == "add" and all(k % 2 == 0 for k in exponent.coefficients())


def signed_power(reader: Reader, base: Term, exponent: Term) -> Term:
    """Return `base**exponent` for a base of any sign and an exponent as in `is_linear`."""
    size = call("exp", mul(exponent, call("log", call("abs", base))))
    if is_even(exponent):
        return size
    p = _sign_of_parity(reader, exponent)
    even, odd = add(num(1), p), mul(call("sign", base), sub(num(1), p))
    return scale(Fraction(1, 2), mul(size, add(even, odd)))


def _sign_of_parity(reader: Reader, exponent: Term) -> Term:
    """Return `(-1)**exponent`."""
    pairs = [(Fraction(1), exponent)]
    if exponent.op == "add":
        c = exponent.coefficients()
        pairs = [(c[0], num(1)), *zip(c[1:], exponent.args, strict=True)]
    factors = []
    for k, n in pairs:
        if k % 2:
            half = floor_of(reader, scale(Fraction(1, 2), n)) if n.free else num(0)
            factors.append(sub(num(1), scale(2, sub(n, scale(2, half)))))
    return mul(*factors)


def may_be_negative(
    bases: Sequence[Term],
    names: Sequence[str],
    integers: frozenset[str],
    hypotheses: Sequence[Formula],
) -> bool:
    """Say whether one of the bases is seen to be negative somewhere: at one of a few plain points of the domain."""
    cut = bounded({n: Range() for n in names}, hypotheses)
    if cut is None:
        return False
    plain = Plain(cut.ranges, cut.hypotheses)
    for base in bases:
        if plain.holds(Atom(base, ">=")):
            continue
        free = sorted(base.free)
        sides = [list(_values(cut.ranges[n], n in integers)) for n in free]
        for values in itertools.islice(itertools.product(*sides), _MOST_POINTS):
            point = Point({n: num(v) for n, v in zip(free, values, strict=True)})
            known = [h for h in cut.hypotheses if all(x in free for x in _names(h))]
            if point.signs(base) == NEGATIVE and all(holds(h, point) is True for h in known):
                return True
    return False


def _names(f: Formula) -> frozenset[str]:
    return f.term.free if isinstance(f, Atom) else frozenset[str]().union(*map(_names, f.parts))


def _values(r: Range, whole: bool) -> Iterator[Fraction]:
    """Yield a few numbers of a range."""
    low = None if r.low is None else constant_ball(r.low)
    high = None if r.high is None else constant_ball(r.high)
    tried = [Fraction(v) for v in _TRIED]
    for end in (r.low, r.high):
        if end is not None and end.op == "num":
            tried += [end.value() + k for k in _TRIED]
    for v in dict.fromkeys(tried):
        b = constant_ball(num(v))
        if whole and v.denominator != 1:
            continue
        if (low is None or b >= low) and (high is None or b <= high):
            yield v


def by_parity(
    problem: Problem, floors: Sequence[tuple[str, Term]], least: Mapping[Formula, Formula]
) -> list[tuple[Problem, Mapping[Formula, Formula]]]:
    """Return problems, one for each choice of even or odd, that together say what the given one says.

    Formulas that go with the problem are changed alike.
    """
    done = [(problem, least)]
    count = 0
    for half, inner in floors:
        c, n = terms.split_factor(inner)
        if c != Fraction(1, 2) or n.op != "var" or n.data not in problem.integers:
            continue
        count += 1
        if count > _MOST_SPLIT:
            break
        done = [_chosen(p, more, str(n.data), half, k) for p, more in done for k in (0, 1)]
    return done


def _chosen(
    problem: Problem, least: Mapping[Formula, Formula], name: str, half: str, k: int
) -> tuple[Problem, Mapping[Formula, Formula]]:
    value = add(scale(2, var(half)), num(k))
    new = problem.substituted(name, value, f"{name} = {terms.text(value)}")
    kept = tuple(h for h in new.hypotheses if settle(h) != TRUE)
    put = {name: value}
    more = {substitute(g, put): substitute(f, put) for g, f in least.items()}
    return replace(new, hypotheses=kept), more
