"""Gaussian expectations in closed form, where there is one: exact identities, applied part by part. Trusted.

`E g(w) exp(b w - a w^2)` by a change of the Gaussian, kinks by truncated moments, powers of w by Stein's identity
`E w g = E g'`, odd integrands as 0. What has no such form stays an expectation. The integrands must exist as they stand
in the statement, which `mfcheck.lemma.growth` decides: their parts then grow no faster than `exp(c |w|)`.
"""

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache

from mfcheck.lemma import terms
from mfcheck.lemma.constants import expanded, linearised, summands
from mfcheck.lemma.formula import Atom, atoms, transform
from mfcheck.lemma.plain import Plain
from mfcheck.lemma.problem import Problem, Range, bounded
from mfcheck.lemma.signs import NEGATIVE, POSITIVE, ZERO
from mfcheck.lemma.terms import (
    NORMAL,
    Term,
    body_of,
    call,
    derivative,
    div,
    mul,
    neg,
    num,
    power,
    scale,
    sub,
    substitute,
    var,
)

_HALF = Fraction(1, 2)
_DEEPEST = 12
_W = NORMAL
_KINKS = frozenset(("max", "min", "abs", "sign", "step"))
_SMOOTH = frozenset(
    ("num", "var", "pi", "add", "exp", "sin", "cos", "tanh", "erf", "erfc", "atan", "asinh")
)


@lru_cache(maxsize=4096)
def has_expectation(t: Term) -> bool:
    """Say whether an expectation occurs in a term."""
    return any(n.op == "gauss" for n in terms.order([t]))


def simplified(t: Term, ranges: Mapping[str, Range]) -> Term:
    """Return the term with expectations in closed form where that is found; `ranges` are those of its variables."""
    if not has_expectation(t):
        return t
    known: dict[Term, Term] = {}
    for node in terms.order([t]):
        args = tuple(known[a] for a in node.args)
        new = terms.rebuild(node, args) if args != node.args else node
        known[node] = _of_node(new, ranges) if new.op == "gauss" else new
    return known[t]


def _of_node(t: Term, ranges: Mapping[str, Range]) -> Term:
    inner = tuple(_range_of(a, ranges) for a in t.args)
    names = [f"_p{k}" for k in range(len(t.args))]
    value = _value_of(body_of(t), inner)
    return substitute(value, dict(zip(names, t.args, strict=True)))


def _range_of(a: Term, ranges: Mapping[str, Range]) -> Range:
    if a.op == "var":
        return ranges.get(str(a.data), Range())
    s = Plain({n: ranges.get(n, Range()) for n in a.free}).signs(a)
    if not s & NEGATIVE:
        return Range(num(0), None, bool(s & ZERO))
    return Range(None, num(0), False, bool(s & ZERO)) if not s & POSITIVE else Range()


@lru_cache(maxsize=512)
def _value_of(body: Term, inner: tuple[Range, ...]) -> Term:
    ranges = {f"_p{k}": r for k, r in enumerate(inner)}
    return _Reduction(ranges).value(body, 0)


