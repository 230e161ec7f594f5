"""The particle solver alone: cost, error against time, laws in beta, finite networks, frozen parts.

    python benchmarks/bench_particles.py [--out docs/images] [--only cost error laws finite frozen]

Prints one JSON record per part and draws SVG plots to the folder given.
"""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import sympy as sp

from mfcheck.dynamics.resnet import (
    Flow,
    Numerics,
    Problem,
    depth_sweep,
    fit_rate,
    initial_state,
    integrate,
    limit,
    simulate,
    width_sweep,
)
from mfcheck.symbolic.activation import LIBRARY, X

mpl.use("svg")
import matplotlib.pyplot as plt
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

mpl.rcParams["svg.hashsalt"] = "mfcheck"
STYLES = {"iid": "s:", "antithetic": "o--", "sobol": "^-"}


QUANTITIES = ("KL_tau", "movement_tau", "lambda_min_G2")
REPLICATES = 32
SPREAD = (25, 50, 75)


def plain(axis: Any, *which: str) -> None:
    """Write 0.2, 0.5, 1, 2, ... at the ticks of logarithmic axes."""
    for name in which:
        side = getattr(axis, f"{name}axis")
        side.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        side.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
        side.set_minor_formatter(NullFormatter())


def sample(n: int = 4, d: int = 3, beta: float = 40.0, alpha: float = 1.0) -> Problem:
    rng = np.random.default_rng(0)
    points = rng.normal(size=(n, d))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    return Problem(points, rng.uniform(-1, 1, n), LIBRARY["tanh"], alpha, beta)


