"""Random recurrent networks of both cells, at two widths."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import expit

from mfcheck.checks import At, Context, Estimate, Option, Setting, Simulated, Trial
from mfcheck.claims.model import stream
from mfcheck.errors import InputError
from mfcheck.networks import at_widths, gaussian_images, limits
from mfcheck_proofs.rnn_isometry.gate import Array, Cell, Q, cell, cell_of, stationary

# --- simulation ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Run:
    """Gated cells in time, replicate by replicate."""

    Q: Array
    """Mean of h^2, shape (steps, nets)."""
    chi: Array
    """Mean squared singular value of the step, in expectation over the weights, shape (steps, nets)."""
    h: Array
    z: Array


def gated(
    chosen: Cell, width: int, nets: int, steps: int, rng: np.random.Generator, tied: bool = False, batch: int = 1
) -> Run:
    """Run gated cells from a Gaussian state of the stationary variance; tied ones hold one matrix at a time."""
    sw, sv, mean, sb, r = (float(v) for v in (chosen.sigma_w, chosen.sigma_v, chosen.mu_b, chosen.sigma_b, chosen.R))
    start = math.sqrt(float(stationary(chosen)[Q]))
    if tied:
        runs = [_tied(chosen, start, width, steps, rng, batch) for _ in range(nets)]
        return Run(*(np.concatenate([getattr(run, name) for run in runs], axis=-1) for name in ("Q", "chi", "h", "z")))
    h = start * rng.standard_normal((nets, width))
    found, growth = [], []
    for _ in range(steps):
        z = math.sqrt(r) * rng.standard_normal((nets, width))
        spread = np.sqrt(sw**2 * np.mean(h**2, axis=1) + sv**2 * np.mean(z**2, axis=1) + sb**2)
        u = expit(mean + spread[:, None] * rng.standard_normal((nets, width)))
        growth.append(np.mean(u**2, axis=1) + sw**2 * np.mean((u * (1 - u) * (h - z)) ** 2, axis=1))
        h = z + u * (h - z)
        found.append(np.mean(h**2, axis=1))
    return Run(np.array(found), np.array(growth), h.T, z.T)


def _tied(chosen: Cell, start: float, width: int, steps: int, rng: np.random.Generator, batch: int) -> Run:
    """Run one network with the same weights at all steps, on a batch of input sequences."""
    sw, sv, mean, sb, r = (float(v) for v in (chosen.sigma_w, chosen.sigma_v, chosen.mu_b, chosen.sigma_b, chosen.R))
    W = rng.standard_normal((width, width)) * (sw / math.sqrt(width))
    V = rng.standard_normal((width, width)) * (sv / math.sqrt(width))
    b = mean + sb * rng.standard_normal((width, 1))
    squares = np.einsum("ij,ij->i", W, W)[:, None]
    h = start * rng.standard_normal((width, batch))
    found, growth = [], []
    for _ in range(steps):
        z = math.sqrt(r) * rng.standard_normal((width, batch))
        u = expit(W @ h + V @ z + b)
        v = u * (1 - u) * (h - z)
        rows_ = u**2 + 2 * u * v * np.diag(W)[:, None] + v**2 * squares
        growth.append(float(np.mean(rows_)))
        h = z + u * (h - z)
        found.append(float(np.mean(h**2)))
    return Run(np.array(found)[:, None], np.array(growth)[:, None], h, z)


def vanilla(
    setting: Setting, width: int, nets: int, rng: np.random.Generator, steps: int, tied: bool = False
) -> dict[str, Array]:
    """Return time averages over the last half of q and c of pairs of sequences, shapes (nets,)."""
    sw, sv, sb, r, corr = (setting.number(n) for n in ("sigma_w", "sigma_v", "sigma_b", "input_var", "input_corr"))
    f = setting.activation.numpy_function(0)
    mix = math.sqrt(r) * np.array([[1.0, corr], [0.0, math.sqrt(1 - corr**2)]])
    h = rng.standard_normal((nets, width, 2)) @ mix
    weights = rng.standard_normal((2, nets, width, width)) / math.sqrt(width) if tied else None
    fixed = sb * rng.standard_normal((nets, width, 1))
    lengths, correlations_ = [], []
    for step in range(steps):
        x = rng.standard_normal((nets, width, 2)) @ mix
        if weights is not None:
            e = sw * (weights[0] @ h) + sv * (weights[1] @ x) + fixed
        else:
            e = gaussian_images(rng, x, sigma_w=sv, sigma_b=sb)
            e = e + gaussian_images(rng, h, sigma_w=sw)
        h = f(e)
        if step >= steps // 2:
            squares = np.einsum("rnk,rnl->rkl", e, e) / width
            lengths.append((squares[:, 0, 0] + squares[:, 1, 1]) / 2)
            correlations_.append(squares[:, 0, 1] / np.sqrt(squares[:, 0, 0] * squares[:, 1, 1]))
    return {"q": np.mean(lengths, axis=0), "c": np.mean(correlations_, axis=0)}


def run(trial: Trial) -> Simulated:
    """Run cells of the setting at two widths, and average over the last half of the steps."""
    setting, nets = trial.setting, trial.count("nets", 8, 100_000)
    tied, width, steps = setting.choice("weights") == "tied", setting.integer("width"), setting.integer("steps")
    kind = setting.choice("cell")
    if tied and width > 4000:
        raise InputError("tied weights are held as matrices: width at most 4000")
    trial.say(f"{nets} {setting.choice('weights')} cells ({kind}) of widths {width // 4} and {width}, {steps} steps")

    def measure(n: int, rng: np.random.Generator, count: int) -> dict[str, Array]:
        if kind == "gate":
            found = gated(cell_of(setting), n, count, steps, rng, tied, batch=8)
            return {"Q": found.Q[steps // 2 :].mean(axis=0), "chi": found.chi[steps // 2 :].mean(axis=0)}
        return _in_parts(setting, n, count, rng, steps, tied)

    found = limits(trial.at_sizes("networks of width", (width // 4, width), nets, measure))
    words = "Gated cells start at the stationary variance of the untied theory; tied ones need 20/(1 - E u^2) steps."
    return Simulated(found, notes=(words,) if kind == "gate" else ())


def _in_parts(
    setting: Setting, width: int, nets: int, rng: np.random.Generator, steps: int, tied: bool
) -> dict[str, Array]:
    held = max(1, 10**7 // (width * (width if tied else 4)))
    sizes = [min(held, nets - start) for start in range(0, nets, held)]
    with np.errstate(all="ignore"):
        found = [vanilla(setting, width, size, rng, steps, tied) for size in sizes]
    values = {name: np.concatenate([part[name] for part in found]) for name in ("q", "c")}
    if not all(np.all(np.isfinite(v)) for v in values.values()):
        raise InputError("the states die out or grow without bound: there is no stationary variance in this setting")
    return values


OPTIONS = (Option("nets", "40", "networks at each width"),)
OFF_LINE = (cell("2", "1.39", "2", "0.46"), cell("3", "1", "1", "0.5"))


def words_of(chosen: Cell) -> str:
    """A cell in words."""
    return f"sigma_w = {float(chosen.sigma_w):g}, mu_b = {float(chosen.mu_b):g}"


@lru_cache(maxsize=8)
def untied(chosen: Cell, nets: int, seed: int) -> dict[str, Estimate]:
    """Estimates of Q and chi of untied cells away from the critical line."""

    def measure(width: int, rng: np.random.Generator, count: int) -> dict[str, Array]:
        found = gated(chosen, width, count, 60, rng)
        return {"Q": found.Q[20:].mean(axis=0), "chi": found.chi[20:].mean(axis=0)}

    return at_widths(measure, (200, 800), nets, stream(seed, f"untied {chosen}"))


def measured(name: str) -> Callable[[Context], list[At]]:
    """Untied cells against the moments of their fixed points."""

    def cases(context: Context) -> list[At]:
        nets = context.budget.pick(40, 120, 500)
        return [At(untied(k, nets, context.seed)[name], words_of(k), where=stationary(k)) for k in OFF_LINE]

    return cases


UNTIED = "untied cells at (sigma_w, mu_b) = (2, 2) and (3, 1), widths 200 and 800"
