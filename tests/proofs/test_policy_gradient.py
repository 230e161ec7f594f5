"""The decision process against value iteration and finite differences, at other parameters."""

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from scipy.integrate import quad

from mfcheck.claims.setting import Setting
from mfcheck.errors import InputError
from mfcheck.symbolic.activation import activation
from mfcheck_proofs import policy_gradient as pg

P = np.array([[[0.7, 0.3], [0.2, 0.8]], [[0.4, 0.6], [0.9, 0.1]]])
R = np.array([[1, 0], [0.2, 0.6]])
PHI, PSI = np.array([[1, -1], [0.5, 1.5]]), np.array([[0.2, -0.1], [0, 0.3]])


def setting(name: str, **values: str) -> Setting:
    found = pg.paper.default.with_values(**{k: Fraction(v) for k, v in values.items()})
    return Setting(found.data, activation(name), found.values)


def value(z: np.ndarray, gamma: float, tau: float) -> float:
    w = np.exp(z)
    pi = w / w.sum(axis=1, keepdims=True)
    V = np.zeros(2)
    for _ in range(3000):
        V = np.sum(pi * (R - tau * np.log(2 * pi) + gamma * P @ V), axis=1)
    return float(V.mean())


@pytest.mark.parametrize(
    ("name", "gamma", "tau", "theta"),
    [("tanh", "4/5", "3/10", "7/10"), ("erf", "1/2", "2", "-3"), ("sin", "0", "0", "1")],
)
def test_gradient_and_value_by_iteration_and_differences(
    name: str, gamma: str, tau: str, theta: str
) -> None:
    act = activation(name).numpy_function()

    def normal(f: Callable[[float], float]) -> float:
        return quad(
            lambda x: f(x) * np.exp(-x * x / 2) / np.sqrt(2 * np.pi), -12, 12, epsabs=1e-13
        )[0]

    z = np.array(
        [
            [
                normal(lambda x, s=s, a=a: float(act(np.array([PHI[s, a] * x + PSI[s, a]]))[0]))
                for a in (0, 1)
            ]
            for s in (0, 1)
        ]
    )
    chosen = setting(name, gamma=gamma, tau=tau, theta=theta)
    g, t = float(Fraction(gamma)), float(Fraction(tau))
    assert float(pg.value_prior(chosen, 12).mid()) == pytest.approx(value(z, g, t), abs=1e-9)
    f = act(PHI * float(Fraction(theta)) + PSI)
    h = 1e-5
    slope = (value(z + h * (f - z), g, t) - value(z - h * (f - z), g, t)) / (2 * h)
    assert float(pg.gradient_at(chosen, 12).mid()) == pytest.approx(slope, abs=1e-7)


def test_the_soft_optimum_by_value_iteration() -> None:
    for gamma, tau in (("4/5", "3/10"), ("99/100", "1/100"), ("0", "5")):
        V, g, t = np.zeros(2), float(Fraction(gamma)), float(Fraction(tau))
        for _ in range(6000):
            q = (R + g * P @ V) / t
            top = q.max(axis=1)
            V = t * (top + np.log(np.mean(np.exp(q - top[:, None]), axis=1)))
        found = pg.soft_value(setting("tanh", gamma=gamma, tau=tau), 15)
        assert float(found.mid()) == pytest.approx(V.mean(), rel=1e-10)
    with pytest.raises(InputError, match="tau > 0"):
        pg.soft_value(setting("tanh", tau="0"), 15)


def test_unbounded_activations_are_refused() -> None:
    with pytest.raises(InputError, match="bounded"):
        pg.optimum(setting("x"))
