"""Check certificate files without trusting the program that wrote them: `python -m mfcheck.verify FILE`.

This file imports the standard library and mpmath alone, and nothing of mfcheck. An accepted claim is proved anew: in
intervals of mpmath (its elementary functions widened by 8 bits), in integers with explicit rounding, or in fractions.
docs/certificates.md has the format and the proofs of the error bounds used here.
"""

import ast
import hashlib
import json
import re
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import ceil, factorial, floor, isqrt
from operator import add, mul, sub, truediv
from pathlib import Path
from typing import Any, Literal, TypeAlias

from mpmath.ctx_iv import MPIntervalContext
from mpmath.libmp import finf, fnan, fninf, to_rational

FORMAT = "mfcheck-certificate/1"
MAX_SIZE, MAX_POINTS, MAX_TERMS, MAX_BITS, MAX_DEGREE, MAX_PARTS = 4_000_000, 256, 600, 256, 64, 64

Json: TypeAlias = dict[str, Any]
Interval: TypeAlias = Any  # an interval of `iv`
Pair: TypeAlias = tuple[int, int]  # lower and upper bound of a real number, in units of 2^-bits
Bounds: TypeAlias = tuple[Fraction | None, Fraction | None]
Known: TypeAlias = Mapping[str, Bounds]  # numbers that earlier parts of a bundle have enclosed

iv = MPIntervalContext()
_NUMBER = re.compile(
    r"[+-]?[0-9]{1,400}((\.[0-9]{1,400})?([eE][+-]?[0-9]{1,3})?|/0*[1-9][0-9]{0,400})"
)
_FORMULA = re.compile(r"[0-9A-Za-z_+\-*/()., ]{1,4000}")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,60}")


class MalformedError(Exception):
    """The text is not a certificate."""


class UnprovedError(Exception):
    """The certificate does not prove its claim."""


@dataclass(frozen=True)
class Verdict:
    """The outcome for one certificate; `statement` is what was proved, in the checker's words."""

    status: Literal["accepted", "rejected", "malformed"]
    reason: str
    kind: str = ""
    statement: str = ""


def _need(condition: bool, message: str) -> None:
    if not condition:
        raise MalformedError(message)


def _prove(condition: bool, message: str) -> None:
    if not condition:
        raise UnprovedError(message)


def _object(pairs: list[tuple[str, Any]]) -> Json:
    _need(len(dict(pairs)) == len(pairs), "a key occurs twice")
    return dict(pairs)


def _refuse(text: str) -> None:
    raise MalformedError(f"{text[:30]} is not allowed: numbers are strings or integers")


def _fields(data: Any, where: str, schema: str) -> None:
    """Require exactly the keys in `schema`: `name` for a string, `name:type`; `name?` may be left out."""
    _need(isinstance(data, dict), f"{where} is not an object")
    types = {word.split(":")[0]: (word + ":str").split(":")[1] for word in schema.split()}
    lacking = [key for key in types if not key.endswith("?") and key not in data]
    _need(not lacking, f"{where} lacks {', '.join(lacking)}")
    for key, value in data.items():
        expected = types.get(key, types.get(key + "?", "absent"))
        _need(type(value).__name__ == expected, f"{where}: {key[:40]!r} is to be {expected}")


def _number(text: Any) -> Fraction:
    _need(isinstance(text, str) and bool(_NUMBER.fullmatch(text)), "not an exact number")
    return Fraction(text)


def _bounds(claim: Json) -> Bounds:
    lower, upper = (_number(claim[key]) if key in claim else None for key in ("lower", "upper"))
    _need(lower is not None or upper is not None, "the claim has neither lower nor upper")
    return lower, upper


# --- formulas ------------------------------------------------------------------------------------


def _exact(value: Fraction) -> Interval:
    return iv.mpf(value.numerator) / value.denominator


def _finite(x: Interval) -> Interval:
    sane = all(end not in (finf, fninf, fnan) and abs(end[2]) < 10**6 for end in x._mpi_)
    _prove(sane, "a value is not known to be finite, or of absurd size")
    return x


