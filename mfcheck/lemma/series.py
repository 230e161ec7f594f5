"""Sums up to a whole number n that varies, proved by induction over n. Trusted.

A comparison `F(n) >= 0` in which such sums occur holds for all n from n0 on if `F(n0) >= 0` and `F(n + 1) - F(n) >= 0`
for all n from n0 on; in that difference a sum leaves its last summands alone. With `>` the first is asked for strictly,
with `==` both as equations.
"""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import comb

from mfcheck.errors import InputError
from mfcheck.lemma import terms
from mfcheck.lemma.constants import expanded, summands
from mfcheck.lemma.formula import Atom, Formula, conjuncts, free, join, substitute
from mfcheck.lemma.library import nonnegative
from mfcheck.lemma.plain import Plain
from mfcheck.lemma.problem import Range, bounded, linear_in
from mfcheck.lemma.reader import Bound, Reader
from mfcheck.lemma.terms import Term, add, neg, num, sub, var

_STEEPEST = 4
_HIGHEST = 6
_MOST = 500


@dataclass(frozen=True)
class Series:
    """The sum of `body` over the whole numbers k from `low` to `high`, which are linear in n."""

    body: Term
    k: str
    low: Term
    high: Term
    n: str
    place: int
    """Where it stands in the text."""

    def at(self, j: Term) -> Term:
        """Return one summand."""
        return terms.substitute(self.body, {self.k: j})

    def whole(self, n: int) -> Term:
        """Return the sum for one n."""
        low, high = (int(terms.substitute(e, {self.n: num(n)}).value()) for e in self.ends)
        if high - low >= _MOST:
            raise InputError(f"more than {_MOST} summands")
        return add(*[self.at(num(j)) for j in range(low, high + 1)])

    @property
    def free(self) -> frozenset[str]:
        """The names on which the sum depends."""
        return (self.body.free - {self.k}) | self.low.free | self.high.free

    @property
    def ends(self) -> tuple[Term, Term]:
        """The first and the last k."""
        return self.low, self.high

    def growth(self) -> Term:
        """Return by how much the sum grows from n to n + 1."""
        c_low, c_high = (_slope(e, self.n) for e in self.ends)
        more = [self.at(add(self.high, num(j + 1))) for j in range(c_high)]
        less = [self.at(add(self.low, num(j))) for j in range(c_low)]
        return sub(add(*more), add(*less))

    def is_sum_from(self, n: int) -> bool:
        """Say whether the range is never more than empty, from some n on."""
        gap = add(sub(self.high, self.low), num(1))
        first = terms.substitute(gap, {self.n: num(n)}).value()
        return first >= 0 and _slope(self.high, self.n) >= _slope(self.low, self.n)


def _slope(end: Term, n: str) -> int:
    return int(terms.derivative(end, n).value())


def read_series(reader: Reader, node: ast.Call, ends: tuple[Term, Term], base: int) -> Term:
    """Read `sum(expr; k, a, b)` with an end that is linear in a whole number."""
    inner, k, *places = node.args
    assert isinstance(k, ast.Name)
    names = sorted(ends[0].free | ends[1].free)
    for end, place in zip(ends, places, strict=True):
        if len(names) != 1 or names[0] not in reader.integers or not _is_end(end, names[0]):
            reason = "the ends of this sum must be whole numbers, or like n, 2*n + 1 for one whole number n"
            raise reader.refuse(reason, base + place.col_offset)
    x = reader.bring_in(k.id, Bound("whole"))
    name = str(x.data)
    outer, guards, integers = reader.names, reader.guards, reader.integers
    before = len(reader.obligations)
    if ends[0].op == "num":
        reader.bound[name] = Bound("whole", (nonnegative(sub(x, ends[0])),))
    else:
        reader.guards = (*guards, nonnegative(sub(x, ends[0])), nonnegative(sub(ends[1], x)))
    reader.names, reader.integers = {**outer, k.id: x}, integers | {name}
    body = reader.build(inner, base)
    reader.names, reader.guards, reader.integers = outer, guards, integers
    if name in reader.hidden(body):
        reason = "sums, sup, floor and powers of what may be negative are not read in a sum up to n"
        raise reader.refuse(reason, base + node.col_offset)
    if len(reader.obligations) == before:
        del reader.bound[name]
    series = Series(body, name, *ends, names[0], base + node.col_offset)
    return reader.bring_in("sum", Bound("series", (), None, series=series))


def _is_end(end: Term, n: str) -> bool:
    line = linear_in(end, n)
    if line is None or line[0].op != "num" or line[1].op != "num":
        return False
    slope, start = line[0].value(), line[1].value()
    return slope.denominator == start.denominator == 1 and 0 <= slope <= _STEEPEST


def without_series(
    formula: Formula, reader: Reader, names: Sequence[str], hypotheses: Sequence[Formula]
) -> Formula:
    """Return a formula that implies one with sums: they are put in closed form, or induction does it.

    Raises:
        InputError: a sum stands where neither reaches it; the message shows the place.
    """
    sums = {n: one.series for n, one in reader.bound.items() if isinstance(one.series, Series)}
    if not sums:
        return formula
    plain = _plain(names, hypotheses)
    closed: dict[str, Term] = {}
    for name, s in sums.items():
        first = _first(s, reader, names, hypotheses)
        if not s.is_sum_from(first):
            reason = f"this sum must not end before it begins for {s.n} = {first} and above"
            raise reader.refuse(reason, s.place)
        value = closed_form(s, plain)
        if value is not None:
            closed[name] = value
    formula = substitute(formula, closed)
    parts = []
    for part in conjuncts(formula):
        used = {n: s for n, s in sums.items() if n in free(part)}
        parts.append(_by_induction(part, used, reader, names, hypotheses) if used else part)
    return join("and", parts)


