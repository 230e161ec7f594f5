"""Runs of SGD on the mixture, and the one-sample process that the equations average."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

import numpy as np
from scipy import special

from mfcheck.checks import Estimate, Setting
from mfcheck.claims.model import stream
from mfcheck.statistics import extrapolated, mean_of
from mfcheck_proofs.dmft.closure import PATH, Array

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


Factors = tuple[float, float, float]
"""Of memory, self term and shift."""


def sample_process(
    setting: Setting, steps: int, size: int, factors: Factors, rng: np.random.Generator, loss: Loss = logistic
) -> Array:
    """Solve the full-batch equations once, averages over `size` samples; return m, C and the loss, (3, steps + 1).

    The response of a sample to a shift of its field at each earlier step is followed along its trajectory.

    Args:
        setting: the setting.
        steps: number of steps.
        size: of the averages.
        factors: 1 for the equations as they stand.
        rng: of the samples.
        loss: the loss.
    """
    ratio, spread, ridge, step, start, _ = (setting.number(n) for n in PATH[:-1])
    memory, own, extra = factors
    root, h0 = math.sqrt(spread), rng.standard_normal(size)
    h, response = math.sqrt(start) * rng.standard_normal((1, size)), np.zeros((steps + 1, steps + 1, size))
    MR, MC, G = np.zeros((3, steps + 1, steps + 1))
    S, m, shift, forces, xi = np.ones(steps + 1), np.zeros(steps + 1), np.zeros(steps + 1), list[Array](), list[Array]()
    found = np.empty((3, steps + 1))
    for t in range(steps + 1):
        paid, force, curve = loss(root * h[t] + m[t] * (1 + root * h0))
        forces.append(force)
        MC[t, : t + 1] = MC[: t + 1, t] = ratio * spread * np.array([np.mean(force * past) for past in forces])
        MR[t, :t] = memory * ratio * spread * root * (response[t, :t] @ curve) / size
        shift[t] = extra * ratio * spread * float(np.mean(curve))
        found[:, t] = m[t], start * S[t] ** 2 + G[t] @ MC @ G[t] + m[t] ** 2, np.mean(paid)
        if t == steps:
            break
        xi.append(_next_noise(MC[: t + 1, : t + 1], xi, rng, size))
        keep = 1 - step * (ridge + shift[t])
        h = np.vstack([h, keep * h[t] + step * (MR[t, :t] @ h[:t] + xi[t] - own * root * force)])
        kick = np.eye(steps + 1)[t]
        seen = root * response[t] - kick[:, None]
        pulled = np.tensordot(MR[t, :t], response[:t], axes=1)
        response[t + 1] = keep * response[t] + step * (pulled - own * root * curve * seen)
        G[t + 1] = keep * G[t] + step * (MR[t, :t] @ G[:t] + kick)
        S[t + 1] = keep * S[t] + step * MR[t, :t] @ S[:t]
        m[t + 1] = (1 - step * ridge) * m[t] - step * ratio * float(np.mean((1 + root * h0) * force))
    return found


def _next_noise(covariance: Array, before: Sequence[Array], rng: np.random.Generator, size: int) -> Array:
    """Gaussian noise with this covariance, its earlier values given."""
    t = len(before)
    fresh = rng.standard_normal(size)
    if not t:
        return np.asarray(math.sqrt(covariance[0, 0]) * fresh)
    weights = np.linalg.lstsq(covariance[:t, :t], covariance[:t, t], rcond=1e-12)[0]
    rest = max(covariance[t, t] - weights @ covariance[:t, t], 0.0)
    return np.asarray(weights @ np.array(before) + math.sqrt(rest) * fresh)
