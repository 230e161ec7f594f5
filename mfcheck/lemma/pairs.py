"""Expectations of products of one function each of two tied Gaussians without mean, in closed form. Trusted.

For standard ones of correlation c: `E sign sign = (2/pi) asin c` (Sheppard); `E |u| |v|` is `2/pi` times
`sqrt(1 - c^2) + c asin c`; `E erf(a u) erf(b v)` is `2/pi` times `asin(2 a b c / sqrt((1 + 2 a^2)(1 + 2 b^2)))`, that
with sign its limit for large a; `E u g(v) = c E g'(v)` (Stein). Steps and positive parts are written by signs and
absolute values first; products of an odd and an even function have the mean 0.
"""

from dataclasses import dataclass
from fractions import Fraction

from mfcheck.lemma import terms
from mfcheck.lemma.constants import expanded, summands
from mfcheck.lemma.terms import Term, add, call, div, mul, num, power, scale, sub, var

_HALF = Fraction(1, 2)


@dataclass(frozen=True)
class Pair:
    """Two names with their variances and their covariance."""

    names: tuple[str, str]
    variances: tuple[Term, Term]
    covariance: Term

    @property
    def size(self) -> Term:
        """The product of both standard deviations."""
        return terms.sqrt(mul(*self.variances))

    @property
    def correlation(self) -> Term:
        """The correlation."""
        return div(self.covariance, self.size)


@dataclass(frozen=True)
class _Part:
    """One function: `x`, `sign(x)`, `abs(x)`, 1, or `erf(slope x)`."""

    kind: str
    slope: Term | None = None

    @property
    def is_odd(self) -> bool:
        """Whether it changes its sign with its argument."""
        return self.kind in ("x", "sign", "erf")


def split(body: Term, pair: Pair) -> tuple[Term, Term]:
    """Return the expectation of the part of a body that has a closed form here, and the other part of the body."""
    found: list[tuple[Fraction, Term]] = []
    rest: list[tuple[Fraction, Term]] = []
    for k, x in summands(expanded(_by_signs(body, pair.names))):
        outside, parts = _parts(x, pair.names)
        value = None if parts is None else _value(*parts, pair)
        if value is None:
            rest.append((k, x))
        else:
            found.append((k, mul(outside, value)))
    return terms.combination(found), terms.combination(rest)


def _by_signs(t: Term, names: tuple[str, str]) -> Term:
    """Write steps, positive parts and `erfc` of multiples of one name by signs, absolute values and `erf`."""
    known: dict[Term, Term] = {}
    for node in terms.order([t]):
        args = tuple(known[a] for a in node.args)
        new = node if args == node.args else terms.rebuild(node, args)
        if node.op in ("step", "erfc", "max", "abs", "sign") and node.free and len(node.args) < 3:
            new = _rewritten(new, names)
        known[node] = new
    return known[t]


def _rewritten(t: Term, names: tuple[str, str]) -> Term:
    u = sub(*t.args) if len(t.args) == 2 else t.args[0]
    k, x = terms.split_factor(u)
    if t.op == "erfc":
        return sub(num(1), call("erf", u))
    if x.op != "var" or x.data not in names:
        return t
    way = 1 if k > 0 else -1
    if t.op == "step":
        return scale(_HALF, add(num(1), scale(way, call("sign", x))))
    if t.op == "sign":
        return scale(way, call("sign", x))
    size = scale(abs(k), call("abs", x))
    return size if t.op == "abs" else add(t.args[1], scale(_HALF, add(u, size)))


def _parts(t: Term, names: tuple[str, str]) -> tuple[Term, tuple[_Part, _Part] | None]:
    """Return the factor without either name, and the two functions; None if they are not of the kinds known here."""
    factors = list(zip(t.args, t.exponents(), strict=True)) if t.op == "mul" else [(t, Fraction(1))]
    outside = terms.product([f for f in factors if not f[0].free & set(names)])
    found: list[_Part] = []
    for name in names:
        inside = [f for f in factors if name in f[0].free]
        if len(inside) > 1 or any(f.free & set(names) != {name} or e != 1 for f, e in inside):
            return outside, None
        part = _Part("1") if not inside else _part(inside[0][0], name)
        if part is None:
            return outside, None
        found.append(part)
    return outside, (found[0], found[1])


def _part(f: Term, name: str) -> _Part | None:
    x = var(name)
    if f is x:
        return _Part("x")
    if f.op in ("sign", "abs") and f.args[0] is x:
        return _Part(f.op)
    if f.op == "erf":
        slope = div(f.args[0], x)
        return None if name in slope.free else _Part("erf", slope)
    return None


def _value(f: _Part, g: _Part, pair: Pair) -> Term | None:
    if f.kind in ("1", "x") and g.kind in ("1", "x"):
        return None  # a polynomial, which has its own way
    if f.is_odd != g.is_odd:
        return num(0)
    if not f.is_odd:
        return _of_sizes(f, g, pair)
    if f.kind == "x":
        return mul(pair.covariance, _mean_slope(g, pair.variances[1]))
    if g.kind == "x":
        return mul(pair.covariance, _mean_slope(f, pair.variances[0]))
    inside = mul(pair.correlation, _shrunk(f, pair.variances[0]), _shrunk(g, pair.variances[1]))
    return scale(2, div(call("asin", inside), terms.pi()))


def _of_sizes(f: _Part, g: _Part, pair: Pair) -> Term:
    """Return `E |u| |v|`, or `E |u|` where the other function is 1."""
    if "1" in (f.kind, g.kind):
        variance = pair.variances[1] if f.kind == "1" else pair.variances[0]
        return terms.sqrt(scale(2, div(variance, terms.pi())))
    c = pair.correlation
    root = terms.sqrt(sub(num(1), power(c, 2)))
    return mul(scale(2, div(pair.size, terms.pi())), add(root, mul(c, call("asin", c))))


def _mean_slope(g: _Part, variance: Term) -> Term:
    """Return `E g'(v)`: for the sign twice the density at 0."""
    if g.kind == "sign":
        return terms.sqrt(div(num(2), mul(terms.pi(), variance)))
    b = g.slope or num(1)
    spread = add(num(1), scale(2, mul(power(b, 2), variance)))
    return scale(2, mul(b, power(terms.pi(), -_HALF), power(spread, -_HALF)))


def _shrunk(g: _Part, variance: Term) -> Term:
    """Return `sqrt2 b/sqrt(1 + 2 b^2)` for `erf(b v)` of a standard v, and its limit 1 for the sign."""
    if g.kind == "sign":
        return num(1)
    b = g.slope or num(1)
    square = scale(2, mul(power(b, 2), variance))
    return mul(b, terms.sqrt(scale(2, variance)), power(add(num(1), square), -_HALF))
