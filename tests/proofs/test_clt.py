"""The central limit theorem: wrong covariances as the sheet has them, order by hand, fourth moments of known laws."""

from fractions import Fraction

import numpy as np
import pytest

from mfcheck.claims.trial import Trial
from mfcheck.dynamics import linear_units as linear
from mfcheck.dynamics.ode import covariance, solve
from mfcheck.errors import InputError
from mfcheck.symbolic.activation import activation
from mfcheck_proofs import clt

SETTING = clt.paper.default


def at_default(expr: object) -> float:
    return float(linear.value(expr, SETTING, 15).mid())


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"form": clt.SECOND_MOMENT}, 0.23323),
        ({"samples": 2}, 0.42618),
        ({"form": clt._ALONE}, 3.966),
        ({"samples": 0}, 0.0026573),
        ({"start": 0}, 0.2117626),
    ],
)
def test_wrong_variances_are_those_of_the_sheet(changes: dict[str, object], wanted: float) -> None:
    assert at_default(clt.entry("mm", **changes)) == pytest.approx(wanted, rel=2e-4)


def test_the_lyapunov_equation_in_floating_point() -> None:
    known = {p.symbol: SETTING[p.name] for p in linear.PARAMETERS}
    system = clt.lyapunov()
    found = solve(system, [0.0, 1.0], known)
    a, m, b = system.states[:3]
    for pair, value in (
        ((a, a), 0.311872216991),
        ((m, b), 0.231788791341),
        ((a, b), -0.128413598902),
    ):
        assert found.final(covariance(*pair, system)).value == pytest.approx(value, rel=1e-9)


def test_conserved_direction() -> None:
    parts = [at_default(clt.entry(p)) for p in ("aa", "ab", "bb")]
    rng = np.random.default_rng(0)
    c, w = rng.random(2_000_000), 2 * rng.random(2_000_000)
    assert parts[0] - 2 * parts[1] + parts[2] == pytest.approx(np.var(c**2 - w**2), rel=5e-3)
    # exactly: Var c^2 + Var w^2 = 4/45 + 64/45
    assert parts[0] - 2 * parts[1] + parts[2] == pytest.approx(68 / 45, rel=1e-12)


def test_accumulated_noise_by_quadrature() -> None:
    grid, weights = np.polynomial.legendre.leggauss(20)
    total = 0.0
    for node, weight in zip(grid, weights, strict=True):
        there = SETTING.with_values(horizon=Fraction((node + 1) / 2))
        m = float(linear.value(linear.FORM.m, there, 15).mid())
        total += weight / 2 * ((1.5 - m) ** 2 * 2.25 + 0.25 * 2.5)
    assert at_default(clt.accumulated()) == pytest.approx(total / 4, rel=1e-12)


@pytest.mark.parametrize(("d", "J"), [(1, 10), (2, 13), (3, 13), (4, 16), (9, 22)])
def test_order(d: int, J: int) -> None:
    assert float(clt.sobolev(SETTING.with_values(dim=d))) == J


@pytest.mark.parametrize(
    ("name", "met"), [("tanh", True), ("relu", False), ("softplus", False), ("isru", None)]
)
def test_activations(name: str, met: bool | None) -> None:
    assert clt.smooth(clt.setting_of(clt.PARAMETERS, activation(name))).met is met


def test_fourth_moments_of_known_laws() -> None:
    rng = np.random.default_rng(2)
    uniform = clt.fourth_moment(rng.random(100_000))
    assert abs(uniform.value - 1.8) < 2 * uniform.error < 0.05
    normal = [clt.fourth_moment(rng.standard_normal(2000)) for _ in range(200)]
    inside = np.mean([abs(e.value - 3) < e.error for e in normal])
    assert inside > 0.85
    assert np.mean([e.error for e in normal]) == pytest.approx(1.96 * np.sqrt(24 / 2000), rel=0.15)


def test_simulation() -> None:
    found = clt.run(Trial(SETTING, 3, {"width": "200", "replicates": "8000"})).final
    assert abs(found["c_mm"].value - 0.21442) < 2 * found["c_mm"].error
    for alpha, width in (("500", "10"), ("1/4", "2")):
        wild = SETTING.with_values(alpha=Fraction(alpha), horizon=3, noise=2, w_max=3)
        with pytest.raises(InputError, match="blow up"):
            clt.run(Trial(wild, 3, {"width": width, "replicates": "20000"}))


def test_few_neurons_tell_the_limit_within_their_error() -> None:
    """At these steps 50 neurons alone are off by a fourteenth: four times the noise."""
    setting = SETTING.with_values(
        alpha=1, horizon=Fraction(1, 2), slope=-1, noise=1, c_max=2, w_max=1
    )
    found = clt.run(Trial(setting, 0, {"width": "50", "replicates": "20000"})).final
    for pair in clt.PAIRS:
        limit = float(clt.linear.value(clt.entry(pair), setting, 15).mid())
        assert abs(found[f"c_{pair}"].value - limit) < 2 * found[f"c_{pair}"].error
    noise = 2 * limit * np.sqrt(2 / 20_000)
    assert found["c_bb"].error < 5 * noise
