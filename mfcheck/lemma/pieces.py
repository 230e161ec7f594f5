"""What can be said of a formula on one piece of a line or on one box: the arguments that are trusted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from flint import arb, ctx

from mfcheck.lemma import balls, signs
from mfcheck.lemma.constants import expanded, is_zero
from mfcheck.lemma.evaluate import Program
from mfcheck.lemma.formula import Formula
from mfcheck.lemma.gaussians import has_expectation, simplified
from mfcheck.lemma.intervals import Contractor, EmptyError
from mfcheck.lemma.models import Face, ModelError
from mfcheck.lemma.prove.budget import uncounted
from mfcheck.lemma.terms import Term, add, call, derivative, neg, power, scale, substitute, var


class Box:
    """Signs of terms on a box, `[low, high]` for each variable, by enclosures of rising effort.

    Programs are shared between boxes through `programs`. With `ends_matter` the ends of the sides are taken exactly.
    """

    def __init__(
        self,
        names: Sequence[str],
        lows: Sequence[arb],
        highs: Sequence[arb],
        programs: dict[tuple[Term, int], Program],
    ) -> None:
        self.names = names
        self.lows = lows
        self.highs = highs
        self.programs = programs
        self.finite = all(a.is_finite() for a in (*lows, *highs))
        self.inputs = [a.union(b) if a is not b else a for a, b in zip(lows, highs, strict=True)]
        self.order = 0
        self.ends_matter = False
        self.contractors: dict[Term, Contractor] = {}

    def program(self, t: Term) -> Program:
        """Return the program of a term."""
        key = (t, ctx.prec)
        found = self.programs.get(key)
        if found is None:
            found = self.programs[key] = Program([t], self.names)
        return found

    def signs(self, t: Term) -> int:
        """Return the possible signs: by plain enclosure, then by Taylor forms if `order` is set."""
        if not self.finite or self.ends_matter:
            return self._signs_beyond(t)
        code = self.program(t)
        naturals = code.naturals(self.inputs)
        value = naturals[code.roots[0]]
        if not value.is_finite() and len(self.names) == 1:
            return self._signs_beyond(t)
        possible = signs.of_ball(value)
        if (possible in (signs.ANY, signs.ANY & ~signs.ZERO) and self.order) or (
            self.order and possible != signs.ZERO and possible & signs.ZERO
        ):
            possible &= self._sharper(code, naturals, t)
        return possible

    def _signs_beyond(self, t: Term) -> int:
        """Return the possible signs on a box with an infinite side."""
        found = self.contractors.get(t)
        if found is None:
            found = self.contractors[t] = _contractor(t, tuple(self.names), ctx.prec)
        try:
            return signs.of_bounds(*found(list(zip(self.lows, self.highs, strict=True))))
        except EmptyError:
            return signs.ANY

    def _sharper(self, code: Program, naturals: list[arb], t: Term) -> int:
        possible = signs.ANY
        if len(self.names) == 1:
            low, high = self.lows[0], self.highs[0]
            return signs.of_bounds(*line_form(code, self.names[0], low, high, self.order, naturals))
        return possible & signs.of_ball(
            box_form(code, self.names, self.lows, self.highs, naturals, t.free)
        )


@lru_cache(maxsize=128)
def _contractor(t: Term, names: tuple[str, ...], prec: int) -> Contractor:
    del prec
    return Contractor(t, names)


def line_form(
    code: Program, name: str, low: arb, high: arb, order: int, naturals: list[arb] | None = None
) -> tuple[arb, arb]:
    """Bound a function on `[low, high]`: by its ends if it is monotone or bends one way, and by Taylor's formula."""
    hull = low.union(high)
    c = code.series([hull], name, order + 1, naturals)[0]
    if c[1] > 0 or c[1] < 0:
        first, last = code([low])[0], code([high])[0]
        return (first.lower(), last.upper()) if c[1] > 0 else (last.lower(), first.upper())
    value = _taylor(code, name, hull, order, c[order])
    lower, upper = value.lower(), value.upper()
    if c[2] < 0:
        lower = _better(lower, code([low])[0].min(code([high])[0]).lower(), above=True)
    elif c[2] > 0:
        upper = _better(upper, code([low])[0].max(code([high])[0]).upper(), above=False)
    return lower, upper


def _taylor(code: Program, name: str, hull: arb, order: int, last: arb) -> arb:
    middle = hull.mid()
    at = [*code.series([middle], name, order)[0], last]
    reach = (hull - middle).abs_upper()
    value, power = at[0], balls.ONE
    for k in range(1, order + 1):
        power = power * reach
        value = value + at[k] * (balls.ZERO.union(power) if k % 2 == 0 else (-power).union(power))
    return value


def _better(known: arb, other: arb, above: bool) -> arb:
    """Return the sharper of two bounds; nan bounds nothing."""
    if not other.is_finite():
        return known
    if not known.is_finite():
        return other
    return known.max(other) if above else known.min(other)


