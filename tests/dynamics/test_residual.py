"""Residual networks: complex-step gradients, exact solutions, first variations, and planted factors."""

import numpy as np
import pytest
import sympy as sp
from scipy.integrate import solve_ivp
from scipy.linalg import expm
from scipy.optimize import brentq

from mfcheck.dynamics.first_variation import along_mixture
from mfcheck.dynamics.residual import Residual, SquareLoss, train
from mfcheck.dynamics.residual_blocks import (
    CompiledNeurons,
    LinearBlock,
    Neurons,
    SymbolicBlock,
)
from mfcheck.errors import InputError
from mfcheck.symbolic.activation import LIBRARY, Activation, X

RNG = np.random.default_rng(11)
TANH = Neurons(np.tanh, lambda x: 1 - np.tanh(x) ** 2)


def symbolic():
    z, th = sp.symbols("z:2"), sp.symbols("t:5")
    inner = sp.tanh(th[2] * z[0] + th[3] * z[1] + th[4])
    return SymbolicBlock([th[0] * inner + th[1] * z[0] * z[1] / 4, th[1] * inner], z, th)


BLOCKS = {"linear": (LinearBlock(2), 4), "neurons": (TANH, 5), "symbolic": (symbolic(), 5)}


def network(block, scheme="euler", substeps=1, n=6, widths=None):
    rng = np.random.default_rng(2)
    loss = SquareLoss(rng.normal(size=(n, 1)), np.array([[1.0, -0.5]]))
    return Residual(block, rng.normal(size=(n, 2)), loss, scheme, substeps, widths)


@pytest.mark.parametrize("name", BLOCKS)
@pytest.mark.parametrize("scheme", ["euler", "rk4"])
@pytest.mark.parametrize("weighted", [False, True])
def test_gradient_equals_complex_step(name, scheme, weighted):
    block, k = BLOCKS[name]
    widths = np.array([0.5, 0.2, 0.3])
    net = network(block, scheme, 2 if scheme == "rk4" else 1, widths=widths)
    rng = np.random.default_rng(5)
    theta = rng.normal(size=(3, k, 4))
    weights = rng.dirichlet(np.ones(4), 3) if weighted else None
    found = net.evaluate(theta, weights)
    assert found.loss == pytest.approx(net.value(theta, weights), rel=1e-15)
    exact = np.empty_like(theta)
    for at in np.ndindex(theta.shape):
        moved = theta.astype(complex)
        moved[at] += 1e-30j
        exact[at] = net.value(moved, weights).imag / 1e-30
    assert np.max(np.abs(found.gradient - exact)) < 1e-13 * np.max(np.abs(exact))


def test_compiled_neurons_agree_with_blas():
    rng = np.random.default_rng(6)
    fast = CompiledNeurons(LIBRARY["tanh"])
    theta = rng.normal(size=(4, 5, 12))
    for scheme in ("euler", "rk4"):
        a, b = (network(block, scheme).evaluate(theta) for block in (TANH, fast))
        assert np.max(np.abs(a.gradient - b.gradient)) < 1e-13
        assert abs(a.loss - b.loss) < 1e-14
        others = rng.normal(size=(5, 7))
        assert a.first_variation(2, others) == pytest.approx(
            b.first_variation(2, others), abs=1e-14
        )
    odd, z = theta[0, :, :7], rng.normal(size=(6, 2))
    shares = rng.dirichlet(np.ones(7))
    plain = Neurons.of(LIBRARY["tanh"])
    assert np.all(fast.mean(z, odd, shares) == plain.mean(z, odd, shares))
    assert np.all(fast.adjoint(z, odd, z)[1] == plain.adjoint(z, odd, z)[1])


def test_activation_with_a_kink():
    block = Neurons.of(Activation("ramp", sp.Max(X, 0)))
    theta = RNG.normal(size=(2, 5, 6))
    net = network(block)
    found, step = net.evaluate(theta), np.zeros_like(theta)
    step[1, 3, 2] = 1e-6
    slope = (net.value(theta + step) - net.value(theta - step)) / 2e-6
    assert found.gradient[1, 3, 2] == pytest.approx(slope, abs=1e-8)


