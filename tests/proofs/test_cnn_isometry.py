"""Convolutions on a ring: modes of the full map, kernels as matrices, a critical point by mpmath, bad input."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from mpmath import mp

from mfcheck.errors import InputError
from mfcheck.gaussian import CorrelationMap
from mfcheck.symbolic.activation import activation
from mfcheck_proofs import cnn_isometry as cnn


@pytest.mark.parametrize(("size", "count"), [(2, 1), (6, 3), (6, 5), (7, 7), (8, 3), (30, 9)])
def test_mode_factors_by_discrete_transform(size: int, count: int) -> None:
    shares = np.zeros(size)
    for b in range(-(count // 2), count // 2 + 1):
        shares[b % size] += 1 / count
    expected = np.fft.fft(shares)
    for k in range(size):
        assert float(cnn.mode_factor(size, count, k)) == pytest.approx(expected[k].real, abs=1e-13)
        assert abs(expected[k].imag) < 1e-13


def test_factor_of_a_mode_in_the_full_map() -> None:
    setting = cnn.paper.default.with_values(weight_var=4, bias_var=Fraction(1, 10))
    found = cnn.correlation(setting, 15)
    chosen = CorrelationMap(
        setting.activation, 4, Fraction(1, 10), cnn.stable_variance(setting, 30)
    )
    c, eps, a = float(found.value), 1e-5, np.arange(6)
    wave = np.cos(2 * np.pi * a / 6)
    images = [chosen.values(c + sign * eps * wave) for sign in (1, -1)]
    smooth = [(np.roll(f, 1) + f + np.roll(f, -1)) / 3 for f in images]
    ratio = (smooth[0] - smooth[1]) @ wave / (2 * eps * (wave @ wave))
    assert ratio == pytest.approx(float(found.slope) * 2 / 3, rel=1e-6)


def test_critical_point_by_quadrature() -> None:
    with mp.workdps(20):

        def mean(f, q):  # type: ignore[no-untyped-def]
            return mp.quad(lambda z: f(mp.sqrt(q) * z) * mp.npdf(z), [-10, -4, 0, 4, 10])

        q = mp.findroot(
            lambda q: mp.mpf("1.7") * mean(lambda x: mp.sech(x) ** 4, q) - 1, (0.5, 0.7), tol=1e-14
        )
    found = cnn.critical_variance(activation("tanh"), Fraction(17, 10), 15)
    assert float(found) == pytest.approx(float(q), rel=1e-11)


def test_blocks_of_the_projector_kernel_are_unitary() -> None:
    P = np.array([[9, 12], [12, 16]]) / 25
    for k in range(5):
        block = P + np.exp(2j * np.pi * k / 5) * (np.eye(2) - P)
        assert np.allclose(block @ block.conj().T, np.eye(2))


def test_kernels_and_modes_must_fit() -> None:
    setting = cnn.paper.default
    for changes, words in (({"taps": 4}, "odd"), ({"taps": 7}, "positions"), ({"mode": 6}, "mode")):
        with pytest.raises(InputError, match=words):
            cnn.validate(setting.with_values(**changes))
    with pytest.raises(InputError, match="lambda_mode != 0"):
        cnn.xi_mode(setting.with_values(mode=2), 10)
    with pytest.raises(InputError, match="weight_var > 1"):
        cnn.critical_variance(activation("tanh"), Fraction(1), 10)


def critical(act: str, weight: str) -> float:
    setting = replace(cnn.paper.default, activation=activation(act))
    return float(cnn.q_critical(setting.with_values(weight_var=Fraction(weight)), 15))


@pytest.mark.parametrize(
    ("act", "slope", "weight"),
    [
        ("hardtanh", lambda x: mp.mpf(abs(x) < 1), "3/2"),
        ("arctan", lambda x: 1 / (1 + x * x), "2"),
        ("gelu", lambda x: mp.ncdf(x) + x * mp.npdf(x), "3"),
        ("silu", lambda x: mp.diff(lambda t: t / (1 + mp.exp(-t)), x), "5/2"),
    ],
)
def test_critical_point_of_kinks_and_of_slopes_that_grow(act, slope, weight):  # type: ignore[no-untyped-def]
    q = critical(act, weight)
    cuts = [-10 * q**0.5, -1, 0, 1, 10 * q**0.5]
    square = mp.quad(lambda x: slope(x) ** 2 * mp.npdf(x, 0, mp.sqrt(q)), cuts)
    assert float(square) == pytest.approx(1 / float(Fraction(weight)), rel=1e-9)


def test_no_critical_point_with_a_negative_variance_of_the_biases() -> None:
    # 20 E_q phi'^2 = 1 for the sigmoid at q = .5875546800518155, where q - 20 E_q phi^2 = -4.99107.
    with pytest.raises(InputError, match="needs bias_var < 0"):
        critical("sigmoid", "20")
    with pytest.raises(InputError, match="no critical point"):
        critical("gelu", "3/2")
