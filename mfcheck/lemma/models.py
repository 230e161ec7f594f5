"""Laurent-Taylor models of terms at a face, with exact coefficients and an enclosed remainder. Trusted.

Near a face the variable is `x = point + way s^root` for `s` in `(0, width]`, or `x = way s^-root` at infinity. A model

    f = s^valuation (c_0 + c_1 s + ... + c_{n-1} s^{n-1} + r(s) s^n),   r(s) in `rest`,

has coefficients that are exact: fractions, or terms in the other variables whose boxes are known. So a zero of any
order at the face is seen, and so is a pole that cancels.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from typing import Final, TypeAlias

from flint import arb, arb_series, fmpq

from mfcheck.lemma import balls, terms
from mfcheck.lemma.balls import ONE, ZERO
from mfcheck.lemma.constants import expanded, is_zero
from mfcheck.lemma.evaluate import Program
from mfcheck.lemma.exact import NOUGHT, UNIT, Exact, plus, raised, rational, scaled, times
from mfcheck.lemma.expectations import derivative_bodies, enclose
from mfcheck.lemma.terms import Term, call, power

Coefficients: TypeAlias = list[Exact]

MAX_PIECES: Final = 200


class ModelError(Exception):
    """No model could be made; the message says why."""


@dataclass(frozen=True, slots=True)
class Model:
    """One model; with no coefficient and no rest it is zero throughout."""

    valuation: int
    c: tuple[Exact, ...]
    rest: arb

    @property
    def length(self) -> int:
        """The number of exact coefficients."""
        return len(self.c)

    def is_nought(self) -> bool:
        """Say whether it is zero throughout."""
        return not self.c and self.rest.is_zero()


@dataclass
class Face:
    """One face of a box: the variable, where it tends to, and the boxes of the other variables.

    `point` None is infinity; `way` is the side; `root` the power of the chart; `order` the number of coefficients.
    """

    name: str
    point: Term | None
    way: int
    width: arb
    root: int = 1
    order: int = 8
    boxes: Mapping[str, arb] = field(default_factory=dict)
    _known: dict[Term, Model] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.hull = ZERO.union(self.width)

    def ball(self, c: Exact) -> arb:
        """Enclose a coefficient over the boxes of the other variables."""
        return c.ball

    def exact(self, t: Term) -> Exact:
        """Return a term without the variable of the face as an exact number."""
        if t.op == "num":
            v = t.value()
            return rational(fmpq(v.numerator, v.denominator))
        names = sorted(t.free)
        return Exact(Program([t], names)([self.boxes[n] for n in names])[0], None, t)

    def at(self, name: str, c: Exact) -> Exact:
        """Return a function of an exact number."""
        t = call(name, c.term())
        if t.op == "num":
            return self.exact(t)
        return Exact(balls.FUNCTIONS[name](c.ball), None, t)

    def model(self, t: Term) -> Model:
        """Return the model of a term.

        Raises:
            ModelError: it has none that this file can make.
        """
        found = self._known.get(t)
        if found is None:
            found = (
                self.trimmed(0, [self.exact(t)], ZERO, exact=True)
                if self.name not in t.free
                else _build(self, t)
            )
            self._known[t] = found
        return found

    # Arithmetic.

    def trimmed(self, valuation: int, c: Sequence[Exact], rest: arb, exact: bool = False) -> Model:
        """Return a model without leading zeros, its coefficients at most `order` many."""
        c = list(c)
        if exact:
            c += [NOUGHT] * (self.order - len(c))
        start = 0
        while start < len(c) and self.vanishes(c[start]):
            start += 1
        if start == len(c) and rest.is_zero():
            return Model(0, (), ZERO)
        kept = c[start:]
        if len(kept) > self.order:
            rest = rest * self.hull_power(len(kept) - self.order)
            for k in range(len(kept) - 1, self.order - 1, -1):
                rest = rest + self.ball(kept[k]) * self.hull_power(k - self.order)
            kept = kept[: self.order]
        return Model(valuation + start, tuple(kept), rest)

    def hull_power(self, k: int) -> arb:
        """Enclose `s^k`."""
        return ZERO.union(balls.natural_power(self.width, k)) if k else ONE

    def vanishes(self, c: Exact) -> bool:
        """Say whether an exact coefficient is surely zero; one that is kept although it is zero does no harm."""
        if c.q is not None:
            return bool(c.q == 0)
        return not (c.ball > 0 or c.ball < 0) and is_zero(c.term()) is True

    def plus(self, a: Model, b: Model) -> Model:
        """Return the sum."""
        if a.is_nought():
            return b
        if b.is_nought():
            return a
        if a.valuation > b.valuation:
            a, b = b, a
        shift = b.valuation - a.valuation
        exact_a, exact_b = a.rest.is_zero(), b.rest.is_zero()
        ends = [m.length + s for m, s, e in ((a, 0, exact_a), (b, shift, exact_b)) if not e]
        length = min(ends) if ends else max(a.length, b.length + shift)
        c: Coefficients = [NOUGHT] * length
        rest = ZERO
        for m, s in ((a, 0), (b, shift)):
            for k, x in enumerate(m.c):
                if k + s < length:
                    c[k + s] = plus(c[k + s], x)
                else:
                    rest = rest + self.ball(x) * self.hull_power(k + s - length)
            if not m.rest.is_zero():
                rest = rest + m.rest * self.hull_power(m.length + s - length)
        return self.trimmed(a.valuation, c, rest)

    def times(self, a: Model, b: Model) -> Model:
        """Return the product."""
        if a.is_nought() or b.is_nought():
            return Model(0, (), ZERO)
        if a.rest.is_zero() and b.rest.is_zero():
            length = min(a.length + b.length - 1, self.order)
        elif a.rest.is_zero() or b.rest.is_zero():
            length = b.length if a.rest.is_zero() else a.length
        else:
            length = min(a.length, b.length)
        c: Coefficients = [NOUGHT] * length
        for i, x in enumerate(a.c[:length]):
            if x.q is not None and x.q == 0:
                continue
            for j, y in enumerate(b.c[: length - i]):
                c[i + j] = plus(c[i + j], times(x, y))
        rest = self._product_rest(a, b, length)
        return self.trimmed(a.valuation + b.valuation, c, rest)

    def _product_rest(self, a: Model, b: Model, length: int) -> arb:
        """Bound all of a product from `s^length` on."""
        rest = ZERO
        x, y = [self.ball(c) for c in a.c], [self.ball(c) for c in b.c]
        x.append(a.rest)
        y.append(b.rest)
        for i, p in enumerate(x):
            if p.is_zero():
                continue
            for j in range(max(0, length - i), len(y)):
                if not y[j].is_zero():
                    rest = rest + p * y[j] * self.hull_power(i + j - length)
        return rest

    def scaled(self, a: Model, factor: Exact | fmpq) -> Model:
        """Return the product with an exact number."""
        number = rational(factor) if isinstance(factor, fmpq) else factor
        return self.times(a, self.trimmed(0, [number], ZERO, exact=True))

    def range_of(self, a: Model) -> arb:
        """Enclose all values.

        Raises:
            ModelError: it has a pole.
        """
        if a.is_nought():
            return ZERO
        if a.valuation < 0:
            raise ModelError("a part has a pole at the face")
        total = a.rest
        for c in reversed(a.c):
            total = total * self.hull + self.ball(c)
        return total * self.hull_power(a.valuation)

    def constant_and_rest(self, a: Model) -> tuple[Exact, Model]:
        """Return the value at the face, and the model without it.

        Raises:
            ModelError: it has a pole, or no exact value.
        """
        if a.is_nought() or a.valuation > 0:
            return NOUGHT, a
        if a.valuation < 0:
            raise ModelError("a part has a pole at the face")
        if not a.c:
            raise ModelError("the order is too low")
        if a.rest.is_zero() and a.length == 1:
            return a.c[0], Model(0, (), ZERO)
        return a.c[0], self.trimmed(1, a.c[1:], a.rest)

    def composed(
        self, v: Model, taylor: Callable[[int], Sequence[Exact]], bound: Callable[[arb, int], arb]
    ) -> Model:
        """Return `g(c + v)` for a model v that tends to zero.

        `taylor(n)` gives the first n exact Taylor coefficients at c; `bound(hull, n)` the n-th over `c + hull`.
        """
        if v.is_nought():
            return self.trimmed(0, [taylor(1)[0]], ZERO, exact=True)
        count = max(1, -(-self.order // v.valuation))
        coefficients = taylor(count)
        last = bound(self.range_of(v), count)
        if not last.is_finite():
            raise ModelError("a part has no finite enclosure near the face")
        top = self.times_ball(self.raised(v, count), last)
        result = self.trimmed(0, [coefficients[-1]], ZERO, exact=True)
        for c in reversed(coefficients[:-1]):
            result = self.plus(self.times(result, v), self.trimmed(0, [c], ZERO, exact=True))
        return self.plus(result, top)

    def times_ball(self, a: Model, factor: arb) -> Model:
        """Return the product with a function whose values lie in a ball: no exact coefficient is left."""
        total = a.rest
        for c in reversed(a.c):
            total = total * self.hull + self.ball(c)
        return Model(a.valuation, (), total * factor)

    def raised(self, a: Model, n: int) -> Model:
        """Return the n-th power, n >= 1."""
        result = a
        for _ in range(n - 1):
            result = self.times(result, a)
        return result

    def leading(self, a: Model) -> tuple[Exact, Model]:
        """Return the leading coefficient, and w with `a = s^valuation c_0 (1 + w)`.

        Raises:
            ModelError: no leading coefficient is known.
        """
        if not a.c:
            raise ModelError("the order is too low")
        b = self.ball(a.c[0])
        if not (b > 0 or b < 0):
            raise ModelError("the sign of a leading coefficient varies")
        inverse = raised(a.c[0], Fraction(-1))
        rest = a.rest * balls.inverse(b)
        if len(a.c) == 1 and a.rest.is_zero():
            return a.c[0], Model(0, (), ZERO)
        return a.c[0], self.trimmed(1, [times(c, inverse) for c in a.c[1:]], rest)

    def to_power(self, a: Model, e: Fraction) -> Model:
        """Return a rational power.

        Raises:
            ModelError: the power of `s` is fractional, or the base is negative.
        """
        if a.is_nought():
            if e > 0:
                return a
            raise ModelError("zero to a negative power")
        if e.denominator == 1 and 1 <= e <= 4:
            return self.raised(a, int(e))
        lead, w = self.leading(a)
        grown = a.valuation * e
        if grown.denominator != 1:
            raise ModelError("a root of the distance appears")
        if e.denominator != 1 and not self.ball(lead) > 0:
            raise ModelError("a root of a negative number appears")
        factor = raised(lead, e)
        base = self.composed(
            w, lambda n: _binomials(e, n), lambda hull, n: _binomial_bound(e, hull, n)
        )
        result = self.scaled(base, factor)
        return Model(result.valuation + int(grown), result.c, result.rest)

    def sign(self, a: Model) -> int | None:
        """Return the sign on the whole of `(0, width]`, None if it is open."""
        if a.is_nought():
            return 0
        if not a.c:
            return 1 if a.rest > 0 else -1 if a.rest < 0 else None
        c = [self.ball(x) for x in a.c] + [a.rest]
        first = 1 if c[0] > 0 else -1 if c[0] < 0 else 0
        return first if first and _keeps_sign(c, first, self.width) else None


def _keeps_sign(c: Sequence[arb], sign: int, width: arb) -> bool:
    """Say whether a polynomial with ball coefficients surely has this sign on `[0, width]`."""
    pieces, count = [(ZERO, width)], 0
    while pieces:
        low, high = pieces.pop()
        count += 1
        hull = low.union(high)
        total = c[-1]
        for x in reversed(c[:-1]):
            total = total * hull + x
        if sign * total > 0:
            continue
        if count > MAX_PIECES:
            return False
        middle = ((low + high) / 2).mid()
        value = c[-1]
        for x in reversed(c[:-1]):
            value = value * middle + x
        if not sign * value > 0:
            return False
        pieces += [(low, middle), (middle, high)]
    return True


@lru_cache(maxsize=256)
def _binomials(e: Fraction, n: int) -> Coefficients:
    result, value = [UNIT], Fraction(1)
    for k in range(1, n):
        value = value * (e - k + 1) / k
        result.append(rational(fmpq(value.numerator, value.denominator)))
    return result


def _binomial_bound(e: Fraction, hull: arb, n: int) -> arb:
    last = _binomials(e, n + 1)[n]
    return last.ball * balls.rational_power(1 + hull, e - n)


def _series_bound(name: str, centre: arb) -> Callable[[arb, int], arb]:
    def bound(hull: arb, n: int) -> arb:
        u = centre + hull
        s = balls.SERIES[name](arb_series([u, ONE], n + 1), balls.FUNCTIONS[name](u))
        return balls.coefficients(s, n + 1)[n]

    return bound


def _build(face: Face, t: Term) -> Model:
    if t.op == "var":
        return _variable(face)
    if t.op == "add":
        c = t.coefficients()
        total = face.trimmed(
            0, [rational(fmpq(c[0].numerator, c[0].denominator))], ZERO, exact=True
        )
        parts = list(zip(c[1:], t.args, strict=True))
        logs = [(k, x) for k, x in parts if x.op == "log" and face.name in x.free]
        if len(logs) > 1:
            total = face.plus(total, _sum_of_logs(face, logs))
            parts = [p for p in parts if p not in logs]
        for k, x in parts:
            total = face.plus(total, face.scaled(face.model(x), fmpq(k.numerator, k.denominator)))
        return total
    if t.op == "mul":
        total = face.trimmed(0, [UNIT], ZERO, exact=True)
        for x, e in zip(t.args, t.exponents(), strict=True):
            total = face.times(total, face.to_power(face.model(x), e))
        return total
    if t.op in ("min", "max"):
        return _extreme(face, t)
    if t.op == "gauss":
        return _expectation(face, t)
    return _function(face, t.op, face.model(t.args[0]))


def _expectation(face: Face, t: Term) -> Model:
    """Return the model of an expectation in which one parameter tends to the face, by derivatives under it."""
    moving = [k for k, a in enumerate(t.args) if face.name in a.free]
    if len(moving) != 1:
        raise ModelError("two parameters of an expectation move")
    (k,) = moving
    c, v = face.constant_and_rest(face.model(t.args[k]))
    others = [face.exact(a).ball if j != k else c.ball for j, a in enumerate(t.args)]
    names = [f"_p{j}" for j in range(len(t.args))]
    values = {names[j]: (a if j != k else c.term()) for j, a in enumerate(t.args)}

    def taylor(n: int) -> Coefficients:
        found: Coefficients = []
        factorial = 1
        for j, body in enumerate(derivative_bodies(terms.body_of(t), names[k], n)):
            factorial *= max(j, 1)
            at = terms.substitute(body, {names[k]: values[names[k]]})
            whole = terms.substitute(terms.expectation(expanded(at), names), values)
            found.append(scaled(face.exact(whole), fmpq(1, factorial)))
        return found

    def bound(hull: arb, n: int) -> arb:
        inputs = [b + hull if j == k else b for j, b in enumerate(others)]
        last = derivative_bodies(terms.body_of(t), names[k], n + 1)[n]
        return enclose(last, inputs) / arb(n).fac() if n else enclose(last, inputs)

    return face.composed(v, taylor, bound)


def _sum_of_logs(face: Face, logs: Sequence[tuple[Fraction, Term]]) -> Model:
    """Return a sum of multiples of logarithms in which the logarithm of the distance cancels, or of any if none has it.

    Raises:
        ModelError: it does not cancel.
    """
    models = [(k, face.model(x.args[0])) for k, x in logs]
    if sum((k * m.valuation for k, m in models), Fraction(0)):
        raise ModelError("a logarithm of the distance appears")
    total = Model(0, (), ZERO)
    for k, m in models:
        shifted = Model(0, m.c, m.rest)
        total = face.plus(total, face.scaled(_log(face, shifted), fmpq(k.numerator, k.denominator)))
    return total


def _variable(face: Face) -> Model:
    way = rational(face.way)
    if face.point is None:
        return Model(-face.root, (way, *[NOUGHT] * (face.order - 1)), ZERO)
    c: Coefficients = [face.exact(expanded(face.point)), *[NOUGHT] * (face.root - 1), way]
    return face.trimmed(0, c, ZERO, exact=True)


def _extreme(face: Face, t: Term) -> Model:
    best = face.model(t.args[0])
    for x in t.args[1:]:
        other = face.model(x)
        s = face.sign(face.plus(other, face.scaled(best, fmpq(-1))))
        if s is None:
            raise ModelError("it is open which argument is the extreme one")
        if (s > 0) == (t.op == "max") and s:
            best = other
    return best


def _function(face: Face, name: str, u: Model) -> Model:
    if name in _BY_SIGN:
        s = face.sign(u)
        if s is None:
            raise ModelError(f"the sign of an argument of {name} is open")
        return _BY_SIGN[name](face, u, s)
    if name in _DERIVED:
        return _DERIVED[name](face, u)
    if name not in _TAYLOR:
        raise ModelError(f"no model of {name}")
    c, v = face.constant_and_rest(u)
    return face.composed(v, lambda n: _TAYLOR[name](face, c, n), _series_bound(name, face.ball(c)))


def _one(face: Face) -> Model:
    return face.trimmed(0, [UNIT], ZERO, exact=True)


def _abs(face: Face, u: Model, s: int) -> Model:
    return u if s >= 0 else face.scaled(u, fmpq(-1))


def _cbrt(face: Face, u: Model, s: int) -> Model:
    if s == 0:
        return u
    return face.scaled(face.to_power(face.scaled(u, fmpq(s)), Fraction(1, 3)), fmpq(s))


def _tan(face: Face, u: Model) -> Model:
    return face.times(
        _function(face, "sin", u), face.to_power(_function(face, "cos", u), Fraction(-1))
    )


def _sinh(face: Face, u: Model) -> Model:
    grown = _function(face, "exp", u)
    shrunk = face.to_power(grown, Fraction(-1))
    return face.scaled(face.plus(grown, face.scaled(shrunk, fmpq(-1))), fmpq(1, 2))


def _cosh(face: Face, u: Model) -> Model:
    grown = _function(face, "exp", u)
    return face.scaled(face.plus(grown, face.to_power(grown, Fraction(-1))), fmpq(1, 2))


def _half_turn(face: Face, u: Model) -> Model:
    """Return `asin(sqrt((1 - u)/2))`, so that `acos u` is twice that."""
    inside = face.scaled(face.plus(_one(face), face.scaled(u, fmpq(-1))), fmpq(1, 2))
    return _function(face, "asin", face.to_power(inside, Fraction(1, 2)))


def _asin(face: Face, u: Model) -> Model:
    c, v = face.constant_and_rest(u)
    if c.q is not None and abs(c.q) == 1:
        s = int(c.q)
        half = face.exact(terms.scale(Fraction(s, 2), terms.pi()))
        bent = face.scaled(_half_turn(face, face.scaled(u, fmpq(s))), fmpq(-2 * s))
        return face.plus(bent, face.trimmed(0, [half], ZERO, exact=True))
    return face.composed(v, lambda n: _asin_taylor(face, c, n), _series_bound("asin", face.ball(c)))


def _acos(face: Face, u: Model) -> Model:
    half = face.exact(terms.scale(Fraction(1, 2), terms.pi()))
    return face.plus(
        face.trimmed(0, [half], ZERO, exact=True), face.scaled(_asin(face, u), fmpq(-1))
    )


def _atan(face: Face, u: Model) -> Model:
    if not u.is_nought() and u.valuation < 0:
        s = face.sign(u)
        if not s:
            raise ModelError("the sign of a growing part is open")
        half = face.exact(terms.scale(Fraction(s, 2), terms.pi()))
        inner = _atan(face, face.to_power(u, Fraction(-1)))
        return face.plus(face.trimmed(0, [half], ZERO, exact=True), face.scaled(inner, fmpq(-1)))
    c, v = face.constant_and_rest(u)
    return face.composed(v, lambda n: _atan_taylor(face, c, n), _series_bound("atan", face.ball(c)))


def _atanh(face: Face, u: Model) -> Model:
    above = face.plus(_one(face), u)
    below = face.plus(_one(face), face.scaled(u, fmpq(-1)))
    ratio = face.times(above, face.to_power(below, Fraction(-1)))
    return face.scaled(_function(face, "log", ratio), fmpq(1, 2))


def _erfc(face: Face, u: Model) -> Model:
    return face.plus(_one(face), face.scaled(_function(face, "erf", u), fmpq(-1)))


def _log(face: Face, u: Model) -> Model:
    if u.is_nought() or u.valuation != 0:
        raise ModelError("a logarithm of the distance appears")
    lead, w = face.leading(u)
    if not face.ball(lead) > 0:
        raise ModelError("a logarithm of a negative number appears")
    inner = face.composed(w, lambda n: _TAYLOR["log"](face, UNIT, n), _series_bound("log", ONE))
    start = face.at("log", lead)
    return face.plus(face.trimmed(0, [start], ZERO, exact=True), inner)


def _lgamma(face: Face, u: Model) -> Model:
    """Return the value at the face, and the slope in between as a ball."""
    c, v = face.constant_and_rest(u)
    if not face.ball(c) + face.range_of(v) > 0:
        raise ModelError("lgamma needs a positive argument")
    slope = _series_bound("lgamma", face.ball(c))(face.range_of(v), 1)
    start = face.trimmed(0, [face.at("lgamma", c)], ZERO, exact=True)
    if not slope.is_finite():
        raise ModelError("a part has no finite enclosure near the face")
    return start if v.is_nought() else face.plus(start, face.times_ball(v, slope))


def _exp_taylor(face: Face, c: Exact, n: int) -> Coefficients:
    value, result = face.at("exp", c), []
    for k in range(n):
        result.append(value)
        value = scaled(value, fmpq(1, k + 1))
    return result


def _log_taylor(face: Face, c: Exact, n: int) -> Coefficients:
    inverse, result, p = raised(c, Fraction(-1)), [face.at("log", c)], UNIT
    for k in range(1, n):
        p = times(p, inverse)
        result.append(scaled(p, fmpq((-1) ** (k - 1), k)))
    return result


def _trig_taylor(first: str) -> Callable[[Face, Exact, int], Coefficients]:
    def taylor(face: Face, c: Exact, n: int) -> Coefficients:
        s, k = face.at("sin", c), face.at("cos", c)
        cycle = [s, k, scaled(s, fmpq(-1)), scaled(k, fmpq(-1))]
        start = 0 if first == "sin" else 1
        result: Coefficients = []
        weight = fmpq(1)
        for j in range(n):
            result.append(scaled(cycle[(start + j) % 4], weight))
            weight = weight / (j + 1)
        return result

    return taylor


def _integrated(value: Exact, slope: Sequence[Exact], n: int) -> Coefficients:
    return [value, *[scaled(z, fmpq(1, k + 1)) for k, z in enumerate(slope)]][:n]


def _atan_taylor(face: Face, c: Exact, n: int) -> Coefficients:
    q = raised(plus(UNIT, times(c, c)), Fraction(-1))
    twice = scaled(c, fmpq(2))
    z: Coefficients = []
    for k in range(n):
        total = UNIT if k == 0 else NOUGHT
        if k >= 1:
            total = plus(total, scaled(times(twice, z[k - 1]), fmpq(-1)))
        if k >= 2:
            total = plus(total, scaled(z[k - 2], fmpq(-1)))
        z.append(times(total, q))
    return _integrated(face.at("atan", c), z, n)


def _root_slope(c: Exact, n: int, kind: int) -> Coefficients:
    """Return the Taylor coefficients of `(1 - kind x^2)^(-1/2)` at c, from `z'(1 - kind x^2) = kind x z`."""
    p = plus(UNIT, scaled(times(c, c), fmpq(-kind)))
    q = raised(p, Fraction(-1))
    z: Coefficients = [raised(p, Fraction(-1, 2))]
    for k in range(n - 1):
        total = scaled(times(c, z[k]), kind * (2 * k + 1))
        if k >= 1:
            total = plus(total, scaled(z[k - 1], fmpq(kind * k)))
        z.append(scaled(times(total, q), fmpq(1, k + 1)))
    return z


def _asin_taylor(face: Face, c: Exact, n: int) -> Coefficients:
    return _integrated(face.at("asin", c), _root_slope(c, n, 1), n)


def _asinh_taylor(face: Face, c: Exact, n: int) -> Coefficients:
    return _integrated(face.at("asinh", c), _root_slope(c, n, -1), n)


def _tanh_taylor(face: Face, c: Exact, n: int) -> Coefficients:
    y: Coefficients = [face.at("tanh", c)]
    for k in range(n - 1):
        total = UNIT if k == 0 else NOUGHT
        for j in range(k + 1):
            total = plus(total, scaled(times(y[j], y[k - j]), fmpq(-1)))
        y.append(scaled(total, fmpq(1, k + 1)))
    return y


def _erf_taylor(face: Face, c: Exact, n: int) -> Coefficients:
    gauss = face.at("exp", scaled(times(c, c), -1))
    root = face.exact(terms.scale(2, power(terms.pi(), Fraction(-1, 2))))
    z: Coefficients = [times(root, gauss)]
    for k in range(n - 1):
        total = scaled(times(c, z[k]), fmpq(-2))
        if k >= 1:
            total = plus(total, scaled(z[k - 1], fmpq(-2)))
        z.append(scaled(total, fmpq(1, k + 1)))
    return _integrated(face.at("erf", c), z, n)


_TAYLOR: Final[Mapping[str, Callable[[Face, Exact, int], Coefficients]]] = {
    "exp": _exp_taylor,
    "log": _log_taylor,
    "sin": _trig_taylor("sin"),
    "cos": _trig_taylor("cos"),
    "tanh": _tanh_taylor,
    "asinh": _asinh_taylor,
    "erf": _erf_taylor,
}

_DERIVED: Final[Mapping[str, Callable[[Face, Model], Model]]] = {
    "tan": _tan,
    "sinh": _sinh,
    "cosh": _cosh,
    "asin": _asin,
    "acos": _acos,
    "atan": _atan,
    "atanh": _atanh,
    "erfc": _erfc,
    "lgamma": _lgamma,
    "log": _log,
}

_BY_SIGN: Final[Mapping[str, Callable[[Face, Model, int], Model]]] = {
    "abs": _abs,
    "cbrt": _cbrt,
    "sign": lambda face, _, s: face.trimmed(0, [rational(s)], ZERO, exact=True),
    "step": lambda face, _, s: face.trimmed(0, [rational(int(s > 0))], ZERO, exact=True),
}
