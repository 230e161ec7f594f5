"""The reduction of SGD to overlaps against SGD itself; integrals against quadrature; constants of other settings."""

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from mpmath import mp
from scipy.special import erf

from mfcheck.errors import InputError
from mfcheck_proofs import sgd_phases as sgd


@pytest.mark.slow
def test_the_fourth_integral_by_quadrature_in_two_variables() -> None:
    # With equal arguments in pairs it is an integral over a pair: units 1 = 2 and 3 = 4.
    a, b, c = 0.7, 1.1, 0.4
    C = sp.Matrix([[a, a, c, c], [a, a, c, c], [c, c, b, b], [c, c, b, b]])
    with mp.workdps(20):
        weight = mp.mpf(2) / mp.pi

        def inner(x: mp.mpf) -> mp.mpf:
            mean, sd = c / a * x, mp.sqrt(b - c * c / a)
            density = lambda y: mp.exp(-((y - mean) ** 2) / (2 * sd**2)) / (sd * mp.sqrt(2 * mp.pi))  # noqa: E731
            return mp.quad(
                lambda y: mp.erf(y / mp.sqrt(2)) ** 2 * density(y),
                [mean - 9 * sd, mean, mean + 9 * sd],
            )

        def outer(x: mp.mpf) -> mp.mpf:
            return weight * mp.exp(-x * x * (1 + 1 / (2 * a))) * inner(x) / mp.sqrt(2 * mp.pi * a)

        value = mp.quad(outer, [-6, 0, 6])
    assert float(sgd.i4(C)) == pytest.approx(float(value), rel=1e-9)


def test_the_plateau_of_first_order_is_the_limit_of_the_full_one() -> None:
    for step, norm in ((Fraction(1, 2), 1), (Fraction(3), 2), (Fraction(1), Fraction(1, 3))):
        ratios = []
        for noise in (Fraction(1, 1000), Fraction(1, 10**5)):
            setting = sgd.paper.default.with_values(gamma=step, p_norm=norm, noise=noise)
            full = float(sgd._plateau_full(setting, 15).mid())
            ratios.append(float(sgd._checked_plateau(setting, 15).mid()) / full - 1)
        assert abs(ratios[1]) < 0.03 * abs(ratios[0]) + 1e-9
        assert abs(ratios[0]) < 0.05


def test_no_plateau_beyond_the_critical_step_and_no_impossible_overlaps() -> None:
    with pytest.raises(InputError, match="gamma_c"):
        sgd.fixed_point(sgd.paper.default.with_values(gamma=5), 15)
    with pytest.raises(InputError, match="overlaps"):
        sgd.paper.validate(sgd.paper.default.with_values(m0=2))


@pytest.mark.parametrize(
    ("kappa", "delta", "expected"),
    [
        (0, 1, 1),
        (1, -1, 2),
        (0, Fraction(-1, 4), 3),
        (0, Fraction(-1, 2), 4),
        (2, Fraction(-7, 4), 1),
        (1, -2, 4),
    ],
)
def test_regimes(kappa: object, delta: object, expected: int) -> None:
    assert sgd.regime(sgd.paper.default.with_values(kappa=kappa, delta=delta)) == expected


@pytest.mark.parametrize(
    ("step", "noise", "p_norm"), [("4", "1/10", "1"), ("1", "1", "1"), ("1/10", "5", "10")]
)
def test_the_plateau_is_followed_to_strong_noise(step: str, noise: str, p_norm: str) -> None:
    """The fixed point is a zero of the right side by two-dimensional Gauss-Hermite quadrature."""
    setting = sgd.paper.default.with_values(
        gamma=Fraction(step), noise=Fraction(noise), p_norm=Fraction(p_norm)
    )
    q, m = (float(v.mid()) for v in sgd.fixed_point(setting, 15).values)
    g, delta, p = (setting.number(name) for name in ("gamma", "noise", "p_norm"))
    x, w = np.polynomial.hermite_e.hermegauss(200)
    w = np.outer(w, w) / w.sum() ** 2
    values = []
    for power in (1, 2):  # phi'^power makes the student's field narrower
        width, mass = (
            np.sqrt(q / (1 + power * q)),
            (2 / np.pi) ** (power / 2) / np.sqrt(1 + power * q),
        )
        own = width * x[:, None]
        other = m / q * own + np.sqrt(p - m * m / q) * x[None, :]
        gap = erf(other / np.sqrt(2)) - erf(own / np.sqrt(2))
        values.append(
            mass
            * np.array(
                [np.sum(w * gap * own), np.sum(w * gap * other), np.sum(w * (gap**2 + delta))]
            )
        )
    assert 2 * g * values[0][0] + g * g * values[1][2] == pytest.approx(0, abs=1e-9)
    assert g * values[0][1] == pytest.approx(0, abs=1e-9)


def test_an_aligned_student_rests_without_noise() -> None:
    setting = sgd.paper.default.with_values(noise=0, m0=1)
    found = sgd.trajectory(sgd.BLUE, setting)
    assert (found["R"].value, found["R"].error, found["Q"].value) == (0.0, 0.0, 1.0)


def test_a_plateau_that_runs_off_is_told() -> None:
    setting = sgd.paper.default.with_values(noise=5)
    with pytest.raises(InputError, match=r"followed to noise 1\.7"):
        sgd.fixed_point(setting, 15)
