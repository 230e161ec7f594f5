"""Networks of every kind against values of infinite width, or exact at every width, from the theory sheets.

Bands are 4.5 standard errors (false alarm 7e-6 for a Gaussian mean, some 1e-4 at these degrees of freedom) plus a bias
C/N; each test also shows that its band excludes a planted error.
"""

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit

from mfcheck.networks import (
    Affine,
    BatchNorm,
    Chain,
    Gate,
    Network,
    Residual,
    correlation_gap,
    correlations,
    cross_covariances,
    dense,
    log_gradient_norms,
    pointwise,
    ring,
    second_moments,
    squared_norms,
    stair,
    weight_norm,
)
from mfcheck.networks.maps import Map
from mfcheck.symbolic.activation import activation

Array = NDArray[np.float64]
Generator = np.random.Generator
relu, tanh, identity = (pointwise(activation(name)) for name in ("relu", "tanh", "x"))


def band(values: Array, bias: float = 0.0) -> tuple[float, float]:
    half = 4.5 * float(np.std(values, ddof=1)) / math.sqrt(len(values)) + bias
    return float(np.mean(values)) - half, float(np.mean(values)) + half


def decides(values: Array, truth: float, planted: float, bias: float = 0.0) -> bool:
    low, high = band(values, bias)
    return low <= truth <= high and not low <= planted <= high


def growth_rate(
    g: Generator, act: Map, nets: int, width: int, batch: int, depth: int = 24
) -> Array:
    """Growth of the squared gradient per layer over the middle layers, one value for each net."""
    blocks = [Chain([BatchNorm(), act, dense(g, nets, width, sigma_w=1.0)]) for _ in range(depth)]
    trace = Network(blocks).run(g.standard_normal((nets, width, batch)))
    logs = log_gradient_norms(trace, g.standard_normal((nets, width, batch)), whole_batch=True)
    return np.exp((logs[4] - logs[-5]) / (depth - 8))


def test_gradients_explode_under_batch_norm() -> None:
    """Sheet batch-norm, B = 8: rectifier 1.78819, tanh 1.35855; without the deviation's derivative 1.983."""
    g = np.random.default_rng(0)
    assert decides(growth_rate(g, relu, 6, 256, 8), 1.78818997665874813, 1.983, 10 / 256)
    assert decides(growth_rate(g, tanh, 6, 256, 8), 1.358548125411, 1.2, 10 / 256)


@pytest.mark.parametrize(("orthogonal", "spread"), [(False, 0.23125), (True, 0.171875)])
def test_rows_of_unit_norm(orthogonal: bool, spread: float) -> None:
    """Sheet weight-norm at (30, 20), exact at every width: mean 1, relative variance (5n-2)/((n+2)m) or with -2m."""
    g, nets, n, m = np.random.default_rng(1), 20000, 30, 20
    layer = Chain(
        [weight_norm(g, nets, n, m, gain=math.sqrt(2 * n / m), orthogonal=orthogonal), relu]
    )
    x = np.ones((nets, n, 1))
    here = layer.at(x)
    ratio = squared_norms([here.value])[0, :, 0] / n
    assert decides(ratio, 1.0, 4 / 9)
    assert decides((ratio - 1) ** 2, spread, 2 / m)
    y = g.standard_normal((nets, m, 1))
    back = squared_norms([here.vjp(y)])[0, :, 0] / squared_norms([y])[0, :, 0]
    assert decides(back, 1.5, 1.0)


def test_full_residual_network() -> None:
    """Sheet resnet-chaos, (sigma_w, sigma_v, sigma_b, sigma_a) = (1, 1, .3, .5), L = 60, p0 = 1, e0 = 1/2.

    The limits 65.12, .630 and 6.921 are quoted there; the plain exponential law would give 60 * .24 = 14.
    """
    g, nets, n, depth = np.random.default_rng(2), 10, 200, 60
    blocks = [
        Residual(
            Chain(
                [
                    dense(g, nets, n, sigma_w=1.0, sigma_b=0.3),
                    tanh,
                    dense(g, nets, n, sigma_w=1.0, sigma_b=0.5),
                ]
            )
        )
        for _ in range(depth)
    ]
    z = g.standard_normal((nets, n, 2))
    x = np.stack([z[..., 0], 0.5 * z[..., 0] + math.sqrt(0.75) * z[..., 1]], axis=-1)
    trace = Network(blocks).run(x)
    p = second_moments(trace.states)[-1, :, 0]
    assert decides(p, 65.12, 61.0 - 15, 65 * 5 / n)  # without sigma_a^2 the sum loses 15
    logs = log_gradient_norms(trace, g.standard_normal(x.shape))[:, :, 0]
    assert decides(logs[0] - logs[-1], 6.921, 14.0, 6.9 * 10 / n)
    e = correlations(trace.states)[-1, :, 0, 1]
    assert decides(e, 0.630, 0.5, 5 / n)


