"""Runs of SGD on the mixture, at two dimensions."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
from scipy import special

from mfcheck.checks import Estimate, Setting
from mfcheck.claims.model import stream
from mfcheck.dynamics.dmft import Array, Loss
from mfcheck.statistics import extrapolated, mean_of
from mfcheck_proofs.dmft.closure import PATH

# --- simulation ------------------------------------------------------------------------------------------------------


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
