"""Gaussian room: certified fixed point and slopes of tanh against mpmath, and the correlation map against dblquad.

Ratios of one run: `python benchmarks/bench_gaussian.py`.
"""

import time
from fractions import Fraction

import mpmath as mp
import numpy as np
import sympy as sp
from scipy.integrate import dblquad

from mfcheck.gaussian import CorrelationMap, LengthMap, fixed_point, slopes
from mfcheck.symbolic.activation import X

T = sp.tanh(X)
WEIGHT, BIAS = Fraction(25, 4), Fraction(9, 100)


def ours(weight: Fraction = WEIGHT) -> str:
    q = fixed_point(LengthMap(T, weight, BIAS), 30).value
    first, second = slopes(T, weight, q, 30)
    return f"{q.str(31)} {first.str(31)} {second.str(31)}"


def plain() -> str:
    with mp.workdps(33):

        def mean(f: object, q: object) -> object:
            root = mp.sqrt(q)
            return mp.quad(lambda z: f(root * z) * mp.npdf(z), [-13, -6, -3, 0, 3, 6, 13])

        weight, bias = mp.mpf(25) / 4, mp.mpf(9) / 100
        q = mp.findroot(
            lambda v: weight * mean(lambda t: mp.tanh(t) ** 2, v) + bias - v, (4.0, 4.1)
        )
        first = weight * mean(lambda t: mp.sech(t) ** 4, q)
        second = weight * mean(lambda t: 4 * mp.tanh(t) ** 2 * mp.sech(t) ** 4, q)
        return f"{mp.nstr(q, 31)} {mp.nstr(first, 31)} {mp.nstr(second, 31)}"


def bench_fixed_point() -> None:
    start = time.perf_counter()
    found = ours()
    middle = time.perf_counter()
    reference = plain()
    end = time.perf_counter()
    print(found, reference, sep="\n")
    again = time.perf_counter()
    for k in range(1, 11):
        ours(WEIGHT + Fraction(k, 7))
    next_ones = (time.perf_counter() - again) / 10
    slow = end - middle
    print(
        f"q*, chi_1, chi_2 to 30 digits, and that there is no other fixed point: mpmath {slow:.3f} s (no such "
        f"statement); first call {middle - start:.3f} s, ratio {slow / (middle - start):.1f}; at other variances "
        f"{next_ones:.3f} s, ratio {slow / next_ones:.1f}"
    )


def bench_map() -> None:
    q = fixed_point(LengthMap(T, WEIGHT, BIAS), 20).value
    chosen, root = CorrelationMap(T, WEIGHT, BIAS, q), float(q.mid()) ** 0.5
    c = np.linspace(-0.99, 0.99, 1000)
    start = time.perf_counter()
    values = chosen.values(c)
    middle = time.perf_counter()
    few = c[::250]

    def integrand(v: float, u: float, r: float) -> float:
        both = np.tanh(root * u) * np.tanh(root * (r * u + (1 - r * r) ** 0.5 * v))
        return float(both * np.exp(-(u * u + v * v) / 2) / (2 * np.pi))

    slow = [dblquad(integrand, -9, 9, -9, 9, args=(r,), epsabs=1e-8)[0] for r in few]
    end = time.perf_counter()
    reference = (6.25 * np.array(slow) + 0.09) / root**2
    print("largest difference", np.abs(values[::250] - reference).max())
    scaled = (end - middle) * len(c) / len(few)
    print(
        f"map at 1000 correlations: {middle - start:.3f} s, dblquad {scaled:.1f} s, "
        f"ratio {scaled / (middle - start):.0f}"
    )


if __name__ == "__main__":
    bench_fixed_point()
    bench_map()