def _fixed(x: Interval, bits: int) -> Pair:
    low, high = (Fraction(*map(int, to_rational(end))) for end in _finite(x)._mpi_)
    return floor(low * 2**bits), ceil(high * 2**bits)


def _safe(name: str) -> Callable[[Interval], Interval]:
    """A function of mpmath, its result widened: the last bits of the result need not be right."""

    def function(x: Interval) -> Interval:
        _prove(name != "exp" or abs(x) < 10**5, "exp of too large a number")
        try:
            value = getattr(iv, name)(_finite(x))
        except ValueError:
            raise UnprovedError(f"{name} is not known to be real") from None
        return _finite(value * _slack(iv.prec))

    return function


@lru_cache(maxsize=8)
def _slack(prec: int) -> Interval:
    return 1 + iv.mpf([-1, 1]) / 2 ** (prec - 8)


_exp, _log, _sqrt, _sin, _cos = map(_safe, ("exp", "log", "sqrt", "sin", "cos"))


def _erf(x: Interval) -> Interval:
    low, high = (_erf_at(end) for end in _fixed(x, iv.prec))
    return iv.mpf([low.a, high.b])


def _erf_at(x: int) -> Interval:
    """Erf at x in units of 2^-prec: `2/sqrt(pi) exp(-x^2) sum_n 2^n x^(2n+1)/(2n+1)!!`, or near 1 for large x."""
    if x < 0:
        return -_erf_at(-x)
    p, square, sums = iv.prec, 2 * x * x, []
    if square > p << 2 * p + 1:  # 1 - erf x <= exp(-x^2)
        return 1 - iv.mpf([0, 1]) / 2**p
    for up in (0, 1):
        n, term, total = 0, x, x
        while term > up or n << 2 * p < square:  # then each term is at most half of the one before
            n += 1
            term = (term * square >> 2 * p) // (2 * n + 1) + up
            total += term
        sums.append(total + up)
    return 2 / _sqrt(iv.pi) * _exp(-((iv.mpf(x) / 2**p) ** 2)) * iv.mpf(sums) / 2**p


def _atan(x: Interval) -> Interval:
    """Halve the angle six times, then sum the series; its rest is below the last power."""
    for _ in range(6):
        x = x / (1 + _sqrt(1 + x**2))
    _prove(abs(x) < 0.5, "atan of too wide an interval")
    power = total = x
    for n in range(1, iv.prec // 8 + 2):
        power = -power * x**2
        total += power / (2 * n + 1)
    return 64 * (total + iv.mpf([-1, 1]) * abs(power))


def _power(base: Interval, exponent: Interval) -> Interval:
    _prove(abs(exponent) <= 1000, "an exponent beyond 1000")
    low, high = _fixed(exponent, 0)
    return base**low if low == high else _exp(exponent * _log(base))


FUNCTIONS: Mapping[str, Callable[..., Interval]] = {
    **{"exp": _exp, "log": _log, "sqrt": _sqrt, "sin": _sin, "cos": _cos, "erf": _erf},
    **{"atan": _atan, "tanh": lambda x: 1 - 2 / (_exp(2 * x) + 1)},
    "max": lambda *v: iv.mpf([max(x.a for x in v), max(x.b for x in v)]),
    "min": lambda *v: iv.mpf([min(x.a for x in v), min(x.b for x in v)]),
}
_OPERATORS = {ast.Add: add, ast.Sub: sub, ast.Mult: mul, ast.Div: truediv, ast.Pow: _power}


@lru_cache(maxsize=512)
def _parse(text: str) -> ast.expr:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, MemoryError):
        raise MalformedError(f"not a formula: {text[:60]}") from None


def _evaluate(text: Any, names: Mapping[str, Any]) -> Interval:
    """Enclose a formula of numbers, pi, `+ - * / **`, `FUNCTIONS`, and `names`."""
    _need(isinstance(text, str) and bool(_FORMULA.fullmatch(text)), "not a formula")
    return _value(_parse(text.strip()), text.strip(), {**FUNCTIONS, **names})


