"""Trapezoidal rule for `E f(m + sqrt(q) z)` of an analytic `f`, with bounds found by ball arithmetic.

Let `g(z) = f(m + sqrt(q) z) exp(-z^2/2)/sqrt(2 pi)` be analytic on `|Re z| <= R`, `|Im z| <= a`, and let the
nodes be `k h`, `|k| <= n`, with `R = (n + 1/2) h`. Shifting the contour of the residue formula gives
`|h sum g(kh) - int_{-R}^{R} g| <= 2 int |g(x + ia)| dx / (exp(2 pi a/h) - 1) + 4 M exp(-R^2/2) / (sqrt(2 pi) c)`,
`c = 2 pi/h - a/2`. The second part comes from the sides `|Re z| = R`, where the kernel is at most
`exp(-2 pi y/h)`, `|f| <= M`, and `y^2/2 <= a y/2`. All sizes of `|f|` are taken over columns of squares in
`x = m + sqrt(q) z`, so that they serve every variance.
"""

import math
from bisect import bisect_right
from functools import lru_cache

import sympy as sp
from flint import acb, arb, ctx

from mfcheck.rigor.germs import Germ, Term, UnknownTailError
from mfcheck.rigor.program import program
from mfcheck.rigor.tails import tail
from mfcheck.symbolic.activation import X

_LOW_PREC = 64
_EDGES = (
    *(k / 2 for k in range(16)),
    *(2.0**k * (1 + i / 4) for k in range(3, 60) for i in range(4)),
)
"""Ends of the columns in `|x|`: half a unit wide up to 8, then a quarter of a binade."""
_DEPTH = 5
_HEIGHTS = (
    8.0,
    6.0,
    4.0,
    3.0,
    2.0,
    1.5,
    1.25,
    1.0,
    0.9,
    0.75,
    0.6,
    0.5,
    0.35,
    0.25,
    0.15,
    0.1,
    0.05,
)
_MAX_NODES = 40_000
_FEW_DIGITS = 12.0
"""Logarithm of how far the sides of a contour may exceed the error wanted: a second attempt makes up for it."""
_STARTS = (8, *(k * 2**e for e in range(2, 60) for k in (3, 4)))
"""Where tails may start: few places, so that bounds of tails serve many variances."""
_STEPS = tuple(k / 16 for k in range(8, 16))


class NoStripError(Exception):
    """The function is not seen to be analytic near the real line, or the rule would need too many nodes."""


class Strip:
    """What is known of one analytic function near the real line; bounds are kept."""

    def __init__(self, f: sp.Expr) -> None:
        self.f = f
        with ctx.workprec(_LOW_PREC):
            self._code = program(f, (X,), "analytic")
        self._columns: dict[tuple[float, int], arb] = {}
        self._failed: dict[float, set[int]] = {}
        self.chosen: dict[tuple[int, int], float | None] = {}
        """Heights that pay best, by digits and by the size of the deviation; None where none is seen to pay."""

    def column(self, height: float, index: int) -> arb:
        """Bound `|f|` for `Re x` in the column of this index and `|Im x| <= height`; inf if not analytic."""
        key = (height, index)
        if key not in self._columns:
            with ctx.workprec(_LOW_PREC):
                self._columns[key] = self._measure(height, index)
        return self._columns[key]

    def _measure(self, height: float, index: int) -> arb:
        left, right = _ends(index)
        rows = max(1, math.ceil(height / 0.5))
        largest = arb(0)
        for row in range(rows):
            lower, upper = height * row / rows, height * (row + 1) / rows
            value = self._square(left, right, lower, upper, _DEPTH)
            if not value.is_finite():
                return arb.pos_inf()
            largest = largest.max(value)
        return largest

    def _square(self, left: float, right: float, lower: float, upper: float, depth: int) -> arb:
        box = acb(arb(left).union(arb(right)), arb(lower).union(arb(upper)))
        value = self._code(box)
        if value.is_finite():
            return value.abs_upper()
        if depth == 0:
            return arb.pos_inf()
        middle, centre = (left + right) / 2, (lower + upper) / 2
        largest = arb(0)
        for x0, x1 in ((left, middle), (middle, right)):
            for y0, y1 in ((lower, centre), (centre, upper)):
                part = self._square(x0, x1, y0, y1, depth - 1)
                if not part.is_finite():
                    return part
                largest = largest.max(part)
        return largest

    def columns(self, height: float, lower: float, upper: float) -> list[tuple[int, arb]] | None:
        """Return numbers and bounds of the columns that cover `[lower, upper]`; None if one is infinite."""
        first, last = _index(lower), _index(upper)
        if any(first <= index <= last for index in self._failed.get(height, ())):
            return None
        found = []
        # From the middle outwards, where singularities are likeliest.
        for index in sorted(range(first, last + 1), key=abs):
            bound = self.column(height, index)
            if not bound.is_finite():
                self._failed.setdefault(height, set()).add(index)
                return None
            found.append((index, bound))
        return found