@pytest.mark.parametrize("scheme", ["euler", "rk4"])
def test_first_variation_is_the_derivative_along_mixtures(scheme):
    net = network(symbolic(), scheme)
    rng = np.random.default_rng(8)
    theta, weights = rng.normal(size=(4, 5, 3)), rng.dirichlet(np.ones(3), 4)
    found, other = net.evaluate(theta, weights), rng.normal(size=(5, 1))
    for layer in range(4):

        def functional(points, mass, layer=layer):
            z = net.x
            for at in range(4):
                here = (points.T, mass) if at == layer else (theta[at], weights[at])
                z, _ = net._through(z, *here, 0.25)
            return float(net.loss(z)[0])

        measured = along_mixture(functional, theta[layer].T, weights[layer], other[:, 0])
        mean = weights[layer] @ found.first_variation(layer, theta[layer])
        claimed = (found.first_variation(layer, other)[0] - mean) / 4
        assert abs(measured.value - claimed) <= measured.error + 1e-13 < 1e-9


def test_planted_depth_errors_change_the_first_variation():
    net = network(TANH, "rk4", 4)
    theta = np.random.default_rng(9).normal(size=(8, 5, 6)) * 1.5
    found, other = net.evaluate(theta), np.random.default_rng(10).normal(size=(5, 1))
    right = found.first_variation(2, other)[0]
    z, p = found.at(2.5 / 8)
    assert right == pytest.approx(TANH.values(z, other, p)[0], rel=1e-2)
    end = TANH.values(found.z[-1], other, p)[0]  # Z(1) in place of Z(t)
    late = TANH.values(z, other, found.p[-1])[0]  # p(1) in place of p(t)
    p_forward = solve_adjoint_forward(net, theta, found)
    forward = TANH.values(z, other, p_forward)[0]
    for wrong in (end, late, forward):
        assert abs(wrong - right) > 0.05 * abs(right)


def solve_adjoint_forward(net, theta, found):
    """The adjoint equation started with the right end value at depth 0."""
    p = found.p[-1]
    for layer in range(3):
        p = p - net.block.adjoint(found.z[layer], theta[layer], p)[0] / 8
    return p


def test_linear_flow_is_a_product_of_exponentials():
    rng = np.random.default_rng(12)
    theta = rng.normal(size=(3, 4, 2))
    net = network(LinearBlock(2), "rk4", 64)
    found = net.evaluate(theta)
    maps = [expm(layer.mean(axis=1).reshape(2, 2) / 3) for layer in theta]
    total = maps[2] @ maps[1] @ maps[0]
    assert np.max(np.abs(found.z[-1] - net.x @ total.T)) < 1e-9
    assert np.max(np.abs(found.p[0] - found.p[-1] @ total)) < 1e-9
    half = expm(theta[1].mean(axis=1).reshape(2, 2) * (0.4 - 1 / 3)) @ maps[0]
    z, p = found.at(0.4)
    assert np.max(np.abs(z - net.x @ half.T)) < 1e-9
    assert np.max(np.abs(p @ half - found.p[0])) < 1e-9


def test_rk4_is_of_fourth_order():
    theta = np.random.default_rng(13).normal(size=(2, 5, 4))
    values = [network(TANH, "rk4", s).value(theta) for s in (2, 4, 8, 16)]
    gaps = np.abs(np.diff(values))
    assert np.log2(gaps[:-1] / gaps[1:]) == pytest.approx([4, 4], abs=0.35)


def rotation(omega=1.0, label=0.2, layers=16):
    # d = 2, blocks omega J, x = w1 = (1, 0): dE/drho(diag(1, -1), t) = (cos w - y) cos(w (1 - 2 t)).
    theta = np.zeros((layers, 4, 1))
    theta[:, 1], theta[:, 2] = -omega, omega
    loss = SquareLoss(np.array([[label]]), np.array([[1.0, 0.0]]))
    return Residual(LinearBlock(2), np.array([[1.0, 0.0]]), loss, "rk4", 8).evaluate(theta)


def test_rotation_instance_and_its_bracket():
    found, block = rotation(), np.array([1.0, 0.0, 0.0, -1.0])
    e = np.cos(1.0) - 0.2
    for t in (0.0, 0.25, 0.6, 1.0):
        assert found.first_variation_at(t, block[:, None])[0] == pytest.approx(
            e * np.cos(1 - 2 * t), abs=1e-9
        )
        assert found.bracket(t, block) == pytest.approx(2 * e * np.sin(1 - 2 * t), abs=1e-9)
    opposite = -found.bracket(0.25, block)
    assert abs(opposite - 2 * e * np.sin(0.5)) > 0.6
    commuting = np.array([0.3, -0.7, 0.7, 0.3])
    assert found.bracket(0.25, commuting) == pytest.approx(0, abs=1e-12)