def _value(node: ast.expr, text: str, names: Mapping[str, Any]) -> Interval:
    match node:
        case ast.Constant():
            return _exact(_number(ast.get_source_segment(text, node)))
        case ast.Name(id="pi"):
            return +iv.pi
        case ast.Name(id=name) if name in names and not callable(names[name]):
            return names[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand, text, names)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            sides = (_value(left, text, names), _value(right, text, names))
            return _finite(_OPERATORS[type(op)](*sides))
        case ast.Call(func=ast.Name(id=name), args=[_, *more] as args, keywords=[]):
            _need(callable(names.get(name)), f"{name} is not a function")
            _need(not more or name in ("max", "min"), f"{name} takes one argument")
            return _finite(names[name](*(_value(arg, text, names) for arg in args)))
    raise MalformedError("outside the grammar of formulas")


# --- kernels -------------------------------------------------------------------------------------

ACTIVATIONS: Mapping[str, list[str]] = {
    line.split()[0]: line.split()[1:]
    for line in """
tanh tanh(x) 1-tanh(x)**2 -2*tanh(x)*(1-tanh(x)**2) 1/2 1
erf erf(x) 2*exp(-x**2)/sqrt(pi) -4*x*exp(-x**2)/sqrt(pi) 1 13
sin sin(x) cos(x) -sin(x) 1 11/5
cos cos(x) -sin(x) -cos(x) 1 11/5
sigmoid (1+tanh(x/2))/2 (1-tanh(x/2)**2)/4 -tanh(x/2)*(1-tanh(x/2)**2)/4 1 1
softplus log(1+exp(x)) (1+tanh(x/2))/2 (1-tanh(x/2)**2)/4 1 18/5
gelu x*(1+erf(x/sqrt(2)))/2 (1+erf(x/sqrt(2)))/2+x*exp(-x**2/2)/sqrt(2*pi) (2-x**2)*exp(-x**2/2)/sqrt(2*pi) 1 15/2
silu x*(1+tanh(x/2))/2 (1+tanh(x/2))/2+x*(1-tanh(x/2)**2)/4 (1-tanh(x/2)**2)*(1-x*tanh(x/2)/2)/2 1 3
arctan atan(x) 1/(1+x**2) -2*x/(1+x**2)**2 1/2 5/2
isru x/sqrt(1+x**2) (1+x**2)**(-3/2) -3*x*(1+x**2)**(-5/2) 1/2 7/4
""".strip().splitlines()
}
"""Name: s0, s0', s0'', and a, B with `|s0(sqrt2 z)| <= B0 + B1 |Re z|` for `|Im z| <= a`, `B0 + B1 = B`."""
ORDERS: Mapping[str, int] = {"A": 0, "G2": 1, "K": 2}
"""k in the kernel `sum_r (1+r)^k mu_r^2 c^r`."""


@dataclass(frozen=True)
class Kernel:
    """Bounds of `w_r = (1+r)^k mu_r^2` for r < terms, of the sum of the later ones, and of all."""

    bits: int
    weights: Sequence[Pair]
    rest: Pair
    total: Pair

    def at(self, c: Pair) -> Pair:
        """Bounds of `sum_r w_r c^r`, which increases in c, for c in [0, 1]."""
        if c[0] == c[1] == 1 << self.bits:
            return self.total
        low, high = 0, self.rest[1]
        for below, above in reversed(self.weights):
            low, high = below + (low * c[0] >> self.bits), above - (-high * c[1] >> self.bits)
        return low, high

    def __call__(self, c: Interval) -> Interval:
        """The kernel as a function in formulas."""
        low, high = _fixed(c, self.bits)
        _prove(0 <= low <= high <= 1 << self.bits, "a kernel outside 0 <= c <= 1")
        return iv.mpf(list(self.at((low, high)))) / 2**self.bits


