"""Enclosures of `E f(w, p)` over a standard Gaussian w, for parameters in balls. Trusted.

The line is cut into panels; on each, Taylor's formula about the middle is integrated against the Gaussian weight. The
tails are bounded by a majorant `c |w|^k exp(b |w|)` of the integrand, built along its term.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from functools import lru_cache

from flint import arb, arb_series, ctx

from mfcheck.lemma import balls, terms
from mfcheck.lemma.evaluate import Program
from mfcheck.lemma.intervals import INF, NINF, Contractor, EmptyError, Interval, power
from mfcheck.lemma.prove.budget import now
from mfcheck.lemma.terms import NORMAL, Term

ORDER = 12
_HALF_PANELS = 24
_DEEPEST = 26
_MOST_CUTS = 2000
_COARSE = 1e-9
"""Radius beyond which a part of an integral is worth more panels."""


_LAST = [math.inf]


@contextmanager
def until(last: float) -> Iterator[None]:
    """Let expectations be the whole line, which decides nothing, once the clock of all budgets is past a time."""
    before = _LAST[0]
    _LAST[0] = last
    try:
        yield
    finally:
        _LAST[0] = before


def _is_late() -> bool:
    return now() > _LAST[0]


_MOST_PARTS = 64


class Majorant:
    """`|f(w)| <= sum of c |w|^k exp(b |w|)` for `|w| >= 1`; terms are `(c, k, b)`, one for each k and b."""

    def __init__(self, parts: list[tuple[arb, int, arb]]) -> None:
        self.parts = parts if len(parts) < 2 else _collected(parts)

    def plus(self, other: "Majorant") -> "Majorant":
        """Return the sum."""
        return Majorant(self.parts + other.parts)

    def times(self, other: "Majorant") -> "Majorant":
        """Return the product."""
        return Majorant(
            [(c * d, k + m, a + b) for c, k, a in self.parts for d, m, b in other.parts]
        )

    def is_linear(self) -> tuple[arb, arb] | None:
        """Return `(c0, c1)` with the bound `c0 + c1 |w|`; None if it grows faster."""
        total = [arb(0), arb(0)]
        for c, k, b in self.parts:
            if k > 1 or not b.is_zero():
                return None
            total[k] = total[k] + c
        return total[0], total[1]


def _collected(parts: list[tuple[arb, int, arb]]) -> list[tuple[arb, int, arb]]:
    """Return a bound of the same sum with one term for each power and rate; one term in all if these are too many."""
    sums: dict[object, tuple[arb, int, arb]] = {}
    for c, k, b in parts:
        rate = b.upper()
        key = k, rate.man_exp() if rate.is_finite() else None
        known = sums.get(key)
        sums[key] = (c if known is None else known[0] + c, k, rate)
    if len(sums) <= _MOST_PARTS:
        return list(sums.values())
    total, rate = arb(0), arb(0)
    for c, _, b in sums.values():
        total, rate = total + c, rate.max(b)
    return [(total, max(k for _, k, _ in sums.values()), rate)]


def _constant(c: arb) -> Majorant:
    return Majorant([(c.abs_upper(), 0, arb(0))])


class Expectation:
    """The enclosure of one body at one precision."""

    def __init__(self, body: Term, count: int) -> None:
        self.body = body
        self.parameters = [f"_p{k}" for k in range(count)]
        self.names = [NORMAL, *self.parameters]
        self.code = Program([body], self.names)
        w = terms.var(NORMAL)
        self.even = terms.substitute(body, {NORMAL: terms.neg(w)}) is body
        self.order = ORDER
        self.finest = 0.0
        """Width below which panels are not cut: a kink that moves with wide parameters lies in all of them."""
        self.cuts = 0
        self.deepest = 0
        """How often a panel is halved because its part is not known well enough."""
        self.kept: dict[tuple[object, ...], arb] = {}

    def __call__(self, inputs: Sequence[arb]) -> arb:
        """Enclose the expectation for parameters in balls; nan if it is not seen to exist."""
        key = tuple(
            x.man_exp() if x.is_exact() else (x.mid().man_exp(), x.rad().man_exp()) for x in inputs
        )
        if key not in self.kept:
            found = self._value(inputs)
            if _is_late():
                return balls.LINE
            self.kept[key] = found
        return self.kept[key]

    def _value(self, inputs: Sequence[arb]) -> arb:
        if not all(x.is_finite() for x in inputs):
            return balls.LINE
        majorant = self.majorant(inputs)
        if majorant is None:
            return balls.LINE
        reach = self.reach(majorant)
        if reach is None:
            return balls.LINE
        rough = any(not x.is_exact() and x.rad() > 1e-5 for x in inputs)
        self.deepest = 1 if rough else 8
        self.order, count = (4, _HALF_PANELS // 2) if rough else (ORDER, _HALF_PANELS)
        self.cuts = 0
        self.finest = max((float(x.rad()) for x in inputs), default=0.0) / 8
        total = balls.ZERO
        step = Fraction(reach, count)
        for k in range(0 if self.even else -count, count):
            if _is_late():
                return balls.LINE
            total = total + self.panel(step * k, step * (k + 1), inputs, 0)
            if not total.is_finite():
                return balls.LINE
        tail = arb(0, self.tail(majorant, reach).upper())
        return (2 * total if self.even else total) + tail

    # Tails.

    def majorant(self, inputs: Sequence[arb]) -> Majorant | None:
        """Return a majorant of the body, None if none is found."""
        box: list[Interval] = [(NINF, INF), *[(x.lower(), x.upper()) for x in inputs]]
        contractor = Contractor(self.body, self.names)
        try:
            ranges = contractor.forward(box)
        except EmptyError:
            return None
        known: dict[Term, Majorant | None] = {}
        spans = dict(zip(contractor.nodes, ranges, strict=True))
        for node in contractor.nodes:
            known[node] = _majorant_of(node, spans, known)
        return known[self.body]

    @staticmethod
    def reach(majorant: Majorant) -> int | None:
        """Return where the tails start: each part of the majorant decreases from there on against `exp(-w^2/4)`."""
        for candidate in (10, 14, 20, 32, 64):
            w = arb(candidate)
            if all(k / w + b - w / 2 < -1 for _, k, b in majorant.parts):
                return candidate
        return None

    @staticmethod
    def tail(majorant: Majorant, reach: int) -> arb:
        """Bound both tails: `int_L^inf exp(-w^2/4) dw / sqrt(2 pi) = erfc(L/2)/sqrt 2`."""
        w = arb(reach)
        weight = 2 * (w / 2).erfc() / arb(2).sqrt()
        parts = [c * w**k * (b * w - w * w / 4).exp() for c, k, b in majorant.parts]
        return sum(parts, arb(0)) * weight

    # Panels.

    def is_fine(self, width: Fraction) -> bool:
        """Say whether panels of a width are not cut further: a kink that moves with the parameters lies in many."""
        return width < self.finest or self.cuts > _MOST_CUTS or (not self.cuts % 64 and _is_late())

    def panel(self, low: Fraction, high: Fraction, inputs: Sequence[arb], depth: int) -> arb:
        """Enclose the integral of the body against the Gaussian weight over `[low, high]`."""
        a, b = balls.ball(low), balls.ball(high)
        hull = a.union(b)
        box = [hull, *inputs]
        naturals = self.code.naturals(box)
        n = self.order
        c = self.code.series(box, NORMAL, n + 1, naturals)[0]
        if not c[n].is_finite():
            if depth >= _DEEPEST or not c[0].is_finite() or self.is_fine(high - low):
                return c[0] * _mass(low, high)
            self.cuts += 1
            middle = (low + high) / 2
            left = self.panel(low, middle, inputs, depth + 1)
            return left + self.panel(middle, high, inputs, depth + 1)
        centre = balls.ball((low + high) / 2)
        at = self.code.series([centre, *inputs], NORMAL, n)[0]
        moments = _moments(low, high)
        value = c[n] * moments[n]
        for k in range(n):
            value = value + at[k] * moments[k]
        plain = c[0] * _mass(low, high)
        best = value if value.rad() <= plain.rad() else plain
        if depth < self.deepest and not best.rad() < _COARSE and not self.is_fine(high - low):
            self.cuts += 1
            middle = (low + high) / 2
            left = self.panel(low, middle, inputs, depth + 1)
            return left + self.panel(middle, high, inputs, depth + 1)
        return best


@lru_cache(maxsize=4096)
def _mass_at(low: Fraction, high: Fraction, prec: int) -> arb:
    with ctx.workprec(prec):
        root = arb(2).sqrt()
        a, b = balls.ball(low) / root, balls.ball(high) / root
        if low >= 0:
            return (a.erfc() - b.erfc()) / 2
        if high <= 0:
            return ((-b).erfc() - (-a).erfc()) / 2
        return (b.erf() - a.erf()) / 2


def _mass(low: Fraction, high: Fraction) -> arb:
    return _mass_at(low, high, ctx.prec)


def _moments(low: Fraction, high: Fraction) -> tuple[arb, ...]:
    return _moments_at(low, high, ctx.prec)


@lru_cache(maxsize=4096)
def _moments_at(low: Fraction, high: Fraction, prec: int) -> tuple[arb, ...]:
    """Enclose `int (w - m)^k phi(w) dw` over a panel, m its middle, by the Taylor series of phi with its remainder."""
    with ctx.workprec(prec + 30):
        half = balls.ball((high - low) / 2)
        middle = balls.ball((low + high) / 2)
        count = 30 + 2 * math.ceil(float(high - low) * 8)
        hull = balls.ball(low).union(balls.ball(high))
        phi = balls.coefficients(_density(arb_series([middle, balls.ONE], count)), count)
        over = balls.coefficients(_density(arb_series([hull, balls.ONE], count + 1)), count + 1)
        result = []
        for k in range(ORDER + 1):
            bound = 2 * half ** (k + count + 1) / (k + count + 1)
            total = over[count] * (-bound).union(bound)
            for j in range(count):
                total = total + phi[j] * _power_integral(half, k + j)
            result.append(total)
        return tuple(result)


def _density(w: arb_series) -> arb_series:
    first = w[0]
    square = balls.with_constant(w * w, balls.natural_power(first, 2))
    inner = square * arb(-0.5)
    value = balls.FUNCTIONS["exp"](inner[0])
    return balls.SERIES["exp"](inner, value) / (2 * arb.pi()).sqrt()


def _power_integral(half: arb, k: int) -> arb:
    """Enclose `int_{-h}^{h} u^k du`."""
    return 2 * half ** (k + 1) / (k + 1) if k % 2 == 0 else arb(0)


def _majorant_of(
    node: Term, spans: Mapping[Term, Interval], known: Mapping[Term, Majorant | None]
) -> Majorant | None:
    span = spans[node]
    if span[0].is_finite() and span[1].is_finite():
        return _constant(span[0].union(span[1]))
    if node.op == "var":
        return Majorant([(arb(1), 1, arb(0))]) if node.data == NORMAL else None
    inner = [known[a] for a in node.args]
    parts = [m for m in inner if m is not None]
    if len(parts) < len(inner):
        return None
    if node.op == "add":
        c = node.coefficients()
        total = _constant(balls.ball(c[0]))
        for k, m in zip(c[1:], parts, strict=True):
            total = total.plus(m.times(_constant(balls.ball(k))))
        return total
    if node.op == "mul":
        return _majorant_of_product(node, parts, spans)
    if node.op in ("abs", "tanh", "sin", "atan", "asinh", "erf"):
        return parts[0]
    if node.op in ("max", "min"):
        total = parts[0]
        for m in parts[1:]:
            total = total.plus(m)
        return total
    if node.op == "cbrt":
        return _constant(arb(1)).plus(parts[0])
    return _majorant_of_growth(node, span, parts[0])


def _majorant_of_product(
    node: Term, parts: list[Majorant], spans: Mapping[Term, Interval]
) -> Majorant | None:
    total = _constant(arb(1))
    for base, m, e in zip(node.args, parts, node.exponents(), strict=True):
        if e < 0:
            low, high = power(spans[base], e)
            if not (low.is_finite() and high.is_finite()):
                return None
            total = total.times(_constant(low.union(high)))
        elif e.denominator == 1:
            for _ in range(int(e)):
                total = total.times(m)
        elif e < 1:
            total = total.times(_constant(arb(1)).plus(m))
        else:
            return None
    return total


def _majorant_of_growth(node: Term, span: Interval, inner: Majorant) -> Majorant | None:
    """Bound exp, sinh, cosh of something linear, and the logarithm of anything that is not small."""
    line = inner.is_linear()
    if node.op in ("exp", "sinh", "cosh") and line is not None:
        return Majorant([(line[0].exp().upper(), 0, line[1].upper())])
    if node.op == "log" and span[0].is_finite():
        c = sum((c for c, _, _ in inner.parts), arb(1))
        k = max(k for _, k, _ in inner.parts)
        b = arb(0)
        for _, _, rate in inner.parts:
            b = b.max(rate)
        # log(C |w|^k exp(b |w|)) <= log C + (k + b) |w| for |w| >= 1.
        return Majorant(
            [(c.log().abs_upper() + span[0].abs_upper(), 0, arb(0)), ((b + k).upper(), 1, arb(0))]
        )
    return None


@lru_cache(maxsize=512)
def _engine(body: Term, count: int, prec: int) -> Expectation:
    del prec
    return Expectation(body, count)


def enclose(body: Term, inputs: Sequence[arb]) -> arb:
    """Enclose the expectation of a body at balls for its parameters."""
    return _engine(body, len(inputs), ctx.prec)(inputs)


def derivative_bodies(body: Term, name: str, count: int) -> list[Term]:
    """Return the body and its derivatives in one parameter."""
    found = [body]
    for _ in range(count - 1):
        found.append(terms.slope_under(found[-1], name))
    return found
