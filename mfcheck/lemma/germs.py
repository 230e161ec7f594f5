"""Signs of terms on whole half-lines, by the germs of `mfcheck.rigor`. Trusted."""

from collections.abc import Mapping
from fractions import Fraction
from functools import reduce

import sympy as sp
from flint import arb, fmpq

from mfcheck.lemma.intervals import INF, Contractor, EmptyError
from mfcheck.lemma.spread import expansion
from mfcheck.lemma.terms import Term
from mfcheck.rigor import tails
from mfcheck.rigor.germs import ARGUMENT, Germ, UnknownTailError
from mfcheck.rigor.germs import Term as Part

_ONE = arb(1)
_FUNCTIONS: Mapping[str, sp.Function] = {
    "exp": sp.exp,
    "log": sp.log,
    "sin": sp.sin,
    "cos": sp.cos,
    "tanh": sp.tanh,
    "sinh": sp.sinh,
    "cosh": sp.cosh,
    "atan": sp.atan,
    "asinh": sp.asinh,
    "erf": sp.erf,
    "erfc": sp.erfc,
    "abs": sp.Abs,
    "sign": sp.sign,
    "asin": sp.asin,
    "acos": sp.acos,
    "tan": sp.tan,
    "atanh": sp.atanh,
}


class HalfLine:
    """Germs of terms in one variable on `[start, inf)`."""

    def __init__(self, start: int) -> None:
        if start < 8:
            raise ValueError("the germ of a logarithm needs a start of 8 or later")
        self.empty = Germ(arb(start), ())
        self.known: dict[Term, Germ | None] = {}

    def sign(self, t: Term) -> int | None:
        """Return the sign on the whole half-line, None if it is open."""
        try:
            return self.germ(t).sign()
        except (UnknownTailError, ValueError, ArithmeticError):
            return None

    def vanishes(self, t: Term) -> bool:
        """Say whether a term surely tends to zero."""
        try:
            return all(part.growth() == -1 for part in self.germ(t).terms)
        except (UnknownTailError, ValueError, ArithmeticError):
            return False

    def germ(self, t: Term) -> Germ:
        """Return the germ.

        Raises:
            UnknownTailError: there is none.
        """
        if t not in self.known:
            self.known[t] = None
            self.known[t] = self._translate(t)
        found = self.known[t]
        if found is None:
            raise UnknownTailError("no germ of a part")
        return found

    def _translate(self, t: Term) -> Germ:
        if t.op == "num":
            return self.empty.number(_number(t.value()), _exact(t.value()))
        if t.op == "pi":
            return self.empty.number(arb.pi(), sp.pi)
        if t.op == "var":
            return self.empty.of([Part(_ONE, sp.Integer(1))])
        if t.op == "add":
            c = t.coefficients()
            parts = [
                self.germ(x).scaled(_number(k), _exact(k))
                for k, x in zip(c[1:], t.args, strict=True)
            ]
            return reduce(Germ.plus, parts, self.empty.number(_number(c[0]), _exact(c[0])))
        if t.op == "mul":
            factors = [
                self.germ(x).power(sp.Rational(e.numerator, e.denominator))
                if e != 1
                else self.germ(x)
                for x, e in zip(t.args, t.exponents(), strict=True)
            ]
            return reduce(Germ.times, factors)
        if t.op in ("min", "max"):
            return reduce(
                tails._COMBINE[sp.Max if t.op == "max" else sp.Min], map(self.germ, t.args)
            )
        return self._function(t)

    def _bounded(self, t: Term) -> Germ:
        """Return a constant germ with all values of a term that is seen to be bounded on the half-line."""
        (name,) = t.free
        try:
            low, high = Contractor(t, [name])([(self.empty.start, INF)])
        except EmptyError:
            raise UnknownTailError("a part is undefined on the half-line") from None
        if not (low.is_finite() and high.is_finite()):
            raise UnknownTailError(f"no germ of {t.op}")
        return self.empty.number(low.union(high))

    def _function(self, t: Term) -> Germ:
        if t.op == "gauss":
            return self._average(t)
        inner = self.germ(t.args[0])
        if t.op == "cbrt":
            return self._cube_root(inner)
        if t.op == "lgamma":
            return self._log_gamma(inner)
        if t.op == "atanh":
            above, below = (self.empty.number(_ONE).plus(u) for u in (inner, inner.negated()))
            log = tails._SPECIAL[sp.log]
            return log(above).plus(log(below).negated()).scaled(arb(0.5))
        if t.op == "erfc" and not inner.is_bounded():
            return self._erfc(inner)
        if t.op not in _FUNCTIONS:
            raise UnknownTailError(f"no germ of {t.op}")
        function = _FUNCTIONS[t.op]
        if function in tails._SPECIAL:
            return tails._SPECIAL[function](inner)
        if inner.is_bounded():
            return inner.apply(function(ARGUMENT))
        raise UnknownTailError(f"no germ of {t.op} of a growing argument")

    def _erfc(self, u: Germ) -> Germ:
        """Use `erfc(v) = exp(-v^2)/(v sqrt(pi)) w`, `w = 1 - 1/(2 v^2) + 3/(4 v^4) - t/v^6`, `0 <= t <= 15/8`."""
        s = u.sign()
        if not s:
            raise UnknownTailError("the sign of a growing part is open")
        v = u if s > 0 else u.negated()
        p = v.power(sp.Integer(-2))
        rest = p.times(p).times(p).scaled((-arb(15) / 8).union(arb(0)))
        w = self.empty.number(_ONE).plus(p.scaled(-arb(0.5)))
        w = w.plus(p.times(p).scaled(arb(0.75))).plus(rest)
        root = self.empty.number(1 / arb.pi().sqrt(), 1 / sp.sqrt(sp.pi))
        fall = tails._SPECIAL[sp.exp](v.times(v).negated())
        small = reduce(Germ.times, [fall, v.power(sp.Integer(-1)), root, w])
        return small if s > 0 else self.empty.number(arb(2)).plus(small.negated())

    def _log_gamma(self, u: Germ) -> Germ:
        """Use Stirling's series, cut after `1/(12 u) - 1/(360 u^3)`, its error up to `1/(1260 u^5)`.

        Near 0 it is `lgamma(1 + u) - log u`: for u between 0 and 1, convexity gives `-0.5773 u <= lgamma(1 + u) <= 0`.
        """
        if u.sign() != 1:
            raise UnknownTailError("lgamma needs a positive argument")
        log = tails._SPECIAL[sp.log](u)
        if u.is_bounded():
            if not all(part.growth() == -1 for part in u.terms) or not u.range() < 1:
                raise UnknownTailError("no germ of lgamma of an argument that tends to a number")
            return log.negated().plus(u.scaled((-arb.const_euler()).union(arb(0))))
        inverse = u.power(sp.Integer(-1))
        half = self.empty.number(_number(Fraction(-1, 2)), _exact(Fraction(-1, 2)))
        constant = self.empty.number((2 * arb.pi()).log() / 2, sp.log(2 * sp.pi) / 2)
        cube = inverse.times(inverse).times(inverse)
        first, second = Fraction(1, 12), Fraction(-1, 360)
        parts = [
            u.plus(half).times(log),
            u.negated(),
            constant,
            inverse.scaled(_number(first), _exact(first)),
            cube.scaled(_number(second), _exact(second)),
            cube.times(inverse).times(inverse).scaled(arb(0).union(arb(1) / 1260)),
        ]
        return reduce(Germ.plus, parts)

    def _average(self, t: Term) -> Germ:
        """Return the germ of an expectation: limit and first term if there is a limit, else all values."""
        found = expansion(t, self.empty.start, _far_germ) if len(t.free) == 1 else None
        if found is None:
            return self._bounded(t)
        limit, k = found
        return self.empty.number(limit).plus(self.empty.of([Part(k, sp.Integer(-1))]))

    def _cube_root(self, inner: Germ) -> Germ:
        s = inner.sign()
        if not s:
            raise UnknownTailError("the sign under a cube root is open")
        root = (inner if s > 0 else inner.negated()).power(sp.Rational(1, 3))
        return root if s > 0 else root.negated()


def _far_germ(t: Term) -> Germ:
    return HalfLine(8).germ(t)


def _number(v: Fraction) -> arb:
    return arb(fmpq(v.numerator, v.denominator))


def _exact(v: Fraction) -> sp.Rational:
    return sp.Rational(v.numerator, v.denominator)
