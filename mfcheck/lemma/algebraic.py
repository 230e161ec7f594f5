"""Whether an exact number is zero: a separation bound for radicals; angles and logarithms by products. Trusted.

The bound: an expression of rationals with `+ - * /` and roots is `U / L` with algebraic integers U and L in a field of
degree at most D, the product of the degrees of its different roots; all conjugates of U are at most u in size, those of
L at most l. If U is not zero, its norm is at least 1, so that the number is at least `1 / (l u**(D-1))` in size.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from flint import arb, ctx

from mfcheck.lemma import terms
from mfcheck.lemma.evaluate import Program
from mfcheck.lemma.terms import Term, num

MAX_BITS = 20_000
_MAX_FACTORS = 60


@dataclass(frozen=True)
class _Size:
    """Upper bounds of the logarithms, to base 2, of all conjugates of numerator and denominator."""

    top: arb
    bottom: arb


def is_zero_radical(t: Term) -> bool | None:
    """Say whether a number made of rationals and real roots is zero; None if it is of another kind or too large."""
    sizes: dict[Term, _Size] = {}
    roots: set[tuple[Term, int]] = set()
    degree = 1
    with ctx.workprec(64):
        for node in terms.order([t]):
            found = _size(node, sizes)
            if found is None:
                return None
            sizes[node] = found
            for root in _roots(node) - roots:
                degree *= root[1]
                roots.add(root)
            if degree > MAX_BITS:
                return None
        bits = (sizes[t].bottom + (degree - 1) * sizes[t].top).upper()
    if not bits < MAX_BITS:
        return None
    wanted = int(float(bits)) + 2
    with ctx.workprec(2 * wanted + 64):
        value = Program([t], ())(())[0]
        if value > 0 or value < 0:
            return False
        return True if abs(value) < arb(2) ** -wanted else None


def _roots(node: Term) -> set[tuple[Term, int]]:
    """Return the roots in a node, as base and degree."""
    if node.op == "cbrt":
        return {(node.args[0], 3)}
    if node.op != "mul":
        return set()
    pairs = zip(node.args, node.exponents(), strict=True)
    return {(base, e.denominator) for base, e in pairs if e.denominator > 1}


def _size(node: Term, known: dict[Term, _Size]) -> _Size | None:
    """Return the sizes of a node, None if it is of another kind."""
    zero = arb(0)
    if node.op == "num":
        return _Size(*_log_of(node.value()))
    if node.op == "add":
        c = node.coefficients()
        parts = [(_log_of(k), known[x]) for k, x in zip(c[1:], node.args, strict=True)]
        parts.append((_log_of(c[0]), _Size(zero, zero)))
        bottom = sum((s.bottom + w[1] for w, s in parts), zero)
        tops = [s.top + w[0] + bottom - s.bottom - w[1] for w, s in parts]
        most = tops[0]
        for x in tops[1:]:
            most = most.max(x)
        return _Size(most.upper() + _log(len(tops)), bottom.upper())
    if node.op == "mul":
        top, bottom = zero, zero
        for base, e in zip(node.args, node.exponents(), strict=True):
            s = known[base] if e > 0 else _Size(known[base].bottom, known[base].top)
            n, q = abs(e.numerator), e.denominator
            # A root of U/L is root(U L^(q-1)) / L, one root for each base.
            top = top + n * ((s.top + (q - 1) * s.bottom) / q if q > 1 else s.top)
            bottom = bottom + n * s.bottom
        return _Size(top.upper(), bottom.upper())
    if node.op == "cbrt":
        s = known[node.args[0]]
        return _Size(((s.top + 2 * s.bottom) / 3).upper(), s.bottom)
    return None


def _log_of(v: Fraction) -> tuple[arb, arb]:
    return _log(abs(v.numerator)), _log(v.denominator)


def _log(n: int) -> arb:
    """Return an upper bound of the binary logarithm of a whole number, at least 0."""
    return arb(max(n, 1).bit_length() if n & (n - 1) else max(n, 1).bit_length() - 1)


def is_zero_number(t: Term) -> bool | None:
    """Say whether a number is zero, by the first of the ways of this file that tells."""
    for way in (is_zero_radical, is_zero_angle, is_zero_logarithm):
        found = way(t)
        if found is not None:
            return found
    return None


# Angles and logarithms.


def _whole_multiples(t: Term, names: frozenset[str]) -> tuple[int, list[tuple[int, Term]]] | None:
    """Return s and `(k, x)` with `s t = sum k x`, k whole; None if t is no sum of multiples of these functions."""
    if t.op != "add" or t.coefficients()[0] or t.free or any(x.op not in names for x in t.args):
        return None
    parts = list(zip(t.coefficients()[1:], t.args, strict=True))
    scale = lcm(*[k.denominator for k, _ in parts])
    found = [(int(k * scale), x) for k, x in parts]
    return (scale, found) if sum(abs(k) for k, x in found if x.op != "pi") <= _MAX_FACTORS else None


def is_zero_logarithm(t: Term) -> bool | None:
    """Say whether a sum of rational multiples of logarithms of radicals is zero; None if it is no such sum."""
    found = _whole_multiples(t, frozenset(["log"]))
    if found is None:
        return None
    product = terms.product([(x.args[0], Fraction(k)) for k, x in found[1]])
    return is_zero_radical(terms.sub(product, num(1)))


def is_zero_angle(t: Term) -> bool | None:
    """Say whether a sum of multiples of pi, atan, asin and acos of radicals is zero; None if it is no such sum.

    The angle is zero if it is less than pi in size and a product of numbers of these arguments is real.
    """
    found = _whole_multiples(t, frozenset(["pi", "atan", "asin", "acos"]))
    if found is None:
        return None
    scale, angles = found[0], [(k, x) for k, x in found[1] if x.op != "pi"]
    with ctx.workprec(256):
        value = Program([t], ())(())[0] * scale
        if value > 0 or value < 0:
            return False
        if not abs(value) < arb.pi():
            return None
    real, imaginary = num(1), num(0)
    for a, b in _directions(angles):
        real, imaginary = (
            terms.sub(terms.mul(real, a), terms.mul(imaginary, b)),
            terms.add(terms.mul(real, b), terms.mul(imaginary, a)),
        )
    return is_zero_radical(imaginary) or None


def _directions(angles: list[tuple[int, Term]]) -> Iterator[tuple[Term, Term]]:
    """Yield real and imaginary parts of numbers with these arguments."""
    for k, x in angles:
        (u,) = x.args
        other = terms.sqrt(terms.sub(num(1), terms.power(u, 2)))
        a, b = (num(1), u) if x.op == "atan" else (other, u) if x.op == "asin" else (u, other)
        for _ in range(abs(k)):
            yield a, b if k > 0 else terms.neg(b)
