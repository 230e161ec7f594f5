from fractions import Fraction

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from mfcheck.dynamics.scalar_resnet import distance, trained_gain


@pytest.mark.parametrize("target", ["3", "1/2", "0", "-1", "-5"])
@pytest.mark.parametrize("start", ["0", "1", "-2"])
def test_gains_by_an_ode_solver(target: str, start: str) -> None:
    a, m0 = float(Fraction(target)), float(Fraction(start))
    found = solve_ivp(
        lambda _, m: -(np.exp(m) - a) * np.exp(m),
        (0, 2),
        [m0],
        method="DOP853",
        rtol=1e-12,
        atol=1e-13,
    )
    value = trained_gain(Fraction(target), Fraction(start), Fraction(2))
    assert float(value.mid()) == pytest.approx(float(np.exp(found.y[0, -1])), rel=1e-9)
    assert value.rad() < 1e-12


def test_the_loss_keeps_its_digits_near_the_target() -> None:
    early, late = (distance(Fraction(3), Fraction(0), Fraction(s)) for s in (3, 4))
    # Near k = a the distance falls like e^(-a^2 s), the loss like e^(-2 a^2 s).
    assert float((late / early).log().mid()) == pytest.approx(-18, rel=1e-6)
    assert distance(Fraction(1), Fraction(0), Fraction(5)) == 0
    assert float(trained_gain(Fraction(-1), Fraction(0), Fraction(1000)).mid()) == pytest.approx(
        1e-3, rel=1e-2
    )
