"""The reasons that planted errors give are true, by another route than the checks that reject them."""

import numpy as np
import pytest
import sympy as sp

from mfcheck.kernels.two_layer import TERMS, smallest_float, weights
from mfcheck_proofs.scaled_resnets import paper
from mfcheck_proofs.scaled_resnets.setting import DEFAULT
from mfcheck_proofs.scaled_resnets.symbols import Q_KL, C_max, Q_m, beta, lambda_0, n, r, t
from mfcheck_proofs.scaled_resnets.theorem5 import L_0
from mfcheck_proofs.scaled_resnets.theorem6 import LINK, radius

AT = {n: DEFAULT.data.n, beta: DEFAULT.number("beta"), radius: 0.003}


def of(claim: str, reading: str, name: str, word: str = "") -> list[tuple[str, sp.Expr]]:
    """Return ids and variants of a formula, of the errors whose id or reason holds the word."""
    planted = paper.claim(claim).planted  # type: ignore[union-attr]
    own = [e for e in planted if e.reading == reading and name in e.replace]
    found = [(e.id, e.replace[name]) for e in own if word in e.id + e.why_false]
    assert found
    return found


def test_terms_exceed_lambda_min_of_two_points() -> None:
    X = np.array([[1.0, 0.0], [0.3, np.sqrt(1 - 0.09)]])
    value = smallest_float(DEFAULT.activation, X)
    variants = of("lemma-4-second", "charitable", "term", "term-")
    assert len(variants) == 5
    for id, term in [*variants, ("none", sp.Integer(1))]:
        at = term.subs({n: 2, C_max: sp.Rational(3, 10)})
        bound = sum(w * float(at.subs(r, k)) for k, w in enumerate(weights(DEFAULT.activation, 1)))
        assert bound > value * 1.01, id
    assert len(weights(DEFAULT.activation)) == TERMS


@pytest.mark.parametrize(
    ("claim", "name", "attained"),
    [
        ("theorem-5-kl-tau", "bound", Q_KL / beta**2),
        ("theorem-5-movement", "PL", sp.sqrt(Q_m) / beta),
        ("theorem-6-rademacher", "bound", LINK / 2),
    ],
)
def test_upper_bounds_lie_below_what_is_attained(claim: str, name: str, attained: sp.Expr) -> None:
    for id, bound in of(claim, "stated", name, "attained value"):
        assert float(sp.simplify(bound / attained).subs(AT)) < 1, id


def test_floors_lie_above_what_is_attained() -> None:
    for id, floor in of("theorem-5-spectrum", "stated", "floor"):
        assert float((floor / lambda_0).subs(AT)) > 1, id


def test_loss_rates_are_beyond_the_slowest_mode() -> None:
    for id, bound in of("theorem-5-loss", "stated", "bound"):
        rate = -sp.log(bound / L_0).simplify() / (beta**2 * lambda_0 * t / n)
        assert float(sp.expand_log(sp.simplify(rate), force=True).subs(AT)) > 2, id
