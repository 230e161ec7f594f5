"""Counts of zeros: pieces on which a formula has none, and pieces on which it is monotone, with its sign at the ends.

On a half-line, what lies beyond a place is bounded at once, as in `growth`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from .formulas import Interval, evaluate, exact, finite, iv
from .growth import GROWTH, Growth, constant
from .inequalities import Known, inequality, intervals, read_box
from .kernels import MAX_BITS
from .reading import Bounds, Json, UnprovedError, bounds, need, number, prove
from .reals import REALS
from .slopes import slope

MAX_PIECES, LEAST_BITS, MAX_ZEROS = 1000, 16, 100
INFINITE = "inf"
_SHARE = Fraction(4, 9)
"""Where pieces are cut: seldom at a zero."""


@dataclass(frozen=True)
class Piece:
    """A closed interval on which a formula, or else its derivative, has one sign; both ends, the zeros, the values."""

    low: Fraction
    high: Fraction
    zeros: int
    of_derivative: bool
    value: Interval


def zeros(claim: Json, witness: Json, known: Known) -> Bounds:
    """The number of zeros of a formula in one variable on an interval or a half-line, for all values of its inputs."""
    found = sum(piece.zeros for piece in pieces(claim, witness, known))
    prove(found == claim["count"], f"{found} zeros are found")
    return None, None


def pieces(claim: Json, witness: Json, known: Known) -> Iterator[Piece]:
    """Yield the pieces of an interval, or of a half-line up to a place beyond which there is no zero."""
    box, name = read_box(claim["inputs"], known), claim["variable"]
    low = number(claim["lower"])
    infinite = claim["upper"] == INFINITE
    need(infinite == ("reach" in witness), "reach belongs to half-lines")
    high = number(witness["reach"] if infinite else claim["upper"])
    need(LEAST_BITS <= witness["bits"] <= MAX_BITS, "bits out of range")
    need(name not in box and low <= high, "the variable, or the ends")
    need(0 <= claim["count"] <= MAX_ZEROS, "count out of range")
    read_box({name: "0"}, {})
    iv.prec = 2 * witness["bits"] + 100
    formula = _Formula(claim["formula"], slope(claim["formula"], name), name, intervals(box))
    if infinite:
        value = _beyond(claim["formula"], formula.names, name, high)
        away = (value.low is not None and value.low.a > 0) or (
            value.high is not None and value.high.b < 0
        )
        prove(away, "a zero beyond the last place is not excluded")
    yield from formula.pieces(low, high)


@dataclass(frozen=True)
class _Formula:
    """A formula and its derivative in one variable; the values of the other names."""

    text: str
    derivative: str
    name: str
    names: dict[str, Interval]

    def at(self, text: str, low: Fraction, high: Fraction) -> Interval:
        x = iv.mpf([exact(low).a, exact(high).b])
        return finite(evaluate(text, {**self.names, self.name: x}, REALS))

    def sign(self, x: Fraction) -> int:
        value = self.at(self.text, x, x)
        prove(0 not in value, "a sign at the end of a piece is not certain")
        return 1 if value.a > 0 else -1

    def pieces(self, low: Fraction, high: Fraction) -> Iterator[Piece]:
        """Cut the interval until each piece is settled; no zero is at the end of a piece."""
        left = [(low, high)]
        for _ in range(MAX_PIECES):
            if not left:
                return
            a, b = left.pop()
            piece = self._settled(a, b)
            if piece is None:
                middle = a + (b - a) * _SHARE
                left += [(middle, b), (a, middle)]
            else:
                yield piece
        raise UnprovedError("zeros are not told apart, or not excluded")

    def _settled(self, a: Fraction, b: Fraction) -> Piece | None:
        """There is no zero, or at most one as the derivative has a sign; None if neither is seen."""
        try:
            value = self.at(self.text, a, b)
            if 0 not in value:
                return Piece(a, b, 0, False, value)
            value = self.at(self.derivative, a, b)
        except UnprovedError:
            return None
        if 0 in value:
            return None
        return Piece(a, b, int(self.sign(a) != self.sign(b)), True, value)


def half_line(claim: Json, witness: Json, known: Known) -> Bounds:
    """Bounds of a formula for all values of a variable from a number on: on a box up to `reach`, and beyond at once."""
    (lower, upper), name = bounds(claim), claim["variable"]
    start, reach = number(claim["start"]), number(witness["reach"])
    need(name not in claim["inputs"] and start <= reach, "the variable, or reach")
    near: Json = {key: claim[key] for key in ("formula", "lower", "upper") if key in claim}
    hints = {key: value for key, value in witness.items() if key != "reach"}
    inputs = {**claim["inputs"], name: [claim["start"], witness["reach"]]}
    inequality({**near, "inputs": inputs}, hints, known)
    names = intervals(read_box(claim["inputs"], known))
    value = _beyond(claim["formula"], names, name, reach)
    above = lower is None or (value.low is not None and exact(lower).b <= value.low.a)
    below = upper is None or (value.high is not None and value.high.b <= exact(upper).a)
    prove(above and below, "a bound beyond the last place is not proved")
    return lower, upper


def _beyond(formula: str, names: dict[str, Interval], name: str, start: Fraction) -> Growth:
    """Bounds of a formula for all values of a variable from a number on."""
    values = {key: constant(x) for key, x in names.items()}
    line = Growth(iv.mpf(1), Fraction(1), low=exact(start))
    found: Growth = evaluate(formula, {**values, name: line}, GROWTH)
    return found
