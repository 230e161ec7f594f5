"""Constants that two papers share: what has one formula and the same inputs must have one value."""

from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from itertools import combinations
from typing import Literal, NamedTuple

from mfcheck.claims.record import ConstantRecord, Estimate, Interval, Review

_DIGITS = 10
"""So many digits in common make two enclosures one number, if no shorter decimal does."""
_SHORT = 7
_DENOMINATOR = 200

Answer = Literal["agree", "differ", "same digits"]


class Place(NamedTuple):
    """A constant of a paper."""

    paper: str
    constant: ConstantRecord


class Crossing(NamedTuple):
    """Two constants of two papers, why they are set side by side, and whether their values can be one number."""

    left: Place
    right: Place
    shared: Literal["formula", "name", "value"]
    answer: Answer


def crossings(reviews: Sequence[Review]) -> list[Crossing]:
    """Return the pairs of constants of two papers that have a formula or a name in common, or ten digits.

    Formulas and names are only set side by side where their inputs are the same, number by number; two enclosures that
    do not meet differ, so do two estimates further apart than both errors. A pair that only shares a name may be two
    quantities.
    """
    found = []
    for one, two in combinations(reviews, 2):
        for a in _known(one):
            for b in _known(two):
                shared = _shared(a, b)
                answer = None if shared is None else _answer(one, two, a, b)
                if shared is not None and answer is not None:
                    left, right = Place(one.paper, a), Place(two.paper, b)
                    found.append(Crossing(left, right, shared, answer))
    return sorted(found, key=lambda c: ("differ", "agree", "same digits").index(c.answer))


def ends(value: Interval | Estimate | None) -> tuple[Decimal, Decimal] | None:
    """Return the ends of an enclosure, or of an estimate and its error; None where there are none that are finite."""
    try:
        if isinstance(value, Interval):
            low, high = Decimal(value.lower), Decimal(value.upper)
        elif isinstance(value, Estimate):
            low, high = (Decimal(value.value + sign * value.error) for sign in (-1, 1))
        else:
            return None
    except (InvalidOperation, ValueError, OverflowError):
        return None
    return (low, high) if low.is_finite() and high.is_finite() and low <= high else None


def _known(review: Review) -> Iterable[ConstantRecord]:
    return (c for c in review.constants if ends(c.value) is not None)


def _shared(a: ConstantRecord, b: ConstantRecord) -> Literal["formula", "name", "value"] | None:
    if a.formula == b.formula and a.formula not in (a.id, b.id):
        return "formula"
    if a.id == b.id:
        return "name"
    return "value" if _one_number(a, b) else None


def _one_number(a: ConstantRecord, b: ConstantRecord) -> bool:
    """Whether two narrow enclosures meet, around a number that is no short decimal."""
    if not (isinstance(a.value, Interval) and isinstance(b.value, Interval)):
        return False
    one, two = ends(a.value), ends(b.value)
    return (
        one is not None
        and two is not None
        and _narrow(*one)
        and _narrow(*two)
        and _meet(one, two)
        and not _is_short(*one)
    )


def _narrow(low: Decimal, high: Decimal) -> bool:
    return high - low <= abs(low) * Decimal(10) ** -_DIGITS


def _is_short(low: Decimal, high: Decimal) -> bool:
    """Whether a decimal of few digits or a simple fraction lies between the bounds, as for 0, 1/4 and 2/3."""
    middle = (low + high) / 2
    if not middle:
        return True
    short = round(middle, _SHORT - 1 - middle.adjusted())
    fraction = Fraction(middle).limit_denominator(_DENOMINATOR)
    return low <= short <= high or Fraction(low) <= fraction <= Fraction(high)


def _meet(one: tuple[Decimal, Decimal], two: tuple[Decimal, Decimal]) -> bool:
    return one[0] <= two[1] and two[0] <= one[1]


def _answer(one: Review, two: Review, a: ConstantRecord, b: ConstantRecord) -> Answer | None:
    """Return what the values say; None where the inputs are not the same."""
    first, second = ends(a.value), ends(b.value)
    meets = first is not None and second is not None and _meet(first, second)
    if a.id != b.id and a.formula != b.formula:
        return "same digits"  # which may be chance
    if {*a.depends_on} != {*b.depends_on}:
        return None
    if not all(_same_input(name, one, two) for name in a.depends_on):
        return None
    return "agree" if meets else "differ"


def _same_input(name: str, one: Review, two: Review) -> bool:
    """Whether an input of a constant is the same in both reviews; data is, where its points and labels are."""
    keys = ("points", "labels") if name == "data" else (name,)
    given = [[_given(review, key) for key in keys] for review in (one, two)]
    return given[0] == given[1] and None not in given[0]


def _given(review: Review, name: str) -> object:
    parameters = review.setting.get("parameters")
    if isinstance(parameters, dict) and name in parameters:
        return parameters[name]
    if name in review.setting:
        return review.setting[name]
    value = next((c.value for c in review.constants if c.id == name), None)
    return None if value is None else repr(value)