def _plain(names: Sequence[str], hypotheses: Sequence[Formula]) -> Plain:
    cut = bounded({n: Range() for n in names}, hypotheses)
    return Plain({n: Range() for n in names}) if cut is None else Plain(cut.ranges, cut.hypotheses)


def is_closed(s: Series, names: Sequence[str], hypotheses: Sequence[Formula]) -> bool:
    """Say whether a sum has a closed form, so that no induction is needed."""
    return closed_form(s, _plain(names, hypotheses)) is not None


def closed_form(s: Series, plain: Plain) -> Term | None:
    """Return a sum of `exp(b k)` for b that is not zero, or of a polynomial in k; None for others."""
    total = [(c, _closed_part(x, s, plain)) for c, x in summands(expanded(s.body))]
    values = [(c, v) for c, v in total if v is not None]
    return terms.combination(values) if len(values) == len(total) else None


def _closed_part(x: Term, s: Series, plain: Plain) -> Term | None:
    k = var(s.k)
    if s.k not in x.free:
        return terms.mul(x, add(sub(s.high, s.low), num(1)))
    pairs = list(zip(x.args, x.exponents(), strict=True)) if x.op == "mul" else [(x, Fraction(1))]
    p = sum((e for b, e in pairs if b is k), Fraction(0))
    rest = terms.product([f for f in pairs if f[0] is not k])
    if s.k not in rest.free and p.denominator == 1 and 0 < p <= _HIGHEST:
        return terms.mul(rest, sub(_powers(int(p), s.high), _powers(int(p), sub(s.low, num(1)))))
    if p or rest.op not in ("exp", "mul"):
        return None
    logs = terms.div(terms.derivative(rest, s.k), rest)
    if s.k in logs.free or not (plain.holds(Atom(logs, ">")) or plain.holds(Atom(neg(logs), ">"))):
        return None
    one = Series(rest, s.k, s.low, s.high, s.n, s.place)
    return terms.div(
        sub(one.at(add(s.high, num(1))), one.at(s.low)), sub(terms.call("exp", logs), num(1))
    )


def _powers(p: int, m: Term) -> Term:
    """Return `1^p + ... + m^p`, from `(m + 1)^(p + 1) - 1 = sum over j <= p of C(p + 1, j) (1^j + ... + m^j)`."""
    total = sub(terms.power(add(m, num(1)), p + 1), num(1))
    for j in range(p):
        total = sub(total, terms.scale(comb(p + 1, j), _powers(j, m) if j else m))
        if not j:
            total = sub(total, num(1))
    return expanded(terms.scale(Fraction(1, p + 1), total))


def _by_induction(
    part: Formula,
    used: Mapping[str, Series],
    reader: Reader,
    names: Sequence[str],
    hypotheses: Sequence[Formula],
) -> Formula:
    place = min(s.place for s in used.values())
    if not isinstance(part, Atom) or part.relation == "!=":
        reason = "a sum up to n can only be compared by <, <=, =, >=, >, outside of 'or'"
        raise reader.refuse(reason, place)
    if len({s.n for s in used.values()}) != 1:
        raise reader.refuse("the sums of one comparison must go up with the same number", place)
    (n,) = {s.n for s in used.values()}
    first = _first(next(iter(used.values())), reader, names, hypotheses)
    start = {name: s.whole(first) for name, s in used.items()}
    base = Atom(terms.substitute(part.term, {**start, n: num(first)}), part.relation)
    grown: dict[str, Term] = {name: add(var(name), s.growth()) for name, s in used.items()}
    after = terms.substitute(part.term, {**grown, n: add(var(n), num(1))})
    step = expanded(sub(after, part.term))
    if step.free & used.keys():
        reason = "a sum up to n must stand alone, or times what does not depend on n"
        raise reader.refuse(reason, place)
    return join("and", [base, Atom(step, "==" if part.relation == "==" else ">=")])


def _first(s: Series, reader: Reader, names: Sequence[str], hypotheses: Sequence[Formula]) -> int:
    """Return the least value of a whole number that has no condition but bounds."""
    n = s.n
    for h in (p for whole in hypotheses for p in conjuncts(whole)):
        if n in free(h) and (
            not isinstance(h, Atom) or free(h) != {n} or linear_in(h.term, n) is None
        ):
            raise reader.refuse(f"for a sum up to {n}, {n} may have bounds alone", s.place)
    cut = bounded({x: Range() for x in names}, hypotheses)
    low = None if cut is None else cut.ranges[n].low
    if cut is None or low is None or low.op != "num":
        reason = f"a sum up to {n} needs a least {n}, for example --for '{n} integer >= 1'"
        raise reader.refuse(reason, s.place)
    value: Fraction = low.value()
    first = -(-value.numerator // value.denominator)
    return first + (first == value and not cut.ranges[n].low_closed)