def _ends(index: int) -> tuple[float, float]:
    """Return the ends of a column; negative numbers mirror: -1 lies left of 0."""
    if index < 0:
        left, right = _ends(-1 - index)
        return -right, -left
    return _EDGES[index], _EDGES[index + 1]


def _index(x: float) -> int:
    """Return the number of the column that holds x."""
    if abs(x) >= _EDGES[-1]:
        raise NoStripError
    return bisect_right(_EDGES, x) - 1 if x >= 0 else -bisect_right(_EDGES, -x)


@lru_cache(maxsize=512)
def strip(f: sp.Expr) -> Strip:
    """Return the record of one function."""
    return Strip(f)


@lru_cache(maxsize=1024)
def _germ(f: sp.Expr, start: int, right: bool) -> Germ:
    """Return `|x| >= start` of one side of the function as a germ; raises UnknownTailError."""
    return tail(f if right else f.subs(X, -X), start)


@lru_cache(maxsize=4096)
def _germ_size(f: sp.Expr, start: int, shift: int, right: bool) -> arb:
    """Bound `|f(x)| exp(-2^-shift x^2)` for `|x| >= start` on one side; raises UnknownTailError."""
    with ctx.workprec(_LOW_PREC):
        germ = _germ(f, start, right)
        return germ.times(germ.of([Term(arb(1), a=-(arb(2) ** -shift))])).range().abs_upper()


def tail_mass(f_left: sp.Expr, f_right: sp.Expr, q: arb, m: arb, radius: arb) -> arb:
    """Bound `E[|f|; |z| > radius]` where every `|x| = |m + sqrt(q) z|` there is at least 8.

    Raises:
        UnknownTailError: the function grows too fast, or is not understood there.
    """
    with ctx.workprec(_LOW_PREC):
        top, shift = q.upper(), abs(m).upper()
        factor = 1 if m.is_zero() else 2
        reach = max(8.0, float((radius * top.sqrt() - shift).lower()))
        start = _STARTS[bisect_right(_STARTS, reach) - 1]
        least = max(0, math.ceil(math.log2(max(16 * float(top), 1e-300))))
        reason = "it grows too fast"
        for shifts in (least, least - 1, least - 2):
            weight = arb(2) ** -shifts
            room = 1 - 2 * factor * weight * top
            if not room > 0.02:
                continue
            try:
                sizes = [
                    _germ_size(f_right, start, shifts, True),
                    _germ_size(f_left, start, shifts, False),
                ]
            except UnknownTailError as error:
                reason = str(error)
                continue
            # E exp(w x^2), |z| > r, one side, with x^2 <= factor (m^2 + q z^2).
            side = (radius * (room / 2).sqrt()).erfc() / (2 * room.sqrt())
            grown = (factor * weight * shift * shift).exp() if factor == 2 else arb(1)
            return (sizes[0] + sizes[1]) * side * grown
        raise UnknownTailError(reason)


