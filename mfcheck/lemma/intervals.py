"""Enclosures on intervals that may be infinite, and intervals cut down by hypotheses. Trusted.

An interval is a pair of exact ends, rounded outwards. As elsewhere, a function that is undefined on a part of an
interval is enclosed over the rest; `EmptyError` says that it is defined nowhere there, or that a hypothesis fails.
"""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Final, TypeAlias

from flint import arb

from mfcheck.lemma import balls
from mfcheck.lemma.terms import NORMAL, Term, body_of, order

Interval: TypeAlias = tuple[arb, arb]

INF, NINF = arb.pos_inf(), arb.neg_inf()
ZERO, ONE = arb(0), arb(1)
WHOLE: Final[Interval] = (NINF, INF)


class EmptyError(Exception):
    """Nothing is left of a box."""


def made(low: arb, high: arb) -> Interval:
    """Return an interval from enclosures of its ends; nan is infinite."""
    a = NINF if low.is_nan() else low.lower()
    b = INF if high.is_nan() else high.upper()
    return (NINF if a.is_nan() else a, INF if b.is_nan() else b)


def meet(a: Interval, b: Interval) -> Interval:
    """Return the common part.

    Raises:
        EmptyError: there is none.
    """
    low = a[0] if a[0] >= b[0] else b[0]
    high = a[1] if a[1] <= b[1] else b[1]
    if low > high:
        raise EmptyError
    return low, high


def plus(a: Interval, b: Interval) -> Interval:
    """Enclose the sum."""
    return made(a[0] + b[0], a[1] + b[1])


def minus(a: Interval, b: Interval) -> Interval:
    """Enclose the difference."""
    return made(a[0] - b[1], a[1] - b[0])


def scaled(a: Interval, k: arb) -> Interval:
    """Enclose a multiple by a number that is not zero."""
    return made(a[0] * k, a[1] * k) if k > 0 else made(a[1] * k, a[0] * k)


def times(a: Interval, b: Interval) -> Interval:
    """Enclose the product; zero times infinity is zero, since an infinite end is never reached."""
    products = [_product(x, y) for x in a for y in b]
    low, high = products[0], products[0]
    for p in products[1:]:
        low = low.min(p)
        high = high.max(p)
    return made(low, high)


def _product(x: arb, y: arb) -> arb:
    return ZERO if x.is_zero() or y.is_zero() else x * y


def inverse(a: Interval) -> Interval:
    """Enclose `1/x`."""
    if a[0] > 0 or a[1] < 0:
        return made(ONE / a[1], ONE / a[0])
    if a[0].is_zero() and a[1].is_zero():
        raise EmptyError
    if a[0] >= 0:
        return made(ONE / a[1], INF)
    if a[1] <= 0:
        return made(NINF, ONE / a[0])
    return WHOLE


def power(a: Interval, e: Fraction) -> Interval:
    """Enclose a rational power where it is defined.

    Raises:
        EmptyError: it is defined nowhere.
    """
    if e < 0:
        return inverse(power(a, -e))
    n, q = e.numerator, e.denominator
    if q == 1 and n % 2:
        return made(_whole(a[0], n), _whole(a[1], n))
    if q > 1:
        a = meet(a, (ZERO, INF))
        return made(_whole(_root(a[0], q), n), _whole(_root(a[1], q), n))
    low, high = _whole(abs(a[0]), n), _whole(abs(a[1]), n)
    if a[0] >= 0:
        return made(low, high)
    if a[1] <= 0:
        return made(high, low)
    return made(ZERO, low.max(high))


def _whole(x: arb, n: int) -> arb:
    result = ONE
    for _ in range(n):
        result = result * x
    return result


def _root(x: arb, q: int) -> arb:
    return x if x.is_zero() or not x.is_finite() else x.root(q)


def _cube_root(x: arb) -> arb:
    return -_root(-x, 3) if x < 0 else _root(x, 3)


def _increasing(f: Callable[[arb], arb]) -> Callable[[Interval], Interval]:
    return lambda a: made(f(a[0]), f(a[1]))


def _limits(f: Callable[[arb], arb], low: arb, high: arb) -> Callable[[Interval], Interval]:
    """Enclose an increasing function with known limits at the infinities."""

    def at(x: arb) -> arb:
        return f(x) if x.is_finite() else high if x > 0 else low

    return lambda a: made(at(a[0]), at(a[1]))


def _log(a: Interval) -> Interval:
    a = meet(a, (ZERO, INF))
    if a[1].is_zero():
        raise EmptyError
    return made(NINF if a[0].is_zero() else a[0].log(), INF if not a[1].is_finite() else a[1].log())


