"""The nodes of terms: numbers, variables, sums and products, shared and merged as they are built."""

from collections.abc import Iterable, Mapping
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
        from mfcheck.lemma.terms import text

        return text(self)


_TABLE: dict[tuple[object, ...], Term] = {}
"""All nodes by their content, fractions as pairs of whole numbers, which are compared in less time."""


def forget() -> None:
    """Empty the table of shared terms; terms made before must not be mixed with later ones."""
    _TABLE.clear()


def table_size() -> int:
    """Return how many terms are shared now."""
    return len(_TABLE)


def make(op: str, args: tuple[Term, ...], data: object = None) -> Term:
    """Return the one node with this content, as it stands: nothing is tidied."""
    key: tuple[object, ...] = (op, args, data)
    if isinstance(data, tuple):
        key = (op, args, *[n for v in data for n in (v.numerator, v.denominator)])
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
    key = ("num", value.numerator, value.denominator)
    found = _TABLE.get(key)
    if found is None:
        if max(value.numerator.bit_length(), value.denominator.bit_length()) > MAX_BITS:
            raise InputError("a number in the statement is too large to be worked out")
        found = _TABLE[key] = Term("num", (), value, len(_TABLE))
    return found


def var(name: str) -> Term:
    """Return a variable."""
    return make("var", (), name)


def pi() -> Term:
    """Return the number pi."""
    return make("pi", ())


def add(*parts: Term) -> Term:
    """Return a sum, equal parts merged."""
    return combination([(Fraction(1), p) for p in parts])


def sub(a: Term, b: Term) -> Term:
    """Return a difference."""
    return combination([(Fraction(1), a), (Fraction(-1), b)])


def neg(a: Term) -> Term:
    """Return the opposite."""
    return scale(-1, a)


def scale(factor: Fraction | int, a: Term) -> Term:
    """Return a rational multiple."""
    factor = Fraction(factor)
    if a.op == "num":
        return num(factor * a.value())
    if not factor or factor == 1:
        return a if factor else num(0)
    if a.op != "add":
        return make("add", (a,), (Fraction(0), factor))
    c = tuple(factor * k for k in a.coefficients())
    return a.args[0] if len(c) == 2 and not c[0] and c[1] == 1 else make("add", a.args, c)


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
    return make("add", tuple(a for a, _ in kept), (constant, *(c for _, c in kept)))


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
            elif c > 0 and exact_root(c, e) is not None:
                factor *= exact_root(c, e) or Fraction(1)
            elif c > 0 and base.op != "num":
                merged[num(c)] = merged.get(num(c), Fraction(0)) + e
            else:
                base = scale(c, base)
        if base.op == "num" and base.value() == 1:
            continue
        if base.op == "exp":
            exponent.append((e, base.args[0]))
        elif base.op == "mul" and (e.denominator == 1 or all(map(surely_positive, base.args))):
            todo.extend((a, f * e) for a, f in zip(base.args, base.exponents(), strict=True))
        else:
            merged[base] = merged.get(base, Fraction(0)) + e
    if exponent:
        inner = combination(exponent)
        if not (inner.op == "num" and not inner.value()):
            grown = make("exp", (inner,))
            merged[grown] = merged.get(grown, Fraction(0)) + 1
    return scale(factor, _product_of(merged)) if factor else num(0)


def surely_positive(a: Term) -> bool:
    """Say whether a term is plainly above zero."""
    return a.op in ("pi", "exp") or (a.op == "num" and a.value() > 0)


def _product_of(merged: Mapping[Term, Fraction]) -> Term:
    rational = Fraction(1)
    kept: list[tuple[Term, Fraction]] = []
    primes: dict[int, Fraction] = {}
    for a, e in merged.items():
        if not e:
            continue
        if a.op == "num" and a.value() > 0:
            for p, k in prime_powers(a.value()):
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
        inner = make("mul", tuple(a for a, _ in kept), tuple(e for _, e in kept))
    return scale(rational, inner) if rational != 1 else inner


@lru_cache(maxsize=512)
def prime_powers(v: Fraction) -> tuple[tuple[int, int], ...]:
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


def exact_root(c: Fraction, e: Fraction) -> Fraction | None:
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
