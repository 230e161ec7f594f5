"""Bounds of a formula on a box: in intervals, by Taylor series at an end or in the middle, by halving."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import Any, TypeAlias

from . import taylor
from .formulas import BINDERS, FUNCTIONS, cost, evaluate, exact, iv
from .kernels import MAX_BITS, kernel
from .monotone import direction
from .reading import NAME, Bounds, Json, UnprovedError, bounds, effort, need, number, prove
from .reals import REALS

Known: TypeAlias = Mapping[str, Bounds]  # numbers that earlier parts of a bundle have enclosed
Box: TypeAlias = Mapping[str, tuple[Fraction, Fraction]]
Values: TypeAlias = dict[Hashable, Any]

MAX_DEPTH, MAX_ORDER, MAX_PIECES = 40, 12, 1000


def inequality(claim: Json, witness: Json, known: Known) -> Bounds:
    """Bounds of a formula for all inputs: numbers, [low, high], or names of earlier parts.

    The witness may ask for `cuts` of inputs at given places, then for up to `bisect` halvings of each piece, and for
    Taylor series of `order`.
    """
    (lower, upper), box = bounds(claim), read_box(claim["inputs"], known)
    depth, order = witness.get("bisect", 0), witness.get("order", 1)
    need(32 <= witness["bits"] <= MAX_BITS, "bits out of range")
    need(0 <= depth <= MAX_DEPTH and 1 <= order <= MAX_ORDER, "bisect or order out of range")
    iv.prec = 2 * witness["bits"] + 100
    pieces = [box]
    for name, places in witness.get("cuts", {}).items():
        pieces = [part for piece in pieces for part in _cut(piece, name, places)]
        need(len(pieces) <= MAX_PIECES, f"more than {MAX_PIECES} pieces")
    kernels: dict[str, Any] = {}
    if "activation" in claim:
        kernels = {f"A{k or ''}": kernel(claim, witness, k) for k in range(3)}
    values: Values = {}
    for bound, sign in ((lower, 1), (upper, -1)):
        if bound is not None:
            goal = Goal(claim["formula"], kernels, bound, sign, order if depth else 0, values)
            for piece in pieces:
                reason = goal.why_not(piece, depth)
                prove(not reason, reason)
    return lower, upper


def read_box(inputs: Json, known: Known) -> Box:
    """Return the ends of each input."""
    box: dict[str, tuple[Fraction, Fraction]] = {}
    for name, value in inputs.items():
        need(
            bool(NAME.fullmatch(name)) and name not in (*FUNCTIONS, *BINDERS, "pi"),
            "name of an input",
        )
        named = known.get(value) if isinstance(value, str) else None
        given = named or [number(x) for x in (value if isinstance(value, list) else [value] * 2)]
        ends = [end for end in given if end is not None]
        need(len(ends) == len(given) == 2 and ends[0] <= ends[1], f"bounds of input {name}")
        box[name] = (ends[0], ends[1])
    return box


def _cut(box: Box, name: str, places: Any) -> list[Box]:
    need(name in box and isinstance(places, list) and len(places) < MAX_PIECES, "a cut of no input")
    low, high = box[name]
    inner = sorted(x for x in map(number, places) if low < x < high)
    return [{**box, name: ends} for ends in pairwise([low, *inner, high])]


@dataclass(frozen=True)
class Goal:
    """`sign * (formula - bound) >= 0`; Taylor series up to `order` are tried if it is not 0."""

    formula: Any
    kernels: Mapping[str, Callable[[Any], Any]]
    bound: Fraction
    sign: int
    order: int
    values: Values = field(default_factory=dict)
    """What the formula is on boxes that were met before: both bounds need the same values."""

    def why_not(self, box: Box, depth: int) -> str:
        """Return nothing if the goal is proved on the box with at most `depth` halvings, else why it is not."""
        reason = self._why_not_at_once(box)
        wide = [name for name, (low, high) in box.items() if low < high]
        if not reason or depth == 0 or not wide:
            return reason
        name = wide[depth % len(wide)]
        low, high = box[name]
        middle = (low + high) / 2
        halves = ({**box, name: ends} for ends in ((low, middle), (middle, high)))
        return next(filter(None, (self.why_not(half, depth - 1) for half in halves)), "")

    def _why_not_at_once(self, box: Box) -> str:
        try:
            value = self._value(box)
            bound = exact(self.bound)
            if bound.b <= value.a if self.sign > 0 else value.b <= bound.a:
                return ""
            reason = f"the {'lower' if self.sign > 0 else 'upper'} bound is not proved"
        except UnprovedError as error:
            reason = str(error)
        wide = [name for name, (low, high) in box.items() if low < high]
        names = (wide or list(box)[:1]) if self.order else []
        steep = list[str]()
        if any(self._by_taylor(box, name, steep) for name in names):
            return ""
        known = not self.kernels and tuple(box.items()) in self.values
        sloped = [name for name in steep if known and name in wide]
        return "" if any(self._by_slope(box, name) for name in sloped) else reason

    def _value(self, box: Box) -> Any:
        key = tuple(box.items())
        if key not in self.values:
            names = {**self.kernels, **intervals(box)}
            self.values[key] = evaluate(self.formula, names, REALS)
        return self.values[key]

    def _by_slope(self, box: Box, name: str) -> bool:
        """Prove the goal where it is monotone in one input and holds at the end at which it is smallest.

        The formula has values on the box; its slope may have none at the ends.
        """
        low, high = box[name]
        rises = self.sign * direction(self.formula, name, intervals(box), box[name])
        end = {1: low, -1: high}.get(rises)
        if end is None:
            return False
        there = {**box, name: (end, end)}
        return self._exactly(there) or not self._why_not_at_once(there)

    def _exactly(self, box: Box) -> bool:
        """Prove the goal on a box with values that are kept exact where they are rational, as tanh(0) is."""
        names = {
            key: [ends[0] if ends[0] == ends[1] else intervals(box)[key]]
            for key, ends in box.items()
        }
        try:
            (value,) = evaluate(self.formula, names, taylor.jets(0))
            above = taylor.plus(taylor.times(value, Fraction(self.sign)), -self.sign * self.bound)
            return bool(taylor.ball(above).a >= 0)
        except UnprovedError:
            return False

    def _by_taylor(self, box: Box, name: str, steep: list[str]) -> bool:
        """Prove the goal by a Taylor series of one input at its low end (1), its high end (-1) or its middle (0).

        Where the goal is smallest at one end, it is enough to prove it there. A name without series is noted as steep.
        """
        low, high = box[name]
        for side, start in ((1, low), (-1, high), (0, (low + high) / 2)):
            try:
                series = self._series(box, name, start)
                width = (high - low) / (1 if side else 2)
                if taylor.not_negative(series, width, side):
                    return True
                rises = [Fraction(0), *series[1:]]
                if side and low < high and taylor.not_negative(rises, width, side):
                    return not self._why_not_at_once({**box, name: (start, start)})
            except UnprovedError:
                steep += [name] if not side else []
        return False

    def _series(self, box: Box, name: str, start: Fraction) -> taylor.Jet:
        """The goal as a series in one input around `start`, its last coefficient for the whole of the box.

        Which argument of a maximum is the largest is decided on the whole box, and kept at `start`.
        """
        effort.spend(4 * self.order**2 * cost(self.formula, iv.prec))
        chosen: list[int] = []

        def decide(values: Sequence[taylor.Jet]) -> int:
            chosen.append(taylor.largest(values))
            return chosen[-1]

        over = self.jet(box, name, intervals(box)[name], decide)
        kept = iter(chosen)
        at = self.jet(box, name, start, lambda _: next(kept))
        series = [taylor.times(x, Fraction(self.sign)) for x in (*at[:-1], over[-1])]
        return [taylor.plus(series[0], -self.sign * self.bound), *series[1:]]

    def jet(
        self,
        box: Box,
        name: str,
        start: taylor.Coefficient,
        choice: taylor.Choice = taylor.largest,
    ) -> taylor.Jet:
        """Return the formula as a series in one input at `start`, the others anywhere in the box."""
        rest = [Fraction(0)] * (self.order - 1)
        values = {
            key: ends[0] if ends[0] == ends[1] else intervals(box)[key] for key, ends in box.items()
        }
        names: dict[str, Any] = {key: [x, Fraction(0), *rest] for key, x in values.items()}
        names[name] = [start, Fraction(1), *rest]
        functions = {key: taylor.of_constants(f) for key, f in self.kernels.items()}
        jet: taylor.Jet = evaluate(
            self.formula, {**functions, **names}, taylor.jets(self.order, choice)
        )
        return jet


def intervals(box: Box) -> dict[str, Any]:
    """Return the inputs as intervals."""
    return {name: iv.mpf([exact(low).a, exact(high).b]) for name, (low, high) in box.items()}
