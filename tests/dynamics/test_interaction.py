"""Flows of laws under a quadratic energy against ordinary differential equations of a few places."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from mfcheck.dynamics.interaction import QuadraticFlow, half_line

SCALE = 1.5


def V(r):
    """A potential with its least value inside."""
    return 1 / (1 + r) - np.exp(-r)


def K(r, s):
    """A smooth kernel that is no product."""
    return np.exp(-r - s) * (1 + 1 / (1 + r + s))


def flow(terms: int = 60, speed: float = 2.0, potential=V) -> QuadraticFlow:
    """The flow from values at the nodes."""
    r = half_line(terms, SCALE)
    return QuadraticFlow(potential(r), K(r[:, None], r[None, :]), SCALE, speed)


START, WEIGHTS = np.array([0.4, 1.0, 2.5]), np.array([0.2, 0.5, 0.3])


def test_energy_of_a_law():
    wanted = 2 * WEIGHTS @ V(START) + WEIGHTS @ K(START[:, None], START[None, :]) @ WEIGHTS
    assert flow().energy(START, WEIGHTS) == pytest.approx(wanted, abs=1e-10)


def test_velocity_is_the_gradient_of_the_energy():
    own = flow()
    for k in range(3):
        step = 1e-5 * (np.arange(3) == k)
        up, down = (own.energy(START + sign * step, WEIGHTS) for sign in (1, -1))
        slope = (up - down) / 2e-5 / WEIGHTS[k] / 2  # psi is half of the first variation
        assert own.velocity(START, WEIGHTS)[k] == pytest.approx(-2 * slope, rel=1e-6)


def test_motion_of_three_places():
    def push(_, r):
        s = r[:, None] + r[None, :]
        pull = -np.exp(-s) * (1 + 1 / (1 + s) + 1 / (1 + s) ** 2)
        return -2 * (-1 / (1 + r) ** 2 + np.exp(-r) + pull @ WEIGHTS)

    times = (0.0, 1.0, 3.0)
    wanted = solve_ivp(push, (0, 3), START, "DOP853", times, rtol=1e-12, atol=1e-12).y
    assert flow().run(START, WEIGHTS, times, 1e-11) == pytest.approx(wanted, abs=1e-8)


def test_what_reaches_zero_stays_there():
    alone = flow(potential=lambda r: 9 * r / (1 + r))
    found = alone.run(np.array([0.1, 0.3]), np.array([0.5, 0.5]), (0.0, 2.0), 1e-9)
    assert np.all(found[:, 1] == 0)


def test_no_time_is_no_motion():
    assert np.all(flow().run(START, WEIGHTS, (0.0,), 1e-9)[:, 0] == START)
