"""What the referee adds: regime, shares, map of the threshold, and the closed form of the encoder's divergence."""

from dataclasses import replace
from fractions import Fraction

import numpy as np

from mfcheck.claims import Budget, Context, Data, Estimate
from mfcheck.dynamics.resnet import Numerics, Problem, simulate
from mfcheck.kernels.adjoint import block_divergence
from mfcheck.symbolic.activation import LIBRARY, activation
from mfcheck_proofs.scaled_resnets import flow
from mfcheck_proofs.scaled_resnets.setting import DEFAULT
from mfcheck_proofs.scaled_resnets.theorem5_regime import (
    DIMENSION,
    all_below,
    family,
    lazy,
    measured,
)

X = np.array([[1.0, 0.0], [0.6, 0.8], [-0.28, 0.96]])
Y = np.array([1.0, -1.0, 0.5])


# --- the encoder's divergence ----------------------------------------------------------------------------------------


def test_simulation_knows_the_limit_with_another_alpha() -> None:
    beta, alpha = 300.0, 0.5
    problem = Problem(X, Y, LIBRARY["sin"], alpha, beta)
    sizes = Numerics(depth=4, particles=1024, decoder_particles=8192, replicates=4, outputs=9)
    found = simulate(problem, sizes).final["KL_nu"]
    limit = alpha**2 * block_divergence(LIBRARY["sin"], X, Y)
    assert abs(found.value * beta**4 - limit) <= found.error * beta**4 + limit / beta
    assert found.error * beta**4 < 0.5 * limit


# --- what a flow changes ---------------------------------------------------------------------------------------------


def test_the_regime_is_said_in_a_plain_sentence() -> None:
    context = Context(DEFAULT, Budget.QUICK, 0, "regime-lazy", {"tolerance": Fraction(1, 100)})
    evidence = lazy(context)
    assert evidence.passed is True
    (note,) = evidence.notes
    assert note.text.startswith("The regime of the guarantee is lazy.")
    large = flow.admissible(measured(context)).found
    assert large["kernel"].value < 1e-4


def test_without_an_admissible_beta_nothing_is_said() -> None:
    unsmooth = replace(DEFAULT, activation=activation("relu(x)"))
    assert flow.least_beta(unsmooth) is None


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
