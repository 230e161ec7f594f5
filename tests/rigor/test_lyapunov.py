"""Enclosed solutions of the Lyapunov equation, against the linear system of all entries in exact numbers."""

import numpy as np
import pytest
import sympy as sp
from flint import arb, arb_mat, fmpq

from mfcheck.rigor.lyapunov import solve_lyapunov


def exact_solution(A: list[list[int]], C: list[list[int]]) -> sp.Matrix:
    left, right = sp.Matrix(A), sp.Matrix(C)
    size, one = left.rows, sp.eye(left.rows)
    system = sp.kronecker_product(left, one) + sp.kronecker_product(one, left)
    return system.LUsolve(right.reshape(size**2, 1)).reshape(size, size)


@pytest.mark.parametrize("shift", [1, 4])
def test_the_exact_solution_is_inside(shift: int) -> None:
    rng = np.random.default_rng(shift)
    root = rng.integers(-3, 4, (4, 4))
    A = (root @ root.T + shift * np.eye(4, dtype=int)).tolist()
    C = (lambda m: m + m.T)(rng.integers(-5, 6, (4, 4))).tolist()
    found = solve_lyapunov(arb_mat(A), arb_mat(C), arb(shift))
    for ball, number in zip(found.entries(), exact_solution(A, C), strict=True):
        assert ball.contains(fmpq(int(number.p), int(number.q)))
        assert float(ball.rad()) < 1e-12


def test_an_eigenvalue_that_may_be_zero_gives_no_number() -> None:
    one = arb_mat([[1, 0], [0, 1]])
    for lowest in (arb(0), arb(0.5, 1), arb.nan()):
        assert not any(x.is_finite() for x in solve_lyapunov(one, one, lowest).entries())


def test_a_matrix_with_an_error_gives_a_wider_ball() -> None:
    wide = arb_mat([[arb(1, 1e-3)]])
    (value,) = solve_lyapunov(wide, arb_mat([[2]]), arb(0.99)).entries()
    assert value.contains(arb(1) / arb(1.0009))
    assert value.contains(arb(1) / arb(0.9991))
    assert float(value.rad()) < 3e-3
