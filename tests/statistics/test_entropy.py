"""Largest means in balls of relative entropy, against laws whose tilted families are known."""

import math

import numpy as np
import pytest
from scipy.optimize import brentq

from mfcheck.statistics.entropy import largest_gaussian_means, largest_mean


@pytest.mark.parametrize("radius", [0.003, 0.3, 3.0])
@pytest.mark.parametrize("deviation", [0.2, 5.0])
def test_a_gaussian_is_shifted(radius: float, deviation: float) -> None:
    found = largest_mean(lambda x: (x * deviation) ** 2 / 2, radius, deviation)
    assert found == pytest.approx(deviation * math.sqrt(2 * radius), rel=1e-9)


@pytest.mark.parametrize("radius", [0.003, 0.03, 0.3])
def test_a_fair_sign_gets_a_larger_share(radius: float) -> None:
    """Of f = +1 or -1 with probability p the divergence from 1/2 is p log 2p + (1-p) log 2(1-p)."""

    def gap(p: float) -> float:
        return p * math.log(2 * p) + (1 - p) * math.log(2 * (1 - p)) - radius

    share = brentq(gap, 0.5, 1 - 1e-12)
    found = largest_mean(lambda x: math.log(math.cosh(x)), radius, 1.0)
    assert found == pytest.approx(2 * share - 1, rel=1e-6)


@pytest.mark.parametrize("radius", [0.003, 0.3, 3.0])
def test_a_poisson_law_gets_a_larger_mean(radius: float) -> None:
    """The Poisson law of mean m has divergence m log m - m + 1 from that of mean 1."""
    mean = brentq(lambda m: m * math.log(m) - m + 1 - radius, 1 + 1e-9, 100)
    found = largest_mean(lambda x: math.expm1(x) - x, radius, 1.0)
    assert found == pytest.approx(mean - 1, rel=1e-6)


def test_a_maximum_within_the_radius_is_bounded_from_above() -> None:
    """Under a fair sign the law of a sure sign has relative entropy log 2, so that the supremum is 1 for 2."""

    def cumulant(scale: float) -> float:
        return scale + math.log1p(math.exp(-2 * scale)) - math.log(2)

    assert 1 <= largest_mean(cumulant, 2.0, 1.0) <= 1.02


def test_a_gaussian_of_two_scales_is_tilted() -> None:
    """f = a V, V one or three: KL and mean of the law that exp(l f) tilts, by sums over a fine grid of a."""
    a = np.linspace(-40, 40, 400_001)
    density = np.exp(-(a**2) / 2) / np.sqrt(2 * np.pi) * (a[1] - a[0]) / 2
    for scale in (0.1, 0.4, 0.8):
        tilts = [np.exp(scale * v * a) * density for v in (1, 3)]
        total = sum(float(tilt.sum()) for tilt in tilts)
        mean = sum(float(v * a @ tilt) for v, tilt in zip((1, 3), tilts, strict=True)) / total
        radius = scale * mean - math.log(total)  # KL of the tilted law
        (found,) = largest_gaussian_means(np.array([1.0, -3.0]), [radius])
        assert found == pytest.approx(mean, rel=1e-6)
