"""Operators of the grammar that act on whole expressions: derivatives, sums, integrals, expectations, extrema."""

import ast
import itertools
from collections.abc import Mapping, Sequence

from mfcheck.errors import InputError
from mfcheck.lemma import terms
from mfcheck.lemma.formula import FALSE, TRUE, Atom, Formula
from mfcheck.lemma.library import nonzero, positive
from mfcheck.lemma.pairs import Pair, split
from mfcheck.lemma.ranged import read_floor, read_integral, read_supremum
from mfcheck.lemma.reader import MAX_SUMMANDS, Reader, Special
from mfcheck.lemma.series import read_series
from mfcheck.lemma.terms import Term
from mfcheck.lemma.variables import Gaussian

MOST_IN_ONE = 500


def specials(gaussians: Sequence[Gaussian]) -> Mapping[str, Special]:
    """Return the operators by name."""
    found: dict[str, Special] = {
        "d": _derivative,
        "sum": _sum,
        "sup": read_supremum,
        "int": read_integral,
        "floor": read_floor,
    }
    found["E"] = _Expectation(gaussians).read if gaussians else _without_law
    found["Var"] = _Expectation(gaussians).variance if gaussians else _without_law
    return found


def _without_law(reader: Reader, node: ast.Call | ast.Subscript, base: int) -> Term:
    reason = "over what? declare a Gaussian, for example --for 'z ~ N(0,1)'"
    raise reader.refuse(reason, base + node.col_offset)


class _Expectation:
    """Reads `E[...]` and `Var[...]` over the declared Gaussians."""

    def __init__(self, gaussians: Sequence[Gaussian]) -> None:
        self.gaussians = gaussians

    def read(self, reader: Reader, node: ast.Call | ast.Subscript, base: int) -> Term:
        """Read `E[expr]`."""
        return self.over(reader, self._inner(reader, node, base), base + node.col_offset)

    def variance(self, reader: Reader, node: ast.Call | ast.Subscript, base: int) -> Term:
        """Read `Var[expr]`."""
        inner = self._inner(reader, node, base)
        at = base + node.col_offset
        square = self.over(reader, terms.power(inner, 2), at)
        return terms.sub(square, terms.power(self.over(reader, inner, at), 2))

    def _inner(self, reader: Reader, node: ast.Call | ast.Subscript, base: int) -> Term:
        if isinstance(node, ast.Call) and len(node.args) != 1:
            raise reader.refuse("write E[expression]", base + node.col_offset)
        first = len(reader.obligations)
        inner = reader.build(node.slice if isinstance(node, ast.Subscript) else node.args[0], base)
        names = {n for group in self.gaussians for n in group.names}
        kept = [o for o in reader.obligations[first:] if not _almost_always(o.needs, names)]
        reader.obligations[first:] = kept
        return inner

    def over(self, reader: Reader, inner: Term, at: int) -> Term:
        """Return the expectation over every Gaussian that occurs, one by one."""
        if reader.hidden(inner) & {n for group in self.gaussians for n in group.names}:
            raise reader.refuse("sup and floor of what is random cannot be averaged here", at)
        done: list[Term] = []
        for group in self.gaussians:
            used = [n for n in group.names if n in inner.free]
            if not used:
                continue
            closed, inner = self._closed_pair(group, used, inner)
            done.append(closed)
            for values, name in self._standard(reader, group, used, at):
                inner = terms.substitute(inner, values)
                standard = terms.substitute(inner, {name: terms.var(terms.NORMAL)})
                reader.expectations.append(standard)
                inner = terms.expectation(standard, sorted(standard.free - {terms.NORMAL}))
        return terms.add(inner, *done)

    def _closed_pair(self, group: Gaussian, used: Sequence[str], inner: Term) -> tuple[Term, Term]:
        """Return the part of an expectation over two tied Gaussians that is known, and the rest of the integrand."""
        others = {n for g in self.gaussians for n in g.names} - {*group.names}
        if len(used) != 2 or inner.free & others:
            return terms.num(0), inner
        i, j = (group.names.index(n) for n in used)
        if not _occurs(group.covariance[i][j]) or any(_occurs(m) for m in group.mean):
            return terms.num(0), inner
        variances = (group.covariance[i][i], group.covariance[j][j])
        found, rest = split(inner, Pair((used[0], used[1]), variances, group.covariance[i][j]))
        return (found, rest) if _occurs(found) or not _occurs(rest) else (found, inner)

    def _standard(
        self, reader: Reader, group: Gaussian, used: Sequence[str], at: int
    ) -> list[tuple[dict[str, Term], str]]:
        """Return, name by name, how it is written in a standard Gaussian of the same name."""
        place = [group.names.index(n) for n in used]
        found = []
        if len(used) == 2 and _occurs(group.covariance[place[0]][place[1]]):
            # z = m + sqrt(v) w, and the second is r w + sqrt(v' - r^2) w' with r = c / sqrt(v).
            i, j = place
            root = terms.sqrt(group.covariance[i][i])
            r = terms.div(group.covariance[i][j], root)
            rest = terms.sqrt(terms.sub(group.covariance[j][j], terms.power(r, 2)))
            a, b = used
            second = terms.add(
                group.mean[j], terms.mul(r, terms.var(a)), terms.mul(rest, terms.var(b))
            )
            first = terms.add(group.mean[i], terms.mul(root, terms.var(a)))
            return [({a: first, b: second}, b), ({}, a)]
        if len(used) > 2:
            raise reader.refuse("at most two Gaussians of one law", at)
        for n, k in zip(used, place, strict=True):
            value = terms.add(
                group.mean[k], terms.mul(terms.sqrt(group.covariance[k][k]), terms.var(n))
            )
            found.append(({n: value}, n))
        return found


