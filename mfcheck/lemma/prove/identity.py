"""Goals that hold because their two sides are the same: by normal forms, and by slopes that vanish. Trusted.

A term that is continuous on a product of intervals and whose slope in each variable vanishes but for isolated points is
constant there; so it is zero if it is zero at one point.
"""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from math import lcm

from flint import arb, ctx

from mfcheck.lemma import terms
from mfcheck.lemma.balls import fraction
from mfcheck.lemma.constants import expanded, is_zero, summands
from mfcheck.lemma.evaluate import Program
from mfcheck.lemma.formula import Atom, Formula
from mfcheck.lemma.gaussians import has_expectation, is_gentle, simplified
from mfcheck.lemma.intervals import INF, NINF, Contractor, EmptyError, Interval
from mfcheck.lemma.pieces import Point, holds
from mfcheck.lemma.plain import Plain
from mfcheck.lemma.problem import Range, constant_ball, ordered
from mfcheck.lemma.prove.factor import TooLargeError, factored, factors_of, numerator
from mfcheck.lemma.prove.reduce import needs
from mfcheck.lemma.signs import ZERO, of_atom, of_bounds
from mfcheck.lemma.terms import Term, call, num, sub

_ROUNDS = 4
_LARGEST = 150
_BREAKS = frozenset(("abs", "sign", "step", "cbrt", "min", "max", "gauss", "lgamma"))


def is_identity(goal: Formula, ranges: Mapping[str, Range] | None = None) -> bool:
    """Say whether a goal holds because its left side is a constant: after multiplying out, or by slopes on `ranges`."""
    if not isinstance(goal, Atom) or goal.relation == "!=" or not goal.term.free:
        return False
    if goal.relation != "==" and _is_nested(goal.term):
        return False
    names = sorted(goal.term.free)
    code = Program([goal.term], names)
    values = [code([arb(s) + arb(k) / 7 for k in range(len(names))])[0] for s in (0.37, 0.41)]
    if not values[0].overlaps(values[1]):
        return False
    if goal.relation != ">" and is_zero(goal.term) is True:
        return True
    wide = expanded(goal.term)
    if not wide.free and holds(Atom(wide, goal.relation), Point({})) is True:
        return True
    return goal.relation != ">" and ranges is not None and vanishes(goal.term, ranges)


def _is_nested(t: Term) -> bool:
    """Say whether an expectation of an expectation occurs, which takes long to enclose."""
    return any(n.op == "gauss" and has_expectation(terms.body_of(n)) for n in terms.order([t]))


def vanishes(t: Term, ranges: Mapping[str, Range]) -> bool:
    """Say whether a term is seen to be zero all over a product of intervals, where it is defined."""
    inside = _inner_point(ranges)
    if inside is None or terms.size(t) > _LARGEST or not t.free <= ranges.keys():
        return False
    with ctx.workprec(128):
        if not Program([t], list(ranges))([constant_ball(v) for v in inside.values()])[0].contains(
            0
        ):
            return False
        return _is_nought(t, ranges, inside) or _is_constant(t, ranges, inside)


def _is_constant(t: Term, ranges: Mapping[str, Range], inside: Mapping[str, Term]) -> bool:
    """Say whether the slopes of a continuous term vanish, and the term at one point."""
    if any(n.op in _BREAKS and n.free and not is_gentle(n) for n in terms.order([t])):
        return False
    if not all(_is_seen(f, ranges) for f in needs(t)):
        return False
    if not all(_is_nought(terms.derivative(t, n), ranges, inside) for n in sorted(t.free)):
        return False
    for p in _plain_points(ranges, inside):
        place = Point(p)
        if place.signs(t) == ZERO and all(holds(f, place) is True for f in needs(t)):
            return True
    return False


