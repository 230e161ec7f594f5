"""Sums over thresholds against the double sum and quadrature, optima against a minimiser, and refusals."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from flint import arb, ctx
from scipy.stats import multivariate_normal, norm

from mfcheck.errors import InputError
from mfcheck_proofs import quantized


def chi_of(levels: int, step: arb) -> arb:
    """Chi from the sums over thresholds."""
    found = quantized.sums_of(levels, step)
    return found[quantized.S1] ** 2 / found[quantized.S2]


def double_sum(levels: int, step: float) -> float:
    """Chi as the sheet writes it."""
    g = [step * (k - levels / 2) for k in range(1, levels)]
    top = sum(norm.pdf(v) for v in g) ** 2
    return float(
        top / sum(norm.cdf(-max(a, b)) * norm.cdf(min(a, b)) for a, b in itertools.product(g, g))
    )


@pytest.mark.parametrize(
    ("levels", "step"), [(2, 1), (3, 1), (4, 0.5), (7, 0.25), (16, 0.3), (33, 0.125), (64, 2)]
)
def test_chi_by_the_double_sum(levels: int, step: float) -> None:
    assert float(chi_of(levels, arb(step))) == pytest.approx(double_sum(levels, step), rel=1e-11)


@pytest.mark.parametrize(
    ("levels", "gap"),
    [(3, ".190174039247901479"), (8, ".0374396593915235321"), (1024, "6.997005197e-6")],
)
def test_gaps_of_the_sheet(levels: int, gap: str) -> None:
    found = quantized.gap_opt(levels, 20)
    assert found.rad() < 1e-20
    assert float(found) == pytest.approx(float(gap), rel=1e-9)


@pytest.mark.slow
def test_the_best_step_is_the_best_of_a_grid() -> None:
    for levels in (3, 6, 31):
        best, gap = quantized.step_opt(levels), float(quantized.gap_opt(levels))
        grid = [float(best) * r for r in np.linspace(0.3, 3, 300)]
        assert max(double_sum(levels, s) for s in grid) <= 1 - gap + 1e-12
        with ctx.workdps(40):
            assert chi_of(levels, best).overlaps(1 - quantized.gap_opt(levels, 25))


def test_fit_by_numpy() -> None:
    levels = np.arange(4, 63, 2)
    gaps = [float(quantized.gap_opt(int(n))) for n in levels]
    slope = np.polyfit(np.log(levels + 1), np.log(gaps), 1)[0]
    assert float(quantized.fitted(quantized.EVEN, 1, 12)) == pytest.approx(slope, rel=1e-10)
    assert slope == pytest.approx(-1.824637, abs=1e-6)


def test_law_refuses_other_constants() -> None:
    checks = {c.id: c for c in quantized.power_law_claim.checks}
    assert {"power-law/asymptotic/bounds", "power-law/logarithm/bounds"} <= set(checks)
    ratio = [float(quantized.gap_opt(n)) * n * n / math.log(n) for n in (64, 1024)]
    assert ratio == pytest.approx([1.0243, 1.0585], abs=1e-4)


def test_refusals() -> None:
    for text in ("1", "-1", "x", "1/0"):
        with pytest.raises(InputError, match="c0"):
            quantized._correlation(text)
    assert quantized._correlation("3/10") == pytest.approx(0.3)
    with pytest.raises(InputError, match="levels"):
        quantized.LEVELS.read("1")
    with pytest.raises(InputError, match="step"):
        quantized.STEP.require(Fraction(0))


@pytest.mark.parametrize(("levels", "width"), [(2, 1000), (3, 1000), (5, 200)])
def test_few_levels_are_simulated(levels: int, width: int) -> None:
    # M(.9) at step 1: (2/pi) asin .9 for two levels; three and five by bivariate normal probabilities.
    expected = {2: 0.7128674137425874, 3: 0.7925227211051865, 5: 0.8274376960825192}[levels]
    setting = quantized.paper.default.with_values(levels=levels, width=width, depth=2)
    options = {"c0": "9/10", "nets": "100"}
    found = quantized.paper.simulate(setting, 1, options=options).final["correlation_1"]
    assert abs(found.value - expected) < 2 * found.error < 0.1


def test_two_layers_of_narrow_networks() -> None:
    """M(M(.9)) at step 1, from bivariate normal probabilities, with an error of a tenth at width 40."""
    setting = quantized.paper.default.with_values(width=40, depth=2)
    found = quantized.paper.simulate(setting, 3, options={"c0": "9/10", "nets": "100"}).final
    for name, expected, largest in (
        ("correlation_1", map_of(0.9), 0.02),
        ("correlation_2", map_of(map_of(0.9)), 0.04),
    ):
        assert abs(found[name].value - expected) < 2 * found[name].error < 2 * largest


def map_of(c: float) -> float:
    """The map of correlations of four levels at step 1: sum over thresholds of covariances of indicators."""
    g = (-1, 0, 1)
    law = multivariate_normal([0, 0], [[1, c], [c, 1]])
    top = sum(law.cdf([a, b]) - norm.cdf(a) * norm.cdf(b) for a in g for b in g)
    return float(top / sum(norm.cdf(min(a, b)) - norm.cdf(a) * norm.cdf(b) for a in g for b in g))


def test_a_stair_that_hardly_leaves_its_middle_level_is_not_simulated() -> None:
    setting = quantized.paper.default.with_values(levels=3, step=6)
    with pytest.raises(InputError, match="hardly a unit"):
        quantized.paper.simulate(setting, 1, options={"c0": "9/10", "nets": "100"})