def test_slope_of_the_first_variation_jumps_where_layers_meet():
    theta = np.zeros((2, 4, 1))
    theta[0, 1], theta[0, 2], theta[1, 0] = -1.0, 1.0, 0.5
    loss = SquareLoss(np.array([[0.2]]), np.array([[1.0, 0.0]]))
    net = Residual(LinearBlock(2), np.array([[1.0, 0.0]]), loss, "rk4", 32)
    found, block = net.evaluate(theta), np.array([1.0, 2.0, 0.0, -1.0])
    for side, sign in (("left", -1), ("right", 1)):
        far, near = (
            found.first_variation_at(0.5 + sign * h, block[:, None])[0] for h in (2e-5, 0.0)
        )
        middle = found.first_variation_at(0.5 + sign * 1e-5, block[:, None])[0]
        slope = sign * (4 * middle - far - 3 * near) / 2e-5
        assert found.bracket(0.5, block, side) == pytest.approx(slope, abs=1e-7)
    assert abs(found.bracket(0.5, block, "left") - found.bracket(0.5, block, "right")) > 0.1
    with pytest.raises(InputError, match="outside"):
        found.at(1.5)


def scalar(target, layers, scheme, theta0=0.0, width=3):
    loss = SquareLoss(target * np.array([[1.0], [-1.0]]))
    net = Residual(
        LinearBlock(1), np.array([[1.0], [-1.0]]), loss, scheme, 32 if scheme == "rk4" else 1
    )
    return net, np.full((layers, 1, width), theta0)


def implicit(target, start, s):
    """k with G(k) = G(k(0)) - s, G(k) = log|(k - a)/k|/a^2 + 1/(a k)."""

    def G(k):
        return np.log(abs((k - target) / k)) / target**2 + 1 / (target * k)

    return brentq(lambda k: G(k) - G(start) + s, start, target - 1e-13, xtol=1e-15)


def test_training_follows_the_implicit_solution():
    net, theta = scalar(3.0, 2, "rk4")
    found = train(net, theta, [0.05, 0.2, 1.0])
    for s, now in zip([0.05, 0.2, 1.0], found, strict=True):
        k = np.exp(now.mean())
        assert k == pytest.approx(implicit(3.0, 1.0, s), abs=1e-7)
        assert np.ptp(now) < 1e-12


def test_training_of_ten_layers():
    # k_L = (1 + m/L)^L, m' = -(k_L - a)(1 + m/L)^(L-1), integrated apart.
    net, theta = scalar(3.0, 10, "euler")
    m = train(net, theta, [1.0])[0].mean()

    def slope(_, m):
        return -((1 + m / 10) ** 10 - 3) * (1 + m / 10) ** 9

    other = solve_ivp(slope, (0, 1), [0.0], rtol=1e-12, atol=1e-13, method="LSODA").y[0, -1]
    assert (1 + m / 10) ** 10 == pytest.approx((1 + other / 10) ** 10, abs=1e-8)


def test_flow_without_the_factor_is_caught():
    net, theta = scalar(3.0, 4, "euler", width=3)
    slow = train(net, theta, [1.0], speed=1.0)[0].mean()
    right = train(net, theta, [1.0])[0].mean()
    assert np.exp(slow) - 1 < 3 / (3 * 4)
    assert right > 0.95


def test_regulariser_moves_the_weights():
    # m' = -(e^m - 3) e^m - 2 e^-s m from 1/2.
    net, theta = scalar(3.0, 2, "rk4", theta0=0.5)
    m = train(net, theta, [1.0], extra=lambda s, th: 2 * np.exp(-s) * th)[0].mean()
    other = solve_ivp(
        lambda s, m: -(np.exp(m) - 3) * np.exp(m) - 2 * np.exp(-s) * m,
        (0, 1), [0.5], rtol=1e-12, atol=1e-13,
    )  # fmt: skip
    assert m == pytest.approx(other.y[0, -1], abs=1e-7)


def test_dissipation_identity():
    # dE/ds = -sum over layers and particles of |velocity|^2/(M L), exactly for the discrete network.
    net = network(TANH)
    theta = np.random.default_rng(14).normal(size=(4, 5, 6))
    found = net.evaluate(theta)
    v = found.velocity()
    assert np.sum(found.gradient * v) == pytest.approx(-np.sum(v**2) / 24, rel=1e-13)
    slope = (net.value(theta + 1e-5 * v) - net.value(theta - 1e-5 * v)) / 2e-5
    assert slope == pytest.approx(-np.sum(v**2) / 24, rel=1e-7)


def test_wrong_sizes_are_refused():
    with pytest.raises(InputError, match="widths"):
        network(TANH, widths=np.array([1.0])).evaluate(np.zeros((2, 5, 3)))
    z, th = sp.symbols("z:1"), sp.symbols("t:1")
    with pytest.raises(ValueError, match="unknown"):
        SymbolicBlock([sp.Symbol("q") * z[0]], z, th)
