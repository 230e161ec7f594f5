"""The flow of a setting for `mfcheck simulate`: each quantity with its error and the paper's bound."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from mfcheck.checks import curve
from mfcheck.claims import Plot, Setting
from mfcheck.claims.experiment import Option
from mfcheck.claims.record import BoundRecord, Series
from mfcheck.claims.trial import Simulated, Stop, Trial
from mfcheck.claims.trial import simulation as made
from mfcheck.dynamics.resnet import (
    QUANTITIES,
    FlowError,
    Numerics,
    Problem,
    Solution,
    Trajectory,
    distances,
    plan,
    simulate,
)
from mfcheck.dynamics.resnet.memory import in_words
from mfcheck.dynamics.resnet.solution import Series as Values
from mfcheck.statistics.compare import all_hold, at_most
from mfcheck_proofs.scaled_resnets.flow import problem
from mfcheck_proofs.scaled_resnets.values import stated, value_of

Array = NDArray[np.float64]
NONE = "none"
OPTIONS = (
    Option("initial", "antithetic", "draws of the start: antithetic, iid or sobol"),
    Option("frozen", NONE, "what does not move: none, tau or nu"),
    Option("tolerance", "1e-4", "relative tolerance of the time integration"),
    Option("end_time", NONE, "end in the flow's own time; none: once the loss has fallen by 1e-8"),
    Option("replicates", "4", "independent sets of particles behind each number"),
    Option("decoder_particles", NONE, "particles of tau; none: 8 times those of nu"),
    Option("max_evaluations", "100000", "evaluations after which a run is given up"),
    Option("max_seconds", NONE, "seconds after which the simulation is given up"),
    Option("max_memory", NONE, "GB that it may use; none: 80 % of what is free"),
)
LABELS = {
    "loss": "$L(t)$",
    "KL_tau": r"$\mathrm{KL}(\tau_t\,\|\,\tau_0)$",
    "KL_nu": r"$\max_s \mathrm{KL}(\nu_t\,\|\,\nu_0)$",
    "movement_tau": r"movement of $\tau$",
    "movement_nu": r"$\max_s$ movement of $\nu$",
    "lambda_min_G": r"$\lambda_{\min}(G)$",
    "lambda_min_G2": r"$\lambda_{\min}(G_2)$",
}
PARTS = {"particles": "particles", "size": "bias in M", "depth": "depth", "time": "time steps"}
BOUNDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "KL_tau": ("KL_bound_coarse", "Theorem 5"),
        "KL_nu": ("KL_bound_coarse", "Theorem 5"),
        "movement_tau": ("movement_path", "path length"),
        "movement_nu": ("movement_nu", "path length"),
    }
)
"""Constant that bounds a quantity at all times, and its name in a plot."""
LEADING = {"KL_tau": "KL_leading_order", "movement_tau": "movement_leading_order"}


def run(trial: Trial) -> Simulated:
    """Solve the flow of the setting.

    Raises:
        InputError: an option that cannot be used, or more memory than there is.
        Stop: the flow diverged, its step collapsed, or it took longer than allowed.
    """
    setting = trial.setting
    flow = problem(setting, setting.number("beta"))
    sizes = numerics(trial)
    trial.say(_announcement(flow, sizes))
    try:
        found = simulate(flow, sizes, trial.progress)
    except FlowError as error:
        raise _stopped(error) from error
    limits = bounds(setting, found)
    return Simulated(
        final={name: values.at(-1) for name, values in found.series.items()},
        time=_plain(found.time),
        series={name: _series(values) for name, values in found.series.items()},
        plots=tuple(_plot(setting, found, name, limits.get(name)) for name in QUANTITIES),
        notes=tuple(_notes(setting, found)),
        bounds=limits,
    )


simulation = made(run, OPTIONS)


def numerics(trial: Trial) -> Numerics:
    """Return the solver's sizes.

    Raises:
        InputError: an option that is no number, or out of range.
    """
    memory, frozen = trial.real("max_memory"), trial.options["frozen"]
    return Numerics(
        depth=trial.setting.integer("depth"),
        particles=trial.setting.integer("particles"),
        decoder_particles=trial.whole("decoder_particles"),
        initial=trial.options["initial"],  # type: ignore[arg-type]  # checked by Numerics
        seed=trial.seed,
        tolerance=trial.real("tolerance") or 0.0,
        end_time=trial.real("end_time"),
        frozen=frozenset() if frozen == NONE else frozenset({frozen}),
        replicates=trial.whole("replicates") or 0,
        memory_limit=None if memory is None else int(1e9 * memory),
        max_evaluations=trial.whole("max_evaluations") or 0,
        max_seconds=trial.real("max_seconds"),
    )


def _announcement(flow: Problem, sizes: Numerics) -> str:
    planned = plan(flow, sizes)
    return (
        f"{planned.runs} runs of {sizes.depth} layers with {sizes.particles} particles each and "
        f"{sizes.decoder_size} of the predictor; needs {in_words(planned.memory)} of memory"
    )


def _stopped(error: FlowError) -> Stop:
    run: Trajectory | None = error.trajectory
    time = () if run is None else _plain(run.time)
    series = {} if run is None else {name: _plain(getattr(run, name)) for name in QUANTITIES}
    reason = f"{error.what}: {error.advice}" if error.advice else error.what
    return Stop(reason, error.time, time, series)


def _plain(values: Array) -> tuple[float, ...]:
    return tuple(map(float, values))


def _series(values: Values) -> Series:
    parts = {words: _plain(getattr(values, name)) for name, words in PARTS.items()}
    return Series(value=_plain(values.value), error=_plain(values.error), parts=parts)


def bounds(setting: Setting, found: Solution) -> dict[str, BoundRecord]:
    """Return the bounds of Theorem 5 that are finite in the setting, with whether the flow keeps them."""
    applies = found.problem.beta >= _upper(setting, "beta_threshold") and "tau" not in found.numerics.frozen
    rate, lowest = (float(value_of(setting, id).lower()) for id in ("loss_rate", "lambda_min_G2"))
    limits: dict[str, tuple[str, str, float | Array]] = {
        "loss": ("Theorem 5", "upper", found.series["loss"].value[0] * np.exp(-rate * found.time)),
        **{name: (words, "upper", _upper(setting, id)) for name, (id, words) in BOUNDS.items()},
        **dict.fromkeys(("lambda_min_G", "lambda_min_G2"), (r"$\lambda_0/2$, Theorem 5", "lower", lowest / 2)),
    }
    made = {}
    for name, (words, side, value) in limits.items():
        limit = np.broadcast_to(value, found.time.shape)
        if np.isfinite(limit).all():
            holds = _holds(found.series[name], limit, upper=side == "upper")
            record = {"name": words, "side": side, "value": _plain(limit), "applies": bool(applies), "holds": holds}
            made[name] = BoundRecord.model_validate(record)
    return made


def _upper(setting: Setting, id: str) -> float:
    return float(value_of(setting, id).upper())


def _holds(values: Values, limit: Array, *, upper: bool) -> bool | None:
    sides = [(values.at(k), stated(float(limit[k]))) for k in range(1, len(limit))]
    return all_hold([at_most(v, b) if upper else at_most(b, v) for v, b in sides])


def _notes(setting: Setting, found: Solution) -> list[str]:
    notes = []
    frozen = found.numerics.frozen
    threshold = _upper(setting, "beta_threshold")
    if "tau" in frozen:
        notes.append(
            r"With $\tau$ frozen at its start the adjoint $p$ is zero, so that nothing moves and nothing is "
            "learnt: the bounds, drawn for comparison, do not apply."
        )
    elif not np.isfinite(threshold):
        notes.append("A constant behind Theorem 5 is infinite here: it promises nothing.")
    elif found.problem.beta < threshold:
        notes.append(
            rf"Theorem 5, with the constants derived here, needs $\beta \ge {threshold:.4g}$; at $\beta = "
            rf"{found.problem.beta:.6g}$ its bounds are drawn but not promised."
        )
    start, end = (float(found.series["loss"].value[i]) for i in (0, -1))
    if "tau" not in frozen and end > 1e-4 * start:
        notes.append(f"The flow has not converged: the loss is {end / start:.2g} of what it was.")
    notes.append(_distances(found))
    cost = found.cost
    notes.append(f"{cost.runs} runs, {cost.evaluations} evaluations of the flow, {in_words(cost.memory)}.")
    return notes


def _distances(found: Solution) -> str:
    """Say between what W2 lies at the end, for the particles of one replicate: the movement is its upper bound."""
    run = found.reference
    layer = int(run.movement[-1, 1:].argmax())
    pairs = ((r"\tau", run.start.tau, run.final.tau), (r"\nu", run.start.nu[layer], run.final.nu[layer]))
    words = []
    for name, start, end in pairs:
        at = distances(start, end, assignment=False)
        words.append(rf"$W_2({name}_t, {name}_0)$ between {at.lower:.3g} and {at.upper:.3g}")
    return f"At the end, for the particles of one replicate: {', '.join(words)}."


def _plot(setting: Setting, found: Solution, name: str, bound: BoundRecord | None) -> Plot:
    values = found.series[name]
    curves = [curve(LABELS[name], found.time, [values.at(k) for k in range(len(found.time))])]
    if bound is not None:
        words = f"bound: {bound.name}" if bound.applies else f"bound: {bound.name} (not promised)"
        curves.append(curve(words, found.time, bound.value, "bound"))
    law = _upper(setting, LEADING[name]) if name in LEADING else np.nan
    if np.isfinite(law):
        curves.append(curve(r"limit as $\beta, t \to \infty$", found.time[[0, -1]], (law, law)))
    return Plot(
        id=name,
        title=rf"{LABELS[name]} along the flow, $\beta = {found.problem.beta:.6g}$",
        x_label="$t$",
        y_label=LABELS[name],
        y_log=not name.startswith("lambda"),
        curves=tuple(curves),
    )
