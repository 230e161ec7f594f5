"""What the referee adds: regime, shares, map of the threshold, and the closed form of the encoder's divergence."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from mfcheck.claims import Budget, Context, Data, Estimate, Sample, Setting
from mfcheck.dynamics.resnet import Numerics, Problem, simulate
from mfcheck.symbolic.activation import LIBRARY, activation
from mfcheck_proofs.scaled_resnets import changes, theorem5
from mfcheck_proofs.scaled_resnets.setting import DEFAULT
from mfcheck_proofs.scaled_resnets.theorem5_regime import (
    DIMENSION,
    admissible,
    all_below,
    family,
    lazy,
    measured,
)

X = np.array([[1.0, 0.0], [0.6, 0.8], [-0.28, 0.96]])
Y = np.array([1.0, -1.0, 0.5])


# --- the encoder's divergence ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["tanh", "erf", "gelu"])
def test_the_enclosure_holds_the_number(name: str) -> None:
    points = tuple(
        tuple(map(Fraction, row)) for row in (("1", "0"), ("3/5", "4/5"), ("-7/25", "24/25"))
    )
    data = Data(points, (Fraction(1), Fraction(-1), Fraction(1, 2)))
    setting = Setting(data, LIBRARY[name], DEFAULT.values)
    value = theorem5.enclosed(setting)
    found = theorem5.leading(Sample(X, Y, LIBRARY[name], {}))
    assert float(value.rad()) < 0.01 * found
    assert abs(float(value.mid()) - found) <= float(value.rad()) + 1e-4 * found


def test_opposite_points_have_a_value_too() -> None:
    points = ((Fraction(1), Fraction(0)), (Fraction(-1), Fraction(0)))
    setting = Setting(Data(points, (Fraction(1), Fraction(-1))), LIBRARY["tanh"], DEFAULT.values)
    value = theorem5.enclosed(setting)
    sample = Sample(np.array([[1.0, 0.0], [-1.0, 0.0]]), np.array([1.0, -1.0]), LIBRARY["tanh"], {})
    assert float(value.mid()) == pytest.approx(theorem5.leading(sample), rel=1e-4)


def test_simulation_knows_the_limit_with_another_alpha() -> None:
    beta, alpha = 300.0, 0.5
    problem = Problem(X, Y, LIBRARY["sin"], alpha, beta)
    sizes = Numerics(depth=4, particles=1024, decoder_particles=8192, replicates=4, outputs=9)
    found = simulate(problem, sizes).final["KL_nu"]
    limit = alpha**2 * theorem5.leading(Sample(X, Y, LIBRARY["sin"], {}))
    assert abs(found.value * beta**4 - limit) <= found.error * beta**4 + limit / beta
    assert found.error * beta**4 < 0.5 * limit


# --- what a flow changes ---------------------------------------------------------------------------------------------


def test_the_regime_is_said_in_a_plain_sentence() -> None:
    context = Context(DEFAULT, Budget.QUICK, 0, "regime-lazy", {"tolerance": Fraction(1, 100)})
    evidence = lazy(context)
    assert evidence.passed is True
    (note,) = evidence.notes
    assert note.text.startswith("The regime of the guarantee is lazy.")
    large = admissible(measured(context))
    assert large["kernel"].value < 1e-4


def test_without_an_admissible_beta_nothing_is_said() -> None:
    unsmooth = replace(DEFAULT, activation=activation("relu(x)"))
    assert changes.least_beta(unsmooth) is None


def test_the_deciding_pair_is_shown() -> None:
    context = Context(DEFAULT, Budget.QUICK, 0, "")
    one, two, vague = (Estimate(value=v, error=e) for v, e in ((1.0, 0.0), (2.0, 0.0), (1.5, 1.0)))
    assert all_below(context, [(one, two), (one, one)], "").slack == 1
    assert all_below(context, [(one, two), (one, vague)], "").passed is None
    assert all_below(context, [(two, one), (one, vague)], "").lhs == two


# --- the map of the threshold ----------------------------------------------------------------------------------------


def test_own_data_of_enough_points_are_used() -> None:
    context = Context(DEFAULT, Budget.STANDARD, 0, "threshold-map", {})
    data, sizes, what = family(context)
    assert data.d == DIMENSION
    assert sizes == (2, 3, 4, 6, 8, 16)
    assert "uniform" in what
    part = Data(data.points[:9], data.labels[:9], "own")
    own, sizes, what = family(replace(context, setting=replace(DEFAULT, data=part)))
    assert own is part
    assert sizes == (2, 3, 4, 6, 8)
    assert "data" in what