def _almost_always(f: Formula, names: set[str]) -> bool:
    """Say whether this is `|u| > 0`, or `u^n > 0`, n even, u linear in a Gaussian: that fails at one value alone."""
    if not isinstance(f, Atom) or f.relation != ">" or f.term.op not in ("abs", "mul"):
        return False
    if f.term.op == "mul" and (len(f.term.args) > 1 or f.term.exponents()[0] % 2):
        return False
    slopes = [terms.derivative(f.term.args[0], n) for n in names & f.term.free]
    return any(s.op == "num" and s.value() for s in slopes)


def _occurs(t: Term) -> bool:
    return not (t.op == "num" and not t.value())


def _derivative(reader: Reader, node: ast.Call | ast.Subscript, base: int) -> Term:
    """Read `d(expr, x)`."""
    if not isinstance(node, ast.Call) or len(node.args) != 2:
        raise reader.refuse("write d(expression, x)", base + node.col_offset)
    inner, x = node.args
    if not isinstance(x, ast.Name) or reader.names.get(x.id) is not terms.var(x.id):
        raise reader.refuse("the second part of d is a declared name", base + x.col_offset)
    whole = reader.build(inner, base)
    if x.id in reader.hidden(whole):
        raise reader.refuse("sup and floor have no derivative here", base + node.col_offset)
    for needed in differentiable(whole, x.id):
        reader.oblige(needed, node, base, TRUE)
    return terms.derivative(whole, x.id, flat=True)


def differentiable(t: Term, name: str) -> list[Formula]:
    """Return what suffices for a term to have a derivative in a variable: no kink, no end of a root."""
    found: list[Formula] = []
    for node in terms.order([t]):
        if name not in node.free or not node.args:
            continue
        u = node.args[0]
        if node.op in ("abs", "sign", "step", "cbrt"):
            found.append(nonzero(u))
        elif node.op in ("min", "max"):
            found += [nonzero(terms.sub(a, b)) for a, b in itertools.combinations(node.args, 2)]
        elif node.op in ("asin", "acos"):
            found += [positive(terms.add(terms.num(1), u)), positive(terms.sub(terms.num(1), u))]
        elif node.op == "mul":
            pairs = zip(node.args, node.exponents(), strict=True)
            found += [positive(b) for b, e in pairs if e.denominator > 1 and name in b.free]
        elif node.op == "lgamma":
            raise InputError("the derivative of lgamma is not known here")
        elif node.op == "gauss":
            found += _smoothed(node)
    return found


def _smoothed(t: Term) -> list[Formula]:
    """Return what suffices for an expectation to have a derivative although its body has kinks: they move with w."""
    values = {f"_p{k}": x for k, x in enumerate(t.args)}
    found: list[Formula] = []
    for node in terms.order([terms.body_of(t)]):
        kinked = node.op in ("abs", "min", "max", "cbrt", "sign", "step", "asin", "acos", "gauss")
        rooted = node.op == "mul" and any(
            e.denominator > 1 and b.free & values.keys()
            for b, e in zip(node.args, node.exponents(), strict=True)
        )
        if not node.free & values.keys() or not (kinked or rooted):
            continue
        first, *rest = node.args
        inner = terms.sub(first, rest[0]) if rest else first
        slope = terms.derivative(inner, terms.NORMAL)
        simple = node.op in ("abs", "min", "max") and len(rest) < 2
        if not simple or terms.NORMAL in slope.free:
            return [FALSE]
        found.append(nonzero(terms.substitute(slope, values)))
    return found


def _sum(reader: Reader, node: ast.Call | ast.Subscript, base: int) -> Term:
    """Read `sum(expr, k, a, b)` between exact whole numbers."""
    if not isinstance(node, ast.Call) or len(node.args) != 4:
        raise reader.refuse("write sum(expression, k, a, b)", base + node.col_offset)
    inner, k, *ends = node.args
    if not isinstance(k, ast.Name):
        raise reader.refuse("the second part of sum is a name", base + k.col_offset)
    low, high = (reader.build(e, base) for e in ends)
    if low.free or high.free:
        return read_series(reader, node, (low, high), base)
    if (
        low.op != "num"
        or high.op != "num"
        or low.value().denominator * high.value().denominator != 1
    ):
        raise reader.refuse("the ends of this sum must be whole numbers", base + ends[0].col_offset)
    first, last = int(low.value()), int(high.value())
    if last - first >= MOST_IN_ONE:
        raise reader.refuse(f"more than {MOST_IN_ONE} summands", base + ends[1].col_offset)
    outer = reader.names
    parts = []
    for value in range(first, last + 1):
        reader.summands += 1
        if reader.summands > MAX_SUMMANDS:
            raise reader.refuse(f"sums of more than {MAX_SUMMANDS} summands together", base)
        reader.names = {**outer, k.id: terms.num(value)}
        parts.append(reader.build(inner, base))
    reader.names = outer
    return terms.add(*parts)