class _Reduction:
    """The reduction of one body; its parameters have known ranges."""

    def __init__(self, ranges: Mapping[str, Range]) -> None:
        self.ranges = ranges
        self.names = sorted(ranges)
        self.plain = Plain({**ranges, _W: Range()})

    def value(self, body: Term, depth: int) -> Term:
        """Return the expectation of a body."""
        if _W not in body.free:
            return body
        if _mirrored(body) is neg(body):
            return num(0)
        wide = _opened(simplified(body, {**self.ranges, _W: Range()}))
        parts = [(k, self.part(x, depth)) for k, x in summands(wide)]
        return terms.combination(parts)

    def part(self, t: Term, depth: int) -> Term:
        """Return the expectation of a product."""
        factors = _factors(t)
        outside = terms.product([f for f in factors if _W not in f[0].free])
        rest = terms.product([f for f in factors if _W in f[0].free])
        return mul(outside, self.inner(rest, depth))

    def inner(self, t: Term, depth: int) -> Term:
        """Return the expectation of a product of factors that all depend on the Gaussian."""
        if _W not in t.free:
            return t
        if _mirrored(t) is neg(t):
            return num(0)
        left = terms.expectation(t, self.names)
        if not has_expectation(left) or depth > _DEEPEST:
            return left
        for way in (
            self.shifted,
            self.at_kink,
            self.by_parts,
            self.error_function,
            self.absolute_power,
        ):
            found = way(t, depth + 1)
            if found is not None:
                return found
        return left

    def sign(self, t: Term) -> int:
        """Return the possible signs of a term in the parameters; of a root, those of its inside by factors."""
        s = self.plain.signs(t)
        if s != POSITIVE and self.plain.holds(Atom(t, ">")):
            return POSITIVE
        if s == ZERO | POSITIVE and t.op == "mul" and list(t.exponents()) == [_HALF]:
            parts = _factored(t.args[0])
            if all(self.plain.holds(Atom(x, ">")) for x in parts):
                return POSITIVE
        return s

    def shifted(self, t: Term, depth: int) -> Term | None:
        """Change the Gaussian so that it takes up `exp(c + b w - a w^2)`: `1/(1 + 2a)` is its new variance."""
        factors = _factors(t)
        grown = [x for x, e in factors if x.op == "exp" and e == 1]
        if len(grown) != 1:
            return None
        found = _quadratic(grown[0].args[0])
        if found is None:
            return None
        c, b, a = found
        spread = terms.add(num(1), terms.scale(-2, a))
        if self.sign(spread) != POSITIVE:
            return None
        rest = terms.product([f for f in factors if f[0] is not grown[0]])
        w = terms.add(div(b, spread), mul(power(spread, -_HALF), var(_W)))
        size = call("exp", terms.add(c, terms.scale(_HALF, div(power(b, 2), spread))))
        return mul(size, power(spread, -_HALF), self.value(substitute(rest, {_W: w}), depth))

    def at_kink(self, t: Term, depth: int) -> Term | None:
        """Cut at a kink with a linear argument, by truncated moments on both sides."""
        del depth
        kinked = [n for n in terms.order([t]) if n.op in _KINKS and _W in n.free]
        if not kinked or len(kinked[0].args) > 2 or has_expectation(t):
            return None
        first = kinked[0]
        u = sub(*first.args) if len(first.args) == 2 else first.args[0]
        line = _quadratic(u)
        if line is None or line[2] is not num(0):
            return None
        start, slope = line[0], line[1]
        jumps = any(n.op in ("sign", "step") for n in kinked)
        s = self.sign(slope) & ~(ZERO if start is num(0) and not jumps else 0)
        if s not in (POSITIVE, NEGATIVE):
            return None
        way = 1 if s == POSITIVE else -1
        total = []
        for side in (1, -1):
            there = expanded(_on_side(t, first, u, side))
            # side u > 0 is v > -side r, where v is the Gaussian or its opposite.
            turned = there if way * side > 0 else _mirrored(there)
            found = _beyond(turned, terms.scale(side * way, div(start, slope)))
            if found is None:
                return None
            total.append(found)
        return terms.add(*total)

    def by_parts(self, t: Term, depth: int) -> Term | None:
        """Lower a power of the Gaussian by Stein's identity, for a smooth other factor that brings in no new power."""
        n, rest = _split_power(t)
        if n < 1 or _W not in rest.free or not _is_smooth(rest):
            return None
        slope = expanded(derivative(rest, _W))
        if any(_split_power(x)[0] > 0 for _, x in summands(slope)):
            return None
        w = var(_W)
        lower = self.value(mul(power(w, n - 1), slope), depth)
        if n == 1:
            return lower
        return terms.add(lower, terms.scale(n - 1, self.value(mul(power(w, n - 2), rest), depth)))

    def error_function(self, t: Term, depth: int) -> Term | None:
        """Return `E erf(b w + c) = erf(c / sqrt(1 + 2 b^2))`."""
        del depth
        line = _quadratic(t.args[0]) if t.op in ("erf", "erfc") else None
        if line is None or line[2] is not num(0):
            return None
        spread = terms.add(num(1), terms.scale(2, power(line[1], 2)))
        return call(t.op, mul(line[0], power(spread, -_HALF)))

    def absolute_power(self, t: Term, depth: int) -> Term | None:
        """Return `E |w|^y = 2^(y/2) Gamma((y+1)/2)/sqrt(pi)`, y >= 0."""
        del depth
        log = call("log", call("abs", var(_W)))
        y = div(t.args[0], log) if t.op == "exp" else var(_W)
        if _W in y.free or self.plain.signs(y) & NEGATIVE:
            return None
        half = scale(_HALF, y)
        inner = [mul(half, call("log", num(2))), call("lgamma", terms.add(half, num(_HALF)))]
        return mul(call("exp", terms.add(*inner)), power(terms.pi(), -_HALF))


