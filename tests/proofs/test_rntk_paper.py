"""Particular to the paper on scaling factors: constants, kernels by other means, bad input."""

from fractions import Fraction

import numpy as np
import pytest

from mfcheck.constants.evaluate import evaluate_constants
from mfcheck.errors import InputError
from mfcheck.kernels import cosine
from mfcheck.kernels.empirical import empirical_kernel
from mfcheck.kernels.formulas import HALF_TERM
from mfcheck.kernels.sphere import eigenvalue, multiplicity
from mfcheck.run.inputs import build_setting
from mfcheck.symbolic.activation import LIBRARY
from mfcheck_proofs.rntk_scaling import paper
from mfcheck_proofs.rntk_scaling.definite import EVEN, taylor
from mfcheck_proofs.rntk_scaling.pairs import Pair
from mfcheck_proofs.rntk_scaling.setting import DEFAULT, validate
from mfcheck_proofs.rntk_scaling.theorem3 import all_trained


def test_constants() -> None:
    found = {r.id: r for r in evaluate_constants(paper, DEFAULT, 8)}
    assert all(r.evidence == "certified" for r in found.values())
    lower, upper = (
        Fraction(x)
        for x in (found["critical_at_zero"].value.lower, found["critical_at_zero"].value.upper)
    )
    assert Fraction("0.19284") < lower <= upper < Fraction("0.19285")


def test_eigenvalues_against_quadrature() -> None:
    """Gauss-Legendre in cos(theta), d = 3: r_1 against Legendre polynomials."""
    t, w = np.polynomial.legendre.leggauss(4000)
    theta = np.arccos(t)
    r1 = np.cos(theta) + (np.sin(theta) - 2 * theta * np.cos(theta)) / (2 * np.pi)
    for k in (0, 1, 2, 4, 10):
        expected = float(w @ (r1 * np.polynomial.legendre.Legendre.basis(k)(t)) / 2)
        assert float(eigenvalue(HALF_TERM, 3, k).mid()) == pytest.approx(expected, abs=1e-9)


def test_multiplicities() -> None:
    assert [multiplicity(3, k) for k in range(5)] == [1, 3, 5, 7, 9]
    assert [multiplicity(4, k) for k in range(4)] == [1, 4, 9, 16]


def test_even_coefficients_of_the_limit_kernel() -> None:
    """The closed form against the Taylor series computed in ball arithmetic."""
    from math import comb

    from flint import arb

    found = taylor(1, arb(1) / 2, 20)
    for k in range(10):
        over = float(EVEN.subs(EVEN.free_symbols.pop(), k))
        assert float(found[2 * k]) == pytest.approx(comb(2 * k, k) / 4**k * over, rel=1e-12)


def test_taylor_coefficients_of_one_layer() -> None:
    """r_1 = 1/(2 pi) + u/2 + 3 u^2/(4 pi) + ..., with no other odd term."""
    from flint import arb

    found = taylor(1, arb(1) / 2, 6)
    assert float(found[0]) == pytest.approx(1 / (2 * np.pi))
    assert float(found[1]) == pytest.approx(1 / 2)
    assert float(found[2]) == pytest.approx(3 / (4 * np.pi))
    assert abs(found[3]) < 1e-15


def test_empirical_kernel_by_finite_differences() -> None:
    """The formula against the gradient of the network, for one small network."""
    width, depth, alpha, u = 5, 3, 0.7, 0.3

    def weights() -> tuple[np.ndarray, list[np.ndarray], np.ndarray]:
        rng = np.random.default_rng(3)
        A = rng.standard_normal((width, 2))
        layers = [
            rng.standard_normal((2, width, width), dtype=np.float32).astype(float)
            for _ in range(depth)
        ]
        return A, layers, rng.standard_normal((width, 1))[:, 0]

    A, layers, v = weights()
    inputs = np.array([[1, u], [0, np.sqrt(1 - u**2)]])

    def network(flat: np.ndarray, column: int) -> float:
        W_V = flat.reshape(depth, 2, width, width)
        x = A @ inputs[:, column] / np.sqrt(width)
        for W, V in W_V:
            x = x + alpha / np.sqrt(width) * V @ np.maximum(np.sqrt(2 / width) * W @ x, 0)
        return float(v @ x)

    flat = np.array(layers).ravel()
    step = 1e-6
    gradients = [
        np.array(
            [
                (network(flat + step * e, k) - network(flat - step * e, k)) / (2 * step)
                for e in np.eye(flat.size)
            ]
        )
        for k in (0, 1)
    ]
    expected = gradients[0] @ gradients[1] / (2 * depth * alpha**2 * (1 + alpha**2) ** (depth - 1))
    found = empirical_kernel(np.random.default_rng(3), width, depth, alpha, u)
    assert found == pytest.approx(expected, rel=1e-5)


def test_the_kernel_of_all_layers_against_gradients_of_networks() -> None:
    """Mean over random networks of the whole tangent kernel, first and last layers included."""
    width, depth, alpha, u, count = 128, 4, 0.6, -0.4, 300
    rng, found = np.random.default_rng(5), []
    inputs = np.array([[1, u], [0, np.sqrt(1 - u**2)]])
    for _ in range(count):
        states = [rng.standard_normal((width, 2)) @ inputs / np.sqrt(width)]
        layers = []
        for _ in range(depth):
            W, V = rng.standard_normal((2, width, width))
            z = np.sqrt(2 / width) * W @ states[-1]
            layers.append((W, V, z))
            states.append(states[-1] + alpha / np.sqrt(width) * V @ np.maximum(z, 0))
        delta, total = np.repeat(rng.standard_normal((width, 1)), 2, axis=1), 0.0
        total += states[-1][:, 0] @ states[-1][:, 1]  # last layer
        for (W, V, z), below in zip(layers[::-1], states[-2::-1], strict=True):
            phi, back = np.maximum(z, 0), (z > 0) * (V.T @ delta)
            total += alpha**2 / width * (delta[:, 0] @ delta[:, 1]) * (phi[:, 0] @ phi[:, 1])
            pair = (back[:, 0] @ back[:, 1]) * (below[:, 0] @ below[:, 1])
            total += 2 * alpha**2 / width**2 * pair
            delta = delta + alpha * np.sqrt(2) / width * W.T @ back
        total += u * (delta[:, 0] @ delta[:, 1]) / width  # first layer
        found.append(total)
    share = alpha**2 / (1 + alpha**2)
    size = 2 * (1 + alpha**2) ** depth * (1 + share * depth)
    measured, error = np.mean(found) / size, np.std(found) / np.sqrt(count) / size
    stated = float(all_trained(cosine([u]), depth, alpha)[0])
    exact = float(Pair(Fraction(-2, 5), depth, scale=Fraction(3, 5)).all_trained.mid())
    assert stated == pytest.approx(exact, abs=1e-12)
    assert abs(measured - stated) < 4 * error + 2 / width
    assert error < 0.02


@pytest.mark.parametrize(
    ("sets", "message"),
    [
        (["depth=0"], "depth must be >= 1"),
        (["alpha=-1"], "alpha must be > 0"),
        (["alpha=nan"], "not a finite number"),
        (["gamma_slow=1/2"], "gamma_slow must be < 1/2"),
        (["gamma_fast=1/2"], "gamma_fast must be > 1/2"),
        (["width=16"], "too small for a relative error"),
    ],
)
def test_bad_parameters(sets: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        build_setting(paper, sets=sets)


def test_other_activations_are_refused() -> None:
    from dataclasses import replace

    with pytest.raises(InputError, match="ReLU"):
        validate(replace(DEFAULT, activation=LIBRARY["tanh"]))
