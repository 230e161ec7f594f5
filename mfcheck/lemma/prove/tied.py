"""Expectations over two tied Gaussians bounded by their Hermite series. Trusted.

For standard Gaussians u, v of correlation r and square integrable f, g, by Mehler's formula,
`E f(u) g(v) = sum_k r^k a_k b_k` with `sum a_k^2 = E f(z)^2`, `a_0 = E f`, `a_1 = E z f(z)`, so that what follows
`a_0 b_0 + r a_1 b_1` is at most `r^2 (A B)^(1/2)` in size, with `A = E f^2 - a_0^2 - a_1^2` and B alike; `|r|^3` if f
and g are odd, as `a_2 = 0` then. For f = g all terms have the sign of `r^k`, so that for r >= 0 nothing is below zero.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from mfcheck.lemma import terms
from mfcheck.lemma.constants import expanded
from mfcheck.lemma.formula import Atom, Formula, conjuncts
from mfcheck.lemma.gaussians import simplified
from mfcheck.lemma.growth import exists
from mfcheck.lemma.plain import Plain
from mfcheck.lemma.problem import Problem
from mfcheck.lemma.prove.bounds import put, slope_signs
from mfcheck.lemma.signs import NEGATIVE, POSITIVE
from mfcheck.lemma.terms import NORMAL, Term, mul, num, power, sub, var

_V = "_v"
_P = "_tied"


@dataclass(frozen=True)
class _Tied:
    """`E f(u) g(v)`; f and g are written in `NORMAL`, the correlation in the names outside."""

    f: Term
    g: Term
    correlation: Term


def tied_form(problem: Problem) -> Problem | None:
    """Replace expectations over two tied Gaussians by bounds, so that the goals say more; None if there are none."""
    changed = [_bounded(g, problem) for whole in problem.goals for g in conjuncts(whole)]
    if not any(new is not None for new in changed):
        return None
    goals = [g for whole in problem.goals for g in conjuncts(whole)]
    new = tuple(b or a for a, b in zip(goals, changed, strict=True))
    return replace(problem, goals=new, history=(*problem.history, "tied"))


def _bounded(goal: Formula, problem: Problem) -> Atom | None:
    """Return a goal with every expectation over tied Gaussians bounded; None if that cannot be or changes nothing."""
    if not isinstance(goal, Atom) or goal.relation not in (">", ">="):
        return None
    found = None
    for node, tied in list(_nodes(goal.term)):
        opened = put((found or goal).term, {node: var(_P)})
        s = slope_signs(opened, _P, problem)
        if s is None or (s & NEGATIVE and s & POSITIVE):
            return None
        value = _bound(tied, Plain(problem.ranges), bool(s & NEGATIVE))
        found = Atom(terms.substitute(opened, {_P: value}), goal.relation)
    return found


def _nodes(t: Term) -> Iterator[tuple[Term, _Tied]]:
    for node in terms.order([t]):
        tied = _tied(node) if node.op == "gauss" else None
        if tied is not None:
            yield node, tied


def _tied(node: Term) -> _Tied | None:
    """Read `E f(w) E' g(r w + s w')`, `r^2 + s^2` a number; f may be 1, which makes the bounds equal."""
    body = terms.body_of(node)
    pairs = (
        zip(body.args, body.exponents(), strict=True) if body.op == "mul" else [(body, Fraction(1))]
    )
    factors = list(pairs)
    inner = [x for x, e in factors if x.op == "gauss" and e == 1]
    if len(inner) != 1:
        return None
    f = terms.div(body, inner[0])
    under = {f"_p{k}": a for k, a in enumerate(inner[0].args)}
    opened = terms.substitute(terms.body_of(inner[0]), {**under, NORMAL: var(_V)})
    if not f.free <= {NORMAL} or any(n.op == "gauss" for n in terms.order([f, opened])):
        return None
    for line in terms.order([opened]):
        slopes = [terms.derivative(line, n) for n in (NORMAL, _V)]
        if not {NORMAL, _V} <= line.free or any(s.free & {NORMAL, _V} for s in slopes):
            continue
        r, s = slopes
        constant = sub(line, terms.add(mul(r, var(NORMAL)), mul(s, var(_V))))
        square = expanded(terms.add(power(r, 2), power(s, 2)))
        g = put(opened, {line: var(_P)})
        if square.op != "num" or square.value() <= 0 or constant is not num(0) or g.free != {_P}:
            return None
        size = terms.sqrt(square)
        r, g = terms.div(r, size), terms.substitute(g, {_P: mul(size, var(_P))})
        g = terms.substitute(g, {_P: var(NORMAL)})
        if not all(exists(power(x, 2), {}) for x in (f, g)):
            return None
        mirrored = terms.substitute(g, {NORMAL: terms.neg(var(NORMAL))})
        if mirrored is f:
            g, r = f, terms.neg(r)
        outside = {f"_p{k}": a for k, a in enumerate(node.args)}
        return _Tied(f, g, terms.substitute(r, outside))
    return None


def _bound(tied: _Tied, plain: Plain, above: bool) -> Term:
    """Return a bound from above or from below."""
    r, same = tied.correlation, tied.f is tied.g
    first = [_mean(x) for x in (tied.f, tied.g)]
    slope = [_mean(mul(var(NORMAL), x)) for x in (tied.f, tied.g)]
    known = terms.add(mul(*first), mul(r, *slope))
    rising = not plain.signs(r) & NEGATIVE
    if same and rising and not above:
        return known
    rests = [
        sub(_mean(power(x, 2)), terms.add(power(a, 2), power(b, 2)))
        for x, a, b in zip((tied.f, tied.g), first, slope, strict=True)
    ]
    size = rests[0] if same else terms.sqrt(mul(*rests))
    odd = all(_is_odd(x) for x in (tied.f, tied.g))
    length = r if rising else terms.call("abs", r)
    rest = mul(power(length, 3 if odd else 2), size)
    return terms.add(known, rest) if above else sub(known, rest)


def _is_odd(f: Term) -> bool:
    return terms.substitute(f, {NORMAL: terms.neg(var(NORMAL))}) is terms.neg(f)


def _mean(f: Term) -> Term:
    return simplified(terms.expectation(f, ()), {})
