"""How fast an integrand may grow, seen from its form: whether its Gaussian expectation exists at all. Trusted.

A bound has the shape `exp(c |w|)` times a power, for every value of the parameters and constants that depend on them;
c, the power and the constants are not worked out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce

from mfcheck.lemma.plain import Plain, flipped
from mfcheck.lemma.problem import Range
from mfcheck.lemma.signs import NEGATIVE, POSITIVE
from mfcheck.lemma.terms import NORMAL, Term, body_of, order

_BOUNDED = frozenset(("tanh", "erf", "erfc", "atan", "sin", "cos", "sign", "step", "asin", "acos"))
_SAME = frozenset(("abs", "cbrt", "asinh"))


@dataclass(frozen=True)
class Growth:
    """At most `|w|**degree`, times `exp(c |w|)` for some c if `fast`."""

    degree: Fraction = Fraction(0)
    fast: bool = False

    def times(self, other: "Growth") -> "Growth":
        """Return the growth of a product."""
        return Growth(self.degree + other.degree, self.fast or other.fast)

    def plus(self, other: "Growth") -> "Growth":
        """Return the growth of a sum."""
        return Growth(max(self.degree, other.degree), self.fast or other.fast)

    def power(self, e: Fraction) -> "Growth":
        """Return the growth of a positive power."""
        return Growth(self.degree * e, self.fast)


def exists(body: Term, ranges: Mapping[str, Range]) -> bool:
    """Say whether `E body` over the standard Gaussian is seen to exist for all parameters in their ranges."""
    return (
        _growth(body, {NORMAL: Growth(Fraction(1))}, Plain({**ranges, NORMAL: Range()})) is not None
    )


def _growth(body: Term, moving: Mapping[str, Growth], plain: Plain) -> Growth | None:
    """Return the growth of a term in the moving variables; the others are constants."""
    known: dict[Term, Growth | None] = {}
    for t in order([body]):
        if not t.free & moving.keys():
            known[t] = Growth()
        elif t.op == "var":
            known[t] = moving[str(t.data)]
        else:
            known[t] = _of_node(t, [known[a] for a in t.args], frozenset(moving), plain)
    return known[body]


def _of_node(
    t: Term, inner: list[Growth | None], moving: frozenset[str], plain: Plain
) -> Growth | None:
    if t.op in _BOUNDED:
        return Growth()
    if t.op == "exp" and not plain.signs(t.args[0]) & POSITIVE:
        return Growth()
    parts = [g for g in inner if g is not None]
    if len(parts) < len(inner):
        return None
    if t.op in ("add", "max", "min"):
        return reduce(Growth.plus, parts)
    if t.op == "mul":
        return _of_product(t, parts, moving, plain)
    if t.op == "gauss":
        return _of_expectation(t, parts)
    if t.op in _SAME:
        return parts[0]
    if t.op in ("exp", "sinh", "cosh"):
        return Growth(fast=True) if not parts[0].fast and parts[0].degree <= 1 else None
    if t.op == "log" and _away_from_zero(t.args[0], moving, plain):
        return Growth(Fraction(1))
    return None


def _of_product(
    t: Term, parts: list[Growth], moving: frozenset[str], plain: Plain
) -> Growth | None:
    total = Growth()
    for base, g, e in zip(t.args, parts, t.exponents(), strict=True):
        if e > 0:
            total = total.times(g.power(e))
        elif base.free & moving and not _away_from_zero(base, moving, plain):
            return None
    return total


def _away_from_zero(u: Term, moving: frozenset[str], plain: Plain) -> bool:
    """Say whether a term is at least a positive number: cosh, or a positive constant and what is not negative."""
    if u.op != "add":
        return u.op == "cosh" or (not u.free & moving and plain.signs(u) == POSITIVE)
    c = u.coefficients()
    found = c[0] > 0
    for k, x in zip(c[1:], u.args, strict=True):
        s = plain.signs(x) if k > 0 else flipped(plain.signs(x))
        if s & NEGATIVE:
            return False
        fixed = not x.free & moving and s == POSITIVE
        found = found or fixed or (k > 0 and x.op == "cosh")
    return found and c[0] >= 0


def _of_expectation(t: Term, parts: list[Growth]) -> Growth | None:
    moving = {f"_p{k}": g for k, g in enumerate(parts)} | {NORMAL: Growth(Fraction(1))}
    return _growth(body_of(t), moving, Plain({name: Range() for name in moving}))
