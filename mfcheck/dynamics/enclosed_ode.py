"""Certified solutions of small systems of differential equations, by Taylor series in ball arithmetic.

A step first finds a box B that contains the solution on the whole step (Picard: `X + [0, h] f(B)` lies inside B), and
then encloses it by `sum_k c_k(X) h^k + c_K(B) h^K`, with the Taylor coefficients `c_k` of the solution through a box.
Start and parameters are exact or tiny balls, and the precision is high; so the boxes stay tiny although nothing is done
against their growth, whose factor is about the exponential of the integral of a norm of the Jacobian. The results are
enclosures, whatever the order, the steps or the precision.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import reduce
from operator import add, mul
from typing import Any

import sympy as sp
from flint import arb, arb_series, ctx, fmpq

from mfcheck.dynamics.ode import System
from mfcheck.errors import InputError
from mfcheck.rigor.ball import Exact, enclose, exact, rational

ORDER = 30
"""Terms of the Taylor series."""
PREC = 256
"""Working precision in bits."""
BITS = 3.5
"""A step may add an error of `2^(-BITS order)`, or of half the precision, relative to the state."""
SMALL = 2.0**-20
"""Size from which on the error of a state is not relative."""
LEAST = fmpq(1, 2**40)
"""Shortest step before the solution is given up."""

Series = Any
_FUNCTIONS: dict[Any, Callable[[Series], Series]] = {
    sp.exp: lambda s: s.exp(),
    sp.log: lambda s: s.log(),
    sp.sin: lambda s: s.sin(),
    sp.cos: lambda s: s.cos(),
    sp.tan: lambda s: s.tan(),
    sp.atan: lambda s: s.atan(),
    sp.asin: lambda s: s.asin(),
    sp.erf: lambda s: s.erf(),
    sp.tanh: lambda s: 1 - 2 / ((2 * s).exp() + 1),
    sp.sinh: lambda s: (s.exp() - (-s).exp()) / 2,
    sp.cosh: lambda s: (s.exp() + (-s).exp()) / 2,
}
_CONSTANTS = {sp.pi: arb.pi, sp.E: arb.const_e}


def enclosed_ode(
    system: System,
    times: Sequence[Exact],
    parameters: Mapping[sp.Symbol, Exact | arb] | None = None,
    quantities: Sequence[sp.Expr] | None = None,
    order: int = ORDER,
    prec: int = PREC,
) -> list[list[arb]]:
    """Enclose the solution of a system, or expressions in its states, at exact times.

    Args:
        system: right sides built of sums, products, rational powers and elementary functions.
        times: exact, not decreasing, from 0 on.
        parameters: exact numbers or balls.
        quantities: expressions in states, time and parameters; the states if None.
        order: terms of the Taylor series.
        prec: working precision in bits.

    Returns:
        for each time a list of balls, one for each quantity.

    Raises:
        InputError: a function has no series, a symbol has no value, times decrease, or no enclosure was found: the
            solution may not exist so long, or its boxes grow too fast.
    """
    with _precision(prec, order + 1):
        given = {s: v if isinstance(v, arb) else exact(v) for s, v in (parameters or {}).items()}
        goal = 2.0 ** -min(BITS * order, prec / 2, 900)
        stepper = _Stepper(_codes(system, given), order, goal)
        box = [*(enclose(e, given, prec) for e in system.start), arb(0)]
        wanted = [sp.sympify(q) for q in (system.states if quantities is None else quantities)]
        last, found = fmpq(0), []
        for time in times:
            mark = _rational(time)
            if mark < last:
                raise InputError("times must not decrease, and start at 0 or later")
            box, last = stepper.advance(box, last, mark), mark
            values = dict(zip((*system.states, system.time), box, strict=True)) | given
            found.append([enclose(q, values, prec) for q in wanted])
        return found


def _rational(time: Exact) -> fmpq:
    number = rational(time)
    return fmpq(number.numerator, number.denominator)


@contextmanager
def _precision(bits: int, terms: int) -> Iterator[None]:
    """Work with that many bits, and that many terms of a series."""
    before = ctx.cap
    try:
        ctx.cap = terms
        with ctx.workprec(bits):
            yield
    finally:
        ctx.cap = before


def _codes(
    system: System, given: Mapping[sp.Symbol, arb]
) -> Callable[[list[Series]], list[Series]]:
    """Return the right side as a function of series of the states and of time; nan where it has none."""
    shared, right = sp.cse(list(system.right))
    symbols = (*system.states, system.time)

    def code(values: list[Series]) -> list[Series]:
        known: dict[sp.Expr, Series] = dict(given)
        known.update(zip(symbols, values, strict=True))
        for symbol, expr in shared:
            known[symbol] = _evaluate(expr, known)
        return [_evaluate(expr, known) for expr in right]

    def guarded(values: list[Series]) -> list[Series]:
        try:
            return code(values)
        except InputError:
            raise
        except (ZeroDivisionError, ValueError):
            return [arb("nan")] * len(right)

    return guarded


def _evaluate(expr: sp.Expr, known: Mapping[sp.Expr, Series]) -> Series:
    """Return an expression in series; numbers stay balls."""
    if expr in known:
        return known[expr]
    if expr.is_Rational or expr.is_Float:
        number = sp.Rational(expr)
        return arb(fmpq(int(number.p), int(number.q)))
    if expr in _CONSTANTS:
        return _CONSTANTS[expr]()
    if expr.is_Symbol:
        raise InputError(f"no value for {expr}")
    if isinstance(expr, sp.Pow):
        return _power(_evaluate(expr.base, known), expr, known)
    if isinstance(expr, sp.Add | sp.Mul):
        operation = add if isinstance(expr, sp.Add) else mul
        return reduce(operation, (_evaluate(part, known) for part in expr.args))
    if expr.func in _FUNCTIONS:
        return _FUNCTIONS[expr.func](_evaluate(expr.args[0], known))
    raise InputError(f"no series is known for {expr.func.__name__}")


def _power(base: Series, expr: sp.Pow, known: Mapping[sp.Expr, Series]) -> Series:
    exponent = expr.exp
    if expr.base == sp.E:
        return _evaluate(exponent, known).exp()
    if exponent.is_Rational and exponent.q in (1, 2):
        root = base if exponent.q == 1 else base.sqrt()
        power = _repeated(root, abs(int(exponent.p)))
        return power if exponent.p > 0 else 1 / power
    return (base.log() * _evaluate(exponent, known)).exp()


def _repeated(base: Series, times: int) -> Series:
    """Return the product of `times` equal factors, at least one, by squaring."""
    if times == 1:
        return base
    half = _repeated(base, times // 2)
    return half * half if times % 2 == 0 else half * half * base


@dataclass(frozen=True, eq=False)
class _Stepper:
    """Steps of a system; a box holds the states, and time as its last entry."""

    right: Callable[[list[Series]], list[Series]]
    order: int
    goal: float

    def advance(self, box: list[arb], begin: fmpq, end: fmpq) -> list[arb]:
        """Return the enclosure at `end` of solutions that are in the box at `begin`."""
        now, length = begin, end - begin
        while now < end:
            series = self._taylor(box, self.order)
            length = min(end - now, 2 * length, _dyadic(self._guess(series)))
            box, length = self._step(box, series, length)
            now += length
            box[-1] = arb(now)
        return box

    def _taylor(self, box: list[arb], order: int) -> list[list[arb]]:
        """Return coefficients 0 to `order` of the solutions through a box, and of time."""
        found = [[x] for x in box[:-1]]
        clock = [box[-1], arb(1)]
        for k in range(order):
            # the right side to order k gives the solution to order k + 1
            ctx.cap = k + 1
            slopes = self.right([arb_series(c) for c in (*found, clock)])
            for c, slope in zip(found, slopes, strict=True):
                c.append(_coefficient(slope, k) / (k + 1))
        ctx.cap = order + 1
        return found

    def _guess(self, series: list[list[arb]]) -> float:
        """Return the step at which the last term is as small as the goal."""
        length = 1.0
        for c in series:
            last, size = float(c[-1].abs_upper()), float(c[0].abs_upper())
            if last > 0:
                length = min(length, (max(size, SMALL) * self.goal / last) ** (1 / self.order))
        return length

    def _step(
        self, box: list[arb], series: list[list[arb]], length: fmpq
    ) -> tuple[list[arb], fmpq]:
        """Return the enclosure after a step, and the step, halved until it can be justified."""
        while length > LEAST:
            h = arb(length)
            whole = self._whole(box, series, h)
            if whole is not None:
                rest = [c[-1] for c in self._taylor(whole, self.order)]
                if all(map(self._fine, rest, box, [h] * len(rest))):
                    return [*_sums(series, rest, h, self.order), box[-1] + h], length
            length /= 2
        raise InputError(
            "the solution cannot be enclosed further: it may not exist, or its error grows too fast"
        )

    def _fine(self, last: arb, state: arb, h: arb) -> bool:
        """Return whether the last term adds little to the error of a state."""
        added = (last * h**self.order).rad()
        return last.is_finite() and bool(added <= self.goal * state.abs_upper().max(arb(SMALL)))

    def _whole(self, box: list[arb], series: list[list[arb]], h: arb) -> list[arb] | None:
        """Return a box, with time, that contains the solution on the whole step; None if none is found."""
        during = arb(0).union(h)
        clock = box[-1] + during
        sizes = [(c[1] * h).abs_upper() for c in series]
        margin = reduce(lambda a, b: a.max(b), sizes)
        trial = [x + c[1] * during for x, c in zip(box, series, strict=False)]
        for _ in range(12):
            # wider than what is expected, so that the image may fit
            trial = [
                t + arb(0, (0.1 * size + 0.01 * margin + arb(2) ** -60).upper())
                for t, size in zip(trial, sizes, strict=True)
            ]
            slopes = self._slopes([*trial, clock])
            if slopes is None:
                return None
            image = [x + s * during for x, s in zip(box, slopes, strict=False)]
            if all(t.contains_interior(i) for t, i in zip(trial, image, strict=True)):
                return [*image, clock]
            trial = [t.union(i) for t, i in zip(trial, image, strict=True)]
        return None

    def _slopes(self, box: list[arb]) -> list[arb] | None:
        ctx.cap = 1
        values = [_coefficient(s, 0) for s in self.right([arb_series([x]) for x in box])]
        ctx.cap = self.order + 1
        return values if all(v.is_finite() for v in values) else None


def _dyadic(length: float) -> fmpq:
    """Return a step with few bits, so that times stay short."""
    return fmpq(max(1, int(length * 2**12)), 2**12)


def _coefficient(slope: Series, k: int) -> arb:
    if isinstance(slope, arb_series):
        # a quotient of series that vanish knows fewer terms
        return slope[k] if slope.prec > k else arb("nan")
    return arb(slope) if k == 0 else arb(0)


def _sums(series: list[list[arb]], rest: list[arb], h: arb, order: int) -> list[arb]:
    """Return the Taylor sums, whose last coefficients are those on the whole step."""
    found = []
    for c, last in zip(series, rest, strict=True):
        total = last
        for k in range(order - 1, -1, -1):
            total = total * h + c[k]
        found.append(total)
    return found
