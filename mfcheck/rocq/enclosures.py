"""What the checker of certificates computes on its way, for texts of Rocq that start from it."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import takewhile
from typing import Any

from mfcheck.verify import UnprovedError, taylor
from mfcheck.verify.counts import Piece, pieces
from mfcheck.verify.eigenvalues import gram
from mfcheck.verify.formulas import Pair, evaluate, exact, fixed, iv, sqrt
from mfcheck.verify.inequalities import Box, Goal, Known, intervals, read_box
from mfcheck.verify.kernels import Kernel, kernel, order
from mfcheck.verify.reading import effort
from mfcheck.verify.reals import REALS

Json = dict[str, Any]


def enclosure(claim: Json, witness: Json, work: bool = True) -> tuple[Fraction, Fraction]:
    """Enclose a formula by intervals alone, as a help to writers.

    Without `work` of its own it takes of what is left of the work of others, so that many together stay bounded.
    """
    if work:
        effort.start()
    iv.prec = 2 * witness["bits"] + 100
    kernels: dict[str, Any] = {}
    if "activation" in claim:
        kernels = {f"A{k or ''}": kernel(claim, witness, k) for k in range(3)}
    names = {**kernels, **intervals(read_box(claim["inputs"], {}))}
    value = evaluate(claim["formula"], names, REALS)
    low, high = fixed(value, witness["bits"])
    return Fraction(low, 2 ** witness["bits"]), Fraction(high, 2 ** witness["bits"])


def contact(claim: Json, name: str, bound: Fraction, most: int) -> int:
    """How many Taylor coefficients in one input of `formula - bound` are exactly zero at the point of the claim."""
    effort.start()
    iv.prec = 200
    goal = Goal(claim["formula"], {}, bound, 1, most)
    box = read_box(claim["inputs"], {})
    try:
        jet = goal.jet(box, name, box[name][0])
    except UnprovedError:
        return 0
    jet[0] = taylor.plus(jet[0], -bound)
    zeros = takewhile(lambda x: isinstance(x, Fraction) and x == 0, jet[:-1])
    return sum(1 for _ in zeros)


def not_negative(formula: str, name: str, ends: tuple[Fraction, Fraction]) -> bool:
    """Whether a formula in one variable is seen not to be negative between two ends."""
    effort.start()
    iv.prec = 200
    return not Goal(formula, {}, Fraction(0), 1, 0).why_not({name: ends}, 8)


def follows(formula: str, box: Box, bound: Fraction, sign: int) -> bool:
    """Whether a formula is seen to be on one side of a bound, by intervals and halving."""
    effort.start()
    iv.prec = 200
    return not Goal(formula, {}, bound, sign, 0).why_not(box, 8)


def decided(formula: str, box: Box, sides: Json, bits: int) -> Fraction | None:
    """Whether intervals of so many bits show bounds of a formula: its largest square under erf, or `None`."""
    try:
        value, square = _valued(formula, {name: _hull(ends) for name, ends in box.items()}, bits)
    except UnprovedError:
        return None
    shown = ("lower" not in sides or value.a >= exact(Fraction(sides["lower"])).b) and (
        "upper" not in sides or value.b <= exact(Fraction(sides["upper"])).a
    )
    return square if shown else None


def opposite(
    formula: str, box: Box, name: str, ends: tuple[Fraction, Fraction], bits: int
) -> Fraction | None:
    """As `decided`, whether the formula has different signs at two ends, and is finite between them."""
    names, signs, most = {key: _hull(inner) for key, inner in box.items()}, [], Fraction(0)
    try:
        for end in ends:
            value, _ = _valued(formula, {**names, name: exact(end)}, bits)
            if not (value.a > 0 or value.b < 0):
                return None
            signs.append(value.a > 0)
        _, most = _valued(formula, {**names, name: _hull(ends)}, bits)
    except UnprovedError:
        return None
    return most if signs[0] != signs[1] else None


def square_under_erf(formula: str, box: Box, bits: int) -> Fraction:
    """Return the largest square under erf in a formula.

    Raises:
        UnprovedError: the formula has no bounds over the whole box.
    """
    return _valued(formula, {name: _hull(ends) for name, ends in box.items()}, bits)[1]


def valued_between(formula: str, box: Box, bits: int) -> tuple[Fraction, Fraction]:
    """Enclose a formula over a box by intervals of so many bits.

    Raises:
        UnprovedError: it has no bounds there.
    """
    value, _ = _valued(formula, {name: _hull(ends) for name, ends in box.items()}, bits)
    low, high = fixed(value, bits)
    return Fraction(low, 2**bits), Fraction(high, 2**bits)


def _hull(ends: tuple[Fraction, Fraction]) -> Any:
    low, high = map(exact, ends)
    return iv.mpf([low.a, high.b])


_EXACT = dict.fromkeys(("exp", "cos"), (0, 1))
_EXACT |= dict.fromkeys(("sin", "atan", "tanh", "erf"), (0, 0)) | {"log": (1, 0)}
"""Where the intervals of Rocq have no width, for a function: at which number, and its value there."""


def _exact_at(point: int, value: int, function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x: iv.mpf(value) if x.a == point == x.b else function(x)


def _valued(formula: str, names: dict[str, Any], bits: int) -> tuple[Any, Fraction]:
    """The value of a formula, erf by the mean value theorem as in Rocq, and the largest square under erf in it."""
    squares = [Fraction(0)]

    def erf(x: Any) -> Any:
        squares.append(Fraction(float((x * x).b)))
        middle = iv.mpf(x.mid)
        steepest = 2 / sqrt(iv.pi) * REALS.functions["exp"](-(x**2))
        return REALS.functions["erf"](middle) + steepest * (x - middle)

    effort.start()
    iv.prec = bits
    functions = {**REALS.functions, "erf": erf}
    functions |= {name: _exact_at(*at, functions[name]) for name, at in _EXACT.items()}
    algebra = replace(REALS, functions=functions)
    return evaluate(formula, names, algebra), max(squares)


def signed_pieces(claim: Json, witness: Json, known: Known) -> list[Piece]:
    """Return the pieces by which the checker counts zeros."""
    effort.start()
    return list(pieces(claim, witness, known))


def spectrum(claim: Json, witness: Json) -> Kernel:
    """Return the kernel of a claim."""
    effort.start()
    return kernel(claim, witness, order(claim))


def matrix(claim: Json, witness: Json) -> list[list[Pair]]:
    """Enclose the lower triangle of the kernel matrix of a claim, in units of `2^-bits`."""
    return gram(claim["points"], spectrum(claim, witness), Fraction(1))
