"""Certified suprema of `|f|` over intervals and the whole line: branch and bound inside, germs outside."""

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Literal

import sympy as sp
from flint import arb, ctx

from mfcheck.rigor.ball import enclose
from mfcheck.rigor.germs import Germ, Term, UnknownTailError
from mfcheck.rigor.integrate import check_digits
from mfcheck.rigor.pieces import Piece, continuous_derivatives, pieces, split
from mfcheck.rigor.program import Program, program
from mfcheck.rigor.tails import tail
from mfcheck.symbolic.activation import Activation, X

State = Literal["finite", "infinite", "undefined", "unknown"]

HIGHEST = 3
_MAX_BOXES = 20_000
_STARTS = tuple(2**k for k in range(3, 13))
_GUARD_BITS = 32


@dataclass(frozen=True, slots=True)
class Supremum:
    """A supremum of `|f|`: its enclosure, or `+inf`, and the reason in words.

    `undefined`: `f` does not exist everywhere. `unknown`: nothing is certified above, `value` is `+inf`.
    """

    state: State
    value: arb
    reason: str


def suprema(activation: Activation, digits: int = 15) -> tuple[Supremum, ...]:
    """Enclose `B0, ..., B3`, the suprema of `|s0|`, `|s0'|`, `|s0''|`, `|s0'''|` over the real line.

    Raises:
        InputError: the kinks of the activation are not understood, or `digits` is out of range.
    """
    return tuple(derivative_supremum(activation, order, digits) for order in range(HIGHEST + 1))


def _smoothness(parts: Sequence[Piece]) -> int:
    return continuous_derivatives(parts, HIGHEST) if len(parts) > 1 else HIGHEST


def derivative_supremum(activation: Activation, order: int, digits: int = 15) -> Supremum:
    """Enclose the supremum of one derivative; across kinks that of the one-sided values.

    Raises:
        InputError: as for `suprema`.
    """
    check_digits(digits)
    parts = pieces(activation.expr)
    smooth = _smoothness(parts)
    if order > smooth + 1:
        place = ", ".join(str(part.upper) for part in parts[:-1])
        reason = f"derivative {smooth + 1} jumps at x = {place}, so derivative {order} does not exist there"
        return Supremum("undefined", arb.pos_inf(), reason)
    return supremum([Piece(p.lower, p.upper, sp.diff(p.expr, X, order)) for p in parts], digits)


def supremum(parts: Sequence[Piece], digits: int = 15) -> Supremum:
    """Enclose the supremum of `|f|` over the union of the pieces, each with its ends.

    The width is at most `10^-digits` of the value where branch and bound converges; it never hangs. A piece with kinks
    or jumps is cut there first: bounds by derivatives hold on smooth pieces alone.

    Raises:
        InputError: the kinks of a piece are not understood.
    """
    parts = [smooth for part in parts for smooth in split(part)]
    if (
        len(parts) == 1
        and (period := _period(parts[0].expr)) is not None
        and parts[0].lower == -sp.oo
    ):
        parts = [Piece(sp.Integer(0), period, parts[0].expr)]
    with ctx.workprec(int(digits * math.log2(10)) + _GUARD_BITS):
        search = _Search(digits)
        for part in parts:
            verdict = search.add(part)
            if verdict is not None:
                return verdict
        return search.run()


def _period(expr: sp.Expr) -> sp.Expr | None:
    """Return a period of the expression if one is seen."""
    for wave in sorted(expr.atoms(sp.sin, sp.cos), key=str):
        rate = sp.diff(wave.args[0], X)
        if rate != 0 and not rate.free_symbols and expr.subs(X, X + 2 * sp.pi / abs(rate)) == expr:
            return 2 * sp.pi / abs(rate)
    return None


@dataclass(frozen=True, slots=True)
class _Box:
    """An interval, the code of `f` and `f'`, and an upper bound of `|f|` on it."""

    lower: arb
    upper: arb
    code: tuple[Program, Program]