def gated(g: Generator, nets: int, n: int, steps: int) -> Array:
    """Mean of h^2 of an untied gated cell at (sigma_w, sigma_v, mu_b, R) = (2, 1.39, 2, .46), late steps."""
    h, kept = np.zeros((nets, n, 1)), []
    for step in range(steps):
        z = math.sqrt(0.46) * g.standard_normal((nets, n, 1))
        drive = 2 + dense(g, nets, n, sigma_w=1.39).forward(z)
        h = Gate(dense(g, nets, n, sigma_w=2.0).weight, drive, z).forward(h)
        if step >= steps // 2:
            kept.append(second_moments([h])[0, :, 0])
    return np.mean(kept, axis=0)


def test_gated_cell() -> None:
    """Sheet rnn-isometry: Q = .0742897 and not .88275, the published slip."""
    found = gated(np.random.default_rng(3), 8, 200, 160)
    assert decides(found, 0.0742896547645817682, 0.088, 0.0743 * 5 / 200)


def test_gate_is_the_cell_written_out() -> None:
    g = np.random.default_rng(4)
    w, (drive, z, h) = g.standard_normal((2, 5, 5)), g.standard_normal((3, 2, 5, 3))
    u = expit(w @ h + drive)
    np.testing.assert_allclose(Gate(w, drive, z).forward(h), u * h + (1 - u) * z, rtol=1e-13)


def recurrent(g: Generator, nets: int, n: int, tied: bool) -> list[Array]:
    """States h^0..h^4 of erf, g^2 = 1.2, s^2 = .2, input norm 1; the bias is tied together with the weights."""
    erf = pointwise(activation("erf"))
    layer = dense(g, nets, n, sigma_w=math.sqrt(1.2), sigma_b=math.sqrt(0.2))
    assert layer.bias is not None
    h0 = g.standard_normal((nets, n, 1)) + layer.bias
    layers = [
        layer if tied else dense(g, nets, n, sigma_w=math.sqrt(1.2), sigma_b=math.sqrt(0.2))
        for _ in range(4)
    ]
    return Network([Chain([erf, a]) for a in layers]).states(h0)


def test_tied_weights_correlate_layers() -> None:
    """Sheet unified-field: K(4,4) = .66843 for both, K(4,2) = .391675 tied (.324 without shared noise), 0 untied."""
    g, n = np.random.default_rng(5), 300
    tied, untied = (recurrent(g, 60, n, choice) for choice in (True, False))
    for states in (tied, untied):
        assert decides(second_moments(states)[4, :, 0], 0.6684303621086643, 0.8, 2 / n)
    assert decides(cross_covariances(tied[4], tied[2])[:, 0, 0], 0.39167523696236331, 0.324, 2 / n)
    assert decides(cross_covariances(untied[4], untied[2])[:, 0, 0], 0.0, 0.39, 2 / n)


@pytest.mark.parametrize("n", [2, 4])
def test_linear_recurrence_is_exact_at_every_width(n: int) -> None:
    """E |W W x|^2 = 1 + 2/n^2 for |x| = 1, and 1 with two matrices."""
    g, nets = np.random.default_rng(6), 100000
    x = np.zeros((nets, n, 1))
    x[:, 0] = 1
    one, two = dense(g, nets, n, sigma_w=1.0), dense(g, nets, n, sigma_w=1.0)
    tied = squared_norms([Chain([one, identity, one]).forward(x)])[0, :, 0]
    untied = squared_norms([Chain([one, two]).forward(x)])[0, :, 0]
    assert decides(tied, 1 + 2 / n**2, 1.0)
    assert decides(untied, 1.0, 1 + 2 / n**2)


