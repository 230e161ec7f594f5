"""The Gibbs minimiser against quadrature in three dimensions, the limit against a fine grid of knots."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import minimize

import mfcheck_proofs.relu_knots.paper as relu
from mfcheck.errors import InputError
from mfcheck_proofs.relu_knots.gibbs import arcs_of, minimiser
from mfcheck_proofs.relu_knots.lasso import certain, lasso

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


@pytest.mark.parametrize("lam", ["1/5", "1/20", "1/100"])
def test_lasso_against_a_grid_of_knots(lam: str) -> None:
    value = lasso(X, Y, Fraction(lam), 15).value
    phi = np.linspace(-np.pi, np.pi, 400, endpoint=False)
    kinks = -np.arctan(np.array(X, float))
    phi = np.concatenate([phi, kinks, kinks + np.pi])
    points, labels, penalty = np.array(X, float), np.array(Y, float), float(Fraction(lam))
    rows = np.maximum(np.cos(phi)[:, None] * points + np.sin(phi)[:, None], 0)
    rows = np.vstack([rows, -rows])

    def objective(c: np.ndarray) -> tuple[float, np.ndarray]:
        rest = c @ rows - labels
        return float(rest @ rest / 8 + penalty * c.sum()), rows @ rest / 4 + penalty

    start = np.full(len(rows), 1e-3)
    found = minimize(
        objective,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=[(0, None)] * len(rows),
        options={"ftol": 1e-15, "gtol": 1e-12, "maxiter": 20_000, "maxfun": 40_000},
    )
    assert float(value.rad()) < 1e-12
    assert float(value.mid()) - 1e-9 <= found.fun <= float(value.mid()) * 1.01 + 1e-5


def test_arcs_close_the_circle() -> None:
    arcs = arcs_of(X)
    assert all(a.last == b.first for a, b in zip(arcs, (*arcs[1:], arcs[0]), strict=True))
    assert all(arc.sine > 0 for arc in arcs)


def test_degenerate_touchings_are_bounded_all_the_same() -> None:
    # Both orientations of three knots touch, so that the multipliers are not unique.
    x = tuple(Fraction(v, 100) for v in (-270, -251, -85, -37, -4, 106))
    y = tuple(Fraction(v, 100) for v in (-8, 128, -132, -159, 36, -197))
    assert float(lasso(x, y, Fraction(1, 1000), 15).value.rad()) < 1e-18


def test_knots_are_certain_or_refused() -> None:
    found = certain(*relu.C7, relu.C7_LAM)
    assert len(found.knots) == 3
    assert found.off_data == 1
    assert certain(X, Y, Fraction(1, 5)).knots == ()


def test_data_must_be_distinct() -> None:
    with pytest.raises(InputError, match="x2 and x3"):
        relu.validate(relu.paper.default.with_values(x2=Fraction(2, 5)))
    with pytest.raises(InputError, match="yhat_3"):
        relu.prediction(3)(relu.paper.default.with_values(points=2), 15)


def test_both_orientations_of_a_knot_at_a_datum_count_once() -> None:
    """At lam = 1/20 the default data have knots at -1/2, in both orientations, and at 2/5."""
    found = certain(X, Y, Fraction(1, 20))
    assert [float(k.mid()) for k in found.knots] == pytest.approx([-0.5, 0.4])
    assert found.off_data == 0
