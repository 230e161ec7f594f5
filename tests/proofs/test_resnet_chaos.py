from dataclasses import replace
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from flint import arb, ctx

from mfcheck.claims.model import Trial
from mfcheck.errors import InputError
from mfcheck.symbolic.activation import activation
from mfcheck_proofs import resnet_chaos
from mfcheck_proofs.resnet_chaos import values as module
from mfcheck_proofs.resnet_chaos.recursion import Tanh, averages, tanh_recursion


def leaf(name: str, act: str = "tanh", **parameters: str) -> float:
    setting = replace(PAPER.default, activation=activation(act))
    setting = setting.with_values(**{k: Fraction(v) for k, v in parameters.items()})
    return float(next(c for c in PAPER.constants if c.id == name).value(setting, 15).mid())


PAPER = resnet_chaos.paper


@pytest.mark.parametrize("q", ["1/1000", "1/20", "49/100", "1/2", "3", "100000"])
def test_averages_enclose_quadrature(q):
    with mpmath.workdps(30):
        v = mpmath.mpf(Fraction(q).numerator) / Fraction(q).denominator
        ends = [k * min(mpmath.sqrt(v) * 3, 5) for k in range(-6, 7)]
        expected = [
            mpmath.quad(lambda x, n=n: mpmath.sech(x) ** n * mpmath.exp(-x * x / (2 * v)), ends)
            / mpmath.sqrt(2 * mpmath.pi * v)
            for n in (2, 4)
        ]
    with ctx.workdps(40):
        found = averages(arb(Fraction(q).numerator) / Fraction(q).denominator, 18)
        for ball, value in zip(found, expected, strict=True):
            assert abs(ball - arb(mpmath.nstr(value, 28))) < arb(10) ** -17
            assert ball.rad() < arb(10) ** -16


def test_error_bounds_are_sound_at_few_digits():
    # The same average to few digits must contain that to many.
    with ctx.workdps(60):
        for numerator in (1, 7, 30, 49, 50, 200, 5000):
            q = arb(numerator) / 100
            for coarse, fine in zip(averages(q, 4), averages(q, 30), strict=True):
                assert coarse.contains(fine)


def test_recursion_in_balls_against_the_compiled_one():
    net = Tanh(Fraction(9, 4), Fraction(1), Fraction(1, 4), Fraction(1, 9), Fraction(2))
    p, log_grad = tanh_recursion(net, 200, 12)
    setting = PAPER.default.with_values(
        sigma_w=Fraction(3, 2), sigma_b=Fraction(1, 2), sigma_a=Fraction(1, 3), p0=2
    )
    assert module.tanh_path(setting, (200,))[0] == pytest.approx(
        [float(p), float(log_grad)], rel=1e-11
    )


@pytest.mark.parametrize("power", ["11/20", "3/4", "19/20"])
def test_power_map_against_a_double_integral(power):
    a, c = float(Fraction(power)), 0.6
    with mpmath.workdps(15):
        # In polar coordinates E psi(u) psi(v) is a gamma function times an integral over the angle.
        beta = mpmath.acos(c)
        size = 2 ** mpmath.mpf(a) * mpmath.gamma(a + 1) / (2 * mpmath.pi)
        angle = mpmath.quad(
            lambda s: (mpmath.cos(s) * mpmath.cos(s - beta)) ** a,
            [beta - mpmath.pi / 2, beta / 2, mpmath.pi / 2],
        )
        second = 2 ** (a - 1) * mpmath.gamma(a + 0.5) / mpmath.sqrt(mpmath.pi)
        expected = float(size * angle / second)
    assert float(module.power_map(Fraction(power), arb(c))) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("power", ["3/5", "3/4", "9/10"])
def test_slope_of_the_power_map_by_differences(power):
    with ctx.workdps(40):
        number, c, step = Fraction(power), arb("0.97"), arb("1e-9")
        change = module.power_map(number, c + step) - module.power_map(number, c - step)
        assert abs(change / (2 * step) - module.power_slope(number, c)) < 1e-12


@pytest.mark.parametrize(("v", "shift"), [("1", "1/10"), ("2", "1/2"), ("1", "10")])
def test_fixed_cosine_attracts(v, shift):
    found = float(module.fixed_cosine(Fraction(v), Fraction(shift), 15).mid())
    x, square, other = 0.3, float(Fraction(v)) ** 2, float(Fraction(shift)) ** 2
    for _ in range(4000):
        x = (square * 2 / np.pi * np.arcsin(x) + other) / (square + other)
    assert found == pytest.approx(x, rel=1e-12)


def test_networks_follow_the_recursion():
    rng = np.random.default_rng(0)
    net = module.Net(1.2, 0.9, 0.3, 0.4, 2.0, 6)
    found = module.at_output(net, 200, rng, 40)
    exact = tanh_recursion(
        Tanh(*(Fraction(x) for x in ("36/25", "81/100", "9/100", "4/25", "2"))), 6, 12
    )
    for name, value in zip(("p", "log_grad"), exact, strict=True):
        error = np.std(found[name]) / np.sqrt(40)
        assert abs(np.mean(found[name]) - float(value)) < 5 * error + 0.03 * float(value)


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