def test_fluctuations_of_the_rectifier_are_exact() -> None:
    """n Var C_2 = n (E C)^2 ((1 + 5/n)^3 - 1), g^2 = 2, input norm 1, n = 30; to leading order 3.75."""
    g, nets, n = np.random.default_rng(7), 20000, 30
    x = np.ones((nets, n, 1))
    blocks = [dense(g, nets, n, sigma_w=1.0)]
    blocks += [Chain([relu, dense(g, nets, n, sigma_w=math.sqrt(2))]) for _ in range(2)]  # type: ignore[misc]
    c = second_moments([relu.forward(Network(blocks).states(x)[-1])])[0, :, 0]
    exact = n * 0.25 * ((1 + 5 / n) ** 3 - 1)
    assert decides(n * (c - 0.5) ** 2, exact, 3.75)


def test_stair_decorrelates() -> None:
    """Sheet quantized, N = 4 at the best step: M(.3) = .265170; the surrogate keeps erf(1/sqrt 2) of the gradient."""
    g, nets, n, step = np.random.default_rng(8), 20, 2000, 0.9956866859435063
    z = g.standard_normal((nets, n, 2))
    x = np.stack([z[..., 0], 0.3 * z[..., 0] + math.sqrt(0.91) * z[..., 1]], axis=-1)
    act = stair(4, step, clip=1.0)
    # One layer: the correlation of the images of the stair, which fresh weights carry over.
    c = correlations([act.forward(x)])[0, :, 0, 1]
    assert decides(c, 0.26517047738448, 0.3, 2 / n)
    y = g.standard_normal(x.shape)
    kept = squared_norms([act.at(x).vjp(y)])[0, :, 0] / n
    assert decides(kept, 0.68268949213708589717, 1.0, 2 / n)


def test_covariance_of_a_convolution_given_its_input() -> None:
    """E h(a) h(a') = sigma_b^2 + (sigma_w^2 / C) sum_b v_b x(a+b) . x(a'+b), exact at every number of channels."""
    g, nets, channels, n = np.random.default_rng(9), 20000, 3, 5
    profile = [0.8, 0.1, 0.1]
    x = g.standard_normal((channels, n)) + np.arange(n)
    layer = ring(g, nets, channels, 1, taps=profile, sigma_w=1.2, sigma_b=0.5)
    h = layer.forward(np.broadcast_to(x[None, :, :, None], (nets, channels, n, 1)))[:, 0, :, 0]
    for a, b in ((0, 0), (0, 1), (4, 1)):
        inner = [x[:, (a + t) % n] @ x[:, (b + t) % n] for t in (-1, 0, 1)]
        truth = 0.25 + 1.44 / channels * float(np.dot(profile, inner))
        mirrored = 0.25 + 1.44 / channels * float(np.dot(profile[::-1], inner))
        assert decides(h[:, a] * h[:, b], truth, mirrored)


def test_a_drive_is_no_parameter() -> None:
    g = np.random.default_rng(10)
    drive = g.standard_normal((2, 5, 3))
    layer = Affine(g.standard_normal((2, 5, 5)), drive)
    uses: list = []
    x = g.standard_normal((2, 5, 3))
    np.testing.assert_allclose(layer.forward(x), layer.weight @ x + drive)
    layer.at(x).vjp(x, uses)
    assert not uses[0].bias


def test_gap_of_close_inputs() -> None:
    g = np.random.default_rng(11)
    x = g.standard_normal((2, 50, 3))
    away = g.standard_normal((2, 50, 3))
    away -= x * np.sum(x * away, axis=1, keepdims=True) / np.sum(x * x, axis=1, keepdims=True)
    tangent = 1e-7
    y = x + tangent * away * np.linalg.norm(x, axis=1, keepdims=True) / np.linalg.norm(
        away, axis=1, keepdims=True
    )
    # 1 - cos(atan t) = t^2 / 2 + O(t^4); one minus the correlation has no digit left.
    np.testing.assert_allclose(correlation_gap(x, y), tangent**2 / 2, rtol=1e-7)
