"""Kernels `sum_r (1+r)^k mu_r^2 c^r` from Hermite coefficients by the trapezoidal rule, with proved error bounds.

docs/certificates.md has the proofs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import factorial, isqrt

from .formulas import FUNCTIONS, Interval, Pair, cost, exact, fixed, iv, sqrt, value
from .reading import Json, effort, need, prove

MAX_TERMS, MAX_BITS = 600, 256
_exp = FUNCTIONS["exp"]

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
        low, high = fixed(c, self.bits)
        prove(0 <= low <= high <= 1 << self.bits, "a kernel outside 0 <= c <= 1")
        return iv.mpf(list(self.at((low, high)))) / 2**self.bits


def _rule(name: str, bits: int) -> tuple[int, int, int, Fraction, Fraction, Interval]:
    """The trapezoidal rule: nodes k/2^level up to `reach`, weights in units of 2^-wide; a, B, exp(-reach^2/4)."""
    a, bound = map(Fraction, ACTIVATIONS[name][3:])
    level = next(m for m in range(12) if 6 * a * 2**m >= bits + 64)
    reach = isqrt(3 * bits) + 3
    return level, reach, 2 * bits + 64, a, bound, _exp(exact(Fraction(-(reach**2), 4)))


@lru_cache(maxsize=16)
def _nodes(name: str, bits: int) -> tuple[list[tuple[Pair, Pair]], list[Pair]]:
    """Weights of even and odd r at each node, and bounds of `sum_r (1+r)^k mu_r^2`, k = 0, 1, 2, from moments."""
    level, reach, wide, a, bound, left_out = _rule(name, bits)
    weights, moments = [], [iv.mpf(0)] * 3
    root, scale = sqrt(iv.mpf(2)), 1 / sqrt(2 * iv.pi) / 2**level
    for k in range((reach << level) + 1):
        x = Fraction(k, 1 << level)
        weight = _exp(exact(-(x**2) / 2)) * scale
        sides = [root * exact(x), -root * exact(x)][: 2 if k else 1]
        texts = ACTIVATIONS[name][:3]
        values = [[value(text, {"x": side}) for side in sides] for text in texts]
        moments = [m + 2**j * weight * sum(v**2 for v in values[j]) for j, m in enumerate(moments)]
        even, odd = weight * sum(values[0]), weight * (values[0][0] - values[0][-1])
        weights.append((fixed(even, wide), fixed(odd, wide)))
    for j, size in enumerate((bound, 5 * bound / a, 40 * bound / a**2)):
        rest = 2 * exact(size) ** 2 * (2 * _aliasing(3 * a / 4, level) + left_out)
        moments[j] += iv.mpf([-1, 1]) * rest
    zero, one, two = moments
    return weights, [fixed(t, bits) for t in (zero, zero + one, zero + 3 * one + two)]


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
    growth = _exp(exact(a**2 / 2) + exact(a) * sqrt(iv.mpf(terms)))
    error = rounding + fixed(2 * exact(bound) * (growth * _aliasing(a, level) + left_out), wide)[1]
    roots = [isqrt(s**2 // (factorial(r) << 2 * level * r)) for r, s in enumerate(sums)]
    ends = ((max(0, root - error) ** 2, (root + 1 + error) ** 2) for root in roots)
    return [(low >> 2 * wide - bits, (high >> 2 * wide - bits) + 1) for low, high in ends]


def _aliasing(a: Fraction, level: int) -> Interval:
    """`|error| <= 2 M aliasing` if `int |g(x+ib)| dx <= M` for |b| <= a (Trefethen, Weideman 2014)."""
    return 1 / (_exp(2 * iv.pi * exact(a) * 2**level) - 1)


def kernel(claim: Json, witness: Json, k: int) -> Kernel:
    """The kernel of order k, with the accuracy that the witness asks for."""
    name, bits, terms = claim["activation"], witness["bits"], witness.get("terms", 1)
    need(name in ACTIVATIONS, f"unknown activation {name[:40]!r}")
    need(32 <= bits <= MAX_BITS and 1 <= terms <= MAX_TERMS, "bits or terms out of range")
    iv.prec = 2 * bits + 100
    level, reach, wide, *_ = _rule(name, bits)
    nodes = reach << level
    formulas = sum(cost(text, iv.prec) for text in ACTIVATIONS[name][:3])
    effort.spend(nodes * (2 * formulas + 200), once=(name, bits))
    effort.spend(nodes * terms * (wide + level * terms) / 5000, once=(name, bits, terms))
    squares = _squares(name, bits, terms)
    totals = _nodes(name, bits)[1]
    weights = [((1 + r) ** k * low, (1 + r) ** k * high) for r, (low, high) in enumerate(squares)]
    rest = (totals[k][0] - sum(q for _, q in weights), totals[k][1] - sum(p for p, _ in weights))
    return Kernel(bits, weights, (max(0, rest[0]), rest[1]), totals[k])


def order(claim: Json) -> int:
    """Return k of a kernel by its name."""
    need(claim["kernel"] in ORDERS, f"unknown kernel {claim['kernel'][:40]!r}")
    return ORDERS[claim["kernel"]]
