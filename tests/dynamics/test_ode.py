import math

import numpy as np
import pytest
import sympy as sp
from scipy import linalg

from mfcheck.dynamics.ode import (
    System,
    covariance,
    sensitivity,
    solve,
    with_covariance,
    with_sensitivity,
)
from mfcheck.errors import InputError

x, y, a, b, t = sp.symbols("x y a b t")
A, m, B = sp.symbols("A m B")
alpha, slope, noise, c_max, w_max = sp.symbols("alpha slope noise c_max w_max", positive=True)
Q = sp.Rational(5, 2)
DEFAULTS = {
    alpha: sp.Rational(1, 2), slope: sp.Rational(3, 2), noise: sp.Rational(1, 2), c_max: 1, w_max: 2,
}  # fmt: skip
MOMENTS = {"a": 1.1104041797593149785, "m": 1.4659321872930642579, "b": 2.1104041797593149785}
COVARIANCE = {
    (A, A): 0.31187221699130065042, (A, m): 0.1791559672467011434, (m, m): 0.2144199578199923564,
    (A, B): -0.12841359890217075394, (m, B): 0.23178879134095172242, (B, B): 0.9424116963154689528,
}  # fmt: skip
"""Closed forms of the sheets, evaluated with 30 digits; they do not come from a differential equation."""


def moments() -> System:
    v = alpha * Q * (slope - m)
    return System(
        (A, m, B), (2 * m * v, (A + B) * v, 2 * m * v), (c_max**2 / 3, c_max * w_max / 4, w_max**2 / 3)
    )  # fmt: skip


def fluctuations(second_moment: bool = False, drop: bool = False) -> System:
    variance = (slope - m) ** 2 * (sp.Rational(17, 2) - (0 if second_moment else Q**2))
    push = sp.Matrix([2 * m, A + B, 2 * m])
    D = alpha**2 * (variance + noise**2 * Q) * push * push.T

    def mean(p: int, q: int) -> sp.Expr:
        return c_max**p / (p + 1) * w_max**q / (q + 1)

    powers = [(2, 0), (1, 1), (0, 2)]
    start = sp.Matrix(
        3, 3,
        lambda i, j: mean(powers[i][0] + powers[j][0], powers[i][1] + powers[j][1])
        - mean(*powers[i]) * mean(*powers[j]),
    )  # fmt: skip
    return with_covariance(moments(), D, 0 * start if drop else start)


def test_moments_equal_the_closed_form() -> None:
    solution = solve(moments(), [0, 0.5, 1], DEFAULTS)
    for symbol, expected in zip((A, m, B), MOMENTS.values(), strict=True):
        found = solution.final(symbol)
        assert found.error < 1e-11
        assert found.noise == 0
        assert abs(found.value - expected) <= found.error


def test_covariance_equals_the_closed_form() -> None:
    system = fluctuations()
    solution = solve(system, [1], DEFAULTS)
    for (first, second), expected in COVARIANCE.items():
        found = solution.final(covariance(second, first, system))
        assert found.error < 1e-11
        assert abs(found.value - expected) <= found.error


def test_planted_errors_show() -> None:
    for planted, expected in (
        (fluctuations(second_moment=True), 0.23323),
        (fluctuations(drop=True), 0.2117626),
    ):
        found = solve(planted, [1], DEFAULTS).final(covariance(m, m, planted))
        assert abs(found.value - COVARIANCE[m, m]) > found.error
        assert found.value == pytest.approx(expected, abs=1e-5)


def test_conserved_quantities() -> None:
    system = fluctuations()
    solution = solve(system, np.linspace(0, 2, 9), DEFAULTS)
    kept = covariance(A, A, system) - 2 * covariance(A, B, system) + covariance(B, B, system)
    for quantity in (A - B, kept):
        assert sp.simplify(system.along(quantity)) == 0
        drift = solution.drift(quantity)
        assert drift.value <= drift.error < 1e-11
    moved = solution.drift(A + B)
    assert moved.value > moved.error


def test_harmonic_oscillator_and_halving() -> None:
    system = System((x, y), (y, -x), (a, 0))
    solution = solve(system, [0, 1, 10, 100], {a: 2})
    values, errors = solution.of(x + t)
    assert np.all(np.abs(values - 2 * np.cos(solution.times) - solution.times) <= errors)
    assert np.all(errors < 1e-10)
    assert solution.drift(x**2 + y**2).value <= solution.drift(x**2 + y**2).error


def test_stiff_system_by_implicit_methods() -> None:
    system = System((x,), (-1000 * (x - sp.cos(t)) - sp.sin(t),), (2,))
    for method in ("LSODA", "Radau"):
        found = solve(system, [1], method=method).final(x)  # type: ignore[arg-type]
        assert abs(found.value - math.cos(1)) <= found.error < 1e-8


