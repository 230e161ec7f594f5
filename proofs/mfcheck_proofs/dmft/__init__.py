"""Dynamical mean-field theory for SGD in Gaussian mixture classification (arXiv 2006.06098), square loss, two clusters.

With labels absorbed the gradient is `A^T (A w - 1)`, A = 1 u^T-part plus noise: in the direction of the mean of the rows
the matrix `A^T A` has a spike u with |u|^2 = alpha + Delta, and for the rest the Marchenko-Pastur law, independent of u.
In the basis of its orthogonal polynomials all averages over that law are products of vectors: the law is a tridiagonal
matrix J, with diagonal alpha, 1 + alpha, 1 + alpha, ... and sqrt(alpha) beside it.
"""

from functools import partial

from mfcheck.checks import Curve, Option, Paper, Plot, Simulated, Trial, simulation
from mfcheck.errors import InputError
from mfcheck_proofs.dmft.batch_sizes import batches, limit, other_losses
from mfcheck_proofs.dmft.closure import DEFAULT, PARAMETERS, closure, validate
from mfcheck_proofs.dmft.equations import full_batch, mean_field, test_error
from mfcheck_proofs.dmft.ridge import CONSTANTS
from mfcheck_proofs.dmft.runs import limits_of, runs_of


def simulate(trial: Trial) -> Simulated:
    """Runs of SGD at dimensions d/4 and d, the correction 1/d removed, with the way there."""
    setting, d, runs = trial.setting, trial.count("d", 40, 20_000), trial.count("runs", 4, 10_000)
    validate(setting)
    small, steps = d // 4, setting.integer("steps")
    if setting["alpha"] * small < 1 or setting["alpha"] * d * d > 10**9:
        raise InputError("alpha d must be at least 4, and alpha d^2 at most 10^9, for the samples to be drawn")
    marks = tuple(sorted({round(steps * k / 10) for k in range(11)}))
    found = limits_of(trial.at_sizes("runs in dimension", (small, d), runs, partial(runs_of, setting, marks)), marks)
    states = closure(setting, 15)
    theory = tuple(float(s.m) for s in states)
    points = Curve(
        label="m, runs",
        x=tuple(map(float, marks)),
        y=tuple(e["m"].value for e in found),
        error=tuple(e["m"].error for e in found),
        style="points",
    )
    lines = (points, Curve(label="m, theory", x=tuple(map(float, range(steps + 1))), y=theory))
    plot = Plot(id="path", title="Theory and runs", x_label="step", y_label="m", curves=lines)
    return Simulated(found[-1], plots=(plot,), notes=("The correction 1/d is removed, from d/4 and d.",))


OPTIONS = (Option("d", "1000", "dimension of the larger runs"), Option("runs", "16", "runs at each dimension"))
paper = Paper(
    id="dmft",
    title="Dynamical mean-field theory for stochastic gradient descent in Gaussian mixture classification",
    authors=("Francesca Mignacco", "Florent Krzakala", "Pierfrancesco Urbani", "Lenka Zdeborová"),
    source="https://arxiv.org/abs/2006.06098",
    parameters=PARAMETERS,
    default=DEFAULT,
    claims=(mean_field, test_error, full_batch, batches, limit, other_losses),
    validate=validate,
    constants=CONSTANTS,
    simulate=simulation(simulate, OPTIONS),
    verdicts={
        "mean-field/square-loss": "supported",
        "test-error/stated": "proved",
        "full-batch/stated": "supported",
        "batches/stated": "supported",
        "ridge-limit/stated": "proved",
        "ridge-limit/early-stopping": "supported",
        "other-losses/stated": "unchecked",
        "other-losses/logistic": "supported",
    },
    references=(
        "Mignacco, Krzakala, Urbani, Zdeborová: Dynamical mean-field theory for stochastic gradient descent in "
        "Gaussian mixture classification. NeurIPS 2020, arXiv:2006.06098",
        "Marchenko, Pastur: Distribution of eigenvalues for some sets of random matrices. Mathematics of the USSR 1 (1967)",
    ),
)
