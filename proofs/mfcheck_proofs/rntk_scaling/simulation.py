"""Kernel gradient flow on the setting's data, for the scalings of the theorems side by side: `mfcheck simulate`."""

import numpy as np
from flint import arb_mat, ctx
from numpy.typing import NDArray

from mfcheck.checks import Curve, Plot, Series, Setting, Simulated
from mfcheck.checks.decide import as_estimate
from mfcheck.claims.trial import Trial
from mfcheck.claims.trial import simulation as made
from mfcheck.kernels.enclosure import kernel
from mfcheck.kernels.flow import gram, losses
from mfcheck.rigor.ball import Exact, exact
from mfcheck.rigor.eigen import smallest_eigenvalue
from mfcheck.statistics import exactly
from mfcheck_proofs.rntk_scaling.pairs import DIGITS, PREC
from mfcheck_proofs.rntk_scaling.setting import HALF

Array = NDArray[np.float64]
TIMES = 60
FALL = 1e6
"""The slowest loss has fallen by this factor, or more, at the end."""
LONGEST = 1e9


def squared_scales(setting: Setting) -> dict[str, Exact]:
    """Return alpha^2 at the setting's depth, for alpha constant, gamma slow, 1/2 and fast."""
    depth = exact(int(setting["depth"]))
    gammas = {"slow": setting["gamma_slow"], "critical": HALF, "fast": setting["gamma_fast"]}
    with ctx.workprec(PREC):
        powers = {name: depth ** (-2 * exact(gamma)) for name, gamma in gammas.items()}
    return {"constant": setting["alpha"] ** 2, **powers}


def kernel_matrix(setting: Setting, alpha_squared: Exact) -> arb_mat:
    """Enclose the kernel matrix of r_L on the data, shape (n, n)."""
    with ctx.workprec(PREC):
        return gram(setting.data.points, kernel(int(setting["depth"]), alpha_squared, DIGITS))


def run(trial: Trial) -> Simulated:
    """Solve the flow at the setting's depth for each scaling; nothing in it is random."""
    setting, matrices, least = trial.setting, {}, {}
    n, y = setting.data.n, setting.data.y
    scales = squared_scales(setting)
    for done, (name, square) in enumerate(scales.items(), 1):
        matrices[name] = kernel_matrix(setting, square)
        with ctx.workprec(PREC):
            least[name] = smallest_eigenvalue(matrices[name])
        if (found := as_estimate(least[name])) is not None:
            trial.complete[f"lambda_min_{name}"] = found
        trial.progress(done / len(scales))
    slowest = min(float(x.lower()) for x in least.values())
    end = min(n * float(np.log(FALL)) / (2 * max(slowest, 1e-300)), LONGEST)
    times = np.concatenate([[0.0], np.geomspace(end / 1e4, end, TIMES - 1)])
    series, curves, final = {}, [], {}
    for name, K in matrices.items():
        value, error = map(tuple, losses(K, y, times))
        series[f"loss_{name}"] = Series(value=value, error=error)
        curves.append(Curve(label=name, x=tuple(times), y=value, error=error))
        final[f"loss_{name}"] = exactly(value[-1], error[-1])
    title = "Loss along the kernel gradient flow"
    plot = Plot(id="loss", title=title, x_label="time t", y_label="loss", y_log=True, curves=tuple(curves))
    return Simulated(final | trial.complete, tuple(times), series, (plot,))


simulation = made(run)
