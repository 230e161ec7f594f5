"""Kernels of two-layer networks against means over their weights; both arithmetics agree, certificates hold."""

import json
from fractions import Fraction

import numpy as np
import pytest

from mfcheck.errors import InputError
from mfcheck.kernels.two_layer import (
    certified_below,
    certified_smallest,
    divergences,
    full_kernel,
    inverse_form,
    inverse_form_float,
    smallest_float,
    totals,
)
from mfcheck.symbolic.activation import LIBRARY, activation
from mfcheck.verify import verify

X = np.array([[1.0, 0.0], [0.6, 0.8], [-0.28, 0.96]])
Y = np.array([[1.0, 0.5], [-1.0, 0.5], [0.5, 2.0]])


def quadrature() -> tuple[np.ndarray, np.ndarray]:
    """Gauss-Hermite nodes of (w, b) in three dimensions, shape (3, m), and their weights."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(48)
    weights = weights / weights.sum()
    grid = np.stack([g.ravel() for g in np.meshgrid(nodes, nodes, nodes, indexing="ij")])
    return grid, np.einsum("i,j,k->ijk", weights, weights, weights).ravel()


@pytest.mark.parametrize("name", ["tanh", "erf", "sin"])
def test_the_divergence_of_a_displacement(name: str) -> None:
    """The score of the displacement along sum_j q_j grad h(x_j, .) is k = v.z - div v, and KL = E[k^2]/2."""
    grid, mass = quadrature()
    inputs = np.vstack([X.T, np.ones(len(X))])
    f0, f1, f2 = (LIBRARY[name].numpy_function(k)(inputs.T @ grid) for k in range(3))
    gram = inputs.T @ inputs
    # h = a s0(p): grad = (s0, a s0' x~); div of it in (w, b) is a s0'' |x~|^2; p_j = x~_j . (w, b).
    p = inputs.T @ grid
    score = f0 + f1 * p - f2 * np.diag(gram)[:, None]  # over a, whose square has mean one
    K = (score * mass) @ score.T
    G2 = (f0 * mass) @ f0.T + (f1 * mass) @ f1.T * gram
    assert full_kernel(LIBRARY[name], X, 1) == pytest.approx(G2, rel=1e-5)
    assert full_kernel(LIBRARY[name], X, 2) == pytest.approx(K, rel=2e-4)
    Q = np.linalg.solve(G2, Y)
    assert divergences(LIBRARY[name], X, Y) == pytest.approx(
        np.sum(Q * (K @ Q), axis=0) / 2, rel=2e-4
    )


def test_totals_of_a_kink() -> None:
    """E s0(2^(1/2) z)^2 of relu is one, and so is E[s0'^2] times |x|^2 + 1; its third total is infinite."""
    first, second, third = totals(activation("relu(x)"))
    assert (first, second) == pytest.approx((1, 2))
    assert not np.isfinite(third)


POINTS = tuple(tuple(Fraction(str(v)) for v in row) for row in X.tolist())
LABELS = (Fraction(1), Fraction(-1), Fraction(1, 2))


@pytest.mark.parametrize("name", ["tanh", "erf", "sin"])
@pytest.mark.parametrize("order", [1, 2])
def test_forms_of_the_inverse(name: str, order: int) -> None:
    """Two precisions agree; against solutions with the kernels of all coefficients in double precision."""
    act = LIBRARY[name]
    fine = inverse_form(POINTS, LABELS, act, order, 40)
    assert inverse_form(POINTS, LABELS, act, order, 15).overlaps(fine)
    y = Y[:, 0]
    q = np.linalg.solve(full_kernel(act, X, 1), y)
    known = q @ full_kernel(act, X, order) @ q
    assert float(fine.mid()) == pytest.approx(known, rel=2e-4)
    assert inverse_form_float(act, X, y, order) == pytest.approx(known, rel=2e-3)


def test_a_form_that_rounding_spoils_is_not_a_number() -> None:
    near = np.array([[1.0, 0.0], [1.0, 1e-9]])
    assert np.isnan(inverse_form_float(LIBRARY["tanh"], near, Y[:2, 0]))


def test_a_form_of_a_matrix_that_is_singular_is_not_a_number() -> None:
    same = (POINTS[0], POINTS[0])
    assert not inverse_form(same, LABELS[:2], LIBRARY["tanh"]).is_finite()


@pytest.mark.parametrize("order", [0, 1])
def test_the_smallest_eigenvalue_has_a_certificate(order: int) -> None:
    act = LIBRARY["tanh"]
    found = certified_smallest(POINTS, act, order)
    assert found is not None
    assert verify(json.dumps(found)).status == "accepted"
    lower, upper = (float(found["claim"][end]) for end in ("lower", "upper"))
    known = np.linalg.eigvalsh(full_kernel(act, X, order))[0]
    assert lower <= upper
    assert lower == pytest.approx(known, rel=1e-5)
    assert smallest_float(act, X, order) == pytest.approx(known, rel=1e-5)
    found["claim"]["lower"] = found["claim"]["upper"]
    assert verify(json.dumps(found)).status != "accepted"


def test_an_eigenvalue_below_a_candidate_has_a_certificate() -> None:
    act = LIBRARY["tanh"]
    for cosine in (None, Fraction(99, 100)):
        found = certified_below(POINTS, act, Fraction(1), cosine)
        assert found is not None
        assert verify(json.dumps(found)).status == "accepted"
    with pytest.raises(InputError, match="not below the candidate"):
        certified_below(POINTS, act, Fraction(1, 1000))


def test_an_activation_that_the_checker_does_not_know_has_no_certificate() -> None:
    own = activation("tanh(x)+x/2")
    assert certified_smallest(POINTS, own) is None
    assert certified_below(POINTS, own, Fraction(1)) is None
