"""Kept states of gates against iteration with Gauss and Hermite's rule, and against mpmath."""

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from flint import arb
from mpmath import mp
from scipy.special import expit

from mfcheck.errors import InputError
from mfcheck.gaussian.gated import GatedCell, critical_gate, gate_states, gate_variance

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(300)
WEIGHTS = WEIGHTS / math.sqrt(2 * math.pi)
CLOSE = GatedCell(Fraction("18.65"), Fraction(2), Fraction(5), Fraction(1, 2), Fraction(1, 10))
"""A cell with three states, two of them close: E h^2 = .0028434927, .0029508464, .0474399872."""


def cell(sw: str, sv: str, mean: str, variance: str) -> GatedCell:
    return GatedCell(Fraction(sw), Fraction(sv), Fraction(mean), Fraction(0), Fraction(variance))


def mean(f, q: float, mu: float) -> float:  # type: ignore[no-untyped-def]
    """Gauss and Hermite's rule."""
    return float(WEIGHTS @ f(expit(mu + math.sqrt(q) * NODES)))


@pytest.mark.parametrize(
    ("sw", "sv", "mu", "r"),
    [("2", "1.39", "2", "0.46"), ("1", "0.3", "-1", "2"), ("3", "1", "1", "0.5")],
)
def test_the_state_by_iteration(sw: str, sv: str, mu: str, r: str) -> None:
    chosen, state = cell(sw, sv, mu, r), 0.0
    for _ in range(2000):
        q = float(sw) ** 2 * state + float(chosen.floor)
        state = state * mean(lambda u: u**2, q, float(mu)) + float(r) * mean(
            lambda u: (1 - u) ** 2, q, float(mu)
        )
    q = float(sw) ** 2 * state + float(chosen.floor)
    assert float(gate_variance(chosen, 15)) == pytest.approx(q, rel=1e-7)
    assert gate_states(chosen) == 1


def test_the_smallest_of_two_close_states() -> None:
    q = float(gate_variance(CLOSE, 12))
    state = (q - 0.65) / 18.65**2
    assert state == pytest.approx(0.0028434926990, rel=1e-9)
    kept, left = mean(lambda u: u**2, q, 5), mean(lambda u: (1 - u) ** 2, q, 5)
    assert state * kept + 0.1 * left == pytest.approx(state, rel=1e-7)
    assert gate_states(CLOSE) == 3


def test_without_weights_there_is_one_state() -> None:
    alone = cell("0", "1", "0", "1")
    assert gate_variance(alone, 12) == arb(1)
    assert gate_states(alone) == 1
    assert gate_states(replace(alone, sigma_w=Fraction(1), sigma_v=Fraction(0))) == 1


def test_the_critical_weight_by_quadrature() -> None:
    at = critical_gate(cell("0", "1", "1", "0.5"), 20)
    with mp.workdps(25):
        q = mp.mpf(at.q.mid().str(25, radius=False))

        def average(f):  # type: ignore[no-untyped-def]
            def inside(x):  # type: ignore[no-untyped-def]
                return f(1 / (1 + mp.exp(-1 - mp.sqrt(q) * x))) * mp.npdf(x)

            return mp.quad(inside, mp.linspace(-14, 14, 15))

        a, kept = average(lambda u: (1 - u) ** 2), average(lambda u: u**2)
        d, state = average(lambda u: (u * (1 - u)) ** 2), (a / (1 - kept)) / 2
        weight = mp.mpf(at.sigma_w.mid().str(25, radius=False)) ** 2
        assert abs(weight * state + mp.mpf(1) / 2 - q) < 1e-17
        assert abs(kept + weight * (state + mp.mpf(1) / 2) * d - 1) < 1e-17
    assert float(at.sigma_w) == pytest.approx(5.788787817944567, rel=1e-14)


def test_a_line_that_ends_is_refused() -> None:
    with pytest.raises(InputError, match="jumps past 1"):
        critical_gate(cell("1", "1.39", "6", "0.46"), 12)