def laws(problem: Problem) -> tuple[float, float, float]:
    """Return `y^T G2^-1 y`, `y^T G2^-1 K G2^-1 y / 2` and `lambda_min(G2)` from Hermite series."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(150)
    s0 = sp.lambdify(X, problem.activation.expr, "scipy")(np.sqrt(2) * nodes)
    c = (1 + problem.X @ problem.X.T) / 2
    hermite = [np.ones_like(nodes), nodes]
    G2, K = np.zeros_like(c), np.zeros_like(c)
    for r in range(60):
        mu = weights @ (s0 * hermite[r]) / weights.sum()
        G2 += (1 + r) * mu**2 * c**r
        K += (1 + r) ** 2 * mu**2 * c**r
        hermite.append((nodes * hermite[-1] - np.sqrt(r + 1) * hermite[-2]) / np.sqrt(r + 2))
    v = np.linalg.solve(G2, problem.y)
    return float(problem.y @ v), float(v @ K @ v) / 2, float(np.linalg.eigvalsh(G2)[0])


def seconds(function: Callable[[], object], repeats: int = 15) -> float:
    """Best processor time of one thread: other work on the machine counts little."""
    times = []
    for _ in range(repeats):
        began = time.thread_time()
        function()
        times.append(time.thread_time() - began)
    return min(times)


def cost(out: Path) -> dict[str, Any]:
    """Time of one evaluation against M, L and n, the others fixed."""
    base = {"M": 1024, "L": 8, "n": 64}
    sizes = {"M": [512, 1024, 2048, 4096], "L": [4, 8, 16, 32], "n": [32, 64, 128, 256]}
    record: dict[str, Any] = {}
    figure, axes = plt.subplots(figsize=(5, 3.4))
    for (name, values), style in zip(sizes.items(), ("o-", "s--", "^:"), strict=True):
        times = []
        for value in values:
            case = {**base, name: value}
            problem = sample(case["n"], 8)
            numerics = Numerics(depth=case["L"], particles=case["M"], decoder_particles=case["M"])
            state = initial_state(problem, numerics)
            flow = Flow(problem, numerics, state)
            flow.evaluate(state)
            times.append(seconds(lambda flow=flow, state=state: flow.evaluate(state)))  # type: ignore[misc]
        rate = fit_rate(values, np.array(times)[:, None])
        record[name] = {"sizes": values, "ms": [1e3 * t for t in times], "exponent": rate.__dict__}
        relative = np.array(values) / base[name]
        axes.loglog(
            relative, np.array(times) * 1e3, style, label=f"{name} (slope {rate.exponent:.2f})"
        )
    axes.set(xlabel="size / (M = 1024, L = 8, n = 64)", ylabel="one evaluation, ms")
    plain(axes, "x", "y")
    axes.legend()
    save(figure, out / "particles_cost.svg")
    return record


def error(out: Path) -> dict[str, Any]:
    """Error against time for the three initial measures, and the work that they need over that of iid."""
    problem = sample()
    fine = Numerics(
        depth=4, particles=2048, decoder_particles=2**17, initial="sobol", tolerance=1e-4, seed=99
    )
    truth = simulate(problem, fine)
    record: dict[str, Any] = {"truth": {k: v.__dict__ for k, v in truth.final.items()}}
    squares: dict[str, np.ndarray] = {}  # (sizes, quantities, replicates), times seconds
    figure, axes = plt.subplots(1, 3, figsize=(10, 3.4))
    for initial, style in STYLES.items():
        rows, work = [], []
        for particles in (64, 256, 1024):
            spent, off = _runs(problem, truth, initial, particles)
            rms = np.sqrt(np.mean(off**2, axis=1))
            row = dict(zip(QUANTITIES, map(float, rms), strict=True))
            rows.append({"particles": particles, "seconds": spent, **row})
            work.append(spent * off**2)
        record[initial] = rows
        squares[initial] = np.array(work)
        for axis, name in zip(axes, QUANTITIES, strict=True):
            axis.loglog([r["seconds"] for r in rows], [r[name] for r in rows], style, label=initial)
            axis.set(title=name, xlabel="seconds per run")
    for axis, name in zip(axes, QUANTITIES, strict=True):
        known = truth.final[name].error / truth.final[name].value
        axis.axhline(known, color="0.7", lw=0.8)
        plain(axis, "x", "y")
    axes[0].set_ylabel("relative error (root mean square)")
    axes[0].legend()
    save(figure, out / "particles_error.svg")
    record["work_of_iid_over"] = {
        initial: _work(squares["iid"], squares[initial]) for initial in ("antithetic", "sobol")
    }
    return record


def _runs(problem: Problem, truth: Any, initial: str, particles: int) -> tuple[float, np.ndarray]:
    """Return the seconds of one run, and the relative errors `(quantities, replicates)`."""
    numerics = Numerics(
        depth=4, particles=particles, decoder_particles=16 * particles,
        initial=initial, tolerance=1e-3,  # type: ignore[arg-type]
    )  # fmt: skip
    began = time.thread_time()
    runs = [integrate(problem, numerics, times=truth.time, replicate=r) for r in range(REPLICATES)]
    spent = (time.thread_time() - began) / len(runs)
    values = {name: truth.final[name].value for name in QUANTITIES}
    off = [[getattr(run, name)[-1] / value - 1 for run in runs] for name, value in values.items()]
    return spent, np.array(off)


def _work(iid: np.ndarray, other: np.ndarray) -> dict[str, list[float]]:
    """Ratio of mean square error times seconds, mean over sizes: quartiles over resampled replicates."""
    rng = np.random.default_rng(0)
    ratios = []
    for _ in range(400):
        first, second = (
            np.log(a[..., rng.integers(0, REPLICATES, REPLICATES)].mean(axis=-1)).mean(axis=0)
            for a in (iid, other)
        )
        ratios.append(np.exp(first - second))
    found = np.percentile(ratios, SPREAD, axis=0).T
    return {name: list(map(float, row)) for name, row in zip(QUANTITIES, found, strict=True)}


def beta_laws(out: Path) -> dict[str, Any]:
    """Scaled entropies and movements against their leading orders."""
    betas = [10.0, 20.0, 40.0, 80.0, 160.0]
    movement, entropy, _ = laws(sample())
    numerics = Numerics(
        depth=8, particles=4096, decoder_particles=2**16, initial="sobol", tolerance=1e-4
    )
    runs = [simulate(sample(beta=beta), numerics) for beta in betas]
    powers = {"movement_tau": 1, "KL_tau": 2, "movement_nu": 2, "KL_nu": 4}
    record: dict[str, Any] = {"movement_tau": movement**0.5, "KL_tau": entropy, "betas": betas}
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.4))
    for name, power in powers.items():
        scaled = np.array([run.final[name].value for run in runs]) * np.array(betas) ** power
        bars = np.array([run.final[name].error for run in runs]) * np.array(betas) ** power
        rate = fit_rate(
            [int(b) for b in betas[1:]], np.array([r.final[name].value for r in runs])[1:, None]
        )
        record[name + "_scaled"] = {
            "value": list(scaled),
            "error": list(bars),
            "slope": rate.__dict__,
        }
        axis = axes[0] if name.endswith("tau") else axes[1]
        axis.errorbar(betas, scaled, bars, fmt="o-", capsize=3, label=f"beta^{power} {name}")
    for value in (movement**0.5, entropy):
        axes[0].axhline(value, color="0.5", ls=":")
    for axis in axes:
        axis.set(xscale="log", xlabel="beta", ylim=(0, None))
        plain(axis, "x")
        axis.legend()
    save(figure, out / "particles_laws.svg")
    return record


def finite(out: Path) -> dict[str, Any]:
    """Outputs of finite networks against the limit: widths and depths."""
    problem = sample(4, 3, beta=4.0, alpha=2.0)
    fine = Numerics(
        depth=16, particles=1024, decoder_particles=2**14, tolerance=1e-4, outputs=17, end_time=2.0
    )
    reference = limit(problem, fine)
    network = Numerics(
        depth=16, initial="iid", scheme="euler", layer_draws="independent", replicates=24,
        tolerance=1e-3,
    )  # fmt: skip
    widths = [32, 64, 128, 256, 512, 1024]
    wide = width_sweep(problem, network, widths, reference=reference)
    same = replace(
        network,
        particles=256,
        decoder_particles=256,
        end_time=2.0,
        outputs=17,
        replicates=5,
        tolerance=1e-5,
    )
    depths = [4, 8, 16, 32]
    deep = {
        scheme: depth_sweep(problem, replace(same, scheme=scheme), depths)  # type: ignore[arg-type]
        for scheme in ("euler", "midpoint")
    }
    record: dict[str, Any] = {}
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.4))
    for axis, sweeps, label in (
        (axes[0], {"width": wide}, "width M"),
        (axes[1], deep, "depth L"),
    ):
        for name, sweep in sweeps.items():
            rate = sweep.rates["outputs"]
            errors = sweep.errors["outputs"]
            record[name] = {
                "sizes": sweep.sizes,
                "error": list(errors.mean(axis=1)),
                "reference_error": sweep.reference_error["outputs"],
                "rates": {k: v.__dict__ for k, v in sweep.rates.items()},
            }
            text = f"{name}: {rate.exponent:.2f} [{rate.lower:.2f}, {rate.upper:.2f}]"
            middle = errors.mean(axis=1)
            ends = np.abs(np.percentile(errors, (10, 90), axis=1) - middle)
            axis.errorbar(sweep.sizes, middle, ends, fmt="o-", capsize=3, label=text)
        axis.set(
            xscale="log", yscale="log", xlabel=label, ylabel="distance of outputs from the limit"
        )
        axis.set_xticks(next(iter(sweeps.values())).sizes)
        axis.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
        axis.xaxis.set_minor_formatter(NullFormatter())
        axis.legend()
    save(figure, out / "particles_finite.svg")
    return record


def frozen(_out: Path) -> dict[str, Any]:
    """What each part contributes: nothing frozen, nu frozen, alpha = 0, tau frozen."""
    problem = sample(beta=10.0)
    numerics = Numerics(depth=8, particles=1024, initial="sobol", tolerance=1e-3)
    cases = {
        "both move": (problem, numerics),
        "nu frozen": (problem, replace(numerics, frozen=frozenset({"nu"}))),
        "alpha = 0": (replace(problem, alpha=0.0), numerics),
        "tau frozen": (problem, replace(numerics, frozen=frozenset({"tau"}), end_time=1.0)),
    }
    return {
        name: {k: v.__dict__ for k, v in simulate(*case).final.items()}
        for name, case in cases.items()
    }


def save(figure: Any, path: Path) -> None:
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


PARTS = {"cost": cost, "error": error, "laws": beta_laws, "finite": finite, "frozen": frozen}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/images"))
    parser.add_argument("--only", nargs="*", choices=PARTS, default=list(PARTS))
    options = parser.parse_args()
    for name in options.only:
        began = time.perf_counter()
        record = PARTS[name](options.out)
        record["wall_seconds"] = round(time.perf_counter() - began, 1)
        print(json.dumps({name: record}, indent=1), flush=True)


if __name__ == "__main__":
    main()
