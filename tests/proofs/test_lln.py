"""The law of large numbers: numbers by other means, drift of the conserved difference, input that has no answer."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest

from mfcheck.claims.trial import Trial
from mfcheck.dynamics import linear_units as linear
from mfcheck.errors import InputError
from mfcheck.symbolic.activation import activation
from mfcheck_proofs import lln

SETTING = lln.paper.default


@pytest.mark.parametrize("name", ["tanh", "erf", "arctan", "softplus", "sigmoid"])
def test_potential_by_mpmath(name: str) -> None:
    shapes = {
        "tanh": mpmath.tanh, "erf": mpmath.erf, "arctan": mpmath.atan,
        "softplus": lambda u: mpmath.log1p(mpmath.exp(u)), "sigmoid": lambda u: 1 / (1 + mpmath.exp(-u)),
    }  # fmt: skip
    shape = shapes[name]
    with mpmath.workdps(25):
        wanted = mpmath.quad(lambda u: shape(u) / mpmath.diff(shape, u), [0, 1])
    setting = lln.setting_of(lln.PARAMETERS, activation(name))
    assert float(lln.potential_one(setting, 20).mid()) == pytest.approx(float(wanted), rel=1e-12)


def test_no_potential_where_the_slope_vanishes() -> None:
    with pytest.raises(InputError, match="without zeros"):
        lln.potential_one(lln.setting_of(lln.PARAMETERS, activation("sin(2*x)")), 15)


def test_the_difference_drifts_at_times_of_order_n_as_the_bound_says() -> None:
    setting = SETTING.with_values(noise=2)
    width = lln.least_width(setting)
    theta = 0.5
    found = linear.runs(setting, width, 6, np.random.default_rng(1), [0.0, theta * width])
    kept = np.abs(found.a - found.b).mean(axis=0)
    share = (1 - (0.5 / width) ** 2 * 4 * 2.5) ** (theta * width**2)
    assert 0 < kept[1] / kept[0] <= share * 1.02
    assert share < 0.35


def test_the_reading_is_not_asked_without_label_noise() -> None:
    reading = lln.law.reading("uniform-in-time")
    with pytest.raises(InputError, match="noise > 0"):
        reading.needs(SETTING.with_values(noise=0))
    reading.needs(SETTING)


def test_pair_values_are_the_mean_over_all_pairs() -> None:
    rng = np.random.default_rng(3)
    cw = rng.standard_normal((50, 6)) + rng.standard_normal((50, 1))
    made = linear.Runs(*(np.zeros((50, 1)) for _ in range(4)))
    made = linear.Runs(made.a, cw.mean(1)[:, None], made.b, (cw**2).mean(1)[:, None])
    mean = cw.mean()
    pairs = [(cw[:, i] - mean) * (cw[:, j] - mean) for i in range(6) for j in range(6) if i != j]
    assert lln.pair_values(made, 6).mean() == pytest.approx(6 * np.mean(pairs), rel=1e-12)


def test_simulation_meets_the_limits() -> None:
    options = {"width": "400", "replicates": "4000"}
    found = lln.run(Trial(SETTING, 5, options)).final
    limits = {
        "mean_a": 1.110404179759,
        "mean_m": 1.465932187293,
        "n_mse_m": 0.21441995782,
        "n_pair_cov": -1.01728463728,
    }
    for name, value in limits.items():
        assert abs(found[name].value - value) < 2 * found[name].error + 2 * abs(value) / 400
        assert found[name].error < abs(value) / 10


@pytest.mark.parametrize(("name", "text"), [("width", "1"), ("replicates", "3")])
def test_options_out_of_range(name: str, text: str) -> None:
    with pytest.raises(InputError, match=name):
        lln.run(Trial(SETTING, 0, {"width": "20", "replicates": "20"} | {name: text}))


def test_horizon_zero_has_one_time() -> None:
    found = lln.run(
        Trial(SETTING.with_values(horizon=Fraction(0)), 0, {"width": "20", "replicates": "200"})
    )
    assert found.time == [0.0]
    assert found.final["mean_m"].value == pytest.approx(0.5, abs=0.05)
