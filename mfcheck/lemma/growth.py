"""How fast an integrand may grow, seen from its form: whether its Gaussian expectation exists at all. Trusted.

A bound has the shape `exp(a w^2 + c |w|)` times a power, for every value of the parameters and constants that depend on
them; c, the power and the constants are not worked out, and a is a term in the parameters, below 1/2 if the expectation
exists.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce

from mfcheck.lemma.constants import expanded, summands
from mfcheck.lemma.formula import Atom
from mfcheck.lemma.plain import Plain, flipped
from mfcheck.lemma.problem import Range
from mfcheck.lemma.signs import NEGATIVE, POSITIVE
from mfcheck.lemma.terms import (
    NORMAL,
    Term,
    add,
    body_of,
    derivative,
    div,
    mul,
    num,
    order,
    power,
    scale,
    split_factor,
    sub,
    var,
)

_BOUNDED = frozenset(("tanh", "erf", "erfc", "atan", "sin", "cos", "sign", "step", "asin", "acos"))
_SAME = frozenset(("abs", "cbrt", "asinh"))
_FLAT = frozenset([num(0)])
_MOST_SQUARES = 16


@dataclass(frozen=True)
class Growth:
    """At most `|w|**degree`, times `exp(c |w|)` for some c if `fast`, times the largest `exp(a w^2)`."""

    degree: Fraction = Fraction(0)
    fast: bool = False
    squares: frozenset[Term] = _FLAT

    @property
    def is_flat(self) -> bool:
        """Whether there is no square in the exponent."""
        return self.squares == _FLAT

    def times(self, other: "Growth") -> "Growth":
        """Return the growth of a product."""
        squares = frozenset(add(a, b) for a in self.squares for b in other.squares)
        return Growth(self.degree + other.degree, self.fast or other.fast, squares)

    def plus(self, other: "Growth") -> "Growth":
        """Return the growth of a sum."""
        degree = max(self.degree, other.degree)
        return Growth(degree, self.fast or other.fast, self.squares | other.squares)

    def power(self, e: Fraction) -> "Growth":
        """Return the growth of a positive power."""
        return Growth(self.degree * e, self.fast, frozenset(scale(e, a) for a in self.squares))


def exists(body: Term, ranges: Mapping[str, Range]) -> bool:
    """Say whether `E body` over the standard Gaussian is seen to exist for all parameters in their ranges."""
    plain = Plain({**ranges, NORMAL: Range()})
    found = _growth(body, {NORMAL: Growth(Fraction(1))}, plain)
    if found is None or len(found.squares) > _MOST_SQUARES:
        return False
    return all(plain.holds(Atom(sub(num(Fraction(1, 2)), a), ">")) for a in found.squares)


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
    if t.op == "exp" and _is_power(t.args[0], moving, plain):
        return Growth(fast=True)
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
        if not parts[0].is_flat or parts[0].fast:
            return None
        if parts[0].degree <= 1:
            return Growth(fast=True)
        return _of_square(t) if moving == {NORMAL} else None
    if t.op == "log" and is_away_from_zero(t.args[0], moving, plain):
        return Growth(Fraction(1)) if parts[0].is_flat else Growth(Fraction(2))
    return None


def _is_power(exponent: Term, moving: frozenset[str], plain: Plain) -> bool:
    """Say whether this is `y log|u|` with y >= 0 fixed and u linear in the Gaussian: then `exp` of it is `|u|^y`."""
    inner = split_factor(exponent)[1]
    if inner.op not in ("mul", "log") or moving != {NORMAL}:
        return False
    logs = [inner] if inner.op == "log" else [a for a in inner.args if a.op == "log"]
    if len(logs) != 1 or logs[0].args[0].op != "abs":
        return False
    rest = div(exponent, logs[0])
    slope = derivative(logs[0].args[0].args[0], NORMAL)
    fixed = not (rest.free | slope.free) & moving
    return fixed and not plain.signs(rest) & NEGATIVE


def _of_square(t: Term) -> Growth | None:
    """Return the growth of exp, sinh or cosh of `a w^2 + b w + c`; a, in the parameters, may be negative."""
    w = var(NORMAL)
    found = num(0)
    for k, x in summands(expanded(t.args[0])):
        rest = mul(x, power(w, -2))
        if NORMAL not in rest.free:
            found = add(found, scale(k, rest))
        elif NORMAL in x.free and NORMAL in mul(x, power(w, -1)).free:
            return None
    both = [found] if t.op == "exp" else [found, scale(-1, found)]
    return Growth(fast=True, squares=frozenset(both))


def _of_product(
    t: Term, parts: list[Growth], moving: frozenset[str], plain: Plain
) -> Growth | None:
    total = Growth()
    for base, g, e in zip(t.args, parts, t.exponents(), strict=True):
        if e > 0:
            total = total.times(g.power(e))
        elif base.free & moving and not is_away_from_zero(base, moving, plain):
            return None
    return total


def is_away_from_zero(u: Term, moving: frozenset[str], plain: Plain) -> bool:
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
