"""The reasons that generated planted errors give are true, by another route than the checks that reject them."""

import numpy as np
import pytest
import sympy as sp

from mfcheck.claims import PlantedError, Sample
from mfcheck_proofs.scaled_resnets import paper, quick
from mfcheck_proofs.scaled_resnets import planted_theorems as theorems
from mfcheck_proofs.scaled_resnets.planted import GENERATED
from mfcheck_proofs.scaled_resnets.rademacher import link, radius
from mfcheck_proofs.scaled_resnets.setting import DEFAULT
from mfcheck_proofs.scaled_resnets.symbols import (
    Q_KL,
    C_max,
    Q_m,
    beta,
    lambda_0,
    n,
    r,
    t,
)
from mfcheck_proofs.scaled_resnets.theorem5 import L_0

AT = {n: DEFAULT.data.n, beta: DEFAULT.number("beta"), radius: 0.003}


def of(errors: tuple[PlantedError, ...], name: str) -> list[tuple[str, sp.Expr]]:
    found = [(e.id, e.replace[name]) for e in errors if name in e.replace]
    assert found
    return found


def test_every_generated_error_is_planted_or_equals_one_that_is() -> None:
    for id, errors in GENERATED.items():
        claim = paper.claim(id)
        assert claim is not None
        planted = {(e.reading, tuple(e.replace.items())) for e in claim.planted}
        for error in errors:
            assert (error.reading, tuple(error.replace.items())) in planted, error.id


def test_terms_exceed_lambda_min_of_two_points() -> None:
    X = np.array([[1.0, 0.0], [0.3, np.sqrt(1 - 0.09)]])
    sample = Sample(X, np.ones(2), DEFAULT.activation, {})
    weights = quick.weights(DEFAULT.activation) * (1 + np.arange(quick.TERMS))
    value = quick.smallest(quick.kernel(sample, 1))
    for id, term in of(theorems.GERSHGORIN, "term"):
        at = term.subs({n: 2, C_max: sp.Rational(3, 10)})
        bound = sum(w * float(at.subs(r, k)) for k, w in enumerate(weights))
        assert bound > value * 1.01, id


@pytest.mark.parametrize(
    ("errors", "name", "attained"),
    [
        (theorems.KL_TAU, "bound", Q_KL / beta**2),
        (theorems.MOVEMENT, "PL", sp.sqrt(Q_m) / beta),
        (theorems.RADEMACHER, "bound", link["bound"] / 2),
    ],
)
def test_upper_bounds_lie_below_what_is_attained(
    errors: tuple[PlantedError, ...], name: str, attained: sp.Expr
) -> None:
    for id, bound in of(errors, name):
        assert float(sp.simplify(bound / attained).subs(AT)) < 1, id


def test_floors_lie_above_what_is_attained() -> None:
    for id, floor in of(theorems.SPECTRUM, "floor"):
        assert float((floor / lambda_0).subs(AT)) > 1, id


def test_loss_rates_are_beyond_the_slowest_mode() -> None:
    for id, bound in of(theorems.LOSS, "bound"):
        rate = -sp.log(bound / L_0).simplify() / (beta**2 * lambda_0 * t / n)
        assert float(sp.expand_log(sp.simplify(rate), force=True).subs(AT)) > 2, id
