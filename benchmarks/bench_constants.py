"""Certified Gaussian expectations and Hermite coefficients against mpmath, as ratios of one run.

Run: `python benchmarks/bench_constants.py`. Both sides are timed in turn; the values are compared before
any time counts. mpmath gets its usual form (the whole line) and a form tuned by hand (half the line, the
constant factors taken out).
"""

from collections.abc import Callable
from time import perf_counter

import mpmath as mp
import sympy as sp

from mfcheck.gaussian import hermite
from mfcheck.gaussian.hermite import hermite_coefficients
from mfcheck.rigor.ball import bounds
from mfcheck.rigor.integrate import expectation_sqrt2
from mfcheck.symbolic.activation import LIBRARY, X

DIGITS = 30
REPEATS = 9
SQUARE = sp.tanh(X) ** 2


def mpmath_plain() -> mp.mpf:
    root = mp.sqrt(2)
    return mp.quad(lambda x: mp.tanh(root * x) ** 2 * mp.npdf(x), [-mp.inf, mp.inf])


def mpmath_tuned() -> mp.mpf:
    root = mp.sqrt(2)
    half = mp.quad(lambda x: mp.tanh(root * x) ** 2 * mp.exp(-x * x / 2), [0, mp.inf])
    return 2 * half / mp.sqrt(2 * mp.pi)


def mpmath_coefficient(r: int) -> mp.mpf:
    root, norm = mp.sqrt(2), mp.sqrt(mp.factorial(r) * mp.mpf(2) ** r)
    return mp.quad(
        lambda x: mp.tanh(root * x) * mp.hermite(r, x / root) / norm * mp.npdf(x),
        [-16, -8, -4, 0, 4, 8, 16],
    )


def times(functions: list[Callable[[], object]]) -> list[float]:
    """Return the shortest time of each function, all called in turn."""
    rows = []
    for _ in range(REPEATS):
        row = []
        for function in functions:
            start = perf_counter()
            function()
            row.append(perf_counter() - start)
        rows.append(row)
    return [min(column) for column in zip(*rows, strict=True)]


def check_equal(value: mp.mpf, lower: str, upper: str) -> None:
    if not mp.mpf(lower) - mp.mpf(10) ** -DIGITS < value < mp.mpf(upper) + mp.mpf(10) ** -DIGITS:
        raise SystemExit("the two sides disagree; no time is reported")


def bench_expectation() -> None:
    lower, upper = bounds(expectation_sqrt2(SQUARE, DIGITS), DIGITS + 3)
    for function in (mpmath_plain, mpmath_tuned):
        check_equal(function(), lower, upper)
    ours, plain, tuned = times(
        [lambda: expectation_sqrt2(SQUARE, DIGITS), mpmath_plain, mpmath_tuned]
    )
    print(f"E[tanh(sqrt2 xi)^2] in [{lower}, {upper}]")
    print(
        f"mpmath.quad / certified = {plain / ours:.1f} (tuned by hand: {tuned / ours:.1f}), {1e3 * ours:.2f} ms"
    )


def bench_coefficients() -> None:
    def ours() -> object:
        hermite._coefficients.cache_clear()
        return hermite_coefficients(LIBRARY["tanh"], 200, DIGITS)

    mu = hermite_coefficients(LIBRARY["tanh"], 200, DIGITS)
    for r in (1, 21):
        check_equal(mpmath_coefficient(r), *bounds(mu[r], DIGITS + 3))
    all_of_them, one = times([ours, lambda: mpmath_coefficient(21)])
    print(
        f"200 coefficients of tanh, {DIGITS} digits: {all_of_them:.3f} s; mu_199 in {bounds(mu[199], DIGITS)}"
    )
    print(f"one coefficient by mpmath.quad / all 200 certified = {one / all_of_them:.2f}")


if __name__ == "__main__":
    mp.mp.dps = DIGITS
    bench_expectation()
    bench_coefficients()
