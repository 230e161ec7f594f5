"""Measures on ramps against a fine grid of directions, and against closed forms."""

from fractions import Fraction

import numpy as np
import pytest
from flint import arb, ctx, fmpq
from scipy.optimize import minimize

from mfcheck.errors import InputError
from mfcheck.rigor.ramp_lasso import dual_bound, enclosed_knots, nearest, ramp_lasso
from mfcheck.rigor.ramps import Ramps

X = (Fraction(-3, 2), Fraction(-1, 2), Fraction(2, 5), Fraction(8, 5))
Y = (Fraction(3, 5), Fraction(-7, 10), Fraction(9, 10), Fraction(-1, 5))
ONE = (Fraction(3, 4),)


@pytest.mark.parametrize("lam", ["1/5", "1/20", "1/100"])
def test_minimum_against_a_grid_of_directions(lam: str) -> None:
    value = ramp_lasso(X, Y, Fraction(lam), 15).value
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


def test_one_point_in_closed_form() -> None:
    # A unit of mass at the best direction (3, 4)/5 predicts 5/4: the best f has 4 - f = lam/(5/4).
    found = ramp_lasso(ONE, (Fraction(4),), Fraction(1), 20)
    assert found.value.overlaps(arb(288) / 100)
    assert float(found.value.rad()) < 1e-20
    assert float(found.prediction(ONE[0]).mid()) == pytest.approx(3.2, abs=1e-14)
    knots = enclosed_knots(ONE, (Fraction(4),), Fraction(1))
    assert knots.off_data == 1
    assert knots.places[0].overlaps(arb(-4) / 3)
    assert knots.u[0].overlaps(arb(-4) / 5)


def test_two_points_far_apart_in_closed_form() -> None:
    # Each point is fitted by a ramp of its own, with its best direction (10, 1)/sqrt(101) or (-10, 1)/sqrt(101).
    x, y, lam = (Fraction(-10), Fraction(10)), (Fraction(2), Fraction(2)), Fraction(1, 5)
    exact = 4 * arb("0.2") / arb(101).sqrt() - 2 * arb("0.04") / 101
    assert abs(ramp_lasso(x, y, lam, 20).value - exact) < 1e-12
    assert [float(k.mid()) for k in enclosed_knots(x, y, lam).places] == pytest.approx([-0.1, 0.1])


def test_above_the_largest_penalty_the_fit_is_zero() -> None:
    found = ramp_lasso(X, Y, Fraction(3), 20)
    assert float(found.value.rad()) < 1e-20
    assert found.value.overlaps(arb(17) / 80)  # |y|^2/8
    assert float(found.prediction(Fraction(1))) == 0
    assert found.knots() == []
    knots = enclosed_knots(X, Y, Fraction(3))
    assert (knots.places, knots.off_data) == ((), 0)


def test_degenerate_touchings_are_bounded_all_the_same() -> None:
    # Both orientations of three knots touch, so that the multipliers are not unique.
    x = tuple(Fraction(v, 100) for v in (-270, -251, -85, -37, -4, 106))
    y = tuple(Fraction(v, 100) for v in (-8, 128, -132, -159, 36, -197))
    assert float(ramp_lasso(x, y, Fraction(1, 1000), 15).value.rad()) < 1e-18


def test_both_orientations_of_a_knot_at_a_point_count_once() -> None:
    # Knots at -1/2, in both orientations, and at 2/5.
    found = enclosed_knots(X, Y, Fraction(1, 20))
    assert [float(k.mid()) for k in found.places] == pytest.approx([-0.5, 0.4])
    assert found.off_data == 0
    assert ramp_lasso(X, Y, Fraction(1, 20), 15).knots() == pytest.approx([-0.5, 0.4])


def test_a_sum_that_is_tangent_to_its_bound_at_a_point() -> None:
    # At u = (-4/5, 1/2) the vector (A, B) of the sector beside the kink (4, -3)/5 is lam times that kink;
    # |p| is smaller elsewhere. So u is optimal for y = -2 u - (0, 1): the minimum is -u.y - |u|^2 = 1.39.
    x, y = (Fraction(3, 4), Fraction(2)), (Fraction(8, 5), Fraction(-2))
    found = ramp_lasso(x, y, Fraction(1, 2), 20)
    assert found.value.overlaps(arb(139) / 100)
    assert float(found.value.rad()) < 1e-20
    assert found.knots() == pytest.approx([0.75])
    with pytest.raises(InputError, match="too close to tell apart"):
        enclosed_knots(x, y, Fraction(1, 2))


@pytest.mark.parametrize("scale", [0.5, 1, 3])
def test_every_dual_point_bounds_the_minimum_from_below(scale: float) -> None:
    # At -y/M the dual value is |y|^2/8 = 0.2125, but the point is not admissible at lam = 1/20.
    least = ramp_lasso(X, Y, Fraction(1, 20), 20).value
    bound = dual_bound(Ramps(X), [arb(-scale * float(b) / 4) for b in Y], Y, arb("0.05"))
    assert 0 < float(bound) < float(least) < 0.2


def test_the_dual_optimum_is_enclosed_beyond_the_digits_asked_for() -> None:
    for y in (4, 5, 7, 11):
        found = enclosed_knots(ONE, (Fraction(y),), Fraction(1), 10)
        with ctx.workdps(100):
            assert found.u[0].contains(fmpq(-4, 5))


def test_a_mass_that_may_be_zero_is_refused() -> None:
    with pytest.raises(InputError, match="may be zero"):
        enclosed_knots(ONE, (Fraction(4, 5),), Fraction(1))


def test_shortest_vector_under_constraints_meets_its_conditions() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        C = rng.normal(size=(8, 4))
        room = C @ rng.normal(size=4) + rng.random(8)
        z, mu = nearest(C, room)
        assert np.all(C @ z <= room + 1e-9)
        assert np.all(mu >= 0)
        assert z == pytest.approx(-C.T @ mu, abs=1e-9)
        assert mu * (C @ z - room) == pytest.approx(np.zeros(8), abs=1e-9)
    assert nearest(np.eye(2), np.ones(2))[0].tolist() == [0, 0]
