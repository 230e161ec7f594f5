"""Classification by the sign of a trained network: its error on other points, of one run and on average over draws."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy import stats

from mfcheck.claims.record import Estimate
from mfcheck.dynamics.resnet.flow import Flow
from mfcheck.dynamics.resnet.integrate import integrate
from mfcheck.dynamics.resnet.problem import Array, Numerics, Problem
from mfcheck.dynamics.resnet.trajectory import Trajectory
from mfcheck.statistics import mean_of

LEVEL = 0.999
"""Of the interval for what finitely many test points leave open."""


def wrong_signs(run: Trajectory, X: Array, y: Array) -> float:
    """Return the share of unit rows X, shape (m, d), with labels y of +-1, whose sign a trained network gets wrong.

    A score of zero is wrong.
    """
    probe = Flow(replace(run.problem, X=X, y=y), run.numerics, run.final)
    return float(np.mean((probe.residual(run.final) + y) * y <= 0))


def mean_wrong_signs(
    problems: Sequence[Problem], numerics: Numerics, X: Array, y: Array
) -> Estimate:
    """Return the probability of a wrong sign, on average over independent draws of the problem and of the start.

    Its noise is that of both draws together. Its bias covers the test points, which all draws share, and by what they
    change for the first draw: half the depth, half the particles, a coarser time step.

    Args:
        problems: one for each draw, at least two.
        numerics: sizes of each run, with the seed of the first start; those of the others follow it.
        X: independent test points, unit rows, shape (m, d).
        y: their labels, +1 or -1, shape (m,).
    """

    def share(draw: int, sizes: Numerics) -> float:
        run = integrate(problems[draw], replace(sizes, seed=numerics.seed + draw))
        return wrong_signs(run, X, y)

    coarser = (
        replace(numerics, depth=numerics.depth // 2),
        replace(numerics, particles=numerics.particles // 2),
        replace(numerics, tolerance=8 * numerics.tolerance),
    )
    shares = [share(draw, numerics) for draw in range(len(problems))]
    resolution = sum(abs(share(0, sizes) - shares[0]) for sizes in coarser)
    mean = float(np.mean(shares))
    within = stats.binomtest(round(mean * len(X)), len(X)).proportion_ci(LEVEL, "exact")
    points = max(within.high - mean, mean - within.low)
    return mean_of(shares, bias=float(points + resolution))
