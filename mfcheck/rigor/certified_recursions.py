"""Recursions in certificates: what the states are after many steps, as the checker runs them anew."""

from collections.abc import Mapping
from fractions import Fraction

from flint import arb, ctx

from mfcheck.rigor.ball import bounds
from mfcheck.rigor.certificate import Certificate, make

Values = Mapping[str, tuple[int, str, arb]]


def recursion(
    constants: Mapping[str, str],
    start: Mapping[str, str],
    steps: Mapping[str, str],
    values: Values,
    slopes: Mapping[str, tuple[Fraction | int, Fraction | int, Fraction | int]] = {},
    digits: int = 12,
    bits: int = 96,
) -> Certificate:
    """State bounds of formulas in the states of a recursion after given numbers of steps.

    Args:
        constants: formulas of numbers by name.
        start: formulas of the states at first.
        steps: what each state becomes, all at once: formulas in states and constants.
        values: by name, after how many steps, a formula in states and constants, and its enclosure.
        slopes: for states whose next value depends on themselves alone: an interval that they stay in, and a bound of
            the slope there; errors of other states may grow in each step as intervals do.
        digits: of the bounds, one unit of which is given away.
        bits: of the checker's arithmetic, at most 128.
    """
    claimed = {}
    with ctx.workdps(digits + 20):
        for name, (after, formula, value) in values.items():
            room = abs(value) * arb(10) ** -digits + arb(10) ** (-2 * digits)
            lower, upper = bounds(value + arb(0, room.upper()), digits + 2)
            claimed[name] = {"after": after, "formula": formula, "lower": lower, "upper": upper}
    claim = {
        "constants": dict(constants),
        "start": dict(start),
        "steps": dict(steps),
        "values": claimed,
    }
    lines = {name: [str(x) for x in line] for name, line in slopes.items()}
    return make("recursion", claim, {"bits": bits, "slopes": lines})
