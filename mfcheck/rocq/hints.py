"""Precisions, and numbers of terms, for computations of Rocq (`values.v`): wrong ones can only make a check fail."""

from collections.abc import Callable
from fractions import Fraction
from math import ceil, log2

from mfcheck.rocq.means import listed

_PRECISIONS = (40, 52, 64, 80, 100, 128, 160, 200, 260)
_SPARE, _ROUGH, _LARGEST_ERF = 12, 30, 10


def hints_of(shown: Callable[[int], Fraction | None]) -> str | None:
    """Precisions, and how many terms of the series of erf are enough up to a square.

    The terms alternate, so that exp(square) is lost. `None` if no precision shows the claim.

    Args:
        shown: whether intervals of so many bits show the claim: the largest square under erf, or `None`.
    """
    tried = ((bits, shown(bits)) for bits in _PRECISIONS)
    bits, square = next(((b, s) for b, s in tried if s is not None), (0, None))
    if square is None or square > _LARGEST_ERF**2:
        return None
    precise = bits + _SPARE + ceil(1.45 * float(square))
    steps: list[str] = []
    end, quarters, n = 4 * square, 1, 0
    while square and (not steps or quarters <= end):
        quarters = quarters + 1 + quarters // 4 if steps else 1
        n = _terms(quarters / 4, precise)
        steps.append(f"({quarters}, {n}%nat)")
    return f"({precise}%positive, {_ROUGH}%positive, {n + 1 if n else 0}%nat, {listed(steps)}%Z)"


def _terms(square: float, bits: int) -> int:
    """The first n for which square^(n + 1/2)/n! is below 2^-bits."""
    n, size = 0, log2(square) / 2
    while size > -bits:
        n += 1
        size += log2(square / n)
    return n