def _factors(t: Term) -> list[tuple[Term, Fraction]]:
    if t.op == "mul":
        return list(zip(t.args, t.exponents(), strict=True))
    return [(t, Fraction(1))]


def _factored(t: Term) -> list[Term]:
    """Return `1 - x` and `1 + x` for `1 - x^2`, or the term itself."""
    if t.op == "add" and len(t.args) == 1:
        base = t.args[0].args[0] if t.args[0].op == "mul" else t.args[0]
        if t is sub(num(1), power(base, 2)):
            return [sub(num(1), base), terms.add(num(1), base)]
    return [t]


def _mirrored(t: Term) -> Term:
    return substitute(t, {_W: neg(var(_W))})


def _opened(t: Term) -> Term:
    """Multiply out, with sinh and cosh as exponentials, logistic functions as tanh, products of waves as sums."""
    wide = expanded(_with_exponentials(t))
    return linearised(wide) if any(n.op in ("sin", "cos") for n in terms.order([wide])) else wide


def _with_exponentials(t: Term) -> Term:
    if _W not in t.free:
        return t
    if t.op == "add":
        return terms.rebuild(t, tuple(_with_exponentials(a) for a in t.args))
    if t.op == "mul":
        t = _with_logistic(t)
    if t.op == "mul":
        return terms.product(
            [
                (_with_exponentials(x), e) if e > 0 and e.denominator == 1 else _with_tanh(x, e)
                for x, e in _factors(t)
            ]
        )
    if t.op in ("sinh", "cosh"):
        shrunk = call("exp", neg(t.args[0]))
        grown = call("exp", t.args[0])
        return terms.scale(_HALF, terms.add(grown, shrunk if t.op == "cosh" else neg(shrunk)))
    return t


def _with_logistic(t: Term) -> Term:
    """Return `exp(k u) (1 + exp(u))^-n` with k <= n as powers of `1/2 + tanh(u/2)/2` and its complement."""
    for x, e in _factors(t):
        grown = x.args[0] if x.op == "add" else x
        n = -e
        if grown.op != "exp" or x is not terms.add(num(1), grown) or n.denominator != 1 or n < 1:
            continue
        u = grown.args[0]
        for y, _ in _factors(t):
            if y.op != "exp":
                continue
            k = div(y.args[0], u)
            if k.op == "num" and k.value().denominator == 1 and 1 <= k.value() <= n:
                half = scale(_HALF, call("tanh", scale(_HALF, u)))
                up, down = terms.add(num(_HALF), half), sub(num(_HALF), half)
                rest = div(t, mul(y, power(x, -n)))
                return mul(rest, power(up, k.value()), power(down, n - k.value()))
    return t


def _with_tanh(x: Term, e: Fraction) -> tuple[Term, Fraction]:
    """Return `(1 + exp(u))^-n` as a power of `1/2 - tanh(u/2)/2`, anything else as it is."""
    grown = x.args[0] if x.op == "add" else x
    if e.denominator == 1 and grown.op == "exp" and x is terms.add(num(1), grown):
        half = terms.scale(_HALF, grown.args[0])
        return sub(num(_HALF), terms.scale(_HALF, call("tanh", half))), -e
    return x, e


def _quadratic(t: Term) -> tuple[Term, Term, Term] | None:
    """Return the coefficients of 1, w, w^2."""
    wide = expanded(t)
    found = [num(0), num(0), num(0)]
    for k, x in summands(wide):
        n, rest = _split_power(x)
        if n > 2 or _W in rest.free:
            return None
        found[n] = terms.add(found[n], terms.scale(k, rest))
    return found[0], found[1], found[2]


def _split_power(t: Term) -> tuple[int, Term]:
    """Return n and the rest for `w^n rest`."""
    w = var(_W)
    if t is w:
        return 1, num(1)
    if t.op == "mul" and w in t.args:
        e = t.exponents()[t.args.index(w)]
        if e.denominator == 1 and e > 0:
            return int(e), mul(t, power(w, -e))
    return 0, t


