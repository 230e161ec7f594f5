"""The two-width protocol on quantities whose limit and correction are known exactly."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from mfcheck.claims.record import Estimate
from mfcheck.errors import InputError
from mfcheck.networks import (
    Chain,
    Network,
    at_widths,
    chunked,
    correlations,
    dense,
    exp_of,
    gaussian_images,
    log_of,
    pointwise,
    propagate,
    second_moments,
)
from mfcheck.symbolic.activation import activation

Array = NDArray[np.float64]
Generator = np.random.Generator


def shifted(width: int, rng: Generator, replicates: int) -> Array:
    """Values of mean 3 + 2 / width."""
    return 3 + 2 / width + 0.01 * rng.standard_normal(replicates)


def within(found: Estimate, truth: float) -> bool:
    return abs(found.value - truth) <= 2.5 * found.noise + found.bias


def test_correction_is_removed() -> None:
    found = at_widths(shifted, (10, 40), 100, np.random.default_rng(0))
    assert within(found, 3.0)
    assert found.error < 0.06
    assert abs(float(np.mean(shifted(40, np.random.default_rng(1), 100))) - 3) > 0.04


def test_correction_is_bounded() -> None:
    found = at_widths(shifted, (40,), 100, np.random.default_rng(0), constant=2.0)
    assert found.bias == pytest.approx(0.05)
    assert within(found, 3.0)
    assert abs(found.value - 3.05) < 0.01


def test_many_quantities_of_one_simulation() -> None:
    calls = []

    def measure(width: int, rng: Generator, replicates: int) -> dict[str, Array]:
        calls.append(width)
        factor = (1 + 5 / width) ** 20 * (1 + 0.01 * rng.standard_normal(replicates))
        return {"product": factor, "plain": shifted(width, rng, replicates), "fixed": factor}

    found = at_widths(
        measure,
        (400, 100),
        50,
        np.random.default_rng(0),
        logs={"product"},
        constant={"fixed": 150.0},
    )
    assert calls == [100, 400]
    assert set(found) == {"product", "plain", "fixed"}
    assert within(found["product"], 0.0)
    assert within(found["plain"], 3.0)
    assert found["fixed"].bias == pytest.approx(150 / 400)
    # Plainly extrapolated, the product is off by more than the noise of its logarithm.
    plain = at_widths(measure, (100, 400), 50, np.random.default_rng(0))
    assert abs(plain["product"].value - 1) > 4 * abs(found["product"].value)


def test_few_networks_at_a_time() -> None:
    sizes = []

    def measure(width: int, rng: Generator, replicates: int) -> dict[str, Array]:
        sizes.append(replicates)
        return {"a": rng.standard_normal(replicates), "b": np.full(replicates, 2.0)}

    values = chunked(measure, 4)(10, np.random.default_rng(0), 10)
    assert sizes == [4, 4, 2]
    assert values["a"].shape == values["b"].shape == (10,)
    assert len(set(values["a"])) == 10
    plain = chunked(shifted, 3)(10, np.random.default_rng(0), 7)
    assert plain.shape == (7,)
    assert at_widths(chunked(shifted, 3), (10, 40), 7, np.random.default_rng(0)).dof == 6


def test_logarithm_of_an_estimate() -> None:
    found = log_of(Estimate(value=2.0, error=0.2, bias=0.1))
    assert found.value == pytest.approx(math.log(2))
    assert found.error == pytest.approx(math.log(2) - math.log(1.8))
    assert found.bias == pytest.approx(found.error / 2)
    with pytest.raises(InputError, match="zero"):
        log_of(Estimate(value=0.1, error=0.2))


def test_number_of_a_logarithm() -> None:
    found = exp_of(Estimate(value=math.log(2), error=0.2, bias=0.1, dof=5))
    assert found.value == pytest.approx(2)
    assert found.value + found.error == pytest.approx(2 * math.exp(0.2))
    assert found.value + found.bias == pytest.approx(2 * math.exp(0.1))
    assert found.dof == 5


@pytest.mark.parametrize("widths", [(10,), (10, 15), (0, 10), ()])
def test_unusable_widths(widths: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="width"):
        at_widths(shifted, widths, 10, np.random.default_rng(0))


def test_streams_do_not_depend_on_order() -> None:
    results = [at_widths(shifted, w, 10, np.random.default_rng(0)) for w in ((10, 40), (40, 10))]
    assert results[0] == results[1]


THEORY = {  # sheet transient-chaos: tanh, sigma_w 2.5, sigma_b .3, from quadrature
    "q": 4.079123875282245992,
    "metric": 4.079123875282245992 * 1.5852247650060330499**3,
    "curvature": math.nan,
    "correlation_1": 0.8594,
    "correlation_3": 0.7512,
}
CHI_1, CHI_2, Q = 1.5852247650060330499, 1.1960412914242482014, THEORY["q"]


def curvature(layer: int) -> float:
    """Squared curvature times width by the recursion of the sheet."""
    value = 1 / Q
    for _ in range(layer - 1):
        value = 3 * CHI_2 / CHI_1**2 + value / CHI_1
    return value


def circle(width: int, rng: Generator, nets: int, points: int = 6) -> tuple[Array, Array, Array]:
    """Pre-activations of the first layer along a circle, with first and second derivatives."""
    t = 2 * math.pi * np.arange(points) / points
    q, _ = np.linalg.qr(rng.standard_normal((nets, width, 2)))
    frame = math.sqrt(Q * width) * q
    rows = [np.stack(pair) for pair in ((np.cos(t), np.sin(t)), (-np.sin(t), np.cos(t)))]
    return frame @ rows[0], frame @ rows[1], -frame @ rows[0]


def geometry(width: int, rng: Generator, nets: int) -> dict[str, Array]:
    tanh = pointwise(activation("tanh"))
    scales = {"sigma_w": 2.5, "sigma_b": 0.3}
    blocks = [Chain([tanh, dense(rng, nets, width, **scales)]) for _ in range(3)]
    h, v, a = circle(width, rng, nets)
    trace = Network(blocks).run(h)
    first, second = trace.curves(v, a)
    g = np.sum(first[-1] ** 2, axis=1)
    dot = np.sum(first[-1] * second[-1], axis=1)
    kappa = (g * np.sum(second[-1] ** 2, axis=1) - dot**2) / g**3
    return {
        "q": second_moments(trace.states)[-1].mean(axis=1),
        "metric": g.mean(axis=1) / width,
        "curvature": (width * kappa).mean(axis=1),
    }


def test_length_and_curvature_of_a_curve() -> None:
    found = at_widths(
        geometry, (60, 240), 120, np.random.default_rng(1), logs={"metric", "curvature"}
    )
    expected = {
        "q": Q,
        "metric": math.log(THEORY["metric"]),
        "curvature": math.log(curvature(4)),
    }
    for name, truth in expected.items():
        assert within(found[name], truth), name
        assert found[name].error < 0.12 * max(1.0, abs(truth)), name
    # The planted recursions of the sheet are told apart: 2 chi_2 for 3 chi_2, one layer too many.
    assert not within(found["metric"], math.log(THEORY["metric"] * CHI_1))
    wrong = curvature(4) - 1 / Q / CHI_1**3
    assert not within(found["curvature"], math.log(wrong * 2 / 3 + 1 / Q / CHI_1**3))


def correlation(width: int, rng: Generator, nets: int) -> dict[str, Array]:
    """The correlation after one and three layers from .9, without matrices."""
    x = rng.standard_normal((nets, width, 2))
    x, _ = np.linalg.qr(x)
    angle = math.acos(0.9)
    h = math.sqrt(width * Q) * x @ np.array([[1, math.cos(angle)], [0, math.sin(angle)]])
    states = [h]
    for _ in range(3):
        states.append(gaussian_images(rng, np.tanh(states[-1]), sigma_w=2.5, sigma_b=0.3))
    c = correlations(states)[:, :, 0, 1]
    return {"correlation_1": c[1], "correlation_3": c[3]}


def test_correlations_of_very_wide_networks() -> None:
    found = at_widths(correlation, (1000, 4000), 40, np.random.default_rng(2))
    for name, estimate in found.items():
        assert abs(estimate.value - THEORY[name]) < 2.5 * estimate.noise + estimate.bias + 5e-5
        assert estimate.error < 0.008


def test_blocks_drawn_one_at_a_time() -> None:
    rng = np.random.default_rng(3)
    h = rng.standard_normal((2, 300, 1))
    blocks = (dense(rng, 2, 300, sigma_w=1.0) for _ in range(4))
    assert len(propagate(blocks, h)) == 5
