"""Closed forms of linear neurons against quadrature, an enclosed Lyapunov equation, and the loop over neurons."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy as sp
from flint import arb
from hypothesis import given, settings
from hypothesis import strategies as st

from mfcheck.claims.setting import setting_of
from mfcheck.dynamics import linear_units as linear
from mfcheck.dynamics.enclosed_ode import enclosed_ode
from mfcheck.dynamics.ode import System, covariance, solve, with_covariance
from mfcheck.errors import InputError

A, m, B = sp.symbols("A m B", real=True)
START = [linear.start_mean(e) for e in (linear.c**2, linear.c * linear.w, linear.w**2)]


def moments() -> System:
    v = linear.alpha * linear.SECOND * (linear.slope - m)
    return System((A, m, B), (2 * v * m, v * (A + B), 2 * v * m), tuple(START))


def fluctuations() -> System:
    """C' = J C + C J^T + alpha^2 Var((y - m x) x) b b^T, from the sheet, not from the closed forms."""
    b = sp.Matrix([2 * m, A + B, 2 * m])
    spread = (linear.slope - m) ** 2 * (linear.FOURTH - linear.SECOND**2)
    spread += linear.noise**2 * linear.SECOND
    parts = (linear.c**2, linear.c * linear.w, linear.w**2)
    start = sp.Matrix(3, 3, lambda i, j: linear.start_covariance(parts[i], parts[j]))
    return with_covariance(moments(), linear.alpha**2 * spread * b * b.T, start)


def setting(**values: object):
    exact = {name: Fraction(str(value)) for name, value in values.items()}
    return setting_of(linear.PARAMETERS).with_values(**exact)


def test_moments_and_fluctuations_by_enclosed_differential_equations() -> None:
    chosen = setting(alpha="3/5", horizon="7/10", slope="-1/2", noise="1/3", c_max="3/2")
    known = {p.symbol: chosen[p.name] for p in linear.PARAMETERS}
    system = fluctuations()
    pairs = ("am", "mm", "ab", "bb", "aa", "mb")
    names = dict(zip("amb", (A, m, B), strict=True))
    wanted = [m, A + B, *(covariance(names[p], names[q], system) for p, q in pairs)]
    found = enclosed_ode(system, ["7/10"], known, wanted, order=20, prec=128)[0]
    forms = [linear.FORM.m, linear.FORM.total]
    forms += [linear.limit_covariance(p, q, linear.FORM) for p, q in pairs]
    for ball, form in zip(found, forms, strict=True):
        closed = linear.value(form, chosen, 25)
        assert ball.overlaps(closed)
        assert closed.rad() < 1e-20
        assert ball.rad() < 1e-12


@settings(max_examples=15, deadline=None)
@given(
    st.fractions("1/10", 3, max_denominator=20),
    st.fractions(-2, 3, max_denominator=20),
    st.fractions(0, 2, max_denominator=20),
    st.fractions("1/5", 3, max_denominator=20),
)
def test_closed_forms_against_floating_integration(alpha, slope, noise, c_max) -> None:
    chosen = setting(alpha=alpha, slope=slope, noise=noise, c_max=c_max, horizon="3/4")
    known = {p.symbol: chosen[p.name] for p in linear.PARAMETERS}
    system = fluctuations()
    found = solve(system, [0.0, 0.75], known).final(covariance(m, B, system))
    closed = float(linear.value(linear.limit_covariance("m", "b", linear.FORM), chosen, 15).mid())
    assert found.value == pytest.approx(closed, rel=1e-7, abs=1e-9)


def test_start_at_the_fixed_point_divides_nothing_by_zero() -> None:
    chosen = setting(slope="1/2")
    assert linear.value(linear.FORM.m, chosen, 20).contains(arb(1) / 2)
    got = linear.value(linear.limit_covariance("m", "m", linear.FORM), chosen, 20)
    # the propagator is exp(-k (T - s)) and the noise constant: C = C(0) e^-2kT + noise (1 - e^-2kT)/(2k)
    k, gain = mpmath.mpf(1) / 2 * 2.5 * (mpmath.mpf(5) / 3), (mpmath.mpf(5) / 3) ** 2
    noise = mpmath.mpf(1) / 4 * mpmath.mpf(1) / 4 * 2.5 * gain
    decayed = mpmath.exp(-2 * k)
    start = mpmath.mpf(7) / 36
    assert float(got.mid()) == pytest.approx(
        float(start * decayed + noise * (1 - decayed) / (2 * k)), rel=1e-12
    )


def by_neurons(width: int, steps: int, seed: int) -> tuple[float, ...]:
    """One run, neuron by neuron, on the numbers that `runs` draws for one replicate."""
    rng = np.random.default_rng(seed)
    c, w = rng.random((1, width))[0], 2 * rng.random((1, width))[0]
    coins = rng.integers(0, 4, (1, steps), dtype=np.uint8)[0]
    for coin in coins:
        x = 1.0 + (coin & 1)
        y = 1.5 * x + (0.5 if coin & 2 else -0.5)
        pull = 0.5 / width * (y - np.mean(c * w) * x) * x
        c, w = c + pull * w, w + pull * c
    return (
        float(np.mean(c * c)),
        float(np.mean(c * w)),
        float(np.mean(w * w)),
        float(np.mean((c * w) ** 2)),
    )


@pytest.mark.parametrize("width", [2, 7, 40])
def test_two_products_are_the_loop_over_neurons(width: int) -> None:
    run = linear.runs(setting(horizon=3), width, 1, np.random.default_rng(4))
    loop = by_neurons(width, 3 * width, 4)
    found = [run.a[0, 0], run.m[0, 0], run.b[0, 0], run.squares[0, 0]]
    np.testing.assert_allclose(found, loop, rtol=1e-12)


def test_variance_of_one_neuron_by_quadrature() -> None:
    chosen = setting()
    Z = float(linear.value(linear.FORM.Z, chosen, 15).mid())
    mean = float(linear.value(linear.FORM.m, chosen, 15).mid())
    grid, weights = np.polynomial.legendre.leggauss(8)
    c, w = np.meshgrid((grid + 1) / 2, grid + 1)
    cw = ((c + w) ** 2 * Z - (c - w) ** 2 / Z) / 4
    weight = np.outer(weights, weights) / 4
    assert np.sum(weight * cw) == pytest.approx(mean, rel=1e-12)
    form = linear.value(linear.cw_variance(linear.FORM), chosen, 15)
    assert np.sum(weight * (cw - mean) ** 2) == pytest.approx(float(form.mid()), rel=1e-12)


def test_steps_that_blow_up_and_runs_that_take_too_long_are_refused() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(InputError, match="blow up at width 2"):
        linear.runs(setting(alpha=100, horizon=50), 2, 4, rng)
    with pytest.raises(InputError, match="too many"):
        linear.runs(setting(horizon=10**6), 1000, 1000, rng)


def test_derivatives_in_the_horizon_by_differences() -> None:
    slope = float(linear.value(linear.derivative(linear.FORM.m), setting(), 20).mid())
    ends = [
        float(linear.value(linear.FORM.m, setting(horizon=Fraction(10_000 + k, 10_000)), 20).mid())
        for k in (-1, 1)
    ]
    assert slope == pytest.approx((ends[1] - ends[0]) * 5000, rel=1e-7)
