from fractions import Fraction

import numpy as np
import pytest

from mfcheck import load_paper
from mfcheck.claims import Case, Inequality, Sample, Setting, Variable
from mfcheck.falsify.visits import BINS, Tight, Tightest, Visits, plots, spread
from mfcheck.symbolic.activation import LIBRARY

DEFAULT: Setting = load_paper("scaled-resnets").default
SCALE = Variable("beta", Fraction(1), Fraction(10**4), log=True)
Q = Inequality(
    "quotient",
    "",
    ("points",),
    lambda s, f: (0.0, 1.0),
    lambda c, f: (0, 1),
    reading="stated",
    ranges=(SCALE,),
)


def visit(visits: Visits, n: int, beta: float, lhs: float, rhs: float) -> None:
    angle = np.linspace(0, np.pi, n)
    X = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    sample = Sample(X, np.ones(n), LIBRARY["tanh"], {"beta": beta})
    visits.add(Q, sample, lhs, rhs, lambda: Case(DEFAULT, (("beta", Fraction(beta)),)))


def test_the_least_slack_of_each_bin_is_kept() -> None:
    visits = Visits()
    for lhs, rhs in ((1.0, 5.0), (2.0, 3.0), (1.0, 4.0)):
        visit(visits, 3, 10.0, lhs, rhs)
    assert visits.tightest == Tightest(1.5, 2.0, 3.0, Case(DEFAULT, (("beta", Fraction(10)),)))
    assert visits.bins["n", 3] == Tight(1.5, 3, 3)
    assert visits.bins["C_max", BINS // 2] == Tight(1.5, visits.bins["C_max", BINS // 2].at, 3)
    assert visits.bins["beta", BINS // 4].count == 3


@pytest.mark.parametrize(
    ("lhs", "rhs"), [(0.0, 1.0), (-1.0, 1.0), (1.0, np.inf), (np.nan, 1.0), (1e-200, 1.0)]
)
def test_a_side_without_a_finite_slack_does_not_count(lhs: float, rhs: float) -> None:
    visits = Visits()
    visit(visits, 3, 10.0, lhs, rhs)
    assert visits == Visits()


def test_merging_is_the_same_as_one_record() -> None:
    rng = np.random.default_rng(3)
    parts, whole = [Visits(), Visits()], Visits()
    for k in range(60):
        n, beta = int(rng.integers(2, 5)), float(10 ** rng.uniform(0, 4))
        rhs = float(rng.uniform(1, 9))
        visit(whole, n, beta, 1.0, rhs)
        visit(parts[k % 2], n, beta, 1.0, rhs)
    parts[0].merge(parts[1])
    assert parts[0] == whole
    parts[0].merge(Visits())
    assert parts[0] == whole


def test_only_parameters_along_which_the_slack_varies_are_plotted() -> None:
    visits = Visits()
    for k in range(40):
        beta = 10 ** (4 * k / 39)
        visit(visits, 2 + k % 2, beta, 1.0, 2 * beta)
    (plot,) = plots(visits, Q)
    assert plot.id == "slack-quotient-beta"
    assert plot.x_log
    least, equal = plot.curves
    assert np.allclose(np.array(least.y) / np.array(least.x), 2)
    assert equal.y == (1.0, 1.0)
    assert list(least.x) == sorted(least.x)
    assert "least of 40 settings" in plot.title


def test_a_spread_needs_three_bins() -> None:
    one, ten = Tight(1.0, 0, 1), Tight(10.0, 0, 1)
    assert spread([one, ten]) == 0
    assert spread([one, one, ten]) == pytest.approx(1)