def test_sensitivity_is_the_derivative_of_the_closed_form() -> None:
    """Logistic growth, with derivatives in the rate and in the start."""
    system = with_sensitivity(System((x,), (a * x * (1 - x),), (b,)), (a, b))
    solution = solve(system, [0.5, 3], {a: 1.3, b: 0.1})
    closed = b * sp.exp(a * t) / (1 - b + b * sp.exp(a * t))
    for parameter in (a, b):
        exact = sp.diff(closed, parameter).subs({a: sp.Rational(13, 10), b: sp.Rational(1, 10)})
        for k, estimate in enumerate(solution.estimates(sensitivity(x, parameter))):
            expected = float(exact.subs(t, sp.Rational(solution.times[k])).evalf(30))
            assert abs(estimate.value - expected) <= estimate.error < 1e-11


def test_lyapunov_covariance_of_a_linear_system() -> None:
    J = np.array([[-1.0, 0.4], [-0.3, -2.0]])
    D = np.array([[0.5, 0.1], [0.1, 0.2]])
    system = System((x, y), tuple(sp.Matrix(J) * sp.Matrix([x, y])), (1, 1))
    full = with_covariance(system, sp.Matrix(D), sp.zeros(2))
    found = solve(full, [40])
    expected = linalg.solve_continuous_lyapunov(J, -D)
    for i, first in enumerate((x, y)):
        for j, second in enumerate((x, y)):
            entry = found.final(covariance(first, second, full))
            assert entry.value == pytest.approx(expected[i, j], abs=1e-12)


def test_closure_of_the_three_layer_network() -> None:
    """Variance of the output by variational equations, against complex-step derivatives of the sheet."""
    names = sp.symbols("p1 p2 q1 q2 k11 k12 k21 k22")
    p, q, K = sp.Matrix(names[:2]), sp.Matrix(names[2:4]), sp.Matrix(2, 2, names[4:])
    s1, s2, r1, r2 = sp.symbols("s1 s2 r1 r2")
    Ga, Gw = sp.Matrix([[s2, s1], [s1, 1]]), sp.Matrix([[r2, r1], [r1, 1]])
    u = (p.T * Ga * K * Gw * q)[0]
    e = 1 - u
    right = [*(e * K * Gw * q), *(e * K.T * Ga * p), *(e * p * q.T)]
    system = System(names, tuple(right), (1, 0, 1, 0, 0, 0, 0, sp.Rational(1, 2)))
    averages = (s2, s1, r2, r1)
    full = with_sensitivity(system, averages)
    values = {s2: sp.Rational(4, 3), s1: 1, r2: sp.Rational(1, 3), r1: sp.Rational(1, 2)}
    solution = solve(full, [1, 4], values)
    slopes = [
        sp.diff(u, s) + sum(sp.diff(u, z) * sensitivity(z, s) for z in names) for s in averages
    ]
    # Cov(z^2, z) for z uniform on [0, c]: c^4 4/45, c^3/12, c^2/12
    Ca = sp.Matrix(
        [[sp.Rational(64, 45), sp.Rational(2, 3)], [sp.Rational(2, 3), sp.Rational(1, 3)]]
    )
    Cw = sp.Matrix(
        [[sp.Rational(4, 45), sp.Rational(1, 12)], [sp.Rational(1, 12), sp.Rational(1, 12)]]
    )
    ga, gw = sp.Matrix(slopes[:2]), sp.Matrix(slopes[2:])
    variance = (ga.T * Ca * ga)[0] + (gw.T * Cw * gw)[0]
    values_u, _ = solution.of(u)
    assert values_u == pytest.approx([0.8768083064048, 0.9999933862734], abs=1e-12)
    assert solution.of(variance)[0] == pytest.approx([0.0394433315886, 4.40241e-10], rel=1e-5)
    assert solution.estimates(variance)[0].value == pytest.approx(0.0394433315886, abs=1e-12)


def test_refusals() -> None:
    with pytest.raises(InputError, match="one right side"):
        System((x, y), (x,), (1, 1))
    with pytest.raises(InputError, match="parameters alone"):
        System((x,), (x,), (x,))
    with pytest.raises(InputError, match="no value for a"):
        solve(System((x,), (a * x,), (1,)), [1])
    with pytest.raises(InputError, match="decrease"):
        solve(System((x,), (x,), (1,)), [1, 0])
    with pytest.raises(InputError, match="continued"):
        solve(System((x,), (x**2,), (1,)), [2])
    with pytest.raises(InputError, match="symmetric"):
        with_covariance(System((x, y), (x, y), (1, 1)), sp.Matrix([[1, 2], [0, 1]]), sp.zeros(2))
