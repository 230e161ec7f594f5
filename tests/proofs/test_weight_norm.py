"""Weight normalisation: the exact law of R x against matrices, moments against quadrature, bad input."""

from fractions import Fraction

import numpy as np
import pytest
from mpmath import mp

from mfcheck.constants.evaluate import enclose_constant
from mfcheck.constants.graph import constant_graph
from mfcheck.errors import InputError
from mfcheck.gaussian import sphere_marginals
from mfcheck_proofs import weight_norm as wn


def value(id: str, **values: int) -> float:
    return float(
        enclose_constant(
            constant_graph(wn.paper), wn.paper.default.with_values(**values), id, 15
        ).mid()
    )


@pytest.mark.parametrize("orthogonal", [False, True])
def test_the_exact_law_gives_the_moments_of_matrices(orthogonal: bool) -> None:
    rng = np.random.default_rng(5)
    law = wn.marginal_images(rng, 20_000, 6, 4, orthogonal)
    drawn, _, _ = wn.layer_images(rng, 20_000, 6, 4, orthogonal)
    for power in (1, 2):
        a, b = law**power, drawn**power
        assert abs(a.mean() - b.mean()) < 5 * np.hypot(a.std(), b.std()) / np.sqrt(20_000)


def test_mean_of_the_positive_part_by_quadrature() -> None:
    # E max(u, 0) = int_0^1 P(u > x) dx
    for n in (2, 3, 10, 57):
        x = (np.arange(200_000) + 0.5) / 200_000
        by_tail = np.mean(1 - sphere_marginals(n, x))
        assert float(wn.MEAN.subs(wn.n, n)) == pytest.approx(by_tail, rel=1e-6)


def test_printed_product_and_areas() -> None:
    for n in (4, 5, 12, 31):
        product = Fraction(1)
        for k in range(n - 2, 0, -2):
            product *= Fraction(k, k + 1)
        printed = float(product) * (1 if n % 2 == 0 else float(mp.pi / 2))
        assert float(wn.WALLIS.subs(wn.n, n)) == pytest.approx(printed, rel=1e-13)
        area = lambda d: 2 * mp.pi ** (mp.mpf(d) / 2) / mp.gamma(mp.mpf(d) / 2)  # noqa: E731
        assert value("kn_b", fan_in=n) == pytest.approx(
            float(2 * area(n - 1) / area(n) * printed), rel=1e-13
        )
        assert value("kn_a", fan_in=n) == pytest.approx(
            float(2 * area(n) / area(n + 1) * printed), rel=1e-13
        )


def test_relative_spread_by_integration_over_the_circle() -> None:
    # n = m = 2, orthonormal rows: |relu|^2 is 1, cos^2, 0 or sin^2 by quadrant.
    angle = 2 * np.pi * (np.arange(4096) + 0.5) / 4096
    squares = np.maximum(np.cos(angle), 0) ** 2 + np.maximum(np.sin(angle), 0) ** 2
    assert value("relative_std_orthogonal", fan_in=2, fan_out=2) == pytest.approx(
        squares.std() / squares.mean(), rel=1e-9
    )


def test_orthogonal_rows_must_fit() -> None:
    setting = wn.paper.default.with_values(fan_in=20, fan_out=30)
    with pytest.raises(InputError, match="fan_out <= fan_in"):
        wn.relative_std_orthogonal(setting, 10)
    assert wn.paper.simulate is not None
    with pytest.raises(InputError, match="do not fit"):
        wn.paper.simulate(setting, 0, options={"rows": "orthogonal"})
    with pytest.raises(InputError, match="iid or orthogonal"):
        wn.paper.simulate(setting, 0, options={"rows": "columns"})
