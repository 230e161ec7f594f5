"""Multilayer fluctuations: values by enclosures and by complex steps, wrong variances, networks against the closure."""

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from scipy import integrate

from mfcheck.claims.trial import Trial
from mfcheck.dynamics.enclosed_ode import enclosed_ode
from mfcheck.errors import InputError
from mfcheck_proofs import multilayer_fluctuations as ml

SETTING = ml.paper.default


def slopes_by_complex_steps(time: float, y: float = 1.0, mean: float = 0.5) -> np.ndarray:
    """Gradient of u in the four averages, written anew in matrices."""

    def output(averages: np.ndarray) -> complex:
        pa, qa, pw, qw = averages
        Ga, Gw = np.array([[pa, qa], [qa, 1]]), np.array([[pw, qw], [qw, 1]])

        def right(_: float, s: np.ndarray) -> np.ndarray:
            al, K, be = s[:2], s[2:6].reshape(2, 2), s[6:]
            e = y - al @ Ga @ K @ Gw @ be
            return np.concatenate(
                [e * K @ Gw @ be, (e * np.outer(al, be)).ravel(), e * K.T @ Ga @ al]
            )

        start = np.array([1, 0, 0, 0, 0, mean, 1, 0], dtype=complex)
        s = integrate.solve_ivp(right, (0, time), start, "DOP853", rtol=1e-12, atol=1e-14).y[:, -1]
        return s[:2] @ Ga @ s[2:6].reshape(2, 2) @ Gw @ s[6:]

    base = np.array([4 / 3, 1, 1 / 3, 1 / 2], dtype=complex)
    return np.array([output(base + 1e-30j * np.eye(4)[k]).imag / 1e-30 for k in range(4)])


@pytest.mark.parametrize("time", [0.5, 2.0])
def test_slopes_by_complex_steps(time: float) -> None:
    solution = ml.path(SETTING, (0.0, time))
    found = [solution.final(g).value for g in ml.GRADIENT]
    np.testing.assert_allclose(found, slopes_by_complex_steps(time), rtol=1e-8)


def test_the_limit_by_taylor_series_in_balls() -> None:
    solution = ml.path(SETTING, (0.0, 0.25))
    wanted = [ml.ERROR, ml.GRADIENT[1]]
    boxes = enclosed_ode(
        ml.MOVED,
        ["1/4"],
        dict(ml._numbers(SETTING)),
        wanted,
        order=12,
        prec=90,
    )
    for ball, quantity in zip(boxes[0], wanted, strict=True):
        estimate = solution.final(quantity)
        assert abs(float(ball.mid()) - estimate.value) <= estimate.error + float(ball.rad()) + 1e-15
        assert ball.rad() < 1e-9


def variance(expr: sp.Expr, time: float = 1.0) -> float:
    solution = ml.path(SETTING, (0.0, time))
    values = {s: solution.final(g).value for s, g in zip(ml.SLOPES, ml.GRADIENT, strict=True)}
    return float(expr.subs(values).subs({ml.a_max: 2, ml.w_max: 1}))


def test_wrong_variances_are_those_of_the_sheet() -> None:
    assert variance(ml.VARIANCE) == pytest.approx(0.0394433315886, rel=1e-11)
    assert variance(ml.VARIANCE + ml.COMMON) == pytest.approx(0.0739981, rel=1e-5)
    plain = ml.quadratic(ml.a_max, *ml.SLOPES[:2], 0) + ml.quadratic(ml.w_max, *ml.SLOPES[2:], 0)
    assert variance(plain) == pytest.approx(0.0209973, rel=1e-5)


def test_covariances_of_a_uniform_law() -> None:
    z = 3 * np.random.default_rng(0).random(2_000_000)
    top = sp.Symbol("top")
    for i, j in ((1, 1), (1, 2), (2, 2)):
        wanted = np.mean(z ** (i + j)) - np.mean(z**i) * np.mean(z**j)
        assert float(ml.uniform_covariance(top, i, j).subs(top, 3)) == pytest.approx(
            wanted, rel=5e-3
        )


def test_networks_follow_the_closure_at_every_width() -> None:
    width, time = 5, 0.8
    rng = np.random.default_rng(3)
    a, w = 2 * rng.random(width), rng.random(width)
    averages = np.array([[np.mean(a * a), a.mean(), np.mean(w * w), w.mean()]])
    W = np.full((width, width), 0.5)

    def right(_: float, s: np.ndarray) -> np.ndarray:
        a, w, W = s[:width], s[width : 2 * width], s[2 * width :].reshape(width, width)
        e = 1 - a @ W @ w / width**2
        return np.concatenate(
            [e * W @ w / width, e * W.T @ a / width, (e * np.outer(a, w)).ravel()]
        )

    s = integrate.solve_ivp(
        right, (0, time), np.concatenate([a, w, W.ravel()]), "DOP853", rtol=1e-11, atol=1e-13
    ).y[:, -1]
    own = s[:width] @ s[2 * width :].reshape(width, width) @ s[width : 2 * width] / width**2
    assert ml.sampled(SETTING, averages, [0.0, time])[0, 1] == pytest.approx(own, rel=1e-5)


def test_without_mean_the_network_learns_all_the_same() -> None:
    setting = SETTING.with_values(mu=0)
    assert ml.at_horizon(setting).final(ml.label - ml.ERROR).value > 0.3
    assert ml.at_horizon(setting).final(ml.V_OF_STATES).value > 1e-3
    assert ml.path(setting, (0.0,)).final(ml.V_OF_STATES).value == 0


def test_slope_at_the_start_by_differences() -> None:
    values = [ml.path(SETTING, (0.0, t)).final(ml.V_OF_STATES).value for t in (1e-4, 2e-4)]
    start = 1 / 24
    slope = (4 * (values[0] - start) - (values[1] - start)) / 2e-4
    stated = ml.SLOPE_START.subs({ml.a_max: 2, ml.w_max: 1, ml.mu: sp.Rational(1, 2), ml.label: 1})
    assert stated == sp.Rational(157, 864)
    assert slope == pytest.approx(float(stated), rel=1e-5)


def test_peak_at_an_end_and_no_peak() -> None:
    at, size = ml.peak(SETTING.with_values(label=Fraction(1, 4)))
    assert (at.value, size.value) == (0, pytest.approx(1 / 24))
    with pytest.raises(InputError, match="no peak"):
        ml.peak(SETTING.with_values(label=0, mu=0))


def test_simulation_and_its_input() -> None:
    found = ml.run(Trial(SETTING, 1, {"width": "200", "replicates": "3000"})).final
    assert abs(found["mean_output"].value - 0.8768083) < 2 * found["mean_output"].error + 2 / 200
    assert abs(found["n_variance"].value - 0.03944333) < 2 * found["n_variance"].error
    with pytest.raises(InputError, match="width"):
        ml.run(Trial(SETTING, 1, {"width": "1", "replicates": "100"}))
