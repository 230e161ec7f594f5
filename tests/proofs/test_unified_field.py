"""Weights drawn direction by direction against explicit matrices; kernels against quadrature; the law of the RNN."""

import numpy as np
import pytest

from mfcheck.claims.setting import Setting
from mfcheck.claims.trial import Trial
from mfcheck.errors import InputError
from mfcheck.run.findings import setting_options
from mfcheck.statistics import mean_of, variance_of
from mfcheck.symbolic.activation import activation
from mfcheck_proofs import unified_field
from mfcheck_proofs.unified_field import kernels, layers, networks, recurrent

DEFAULT = unified_field.paper.default


def constants(id: str, setting: Setting = DEFAULT) -> float:
    leaf = next(k for k in kernels.CONSTANTS if k.id == id)
    assert leaf.value is not None
    return float(leaf.value(setting, 15).mid())


def test_weights_drawn_by_direction_have_the_law_of_one_matrix() -> None:
    width, nets, depth = 5, 40_000, 3
    net = networks.Net(activation("relu"), 2.0, 0.1, 1.0, 0.6, depth, True)
    found = networks.measure(net, np.random.default_rng(1), nets, width)
    rng = np.random.default_rng(2)
    W = rng.standard_normal((nets, width, width)) * np.sqrt(2 / width)
    noise = np.sqrt(0.1) * rng.standard_normal((nets, width))
    one, two = rng.standard_normal((2, nets, width))
    h, other = one + noise, 0.6 * one + 0.8 * two + noise
    start = h
    for _ in range(depth):
        h = np.einsum("rij,rj->ri", W, np.maximum(h, 0)) + noise
        other = np.einsum("rij,rj->ri", W, np.maximum(other, 0)) + noise
    explicit = {
        "C 3": np.mean(np.maximum(h, 0) ** 2, axis=1),
        "P 3": np.mean(h * other, axis=1),
        "K 3 0": np.mean(h * start, axis=1),
    }
    for name, values in explicit.items():
        a, b = mean_of(values), mean_of(found[name])
        assert abs(a.value - b.value) < 2.5 * np.hypot(a.error, b.error), name
    a, b = variance_of(explicit["C 3"]), variance_of(found["C 3"])
    assert abs(a.value - b.value) < 2.5 * np.hypot(a.error, b.error)


def test_kernels_of_tanh_by_quadrature() -> None:
    setting = DEFAULT.with_values(layer=1)
    setting = type(setting)(setting.data, activation("tanh"), setting.values)
    z = np.arange(-9, 9.01, 0.05)
    weight = 0.05 * np.exp(-z * z / 2) / np.sqrt(2 * np.pi)
    q, c = 1.1, 0.7 / 1.1
    one = np.tanh(np.sqrt(q) * z)
    two = np.tanh(np.sqrt(q) * (c * z[:, None] + np.sqrt(1 - c * c) * z))
    K_12 = 0.1 + 1.6 * weight @ (one * (two @ weight))
    K_11 = 0.1 + 1.6 * weight @ one**2
    assert constants("kernel_equal", setting) == pytest.approx(K_12, rel=1e-10)
    assert constants("kernel_diag", setting) == pytest.approx(K_11, rel=1e-10)


def test_the_law_of_the_recurrent_network_has_the_printed_limits() -> None:
    setting = DEFAULT.with_values(gain_var=2, noise_var=0)
    law = [float(recurrent.recurrent(setting, k, 25).mid()) for k in range(5)]
    assert law[:2] == pytest.approx([1.25, 2.5], rel=1e-12)
    # Simulated limits, to half a percent.
    assert law == pytest.approx([1.25, 2.49, 4.25, 6.91, 10.74], rel=0.006)


def test_odd_activations_without_noise_fluctuate_alike_in_both_networks() -> None:
    setting = DEFAULT.with_values(gain_var=2, noise_var=0)
    setting = type(setting)(setting.data, activation("erf"), setting.values)
    for k in range(4):
        assert recurrent.recurrent(setting, k, 25).overlaps(kernels.fluctuations(setting, k, 25))
    noisy = setting.with_values(noise_var=1)
    assert recurrent.recurrent(noisy, 3, 25) > kernels.fluctuations(noisy, 3, 25)


def test_pairings_against_matrices() -> None:
    W = np.random.default_rng(0).standard_normal((200_000, 2, 2)) / np.sqrt(2)
    norm = np.sum(np.einsum("rij,rj->ri", W, W[:, :, 0]) ** 2, axis=1)
    found = mean_of(norm)
    assert abs(found.value - float(layers.wick(True).subs(kernels.n, 2))) < 2.5 * found.error
    assert layers.wick(False) == 1


def test_a_layer_of_zero_and_inputs_that_agree_or_oppose() -> None:
    assert constants("kernel_equal", DEFAULT.with_values(layer=0)) == pytest.approx(0.7)
    same = DEFAULT.with_values(overlap=1)
    assert constants("kernel_equal", same) == pytest.approx(0.74576)
    opposite = DEFAULT.with_values(overlap=-1, noise_var=0, layer=1)
    assert abs(constants("kernel_equal", opposite)) < 1e-12
    with pytest.raises(InputError, match="other_layer < layer"):
        constants("kernel_cross_rnn", DEFAULT.with_values(layer=1))
    with pytest.raises(InputError, match="at most input_norm"):
        unified_field.validate(DEFAULT.with_values(overlap=2))


def test_a_simulation_names_what_it_lacks_and_a_named_choice_is_repeated() -> None:
    setting = DEFAULT.with_values(layer=1, width=20, weights="rnn")
    found = unified_field.simulate(Trial(setting, 0, {"replicates": "200"}))
    assert set(found.final) == {"kernel_equal", "n_var"}
    assert "kernel_cross needs other_layer < layer." in found.notes
    assert setting_options(unified_field.paper, setting, None)[-2:] == ("--set", "weights=rnn")
