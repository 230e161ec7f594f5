"""The Cauchy series; doubles against balls; fixed points behind kinks and waves; refusals."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from flint import arb, ctx
from mpmath import mp

from mfcheck.checks import Trial
from mfcheck.claims.record import Estimate
from mfcheck.errors import InputError
from mfcheck.symbolic.activation import activation
from mfcheck_proofs import heavy_tails
from mfcheck_proofs.heavy_tails import values

DEFAULT = heavy_tails.paper.default


def test_the_cauchy_map_by_its_series() -> None:
    for q in (Fraction(3, 10), Fraction(5, 2)):
        k = np.arange(1, 200_001)
        a, at = (2 * k - 1) * np.pi, float(q)
        total = np.sum(8 * np.log(a / at) / (a * a - at * at))
        end = (
            2 * np.pi * k[-1]
        )  # The rest by the midpoint rule: int 8 log(a/q)/a^2 da/(2 pi) from there.
        total += 8 * (np.log(end / at) + 1) / end / (2 * np.pi)
        found = values.cauchy_map(DEFAULT.with_values(q=q), 15)
        assert float(found.mid()) == pytest.approx(at / np.pi * total, rel=1e-9)


def test_doubles_agree_with_balls_at_alpha_one() -> None:
    for weight in ("3/10", "1", "3"):
        setting = DEFAULT.with_values(alpha=1, sigma_w=Fraction(weight))
        at, error, _ = values.log_fixed_point(setting)
        exact = float(values.certified_fixed_point(setting, 18).log().mid())
        assert abs(at - exact) <= error


def test_fixed_points_of_the_sheet_and_far_down() -> None:
    found = values.fixed_point(DEFAULT.with_values(sigma_b=Fraction(3, 10)), 15)
    assert isinstance(found, Estimate)
    assert abs(found.value - 0.4563094436065) <= found.error + 1e-13
    tiny = values.certified_fixed_point(DEFAULT.with_values(alpha=1, sigma_w=Fraction(1, 1000)), 15)
    with ctx.workdps(40):
        law = (values.cauchy_constant(30) - 1000 * arb.pi()).exp()
        assert abs(tiny / law - 1) < 1e-12


def test_settings_without_a_fixed_point() -> None:
    with pytest.raises(InputError, match="only for sigma_w > 1"):
        values.fixed_point(DEFAULT.with_values(alpha=2), 15)
    with pytest.raises(InputError, match="bounded activation"):
        values.fixed_point(type(DEFAULT)(DEFAULT.data, activation("relu"), DEFAULT.values), 15)
    with pytest.raises(InputError, match="doubles do not reach"):
        values.fixed_point(DEFAULT.with_values(sigma_w=Fraction(1, 100)), 15)


def test_a_simulation_has_its_quantities() -> None:
    setting = DEFAULT.with_values(width=60, depth=6)
    found = heavy_tails.simulate(Trial(setting, 0, {"replicates": "16", "matrices": "3"}))
    assert set(found.final) == {"q", "growth", "D2_right", "D2_singular"}
    assert 0.5 < found.final["growth"].value < 1.5


def at_setting(name: str, index: str, weight: str, bias: str):  # type: ignore[no-untyped-def]
    changes = {"alpha": Fraction(index), "sigma_w": Fraction(weight), "sigma_b": Fraction(bias)}
    return replace(DEFAULT, activation=activation(name)).with_values(**changes)


@pytest.mark.parametrize("weight", ["3/10", "1", "4"])
def test_a_kink_costs_no_digits(weight: str) -> None:
    # alpha = 1, hard tanh: E min(|h|, 1) = (g/pi) log(1 + 1/g^2) + 1 - (2/pi) atan(1/g), g = q/2.
    with mp.workdps(20):
        w = mp.mpf(Fraction(weight).numerator) / Fraction(weight).denominator

        def gap(q):  # type: ignore[no-untyped-def]
            g = q / 2
            mean = g / mp.pi * mp.log(1 + 1 / g**2) + 1 - 2 / mp.pi * mp.atan(1 / g)
            return w * mean + mp.mpf("0.1") - q

        q = mp.findroot(gap, (0.05, 5), solver="anderson", tol=1e-18)
    found = values.fixed_point(at_setting("hardtanh", "1", weight, "1/10"), 15)
    assert abs(found.value - float(q)) <= found.error + 1e-15
    assert found.error < 1e-11 * found.value


@pytest.mark.parametrize(("index", "weight"), [(1.0, 1), (1.2, 6), (1.5, 2), (1.9, 1)])
def test_waves_of_the_sine_by_their_fourier_series(index: float, weight: int) -> None:
    # |sin h|^a = c_0 + 2 sum c_k cos 2kh and E cos 2kh = exp(-(2k)^a q/2).
    with mp.workdps(20):
        shape = mp.mpf(index) / 2
        lines = [mp.gamma(index + 1) / 2**index / mp.gamma(1 + shape) ** 2]
        for k in range(600):
            lines.append(-lines[-1] * (shape - k) / (shape + k + 1))
    c, k = np.array(lines, dtype=float), np.arange(1, 601)
    found = values.fixed_point(at_setting("sin", str(index), str(weight), "1/10"), 15)
    mean = c[0] + 2 * (c[1:] @ np.exp(-((2 * k) ** index) * found.value / 2))
    slope = (c[1:] * (2 * k) ** index) @ np.exp(-((2 * k) ** index) * found.value / 2)
    gap = weight**index * mean + 0.1**index - found.value
    assert abs(gap / (1 + weight**index * slope)) <= found.error