def _on_side(t: Term, kink: Term, u: Term, side: int) -> Term:
    """Return a term with a kink resolved, and its like at the same argument, for `side u > 0`."""
    known: dict[Term, Term] = {}
    for node in terms.order([t]):
        args = tuple(known[a] for a in node.args)
        new = terms.rebuild(node, args) if args != node.args else node
        if node.op in _KINKS and 0 < len(node.args) < 3:
            inner = sub(*node.args) if len(node.args) == 2 else node.args[0]
            if node is kink or inner is u or inner is neg(u):
                new = _resolved(node, -side if inner is neg(u) else side)
        known[node] = new
    return known[t]


def _resolved(node: Term, way: int) -> Term:
    if node.op in ("max", "min"):
        return node.args[0] if (way > 0) == (node.op == "max") else node.args[1]
    if node.op == "abs":
        return terms.scale(way, node.args[0])
    return num(way) if node.op == "sign" else num((way + 1) // 2)


def _beyond(t: Term, r: Term) -> Term | None:
    """Return `E t 1(w > -r)` for sums of powers times exponentials of w."""
    w, total = var(_W), []
    for k, x in summands(t):
        factors = _factors(x)
        grown = [f for f in factors if f[0].op == "exp" and _W in f[0].free]
        line = _quadratic(grown[0][0].args[0]) if grown else (num(0), num(0), num(0))
        if len(grown) > 1 or line is None or line[2] is not num(0):
            return None
        rest = terms.product([f for f in factors if f not in grown])
        size = call("exp", terms.add(line[0], terms.scale(_HALF, power(line[1], 2))))
        for j, y in summands(expanded(substitute(rest, {_W: terms.add(w, line[1])}))):
            n, outside = _split_power(y)
            if _W in outside.free or n > 12:
                return None
            moment = _truncated_moment(n, terms.add(r, line[1]))
            total.append((k * j, mul(size, outside, moment)))
    return terms.combination(total)


def _truncated_moment(n: int, r: Term) -> Term:
    """Return `E w^n 1(w > -r)`."""
    if n == 0:
        return terms.scale(_HALF, call("erfc", neg(mul(r, power(num(2), -_HALF)))))
    root = power(terms.scale(2, terms.pi()), -_HALF)
    density = mul(call("exp", terms.scale(-_HALF, power(r, 2))), root)
    if n == 1:
        return density
    return terms.add(
        terms.scale(n - 1, _truncated_moment(n - 2, r)), mul(power(neg(r), n - 1), density)
    )


def _is_smooth(t: Term) -> bool:
    """Say whether a term has slopes everywhere that grow no faster than it, up to powers."""
    return all(
        n.op in _SMOOTH or (n.op == "mul" and all(_is_natural(*f) for f in _factors(n)))
        for n in terms.order([t])
        if _W in n.free
    )


def is_gentle(t: Term) -> bool:
    """Say whether an expectation has slopes in its parameters, those of its integrand averaged.

    The integrand is smooth, and its exponentials grow like `exp(c |w|)`: all slopes are bounded so, locally uniformly.
    """
    return t.op == "gauss" and all(map(_is_gentle_part, terms.order([body_of(t)])))


def _is_gentle_part(t: Term) -> bool:
    if t.op == "mul":
        return all(not x.free or _is_whole(e) for x, e in _factors(t))
    if t.op == "exp":
        line = _quadratic(t.args[0])
        return line is not None and line[2] is num(0)
    return t.op in _SMOOTH


def _is_whole(e: Fraction) -> bool:
    return e.denominator == 1 and e > 0


def _is_natural(x: Term, e: Fraction) -> bool:
    return _W not in x.free or _is_whole(e)


def with_closed_expectations(problem: Problem) -> Problem:
    """Return the problem with the expectations in closed form that are known."""
    if not any(has_expectation(a.term) for g in problem.goals for a in atoms(g)):
        return problem
    cut = bounded(problem.ranges, problem.hypotheses)
    ranges = problem.ranges if cut is None else cut.ranges
    goals = [transform(g, lambda t: simplified(t, ranges)) for g in problem.goals]
    return problem.with_goals(goals)
