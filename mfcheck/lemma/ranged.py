"""Operators with a range: suprema, integrals, and the largest whole number up to a number.

Each is exchanged for something that the prover knows. `sup(f; x in I) <= c` says that `f <= c` for all x in I. An
integral is `F(b) - F(a)` if `F' = f` is seen, else `(b - a) E f(a + (b - a) Phi(w))` for a standard Gaussian w, as
`Phi(w)` is uniform. `floor(t)` is a whole number n with `n <= t < n + 1`.
"""

import ast
from dataclasses import replace
from fractions import Fraction

from mfcheck.lemma import terms
from mfcheck.lemma.constants import is_zero, summands
from mfcheck.lemma.formula import Atom, Formula
from mfcheck.lemma.library import FUNCTIONS, nonnegative, positive
from mfcheck.lemma.reader import Bound, Reader
from mfcheck.lemma.terms import Term, add, mul, num, sub, var

_INFINITE = ("inf", "oo")


def read_supremum(reader: Reader, node: ast.Call | ast.Subscript, base: int) -> Term:
    """Read `sup(expr; x in [a, b])`, with more ranges behind it if wanted."""
    at = base + node.col_offset
    if not isinstance(node, ast.Call) or len(node.args) < 2:
        raise reader.refuse("write sup(expression; x in [a, b])", at)
    body, *ranges = node.args
    outer, guards, reached = reader.names, reader.guards, True
    local: tuple[Formula, ...] = ()
    for item in ranges:
        name, ends, closed = _declared(reader, item, base)
        reached = reached and all(closed) and None not in ends
        x = reader.bring_in(name, Bound("free"))
        inside = tuple(_range(x, ends, closed))
        if all(e is None or e.op == "num" for e in ends):
            _see_point(reader, ends, closed, base + item.col_offset)
            reader.bound[str(x.data)] = Bound("free", inside)
        else:
            local += inside
            gap = sub(ends[1] or num(0), ends[0] or num(0))
            if None not in ends:
                reader.oblige(Atom(gap, ">=" if all(closed) else ">"), node, base)
        reader.names = {**reader.names, name: x}
        reader.guards = (*guards, *local)
    inner = reader.build(body, base)
    reader.names, reader.guards = outer, guards
    floors = any(one.stands == "floor" for one in reader.bound.values())
    attained = reached and not terms.jumps(inner) and not floors
    return reader.bring_in("sup", Bound("sup", (), inner, attained, local, at=at))


def _declared(
    reader: Reader, item: ast.expr, base: int
) -> tuple[str, list[Term | None], tuple[bool, bool]]:
    """Read `x in [a, b]`: the name, the ends, and which of them belong to it."""
    match item:
        case ast.Compare(
            left=ast.Name(id=name), ops=[ast.In()], comparators=[ast.List(elts=[a, b]) as list_]
        ):
            whole = reader.place(list_, base)
            ends = [_end(reader, e, base) for e in (a, b)]
            return name, ends, (whole[0] == "[", whole[-1] == "]")
    raise reader.refuse("write a range as x in [a, b]", base + item.col_offset)


def _see_point(reader: Reader, ends: list[Term | None], closed: tuple[bool, bool], at: int) -> None:
    """Refuse a range of numbers without a point."""
    low, high = ends
    if low is None or high is None:
        return
    gap = high.value() - low.value()
    if gap < 0 or (gap == 0 and not all(closed)):
        raise reader.refuse("this range is empty", at)


def _end(reader: Reader, node: ast.expr, base: int) -> Term | None:
    inner = node.operand if isinstance(node, ast.UnaryOp) else node
    if isinstance(inner, ast.Name) and inner.id in _INFINITE:
        return None
    return reader.build(node, base)


def _range(x: Term, ends: list[Term | None], closed: tuple[bool, bool]) -> list[Formula]:
    low, high = ends
    found: list[Formula] = []
    if low is not None:
        found.append(Atom(sub(x, low), ">=" if closed[0] else ">"))
    if high is not None:
        found.append(Atom(sub(high, x), ">=" if closed[1] else ">"))
    return found


