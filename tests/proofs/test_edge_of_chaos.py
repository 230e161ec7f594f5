from dataclasses import replace
from fractions import Fraction

import mpmath
import numpy as np
import pytest

from mfcheck.checks import Budget, Context
from mfcheck.errors import InputError
from mfcheck.symbolic.activation import activation
from mfcheck_proofs import edge_of_chaos as module
from mfcheck_proofs.edge_of_chaos import values as networks

PAPER = module.paper


def value(name: str, act: str = "tanh", **parameters: str) -> float:
    changes = {k: Fraction(v) for k, v in parameters.items()}
    setting = replace(PAPER.default, activation=activation(act)).with_values(**changes)
    leaf = next(c for c in PAPER.constants if c.id == name)
    return float(leaf.value(setting, 15).mid())


def gaussian(f, q):
    root = mpmath.sqrt(q)
    cuts = [-8 * root, -root, 0, root, 8 * root]
    return mpmath.quad(
        lambda x: f(x) * mpmath.exp(-x * x / (2 * q)) / mpmath.sqrt(2 * mpmath.pi * q), cuts
    )


@pytest.mark.parametrize(
    ("act", "f"), [("tanh", mpmath.tanh), ("silu", lambda x: x / (1 + mpmath.exp(-x)))]
)
def test_edge_satisfies_its_equations_in_other_arithmetic(act, f):
    q, w = value("q_eoc", act, sigma_b="1/5"), value("sigma_w_eoc", act, sigma_b="1/5")
    slope = gaussian(lambda x: mpmath.diff(f, x) ** 2, q)
    second = gaussian(lambda x: mpmath.diff(f, x, 2) ** 2, q)
    assert abs(w**2 * slope - 1) < 1e-9
    assert abs(w**2 * gaussian(lambda x: f(x) ** 2, q) + 0.04 - q) < 1e-9
    assert value("F2_eoc", act, sigma_b="1/5") == pytest.approx(float(q * second / slope), rel=1e-8)
    mean = gaussian(f, q)
    assert value("sup_gap_eoc", act, sigma_b="1/5") == pytest.approx(
        float((w**2 * mean**2 + 0.04) / q), rel=1e-8
    )
    crooked = gaussian(lambda x: f(x) * mpmath.diff(f, x, 2), q)
    assert value("q_slope_eoc", act, sigma_b="1/5") == pytest.approx(
        float(1 + w**2 * crooked), rel=1e-8
    )


def test_the_edge_at_large_variance_is_a_root_as_well():
    q = value("q_eoc", "sin", sigma_b="5")
    # E sin^2 = (1 - exp(-2q))/2 and E cos^2 = (1 + exp(-2q))/2.
    assert q == pytest.approx(26, rel=1e-12)


@pytest.mark.parametrize(("start", "depth"), [("0", 1), ("0", 7), ("-9/10", 30), ("99/100", 5)])
def test_rectifier_gap_against_the_map_in_high_precision(start, depth):
    with mpmath.workdps(60):
        c = mpmath.mpf(Fraction(start).numerator) / Fraction(start).denominator
        for _ in range(depth):
            c = (c * mpmath.asin(c) + mpmath.sqrt(1 - c * c)) / mpmath.pi + c / 2
        expected = float(1 - c)
    assert value("relu_gap", c0=start, depth=str(depth)) == pytest.approx(expected, rel=1e-13)


def test_random_networks_by_matrices_agree_with_the_exact_law():
    rng = np.random.default_rng(0)
    net = networks.Net(activation("tanh"), 1.5, 0.3, 0.4, 0.25)
    variances, gaps = networks.pair_through(net, 3, 100, 400, rng)
    assert np.allclose(variances[0], 0.4)
    assert np.allclose(gaps[0], 0.75)
    seen = []
    for _ in range(400):
        basis = np.linalg.qr(rng.standard_normal((100, 2)))[0] * np.sqrt(40)
        h = np.stack([basis[:, 0], 0.25 * basis[:, 0] + np.sqrt(1 - 0.25**2) * basis[:, 1]], axis=1)
        for _ in range(3):
            h = 1.5 / 10 * rng.standard_normal((100, 100)) @ np.tanh(h) + 0.3 * rng.standard_normal(
                (100, 1)
            )
        cosine = h[:, 0] @ h[:, 1] / np.linalg.norm(h[:, 0]) / np.linalg.norm(h[:, 1])
        seen.append((np.mean(h[:, 0] ** 2), 1 - cosine))
    matrices = np.array(seen)
    for column, exact in zip(matrices.T, (variances[3], gaps[3]), strict=True):
        error = np.hypot(np.std(column), np.std(exact)) / 20
        assert abs(np.mean(column) - np.mean(exact)) < 5 * error


@pytest.mark.parametrize(
    ("name", "act", "parameters", "words"),
    [
        ("q_eoc", "relu", {}, "sigma_b = 0 only"),
        ("q_eoc", "relu", {"sigma_b": "0"}, "every variance"),
        ("F2_eoc", "hardtanh", {}, "kink"),
        ("beta_eoc", "tanh", {"sigma_b": "0"}, "f''.1. = 0"),
        ("leaky_sigma_w", "tanh", {"slope_pos": "0"}, "both zero"),
    ],
)
def test_what_does_not_exist_names_the_condition(name, act, parameters, words):
    with pytest.raises(InputError, match=words):
        value(name, act, **parameters)


def test_two_slopes():
    assert value("leaky_sigma_w", slope_pos="3", slope_neg="-4") == pytest.approx((2 / 25) ** 0.5)


def test_the_slow_approach_of_the_rectifier_is_reported():
    reading = PAPER.claim("relu-rate").reading("at-depth-100")
    context = Context(PAPER.default, Budget.QUICK, 0, "deviation", reading.formulas, PAPER)
    found = reading.checks[0].run(context)
    assert found.passed is False
    assert [note.id for note in found.notes] == ["slow"]


@pytest.mark.parametrize(("act", "weight", "depth"), [("relu", 10, 400), ("x**3", 1, 12)])
def test_variances_beyond_doubles_are_refused(act, weight, depth):
    net = networks.Net(activation(act), float(weight), 0.3, 1.0, 0.0)
    with pytest.raises(InputError, match="passes 1e150"):
        networks.pair_through(net, depth, 50, 4, np.random.default_rng(0))
