"""The two sides of a comparison that fails, enclosed, in as many digits as tell them apart."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from flint import arb, ctx

from mfcheck.lemma.formula import compare
from mfcheck.lemma.signs import of_atom, of_ball
from mfcheck.lemma.terms import Term
from mfcheck.rigor.decimals import decimal_text, endpoints

_PREC = 256


@dataclass(frozen=True)
class Sides:
    """Both sides at a counterexample: decimal bounds of each, and words for them."""

    left: tuple[str, str]
    right: tuple[str, str]
    words: str


def failing_sides(
    sides: Sequence[tuple[Term, str, Term]], enclose: Callable[[Term], arb]
) -> Sides | None:
    """Return the sides of the first comparison that surely fails; None if none does."""
    with ctx.workprec(_PREC):
        for left, relation, right in sides:
            atom = compare(left, relation, right)
            if of_atom(atom, of_ball(enclose(atom.term))) is not False:
                continue
            a, b = enclose(left), enclose(right)
            if not (a.is_finite() and b.is_finite()):
                continue
            return Sides(_bounds(a), _bounds(b), f"left {_apart(a, b)}, right {_apart(b, a)}")
    return None


def _bounds(x: arb) -> tuple[str, str]:
    low, high = endpoints(x) or (Fraction(0), Fraction(0))
    return decimal_text(low, 20, up=False), decimal_text(high, 20, up=True)


def _apart(x: arb, other: arb) -> str:
    """Return a number with as many digits as it takes to see that it is another one."""
    for digits in (6, 9, 12, 18, 30, 60):
        shown = _short(x, digits)
        if shown != _short(other, digits):
            break
    return shown


def _short(x: arb, digits: int) -> str:
    text = str(x.mid().str(digits, radius=False))
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text