def strip_expectation(f: sp.Expr, q: arb, m: arb, digits: float, even: bool) -> tuple[arb, arb]:
    """Return the sum of the rule, and a bound of its error of about `10^-digits`.

    Raises:
        NoStripError: the function is not seen to be analytic near the line.
        UnknownTailError: it grows too fast.
    """
    known = strip(f)
    with ctx.workprec(_LOW_PREC):
        goal = digits * math.log(10)
        shift = float(abs(m).upper())
        radius = _radius(known, q, m, goal)
        step, height = _best(known, q, m, radius, goal)
        count = math.ceil(radius / step)
        if count > _MAX_NODES:
            raise NoStripError
        error = _error(known, q, m, height, step, (count + 0.5) * step)
        error += _outside(known, q, m, arb((count + 0.5) * step), shift)
    prec = int(goal / math.log(2)) + 24
    with ctx.workprec(prec):
        return _sum(f, q, m, step, count, even, prec), error


def _best(known: Strip, q: arb, m: arb, radius: float, goal: float) -> tuple[float, float]:
    """Return the longest step that was found, and its height; what pays for a like deviation is tried first.

    That is worked out for one deviation of that size: no result may depend on which was asked for before.

    Raises:
        NoStripError: no height will do.
    """
    top = float(q.upper().sqrt())
    like = (max(1, round(goal / 5)), round(4 * math.log2(top)) if top > 0 else 0)
    if like not in known.chosen:
        known.chosen[like] = _usual(known, 2.0 ** (like[1] / 4), 5.0 * like[0])
    height = known.chosen[like]
    if height is not None:
        step = _step(known, q, m, height, radius, goal)
        if step is not None and _has_low_sides(known, q, m, height, step, radius, goal):
            return step, height
    return _longest(known, q, m, radius, goal)


def _usual(known: Strip, top: float, goal: float) -> float | None:
    """Return the height that pays best at mean 0 and this deviation, None if none is seen to."""
    q, m = arb(top) ** 2, arb(0)
    try:
        return _longest(known, q, m, _radius(known, q, m, goal), goal)[1]
    except (NoStripError, UnknownTailError):
        return None


def _longest(known: Strip, q: arb, m: arb, radius: float, goal: float) -> tuple[float, float]:
    """Return the longest step of all heights whose sides are small, of all if there is none, and its height.

    Raises:
        NoStripError: no height will do.
    """
    best: tuple[bool, float, float] | None = None
    for height in _heights(float(q.upper().sqrt()), goal):
        step = _step(known, q, m, height, radius, goal)
        if step is None:
            continue
        found = _has_low_sides(known, q, m, height, step, radius, goal), step, height
        if best is not None and found[0] == best[0] and step < 0.8 * best[1]:
            break
        best = found if best is None else max(best, found)
    if best is None:
        raise NoStripError
    return best[1:]


def _has_low_sides(
    known: Strip, q: arb, m: arb, height: float, step: float, radius: float, goal: float
) -> bool:
    """Say whether the sides of the contour leave an error not far above what is wanted."""
    sides = _sides(known, q, m, height, step, radius)
    return sides is not None and float(sides.log()) < _FEW_DIGITS - goal


def _heights(top: float, goal: float) -> list[float]:
    """Return the heights that may pay: half-height sqrt(2 goal) in z is the best for entire functions."""
    most = 1.2 * math.sqrt(2 * goal) * top
    useful = [height for height in _HEIGHTS if height <= most]
    if not useful:
        useful = [2.0 ** math.floor(math.log2(max(most, 1e-150)))]
    return useful


def _radius(known: Strip, q: arb, m: arb, goal: float) -> float:
    radius = math.sqrt(2 * goal) + 0.25
    shift = float(abs(m).upper())
    for _ in range(40):
        if float(_outside(known, q, m, arb(radius), shift).log()) < -goal:
            return radius
        radius *= 1.05
    raise UnknownTailError("it grows too fast")


def _outside(known: Strip, q: arb, m: arb, radius: arb, shift: float) -> arb:
    """Bound `E[|f|; |z| > radius]`; what lies within `|x| <= 8` by the largest value there."""
    mass = tail_mass(known.f, known.f, q, m, radius)
    if float((radius * q.upper().sqrt()).lower()) - shift < 8 or not q.lower() > 0:
        for height in (0.25, 0.05):
            inner = known.columns(height, -8.0 - shift, 8.0 + shift)
            if inner is not None:
                return (
                    mass + max((b for _, b in inner), key=float) * (radius / arb(2).sqrt()).erfc()
                )
        raise NoStripError
    return mass


