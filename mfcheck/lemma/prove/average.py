"""Statements about expectations that hold because their integrands do, value by value."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from mfcheck.lemma import terms
from mfcheck.lemma.constants import expanded, is_zero, summands
from mfcheck.lemma.formula import Atom
from mfcheck.lemma.gaussians import has_expectation
from mfcheck.lemma.plain import Plain
from mfcheck.lemma.problem import Problem, Range
from mfcheck.lemma.resolved import resolved
from mfcheck.lemma.terms import NORMAL, Term, body_of, num, power, substitute, var

_W = "w__"


def pointwise(problem: Problem, goal: Atom) -> Iterator[tuple[str, Problem]]:
    """Yield problems that imply the goal `E f + r >= 0`: `f + g >= 0` throughout, for g with `E g = r`, and what g is.

    g is r, or `r w^2`, or `r |w| / E |w|`, or in a sum r of powers `c s^k` of one parameter, `c |s w|^k / E |w|^k`; or
    `r + k (w^2 - 1)`, k such that the left side has no slope at w = 1, if it is zero there. Both halves of the line are
    taken together, `f(w)` and `f(-w)`, so that odd parts fall away; what is even is asked for w >= 0.
    """
    if goal.relation not in (">", ">=") or not has_expectation(goal.term):
        return
    inside, rest = list[tuple[Fraction, Term]](), list[tuple[Fraction, Term]]()
    for k, x in summands(expanded(goal.term)):
        gauss = _single(x)
        if gauss is not None:
            inside.append((k, gauss))
        elif has_expectation(x):
            return
        else:
            rest.append((k, x))
    body, plain = terms.combination(inside), terms.combination(rest)
    w = var(_W)
    other = substitute(body, {_W: terms.neg(w)})
    if other is not body:
        body = terms.scale(Fraction(1, 2), terms.add(body, other))
    for words, spread in _spread(body, plain, sorted(problem.ranges)):
        whole = terms.add(body, spread)
        half = _on_half(whole, problem)
        changed, name = _of_product(whole, half)
        even = substitute(changed, {name: terms.neg(var(name))}) is changed
        ranges = {**half.ranges, name: Range(num(0), None, True, False) if even else Range()}
        yield words, replace(half, ranges=ranges, goals=(Atom(changed, goal.relation),))


def _on_half(whole: Term, problem: Problem) -> Problem:
    """Return the problem with parameters at least zero whose sign does not matter, here or for w turned with them."""
    ranges = dict(problem.ranges)
    for name in whole.free & ranges.keys() if not problem.hypotheses else ():
        turned = substitute(whole, {name: terms.neg(var(name))})
        if ranges[name] == Range() and turned is whole:
            ranges[name] = Range(num(0), None, True, False)
    return replace(problem, ranges=ranges)


def _spread(body: Term, plain: Term, names: Sequence[str]) -> Iterator[tuple[str, Term]]:
    """Yield functions of w whose expectation is `plain`."""
    w = var(_W)
    size = terms.div(terms.call("abs", w), _moment(1))
    for words, weight in ("", num(1)), (", w^2", power(w, 2)), (", |w|", size):
        if (
            weight is not size
            or _has_kink(plain)
            or any(n.op == "pi" for n in terms.order([plain]))
        ):
            yield words, expanded(terms.mul(weight, plain))
    for name in names:
        by_powers = _by_powers(plain, name)
        if by_powers is not None:
            yield f", powers of {name}", by_powers
    whole = terms.add(body, plain)
    if is_zero(substitute(whole, {_W: num(1)})) is True and not _has_kink(body):
        slope = substitute(terms.derivative(body, _W), {_W: num(1)})
        half = terms.scale(Fraction(-1, 2), slope)
        found = terms.add(plain, terms.mul(half, terms.sub(power(w, 2), num(1))))
        yield ", level at w = 1", found


def _has_kink(t: Term) -> bool:
    return any(n.op in ("abs", "max", "min", "sign", "step", "cbrt") for n in terms.order([t]))


def _by_powers(plain: Term, name: str) -> Term | None:
    """Return a sum of powers of s >= 0, whole exponents, with `|s w|^k / E |w|^k` for `s^k`."""
    size, x = terms.call("abs", var(_W)), var(name)
    parts = []
    for k, part in summands(expanded(plain)):
        n = 0
        if name in part.free:
            pairs = _factors(part)
            found = [e for a, e in pairs if a is x]
            if len(found) != 1 or found[0].denominator != 1 or found[0] < 0:
                return None
            n = int(found[0])
            if name in terms.div(part, power(x, n)).free:
                return None
        absolute = power(size, n) if n % 2 else power(var(_W), n)
        parts.append((k, terms.mul(part, absolute, power(_moment(n), -1))))
    return terms.combination(parts)


def _moment(n: int) -> Term:
    """Return `E |w|^n`: that of n - 2, times n - 1."""
    if n < 2:
        return terms.power(terms.div(num(2), terms.pi()), Fraction(n, 2))
    return terms.scale(n - 1, _moment(n - 2))


def _factors(t: Term) -> list[tuple[Term, Fraction]]:
    return list(zip(t.args, t.exponents(), strict=True)) if t.op == "mul" else [(t, Fraction(1))]


def _single(x: Term) -> Term | None:
    """Return the integrand of a product with one expectation, in `w__`."""
    factors = _factors(x)
    found = [f for f, e in factors if f.op == "gauss" and e == 1]
    if len(found) != 1 or sum(has_expectation(f) for f, _ in factors) != 1:
        return None
    gauss = found[0]
    if has_expectation(body_of(gauss)):
        return None
    values = {f"_p{k}": a for k, a in enumerate(gauss.args)}
    inner = substitute(body_of(gauss), {**values, NORMAL: var(_W)})
    return terms.mul(inner, *[power(f, e) for f, e in factors if f is not gauss])


def _of_product(t: Term, problem: Problem) -> tuple[Term, str]:
    """Put `u = s w` where all depends on that product alone; s may be zero, where u is."""
    for name in sorted(t.free - {_W}):
        moved = expanded(substitute(t, {_W: terms.div(var(_W), var(name))}))
        if problem.ranges[name] in _HALVES:
            inside = Plain({**problem.ranges, name: Range(num(0)), _W: Range()})
            moved = expanded(resolved(_with_sizes_apart(moved), inside))
        if name not in moved.free and not problem.hypotheses:
            return moved, _W
    return t, _W


_HALVES = (Range(num(0)), Range(num(0), None, True, False))


def _with_sizes_apart(t: Term) -> Term:
    """Return a term with `|a b|` as `|a| |b|`."""
    known: dict[Term, Term] = {}
    for node in terms.order([t]):
        args = tuple(known[a] for a in node.args)
        new = node if args == node.args else terms.rebuild(node, args)
        if new.op == "abs" and new.args[0].op == "mul":
            new = terms.product([(terms.call("abs", b), e) for b, e in _factors(new.args[0])])
        known[node] = new
    return known[t]
