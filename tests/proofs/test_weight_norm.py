"""Weight normalisation: fourth moments against matrices, moments against quadrature, bad input."""

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
@pytest.mark.parametrize(("width", "blocks"), [(6, 1), (4, 3)])
def test_fourth_moment_of_a_residual_block(width: int, blocks: int, orthogonal: bool) -> None:
    """By matrices drawn here: rows of Gaussian numbers over their norms, or a QR factor with its signs."""
    rng, nets = np.random.default_rng(3), 40_000

    def rows() -> np.ndarray:
        drawn = rng.standard_normal((nets, width, width))
        if not orthogonal:
            return drawn / np.linalg.norm(drawn, axis=2, keepdims=True)
        q, triangle = np.linalg.qr(drawn)
        return q * np.sign(np.diagonal(triangle, axis1=1, axis2=2))[:, None, :]

    h = np.eye(width)[0]
    after = h + np.einsum("rij,rj->ri", rows(), np.maximum(2**0.5 * rows() @ h, 0)) / blocks**0.5
    square = (after**2).sum(axis=1)
    assert abs(square.mean() - 1 - 1 / blocks) < 5 * square.std() / nets**0.5
    stated = np.exp(wn.log_square_of_block(width, blocks, orthogonal)) * (1 + 1 / blocks) ** 2
    assert abs((square**2).mean() - stated) < 5 * (square**2).std() / nets**0.5


def test_the_error_of_a_mean_that_few_networks_carry() -> None:
    """Sixty layers of width 20: E |h|^2 = 1, but a thousand networks seldom show those that carry it."""
    changes = {"fan_in": 4, "fan_out": 4, "width": 20, "depth": 60, "blocks": 1, "stages": 8}
    setting = wn.paper.default.with_values(**changes)
    assert wn.paper.simulate is not None
    for seed in range(3):
        final = wn.paper.simulate(setting, seed, options={"replicates": "400"}).final
        assert abs(final["plain_mean"].value - 1) <= final["plain_mean"].error
        assert abs(final["resnet_mean"].value - 2**8) <= 2 * final["resnet_mean"].error


def test_networks_in_which_a_layer_is_off_have_no_logarithm() -> None:
    changes = {"fan_in": 4, "fan_out": 4, "width": 2, "depth": 5, "blocks": 1}
    assert wn.paper.simulate is not None
    record = wn.paper.simulate(
        wn.paper.default.with_values(**changes), 0, options={"replicates": "100"}
    )
    assert np.isfinite(record.final["plain_log_mean"].value)
    assert any("a whole layer is off" in note for note in record.notes)
    # Each of five layers of two units is off with probability 1/4.
    off = next(int(note.split()[1]) for note in record.notes if "layer is off" in note)
    assert abs(off / 100 - (1 - 0.75**5)) < 0.2


def test_networks_that_do_not_fit_are_refused() -> None:
    assert wn.paper.simulate is not None
    for changes in ({"blocks": 10**6}, {"width": 4000, "depth": 1000}):
        with pytest.raises(InputError, match="a network of more than"):
            wn.paper.simulate(wn.paper.default.with_values(**changes), 0)


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