def _step(known: Strip, q: arb, m: arb, height: float, radius: float, goal: float) -> float | None:
    line = _line(known, q, m, height, radius + 0.5)
    if line is None:
        return None
    a = height / float(q.upper().sqrt())
    needed = goal + math.log(2) + float((line.log() if line > 0 else arb(0)).upper())
    step = 2 * math.pi * a / max(needed + 0.2, 1.0)
    if step < 1e-6:
        return None
    exponent = math.floor(math.log2(min(step, 1.0))) + 1
    return max(s for s in _STEPS if s * 2.0**exponent <= min(step, 1.0)) * 2.0**exponent


def _line(known: Strip, q: arb, m: arb, height: float, radius: float) -> arb | None:
    """Bound `int |g(x + ia)| dx` over `|x| <= radius`, None where `f` is not seen to be analytic."""
    top = q.upper().sqrt()
    reach, centre = float(top) * radius, float(m.mid())
    spread = float(abs(m).upper()) - abs(centre) if not m.is_exact() else 0.0
    columns = known.columns(height, centre - spread - reach, centre + spread + reach)
    if columns is None:
        return None
    bottom = q.lower().sqrt() if q.lower() > 0 else arb(0)
    a = arb(height) / top
    total = arb(0)
    for index, size in columns:
        left, right = _ends(index)
        away = arb(left).union(arb(right)) - m
        nearest = (away.abs_lower() / top).lower()
        width = (
            arb(2 * radius) if bottom.is_zero() else ((right - left) / bottom).min(arb(2 * radius))
        )
        total += size * width * ((a * a - nearest * nearest) / 2).exp()
    return (total / (2 * arb.pi()).sqrt()).upper()


def _error(known: Strip, q: arb, m: arb, height: float, step: float, radius: float) -> arb:
    line = _line(known, q, m, height, radius + 0.01)
    if line is None:
        raise NoStripError
    sides = _sides(known, q, m, height, step, radius)
    if sides is None:
        raise NoStripError
    a = arb(height) / q.upper().sqrt()
    return (2 * line / ((2 * arb.pi() * a / step).exp() - 1) + sides).upper()


def _sides(known: Strip, q: arb, m: arb, height: float, step: float, radius: float) -> arb | None:
    """Bound what the sides of the contour add; None where `f` is not seen to be analytic, or the step is too long."""
    reach = float(q.upper().sqrt()) * radius + float(abs(m).upper()) + 0.01
    columns = known.columns(height, -reach, reach)
    rate = 2 * arb.pi() / step - arb(height) / q.upper().sqrt() / 2
    if columns is None or not rate > 0:
        return None
    # The largest value anywhere is a bound on the sides as well.
    largest = max((size for _, size in columns), key=float)
    return 4 * largest * (-(arb(radius) ** 2) / 2).exp() / ((2 * arb.pi()).sqrt() * rate)


def _root(q: arb) -> arb:
    return q.sqrt() if q > 0 else arb(0).union(q.upper().sqrt())


@lru_cache(maxsize=64)
def _weights(step: float, count: int, prec: int) -> tuple[arb, ...]:
    with ctx.workprec(prec):
        scale = step / (2 * arb.pi()).sqrt()
        return tuple(scale * (-(arb(k * step) ** 2) / 2).exp() for k in range(count + 1))


def _sum(f: sp.Expr, q: arb, m: arb, step: float, count: int, even: bool, prec: int) -> arb:
    code, weights, scale = program(f, (X,)), _weights(step, count, prec), _root(q) * step
    value = weights[0] * code(m)
    if even:
        return value + 2 * sum((weights[k] * code(scale * k) for k in range(1, count + 1)), arb(0))
    for k in range(1, count + 1):
        value += weights[k] * (code(m + scale * k) + code(m - scale * k))
    return value
