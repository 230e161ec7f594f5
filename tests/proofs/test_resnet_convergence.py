"""Instance H at other parameters, by SciPy, and the width by a root finder."""

from fractions import Fraction

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from mfcheck.checks import evaluate
from mfcheck.claims.record import Estimate
from mfcheck.errors import InputError
from mfcheck_proofs import resnet_convergence as rc


@pytest.mark.parametrize(
    ("target", "s", "w_low"), [("3", "1/2", "1"), ("-2", "1", "3/2"), ("1/2", "5", "2")]
)
def test_instance_h(target: str, s: str, w_low: str) -> None:
    setting = rc.paper.default.with_values(
        target=Fraction(target), s=Fraction(s), w_low=Fraction(w_low)
    )
    a, end, low = (float(Fraction(v)) for v in (target, s, w_low))
    square = 1 / 3 + ((low + 1) ** 3 - low**3) / 3
    gain = lambda tau: np.exp(square * np.sinh(2 * tau) / 2)  # noqa: E731
    found = solve_ivp(
        lambda _, v: -(gain(v) - a) * gain(v),
        (0, end),
        [0.0],
        method="LSODA",
        rtol=1e-12,
        atol=1e-13,
    )
    value = rc.instance(setting, rc.GAIN)
    number = value.value if isinstance(value, Estimate) else float(value.mid())
    assert number == pytest.approx(float(gain(found.y[0, -1])), rel=1e-8)


def test_the_width_by_a_root_finder() -> None:
    setting = rc.paper.default.with_values(
        depth=4, eps=Fraction(1, 3), eta=Fraction(1, 2), mean=-1, spread=7
    )
    var = lambda width: ((1 - 1 / 4) ** 2 + 7 / (16 * width)) ** 4 - (1 - 1 / 4) ** 8 - 1 / 18  # noqa: E731
    expected = brentq(var, 1e-3, 1e6, xtol=1e-12)
    assert float(evaluate(rc.WIDTH_NEEDED, rc.paper, setting).mid()) == pytest.approx(
        expected, rel=1e-8
    )


def test_blocks_outside_the_cone_are_refused() -> None:
    with pytest.raises(InputError, match="w_low"):
        rc.W_LOW.read("1/2")


def test_networks_tend_to_the_gain_of_the_limit_within_their_error() -> None:
    """Far from the defaults, by SciPy."""
    setting = rc.paper.default.with_values(target=2, s=Fraction(1, 4), w_low=Fraction(3, 2))
    square = 1 / 3 + (2.5**3 - 1.5**3) / 3
    gain = lambda tau: np.exp(square * np.sinh(2 * tau) / 2)  # noqa: E731
    found = solve_ivp(lambda _, v: -(gain(v) - 2) * gain(v), (0, 0.25), [0.0], rtol=1e-10)
    networks = rc.trained_gain_of_particles(setting, 1, 16)
    assert abs(networks.value - gain(found.y[0, -1])) < networks.error < 0.1 * networks.value