def _is_seen(needed: Formula, ranges: Mapping[str, Range]) -> bool:
    """Say whether a comparison is seen to hold all over the ranges: by signs, or by one enclosure."""
    if Plain(ranges).holds(needed):
        return True
    if not isinstance(needed, Atom):
        return False
    box: list[Interval] = []
    for r in ranges.values():
        low = NINF if r.low is None else constant_ball(r.low).lower()
        box.append((low, INF if r.high is None else constant_ball(r.high).upper()))
    for form in (needed.term, expanded(needed.term)):
        try:
            bounds = Contractor(form, list(ranges))(box)
        except EmptyError:
            return False
        if of_atom(needed, of_bounds(*bounds)):
            return True
    return needed.relation == ">=" and _factors_are_seen(needed.term, ranges)


def _factors_are_seen(t: Term, ranges: Mapping[str, Range]) -> bool:
    """Say whether no factor of a term but squares is negative anywhere, or above zero for a divisor."""
    parts = factored(t)
    if parts is None or parts == [(t, 1)]:
        return False
    return all(
        (e == 2 and x.op != "num")
        or (x.op == "num" and x.value() > 0)
        or _is_seen(Atom(x, "!=" if e == -2 else ">" if e < 0 else ">="), ranges)
        for x, e in parts
    )


def _inner_point(ranges: Mapping[str, Range]) -> dict[str, Term] | None:
    """Return a rational point strictly inside."""
    point: dict[str, Term] = {}
    for k, (name, r) in enumerate(ranges.items()):
        shift = Fraction(3 + k, 10 + k)
        low = None if r.low is None else _near(r.low)
        high = None if r.high is None else _near(r.high)
        if low is not None and high is not None:
            value = low + (high - low) * shift
        else:
            value = low + shift if low is not None else high - shift if high is not None else shift
        x = num(value)
        if (r.low is not None and ordered(r.low, x) != 1) or (
            r.high is not None and ordered(x, r.high) != 1
        ):
            return None
        point[name] = x
    return point


def _near(t: Term) -> Fraction:
    return (fraction(constant_ball(t)) or Fraction(0)).limit_denominator(10**6)


def _plain_points(
    ranges: Mapping[str, Range], inside: Mapping[str, Term]
) -> Iterator[Mapping[str, Term]]:
    """Yield points of the closed ranges at which a value may be simple."""
    for v in (0, 1, -1, Fraction(1, 2), 2):
        x = num(v)
        if all(
            (r.low is None or ordered(r.low, x) in (0, 1))
            and (r.high is None or ordered(x, r.high) in (0, 1))
            for r in ranges.values()
        ):
            yield dict.fromkeys(ranges, x)
    yield inside


# Normal forms.


def _is_nought(t: Term, ranges: Mapping[str, Range], inside: Mapping[str, Term]) -> bool:
    """Say whether a term is zero where it is defined; it must be defined at a point.

    The steps multiply by divisors that are finite and not zero at the point, and analytic, so that they vanish on a
    thin set at most; there the term is zero by continuity.
    """
    t = simplified(t, ranges)
    places = [constant_ball(v) for v in inside.values()]
    code = Program([t], list(inside))
    if not all(v.is_finite() for v in code.naturals(places)):
        return False
    for _ in range(_ROUNDS):
        if t.op == "num":
            return not t.value()
        try:
            top = numerator(_plain_form(t, ranges))
        except (TooLargeError, ValueError, ZeroDivisionError, OverflowError):
            return False
        again = expanded(top)
        if again is t:
            return False
        t = again
    return False


def _plain_form(t: Term, ranges: Mapping[str, Range]) -> Term:
    """Return a term without tan, hyperbolic functions, erfc and acos, its exponentials as powers of a few symbols.

    Roots of squares of what keeps its sign are drawn.
    """
    known: dict[Term, Term] = {}
    start = expanded(t)
    for node in terms.order([start]):
        args = tuple(known[a] for a in node.args)
        new = _without(terms.rebuild(node, args) if args != node.args else node)
        known[node] = _lowered(new, ranges) if new.op == "lgamma" else new
    plain = _with_symbols(known[start])
    symbols = plain.free - ranges.keys()
    return _with_roots(plain, {**ranges, **{n: Range(num(0)) for n in symbols}})


