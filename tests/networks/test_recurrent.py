"""Recurrent networks against matrices written out step by step, and untied laws against matrices drawn anew."""

import math
from fractions import Fraction

import numpy as np
from scipy.special import expit

from mfcheck.gaussian.gated import GatedCell
from mfcheck.networks.recurrent import gated_run, simple_run, tied_gated_run

CELL = GatedCell(Fraction(3), Fraction(1), Fraction(1), Fraction(1, 2), Fraction(1, 2))


def fresh_gates(rng: np.random.Generator, n: int, steps: int) -> tuple[float, float]:
    """Mean of h^2, and of the squared Jacobian, after steps with matrices drawn anew."""
    h, root = 0.6 * rng.standard_normal(n), math.sqrt(n)
    for _ in range(steps):
        W, V = rng.standard_normal((2, n, n)) / root
        z = math.sqrt(0.5) * rng.standard_normal(n)
        u = expit(3 * W @ h + V @ z + 1 + rng.standard_normal(n) / 2)
        jac = np.diag(u) + (u * (1 - u) * (h - z))[:, None] * 3 * W
        h = u * h + (1 - u) * z
    return float(np.mean(h**2)), float(np.sum(jac**2) / n)


def test_untied_gates_have_the_law_of_matrices() -> None:
    rng = np.random.default_rng(0)
    drawn = np.array([fresh_gates(rng, 60, 4) for _ in range(400)])
    found = gated_run(rng, CELL, 0.6, 400, 60, 4)
    for k, values in enumerate((found.squares[-1], found.growth[-1])):
        both = np.stack([drawn[:, k], values])
        error = np.sqrt(np.sum(both.var(axis=1)) / 400)
        assert abs(both[0].mean() - both[1].mean()) < 4 * error < 0.07 * both[0].mean()


def test_tied_gates_are_one_network() -> None:
    """The same numbers, drawn in the same order, in one network written out, with its Jacobian."""
    found = tied_gated_run(np.random.default_rng(5), CELL, 0.6, 1, 30, 3, 2)
    rng = np.random.default_rng(5)
    W, V = (
        3 * rng.standard_normal((30, 30)) / math.sqrt(30),
        rng.standard_normal((30, 30)) / math.sqrt(30),
    )
    b = 1 + rng.standard_normal((30, 1)) / 2
    h = 0.6 * rng.standard_normal((30, 2))
    for step in range(3):
        z = math.sqrt(0.5) * rng.standard_normal((30, 2))
        u = expit(W @ h + V @ z + b)
        jacs = [np.diag(u[:, k]) + (u * (1 - u) * (h - z))[:, k, None] * W for k in range(2)]
        h = u * h + (1 - u) * z
        np.testing.assert_allclose(found.squares[step], np.mean(h**2), rtol=1e-12)
        np.testing.assert_allclose(
            found.growth[step], np.mean([np.sum(j**2) / 30 for j in jacs]), rtol=1e-12
        )
    np.testing.assert_allclose(found.state[0], h, rtol=1e-12)


def test_tied_and_untied_simple_networks_agree_with_matrices() -> None:
    """Two steps of erf-like cells: one matrix written out, and the law of fresh ones against matrices drawn anew."""
    at = {"sigma_w": 1.2, "sigma_v": 0.7, "sigma_b": 0.4}
    mix = np.array([[1.0, 0.5], [0.0, math.sqrt(0.75)]])
    start = np.random.default_rng(1).standard_normal((1, 50, 2))
    found = simple_run(np.random.default_rng(2), np.tanh, start, mix, 2, **at, tied=True)
    rng = np.random.default_rng(2)
    W, V = rng.standard_normal((2, 1, 50, 50))[:, 0] / math.sqrt(50)
    b, h = 0.4 * rng.standard_normal((50, 1)), start[0]
    for step in range(2):
        e = 1.2 * W @ h + 0.7 * V @ (rng.standard_normal((50, 2)) @ mix) + b
        h = np.tanh(e)
        np.testing.assert_allclose(found[step, 0], e.T @ e / 50, rtol=1e-12)
    many = np.repeat(start, 600, axis=0)
    law = simple_run(rng, np.tanh, many, mix, 2, **at, tied=False)[-1]
    drawn = []
    for _ in range(600):
        h = start[0]
        for _ in range(2):
            A, B = rng.standard_normal((2, 50, 50)) / math.sqrt(50)
            x = rng.standard_normal((50, 2)) @ mix
            e = 1.2 * A @ h + 0.7 * B @ x + 0.4 * rng.standard_normal((50, 1))
            h = np.tanh(e)
        drawn.append(e.T @ e / 50)
    error = np.sqrt((np.var(drawn, axis=0) + law.var(axis=0)) / 600)
    assert np.all(np.abs(np.mean(drawn, axis=0) - law.mean(axis=0)) < 4 * error)
    assert np.all(error < 0.03)
