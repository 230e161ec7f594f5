"""Runs of SGD on the mixture, at two dimensions."""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache

import numpy as np
from scipy import special

from mfcheck.checks import (
    Case,
    Check,
    Context,
    Curve,
    Estimate,
    Evidence,
    Kind,
    Plot,
    Setting,
    Standard,
    custom,
    decide,
)
from mfcheck.claims.model import stream
from mfcheck.errors import InputError
from mfcheck.statistics import extrapolated, mean_of
from mfcheck_proofs.dmft.closure import DEFAULT, Array, Rule, State, closure, validate
from mfcheck_proofs.dmft.ridge import PATH

# --- simulation ------------------------------------------------------------------------------------------------------


Loss = Callable[[Array], tuple[Array, Array, Array]]
"""From c r to the loss, its slope and its curvature."""


def square(r: Array) -> tuple[Array, Array, Array]:
    """(1 - c r)^2/2."""
    return (r - 1) ** 2 / 2, r - 1, np.ones_like(r)


def logistic(r: Array) -> tuple[Array, Array, Array]:
    """log(1 + exp(-c r))."""
    share = special.expit(-r)
    return -special.log_expit(r), -share, share * (1 - share)


def sgd(setting: Setting, d: int, rng: np.random.Generator, marks: Sequence[int], loss: Loss = square) -> Array:
    """Return m, C and the mean loss of one run at some steps, shape (3, marks).

    Labels are absorbed in the samples, and the mean is the first axis times sqrt d; the start is orthogonal to it.
    """
    ratio, spread, ridge, step, start, batch = (setting.number(n) for n in PATH[:-1])
    A = rng.standard_normal((round(ratio * d), d))
    A *= np.sqrt(spread / d)
    A[:, 0] += 1 / np.sqrt(d)
    w = rng.standard_normal(d)
    w[0] = 0
    w *= np.sqrt(start * d) / np.linalg.norm(w)
    found = np.empty((3, len(marks)))
    for t in range(max(marks) + 1):
        paid, force, _ = loss(A @ w)
        for k in [k for k, mark in enumerate(marks) if mark == t]:
            found[:, k] = w[0] / np.sqrt(d), w @ w / d, np.mean(paid)
        if batch < 1:
            force *= rng.random(len(force)) < batch
        w = w - step * (ridge * w + A.T @ force)
    return found


@lru_cache(maxsize=16)
def simulated(
    setting: Setting, seed: int, runs: int, sizes: tuple[int, int], marks: tuple[int, ...], loss: Loss = square
) -> list[dict[str, Estimate]]:
    """Return m, c and train at the marks, the correction 1/d removed from two dimensions."""
    return limits_of({d: runs_of(setting, marks, d, stream(seed, f"sgd {d}"), runs, loss) for d in sizes}, marks)


def runs_of(
    setting: Setting, marks: Sequence[int], d: int, rng: np.random.Generator, runs: int, loss: Loss = square
) -> Array:
    """Return m, C and the mean loss of independent runs in dimension d at the marks, shape (runs, 3, marks)."""
    return np.array([sgd(setting, d, own, marks, loss) for own in rng.spawn(runs)])


def limits_of(found: Mapping[int, Array], marks: Sequence[int]) -> list[dict[str, Estimate]]:
    """Return m, c and train at the marks from runs in two dimensions, the correction 1/d removed."""
    sizes = tuple(found)
    return [
        {
            name: extrapolated(sizes, [mean_of(part[:, i, k]) for part in found.values()])
            for i, name in enumerate(("m", "c", "train"))
        }
        for k in range(len(marks))
    ]


MARKS = (1, 5, 10, 20)


def nearby(context: Context, **changes: int | Fraction) -> Setting:
    """The setting under review for 20 steps with some changes; the default one in its place where steps blow up."""
    here = context.setting.with_values(steps=max(MARKS), **changes)
    try:
        validate(here)
    except InputError:
        return DEFAULT.with_values(steps=max(MARKS), **changes)
    return here


def small_batches(setting: Setting) -> Setting:
    """The setting with batches of 3/10 and twice the step."""
    return setting.with_values(batch=Fraction(3, 10), eta=Fraction(1, 5))


def runs_against(id: str, tests: Sequence[str], batches: bool) -> Check:
    """The check of the closure with the reading's rule against runs of SGD."""

    def run(context: Context) -> Evidence:
        setting = DEFAULT.with_values(steps=max(MARKS), batch=Fraction(1, 2), eta=Fraction(1, 2))
        if not batches and Fraction(1, 10) <= context.setting["alpha"] <= 20:
            setting = nearby(context, batch=1)
        elif not batches:
            setting = DEFAULT.with_values(steps=max(MARKS))
        states = closure(setting, 20, Rule.of(context))
        found = simulated(setting, context.seed, context.budget.pick(24, 60, 300), (150, 600), MARKS)
        cases = []
        for mark, estimates in zip(MARKS, found, strict=True):
            state = states[mark]
            for name, stated in {"m": state.m, "c": state.c, "train": state.rho / 2}.items():
                cases.append(Case(estimates[name], stated, f"{name} after {mark} steps"))
        domain = (
            f"d = 150 and 600, correction removed, alpha = 2, Delta = 1/2, {'b = eta = 1/2' if batches else 'b = 1'}"
        )
        return decide(cases, Standard(resolution=0.1, alarm=context.alarm), domain, plot=picture(states, found))

    return custom(id, tests, run, kind=Kind.SIMULATED, group=id)


def said(*settings: Setting) -> str:
    """Settings in words."""
    return "; ".join(", ".join(f"{n} = {setting[n]}" for n in PATH[:-1]) for setting in settings)


def picture(states: Sequence[State], found: Sequence[Mapping[str, Estimate]]) -> Plot:
    """Overlap and training loss along the steps, theory and runs."""
    curves = []
    for name in ("m", "train"):
        values = [float(s.m if name == "m" else s.rho / 2) for s in states]
        curves.append(Curve(label=f"{name}, theory", x=tuple(map(float, range(len(values)))), y=tuple(values)))
        points = [e[name] for e in found]
        y, error = tuple(e.value for e in points), tuple(e.error for e in points)
        curves.append(Curve(label=f"{name}, runs", x=tuple(map(float, MARKS)), y=y, error=error, style="points"))
    return Plot(id="path", title="Theory and runs", x_label="step", y_label="m, training loss", curves=tuple(curves))