def _with_roots(t: Term, ranges: Mapping[str, Range]) -> Term:
    known: dict[Term, Term] = {}
    for node in terms.order([t]):
        args = tuple(known[a] for a in node.args)
        new = terms.rebuild(node, args) if args != node.args else node
        if new.op == "mul" and any(e.denominator == 2 for e in new.exponents()):
            factors = [
                (_root(x, ranges), 2 * e) if e.denominator == 2 else (x, e)
                for x, e in zip(new.args, new.exponents(), strict=True)
            ]
            new = terms.product(factors)
        known[node] = new
    return known[t]


def _root(t: Term, ranges: Mapping[str, Range]) -> Term:
    """Return the square root of a term as a product of roots of its factors, if all of these keep their signs."""
    if not t.free or t.op == "var":
        return terms.sqrt(t)
    size, factors = factors_of(t)
    parts: list[tuple[Term, Fraction]] = []
    for x, e in factors:
        if _is_seen(Atom(x, ">="), ranges):
            parts.append((x, Fraction(e, 2)))
        elif _is_seen(Atom(terms.neg(x), ">="), ranges):
            parts.append((terms.neg(x), Fraction(e, 2)))
            size *= Fraction(-1) ** e
        else:
            return terms.sqrt(t)
    return terms.product([(num(size), Fraction(1, 2)), *parts]) if size > 0 else terms.sqrt(t)


def _without(t: Term) -> Term:
    if t.op == "acos":
        return terms.sub(terms.scale(Fraction(1, 2), terms.pi()), call("asin", t.args[0]))
    if t.op == "erfc":
        return terms.sub(num(1), call("erf", t.args[0]))
    if t.op == "tan":
        return terms.div(call("sin", t.args[0]), call("cos", t.args[0]))
    if t.op in ("sinh", "cosh", "tanh"):
        grown, shrunk = call("exp", t.args[0]), call("exp", terms.neg(t.args[0]))
        odd, even = terms.sub(grown, shrunk), terms.add(grown, shrunk)
        if t.op == "tanh":
            return terms.div(odd, even)
        return terms.scale(Fraction(1, 2), odd if t.op == "sinh" else even)
    return t


def _with_unit(k: Fraction, x: Term) -> tuple[Fraction, Term]:
    return (k * x.value(), num(1)) if x.op == "num" else (k, x)


def _lowered(t: Term, ranges: Mapping[str, Range]) -> Term:
    """Write `lgamma(u + 1) = lgamma(u) + log(u)` as long as u is seen to be positive."""
    logs: list[Term] = []
    u = t.args[0]
    while len(logs) < 8 and u.free <= ranges.keys():
        below = sub(u, num(1))
        if not _is_seen(Atom(below, ">"), ranges):
            break
        logs.append(call("log", below))
        u = below
    return terms.add(call("lgamma", u), *logs)


def _with_symbols(t: Term) -> Term:
    """Put a symbol for `exp(x/d)`, d such that all exponentials are whole powers."""
    grown = [n for n in terms.order([t]) if n.op == "exp"]
    parts = [(n, [_with_unit(*p) for p in summands(expanded(n.args[0]))]) for n in grown]
    divisors: dict[Term, int] = {}
    for _, pieces in parts:
        for k, x in pieces:
            divisors[x] = lcm(divisors.get(x, 1), k.denominator)
    symbols = {x: terms.var(f"_exp{k}") for k, x in enumerate(divisors)}
    values = {
        n: terms.product([(symbols[x], k * divisors[x]) for k, x in pieces]) for n, pieces in parts
    }

    def visit(u: Term) -> Term:
        if u in values:
            return values[u]
        if not u.args or u.op == "gauss":
            return u
        return terms.rebuild(u, tuple(visit(a) for a in u.args))

    return visit(t)
