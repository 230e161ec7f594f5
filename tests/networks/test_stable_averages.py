"""Averages over stable numbers: against scipy's density, Fourier transforms, and laws in closed form."""

import numpy as np
import pytest
from mpmath import mp
from scipy import stats

from mfcheck.networks import participation, rough_places, stable_average
from mfcheck.networks.stable_averages import EDGE, ORDERS, stable_rule, stable_tail
from mfcheck.symbolic.activation import activation


@pytest.mark.parametrize("alpha", [1.2, 1.5, 1.8])
def test_the_density_against_scipy_and_both_of_its_forms(alpha: float) -> None:
    mass = stable_rule(alpha, 16)[1]
    beyond = stable_tail(np.array([EDGE]), alpha)[0]
    law = stats.levy_stable(alpha, 0, scale=2 ** (-1 / alpha))
    assert 2 * mass.sum() == pytest.approx(1 - 2 * law.sf(EDGE), abs=1e-9)
    assert beyond == pytest.approx(EDGE * law.pdf(EDGE), rel=1e-4)


@pytest.mark.parametrize("alpha", [1.0, 1.3, 1.7, 2.0])
@pytest.mark.parametrize("scale", [0.4, 3.0])
def test_a_power_of_a_bell_by_the_characteristic_function(alpha: float, scale: float) -> None:
    with mp.workdps(20):
        # E exp(-(s z)^2) = E exp(i t z) over t ~ N(0, 2 s^2).
        value = mp.quad(
            lambda t: mp.exp(-((scale * t) ** alpha) / 2 - t * t / 4) / mp.sqrt(mp.pi),
            [0, 1, 4, 20],
        )
    found = [stable_average(lambda x: np.exp(-x * x / alpha), alpha, scale, k) for k in ORDERS]
    assert found == pytest.approx([float(value)] * len(ORDERS), rel=1e-12)


@pytest.mark.parametrize("scale", [0.05, 1.0, 40.0])
def test_a_cauchy_number_behind_a_kink(scale: float) -> None:
    # E min(|h|, 1) = (g/pi) log(1 + 1/g^2) + 1 - (2/pi) atan(1/g), g = scale/2 the scale of h.
    g = scale / 2
    value = g / np.pi * np.log(1 + 1 / g**2) + 1 - 2 / np.pi * np.arctan(1 / g)
    clip = activation("hardtanh")
    places = rough_places(clip, 0)
    assert list(places) == [1.0, 1.0]
    unit = scale if scale < 1 else 1.0
    found = stable_average(lambda x: np.clip(x, -1, 1), 1.0, scale, 20, places, unit)
    assert found == pytest.approx(value / unit, rel=1e-12)


def test_places_where_a_wave_changes_sign() -> None:
    expected = np.pi * np.arange(1, 10)
    assert np.unique(rough_places(activation("sin"), 0).round(9)) == pytest.approx(expected)
    slope = np.unique(rough_places(activation("sin"), 1).round(9))
    assert slope[slope < 28] == pytest.approx(np.pi * (np.arange(9) + 0.5))


def test_participation() -> None:
    g = np.random.default_rng(0)
    v = np.linalg.qr(g.standard_normal((200, 200)))[0]
    assert participation(v) == pytest.approx(1 - np.log(3) / np.log(200), abs=0.01)
    assert participation(v, 2.0) == pytest.approx(0, abs=1e-12)
    assert participation(np.full((16, 1), 0.25)) == pytest.approx(1)
    assert participation(np.eye(16)) == 0
