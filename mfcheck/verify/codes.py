"""How many unit vectors can have pairwise inner products below a bound."""

from collections.abc import Sequence
from fractions import Fraction
from math import floor, isqrt, lcm

from .formulas import FUNCTIONS, exact, iv
from .reading import Bounds, Json, MalformedError, effort, need, number, prove

MAX_DEGREE = 64


def code_bound(claim: Json, witness: Json) -> Bounds:
    """The number of unit vectors in dimension d with pairwise inner products at most C."""
    d, C, bound = claim["dimension"], number(claim["cosine"]), number(claim["upper"])
    small = 1 <= d <= 10_000 and len(claim["cosine"]) <= 60
    need(small and -1 <= C < 1 <= bound, "dimension, cosine or bound out of range")
    match witness["method"]:
        case "delsarte":
            proved = _delsarte(d, C, witness)
        case "circle":
            proved = _circle(d, C, bound)
        case "rankin":
            prove(C <= 0 or d == 1, "Rankin's bound needs a cosine of at most 0")
            proved = 2 if d == 1 else 2 * d if C == 0 else min(d + 1, floor(1 - 1 / C))
        case "volume":
            proved = _volume(d, C)
        case method:
            raise MalformedError(f"unknown method {method[:40]!r}")
    prove(proved <= bound, "the bound of the size of a code is not proved")
    return None, bound


def _circle(d: int, C: Fraction, bound: Fraction) -> int:
    """N+1 points on a circle leave an angle of at most 2 pi/(N+1)."""
    proved, iv.prec = min(floor(bound), 10**9), 200
    few = d == 2 and FUNCTIONS["cos"](2 * iv.pi / (proved + 1)) > exact(C)
    prove(few, "the circle is not proved to hold no more points")
    return proved


def _volume(d: int, C: Fraction) -> int:
    """Disjoint caps of half the angle; 355/113 > pi."""
    prove(d >= 2, "the volume bound needs dimension 2 or more")
    effort.spend((d * C.denominator.bit_length()) ** 2 / 5000)
    square = Fraction(355 * 4 * (d - 1) ** 2, 113 * (2 * d - 3)) * (2 / (1 - C)) ** (d - 1)
    return isqrt(floor(square))


def _delsarte(d: int, C: Fraction, witness: Json) -> int:
    """`f = sum f_k P_k = (t+1)^i (t-C)^j square^2 rest <= 0` on [-1, C]: at most f(1)/f_0 points."""
    lists = [witness.get(key, []) for key in ("coefficients", "square", "rest")]
    need(d >= 2 and all(1 <= len(x) <= MAX_DEGREE + 1 for x in lists), "degree out of range")
    need(max(len(str(x)) for part in lists for x in part) <= 120, "too long a coefficient")
    f, square, rest = ([number(x) for x in part] for part in lists)
    need(witness.get("ends") in ([0, 0], [0, 1], [1, 0], [1, 1]), "ends are not zeros and ones")
    i, j = witness["ends"]
    prove(f[0] > 0 and min(f) >= 0, "a Gegenbauer coefficient is negative, or f_0 is zero")
    points = max(len(f), 2 * len(square) + len(rest) + 2)
    (f_, F), (q_, Q), (g_, G) = map(_integers, (f, square, rest))
    effort.spend(points * (len(f) * 20 + (len(square) + len(rest)) * 2))
    for t in range(points):
        q, g = (sum(c * t**k for k, c in enumerate(part)) for part in (q_, g_))
        factors = (t + 1) ** i * (t - C) ** j * Fraction(q**2 * g, Q**2 * G)
        prove(
            _gegenbauer(f_, d, Fraction(t)) == F * factors, "the factors do not give the polynomial"
        )
    signed = rest if j else [-c for c in rest]
    prove(_positive(signed, Fraction(-1), C), "f <= 0 on [-1, C] is not proved")
    return floor(sum(f) / f[0])


def _integers(f: Sequence[Fraction]) -> tuple[list[int], int]:
    """Return integers and their common denominator."""
    common = lcm(*(c.denominator for c in f))
    return [(c * common).numerator for c in f], common


def _gegenbauer(f: Sequence[Fraction | int], d: int, t: Fraction) -> Fraction:
    """`sum_k f_k P_k(t)`, the P_k orthogonal on the sphere in dimension d, `P_k(1) = 1`."""
    before, now, total = Fraction(0), Fraction(1), Fraction(0)
    for k, coefficient in enumerate(f):
        total += coefficient * now
        after = ((2 * k + d - 2) * t * now - k * before) / (k + d - 2) if k else t
        before, now = now, after
    return total


def _positive(f: Sequence[Fraction], low: Fraction, high: Fraction) -> bool:
    """Whether f > 0 on [low, high], by Descartes' rule on [0, 1], `t = low + (high - low) s`, and bisection."""
    moved = list(f)
    for i in range(len(f)):
        for k in reversed(range(i, len(f) - 1)):
            moved[k] += low * moved[k + 1]
    return _positive_on_unit(_integers([c * (high - low) ** k for k, c in enumerate(moved)])[0], 40)


def _positive_on_unit(f: list[int], depth: int) -> bool:
    """`f = sum_k b_k s^k (1-s)^(n-k)`, b from `(1+u)^n f(1/(1+u))`, is positive on [0, 1] if all b_k are."""
    effort.spend(len(f) ** 2 * (1 + max(map(abs, f)).bit_length() / 5000) / 5 + 20)
    if all(c > 0 for c in _shifted(f[::-1])):
        return True
    if f[0] <= 0 or sum(f) <= 0 or depth == 0:
        return False
    half = [c << len(f) - 1 - k for k, c in enumerate(f)]
    return all(_positive_on_unit(part, depth - 1) for part in (half, _shifted(half)))


def _shifted(f: list[int]) -> list[int]:
    """`f(s + 1)`."""
    result = list(f)
    for i in range(len(f)):
        for k in reversed(range(i, len(f) - 1)):
            result[k] += result[k + 1]
    return result
