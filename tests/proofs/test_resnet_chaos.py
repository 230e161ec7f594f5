from dataclasses import replace
from fractions import Fraction

import mpmath
import numpy as np
import pytest

from mfcheck.checks import Trial, evaluate
from mfcheck.errors import InputError
from mfcheck.symbolic.activation import activation
from mfcheck_proofs import resnet_chaos
from mfcheck_proofs.resnet_chaos import values as module


def leaf(name: str, act: str = "tanh", **parameters: str) -> float:
    setting = replace(PAPER.default, activation=activation(act))
    setting = setting.with_values(**{k: Fraction(v) for k, v in parameters.items()})
    return float(
        evaluate(next(c.symbol for c in PAPER.constants if c.id == name), PAPER, setting).mid()
    )


PAPER = resnet_chaos.paper


@pytest.mark.parametrize(
    "changes",
    [
        {"sigma_w": "3/2", "sigma_b": "1/2", "sigma_a": "1/3", "p0": "2"},
        # At a small variance nodes a tenth apart would miss the Gaussian altogether.
        {"sigma_w": "1/10", "p0": "1/1000"},
        {"sigma_w": "1/2", "sigma_v": "1/5", "p0": "1/100"},
    ],
)
def test_recursion_in_balls_against_the_compiled_one(changes):
    setting = PAPER.default.with_values(**{k: Fraction(v) for k, v in changes.items()}, depth=200)
    expected = [
        float(constant.value(setting, 12)) for constant in (module.P_DEPTH, module.LOG_GRAD)
    ]
    assert module.tanh_path(setting, (200,))[0] == pytest.approx(expected, rel=1e-11)


def test_first_layers_by_another_quadrature():
    p, log_grad = mpmath.mpf(1) / 2, mpmath.mpf(0)
    for _ in range(3):
        q = p * mpmath.mpf("1.44") + mpmath.mpf("0.09")
        ends = [k * mpmath.sqrt(q) for k in (-14, -4, -1, 0, 1, 4, 14)]

        def mean(f, q=q, ends=ends):
            density = mpmath.sqrt(2 * mpmath.pi * q)
            return mpmath.quad(lambda x: f(x) * mpmath.exp(-x * x / (2 * q)), ends) / density

        slope = mean(lambda x: mpmath.sech(x) ** 4)
        log_grad += mpmath.log(1 + mpmath.mpf("1.44") * mpmath.mpf("0.81") * slope)
        p += mpmath.mpf("0.81") * mean(lambda x: mpmath.tanh(x) ** 2) + mpmath.mpf("0.16")
    where = {"sigma_w": "6/5", "sigma_v": "9/10", "sigma_b": "3/10", "sigma_a": "2/5", "p0": "1/2"}
    assert leaf("p_depth", depth="3", **where) == pytest.approx(float(p), rel=1e-13)
    assert leaf("log_grad_depth", depth="3", **where) == pytest.approx(float(log_grad), rel=1e-13)


@pytest.mark.parametrize(("v", "shift"), [("1", "1/10"), ("2", "1/2"), ("1", "10")])
def test_fixed_cosine_attracts(v, shift):
    found = leaf("e_star", sigma_v=v, sigma_a=shift)
    x, square, other = 0.3, float(Fraction(v)) ** 2, float(Fraction(shift)) ** 2
    for _ in range(4000):
        x = (square * 2 / np.pi * np.arcsin(x) + other) / (square + other)
    assert found == pytest.approx(x, rel=1e-12)


def test_networks_follow_the_recursion():
    where = {"sigma_w": "6/5", "sigma_v": "9/10", "sigma_b": "3/10", "sigma_a": "2/5", "p0": "2"}
    changes = {k: Fraction(v) for k, v in where.items()}
    setting = PAPER.default.with_values(**changes, depth=6)
    found = module.at_output(setting, 200, np.random.default_rng(0), 40)
    for name, constant in (("p", "p_depth"), ("log_grad", "log_grad_depth")):
        value = leaf(constant, depth="6", **where)
        error = np.std(found[name]) / np.sqrt(40)
        assert abs(np.mean(found[name]) - value) < 5 * error + 0.03 * value


def test_simulation_has_its_quantities():
    setting = PAPER.default.with_values(depth=20, width=60)
    found = module.run(Trial(setting, 1, {"nets": "24"})).final
    assert set(found) == {"p", "e", "log_grad"}
    assert all(e.error < abs(e.value) / 5 for e in found.values())


@pytest.mark.parametrize(
    "name", ["grad_sqrt", "grad_log", "e_star", "delta_star", "p_depth", "log_grad_depth"]
)
def test_other_activations_are_refused(name):
    with pytest.raises(InputError, match="tanh"):
        leaf(name, "erf")


def test_too_large_networks_are_refused():
    with pytest.raises(InputError, match="at most 2e8"):
        module.run(Trial(PAPER.default.with_values(depth=1000, width=5000), 0, {"nets": "24"}))