def _rule(name: str, bits: int) -> tuple[int, int, int, Fraction, Fraction, Interval]:
    """The trapezoidal rule: nodes k/2^level up to `reach`, weights in units of 2^-wide; a, B, exp(-reach^2/4)."""
    _need(name in ACTIVATIONS, f"unknown activation {name[:40]}")
    a, bound = map(Fraction, ACTIVATIONS[name][3:])
    level = next(m for m in range(12) if 6 * a * 2**m >= bits + 64)
    reach = isqrt(3 * bits) + 3
    return level, reach, 2 * bits + 64, a, bound, _exp(_exact(Fraction(-(reach**2), 4)))


@lru_cache(maxsize=16)
def _nodes(name: str, bits: int) -> tuple[list[tuple[Pair, Pair]], list[Pair]]:
    """Weights of even and odd r at each node, and bounds of `sum_r (1+r)^k mu_r^2`, k = 0, 1, 2, from moments."""
    level, reach, wide, a, bound, left_out = _rule(name, bits)
    weights, moments = [], [iv.mpf(0)] * 3
    root, scale = _sqrt(iv.mpf(2)), 1 / _sqrt(2 * iv.pi) / 2**level
    for k in range((reach << level) + 1):
        x = Fraction(k, 1 << level)
        weight = _exp(_exact(-(x**2) / 2)) * scale
        sides = [root * _exact(x), -root * _exact(x)][: 2 if k else 1]
        texts = ACTIVATIONS[name][:3]
        values = [[_evaluate(text, {"x": side}) for side in sides] for text in texts]
        moments = [m + 2**j * weight * sum(v**2 for v in values[j]) for j, m in enumerate(moments)]
        even, odd = weight * sum(values[0]), weight * (values[0][0] - values[0][-1])
        weights.append((_fixed(even, wide), _fixed(odd, wide)))
    for j, size in enumerate((bound, 5 * bound / a, 40 * bound / a**2)):
        rest = 2 * _exact(size) ** 2 * (2 * _aliasing(3 * a / 4, level) + left_out)
        moments[j] += iv.mpf([-1, 1]) * rest
    zero, one, two = moments
    return weights, [_fixed(t, bits) for t in (zero, zero + one, zero + 3 * one + two)]


