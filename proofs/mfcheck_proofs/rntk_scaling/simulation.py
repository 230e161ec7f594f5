"""Kernel gradient flow on the setting's data, for the scalings of the theorems side by side: `mfcheck simulate`.

Training a network of infinite width by gradient flow is e' = -K e/n for the residuals e = f - y on the n points, with
K the kernel matrix of r_L and f = 0 at the start; so e(t) = -exp(-t K/n) y, in closed form.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from flint import arb, arb_mat, ctx
from numpy.typing import NDArray

from mfcheck.claims import Curve, Estimate, Plot, Setting
from mfcheck.claims.record import Series, SimulationRecord
from mfcheck.gaussian.dual import half_gram
from mfcheck.kernels.enclosure import kernel
from mfcheck.rigor.ball import Exact, exact
from mfcheck.rigor.eigen import smallest_eigenvalue
from mfcheck_proofs.rntk_scaling.proofs import DIGITS, PREC
from mfcheck_proofs.rntk_scaling.setting import HALF

Array = NDArray[np.float64]

TIMES = 60
FALL = 1e6
"""The slowest loss has fallen by this factor, or more, at the end."""
LONGEST = 1e9

_UNIT = 2.0**-52


def squared_scales(setting: Setting) -> dict[str, Exact]:
    """Return alpha^2 at the setting's depth, for alpha constant, gamma slow, 1/2 and fast."""
    depth = exact(int(setting["depth"]))
    gammas = {"slow": setting["gamma_slow"], "critical": HALF, "fast": setting["gamma_fast"]}
    found: dict[str, Exact] = {"constant": setting["alpha"] ** 2}
    with ctx.workprec(PREC):
        found.update({name: depth ** (-2 * exact(gamma)) for name, gamma in gammas.items()})
    return found


def kernel_matrix(setting: Setting, alpha_squared: Exact) -> arb_mat:
    """Enclose the kernel matrix of r_L on the data, shape (n, n)."""
    with ctx.workprec(PREC):
        r = kernel(int(setting["depth"]), alpha_squared, DIGITS)
        half = half_gram(setting.data.points)
        n = half.nrows()
        entries = {(i, j): r(2 * half[i, j] - 1) for i in range(n) for j in range(i)}
        return arb_mat(
            [
                [arb(1) if i == j else entries[max(i, j), min(i, j)] for j in range(n)]
                for i in range(n)
            ]
        )


def losses(K: arb_mat, y: Array, times: Array) -> tuple[Array, Array]:
    """Return |e|^2/(2n) at each time, and bounds on the errors, shape (times,).

    A change of K by D moves exp(-t K/n) by at most t |D|/n; D is the radius of the enclosure and the backward error of
    the eigenvalues, which LAPACK bounds by a small multiple of n units.
    """
    n = len(y)
    middle = np.array([[float(K[i, j].mid()) for j in range(n)] for i in range(n)])
    radius = max(float(K[i, j].rad()) for i in range(n) for j in range(n)) + _UNIT
    values, vectors = np.linalg.eigh(middle)
    modes = (vectors.T @ y) * np.exp(-np.multiply.outer(times, np.maximum(values, 0)) / n)
    sizes = np.linalg.norm(modes, axis=1)
    moved = times / n * (n * radius + 10 * n * _UNIT * float(values[-1])) + 10 * n * _UNIT
    moved = np.minimum(moved, 1) * np.linalg.norm(y)
    return sizes**2 / (2 * n), (sizes * moved + moved**2 / 2) / n


def simulation(
    setting: Setting,
    seed: int,
    progress: Callable[[float], None] | None = None,
    options: Mapping[str, str] = MappingProxyType({}),  # noqa: ARG001
    say: Callable[[str], None] | None = None,  # noqa: ARG001
) -> SimulationRecord:
    """Solve the flow at the setting's depth for each scaling; nothing in it is random."""
    n, y = setting.data.n, setting.data.y
    matrices, least = {}, {}
    scales = squared_scales(setting)
    for done, (name, square) in enumerate(scales.items(), 1):
        matrices[name] = kernel_matrix(setting, square)
        with ctx.workprec(PREC):
            least[name] = smallest_eigenvalue(matrices[name])
        if progress is not None:
            progress(done / len(scales))
    slowest = min(float(x.lower()) for x in least.values())
    end = min(n * float(np.log(FALL)) / (2 * max(slowest, 1e-300)), LONGEST)
    times = np.concatenate([[0.0], np.geomspace(end / 1e4, end, TIMES - 1)])
    series = {f"loss_{name}": _series(*losses(K, y, times)) for name, K in matrices.items()}
    final = {
        name: Estimate(value=found.value[-1], error=found.error[-1])
        for name, found in series.items()
    }
    final |= {f"lambda_min_{name}": _estimate(x) for name, x in least.items()}
    return SimulationRecord(
        paper="rntk-scaling",
        setting=setting.describe(),
        seed=seed,
        end_time=float(times[-1]),
        time=tuple(map(float, times)),
        series=series,
        plots=(_plot(times, series),),
        final=final,
    )


def _series(value: Array, error: Array) -> Series:
    return Series(value=tuple(map(float, value)), error=tuple(map(float, error)))


def _estimate(x: arb) -> Estimate:
    middle = float(x.mid())
    return Estimate(value=middle, error=float(x.rad()) + _UNIT * abs(middle))


def _plot(times: Array, series: Mapping[str, Series]) -> Plot:
    curves = tuple(
        Curve(
            label=name.removeprefix("loss_"),
            x=tuple(map(float, times)),
            y=found.value,
            error=found.error,
        )
        for name, found in series.items()
    )
    return Plot(
        id="loss",
        title="Loss along the kernel gradient flow",
        x_label="time t",
        y_label="loss",
        y_log=True,
        curves=curves,
    )