def box_form(
    code: Program,
    names: Sequence[str],
    lows: Sequence[arb],
    highs: Sequence[arb],
    naturals: list[arb],
    free: frozenset[str],
) -> arb:
    """Enclose a function on a box by the mean value form, monotone variables taken at their ends."""
    inputs = [a.union(b) for a, b in zip(lows, highs, strict=True)]
    slopes: list[arb | None] = [None] * len(names)
    least, most = list(inputs), list(inputs)
    monotone = 0
    for k, name in enumerate(names):
        if name not in free or lows[k] is highs[k]:
            continue
        s = code.series(inputs, name, 2, naturals)[0][1]
        slopes[k] = s
        if s >= 0:
            least[k], most[k] = lows[k], highs[k]
            monotone += 1
        elif s <= 0:
            least[k], most[k] = highs[k], lows[k]
            monotone += 1
    if monotone:
        below = _centred(code, least, slopes)
        above = _centred(code, most, slopes)
        return below.lower().union(above.upper())
    return _centred(code, inputs, slopes)


def _centred(code: Program, inputs: Sequence[arb], slopes: Sequence[arb | None]) -> arb:
    """Return the mean value form about the middle, cut with the plain enclosure."""
    plain = code(inputs)[0]
    middle = [x.mid() if s is not None else x for x, s in zip(inputs, slopes, strict=True)]
    value = code(middle)[0]
    for x, m, s in zip(inputs, middle, slopes, strict=True):
        if s is not None:
            value = value + s * (x - m)
    if not value.is_finite():
        return plain
    if not plain.is_finite():
        return value
    low = max(plain.lower(), value.lower())
    high = min(plain.upper(), value.upper())
    return low.union(high) if low <= high else value


@dataclass
class Edge:
    """Signs of terms next to one end of a line: on `(0, width]` of the chart."""

    face: Face

    def signs(self, t: Term) -> int:
        """Return the possible signs."""
        try:
            return signs.of_sign(self.face.sign(self.face.model(t)))
        except (ModelError, ZeroDivisionError, ValueError):
            return signs.ANY


class Tail:
    """Signs of terms for `t >= start` in a chart of a half-line.

    Without an end: `x = way t`, or `x = way exp(t)` with the chart "exp". Next to an end: `x = end + way exp(-t)`, or
    `x = end + way t^-k` with the chart "1" or "2". `reach` is the distance from the end that is covered.
    """

    def __init__(
        self, name: str, start: int, way: int, end: Term | None = None, chart: str = ""
    ) -> None:
        with (
            uncounted()
        ):  # it needs SymPy, which takes as long to load as many statements to decide
            from mfcheck.lemma.germs import HalfLine

        self.line = HalfLine(start)
        t = var(name)
        if end is None:
            value = scale(way, call("exp", t) if chart == "exp" else t)
            self.reach = arb(0)
        elif chart == "exp":
            value = add(end, scale(way, call("exp", neg(t))))
            self.reach = arb(-start).exp()
        else:
            value = add(end, scale(way, power(t, -int(chart))))
            self.reach = 1 / arb(start) ** int(chart)
        self.value = {name: value}

    def signs(self, t: Term) -> int:
        """Return the possible signs."""
        value = substitute(t, self.value)
        found = self.line.sign(value)
        if found is None:
            wide = expanded(value)
            found = self.line.sign(wide) if wide is not value else None
        return signs.of_sign(found)


class Falling:
    """Signs of terms on a half-line `[start, inf)`, seen from the limit zero and the sign of the slope."""

    def __init__(self, name: str, start: int, way: int) -> None:
        self.name = name
        self.way = way
        self.tail = Tail(name, start, way)

    def signs(self, t: Term) -> int:
        """Return the possible signs: a function that tends to zero and falls is positive."""
        found = self.tail.signs(t)
        if found != signs.ANY:
            return found
        value = substitute(t, self.tail.value)
        if self.tail.line.vanishes(value):
            slope = self.tail.line.sign(derivative(value, self.name))
            if slope is not None and slope != 0:
                return signs.of_sign(-slope)
        return signs.ANY


class Point:
    """Signs of terms at one exact point."""

    def __init__(self, values: Mapping[str, Term]) -> None:
        self.values = values

    def signs(self, t: Term) -> int:
        """Return the possible signs."""
        value = substitute(t, self.values)
        if value.op != "num":
            value = simplified(value, {})
        if value.op == "num":
            v = value.value()
            return signs.of_sign((v > 0) - (v < 0))
        possible = signs.ANY
        for prec in (128, 512):
            with ctx.workprec(prec):
                possible = signs.of_ball(Program([value], sorted(value.free))([])[0])
            if possible in (signs.POSITIVE, signs.NEGATIVE, signs.ZERO):
                return possible
        zero = is_zero(value)
        if zero or value.free or has_expectation(value):
            return signs.ZERO if zero else possible
        for prec in (2048, 8192, 32768) if zero is False else (2048,):
            with ctx.workprec(prec):
                found = signs.of_ball(Program([value], ())([])[0])
            if found in (signs.POSITIVE, signs.NEGATIVE):
                return found
        return possible if zero is None else possible & ~signs.ZERO


def holds(formula: Formula, place: Box | Edge | Tail | Falling | Point) -> bool | None:
    """Return whether a formula holds throughout a piece, None if that is open."""
    return signs.truth(formula, place.signs)
