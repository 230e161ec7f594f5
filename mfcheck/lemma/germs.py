"""Signs of terms on whole half-lines, by the germs of `mfcheck.rigor`. Trusted."""

from collections.abc import Mapping
from fractions import Fraction
from functools import reduce

import sympy as sp
from flint import arb, fmpq

from mfcheck.lemma.intervals import INF, Contractor, EmptyError
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
            return self.empty.number(_number(t.value()))
        if t.op == "pi":
            return self.empty.number(arb.pi())
        if t.op == "var":
            return self.empty.of([Part(_ONE, sp.Integer(1))])
        if t.op == "add":
            c = t.coefficients()
            parts = [self.germ(x).scaled(_number(k)) for k, x in zip(c[1:], t.args, strict=True)]
            return reduce(Germ.plus, parts, self.empty.number(_number(c[0])))
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
            return self._bounded(t)
        inner = self.germ(t.args[0])
        if t.op == "cbrt":
            return self._cube_root(inner)
        if t.op not in _FUNCTIONS:
            raise UnknownTailError(f"no germ of {t.op}")
        function = _FUNCTIONS[t.op]
        if function in tails._SPECIAL:
            return tails._SPECIAL[function](inner)
        if inner.is_bounded():
            return inner.apply(function(ARGUMENT))
        raise UnknownTailError(f"no germ of {t.op} of a growing argument")

    def _cube_root(self, inner: Germ) -> Germ:
        s = inner.sign()
        if not s:
            raise UnknownTailError("the sign under a cube root is open")
        root = (inner if s > 0 else inner.negated()).power(sp.Rational(1, 3))
        return root if s > 0 else root.negated()


def _number(v: Fraction) -> arb:
    return arb(fmpq(v.numerator, v.denominator))
