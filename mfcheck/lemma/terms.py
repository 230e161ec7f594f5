"""Terms of a statement: shared, exact, built by functions that tidy up as they go.

A term is an immutable node; equal terms are one object. Numbers are exact fractions. A sum holds rational
coefficients, a product rational exponents; a fractional exponent stands for a base that is not negative.
Tidying may drop a factor `x/x`, so what a text requires to be defined is recorded by its reader, not here.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Final

from mfcheck.errors import InputError

MAX_BITS: Final = 14_000
"""Largest size of a numerator or denominator that is worked out."""

UNARY: Final = frozenset(
    [
        "exp",
        "log",
        "sin",
        "cos",
        "tan",
        "asin",
        "acos",
        "atan",
        "sinh",
        "cosh",
        "tanh",
        "asinh",
        "atanh",
        "erf",
        "erfc",
        "abs",
        "sign",
        "step",
        "cbrt",
        "lgamma",
    ]
)
"""Functions of one argument that terms are built of."""


class Term:
    """One node: `op` with `args`; `data` is a number, a name, coefficients `(c0, c1, ...)` or exponents."""

    __slots__ = ("_free", "args", "data", "number", "op")

    def __init__(self, op: str, args: tuple["Term", ...], data: object, number: int) -> None:
        self.op = op
        self.args = args
        self.data = data
        self.number = number
        self._free: frozenset[str] | None = None

    @property
    def free(self) -> frozenset[str]:
        """The names of the variables in it."""
        if self._free is None:
            own = frozenset([str(self.data)]) if self.op == "var" else frozenset()
            self._free = own.union(*[a.free for a in self.args])
        return self._free

    def coefficients(self) -> tuple[Fraction, ...]:
        """Return `(c0, c1, ...)` of a sum."""
        assert isinstance(self.data, tuple)
        return self.data

    def exponents(self) -> tuple[Fraction, ...]:
        """Return the exponents of a product."""
        assert isinstance(self.data, tuple)
        return self.data

    def value(self) -> Fraction:
        """Return the value of a number."""
        assert isinstance(self.data, Fraction)
        return self.data

    def __repr__(self) -> str:
        return text(self)


_TABLE: dict[tuple[str, tuple[Term, ...], object], Term] = {}


def forget() -> None:
    """Empty the table of shared terms; terms made before must not be mixed with later ones."""
    _TABLE.clear()


def table_size() -> int:
    """Return how many terms are shared now."""
    return len(_TABLE)


def _make(op: str, args: tuple[Term, ...], data: object = None) -> Term:
    key = (op, args, data)
    found = _TABLE.get(key)
    if found is None:
        found = _TABLE[key] = Term(op, args, data, len(_TABLE))
    return found


def num(value: Fraction | int) -> Term:
    """Return an exact number.

    Raises:
        InputError: its numerator or denominator has more than `MAX_BITS` bits.
    """
    value = value if isinstance(value, Fraction) else Fraction(value)
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > MAX_BITS:
        raise InputError("a number in the statement is too large to be worked out")
    return _make("num", (), value)


def var(name: str) -> Term:
    """Return a variable."""
    return _make("var", (), name)


def pi() -> Term:
    """Return the number pi."""
    return _make("pi", ())


def add(*parts: Term) -> Term:
    """Return a sum, equal parts merged."""
    return combination([(Fraction(1), p) for p in parts])


def sub(a: Term, b: Term) -> Term:
    """Return a difference."""
    return combination([(Fraction(1), a), (Fraction(-1), b)])


def neg(a: Term) -> Term:
    """Return the opposite."""
    return combination([(Fraction(-1), a)])


def scale(factor: Fraction | int, a: Term) -> Term:
    """Return a rational multiple."""
    return combination([(Fraction(factor), a)])


def combination(parts: Iterable[tuple[Fraction, Term]]) -> Term:
    """Return a sum of rational multiples, flattened and merged."""
    constant = Fraction(0)
    merged: dict[Term, Fraction] = {}
    for factor, part in parts:
        if part.op == "num":
            constant += factor * part.value()
        elif part.op == "add":
            inner = part.coefficients()
            constant += factor * inner[0]
            for c, a in zip(inner[1:], part.args, strict=True):
                merged[a] = merged.get(a, Fraction(0)) + factor * c
        else:
            merged[part] = merged.get(part, Fraction(0)) + factor
    kept = sorted(((a, c) for a, c in merged.items() if c), key=lambda pair: pair[0].number)
    if not kept:
        return num(constant)
    if len(kept) == 1 and not constant and kept[0][1] == 1:
        return kept[0][0]
    return _make("add", tuple(a for a, _ in kept), (constant, *(c for _, c in kept)))


def split_factor(a: Term) -> tuple[Fraction, Term]:
    """Return a rational factor and the rest, so that the rest is no rational multiple of a simpler term."""
    if a.op == "num":
        return a.value(), num(1)
    if a.op == "add" and len(a.args) == 1 and not a.coefficients()[0]:
        return a.coefficients()[1], a.args[0]
    return Fraction(1), a


def mul(*parts: Term) -> Term:
    """Return a product."""
    return product([(p, Fraction(1)) for p in parts])


def div(a: Term, b: Term) -> Term:
    """Return a quotient."""
    if a.op == b.op == "num" and b.value():
        return num(a.value() / b.value())
    return product([(a, Fraction(1)), (b, Fraction(-1))])


def power(base: Term, exponent: Fraction | int) -> Term:
    """Return a rational power."""
    return product([(base, Fraction(exponent))])


def sqrt(a: Term) -> Term:
    """Return the square root."""
    return power(a, Fraction(1, 2))


def product(parts: Iterable[tuple[Term, Fraction]]) -> Term:
    """Return a product of rational powers, flattened and merged; exponentials are put together."""
    factor = Fraction(1)
    merged: dict[Term, Fraction] = {}
    exponent: list[tuple[Fraction, Term]] = []
    todo = list(parts)
    while todo:
        base, e = todo.pop()
        if not e:
            continue
        c, base = split_factor(base)
        if not c and e > 0:
            return num(0)
        if c != 1:
            if e.denominator == 1 and (c or e > 0) and _small_power(c, e.numerator):
                factor *= c**e.numerator
            elif c > 0 and _exact_root(c, e) is not None:
                factor *= _exact_root(c, e) or Fraction(1)
            elif c > 0 and base.op != "num":
                merged[num(c)] = merged.get(num(c), Fraction(0)) + e
            else:
                base = scale(c, base)
        if base.op == "num" and base.value() == 1:
            continue
        if base.op == "exp":
            exponent.append((e, base.args[0]))
        elif base.op == "mul" and (e.denominator == 1 or all(map(_surely_positive, base.args))):
            todo.extend((a, f * e) for a, f in zip(base.args, base.exponents(), strict=True))
        else:
            merged[base] = merged.get(base, Fraction(0)) + e
    if exponent:
        inner = combination(exponent)
        if not (inner.op == "num" and not inner.value()):
            grown = _make("exp", (inner,))
            merged[grown] = merged.get(grown, Fraction(0)) + 1
    return scale(factor, _product_of(merged)) if factor else num(0)


def _surely_positive(a: Term) -> bool:
    return a.op in ("pi", "exp") or (a.op == "num" and a.value() > 0)


def _product_of(merged: Mapping[Term, Fraction]) -> Term:
    rational = Fraction(1)
    kept: list[tuple[Term, Fraction]] = []
    primes: dict[int, Fraction] = {}
    for a, e in merged.items():
        if not e:
            continue
        if a.op == "num" and a.value() > 0:
            for p, k in _prime_powers(a.value()):
                primes[p] = primes.get(p, Fraction(0)) + k * e
            continue
        kept.append((a, e))
    for p, e in primes.items():
        whole = e.numerator // e.denominator
        rational *= Fraction(p) ** whole
        if e != whole:
            kept.append((num(p), e - whole))
    kept.sort(key=lambda pair: pair[0].number)
    if not kept:
        return num(rational)
    if len(kept) == 1 and kept[0][1] == 1:
        inner = kept[0][0]
    else:
        inner = _make("mul", tuple(a for a, _ in kept), tuple(e for _, e in kept))
    return scale(rational, inner) if rational != 1 else inner


@lru_cache(maxsize=512)
def _prime_powers(v: Fraction) -> tuple[tuple[int, int], ...]:
    """Factor a positive rational by small primes; what is left counts as one factor."""
    found: list[tuple[int, int]] = []
    for n, way in ((v.numerator, 1), (v.denominator, -1)):
        for p in _SMALL_PRIMES:
            if n == 1 or p * p > n:
                break
            k = 0
            while n % p == 0:
                n //= p
                k += 1
            if k:
                found.append((p, way * k))
        if n > 1:
            found.append((n, way))
    return tuple(found)


_SMALL_PRIMES: Final = tuple(
    p for p in range(2, 400) if all(p % q for q in range(2, int(p**0.5) + 1))
)


def _small_power(c: Fraction, n: int) -> bool:
    size = max(c.numerator.bit_length(), c.denominator.bit_length())
    return size * abs(n) <= MAX_BITS


def _exact_root(c: Fraction, e: Fraction) -> Fraction | None:
    """Return `c**e` if it is rational and easily found."""
    if e.denominator == 1:
        return None
    roots = [_integer_root(n, e.denominator) for n in (c.numerator, c.denominator)]
    if roots[0] is None or roots[1] is None:
        return None
    return Fraction(roots[0], roots[1]) ** e.numerator


def _integer_root(n: int, q: int) -> int | None:
    guess = round(n ** (1 / q)) if n < 10**15 else 0
    for r in (guess - 1, guess, guess + 1):
        if r >= 0 and r**q == n:
            return r
    return None


def call(name: str, *args: Term) -> Term:
    """Return a function of terms (`UNARY`, `min`, `max`), simplified at a few exact points.

    Raises:
        InputError: the function is not one that terms are built of.
    """
    if name in ("min", "max"):
        return _extreme(name, args)
    if name not in UNARY:
        raise InputError(f"{name} is not a function of terms")
    (a,) = args
    if a.op == "num":
        found = _AT_NUMBERS.get((name, a.value()))
        if found is not None:
            return found()
        if name in ("abs", "sign", "step"):
            return _sign_function(name, a.value())
        if name == "cbrt":
            v = a.value()
            root = _exact_root(abs(v), Fraction(1, 3))
            if root is not None:
                return num(root if v > 0 else -root)
        if name == "log" and a.value() > 0:
            return _log_of_number(a.value())
        if name == "lgamma" and (2 * a.value()).denominator == 1 and 0 < a.value() <= 40:
            return _log_of_gamma(a.value())
    if name == "log" and not a.free and a.op in ("add", "mul"):
        c, base = split_factor(a)
        pairs = (
            zip(base.args, base.exponents(), strict=True)
            if base.op == "mul"
            else [(base, Fraction(1))]
        )
        parts = list(pairs)
        if c > 0 and all(_surely_positive(x) for x, _ in parts) and (c != 1 or base.op == "mul"):
            logs = [(e, call("log", x)) for x, e in parts]
            return combination([(Fraction(1), call("log", num(c))), *logs])
    if name == "exp" and a.op == "log":
        return a.args[0]
    if name == "exp" and a.op == "add" and any(x.op == "log" for x in a.args):
        return _exp_of_logs(a)
    if name == "log" and a.op == "exp":
        return a.args[0]
    if name == "sin" or name == "cos":
        special = _at_multiple_of_pi(name, a)
        if special is not None:
            return special
    if name == "abs" and a.op in ("abs", "exp"):
        return a
    return _odd_even(name, a)


def _log_of_number(v: Fraction) -> Term:
    parts = _prime_powers(v)
    if any(p > 10**6 for p, _ in parts):
        return _make("log", (num(v),))
    return combination([(Fraction(k), _make("log", (num(p),))) for p, k in parts])


def _log_of_gamma(v: Fraction) -> Term:
    """Return log Gamma of a multiple of 1/2, from `Gamma(v) = (v - 1) Gamma(v - 1)` and `Gamma(1/2)^2 = pi`."""
    value = Fraction(1)
    while v > 1:
        v -= 1
        value *= v
    start = scale(Fraction(1, 2), call("log", pi())) if v < 1 else num(0)
    return add(start, call("log", num(value)))


def _exp_of_logs(a: Term) -> Term:
    """Return `u**c exp(rest)` for `exp(c log u + rest)`."""
    c = a.coefficients()
    logs = [(x.args[0], k) for k, x in zip(c[1:], a.args, strict=True) if x.op == "log"]
    if any(k.denominator > 12 or abs(k) > 64 for _, k in logs):
        return _make("exp", (a,))
    rest = [(k, x) for k, x in zip(c[1:], a.args, strict=True) if x.op != "log"]
    inner = combination([(c[0], num(1)), *rest])
    return product([*logs, (call("exp", inner), Fraction(1))])


_ODD = frozenset(
    ["sin", "tan", "asin", "atan", "sinh", "tanh", "asinh", "atanh", "erf", "cbrt", "sign"]
)
_EVEN = frozenset(("cos", "cosh", "abs"))


def _odd_even(name: str, a: Term) -> Term:
    """Move a sign out of an odd or even function, so that equal values become equal terms."""
    if (name in _ODD or name in _EVEN) and a.op == "add":
        c = a.coefficients()
        lead = c[0] or c[1]
        if lead < 0:
            inner = _make(name, (neg(a),))
            return neg(inner) if name in _ODD else inner
    if name in _ODD and a.op == "num" and a.value() < 0:
        return neg(_make(name, (neg(a),)))
    if name in _EVEN and a.op == "num" and a.value() < 0:
        return _make(name, (neg(a),))
    return _make(name, (a,))


def _sign_function(name: str, v: Fraction) -> Term:
    if name == "abs":
        return num(abs(v))
    if name == "sign":
        return num((v > 0) - (v < 0))
    return num(1 if v > 0 else 0)


def _at_multiple_of_pi(name: str, a: Term) -> Term | None:
    """Return sin or cos of r pi for r a multiple of 1/2 or of 1/3, 1/4, 1/6."""
    c, base = split_factor(a)
    if base.op != "pi":
        return None
    r = (c if name == "sin" else c + Fraction(1, 2)) % 2
    sign = 1
    if r >= 1:
        r, sign = r - 1, -1
    r = min(r, 1 - r)
    table = {
        Fraction(0): lambda: num(0),
        Fraction(1, 6): lambda: num(Fraction(1, 2)),
        Fraction(1, 4): lambda: scale(Fraction(1, 2), power(num(2), Fraction(1, 2))),
        Fraction(1, 3): lambda: scale(Fraction(1, 2), power(num(3), Fraction(1, 2))),
        Fraction(1, 2): lambda: num(1),
    }
    return scale(sign, table[r]()) if r in table else None


def _extreme(name: str, args: tuple[Term, ...]) -> Term:
    flat: set[Term] = set()
    for a in args:
        flat.update(a.args if a.op == name else (a,))
    numbers = [a.value() for a in flat if a.op == "num"]
    rest = sorted((a for a in flat if a.op != "num"), key=lambda t: t.number)
    if numbers:
        rest.append(num(max(numbers) if name == "max" else min(numbers)))
    return rest[0] if len(rest) == 1 else _make(name, tuple(rest))


_AT_NUMBERS: Final[Mapping[tuple[str, Fraction], Callable[[], Term]]] = {
    **{
        (f, Fraction(0)): (lambda: num(0))
        for f in ["sin", "tan", "asin", "atan", "sinh", "tanh", "asinh", "atanh", "erf", "cbrt"]
    },
    **{(f, Fraction(0)): (lambda: num(1)) for f in ("exp", "cos", "cosh", "erfc")},
    ("log", Fraction(1)): lambda: num(0),
    ("acos", Fraction(1)): lambda: num(0),
    ("acos", Fraction(0)): lambda: scale(Fraction(1, 2), pi()),
    ("acos", Fraction(-1)): pi,
    ("asin", Fraction(1)): lambda: scale(Fraction(1, 2), pi()),
    ("asin", Fraction(-1)): lambda: scale(Fraction(-1, 2), pi()),
    ("asin", Fraction(1, 2)): lambda: scale(Fraction(1, 6), pi()),
    ("atan", Fraction(1)): lambda: scale(Fraction(1, 4), pi()),
    ("atan", Fraction(-1)): lambda: scale(Fraction(-1, 4), pi()),
}


NORMAL: Final = "_w"
"""The name of the standard Gaussian inside the body of an expectation."""


def expectation(body: Term, parameters: Sequence[str]) -> Term:
    """Return `E body` over the standard Gaussian `NORMAL`; the node's arguments are the parameters.

    Inside the node the parameters are called `_p0`, `_p1`, ..., so that equal expectations are one term.
    """
    if NORMAL not in body.free:
        return body
    if body.op == "add":
        c = body.coefficients()
        parts = [(k, expectation(x, parameters)) for k, x in zip(c[1:], body.args, strict=True)]
        return combination([(c[0], num(1)), *parts])
    outside = [p for p in parameters if p in body.free]
    if body.op == "mul":
        factors = list(zip(body.args, body.exponents(), strict=True))
        free_of = [f for f in factors if NORMAL not in f[0].free]
        if free_of:
            rest = product([f for f in factors if NORMAL in f[0].free])
            return mul(product(free_of), expectation(rest, parameters))
    closed = _closed_expectation(body)
    if closed is not None:
        return closed
    shorter = _by_parts(body)
    if shorter is not None:
        return expectation(shorter, parameters)
    inner = substitute(body, {p: var(f"_p{k}") for k, p in enumerate(outside)})
    return _make("gauss", tuple(var(p) for p in outside), inner)


def _with_parameters(a: Term, args: tuple[Term, ...]) -> Term:
    """Return an expectation with other parameters; exact numbers are put into its body."""
    names = [f"_p{k}" for k in range(len(args))]
    fixed = {n: x for n, x in zip(names, args, strict=True) if not x.free}
    if not fixed:
        return _make("gauss", args, a.data)
    left = {n: x for n, x in zip(names, args, strict=True) if x.free}
    return substitute(expectation(substitute(body_of(a), fixed), sorted(left)), left)


_TAME: Final = UNARY - {
    "sign",
    "step",
    "tan",
    "cosh",
    "sinh",
    "lgamma",
    "acos",
    "asin",
    "atanh",
    "cbrt",
} | {"num", "var", "pi", "add", "mul", "max", "min"}


def _by_parts(body: Term) -> Term | None:
    """Return a body with the same expectation and a lower power of w, by Stein's identity `E w g = E g'`."""
    w = var(NORMAL)
    if body.op != "mul" or w not in body.args:
        return None
    n = body.exponents()[body.args.index(w)]
    rest = mul(body, power(w, -n))
    tame = all(x.op in _TAME for x in order([rest]))
    linear = all(
        NORMAL not in derivative(x.args[0], NORMAL).free for x in order([rest]) if x.op == "exp"
    )
    if n.denominator != 1 or n < 1 or not tame or not linear or NORMAL not in rest.free:
        return None
    slope = derivative(rest, NORMAL)
    if any(x.op == "mul" and w in x.args for x in order([slope])):
        return None
    return add(scale(n - 1, mul(power(w, n - 2), rest)), mul(power(w, n - 1), slope))


def _closed_expectation(body: Term) -> Term | None:
    """Return `E w^n`, `E |w|^n`, `E max(0, w)^n` and `E exp(a w + b)`."""
    w = var(NORMAL)
    base, n = (
        (body.args[0], body.exponents()[0])
        if body.op == "mul" and len(body.args) == 1
        else (body, Fraction(1))
    )
    if n.denominator == 1 and 0 < n <= 60:
        if base is w:
            return num(_double_factorial(int(n) - 1)) if n % 2 == 0 else num(0)
        if base is call("abs", w):
            return _absolute_moment(int(n))
        if base is call("max", w, num(0)):
            return scale(Fraction(1, 2), _absolute_moment(int(n)))
    if body.op in ("exp", "sin", "cos"):
        slope = derivative(body.args[0], NORMAL)
        rest = substitute(body.args[0], {NORMAL: num(0)})
        half = scale(Fraction(1, 2), power(slope, 2))
        if NORMAL not in slope.free:
            if body.op == "exp":
                return call("exp", add(rest, half))
            return mul(call(body.op, rest), call("exp", neg(half)))
    return None


def _double_factorial(n: int) -> int:
    result = 1
    while n > 1:
        result *= n
        n -= 2
    return result


def _absolute_moment(n: int) -> Term:
    """Return `E |w|^n`."""
    size = num(_double_factorial(n - 1))
    return size if n % 2 == 0 else mul(size, power(scale(Fraction(1, 2), pi()), Fraction(-1, 2)))


def body_of(a: Term) -> Term:
    """Return the body of an expectation, in `NORMAL` and `_p0`, `_p1`, ..."""
    assert isinstance(a.data, Term)
    return a.data


def slope_under(body: Term, name: str) -> Term:
    """Return a body whose expectation is the derivative of that of `body` in a parameter.

    That is the derivative of the body where it has no jumps in the parameter. With a sign or a step in it, it is a body
    that is defined nowhere, so that nothing is known of its expectation: what jumps have moved is missing in the slope.
    """
    if not any(n.op in ("sign", "step") and name in n.free for n in order([body])):
        return derivative(body, name)
    return _undefined([var(NORMAL), var(name), body])


def _undefined(of: Sequence[Term]) -> Term:
    """Return a term that depends on others and is defined nowhere."""
    return call("acos", add(num(2), *[power(u, 2) for u in of]))


def _expectation_slope(t: Term, inner: Callable[[Term], Term]) -> Term:
    names = [f"_p{k}" for k in range(len(t.args))]
    parts = []
    for name, x in zip(names, t.args, strict=True):
        slope = inner(x)
        if slope.op == "num" and not slope.value():
            continue
        changed = expectation(slope_under(body_of(t), name), names)
        parts.append(mul(substitute(changed, dict(zip(names, t.args, strict=True))), slope))
    return add(*parts)


def rebuild(a: Term, args: tuple[Term, ...]) -> Term:
    """Return the term with other arguments, tidied."""
    if a.op == "gauss":
        return _with_parameters(a, args)
    if a.op == "add":
        c = a.coefficients()
        return combination([(c[0], num(1)), *zip(c[1:], args, strict=True)])
    if a.op == "mul":
        return product(zip(args, a.exponents(), strict=True))
    return call(a.op, *args) if args else a


def substitute(a: Term, values: Mapping[str, Term]) -> Term:
    """Return the term with variables replaced."""
    known: dict[Term, Term] = {}

    def visit(t: Term) -> Term:
        if not t.free & values.keys():
            return t
        found = known.get(t)
        if found is None:
            found = (
                values[str(t.data)]
                if t.op == "var"
                else rebuild(t, tuple(visit(x) for x in t.args))
            )
            known[t] = found
        return found

    return visit(a)


def derivative(a: Term, name: str, *, flat: bool = False) -> Term:
    """Return the partial derivative (of `abs`, `min`, `max` away from the kinks).

    A sign or a step has a slope that is defined nowhere, so that no jump is taken for a constant; with `flat` it is 0,
    for where the jumps are known to be elsewhere. Nothing is known of the slope of `lgamma`.
    """
    known: dict[Term, Term] = {}

    def visit(t: Term) -> Term:
        if name not in t.free:
            return num(0)
        found = known.get(t)
        if found is None:
            if flat and t.op in ("sign", "step"):
                found = num(0)
            elif t.op in ("sign", "step", "lgamma"):
                found = _undefined([var(name), *t.args])
            else:
                found = _derivative(t, visit)
            known[t] = found
        return found

    return visit(a)


def _derivative(t: Term, inner: Callable[[Term], Term]) -> Term:
    if t.op == "var":
        return num(1)
    if t.op == "add":
        c = t.coefficients()
        return combination([(k, inner(x)) for k, x in zip(c[1:], t.args, strict=True)])
    if t.op == "mul":
        return combination(_product_rule(t, inner))
    u = t.args[0] if t.args else num(0)
    if t.op in ("min", "max"):
        return _extreme_derivative(t, inner)
    if t.op == "gauss":
        return _expectation_slope(t, inner)
    return mul(_SLOPES[t.op](u, t), inner(u))


def _product_rule(t: Term, inner: Callable[[Term], Term]) -> list[tuple[Fraction, Term]]:
    parts = []
    pairs = list(zip(t.args, t.exponents(), strict=True))
    for k, (base, e) in enumerate(pairs):
        slope = inner(base)
        if slope.op == "num" and not slope.value():
            continue
        others = [p for j, p in enumerate(pairs) if j != k]
        parts.append((e, product([*others, (base, e - 1), (slope, Fraction(1))])))
    return parts


def _extreme_derivative(t: Term, inner: Callable[[Term], Term]) -> Term:
    first, rest = t.args[0], t.args[1:]
    other = _extreme(t.op, rest)
    gap = sub(first, other) if t.op == "max" else sub(other, first)
    weight = call("step", gap)
    return add(mul(weight, inner(first)), mul(sub(num(1), weight), inner(other)))


_SLOPES: Final[Mapping[str, Callable[[Term, Term], Term]]] = {
    "exp": lambda _, t: t,
    "log": lambda u, _: power(u, -1),
    "sin": lambda u, _: call("cos", u),
    "cos": lambda u, _: neg(call("sin", u)),
    "tan": lambda _, t: add(num(1), power(t, 2)),
    "asin": lambda u, _: power(sub(num(1), power(u, 2)), Fraction(-1, 2)),
    "acos": lambda u, _: neg(power(sub(num(1), power(u, 2)), Fraction(-1, 2))),
    "atan": lambda u, _: power(add(num(1), power(u, 2)), -1),
    "sinh": lambda u, _: call("cosh", u),
    "cosh": lambda u, _: call("sinh", u),
    "tanh": lambda _, t: sub(num(1), power(t, 2)),
    "asinh": lambda u, _: power(add(num(1), power(u, 2)), Fraction(-1, 2)),
    "atanh": lambda u, _: power(sub(num(1), power(u, 2)), -1),
    "erf": lambda u, _: mul(num(2), power(pi(), Fraction(-1, 2)), call("exp", neg(power(u, 2)))),
    "erfc": lambda u, _: mul(num(-2), power(pi(), Fraction(-1, 2)), call("exp", neg(power(u, 2)))),
    "abs": lambda u, _: call("sign", u),
    "cbrt": lambda _, t: scale(Fraction(1, 3), power(t, -2)),
}


def text(a: Term) -> str:
    """Return the term in the grammar of statements, fully bracketed where it matters."""
    return _text(a, 0)


def _text(a: Term, level: int) -> str:
    if a.op == "num":
        v = a.value()
        plain = str(v.numerator) if v.denominator == 1 else f"{v.numerator}/{v.denominator}"
        return f"({plain})" if level and (v < 0 or v.denominator != 1) else plain
    if a.op == "var":
        return str(a.data)
    if a.op == "pi":
        return "pi"
    if a.op == "add":
        shown = _sum_text(a)
        return f"({shown})" if level > 0 else shown
    if a.op == "mul":
        shown = "*".join(_power_text(x, e) for x, e in zip(a.args, a.exponents(), strict=True))
        return f"({shown})" if level > 1 else shown
    if a.op == "gauss":
        names = [f"_p{k}" for k in range(len(a.args))]
        return f"E[{_text(substitute(body_of(a), dict(zip(names, a.args, strict=True))), 0)}]"
    return f"{a.op}({', '.join(_text(x, 0) for x in a.args)})"


def _sum_text(a: Term) -> str:
    c = a.coefficients()
    parts = [str(c[0])] if c[0] else []
    for k, x in zip(c[1:], a.args, strict=True):
        body = _text(x, 1)
        size = abs(k)
        weight = "" if size == 1 else f"{size}*" if size.denominator == 1 else f"({size})*"
        parts.append(("-" if k < 0 else "+") + weight + body)
    return "".join(parts).removeprefix("+")


def _power_text(x: Term, e: Fraction) -> str:
    base = _text(x, 2)
    if e == 1:
        return base
    shown = str(e) if e > 0 and e.denominator == 1 else f"({e})"
    return f"{base}**{shown}"


def size(a: Term) -> int:
    """Return the number of different nodes."""
    return len(order([a]))


def order(roots: Iterable[Term]) -> list[Term]:
    """Return all nodes, arguments before what uses them."""
    seen: set[Term] = set()
    result: list[Term] = []
    stack = [(r, False) for r in roots]
    while stack:
        node, done = stack.pop()
        if done:
            result.append(node)
            continue
        if node in seen:
            continue
        seen.add(node)
        stack.append((node, True))
        stack.extend((x, False) for x in node.args if x not in seen)
    return result


def jumps(t: Term) -> bool:
    """Say whether a sign or a step occurs, be it in an expectation: `E sign(x z) z` jumps at x = 0."""
    nodes = order([t])
    return any(n.op in ("sign", "step") or (n.op == "gauss" and jumps(body_of(n))) for n in nodes)