class _Search:
    """Best-first branch and bound over the boxes of all pieces."""

    def __init__(self, digits: int) -> None:
        self.tolerance = arb(10) ** -digits
        self.least = arb(0)
        self.most_outside = arb(0)
        self.where = "zero everywhere"
        self.heap: list[tuple[float, int, arb, _Box]] = []
        self.ticket = count()

    def add(self, part: Piece) -> Supremum | None:
        """Enter one piece; return the answer at once if a tail settles it."""
        lower, upper = part.lower, part.upper
        code = (program(part.expr, (X,)), program(sp.diff(part.expr, X), (X,)))
        self._sample_first(part, code[0])
        if upper == sp.oo:
            start = self._tail(part.expr, "+", part.lower)
            if isinstance(start, Supremum):
                return start
            upper = sp.Integer(start)
        if lower == -sp.oo:
            start = self._tail(part.expr.subs(X, -X), "-", -part.upper)
            if isinstance(start, Supremum):
                return start
            lower = -sp.Integer(start)
        ends = [enclose(end, prec=ctx.prec) for end in (lower, upper)]
        cells = max(1, min(64, math.ceil(float((ends[1] - ends[0]).mid()))))
        marks = [ends[0] + (ends[1] - ends[0]) * k / cells for k in range(cells + 1)]
        for k in range(cells):
            self._push(_Box(marks[k], marks[k + 1], code))
        return None

    def run(self) -> Supremum:
        """Split the box of largest bound until the enclosure is narrow enough."""
        for _ in range(_MAX_BOXES):
            if not self.heap or self.heap[0][2] <= self.least * (1 + self.tolerance):
                break
            if not self.heap[0][2].is_finite() and self._is_tiny(self.heap[0][3]):
                break
            _, _, _, box = heapq.heappop(self.heap)
            middle = ((box.lower + box.upper) / 2).mid()
            self._push(_Box(box.lower, middle, box.code))
            self._push(_Box(middle, box.upper, box.code))
        return self._answer(self._largest())

    @staticmethod
    def _is_tiny(box: _Box) -> bool:
        return bool(box.upper - box.lower <= arb(2) ** -(ctx.prec // 2))

    def _answer(self, largest: arb) -> Supremum:
        if not largest.is_finite():
            place = float(self.heap[0][3].lower.mid())
            return Supremum(
                "unknown", arb.pos_inf(), f"no finite bound is found near x = {place:.6g}"
            )
        return Supremum("finite", self.least.union(largest.max(self.least)), self.where)

    def _largest(self) -> arb:
        inside = self.heap[0][2] if self.heap else arb(0)
        return inside.max(self.most_outside).max(self.least)

    def _push(self, box: _Box) -> None:
        for end in (box.lower, box.upper):
            self._sample(box.code[0], end)
        bound = self._bound(box)
        key = -float(bound) if bound.is_finite() else -math.inf
        heapq.heappush(self.heap, (key, next(self.ticket), bound, box))

    def _sample_first(self, part: Piece, function: Program) -> None:
        """Look at a few points, so that the tails need not be cut farther out than it matters."""
        for k in range(-8, 9):
            if part.lower <= k and k <= part.upper:
                self._sample(function, arb(k))

    def _sample(self, function: Program, at: arb) -> None:
        value = function(at)
        if value.is_finite() and value.abs_lower() > self.least:
            self.least = value.abs_lower()
            self.where = f"attained near x = {float(at.mid()):.6g}"

    def _bound(self, box: _Box) -> arb:
        """Bound `|f|` on a box: by its ends if monotone, else by the natural and the mean value form.

        A finite natural form shows that `f` is smooth on the box, which the other two need.
        """
        function, derivative = box.code
        whole = box.lower.union(box.upper)
        natural, slope = function(whole), derivative(whole)
        if not natural.is_finite():
            return arb.pos_inf()
        if not slope.is_finite():
            return natural.abs_upper()
        if not slope.contains(0):
            return function(box.lower).abs_upper().max(function(box.upper).abs_upper())
        middle = whole.mid()
        centred = function(middle) + slope * (whole - middle)
        return natural.abs_upper().min(centred.abs_upper())

    def _tail(self, expr: sp.Expr, side: str, other_end: sp.Expr) -> int | Supremum:
        """Find where to cut the half-line: where what lies beyond cannot matter any more."""
        begin = (
            0 if other_end in (-sp.oo, sp.oo) else int(float(enclose(other_end).abs_upper())) + 1
        )
        reason = "its tail is not understood"
        settled: int | None = None
        outside = arb(0)
        for start in _STARTS:
            if start < begin:
                continue
            try:
                germ = tail(expr, start)
                if (growth := _divergence(germ)) is not None:
                    return Supremum(
                        "infinite", arb.pos_inf(), f"grows like {growth} as x -> {side}oo"
                    )
                lower, upper = germ.span()
            except UnknownTailError as error:
                reason = str(error)
                continue
            self._limit(germ, side)
            previous, outside = outside, lower.abs_upper().max(upper.abs_upper())
            stalled = settled is not None and outside > previous * (1 - self.tolerance)
            swing = germ.constant().abs_upper()
            hopeless = swing > self.least * (1 + self.tolerance) and outside < 1.01 * swing
            settled = start
            if outside <= self.least * (1 + self.tolerance) or stalled or hopeless:
                break
        if settled is None:
            return Supremum("unknown", arb.pos_inf(), f"as x -> {side}oo: {reason}")
        self.most_outside = self.most_outside.max(outside)
        return settled

    def _limit(self, germ: Germ, side: str) -> None:
        """A limit at infinity is approached, so it bounds the supremum from below."""
        limit = germ.constant().abs_lower()
        if germ.is_bounded() and limit > self.least:
            self.least = limit.lower()
            self.where = f"approached as x -> {side}oo"


def _divergence(germ: Germ) -> str | None:
    """Return the leading term in words if the germ is certain to diverge."""
    try:
        term, _ = germ.leading()
    except UnknownTailError:
        return None
    return _in_words(term) if term.growth() == 1 else None


def _in_words(term: Term) -> str:
    rates = [
        f"{rate.str(4, radius=False)}*{power}"
        for rate, power in ((term.a, "x^2"), (term.b, "x"))
        if rate != 0
    ]
    algebraic = "" if term.k == 0 else f"|x|^{term.k}" if term.k != 1 else "|x|"
    exponential = f"exp({' + '.join(rates)})" if rates else ""
    return " ".join(part for part in (algebraic, exponential) if part)