@lru_cache(maxsize=32)
def _squares(name: str, bits: int, terms: int) -> list[Pair]:
    """Bounds of mu_r^2 for r < terms, `mu_r = E[s0(sqrt2 xi) h_r(xi)]`, from `sum weight He_r(x) 2^(r level)`.

    `|He_r(x)| <= 1.09 sqrt(r!) exp(x^2/4)` bounds the part of the rounding of weights.
    """
    level, _, wide, a, bound, left_out = _rule(name, bits)
    sums, rounding = [0] * terms, 0
    for k, pairs in enumerate(_nodes(name, bits)[0]):
        spread = max(high - low for low, high in pairs)
        rounding += spread << (3 * k * k >> 2 * level + 3) + 2
        before, hermite = 0, 1
        for r in range(terms):
            sums[r] += pairs[r & 1][0] * hermite
            before, hermite = hermite, k * hermite - (r << 2 * level) * before
    growth = _exp(_exact(a**2 / 2) + _exact(a) * _sqrt(iv.mpf(terms)))
    error = (
        rounding + _fixed(2 * _exact(bound) * (growth * _aliasing(a, level) + left_out), wide)[1]
    )
    roots = [isqrt(s**2 // (factorial(r) << 2 * level * r)) for r, s in enumerate(sums)]
    ends = ((max(0, root - error) ** 2, (root + 1 + error) ** 2) for root in roots)
    return [(low >> 2 * wide - bits, (high >> 2 * wide - bits) + 1) for low, high in ends]


def _aliasing(a: Fraction, level: int) -> Interval:
    """`|error| <= 2 M aliasing` if `int |g(x+ib)| dx <= M` for |b| <= a (Trefethen, Weideman 2014)."""
    return 1 / (_exp(2 * iv.pi * _exact(a) * 2**level) - 1)


def _kernel(claim: Json, witness: Json, k: int) -> Kernel:
    """The kernel of order k, with the accuracy that the witness asks for."""
    bits, terms = witness["bits"], witness.get("terms", 1)
    _need(32 <= bits <= MAX_BITS and 1 <= terms <= MAX_TERMS, "bits or terms out of range")
    iv.prec = 2 * bits + 100
    squares = _squares(claim["activation"], bits, terms)
    totals = _nodes(claim["activation"], bits)[1]
    weights = [((1 + r) ** k * low, (1 + r) ** k * high) for r, (low, high) in enumerate(squares)]
    rest = (totals[k][0] - sum(q for _, q in weights), totals[k][1] - sum(p for p, _ in weights))
    return Kernel(bits, weights, (max(0, rest[0]), rest[1]), totals[k])


def _order(claim: Json) -> int:
    _need(claim["kernel"] in ORDERS, f"unknown kernel {claim['kernel'][:40]}")
    return ORDERS[claim["kernel"]]


# --- kinds of certificate: each proves the claim and returns the bounds of its number -------------


def _lambda_min(claim: Json, witness: Json, _: Known) -> Bounds:
    """The points, divided by their norms, give `c_ij = (1 + <x_i, x_j>)/2` and `c_ii = 1`."""
    (lower, upper), points = _bounds(claim), claim["points"]
    kernel, bits, one = (
        _kernel(claim, witness, _order(claim)),
        witness["bits"],
        1 << witness["bits"],
    )
    c_max = (1 + _number(claim.get("C_max", "3"))) / 2
    _need(c_max < 1 or "C_max" not in claim, "C_max is not below 1")
    _need(1 <= len(points) <= MAX_POINTS, f"not between 1 and {MAX_POINTS} points")
    _need(all(isinstance(x, list) and len(x) == claim["dimension"] for x in points), "dimension")
    rows = [[_evaluate(entry, {}) for entry in x] for x in points]
    norms = [_sqrt(sum(entry**2 for entry in x)) for x in rows]
    gram: list[list[Pair]] = []
    for i, x in enumerate(rows):
        gram.append([])
        for j in range(i):
            cosine = _finite(sum(map(mul, x, rows[j])) / (norms[i] * norms[j]))
            low, high = _fixed((1 + cosine) / 2, bits)
            _prove(high <= c_max * one, "C_max is not proved")
            gram[i].append(kernel.at((max(0, low), min(one, high))))
        gram[i].append(kernel.total)
    if lower is not None:
        _prove_lower(gram, bits, lower)
    if upper is not None:
        _prove_upper(gram, bits, [_number(x) for x in witness.get("vector", [])], upper)
    return lower, upper


def _prove_lower(gram: list[list[Pair]], bits: int, lower: Fraction) -> None:
    """Prove lambda_min >= lower: `middle - shift I = L L^T + R`, `shift >= lower + radius + |R|`.

    Row i of `gram` has i+1 entries. `R` holds what integer division and square root leave over.
    """
    n, middle = len(gram), [[(low + high) // 2 for low, high in row] for row in gram]
    radius = n * max(high - low for row in gram for low, high in row)
    largest = max(row[-1] for row in middle) + abs(ceil(lower * 2**bits))
    slack = n * (2 * isqrt(largest >> bits) + 4)
    shift = ceil(lower * 2**bits) + radius + slack
    factor: list[list[int]] = []
    rests = [0] * n
    for i, row in enumerate(middle):
        new: list[int] = []
        for j in range(i):
            entry, rest = divmod((row[j] << bits) - sum(map(mul, new, factor[j])), factor[j][j])
            new.append(entry)
            rests[i] += rest
            rests[j] += rest
        pivot = (row[i] - shift << bits) - sum(map(mul, new, new))
        _prove(pivot > 0, "the lower bound of lambda_min is not proved")
        factor.append([*new, isqrt(pivot)])
        rests[i] += pivot - isqrt(pivot) ** 2
    _prove(max(rests) <= slack << bits, "rounding hides the lower bound of lambda_min")


def _prove_upper(gram: list[list[Pair]], bits: int, v: list[Fraction], upper: Fraction) -> None:
    """Prove lambda_min < upper by the Rayleigh quotient of `v`."""
    _need(len(v) == len(gram), "the vector does not fit the points")
    total = Fraction(0)
    for i, row in enumerate(gram):
        for j, (low, high) in enumerate(row):
            weight = v[i] * v[j] * (1 if i == j else 2)
            total += weight * (high if weight > 0 else low)
    _prove(total < upper * sum(x * x for x in v) * 2**bits, "the upper bound is not proved")


def _separation(claim: Json, witness: Json, _: Known) -> Bounds:
    """Schur, Weyl: `sum_r (1+r)^k mu_r^2 max(0, 1 - m c^r)`, `c = (1+C_max)/2`, `m = sqrt(floor(n^2/4))`."""
    n, lower, c = claim["n"], _number(claim["lower"]), (1 + _number(claim["C_max"])) / 2
    _need(1 <= n < 10**9 and 0 <= c < 1, "n or C_max out of range")
    kernel, bits, total = _kernel(claim, witness, _order(claim)), witness["bits"], 0
    power = isqrt((n * n // 4) << 2 * bits) + 1 if n > 1 else 0  # of m c^r, from above
    for low, _high in [*kernel.weights, kernel.rest]:
        total += max(0, (1 << bits) - power) * low >> bits
        power = ceil(power * c)
    _prove(lower * 2**bits <= total, "the separation bound is not proved")
    return lower, None


def _code_bound(claim: Json, witness: Json, _: Known) -> Bounds:
    """The number of unit vectors in dimension d with pairwise inner products at most C."""
    d, C, bound = claim["dimension"], _number(claim["cosine"]), _number(claim["upper"])
    small = 1 <= d <= 10_000 and len(claim["cosine"]) <= 60
    _need(small and -1 <= C < 1 <= bound, "dimension, cosine or bound out of range")
    match witness["method"]:
        case "delsarte":
            proved = _delsarte(d, C, witness)
        case "circle":  # N+1 points leave an angle of at most 2 pi/(N+1)
            proved, iv.prec = min(floor(bound), 10**9), 200
            few = d == 2 and _cos(2 * iv.pi / (proved + 1)) > _exact(C)
            _prove(few, "the circle is not proved to hold no more points")
        case "rankin":
            _prove(C <= 0 or d == 1, "Rankin's bound needs a cosine of at most 0")
            proved = 2 if d == 1 else 2 * d if C == 0 else min(d + 1, floor(1 - 1 / C))
        case "volume":  # disjoint caps of half the angle; 355/113 > pi
            _prove(d >= 2, "the volume bound needs dimension 2 or more")
            square = Fraction(355 * 4 * (d - 1) ** 2, 113 * (2 * d - 3)) * (2 / (1 - C)) ** (d - 1)
            proved = isqrt(floor(square))
        case method:
            raise MalformedError(f"unknown method {method[:40]}")
    _prove(proved <= bound, "the bound of the size of a code is not proved")
    return None, bound


def _delsarte(d: int, C: Fraction, witness: Json) -> int:
    """`f = sum f_k P_k = (t+1)^i (t-C)^j square^2 rest <= 0` on [-1, C]: at most f(1)/f_0 points."""
    lists = [witness.get(key, []) for key in ("coefficients", "square", "rest")]
    _need(d >= 2 and all(1 <= len(x) <= MAX_DEGREE + 1 for x in lists), "degree out of range")
    _need(max(len(str(x)) for part in lists for x in part) <= 120, "too long a coefficient")
    f, square, rest = ([_number(x) for x in part] for part in lists)
    _need(witness.get("ends") in ([0, 0], [0, 1], [1, 0], [1, 1]), "ends are not zeros and ones")
    i, j = witness["ends"]
    _prove(f[0] > 0 and min(f) >= 0, "a Gegenbauer coefficient is negative, or f_0 is zero")
    for t in map(Fraction, range(max(len(f), 2 * len(square) + len(rest) + 2))):
        q, g = (sum(c * t**k for k, c in enumerate(part)) for part in (square, rest))
        same = _gegenbauer(f, d, t) == (t + 1) ** i * (t - C) ** j * q**2 * g
        _prove(same, "the factors do not give the polynomial")
    signed = rest if j else [-c for c in rest]
    _prove(_positive(signed, Fraction(-1), C), "f <= 0 on [-1, C] is not proved")
    return floor(sum(f) / f[0])


def _gegenbauer(f: Sequence[Fraction], d: int, t: Fraction) -> Fraction:
    """`sum_k f_k P_k(t)`, the P_k orthogonal on the sphere in dimension d, `P_k(1) = 1`."""
    before, now, total = Fraction(0), Fraction(1), Fraction(0)
    for k, coefficient in enumerate(f):
        total += coefficient * now
        after = ((2 * k + d - 2) * t * now - k * before) / (k + d - 2) if k else t
        before, now = now, after
    return total


def _positive(f: list[Fraction], low: Fraction, high: Fraction, depth: int = 40) -> bool:
    """Whether f > 0 on [low, high]: its value in the middle beats the Taylor terms, or bisection."""
    middle, radius, taylor = (low + high) / 2, (high - low) / 2, list(f)
    for i in range(len(f)):
        for k in reversed(range(i, len(f) - 1)):
            taylor[k] += middle * taylor[k + 1]
    if taylor[0] > sum(abs(c) * radius**k for k, c in enumerate(taylor[1:], 1)):
        return True
    halves = ((low, middle), (middle, high))
    return taylor[0] > 0 < depth and all(_positive(f, *half, depth - 1) for half in halves)


def _inequality(claim: Json, witness: Json, known: Known) -> Bounds:
    """Bounds of a formula for all inputs: numbers, [low, high], or names of earlier parts."""
    (lower, upper), names = _bounds(claim), dict[str, Any]()
    _need(32 <= witness["bits"] <= MAX_BITS, "bits out of range")
    iv.prec = 2 * witness["bits"] + 100
    for name, value in claim["inputs"].items():
        _need(bool(_NAME.fullmatch(name)) and name not in (*FUNCTIONS, "pi"), "name of an input")
        named = known.get(value) if isinstance(value, str) else None
        given = named or [_number(x) for x in (value if isinstance(value, list) else [value] * 2)]
        ends = [end for end in given if end is not None]
        _need(len(ends) == len(given) == 2 and ends[0] <= ends[1], f"bounds of input {name}")
        names[name] = iv.mpf([_exact(ends[0]).a, _exact(ends[1]).b])
    if "activation" in claim:
        names |= {f"A{k or ''}": _kernel(claim, witness, k) for k in range(3)}
    value = _evaluate(claim["formula"], names)
    _prove(lower is None or _exact(lower).b <= value.a, "the lower bound is not proved")
    _prove(upper is None or value.b <= _exact(upper).a, "the upper bound is not proved")
    return lower, upper


def _bundle(claim: Json, _: Json, __: Known) -> Bounds:
    """Named certificates; an inequality may use the number of an earlier part as an input."""
    _need(1 <= len(claim["parts"]) <= MAX_PARTS, "number of parts out of range")
    proved: dict[str, Bounds] = {}
    for part in claim["parts"]:
        _fields(part, "part", "name certificate:dict")
        name, certificate = part["name"], part["certificate"]
        _need(bool(_NAME.fullmatch(name)) and name not in proved, "name of a part")
        _need(certificate.get("kind") != "bundle", "a bundle in a bundle")
        proved[name] = _check(certificate, proved)[1]
    return None, None


# fmt: off
_POINTS, _HINTS = "kernel activation points:list dimension:int", "bits:int terms:int"
_PROOF = "method coefficients?:list square?:list rest?:list ends?:list"
KINDS: Mapping[str, tuple[Callable[[Json, Json, Known], Bounds], str, str]] = {
    "lambda_min": (_lambda_min, f"{_POINTS} lower? upper? C_max?", f"{_HINTS} vector?:list"),
    "counterexample": (_lambda_min, f"{_POINTS} upper C_max", f"{_HINTS} vector:list"),
    "separation": (_separation, "kernel activation n:int C_max lower", _HINTS),
    "code_bound": (_code_bound, "dimension:int cosine upper", _PROOF),
    "inequality": (_inequality, "formula inputs:dict activation? lower? upper?", "bits:int terms?:int"),
    "bundle": (_bundle, "parts:list", ""),
}
"""Kind: how to prove a claim, the keys of claim and of witness."""
_DATA = "{points} points in dimension {dimension} with inner products at most {C_max}, activation {activation}"
STATEMENTS: Mapping[str, str] = {
    "lambda_min": "{lower} <= lambda_min({kernel}) <= {upper} for " + _DATA,
    "counterexample": "no lower bound of lambda_min({kernel}) by d alone reaches {upper}: it is smaller for " + _DATA,
    "separation": "lambda_min({kernel}) >= {lower} for all {n} unit vectors with inner products at most {C_max}, "
                  "activation {activation}",
    "code_bound": "at most {upper} unit vectors in dimension {dimension} have inner products at most {cosine}",
    "inequality": "{lower} <= {formula} <= {upper} for {inputs}, activation {activation}",
    "bundle": "{parts} certificates",
}
# fmt: on


def statement(kind: str, claim: Json) -> str:
    """Say in words what a claim asserts."""
    absent = {"lower": "-inf", "upper": "inf", "C_max": "1", "activation": "none"}
    words = {key: len(x) if isinstance(x, list) else x for key, x in claim.items()}
    return STATEMENTS[kind].format_map({**absent, **words})


def digest(data: Json) -> str:
    """SHA-256 of format, kind, statement and claim, as JSON with sorted keys and no spaces."""
    bound = {key: data[key] for key in ("format", "kind", "statement", "claim")}
    text = json.dumps(bound, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _check(data: Any, known: Known) -> tuple[str, Bounds]:
    _fields(data, "certificate", "format kind statement claim:dict witness:dict sha256")
    _need(data["format"] == FORMAT, f"the format is not {FORMAT}")
    _need(data["kind"] in KINDS, f"unknown kind {data['kind'][:40]!r}")
    prove, claim_keys, witness_keys = KINDS[data["kind"]]
    _fields(data["claim"], "claim", claim_keys)
    _fields(data["witness"], "witness", witness_keys)
    said = statement(data["kind"], data["claim"])
    _need(data["statement"] == said, "the statement does not fit the claim")
    _need(data["sha256"] == digest(data), "the SHA-256 does not fit the claim")
    return said, prove(data["claim"], data["witness"], known)


def verify(source: str | Path) -> Verdict:
    """Check a certificate, given by its path, or as text that begins with `{`."""
    kind = ""
    try:
        text = source if isinstance(source, str) and source.lstrip().startswith("{") else None
        if text is None:
            _need(Path(source).is_file(), "no such file")
            _need(Path(source).stat().st_size <= MAX_SIZE, f"larger than {MAX_SIZE} bytes")
            text = Path(source).read_text(encoding="utf-8")
        _need(len(text) <= MAX_SIZE, f"longer than {MAX_SIZE} characters")
        hooks: Json = {"parse_float": _refuse, "parse_constant": _refuse}
        data = json.loads(text, object_pairs_hook=_object, **hooks)
        kind = str(data.get("kind"))[:40] if isinstance(data, dict) else ""
        said, _ = _check(data, {})
    except (OSError, ValueError) as error:
        return Verdict("malformed", f"not a JSON text file ({type(error).__name__})", kind)
    except RecursionError:
        return Verdict("malformed", "nested too deeply", kind)
    except MalformedError as error:
        return Verdict("malformed", " ".join(str(error).split()), kind)
    except UnprovedError as error:
        return Verdict("rejected", str(error), kind)
    return Verdict("accepted", "the claim is proved", kind, said)


def main(arguments: Sequence[str]) -> int:
    """Check files; return 0 if all are accepted, 1 if one is rejected, 2 if one is malformed."""
    worst = 0 if arguments else 2
    for name in arguments:
        verdict = verify(Path(name))
        worst = max(worst, ("accepted", "rejected", "malformed").index(verdict.status))
        stream = sys.stderr if verdict.status == "malformed" else sys.stdout
        stream.write(f"{name}: {verdict.status}: {verdict.statement or verdict.reason}\n")
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
