"""Constants of the zero-loss paper at other parameters, by SciPy."""

from fractions import Fraction

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from mfcheck.claims.record import Estimate
from mfcheck_proofs import resnet_zero_loss as zero


def number(value: object) -> float:
    return value.value if isinstance(value, Estimate) else float(value.mid())  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("target", "theta0", "s", "depth"),
    [("2", "1", "1/2", 3), ("-1", "0", "3", 7), ("5", "-1", "1/10", 50)],
)
def test_layers_depth_constant_and_regularised_flow(
    target: str, theta0: str, s: str, depth: int
) -> None:
    setting = zero.paper.default.with_values(
        target=Fraction(target), theta0=Fraction(theta0), s=Fraction(s), depth=depth
    )
    values = {c.id: c.value for c in zero.CONSTANTS if c.value is not None}
    a, m0, end = (float(Fraction(v)) for v in (target, theta0, s))

    def run(right: object, start: list[float]) -> np.ndarray:
        return solve_ivp(right, (0, end), start, method="DOP853", rtol=1e-12, atol=1e-13).y[:, -1]

    m = run(lambda _, m: -((1 + m / depth) ** depth - a) * (1 + m / depth) ** (depth - 1), [m0])[0]
    assert number(values["k_layer"](setting, 15)) == pytest.approx(
        (1 + m / depth) ** depth, rel=1e-8
    )
    m = run(lambda t, m: -(np.exp(m) - a) * np.exp(m) - 2 * np.exp(-t) * m, [m0])[0]
    assert number(values["reg_theta"](setting, 15)) == pytest.approx(m, rel=1e-8)
    big = [4000, 8000]
    gains = []
    for n in big:
        m = run(lambda _, m, n=n: -((1 + m / n) ** n - a) * (1 + m / n) ** (n - 1), [m0])[0]
        gains.append(n * (number(values["k_s"](setting, 15)) - (1 + m / n) ** n))
    assert number(values["depth_const"](setting, 15)) == pytest.approx(
        2 * gains[1] - gains[0], rel=1e-3, abs=1e-6
    )


def test_the_loss_of_a_stationary_start_is_zero() -> None:
    assert zero.loss(zero.paper.default.with_values(target=1), 15) == 0