def read_floor(reader: Reader, node: ast.Call | ast.Subscript, base: int) -> Term:
    """Read `floor(expr)`."""
    if not isinstance(node, ast.Call) or len(node.args) != 1:
        raise reader.refuse("write floor(expression)", base + node.col_offset)
    before = len(reader.obligations)
    inner = reader.build(node.args[0], base)
    if len(reader.obligations) > before:
        raise reader.refuse("floor of what may be undefined is not read", base + node.col_offset)
    if inner.op == "num":
        return num(inner.value().numerator // inner.value().denominator)
    if any(reader.bound[n].stands == "sup" for n in inner.free if n in reader.bound):
        raise reader.refuse("floor of a supremum is not read", base + node.col_offset)
    return floor_of(reader, inner)


def floor_of(reader: Reader, inner: Term) -> Term:
    """Return the largest whole number up to a term as a number of its own."""
    for name, one in reader.bound.items():
        if one.stands == "floor" and one.term is inner:
            return var(name)
    n = reader.bring_in("floor", Bound("floor"))
    premises = (nonnegative(sub(inner, n)), positive(sub(add(n, num(1)), inner)))
    reader.bound[str(n.data)] = Bound("floor", premises, inner)
    return n


def read_integral(reader: Reader, node: ast.Call | ast.Subscript, base: int) -> Term:
    """Read `int(expr; x, a, b)`."""
    at = base + node.col_offset
    if not isinstance(node, ast.Call) or len(node.args) != 4:
        raise reader.refuse("write int(expression; x, a, b)", at)
    body, name, *ends = node.args
    if not isinstance(name, ast.Name):
        raise reader.refuse("the second part of int is a name", base + name.col_offset)
    for e in ends:
        if isinstance(e, ast.Name) and e.id in _INFINITE:
            raise reader.refuse("the ends of this integral must be numbers", base + e.col_offset)
    a, b = (reader.build(e, base) for e in ends)
    x = reader.bring_in(name.id, Bound("free"))
    outer, guards, before = reader.names, reader.guards, len(reader.obligations)
    reader.names = {**outer, name.id: x}
    inside = (positive(sub(x, a)), positive(sub(b, x)))
    if is_range := a.op == b.op == "num" and a.value() < b.value():
        middle = terms.scale(Fraction(1, 2), add(a, b))
        reader.bound[str(x.data)] = Bound("free", inside, middle)
    else:
        reader.guards = (*guards, *inside)
    inner = reader.build(body, base)
    reader.names, reader.guards = outer, guards
    if str(x.data) in reader.hidden(inner):
        raise reader.refuse("sup and floor of what is integrated are not read", at)
    found = reader.obligations[before:]
    if not is_range:
        turned = (*guards, positive(sub(x, b)), positive(sub(a, x)))
        reader.obligations += [
            replace(o, guards=(*turned, *o.guards[len(turned) :])) for o in found
        ]
    if not found:
        del reader.bound[str(x.data)]
    return integral(reader, inner, str(x.data), a, b)


def integral(reader: Reader, f: Term, name: str, a: Term, b: Term) -> Term:
    """Return the integral of a term from a to b, by a primitive or as an expectation."""
    if name not in f.free:
        return mul(f, sub(b, a))
    primitive = primitive_of(f, name)
    if primitive is not None:
        return sub(*(terms.substitute(primitive, {name: end}) for end in (b, a)))
    uniform = FUNCTIONS["Phi"].build(var(terms.NORMAL))
    width = sub(b, a)
    standard = terms.substitute(f, {name: add(a, mul(width, uniform))})
    reader.expectations.append(standard)
    return mul(width, terms.expectation(standard, sorted(standard.free - {terms.NORMAL})))


def primitive_of(f: Term, name: str) -> Term | None:
    """Return F with `F' = f` on the whole line, for sums of `x^n`, `x^n exp(c x + d)`, sines and cosines.

    What is found is kept only if its derivative is seen to be the integrand.
    """
    parts = []
    for k, part in summands(f):
        found = _primitive(part, name)
        if found is None:
            return None
        parts.append((k, found))
    whole = terms.combination(parts)
    return whole if is_zero(sub(terms.derivative(whole, name), f)) is True else None


def _primitive(f: Term, name: str) -> Term | None:
    """Return a primitive of one summand; what does not depend on the variable is a factor."""
    x = var(name)
    if name not in f.free:
        return mul(f, x)
    pairs = list(zip(f.args, f.exponents(), strict=True)) if f.op == "mul" else [(f, Fraction(1))]
    outside = terms.product([p for p in pairs if name not in p[0].free])
    inside = [p for p in pairs if name in p[0].free]
    n = sum((e for base, e in inside if base is x), Fraction(0))
    waves = [(base, e) for base, e in inside if base is not x]
    if n.denominator != 1 or not 0 <= n <= 40:
        return None
    if not waves:
        return mul(outside, terms.scale(1 / (n + 1), terms.power(x, n + 1)))
    ((wave, e),) = waves if len(waves) == 1 else ((None, 0),)
    if wave is None or e != 1 or wave.op not in ("exp", "sin", "cos"):
        return None
    slope = terms.derivative(wave.args[0], name)
    if slope.op != "num" or not slope.value():
        return None
    return mul(outside, _by_parts(int(n), wave, slope.value(), x))


_UP = {"exp": ("exp", 1), "sin": ("cos", -1), "cos": ("sin", 1)}


def _by_parts(n: int, wave: Term, slope: Fraction, x: Term) -> Term:
    """Return a primitive of `x^n wave`, where the wave has a linear argument of the given slope."""
    up, sign = _UP[wave.op]
    raised = terms.scale(sign / slope, terms.call(up, wave.args[0]))
    first = mul(terms.power(x, n), raised)
    if n == 0:
        return first
    scale = Fraction(sign) / slope
    rest = _by_parts(n - 1, terms.call(up, wave.args[0]), slope, x)
    return sub(first, terms.scale(n * scale, rest))
