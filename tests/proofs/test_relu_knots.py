"""The Gibbs minimiser against quadrature over the circle; data and knots of the examples."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad

import mfcheck_proofs.relu_knots.paper as relu
from mfcheck.errors import InputError
from mfcheck.rigor.ramp_lasso import enclosed_knots
from mfcheck_proofs.relu_knots.gibbs import minimiser

X = (Fraction(-3, 2), Fraction(-1, 2), Fraction(2, 5), Fraction(8, 5))
Y = (Fraction(3, 5), Fraction(-7, 10), Fraction(9, 10), Fraction(-1, 5))


def angular(u: np.ndarray, lam: float, beta: float, x: float) -> float:
    """Return yhat(x) of the Gibbs law of u, by quadrature over the circle."""
    points = np.array(X, dtype=float)
    kinks = sorted(
        [float(np.arctan2(-p, 1)) for p in (*points, x)]
        + [float(np.arctan2(p, -1)) for p in (*points, x)]
    )

    def p(phi: float) -> float:
        return float(u @ np.maximum(np.cos(phi) * points + np.sin(phi), 0))

    def weight(phi: float) -> float:
        return 1 / (1 - p(phi) ** 2 / lam**2)

    def pull(phi: float) -> float:
        return p(phi) * weight(phi) ** 2 * max(np.cos(phi) * x + np.sin(phi), 0)

    ends = [-np.pi, *kinks, np.pi]
    Q, total = (sum(quad(f, a, b)[0] for a, b in pairwise(ends) if b > a) for f in (weight, pull))
    return -2 * total / (beta * lam**2 * Q)


@pytest.mark.parametrize(("lam", "beta"), [("1/5", 20), ("1/20", 300), ("3", 2)])
def test_minimiser_is_a_fixed_point_of_its_gibbs_law(lam: str, beta: int) -> None:
    found = minimiser(X, Y, Fraction(lam), Fraction(beta), 15)
    u = np.array([float(v.mid()) for v in found.u])
    for x in (*X, Fraction(-3), Fraction(1, 10)):
        assert angular(u, float(Fraction(lam)), beta, float(x)) == pytest.approx(
            float(found.prediction(x).mid()), abs=1e-9
        )


def test_three_knots_of_the_example_are_enclosed() -> None:
    found = enclosed_knots(*relu.C7, relu.C7_LAM)
    assert [float(k.mid()) for k in found.places] == pytest.approx([-1.035, -0.880282, 1.136])
    assert found.off_data == 1


def test_data_must_be_distinct() -> None:
    with pytest.raises(InputError, match="x2 and x3"):
        relu.validate(relu.paper.default.with_values(x2=Fraction(2, 5)))
    with pytest.raises(InputError, match="yhat_3"):
        relu.prediction(3)(relu.paper.default.with_values(points=2), 15)