def _ball_function(name: str) -> Callable[[Interval], Interval]:
    f = balls.FUNCTIONS[name]

    def enclosure(a: Interval) -> Interval:
        x = a[0].union(a[1]) if a[0].is_finite() and a[1].is_finite() else balls.LINE
        v = f(x) if x.is_finite() else arb(0, 1) if name in ("sin", "cos") else balls.LINE
        return made(v, v) if v.is_finite() else WHOLE

    return enclosure


def _clamp(f: Callable[[arb], arb], falls: bool) -> Callable[[Interval], Interval]:
    def enclosure(a: Interval) -> Interval:
        low, high = meet(a, (-ONE, ONE))
        return made(f(high), f(low)) if falls else made(f(low), f(high))

    return enclosure


def _abs(a: Interval) -> Interval:
    if a[0] >= 0:
        return a
    if a[1] <= 0:
        return (-a[1], -a[0])
    return (ZERO, (-a[0]).max(a[1]))


def _cosh(a: Interval) -> Interval:
    low, high = _abs(a)
    return made(low.cosh(), high.cosh() if high.is_finite() else INF)


def _half_pi() -> arb:
    return arb.pi() / 2


_FORWARD: Final[Mapping[str, Callable[[Interval], Interval]]] = {
    "exp": _limits(arb.exp, ZERO, INF),
    "log": _log,
    "sin": _ball_function("sin"),
    "cos": _ball_function("cos"),
    "tan": _ball_function("tan"),
    "asin": _clamp(arb.asin, falls=False),
    "acos": _clamp(arb.acos, falls=True),
    "atan": lambda a: _limits(arb.atan, -_half_pi(), _half_pi())(a),
    "sinh": _limits(arb.sinh, NINF, INF),
    "cosh": _cosh,
    "tanh": _limits(arb.tanh, -ONE, ONE),
    "asinh": _limits(arb.asinh, NINF, INF),
    "atanh": _ball_function("atanh"),
    "erf": _limits(arb.erf, -ONE, ONE),
    "erfc": lambda a: _erfc(a),
    "abs": _abs,
    "cbrt": _increasing(_cube_root),
    "sign": _ball_function("sign"),
    "step": lambda a: made(ONE if a[0] > 0 else ZERO, ZERO if a[1] <= 0 else ONE),
    "lgamma": _ball_function("lgamma"),
}


def _erfc(a: Interval) -> Interval:
    def at(x: arb) -> arb:
        return x.erfc() if x.is_finite() else ZERO if x > 0 else arb(2)

    return made(at(a[1]), at(a[0]))


def _expectation(node: Term, args: Sequence[Interval]) -> Interval:
    from mfcheck.lemma.expectations import enclose

    if not all(a.is_finite() for pair in args for a in pair):
        names = [NORMAL, *(f"_p{k}" for k in range(len(args)))]
        return Contractor(body_of(node), names)([WHOLE, *args])
    v = enclose(body_of(node), [a.union(b) for a, b in args])
    return made(v, v) if v.is_finite() else WHOLE


