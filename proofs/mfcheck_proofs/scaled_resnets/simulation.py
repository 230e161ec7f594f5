"""The flow of a setting for `mfcheck simulate`: each quantity with its error and the paper's bound."""

import numpy as np
from numpy.typing import NDArray

from mfcheck.checks import Plot, Setting, Simulated, Trial, curve, picture
from mfcheck.checks import simulation as made
from mfcheck.claims.record import BoundRecord
from mfcheck.dynamics.resnet import QUANTITIES, Solution
from mfcheck.dynamics.resnet import trial as flows
from mfcheck.dynamics.resnet.solution import Series
from mfcheck.rigor.ball import from_on
from mfcheck.statistics.compare import all_hold, at_most
from mfcheck_proofs.scaled_resnets.flow import problem
from mfcheck_proofs.scaled_resnets.values import stated, value_of

Array = NDArray[np.float64]
BOUNDS = {
    "KL_tau": ("KL_bound_coarse", "Theorem 5"),
    "KL_nu": ("KL_bound_coarse", "Theorem 5"),
    "movement_tau": ("movement_path", "path length"),
    "movement_nu": ("movement_nu", "path length"),
}
"""Constant that bounds a quantity at all times, and its name in a plot."""
LEADING = {"KL_tau": "KL_leading_order", "movement_tau": "movement_leading_order"}


def run(trial: Trial) -> Simulated:
    """Solve the flow of the setting; errors as for `mfcheck.dynamics.resnet.trial.solve`."""
    setting = trial.setting
    sizes = flows.numerics(trial, setting.integer("depth"), setting.integer("particles"))
    found = flows.solve(trial, problem(setting, setting.number("beta")), sizes)
    limits = bounds(setting, found)
    return Simulated(
        final={name: values.at(-1) for name, values in found.series.items()},
        time=flows.plain(found.time),
        series=flows.recorded(found),
        plots=tuple(_plot(setting, found, name, limits.get(name)) for name in QUANTITIES),
        notes=(*_notes(setting, found), *flows.closing(found)),
        bounds=limits,
    )


simulation = made(run, flows.OPTIONS)


def bounds(setting: Setting, found: Solution) -> dict[str, BoundRecord]:
    """Return the bounds of Theorem 5 that are finite in the setting, with whether the flow keeps them."""
    applies = found.problem.beta >= _upper(setting, "beta_threshold") and "tau" not in found.numerics.frozen
    rate, lowest = (float(value_of(setting, id).lower()) for id in ("loss_rate", "lambda_min_G2"))
    limits: dict[str, tuple[str, str, float | Array]] = {
        "loss": ("Theorem 5", "upper", found.series["loss"].value[0] * np.exp(-rate * found.time)),
        **{name: (words, "upper", _upper(setting, id)) for name, (id, words) in BOUNDS.items()},
        **dict.fromkeys(("lambda_min_G", "lambda_min_G2"), (r"$\lambda_0/2$, Theorem 5", "lower", lowest / 2)),
    }
    records = {}
    for name, (words, side, value) in limits.items():
        limit = np.broadcast_to(value, found.time.shape)
        if np.isfinite(limit).all():
            holds = _holds(found.series[name], limit, upper=side == "upper")
            record = {
                "name": words,
                "side": side,
                "value": flows.plain(limit),
                "applies": bool(applies),
                "holds": holds,
            }
            records[name] = BoundRecord.model_validate(record)
    return records


def _upper(setting: Setting, id: str) -> float:
    return float(value_of(setting, id).upper())


def _holds(values: Series, limit: Array, *, upper: bool) -> bool | None:
    sides = [(values.at(k), stated(float(limit[k]))) for k in range(1, len(limit))]
    return all_hold([at_most(v, b) if upper else at_most(b, v) for v, b in sides])


def _notes(setting: Setting, found: Solution) -> list[str]:
    """Say what of Theorem 5 is not promised here, and whether the flow has converged."""
    notes = []
    still, threshold = "tau" in found.numerics.frozen, _upper(setting, "beta_threshold")
    if still:
        notes.append(
            r"With $\tau$ frozen at its start the adjoint $p$ is zero, so that nothing moves and nothing is "
            "learnt: the bounds, drawn for comparison, do not apply."
        )
    elif not np.isfinite(threshold):
        notes.append("A constant behind Theorem 5 is infinite here: it promises nothing.")
    elif found.problem.beta < threshold:
        notes.append(
            rf"Theorem 5, with the constants derived here, needs $\beta \ge {from_on(threshold)}$; at $\beta = "
            rf"{found.problem.beta:.6g}$ its bounds are drawn but not promised."
        )
    start, end = (float(found.series["loss"].value[i]) for i in (0, -1))
    if not still and end > 1e-4 * start:
        notes.append(f"The flow has not converged: the loss is {end / start:.2g} of what it was.")
    return notes


def _plot(setting: Setting, found: Solution, name: str, bound: BoundRecord | None) -> Plot:
    values, label = found.series[name], flows.LABELS[name]
    curves = [curve(label, found.time, [values.at(k) for k in range(len(found.time))])]
    if bound is not None:
        words = f"bound: {bound.name}" if bound.applies else f"bound: {bound.name} (not promised)"
        curves.append(curve(words, found.time, bound.value, "bound"))
    law = _upper(setting, LEADING[name]) if name in LEADING else np.nan
    if np.isfinite(law):
        curves.append(curve(r"limit as $\beta, t \to \infty$", found.time[[0, -1]], (law, law)))
    title = rf"{label} along the flow, $\beta = {found.problem.beta:.6g}$"
    return picture(name, title, "$t$", label, curves, "" if name.startswith("lambda") else "y")
