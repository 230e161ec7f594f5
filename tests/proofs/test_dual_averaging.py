"""The instance of dual averaging against a brute-force grid, and its refusals."""

from fractions import Fraction

import numpy as np
import pytest
from scipy.optimize import fsolve

from mfcheck.claims.setting import Setting
from mfcheck.dynamics.gibbs_ball import feature_bound
from mfcheck.errors import InputError
from mfcheck.symbolic.activation import activation
from mfcheck_proofs import dual_averaging as dual

DEFAULT = dual.paper.default


def brute(setting: Setting) -> tuple[np.ndarray, float]:
    """Predictions and L* by a fixed point on a plain grid."""
    lam1, lam2 = setting.number("lam1"), setting.number("lam2")
    x = np.linspace(-60, 60, 60_001)
    act = setting.activation.numpy_function()
    h = np.array([act(x * float(v) + 0.5) for v in dual.POINTS])
    y = np.array([float(v) for v in dual.LABELS])

    def law(z: np.ndarray) -> np.ndarray:
        exponent = -(lam1 * x**2 + (z - y) @ h / 5) / lam2
        q = np.exp(exponent - exponent.max())
        return q / (q.sum() * (x[1] - x[0]))

    z = fsolve(lambda v: h @ law(v) * (x[1] - x[0]) - v, np.zeros(5), xtol=1e-13)
    q, dx = law(z), x[1] - x[0]
    entropy = float(np.sum(np.where(q > 0, q * np.log(np.maximum(q, 1e-300)), 0)) * dx)
    value = float(np.sum((z - y) ** 2) / 10 + lam1 * np.sum(q * x**2) * dx + lam2 * entropy)
    return z, value


@pytest.mark.parametrize(
    ("name", "lam1", "lam2"),
    [("tanh", "1/50", "1/10"), ("erf", "1/10", "1/3"), ("sin", "1/5", "1/4")],
)
def test_the_optimum_by_brute_force(name: str, lam1: str, lam2: str) -> None:
    found = DEFAULT.with_values(lam1=Fraction(lam1), lam2=Fraction(lam2))
    setting = Setting(found.data, activation(name), found.values)
    z, value = brute(setting)
    enclosed = dual.optimum(setting)
    np.testing.assert_allclose([float(v.mid()) for v in enclosed.z], z, atol=1e-9)
    assert float(dual.objective(setting, 15).mid()) == pytest.approx(value, abs=1e-9)


def test_gaps_by_the_identity_are_differences_of_objectives() -> None:
    grid = dual.Grid(DEFAULT)
    _, best = brute(DEFAULT)
    for push, ridge in ((np.full(5, 0.1), 0.03), (np.array([0.0, 0.2, -0.1, 0.05, 0.0]), 0.01)):
        log_q = grid.law(push, ridge)
        masses = np.exp(log_q + grid.logs)
        z = grid.h @ masses
        value = (
            np.sum((z - grid.y) ** 2) / 10
            + grid.lam1 * masses @ grid.x**2
            + grid.lam2 * masses @ log_q
        )
        assert grid.gap(log_q)[0] == pytest.approx(float(value) - best, rel=1e-7)


def test_what_is_not_bounded_or_analytic_is_refused() -> None:
    for name, reason in (("relu", "analytic"), ("softplus", "bounded")):
        with pytest.raises(InputError, match=reason):
            feature_bound(activation(name))


@pytest.mark.parametrize(
    ("name", "values", "last", "weighted"),
    [
        (
            "cos",
            {"lam1": "1/20", "lam2": "5", "rounds": "33"},
            0.004704071156584289,
            0.04734947717966495,
        ),
        (
            "tanh",
            {"lam1": "1/200", "lam2": "1/20", "rounds": "100"},
            4.127251453993697e-6,
            0.00238853559605072,
        ),
    ],
)
def test_gaps_with_a_wide_optimum(
    name: str, values: dict[str, str], last: float, weighted: float
) -> None:
    """The start is 0 in doubles where q* is not; numbers of a run on another grid, written apart."""
    setting = dual.setting_of(dual.PARAMETERS, activation(name))
    setting = setting.with_values(**{k: Fraction(v) for k, v in values.items()})
    assert dual.last_gap(setting, 15).value == pytest.approx(last, rel=1e-7)
    assert dual.weighted_gap(setting, 15).value == pytest.approx(weighted, rel=1e-8)


def test_gaps_with_a_narrow_optimum() -> None:
    """q* is nearly N(0, lam2/(2 lam1)), far narrower than the start."""
    setting = DEFAULT.with_values(lam1=100)
    assert dual.last_gap(setting, 15).error < 1e-10