class Contractor:
    """Encloses terms over boxes of intervals and cuts boxes down by the sign of a term."""

    def __init__(self, root: Term, names: Sequence[str]) -> None:
        self.nodes = order([root])
        self.place = {node: k for k, node in enumerate(self.nodes)}
        self.args = [tuple(self.place[a] for a in node.args) for node in self.nodes]
        self.inputs = [
            (k, names.index(str(node.data)))
            for k, node in enumerate(self.nodes)
            if node.op == "var"
        ]
        self.coefficients = [
            [balls.ball(c) for c in node.coefficients()] if node.op == "add" else []
            for node in self.nodes
        ]

    def forward(self, box: Sequence[Interval]) -> list[Interval]:
        """Enclose every node.

        Raises:
            EmptyError: a part is defined nowhere.
        """
        known = dict(self.inputs)
        values: list[Interval] = []
        for k, node in enumerate(self.nodes):
            if k in known:
                values.append(box[known[k]])
            else:
                values.append(self._value(k, node, values))
        return values

    def __call__(self, box: Sequence[Interval]) -> Interval:
        """Enclose the root."""
        return self.forward(box)[-1]

    def _value(self, k: int, node: Term, values: list[Interval]) -> Interval:
        if node.op == "num":
            v = balls.ball(node.value())
            return made(v, v)
        if node.op == "pi":
            return made(arb.pi(), arb.pi())
        args = [values[j] for j in self.args[k]]
        if node.op == "add":
            return self._sum(self.coefficients[k], args)
        if node.op == "mul":
            total = (ONE, ONE)
            for a, e in zip(args, node.exponents(), strict=True):
                total = times(total, a if e == 1 else power(a, e))
            return total
        if node.op in ("min", "max"):
            low, high = args[0]
            for a in args[1:]:
                low = low.max(a[0]) if node.op == "max" else low.min(a[0])
                high = high.max(a[1]) if node.op == "max" else high.min(a[1])
            return made(low, high)
        if node.op == "gauss":
            return _expectation(node, args)
        return _FORWARD[node.op](args[0])

    @staticmethod
    def _sum(c: list[arb], args: list[Interval]) -> Interval:
        total = made(c[0], c[0])
        for k, a in zip(c[1:], args, strict=True):
            total = plus(total, scaled(a, k))
        return total

    def cut(self, box: Sequence[Interval], target: Interval) -> list[Interval]:
        """Return the box without parts where the root is surely outside `target`.

        Raises:
            EmptyError: nothing is left.
        """
        values = self.forward(box)
        values[-1] = meet(values[-1], target)
        for k in range(len(self.nodes) - 1, -1, -1):
            self._backward(k, values)
        result = list(box)
        for k, j in self.inputs:
            result[j] = meet(result[j], values[k])
        return result

    def _backward(self, k: int, values: list[Interval]) -> None:
        node, args = self.nodes[k], self.args[k]
        if node.op == "add":
            self._backward_sum(k, values)
        elif node.op == "mul":
            self._backward_product(k, values)
        elif node.op == "max" or node.op == "min":
            bound = (NINF, values[k][1]) if node.op == "max" else (values[k][0], INF)
            for j in args:
                values[j] = meet(values[j], bound)
        elif node.op in _BACKWARD:
            j = args[0]
            values[j] = meet(values[j], _BACKWARD[node.op](values[k], values[j]))

    def _backward_sum(self, k: int, values: list[Interval]) -> None:
        c, args = self.coefficients[k], self.args[k]
        parts = [scaled(values[j], a) for a, j in zip(c[1:], args, strict=True)]
        for i, j in enumerate(args):
            rest = made(c[0], c[0])
            for m, p in enumerate(parts):
                if m != i:
                    rest = plus(rest, p)
            values[j] = meet(values[j], scaled(minus(values[k], rest), 1 / c[i + 1]))

    def _backward_product(self, k: int, values: list[Interval]) -> None:
        node, args = self.nodes[k], self.args[k]
        parts = [
            values[j] if e == 1 else power(values[j], e)
            for j, e in zip(args, node.exponents(), strict=True)
        ]
        for i, (j, e) in enumerate(zip(args, node.exponents(), strict=True)):
            rest = (ONE, ONE)
            for m, p in enumerate(parts):
                if m != i:
                    rest = times(rest, p)
            if rest[0] <= 0 and rest[1] >= 0:
                continue
            values[j] = meet(values[j], _solve_power(times(values[k], inverse(rest)), e, values[j]))


def _solve_power(target: Interval, e: Fraction, old: Interval) -> Interval:
    """Enclose x with `x**e` in `target`."""
    if e < 0:
        if target[0] <= 0 and target[1] >= 0 and not (target[0] >= 0 or target[1] <= 0):
            return WHOLE
        target, e = inverse(target), -e
    if e.denominator > 1:
        return power(meet(target, (ZERO, INF)), 1 / e)
    n = e.numerator
    if n % 2:
        roots = [-_root(-x, n) if x < 0 else _root(x, n) for x in target]
        return made(roots[0], roots[1])
    low, high = meet(target, (ZERO, INF))
    bottom, top = _root(low, n), _root(high, n)
    if old[0] >= 0:
        return made(bottom, top)
    if old[1] <= 0:
        return made(-top, -bottom)
    return made(-top, top)


def _back_abs(target: Interval, old: Interval) -> Interval:
    low, high = meet(target, (ZERO, INF))
    if old[0] >= 0:
        return low, high
    return (-high, -low) if old[1] <= 0 else (-high, high)


def _back_exp(target: Interval, _: Interval) -> Interval:
    return _log(target)


_BACKWARD: Final[Mapping[str, Callable[[Interval, Interval], Interval]]] = {
    "exp": _back_exp,
    "log": lambda t, _: _FORWARD["exp"](t),
    "abs": _back_abs,
    "cbrt": lambda t, _: power(t, Fraction(3)),
    "sinh": lambda t, _: _FORWARD["asinh"](t),
    "asinh": lambda t, _: _FORWARD["sinh"](t),
}
